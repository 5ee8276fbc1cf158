BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0017');
CREATE TABLE api_keys (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) DEFAULT 'default' NOT NULL, 
	user VARCHAR(100) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	scope VARCHAR(16) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	revoked_at DATETIME, 
	last_used_at DATETIME, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id), 
	CONSTRAINT ck_api_keys_scope CHECK (scope IN ('read', 'write', 'admin')), 
	CONSTRAINT fk_api_keys_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "api_keys" VALUES('key_01M8JARB3VWCKTZ4ED8GM7E86C','second','ada','laptop','write','2e2b11f23d41f2a02110b4e3a03ea5dde8178d7c37a29888b2756c29f1417b90','2026-03-01 12:00:00.000000',NULL,NULL,NULL);
CREATE TABLE artifacts (
	id VARCHAR(40) NOT NULL, 
	trial_id VARCHAR(40) NOT NULL, 
	search_id VARCHAR(40) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_artifacts PRIMARY KEY (id), 
	CONSTRAINT fk_artifacts_search_id_searches FOREIGN KEY(search_id) REFERENCES searches (id) ON DELETE CASCADE, 
	CONSTRAINT fk_artifacts_trial_id_trials FOREIGN KEY(trial_id) REFERENCES trials (id) ON DELETE CASCADE, 
	CONSTRAINT uq_artifacts_trial_id UNIQUE (trial_id)
);
INSERT INTO "artifacts" VALUES('art_01M8JARAYDCYPY07NNXW24BS30','trl_01M8JARAWVTFQGBEWXZWPBN7KB','sea_01M8JARAS7RMN3TRQTYTBN3T0M','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1884,'2026-03-01 12:00:02.000000');
INSERT INTO "artifacts" VALUES('art_01M8JARAZBV1BAMPK148NHRNVR','trl_01M8JARAX9FW1EGFZ2S69E518G','sea_01M8JARAS7RMN3TRQTYTBN3T0M','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',2208,'2026-03-01 12:00:03.000000');
CREATE TABLE audit_entries (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) DEFAULT 'default' NOT NULL, 
	at DATETIME NOT NULL, 
	user VARCHAR(100) NOT NULL, 
	key_id VARCHAR(40), 
	operation VARCHAR(100) NOT NULL, 
	object_id VARCHAR(200), 
	status INTEGER NOT NULL, 
	request_id VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_audit_entries PRIMARY KEY (id), 
	CONSTRAINT fk_audit_entries_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "audit_entries" VALUES('aud_00000000000000000000000000','second','2026-03-01 12:00:00.000000','ada','key_01M8JARB3VWCKTZ4ED8GM7E86C','searches_cancel','a name with ü, 😀, ''quotes'' and \ in it',202,'req_1');
CREATE TABLE datasets (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) DEFAULT 'default' NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	file_sha256 VARCHAR(64), 
	samples_sha256 VARCHAR(64), 
	size_bytes BIGINT NOT NULL, 
	layout VARCHAR(16) NOT NULL, 
	facts JSON NOT NULL, 
	class_names JSON NOT NULL, 
	dealt JSON NOT NULL, 
	split_seed BIGINT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_datasets PRIMARY KEY (id), 
	CONSTRAINT fk_datasets_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "datasets" VALUES('dts_00000000000000000000000000','default','flowers','1111111111111111111111111111111111111111111111111111111111111111','1111111111111111111111111111111111111111111111111111111111111111','5555555555555555555555555555555555555555555555555555555555555555',1099511627776,'npz','{"input_shape": [1, 8, 8], "n_classes": 10, "n_train": 1077, "n_validation": 360, "n_test": 360, "mean": [0.3053], "std": [0.3761]}','["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]','["validation"]',7,'2026-03-01 12:00:00.000000');
CREATE TABLE departures (
	kind VARCHAR(16) NOT NULL, 
	last_seen_at DATETIME, 
	CONSTRAINT pk_departures PRIMARY KEY (kind)
);
INSERT INTO "departures" VALUES('optimize','2026-03-01 12:00:00.000000');
INSERT INTO "departures" VALUES('train',NULL);
CREATE TABLE events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	search_id VARCHAR(40) NOT NULL, 
	type VARCHAR(64) NOT NULL, 
	at DATETIME NOT NULL, 
	payload JSON NOT NULL, trial_id VARCHAR(40), 
	CONSTRAINT fk_events_search_id_searches FOREIGN KEY(search_id) REFERENCES searches (id) ON DELETE CASCADE
);
INSERT INTO "events" VALUES(1,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','search.state','2026-03-01 12:00:00.000000','{"state": "queued", "reason": {"code": "waiting_for_optimizer", "message": "no optimize worker has taken it up yet"}}',NULL);
INSERT INTO "events" VALUES(2,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','search.state','2026-03-01 12:00:00.000000','{"state": "running", "reason": {"code": "searching", "message": "candidates are proposed and trained"}}',NULL);
INSERT INTO "events" VALUES(3,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.created','2026-03-01 12:00:00.000000','{"trial_id": "trl_01M8JARAWVTFQGBEWXZWPBN7KB", "number": 1, "costs": {"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}, "gen_method": "random"}','trl_01M8JARAWVTFQGBEWXZWPBN7KB');
INSERT INTO "events" VALUES(4,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.created','2026-03-01 12:00:00.000000','{"trial_id": "trl_01M8JARAX9FW1EGFZ2S69E518G", "number": 2, "costs": {"size_bytes": 2208, "macs": 25984, "bops": 1228800, "peak_activation_bytes": 1536}, "gen_method": "random"}','trl_01M8JARAX9FW1EGFZ2S69E518G');
INSERT INTO "events" VALUES(5,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.started','2026-03-01 12:00:00.000000','{"trial_id": "trl_01M8JARAWVTFQGBEWXZWPBN7KB", "number": 1, "attempt": 1, "worker_id": "worker-1"}','trl_01M8JARAWVTFQGBEWXZWPBN7KB');
INSERT INTO "events" VALUES(6,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.progress','2026-03-01 12:00:01.000000','{"trial_id": "trl_01M8JARAWVTFQGBEWXZWPBN7KB", "number": 1, "phase": "float", "epoch": 1, "n_epochs": 2, "train_loss": 0.5, "accuracy": 0.75, "probe_accuracy": null}','trl_01M8JARAWVTFQGBEWXZWPBN7KB');
INSERT INTO "events" VALUES(7,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.finished','2026-03-01 12:00:02.000000','{"trial_id": "trl_01M8JARAWVTFQGBEWXZWPBN7KB", "number": 1, "metrics": {"accuracy": 0.91, "accuracy_fake_quantized": 0.91, "float_accuracy": 0.92, "float_size_bytes": 7536.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}, "costs": {"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}}','trl_01M8JARAWVTFQGBEWXZWPBN7KB');
INSERT INTO "events" VALUES(8,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','front.changed','2026-03-01 12:00:02.000000','{"added": ["trl_01M8JARAWVTFQGBEWXZWPBN7KB"], "removed": [], "hypervolume": 1.717537567813645, "size": 1}',NULL);
INSERT INTO "events" VALUES(9,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.started','2026-03-01 12:00:00.000000','{"trial_id": "trl_01M8JARAX9FW1EGFZ2S69E518G", "number": 2, "attempt": 1, "worker_id": "worker-1"}','trl_01M8JARAX9FW1EGFZ2S69E518G');
INSERT INTO "events" VALUES(10,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.finished','2026-03-01 12:00:03.000000','{"trial_id": "trl_01M8JARAX9FW1EGFZ2S69E518G", "number": 2, "metrics": {"accuracy": 0.95, "accuracy_fake_quantized": 0.95, "float_accuracy": 0.96, "float_size_bytes": 8832.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}, "costs": {"size_bytes": 2208, "macs": 25984, "bops": 1228800, "peak_activation_bytes": 1536}}','trl_01M8JARAX9FW1EGFZ2S69E518G');
INSERT INTO "events" VALUES(11,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','front.changed','2026-03-01 12:00:03.000000','{"added": ["trl_01M8JARAX9FW1EGFZ2S69E518G"], "removed": [], "hypervolume": 1.7931965895425184, "size": 2}',NULL);
INSERT INTO "events" VALUES(12,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.created','2026-03-01 12:00:04.000000','{"trial_id": "trl_01M8JARB06HXRQT4EY9GB7ZGXM", "number": 3, "costs": {"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}, "gen_method": "replicate", "replicate_of": "trl_01M8JARAWVTFQGBEWXZWPBN7KB"}','trl_01M8JARB06HXRQT4EY9GB7ZGXM');
INSERT INTO "events" VALUES(13,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.started','2026-03-01 12:00:00.000000','{"trial_id": "trl_01M8JARB06HXRQT4EY9GB7ZGXM", "number": 3, "attempt": 1, "worker_id": "worker-1"}','trl_01M8JARB06HXRQT4EY9GB7ZGXM');
INSERT INTO "events" VALUES(14,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trial.failed','2026-03-01 12:00:05.000000','{"trial_id": "trl_01M8JARB06HXRQT4EY9GB7ZGXM", "number": 3, "outcome": "diverged", "reason": {"code": "diverged", "message": "loss nan"}}','trl_01M8JARB06HXRQT4EY9GB7ZGXM');
INSERT INTO "events" VALUES(15,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','search.state','2026-03-01 12:00:06.000000','{"state": "cancelled", "reason": {"code": "cancelled_by_user", "message": "cancelled on request"}}',NULL);
CREATE TABLE explanations (
	search_id VARCHAR(40) NOT NULL, 
	made_at DATETIME NOT NULL, 
	n_measured INTEGER NOT NULL, 
	document JSON NOT NULL, 
	CONSTRAINT pk_explanations PRIMARY KEY (search_id), 
	CONSTRAINT fk_explanations_search_id_searches FOREIGN KEY(search_id) REFERENCES searches (id) ON DELETE CASCADE
);
INSERT INTO "explanations" VALUES('sea_01M8JARAS7RMN3TRQTYTBN3T0M','2026-03-01 12:00:01.000000',5,'{"seconds": 0.5, "importance": [{"gene": "stem.width", "share": 1.0}], "bit_steps": [{"gene": "a.weight_bits", "direction": "wider", "bits": 2.0, "n_networks": 3, "accuracy": 0.01, "accuracy_sd": 0.004, "costs": {"size_bytes": 12.5}}], "front": [{"number": null, "candidate_hash": "ab", "genes": {"stem.width": 8, "kind": "plain"}, "costs": {"size_bytes": 1000.0}, "accuracy": 0.9, "accuracy_sd": 0.02}]}');
CREATE TABLE front_members (
	id INTEGER NOT NULL, 
	search_id VARCHAR(40) NOT NULL, 
	trial_id VARCHAR(40) NOT NULL, 
	joined_event BIGINT NOT NULL, 
	left_event BIGINT, 
	CONSTRAINT pk_front_members PRIMARY KEY (id), 
	CONSTRAINT fk_front_members_search_id_searches FOREIGN KEY(search_id) REFERENCES searches (id) ON DELETE CASCADE, 
	CONSTRAINT fk_front_members_trial_id_trials FOREIGN KEY(trial_id) REFERENCES trials (id) ON DELETE CASCADE
);
INSERT INTO "front_members" VALUES(1,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trl_01M8JARAWVTFQGBEWXZWPBN7KB',8,NULL);
INSERT INTO "front_members" VALUES(2,'sea_01M8JARAS7RMN3TRQTYTBN3T0M','trl_01M8JARAX9FW1EGFZ2S69E518G',11,NULL);
CREATE TABLE hardware_profiles (
	name VARCHAR(64) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	yaml TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	project_id VARCHAR(40) DEFAULT 'default' NOT NULL, 
	CONSTRAINT pk_hardware_profiles PRIMARY KEY (project_id, name), 
	CONSTRAINT fk_hardware_profiles_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "hardware_profiles" VALUES('mine','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','name: mine
comment: kept as written
','2026-03-01 12:00:00.000000','default');
CREATE TABLE members (
	project_id VARCHAR(40) NOT NULL, 
	user VARCHAR(100) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (project_id, user), 
	CONSTRAINT ck_members_role CHECK (role IN ('viewer', 'editor', 'admin')), 
	CONSTRAINT fk_members_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "members" VALUES('second','ada','editor','2026-03-01 12:00:00.000000');
CREATE TABLE models (
	id VARCHAR(40) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	weights_sha256 VARCHAR(64) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	layers JSON NOT NULL, 
	normalisation JSON, 
	created_at DATETIME NOT NULL, project_id VARCHAR(40) DEFAULT 'default' NOT NULL CONSTRAINT fk_models_project_id_projects REFERENCES projects (name), 
	CONSTRAINT pk_models PRIMARY KEY (id)
);
INSERT INTO "models" VALUES('mod_00000000000000000000000000','mine','cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd',7,'[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]','{"mean": [0.5], "std": [0.25]}','2026-03-01 12:00:00.000000','default');
CREATE TABLE projects (
	name VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_projects PRIMARY KEY (name)
);
INSERT INTO "projects" VALUES('default','2026-11-29 00:19:52.555314');
INSERT INTO "projects" VALUES('second','2026-03-01 12:00:00.000000');
CREATE TABLE request_keys (
	project_id VARCHAR(40) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	made_id VARCHAR(40), 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_request_keys PRIMARY KEY (project_id, name), 
	CONSTRAINT fk_request_keys_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "request_keys" VALUES('default','one','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','mod_00000000000000000000000000','2026-03-01 12:00:00.000000');
CREATE TABLE searches (
	id VARCHAR(40) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	state VARCHAR(16) NOT NULL, 
	state_reason JSON NOT NULL, 
	dataset VARCHAR(100) NOT NULL, 
	space JSON NOT NULL, 
	objectives JSON NOT NULL, 
	budgets JSON NOT NULL, 
	strategy JSON NOT NULL, 
	recipe JSON NOT NULL, 
	limits JSON NOT NULL, 
	seed BIGINT NOT NULL, 
	ref_point JSON NOT NULL, 
	hypervolume DOUBLE NOT NULL, 
	next_number INTEGER NOT NULL, 
	hold_token INTEGER NOT NULL, 
	hold_until DATETIME, 
	rung_at DATETIME, 
	failed_asks INTEGER NOT NULL, 
	exhausted BOOLEAN NOT NULL, hardware JSON, trial_counts JSON DEFAULT '{}' NOT NULL, hold_since DATETIME, project_id VARCHAR(40) DEFAULT 'default' NOT NULL CONSTRAINT fk_searches_project_id_projects REFERENCES projects (name), compute_seconds DOUBLE DEFAULT '0' NOT NULL, expected_gain JSON, best_accuracy DOUBLE, smallest_bytes BIGINT, growth JSON DEFAULT '[]' NOT NULL, task_key VARCHAR(64) DEFAULT '' NOT NULL, dataset_id VARCHAR(40) CONSTRAINT fk_searches_dataset_id_datasets REFERENCES datasets (id), 
	CONSTRAINT pk_searches PRIMARY KEY (id), 
	CONSTRAINT ck_searches_state CHECK (state IN ('queued', 'running', 'paused', 'refining', 'succeeded', 'failed', 'cancelled'))
);
INSERT INTO "searches" VALUES('sea_01M8JARAS7RMN3TRQTYTBN3T0M','a name with ü, 😀, ''quotes'' and \ in it','2026-03-01 12:00:00.000000','2026-03-01 12:00:06.000000','2026-03-01 12:00:06.000000','cancelled','{"code": "cancelled_by_user", "message": "cancelled on request", "log_tail": null}','digits','{"family": "mobilenetv2", "stem_channels": [4, 8], "stages": [{"channels": 8, "kernel": [3], "expansion": [1, 2], "repeats": [1], "stride": 2}], "weight_bits": [2, 4, 8], "activation_bits": [4, 8]}','["accuracy", "size_bytes"]','{}','{"name": "random", "n_initial": null, "deadline_s": 20.0, "focus": null, "target": null, "warm_start": null}','{"float_epochs": 1, "qat_epochs": 1, "batch_size": 64, "lr": 0.2, "qat_lr": 0.05, "weight_decay": 0.0005, "quantizer": "lsq", "weight_granularity": "per_channel", "max_train_images": null, "max_accuracy_gap": 0.02}','{"max_trials": 5, "max_parallel": 2, "wall_time_s": null, "compute_s": null, "min_gain_per_hour": null, "max_attempts": 3, "needs": {"device": null, "memory_bytes": null, "profile": null}, "early_stopping": null}',0,'{"accuracy": 0.1, "size_bytes": 8192.0}',1.79319658954251837101e+00,4,1,NULL,'2026-03-01 12:00:00.000000',0,0,NULL,'{"completed": 2, "failed": 1}','2026-03-01 12:00:00.000000','default',10.0,NULL,0.95,1884,'[[1, 1.717537567813645], [2, 1.7931965895425184]]','39cc1c09300bc702f2efc7931cced5022e0f4b446efc47c0ac8f19719a84ebd7',NULL);
CREATE TABLE sessions (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) DEFAULT 'default' NOT NULL, 
	key_id VARCHAR(40) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT fk_sessions_key_id_api_keys FOREIGN KEY(key_id) REFERENCES api_keys (id), 
	CONSTRAINT fk_sessions_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "sessions" VALUES('ses_00000000000000000000000000','second','key_01M8JARB3VWCKTZ4ED8GM7E86C','0000000000000000000000000000000000000000000000000000000000000000','2026-03-01 12:00:00.000000','2026-03-01 13:00:00.000000');
CREATE TABLE trial_logs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	trial_id VARCHAR(40) NOT NULL, 
	attempt INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	n_bytes INTEGER NOT NULL, 
	CONSTRAINT fk_trial_logs_trial_id_trials FOREIGN KEY(trial_id) REFERENCES trials (id) ON DELETE CASCADE
);
INSERT INTO "trial_logs" VALUES(1,'trl_01M8JARAWVTFQGBEWXZWPBN7KB',1,'epoch 1
',8);
CREATE TABLE "trials" (
	id VARCHAR(40) NOT NULL, 
	search_id VARCHAR(40) NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	state_reason JSON, 
	outcome VARCHAR(32), 
	genes JSON NOT NULL, 
	layers JSON NOT NULL, 
	candidate_hash VARCHAR(64) NOT NULL, 
	costs JSON NOT NULL, 
	seed BIGINT NOT NULL, 
	gen_method VARCHAR(64) NOT NULL, 
	gen_seconds DOUBLE NOT NULL, 
	attempt INTEGER NOT NULL, 
	times_lost INTEGER NOT NULL, 
	worker_id VARCHAR(64), 
	lease_expires_at DATETIME, 
	rung_at DATETIME, 
	progress JSON, 
	metrics JSON NOT NULL, 
	artifact_id VARCHAR(40), 
	on_front BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	replicate INTEGER DEFAULT '0' NOT NULL, 
	replicate_of VARCHAR(40), needs JSON, size_bytes BIGINT DEFAULT '0' NOT NULL, accuracy DOUBLE, held_since DATETIME, 
	CONSTRAINT pk_trials PRIMARY KEY (id), 
	CONSTRAINT uq_trials_search_id_number UNIQUE (search_id, number), 
	CONSTRAINT ck_trials_state CHECK (state IN ('queued', 'running', 'completed', 'stopped', 'failed', 'cancelled')), 
	CONSTRAINT fk_trials_search_id_searches FOREIGN KEY(search_id) REFERENCES searches (id) ON DELETE CASCADE, 
	CONSTRAINT uq_trials_search_id_candidate_hash_replicate UNIQUE (search_id, candidate_hash, replicate)
);
INSERT INTO "trials" VALUES('trl_01M8JARAWVTFQGBEWXZWPBN7KB','sea_01M8JARAS7RMN3TRQTYTBN3T0M',1,'completed',NULL,NULL,'{"last.activation_bits": 8, "last.channels": 64, "last.weight_bits": 4, "stage1.block0.depthwise.activation_bits": 4, "stage1.block0.depthwise.weight_bits": 2, "stage1.block0.expand.activation_bits": 4, "stage1.block0.expand.weight_bits": 2, "stage1.block0.project.activation_bits": 8, "stage1.block0.project.weight_bits": 2, "stage1.expansion": 2, "stem.activation_bits": 4, "stem.channels": 8}','[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]','4337b9a43e805b4eda4529a8719e8538144bed7dfa888bfe1788dfd6add6ab6c','{"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}',7919,'random',0.01,1,0,NULL,NULL,'2026-03-01 12:00:00.000000',NULL,'{"accuracy": 0.91, "accuracy_fake_quantized": 0.91, "float_accuracy": 0.92, "float_size_bytes": 7536.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}','art_01M8JARAYDCYPY07NNXW24BS30',1,'2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000','2026-03-01 12:00:02.000000',0,NULL,NULL,1884,0.91,NULL);
INSERT INTO "trials" VALUES('trl_01M8JARAX9FW1EGFZ2S69E518G','sea_01M8JARAS7RMN3TRQTYTBN3T0M',2,'completed',NULL,NULL,'{"last.activation_bits": 4, "last.channels": 64, "last.weight_bits": 8, "stage1.block0.depthwise.activation_bits": 8, "stage1.block0.depthwise.weight_bits": 4, "stage1.block0.expand.activation_bits": 8, "stage1.block0.expand.weight_bits": 4, "stage1.block0.project.activation_bits": 8, "stage1.block0.project.weight_bits": 2, "stage1.expansion": 2, "stem.activation_bits": 8, "stem.channels": 8}','[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]','f470031c2b82550c7fd925ef5fb9aac03ec5901ed98fdc0dac7a2cfd44cff63b','{"size_bytes": 2208, "macs": 25984, "bops": 1228800, "peak_activation_bytes": 1536}',15838,'random',0.01,1,0,NULL,NULL,'2026-03-01 12:00:00.000000',NULL,'{"accuracy": 0.95, "accuracy_fake_quantized": 0.95, "float_accuracy": 0.96, "float_size_bytes": 8832.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}','art_01M8JARAZBV1BAMPK148NHRNVR',1,'2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000','2026-03-01 12:00:03.000000',0,NULL,NULL,2208,0.95,NULL);
INSERT INTO "trials" VALUES('trl_01M8JARB06HXRQT4EY9GB7ZGXM','sea_01M8JARAS7RMN3TRQTYTBN3T0M',3,'failed','{"code": "diverged", "message": "loss nan", "log_tail": null}','diverged','{"last.activation_bits": 8, "last.channels": 64, "last.weight_bits": 4, "stage1.block0.depthwise.activation_bits": 4, "stage1.block0.depthwise.weight_bits": 2, "stage1.block0.expand.activation_bits": 4, "stage1.block0.expand.weight_bits": 2, "stage1.block0.project.activation_bits": 8, "stage1.block0.project.weight_bits": 2, "stage1.expansion": 2, "stem.activation_bits": 4, "stem.channels": 8}','[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]','4337b9a43e805b4eda4529a8719e8538144bed7dfa888bfe1788dfd6add6ab6c','{"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}',7,'replicate',0.0,1,0,NULL,NULL,NULL,NULL,'{}',NULL,0,'2026-03-01 12:00:04.000000','2026-03-01 12:00:00.000000','2026-03-01 12:00:05.000000',1,'trl_01M8JARAWVTFQGBEWXZWPBN7KB',NULL,1884,NULL,NULL);
CREATE TABLE webhook_deliveries (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) DEFAULT 'default' NOT NULL, 
	webhook_id VARCHAR(40) NOT NULL, 
	event_id BIGINT, 
	event_type VARCHAR(64) NOT NULL, 
	body TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	due_at DATETIME, 
	attempts INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	attempted_at DATETIME, 
	finished_at DATETIME, 
	status INTEGER, 
	seconds DOUBLE, 
	error TEXT, 
	CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id), 
	CONSTRAINT ck_webhook_deliveries_state CHECK (state IN ('pending', 'delivered', 'failed')), 
	CONSTRAINT fk_webhook_deliveries_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name), 
	CONSTRAINT fk_webhook_deliveries_webhook_id_webhooks FOREIGN KEY(webhook_id) REFERENCES webhooks (id) ON DELETE CASCADE, 
	CONSTRAINT uq_webhook_deliveries_webhook_id_event_id UNIQUE (webhook_id, event_id)
);
INSERT INTO "webhook_deliveries" VALUES('dlv_01M8JARB5185SQTRD6NTBVCNW6','second','whk_01M8JARB4HEF6ZCSTZQT7VP9R8',NULL,'ping','{"id":0,"search_id":"","type":"ping","at":"2026-03-01T12:00:00Z","payload":{"webhook_id":"whk_01M8JARB4HEF6ZCSTZQT7VP9R8"}}','pending','2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000',0,0,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE webhooks (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) DEFAULT 'default' NOT NULL, 
	url VARCHAR(2000) NOT NULL, 
	description VARCHAR(200) NOT NULL, 
	event_types JSON NOT NULL, 
	search_ids JSON NOT NULL, 
	disabled_reason JSON, 
	secret VARCHAR(64) NOT NULL, 
	previous_secret VARCHAR(64), 
	previous_until DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	cursor BIGINT NOT NULL, 
	failing_since DATETIME, 
	last_error TEXT, 
	paused_until DATETIME, 
	token INTEGER NOT NULL, 
	held_until DATETIME, 
	CONSTRAINT pk_webhooks PRIMARY KEY (id), 
	CONSTRAINT fk_webhooks_project_id_projects FOREIGN KEY(project_id) REFERENCES projects (name)
);
INSERT INTO "webhooks" VALUES('whk_01M8JARB4HEF6ZCSTZQT7VP9R8','second','https://example.org/hook','a name with ü, 😀, ''quotes'' and \ in it','["front.changed"]','[]',NULL,'whsec_1QVnUHqLTHWXHlV2hIoOGANYmEJJImf20QDXw9cAr6A',NULL,NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000',15,NULL,NULL,NULL,0,NULL);
CREATE TABLE workers (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	pid INTEGER NOT NULL, 
	device VARCHAR(64) NOT NULL, 
	trial_id VARCHAR(40), 
	started_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, search_id VARCHAR(40), capabilities JSON, 
	CONSTRAINT pk_workers PRIMARY KEY (id)
);
INSERT INTO "workers" VALUES('wrk_00000000000000000000000000','train','box',1,'cpu',NULL,'2026-03-01 12:00:00.000000','2026-03-01 12:00:00.000000',NULL,'{"device": "cpu", "device_name": "x", "memory_bytes": 2, "free_memory_bytes": 1, "n_threads": 1, "profile": null, "versions": {}}');
CREATE INDEX ix_searches_state_rung_at ON searches (state, rung_at);
CREATE INDEX ix_events_search_id_id ON events (search_id, id);
CREATE INDEX ix_front_members_search_id_left_event ON front_members (search_id, left_event);
CREATE INDEX ix_models_sha256 ON models (sha256);
CREATE INDEX ix_trials_search_id ON trials (search_id) WHERE on_front = 1;
CREATE INDEX ix_trials_state_rung_at ON trials (state, rung_at);
CREATE INDEX ix_trials_state_lease_expires_at ON trials (state, lease_expires_at);
CREATE INDEX ix_trials_search_id_state ON trials (search_id, state);
CREATE INDEX ix_trials_replicated ON trials (search_id) WHERE replicate > 0;
CREATE INDEX ix_trial_logs_trial_id_id ON trial_logs (trial_id, id);
CREATE INDEX ix_api_keys_project_id_id ON api_keys (project_id, id);
CREATE INDEX ix_searches_project_id_id ON searches (project_id, id);
CREATE INDEX ix_models_project_id_id ON models (project_id, id);
CREATE INDEX ix_trials_needs ON trials (id) WHERE needs IS NOT NULL AND state = 'queued';
CREATE INDEX ix_trials_search_id_size_bytes_number ON trials (search_id, size_bytes, number);
CREATE INDEX ix_trials_search_id_accuracy_number ON trials (search_id, accuracy, number);
CREATE INDEX ix_events_trial_id_id ON events (trial_id, id);
CREATE INDEX ix_request_keys_project_id_created_at ON request_keys (project_id, created_at);
CREATE INDEX ix_sessions_key_id ON sessions (key_id);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_audit_entries_at ON audit_entries (at);
CREATE INDEX ix_audit_entries_project_id_id ON audit_entries (project_id, id);
CREATE INDEX ix_audit_entries_project_id_object_id_id ON audit_entries (project_id, object_id, id);
CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries BEGIN SELECT RAISE(ABORT, 'entries of the audit log do not change'); END;
CREATE INDEX ix_searches_task_key ON searches (task_key);
CREATE INDEX ix_searches_best_accuracy ON searches (best_accuracy);
CREATE INDEX ix_searches_smallest_bytes ON searches (smallest_bytes);
CREATE INDEX ix_webhooks_project_id_id ON webhooks (project_id, id);
CREATE INDEX ix_webhook_deliveries_webhook_id_id ON webhook_deliveries (webhook_id, id);
CREATE INDEX ix_webhook_deliveries_finished_at ON webhook_deliveries (finished_at);
CREATE INDEX ix_webhook_deliveries_pending ON webhook_deliveries (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX ix_datasets_project_id_id ON datasets (project_id, id);
CREATE UNIQUE INDEX ix_datasets_live_name ON datasets (project_id, name) WHERE file_sha256 IS NOT NULL;
CREATE UNIQUE INDEX ix_datasets_live_sha256 ON datasets (project_id, sha256) WHERE file_sha256 IS NOT NULL;
CREATE INDEX ix_searches_dataset_id ON searches (dataset_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',15);
INSERT INTO "sqlite_sequence" VALUES('trial_logs',1);
COMMIT;
