SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.refuse_change_of_audit_entry() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'entries of the audit log do not change'; END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.api_keys (
    id character varying(40) NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL,
    "user" character varying(100) NOT NULL,
    name character varying(200) NOT NULL,
    scope character varying(16) NOT NULL,
    secret_hash character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT ck_api_keys_scope CHECK (((scope)::text = ANY ((ARRAY['read'::character varying, 'write'::character varying, 'admin'::character varying])::text[])))
);
CREATE TABLE public.artifacts (
    id character varying(40) NOT NULL,
    trial_id character varying(40) NOT NULL,
    search_id character varying(40) NOT NULL,
    sha256 character varying(64) NOT NULL,
    size_bytes bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.audit_entries (
    id character varying(40) NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL,
    at timestamp with time zone NOT NULL,
    "user" character varying(100) NOT NULL,
    key_id character varying(40),
    operation character varying(100) NOT NULL,
    object_id character varying(200),
    status integer NOT NULL,
    request_id character varying(128) NOT NULL
);
CREATE TABLE public.datasets (
    id character varying(40) NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL,
    name character varying(64) NOT NULL,
    sha256 character varying(64) NOT NULL,
    file_sha256 character varying(64),
    samples_sha256 character varying(64),
    size_bytes bigint NOT NULL,
    layout character varying(16) NOT NULL,
    facts json NOT NULL,
    class_names json NOT NULL,
    dealt json NOT NULL,
    split_seed bigint,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.departures (
    kind character varying(16) NOT NULL,
    last_seen_at timestamp with time zone
);
CREATE TABLE public.events (
    id bigint NOT NULL,
    search_id character varying(40) NOT NULL,
    type character varying(64) NOT NULL,
    at timestamp with time zone NOT NULL,
    payload json NOT NULL,
    trial_id character varying(40)
);
CREATE SEQUENCE public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.events_id_seq OWNED BY public.events.id;
CREATE TABLE public.explanations (
    search_id character varying(40) NOT NULL,
    made_at timestamp with time zone NOT NULL,
    n_measured integer NOT NULL,
    document json NOT NULL
);
CREATE TABLE public.front_members (
    id bigint NOT NULL,
    search_id character varying(40) NOT NULL,
    trial_id character varying(40) NOT NULL,
    joined_event bigint NOT NULL,
    left_event bigint
);
CREATE SEQUENCE public.front_members_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.front_members_id_seq OWNED BY public.front_members.id;
CREATE TABLE public.hardware_profiles (
    name character varying(64) NOT NULL,
    sha256 character varying(64) NOT NULL,
    yaml text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL
);
CREATE TABLE public.members (
    project_id character varying(40) NOT NULL,
    "user" character varying(100) NOT NULL,
    role character varying(16) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_members_role CHECK (((role)::text = ANY ((ARRAY['viewer'::character varying, 'editor'::character varying, 'admin'::character varying])::text[])))
);
CREATE TABLE public.models (
    id character varying(40) NOT NULL,
    name character varying(200) NOT NULL,
    sha256 character varying(64) NOT NULL,
    weights_sha256 character varying(64) NOT NULL,
    size_bytes bigint NOT NULL,
    layers json NOT NULL,
    normalisation json,
    created_at timestamp with time zone NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL
);
CREATE TABLE public.projects (
    name character varying(40) NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.request_keys (
    project_id character varying(40) NOT NULL,
    name character varying(255) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    made_id character varying(40),
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.searches (
    id character varying(40) NOT NULL,
    name character varying(200) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    state character varying(16) NOT NULL,
    state_reason json NOT NULL,
    dataset character varying(100) NOT NULL,
    space json NOT NULL,
    objectives json NOT NULL,
    budgets json NOT NULL,
    strategy json NOT NULL,
    recipe json NOT NULL,
    limits json NOT NULL,
    seed bigint NOT NULL,
    ref_point json NOT NULL,
    hypervolume double precision NOT NULL,
    next_number integer NOT NULL,
    hold_token integer NOT NULL,
    hold_until timestamp with time zone,
    rung_at timestamp with time zone,
    failed_asks integer NOT NULL,
    exhausted boolean NOT NULL,
    hardware json,
    trial_counts json DEFAULT '{}'::json NOT NULL,
    hold_since timestamp with time zone,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL,
    compute_seconds double precision DEFAULT '0'::double precision NOT NULL,
    expected_gain json,
    best_accuracy double precision,
    smallest_bytes bigint,
    growth json DEFAULT '[]'::json NOT NULL,
    task_key character varying(64) DEFAULT ''::character varying NOT NULL,
    dataset_id character varying(40),
    CONSTRAINT ck_searches_state CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'paused'::character varying, 'refining'::character varying, 'succeeded'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);
CREATE TABLE public.sessions (
    id character varying(40) NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL,
    key_id character varying(40) NOT NULL,
    secret_hash character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.trial_logs (
    id bigint NOT NULL,
    trial_id character varying(40) NOT NULL,
    attempt integer NOT NULL,
    text text NOT NULL,
    n_bytes integer NOT NULL
);
CREATE SEQUENCE public.trial_logs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trial_logs_id_seq OWNED BY public.trial_logs.id;
CREATE TABLE public.trials (
    id character varying(40) NOT NULL,
    search_id character varying(40) NOT NULL,
    number integer NOT NULL,
    state character varying(16) NOT NULL,
    state_reason json,
    outcome character varying(32),
    genes json NOT NULL,
    layers json NOT NULL,
    candidate_hash character varying(64) NOT NULL,
    costs json NOT NULL,
    seed bigint NOT NULL,
    gen_method character varying(64) NOT NULL,
    gen_seconds double precision NOT NULL,
    attempt integer NOT NULL,
    times_lost integer NOT NULL,
    worker_id character varying(64),
    lease_expires_at timestamp with time zone,
    rung_at timestamp with time zone,
    progress json,
    metrics json NOT NULL,
    artifact_id character varying(40),
    on_front boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    replicate integer DEFAULT 0 NOT NULL,
    replicate_of character varying(40),
    needs json,
    size_bytes bigint DEFAULT '0'::bigint NOT NULL,
    accuracy double precision,
    held_since timestamp with time zone,
    CONSTRAINT ck_trials_state CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'completed'::character varying, 'stopped'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);
CREATE TABLE public.webhook_deliveries (
    id character varying(40) NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL,
    webhook_id character varying(40) NOT NULL,
    event_id bigint,
    event_type character varying(64) NOT NULL,
    body text NOT NULL,
    state character varying(16) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone,
    attempts integer NOT NULL,
    step integer NOT NULL,
    attempted_at timestamp with time zone,
    finished_at timestamp with time zone,
    status integer,
    seconds double precision,
    error text,
    CONSTRAINT ck_webhook_deliveries_state CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'delivered'::character varying, 'failed'::character varying])::text[])))
);
CREATE TABLE public.webhooks (
    id character varying(40) NOT NULL,
    project_id character varying(40) DEFAULT 'default'::character varying NOT NULL,
    url character varying(2000) NOT NULL,
    description character varying(200) NOT NULL,
    event_types json NOT NULL,
    search_ids json NOT NULL,
    disabled_reason json,
    secret character varying(64) NOT NULL,
    previous_secret character varying(64),
    previous_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor bigint NOT NULL,
    failing_since timestamp with time zone,
    last_error text,
    paused_until timestamp with time zone,
    token integer NOT NULL,
    held_until timestamp with time zone
);
CREATE TABLE public.workers (
    id character varying(64) NOT NULL,
    kind character varying(16) NOT NULL,
    host character varying(255) NOT NULL,
    pid integer NOT NULL,
    device character varying(64) NOT NULL,
    trial_id character varying(40),
    started_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    search_id character varying(40),
    capabilities json
);
ALTER TABLE ONLY public.events ALTER COLUMN id SET DEFAULT nextval('public.events_id_seq'::regclass);
ALTER TABLE ONLY public.front_members ALTER COLUMN id SET DEFAULT nextval('public.front_members_id_seq'::regclass);
ALTER TABLE ONLY public.trial_logs ALTER COLUMN id SET DEFAULT nextval('public.trial_logs_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0017');
INSERT INTO public.api_keys VALUES ('key_01M8JARMZM4WRKNWP4Y360ERHS', 'second', 'ada', 'laptop', 'write', 'ab8fca9bc03ac2633e2757d5f9b06c520c22d829a8667eddcf2bfd10f8582642', '2026-03-01 12:00:00+00', NULL, NULL, NULL);
INSERT INTO public.artifacts VALUES ('art_01M8JARMGFK5HSTHETQTMN125K', 'trl_01M8JARMD5KA12PCGXGPP707M5', 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1884, '2026-03-01 12:00:02+00');
INSERT INTO public.artifacts VALUES ('art_01M8JARMQ86R5FA83P3Y0AAXJT', 'trl_01M8JARMDWQQVB4SGNTBRX0TXE', 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 2208, '2026-03-01 12:00:03+00');
INSERT INTO public.audit_entries VALUES ('aud_00000000000000000000000000', 'second', '2026-03-01 12:00:00+00', 'ada', 'key_01M8JARMZM4WRKNWP4Y360ERHS', 'searches_cancel', 'a name with ü, 😀, ''quotes'' and \ in it', 202, 'req_1');
INSERT INTO public.datasets VALUES ('dts_00000000000000000000000000', 'default', 'flowers', '1111111111111111111111111111111111111111111111111111111111111111', '1111111111111111111111111111111111111111111111111111111111111111', '5555555555555555555555555555555555555555555555555555555555555555', 1099511627776, 'npz', '{"input_shape": [1, 8, 8], "n_classes": 10, "n_train": 1077, "n_validation": 360, "n_test": 360, "mean": [0.3053], "std": [0.3761]}', '["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]', '["validation"]', 7, '2026-03-01 12:00:00+00');
INSERT INTO public.departures VALUES ('train', NULL);
INSERT INTO public.departures VALUES ('optimize', '2026-03-01 12:00:00+00');
INSERT INTO public.events VALUES (1, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'search.state', '2026-03-01 12:00:00+00', '{"state": "queued", "reason": {"code": "waiting_for_optimizer", "message": "no optimize worker has taken it up yet"}}', NULL);
INSERT INTO public.events VALUES (2, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'search.state', '2026-03-01 12:00:00+00', '{"state": "running", "reason": {"code": "searching", "message": "candidates are proposed and trained"}}', NULL);
INSERT INTO public.events VALUES (3, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.created', '2026-03-01 12:00:00+00', '{"trial_id": "trl_01M8JARMD5KA12PCGXGPP707M5", "number": 1, "costs": {"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}, "gen_method": "random"}', 'trl_01M8JARMD5KA12PCGXGPP707M5');
INSERT INTO public.events VALUES (4, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.created', '2026-03-01 12:00:00+00', '{"trial_id": "trl_01M8JARMDWQQVB4SGNTBRX0TXE", "number": 2, "costs": {"size_bytes": 2208, "macs": 25984, "bops": 1228800, "peak_activation_bytes": 1536}, "gen_method": "random"}', 'trl_01M8JARMDWQQVB4SGNTBRX0TXE');
INSERT INTO public.events VALUES (5, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.started', '2026-03-01 12:00:00+00', '{"trial_id": "trl_01M8JARMD5KA12PCGXGPP707M5", "number": 1, "attempt": 1, "worker_id": "worker-1"}', 'trl_01M8JARMD5KA12PCGXGPP707M5');
INSERT INTO public.events VALUES (6, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.progress', '2026-03-01 12:00:01+00', '{"trial_id": "trl_01M8JARMD5KA12PCGXGPP707M5", "number": 1, "phase": "float", "epoch": 1, "n_epochs": 2, "train_loss": 0.5, "accuracy": 0.75, "probe_accuracy": null}', 'trl_01M8JARMD5KA12PCGXGPP707M5');
INSERT INTO public.events VALUES (7, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.finished', '2026-03-01 12:00:02+00', '{"trial_id": "trl_01M8JARMD5KA12PCGXGPP707M5", "number": 1, "metrics": {"accuracy": 0.91, "accuracy_fake_quantized": 0.91, "float_accuracy": 0.92, "float_size_bytes": 7536.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}, "costs": {"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}}', 'trl_01M8JARMD5KA12PCGXGPP707M5');
INSERT INTO public.events VALUES (8, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'front.changed', '2026-03-01 12:00:02+00', '{"added": ["trl_01M8JARMD5KA12PCGXGPP707M5"], "removed": [], "hypervolume": 1.717537567813645, "size": 1}', NULL);
INSERT INTO public.events VALUES (9, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.started', '2026-03-01 12:00:00+00', '{"trial_id": "trl_01M8JARMDWQQVB4SGNTBRX0TXE", "number": 2, "attempt": 1, "worker_id": "worker-1"}', 'trl_01M8JARMDWQQVB4SGNTBRX0TXE');
INSERT INTO public.events VALUES (10, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.finished', '2026-03-01 12:00:03+00', '{"trial_id": "trl_01M8JARMDWQQVB4SGNTBRX0TXE", "number": 2, "metrics": {"accuracy": 0.95, "accuracy_fake_quantized": 0.95, "float_accuracy": 0.96, "float_size_bytes": 8832.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}, "costs": {"size_bytes": 2208, "macs": 25984, "bops": 1228800, "peak_activation_bytes": 1536}}', 'trl_01M8JARMDWQQVB4SGNTBRX0TXE');
INSERT INTO public.events VALUES (11, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'front.changed', '2026-03-01 12:00:03+00', '{"added": ["trl_01M8JARMDWQQVB4SGNTBRX0TXE"], "removed": [], "hypervolume": 1.7931965895425184, "size": 2}', NULL);
INSERT INTO public.events VALUES (12, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.created', '2026-03-01 12:00:04+00', '{"trial_id": "trl_01M8JARMRXX20P1BF3MS3W2T68", "number": 3, "costs": {"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}, "gen_method": "replicate", "replicate_of": "trl_01M8JARMD5KA12PCGXGPP707M5"}', 'trl_01M8JARMRXX20P1BF3MS3W2T68');
INSERT INTO public.events VALUES (13, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.started', '2026-03-01 12:00:00+00', '{"trial_id": "trl_01M8JARMRXX20P1BF3MS3W2T68", "number": 3, "attempt": 1, "worker_id": "worker-1"}', 'trl_01M8JARMRXX20P1BF3MS3W2T68');
INSERT INTO public.events VALUES (14, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trial.failed', '2026-03-01 12:00:05+00', '{"trial_id": "trl_01M8JARMRXX20P1BF3MS3W2T68", "number": 3, "outcome": "diverged", "reason": {"code": "diverged", "message": "loss nan"}}', 'trl_01M8JARMRXX20P1BF3MS3W2T68');
INSERT INTO public.events VALUES (15, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'search.state', '2026-03-01 12:00:06+00', '{"state": "cancelled", "reason": {"code": "cancelled_by_user", "message": "cancelled on request"}}', NULL);
INSERT INTO public.explanations VALUES ('sea_01M8JARM95Z8QWY44JBQ55D1GQ', '2026-03-01 12:00:01+00', 5, '{"seconds": 0.5, "importance": [{"gene": "stem.width", "share": 1.0}], "bit_steps": [{"gene": "a.weight_bits", "direction": "wider", "bits": 2.0, "n_networks": 3, "accuracy": 0.01, "accuracy_sd": 0.004, "costs": {"size_bytes": 12.5}}], "front": [{"number": null, "candidate_hash": "ab", "genes": {"stem.width": 8, "kind": "plain"}, "costs": {"size_bytes": 1000.0}, "accuracy": 0.9, "accuracy_sd": 0.02}]}');
INSERT INTO public.front_members VALUES (1, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trl_01M8JARMD5KA12PCGXGPP707M5', 8, NULL);
INSERT INTO public.front_members VALUES (2, 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'trl_01M8JARMDWQQVB4SGNTBRX0TXE', 11, NULL);
INSERT INTO public.hardware_profiles VALUES ('mine', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', 'name: mine
comment: kept as written
', '2026-03-01 12:00:00+00', 'default');
INSERT INTO public.members VALUES ('second', 'ada', 'editor', '2026-03-01 12:00:00+00');
INSERT INTO public.models VALUES ('mod_00000000000000000000000000', 'mine', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 7, '[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]', '{"mean": [0.5], "std": [0.25]}', '2026-03-01 12:00:00+00', 'default');
INSERT INTO public.projects VALUES ('default', '2026-11-29 00:20:01.999262+00');
INSERT INTO public.projects VALUES ('second', '2026-03-01 12:00:00+00');
INSERT INTO public.request_keys VALUES ('default', 'one', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'mod_00000000000000000000000000', '2026-03-01 12:00:00+00');
INSERT INTO public.searches VALUES ('sea_01M8JARM95Z8QWY44JBQ55D1GQ', 'a name with ü, 😀, ''quotes'' and \ in it', '2026-03-01 12:00:00+00', '2026-03-01 12:00:06+00', '2026-03-01 12:00:06+00', 'cancelled', '{"code": "cancelled_by_user", "message": "cancelled on request", "log_tail": null}', 'digits', '{"family": "mobilenetv2", "stem_channels": [4, 8], "stages": [{"channels": 8, "kernel": [3], "expansion": [1, 2], "repeats": [1], "stride": 2}], "weight_bits": [2, 4, 8], "activation_bits": [4, 8]}', '["accuracy", "size_bytes"]', '{}', '{"name": "random", "n_initial": null, "deadline_s": 20.0, "focus": null, "target": null, "warm_start": null}', '{"float_epochs": 1, "qat_epochs": 1, "batch_size": 64, "lr": 0.2, "qat_lr": 0.05, "weight_decay": 0.0005, "quantizer": "lsq", "weight_granularity": "per_channel", "max_train_images": null, "max_accuracy_gap": 0.02}', '{"max_trials": 5, "max_parallel": 2, "wall_time_s": null, "compute_s": null, "min_gain_per_hour": null, "max_attempts": 3, "needs": {"device": null, "memory_bytes": null, "profile": null}, "early_stopping": null}', 0, '{"accuracy": 0.1, "size_bytes": 8192.0}', 1.7931965895425184, 4, 1, NULL, '2026-03-01 12:00:00+00', 0, false, NULL, '{"completed": 2, "failed": 1}', '2026-03-01 12:00:00+00', 'default', 10, NULL, 0.95, 1884, '[[1, 1.717537567813645], [2, 1.7931965895425184]]', '39cc1c09300bc702f2efc7931cced5022e0f4b446efc47c0ac8f19719a84ebd7', NULL);
INSERT INTO public.sessions VALUES ('ses_00000000000000000000000000', 'second', 'key_01M8JARMZM4WRKNWP4Y360ERHS', '0000000000000000000000000000000000000000000000000000000000000000', '2026-03-01 12:00:00+00', '2026-03-01 13:00:00+00');
INSERT INTO public.trial_logs VALUES (1, 'trl_01M8JARMD5KA12PCGXGPP707M5', 1, 'epoch 1
', 8);
INSERT INTO public.trials VALUES ('trl_01M8JARMD5KA12PCGXGPP707M5', 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 1, 'completed', NULL, NULL, '{"last.activation_bits": 8, "last.channels": 64, "last.weight_bits": 4, "stage1.block0.depthwise.activation_bits": 4, "stage1.block0.depthwise.weight_bits": 2, "stage1.block0.expand.activation_bits": 4, "stage1.block0.expand.weight_bits": 2, "stage1.block0.project.activation_bits": 8, "stage1.block0.project.weight_bits": 2, "stage1.expansion": 2, "stem.activation_bits": 4, "stem.channels": 8}', '[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]', '4337b9a43e805b4eda4529a8719e8538144bed7dfa888bfe1788dfd6add6ab6c', '{"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}', 7919, 'random', 0.01, 1, 0, NULL, NULL, '2026-03-01 12:00:00+00', NULL, '{"accuracy": 0.91, "accuracy_fake_quantized": 0.91, "float_accuracy": 0.92, "float_size_bytes": 7536.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}', 'art_01M8JARMGFK5HSTHETQTMN125K', true, '2026-03-01 12:00:00+00', '2026-03-01 12:00:00+00', '2026-03-01 12:00:02+00', 0, NULL, NULL, 1884, 0.91, NULL);
INSERT INTO public.trials VALUES ('trl_01M8JARMDWQQVB4SGNTBRX0TXE', 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 2, 'completed', NULL, NULL, '{"last.activation_bits": 4, "last.channels": 64, "last.weight_bits": 8, "stage1.block0.depthwise.activation_bits": 8, "stage1.block0.depthwise.weight_bits": 4, "stage1.block0.expand.activation_bits": 8, "stage1.block0.expand.weight_bits": 4, "stage1.block0.project.activation_bits": 8, "stage1.block0.project.weight_bits": 2, "stage1.expansion": 2, "stem.activation_bits": 8, "stem.channels": 8}', '[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]', 'f470031c2b82550c7fd925ef5fb9aac03ec5901ed98fdc0dac7a2cfd44cff63b', '{"size_bytes": 2208, "macs": 25984, "bops": 1228800, "peak_activation_bytes": 1536}', 15838, 'random', 0.01, 1, 0, NULL, NULL, '2026-03-01 12:00:00+00', NULL, '{"accuracy": 0.95, "accuracy_fake_quantized": 0.95, "float_accuracy": 0.96, "float_size_bytes": 8832.0, "n_validation": 360.0, "train_seconds": 1.0, "gpu_seconds": 0.25}', 'art_01M8JARMQ86R5FA83P3Y0AAXJT', true, '2026-03-01 12:00:00+00', '2026-03-01 12:00:00+00', '2026-03-01 12:00:03+00', 0, NULL, NULL, 2208, 0.95, NULL);
INSERT INTO public.trials VALUES ('trl_01M8JARMRXX20P1BF3MS3W2T68', 'sea_01M8JARM95Z8QWY44JBQ55D1GQ', 3, 'failed', '{"code": "diverged", "message": "loss nan", "log_tail": null}', 'diverged', '{"last.activation_bits": 8, "last.channels": 64, "last.weight_bits": 4, "stage1.block0.depthwise.activation_bits": 4, "stage1.block0.depthwise.weight_bits": 2, "stage1.block0.expand.activation_bits": 4, "stage1.block0.expand.weight_bits": 2, "stage1.block0.project.activation_bits": 8, "stage1.block0.project.weight_bits": 2, "stage1.expansion": 2, "stem.activation_bits": 4, "stem.channels": 8}', '[{"name": "input", "kind": "input", "inputs": [], "out_channels": 1, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "stem", "kind": "conv", "inputs": [0], "out_channels": 8, "out_height": 8, "out_width": 8, "kernel": 3, "stride": 1, "padding": [1, 1], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.expand", "kind": "conv", "inputs": [1], "out_channels": 16, "out_height": 8, "out_width": 8, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.depthwise", "kind": "conv", "inputs": [2], "out_channels": 16, "out_height": 4, "out_width": 4, "kernel": 3, "stride": 2, "padding": [1, 1], "groups": 16, "activation": "relu", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 4}, {"name": "stage1.block0.project", "kind": "conv", "inputs": [3], "out_channels": 8, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": true, "weight_bits": 2, "channel_weight_bits": [], "activation_bits": 8}, {"name": "last", "kind": "conv", "inputs": [4], "out_channels": 64, "out_height": 4, "out_width": 4, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "relu", "batch_norm": true, "weight_bits": 4, "channel_weight_bits": [], "activation_bits": 8}, {"name": "pool", "kind": "global_avg_pool", "inputs": [5], "out_channels": 64, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 0, "channel_weight_bits": [], "activation_bits": 8}, {"name": "classifier", "kind": "linear", "inputs": [6], "out_channels": 10, "out_height": 1, "out_width": 1, "kernel": 1, "stride": 1, "padding": [0, 0], "groups": 1, "activation": "none", "batch_norm": false, "weight_bits": 8, "channel_weight_bits": [], "activation_bits": 32}]', '4337b9a43e805b4eda4529a8719e8538144bed7dfa888bfe1788dfd6add6ab6c', '{"size_bytes": 1884, "macs": 25984, "bops": 698368, "peak_activation_bytes": 1152}', 7, 'replicate', 0, 1, 0, NULL, NULL, NULL, NULL, '{}', NULL, false, '2026-03-01 12:00:04+00', '2026-03-01 12:00:00+00', '2026-03-01 12:00:05+00', 1, 'trl_01M8JARMD5KA12PCGXGPP707M5', NULL, 1884, NULL, NULL);
INSERT INTO public.webhook_deliveries VALUES ('dlv_01M8JARN21VS05TPSD7FQNCY81', 'second', 'whk_01M8JARN0H73J5PRW9QEANZ4X2', NULL, 'ping', '{"id":0,"search_id":"","type":"ping","at":"2026-03-01T12:00:00Z","payload":{"webhook_id":"whk_01M8JARN0H73J5PRW9QEANZ4X2"}}', 'pending', '2026-03-01 12:00:00+00', '2026-03-01 12:00:00+00', 0, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.webhooks VALUES ('whk_01M8JARN0H73J5PRW9QEANZ4X2', 'second', 'https://example.org/hook', 'a name with ü, 😀, ''quotes'' and \ in it', '["front.changed"]', '[]', NULL, 'whsec_2htqXu7Et3t0hd8cPiA4voqIGFfYRWzaB-l2sCqCpig', NULL, NULL, '2026-03-01 12:00:00+00', '2026-03-01 12:00:00+00', 15, NULL, NULL, NULL, 0, NULL);
INSERT INTO public.workers VALUES ('wrk_00000000000000000000000000', 'train', 'box', 1, 'cpu', NULL, '2026-03-01 12:00:00+00', '2026-03-01 12:00:00+00', NULL, '{"device": "cpu", "device_name": "x", "memory_bytes": 2, "free_memory_bytes": 1, "n_threads": 1, "profile": null, "versions": {}}');
SELECT pg_catalog.setval('public.events_id_seq', 15, true);
SELECT pg_catalog.setval('public.front_members_id_seq', 2, true);
SELECT pg_catalog.setval('public.trial_logs_id_seq', 1, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.artifacts
    ADD CONSTRAINT pk_artifacts PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT pk_audit_entries PRIMARY KEY (id);
ALTER TABLE ONLY public.datasets
    ADD CONSTRAINT pk_datasets PRIMARY KEY (id);
ALTER TABLE ONLY public.departures
    ADD CONSTRAINT pk_departures PRIMARY KEY (kind);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (id);
ALTER TABLE ONLY public.explanations
    ADD CONSTRAINT pk_explanations PRIMARY KEY (search_id);
ALTER TABLE ONLY public.front_members
    ADD CONSTRAINT pk_front_members PRIMARY KEY (id);
ALTER TABLE ONLY public.hardware_profiles
    ADD CONSTRAINT pk_hardware_profiles PRIMARY KEY (project_id, name);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (project_id, "user");
ALTER TABLE ONLY public.models
    ADD CONSTRAINT pk_models PRIMARY KEY (id);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT pk_projects PRIMARY KEY (name);
ALTER TABLE ONLY public.request_keys
    ADD CONSTRAINT pk_request_keys PRIMARY KEY (project_id, name);
ALTER TABLE ONLY public.searches
    ADD CONSTRAINT pk_searches PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (id);
ALTER TABLE ONLY public.trial_logs
    ADD CONSTRAINT pk_trial_logs PRIMARY KEY (id);
ALTER TABLE ONLY public.trials
    ADD CONSTRAINT pk_trials PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT pk_webhooks PRIMARY KEY (id);
ALTER TABLE ONLY public.workers
    ADD CONSTRAINT pk_workers PRIMARY KEY (id);
ALTER TABLE ONLY public.artifacts
    ADD CONSTRAINT uq_artifacts_trial_id UNIQUE (trial_id);
ALTER TABLE ONLY public.trials
    ADD CONSTRAINT uq_trials_search_id_candidate_hash_replicate UNIQUE (search_id, candidate_hash, replicate);
ALTER TABLE ONLY public.trials
    ADD CONSTRAINT uq_trials_search_id_number UNIQUE (search_id, number);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT uq_webhook_deliveries_webhook_id_event_id UNIQUE (webhook_id, event_id);
CREATE INDEX ix_api_keys_project_id_id ON public.api_keys USING btree (project_id, id);
CREATE INDEX ix_audit_entries_at ON public.audit_entries USING btree (at);
CREATE INDEX ix_audit_entries_project_id_id ON public.audit_entries USING btree (project_id, id);
CREATE INDEX ix_audit_entries_project_id_object_id_id ON public.audit_entries USING btree (project_id, object_id, id);
CREATE UNIQUE INDEX ix_datasets_live_name ON public.datasets USING btree (project_id, name) WHERE (file_sha256 IS NOT NULL);
CREATE UNIQUE INDEX ix_datasets_live_sha256 ON public.datasets USING btree (project_id, sha256) WHERE (file_sha256 IS NOT NULL);
CREATE INDEX ix_datasets_project_id_id ON public.datasets USING btree (project_id, id);
CREATE INDEX ix_events_search_id_id ON public.events USING btree (search_id, id);
CREATE INDEX ix_events_trial_id_id ON public.events USING btree (trial_id, id);
CREATE INDEX ix_front_members_search_id_left_event ON public.front_members USING btree (search_id, left_event);
CREATE INDEX ix_models_project_id_id ON public.models USING btree (project_id, id);
CREATE INDEX ix_models_sha256 ON public.models USING btree (sha256);
CREATE INDEX ix_request_keys_project_id_created_at ON public.request_keys USING btree (project_id, created_at);
CREATE INDEX ix_searches_best_accuracy ON public.searches USING btree (best_accuracy);
CREATE INDEX ix_searches_dataset_id ON public.searches USING btree (dataset_id);
CREATE INDEX ix_searches_project_id_id ON public.searches USING btree (project_id, id);
CREATE INDEX ix_searches_smallest_bytes ON public.searches USING btree (smallest_bytes);
CREATE INDEX ix_searches_state_rung_at ON public.searches USING btree (state, rung_at);
CREATE INDEX ix_searches_task_key ON public.searches USING btree (task_key);
CREATE INDEX ix_sessions_expires_at ON public.sessions USING btree (expires_at);
CREATE INDEX ix_sessions_key_id ON public.sessions USING btree (key_id);
CREATE INDEX ix_trial_logs_trial_id_id ON public.trial_logs USING btree (trial_id, id);
CREATE INDEX ix_trials_needs ON public.trials USING btree (id) WHERE ((needs IS NOT NULL) AND ((state)::text = 'queued'::text));
CREATE INDEX ix_trials_replicated ON public.trials USING btree (search_id) WHERE (replicate > 0);
CREATE INDEX ix_trials_search_id ON public.trials USING btree (search_id) WHERE on_front;
CREATE INDEX ix_trials_search_id_accuracy_number ON public.trials USING btree (search_id, accuracy, number);
CREATE INDEX ix_trials_search_id_size_bytes_number ON public.trials USING btree (search_id, size_bytes, number);
CREATE INDEX ix_trials_search_id_state ON public.trials USING btree (search_id, state);
CREATE INDEX ix_trials_state_lease_expires_at ON public.trials USING btree (state, lease_expires_at);
CREATE INDEX ix_trials_state_rung_at ON public.trials USING btree (state, rung_at);
CREATE INDEX ix_webhook_deliveries_finished_at ON public.webhook_deliveries USING btree (finished_at);
CREATE INDEX ix_webhook_deliveries_pending ON public.webhook_deliveries USING btree (webhook_id, due_at) WHERE ((state)::text = 'pending'::text);
CREATE INDEX ix_webhook_deliveries_webhook_id_id ON public.webhook_deliveries USING btree (webhook_id, id);
CREATE INDEX ix_webhooks_project_id_id ON public.webhooks USING btree (project_id, id);
CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON public.audit_entries FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_audit_entry();
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.artifacts
    ADD CONSTRAINT fk_artifacts_search_id_searches FOREIGN KEY (search_id) REFERENCES public.searches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.artifacts
    ADD CONSTRAINT fk_artifacts_trial_id_trials FOREIGN KEY (trial_id) REFERENCES public.trials(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT fk_audit_entries_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.datasets
    ADD CONSTRAINT fk_datasets_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT fk_events_search_id_searches FOREIGN KEY (search_id) REFERENCES public.searches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.explanations
    ADD CONSTRAINT fk_explanations_search_id_searches FOREIGN KEY (search_id) REFERENCES public.searches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.front_members
    ADD CONSTRAINT fk_front_members_search_id_searches FOREIGN KEY (search_id) REFERENCES public.searches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.front_members
    ADD CONSTRAINT fk_front_members_trial_id_trials FOREIGN KEY (trial_id) REFERENCES public.trials(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.hardware_profiles
    ADD CONSTRAINT fk_hardware_profiles_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT fk_members_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.models
    ADD CONSTRAINT fk_models_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.request_keys
    ADD CONSTRAINT fk_request_keys_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.searches
    ADD CONSTRAINT fk_searches_dataset_id_datasets FOREIGN KEY (dataset_id) REFERENCES public.datasets(id);
ALTER TABLE ONLY public.searches
    ADD CONSTRAINT fk_searches_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_key_id_api_keys FOREIGN KEY (key_id) REFERENCES public.api_keys(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.trial_logs
    ADD CONSTRAINT fk_trial_logs_trial_id_trials FOREIGN KEY (trial_id) REFERENCES public.trials(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.trials
    ADD CONSTRAINT fk_trials_search_id_searches FOREIGN KEY (search_id) REFERENCES public.searches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT fk_webhook_deliveries_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT fk_webhook_deliveries_webhook_id_webhooks FOREIGN KEY (webhook_id) REFERENCES public.webhooks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT fk_webhooks_project_id_projects FOREIGN KEY (project_id) REFERENCES public.projects(name);
