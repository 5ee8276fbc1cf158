// @ts-check
/**
 * Shapes of what the API sends, as this page uses them. `client/src/bitpareto/types/` defines them.
 *
 * @typedef {"queued"|"running"|"paused"|"refining"|"succeeded"|"failed"|"cancelled"} SearchState
 * @typedef {"queued"|"running"|"completed"|"stopped"|"failed"|"cancelled"} TrialState
 * @typedef {{code: string, message: string}} Reason
 * @typedef {{phase: string, epoch: number, n_epochs: number, train_loss?: number|null, accuracy?: number|null, probe_accuracy?: number|null}} Progress
 * @typedef {{id: string, sha256: string, size_bytes: number, href: string}} Artifact
 *
 * @typedef {object} LayerRow
 * @property {string} name
 * @property {string} kind
 * @property {[number, number, number]} output_shape
 * @property {number} kernel
 * @property {number} stride
 * @property {number} groups
 * @property {number} weight_bits
 * @property {number[]} channel_weight_bits
 * @property {number} activation_bits
 * @property {number} n_weights
 * @property {number} macs
 * @property {number} size_bytes
 *
 * @typedef {object} Search
 * @property {string} id
 * @property {string} name
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string|null} finished_at
 * @property {SearchState} state
 * @property {Reason} state_reason
 * @property {Reason|null} [waiting] why nothing of it is in work
 * @property {string} dataset
 * @property {string|null} [dataset_id] of an uploaded one
 * @property {Record<string, any>} space
 * @property {string[]} objectives
 * @property {Record<string, number>} budgets
 * @property {{name: string, [option: string]: unknown}} strategy
 * @property {{max_trials: number, max_parallel: number, wall_time_s?: number|null, [limit: string]: unknown}} limits
 * @property {Record<string, unknown>} recipe
 * @property {Record<string, number>} ref_point
 * @property {{name: string, sha256: string}|null} [hardware]
 * @property {number} seed
 * @property {number} hypervolume
 * @property {Record<string, number>} trial_counts
 * @property {number} compute_seconds
 * @property {number|null} best_accuracy
 * @property {number|null} smallest_bytes
 * @property {{n_trials: number, hypervolume: number}[]} growth
 *
 * @typedef {object} Trial
 * @property {string} id
 * @property {string} [search_id]
 * @property {number} number
 * @property {TrialState} state
 * @property {Reason|null} state_reason
 * @property {string|null} outcome
 * @property {Record<string, number>} costs
 * @property {Record<string, number>} metrics
 * @property {number|null} mean_weight_bits
 * @property {string} gen_method
 * @property {number} attempt
 * @property {string|null} worker_id
 * @property {Progress|null} progress
 * @property {Artifact|null} artifact
 * @property {string} [candidate_hash]
 * @property {Record<string, number|string>} [genes]
 * @property {number} [seed]
 * @property {number} [gen_seconds]
 * @property {boolean} [on_front]
 * @property {string} [created_at]
 * @property {string|null} [started_at]
 * @property {string|null} [finished_at]
 * @property {LayerRow[]|null} [layers] where one trial was asked for
 * @property {Record<string, number>|null} [size_breakdown]
 * @property {{profile: string, violations: string[]}[]|null} [devices]
 * @property {number} [replicate] 0 for the first of its network
 * @property {string|null} [replicate_of]
 *
 * @typedef {object} FrontPoint
 * @property {Trial} trial
 * @property {[number, number]|null} accuracy_interval
 * @property {[number, number]|null} test_accuracy_interval
 * @property {number} mean_weight_bits
 *
 * @typedef {object} Worker
 * @property {string} id
 * @property {"optimize"|"train"} queue
 * @property {string} host
 * @property {number} pid
 * @property {string} device
 * @property {string|null} trial_id
 * @property {string|null} [search_id]
 * @property {string} started_at
 * @property {string} last_seen_at
 * @property {number} silent_s
 * @property {{device_name: string, memory_bytes: number, free_memory_bytes: number, n_threads: number, profile?: string|null, versions: Record<string, string>}|null} [capabilities]
 *
 * @typedef {object} HardwareProfile
 * @property {string} name
 * @property {string} description
 * @property {number[]} weight_bits
 * @property {number[]} activation_bits
 * @property {number|null} flash_bytes
 * @property {number|null} ram_bytes
 * @property {string[]} costs
 * @property {boolean} shipped
 * @property {string|null} created_at
 * @property {string|null} yaml
 *
 * @typedef {object} Model
 * @property {string} id
 * @property {string} name
 * @property {[number, number, number]} input_shape
 * @property {number} n_classes
 * @property {number} n_parameters
 * @property {number} macs
 * @property {number} size_bytes
 * @property {string} created_at
 *
 * @typedef {object} DataSet
 * @property {string} id of a built-in one its name
 * @property {string} name
 * @property {boolean} built_in
 * @property {[number, number, number]} input_shape
 * @property {number} n_classes
 * @property {string[]|null} class_names
 * @property {number} n_train
 * @property {number} n_validation
 * @property {number} n_test
 * @property {string|null} layout
 * @property {string[]} dealt_splits
 * @property {number|null} split_seed
 * @property {number|null} size_bytes
 * @property {string|null} created_at
 *
 * @typedef {object} Explanation
 * @property {string} made_at
 * @property {number} n_measured
 * @property {{gene: string, share: number}[]} importance
 * @property {{gene: string, direction: string, bits: number, n_networks: number, accuracy: number, accuracy_sd: number, costs: Record<string, number>}[]} bit_steps
 * @property {{number: number|null, costs: Record<string, number>, accuracy: number, accuracy_sd: number}[]} front
 *
 * @typedef {{search_id: string, as_of_event: number, hypervolume: number, points: FrontPoint[]}} Front
 * @typedef {{id: number, type: string, at: string, payload: Record<string, any>}} SearchEvent
 * @typedef {{pointer: string, code: string, detail: string, allowed?: string[]}} FieldError
 * @typedef {{title: string, status: number, detail: string, code: string, request_id?: string|null, errors?: FieldError[]}} Problem
 */

export {};

/** @typedef {{gene: string, before: number|string|null, after: number|string|null}} GeneChange null where a network has no such choice */

/** @typedef {{trial_id: string, number: number, accuracy: number, size_bytes: number, n_genes: number, n_differing: number, changes: GeneChange[], accuracy_change: number|null, size_bytes_change: number}} ClosestTrial */

/** @typedef {{trial_id: string, number: number, replicate: number, state: TrialState, seed: number, accuracy: number|null}} ReplicateTrial */

/** @typedef {{trial_id: string, search_id: string, gen_method: string, taught_by: string[], closest: ClosestTrial[], replicates: ReplicateTrial[]}} Lineage */

/** @typedef {{id: string, project: string, user: string, name: string, scope: string, created_at: string, expires_at: string|null, revoked_at: string|null, last_used_at: string|null}} ApiKey */

/** @typedef {{id: string, url: string, event_types: string[], search_ids: string[], description: string, enabled: boolean, disabled_reason: Reason|null, created_at: string, failing_since: string|null, last_error: string|null, paused_until: string|null, n_pending: number}} Webhook */

/** @typedef {{id: string, event_id: number|null, event_type: string, state: "pending"|"delivered"|"failed", created_at: string, attempts: number, next_attempt_at: string|null, response_status: number|null, seconds: number|null, error: string|null}} Delivery */
