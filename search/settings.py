"""Where a deployment's parts are, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from search.addresses import Allowed, allowed_of
from search.retention import DAY_S, Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Addresses and timings shared by every process of one deployment.

    Attributes:
        data_dir: Folder of the embedded default: database, broker, artifacts, checkpoints.
        database_url: SQLAlchemy URL.
        broker_url: Celery URL; ``filesystem://`` means the embedded transport in ``data_dir``.
        artifacts_url: ``file://`` folder or ``s3://bucket/prefix`` of the artifact store.
        host: Address the API binds to.
        port: Port the API binds to; 0 picks a free one.
        require_keys: Whether requests of this machine need an API key too; others always do.
        rate_limit: Requests per minute of a key or an address, for each API process; 0 is no limit.
            This machine has none where it needs no key.
        max_dataset_bytes: Longest body that may upload a data set.
        lease_s: A trial whose worker is silent for this long is re-queued.
        heartbeat_s: Seconds between a worker's signs of life.
        sweep_s: Seconds between two rounds of the sweeper.
        retention: How long what stays that nothing needs any more.
        webhooks_allowed: What webhooks may call beyond the public internet.
    """

    data_dir: Path
    database_url: str
    broker_url: str
    artifacts_url: str
    host: str = "127.0.0.1"
    port: int = 8642
    require_keys: bool = False
    rate_limit: int = 3000
    max_dataset_bytes: int = 1 << 30
    lease_s: float = 15.0
    heartbeat_s: float = 3.0
    sweep_s: float = 2.0
    retention: Retention = field(default_factory=Retention)
    webhooks_allowed: Allowed = field(default_factory=Allowed)


def settings_from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read ``BITPARETO_*``; what is missing falls back to the embedded default."""
    data_dir = Path(environment.get("BITPARETO_DATA_FOLDER", "var/bitpareto")).resolve()
    defaults = Settings(data_dir=data_dir, database_url="", broker_url="", artifacts_url="")

    def seconds(name: str, default: float) -> float:
        return float(environment.get(f"BITPARETO_{name}_S", default))

    return Settings(
        data_dir=data_dir,
        database_url=environment.get(
            "BITPARETO_DATABASE_URL", f"sqlite:///{data_dir / 'bitpareto.db'}"
        ),
        broker_url=environment.get("BITPARETO_BROKER_URL", "filesystem://"),
        artifacts_url=environment.get("BITPARETO_ARTIFACTS_URL", (data_dir / "artifacts").as_uri()),
        host=environment.get("BITPARETO_HOST", defaults.host),
        port=int(environment.get("BITPARETO_PORT", defaults.port)),
        require_keys=environment.get("BITPARETO_REQUIRE_KEYS", "0") == "1",
        rate_limit=int(environment.get("BITPARETO_RATE_LIMIT", defaults.rate_limit)),
        max_dataset_bytes=_mebibytes(
            environment.get("BITPARETO_MAX_DATASET_MIB"), defaults.max_dataset_bytes
        ),
        lease_s=seconds("LEASE", defaults.lease_s),
        heartbeat_s=seconds("HEARTBEAT", defaults.heartbeat_s),
        sweep_s=seconds("SWEEP", defaults.sweep_s),
        retention=_retention(environment),
        webhooks_allowed=allowed_of(environment.get("BITPARETO_WEBHOOK_ALLOW", "")),
    )


def _mebibytes(text: str | None, default: int) -> int:
    return default if text is None else int(float(text) * (1 << 20))


def _retention(environment: Mapping[str, str]) -> Retention:
    def days(name: str, default_s: float | None) -> float | None:
        text = environment.get(f"BITPARETO_KEEP_{name}_DAYS")
        if text is None:
            return default_s
        return None if text == "forever" else float(text) * DAY_S

    default = Retention()
    files_s = days("FILES", default.files_s)
    if files_s is None:
        raise ValueError("BITPARETO_KEEP_FILES_DAYS is a number of days")
    return Retention(
        files_s=files_s,
        logs_s=days("LOGS", default.logs_s),
        epochs_s=days("EPOCHS", default.epochs_s),
        audit_s=days("AUDIT", default.audit_s),
        deliveries_s=days("DELIVERIES", default.deliveries_s),
        every_s=float(environment.get("BITPARETO_COLLECT_S", default.every_s)),
    )
