"""The command line of the service: ``bitpareto-server COMMAND``.

Commands are named as data and their modules imported when run: ``--help`` is instant, and only
workers load torch.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Final

from search.access import DEFAULT_PROJECT, Scope
from search.errors import BitparetoError, StoreBusyError
from search.settings import Settings, settings_from_environment
from worker.gpus import GpuBusyError

_COMMANDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "up": ("worker.supervisor", "run"),
        "migrate": ("worker.commands", "migrate"),
        "api": ("worker.commands", "api"),
        "worker": ("worker.celery_app", "run"),
        "sweep": ("worker.sweeper", "run"),
        "gc": ("worker.garbage", "run"),
        "keys": ("worker.keys", "run"),
        "doctor": ("worker.doctor", "run"),
        "train": ("worker.one_trial", "run"),
    }
)

_EXAMPLES: Final = """\
examples:
  bitpareto-server up                            everything, at http://127.0.0.1:8642
  bitpareto-server up --port 0 --train-workers 4 --data-folder /data/bitpareto
  bitpareto-server up --gpus all                 with a train worker on each GPU
  bitpareto-server worker --queue train          one more train worker on the same folder

environment (defaults in brackets):
  BITPARETO_DATA_FOLDER    database, broker, artifacts, logs [var/bitpareto]
  BITPARETO_DATABASE_URL   sqlite:///… or postgresql+psycopg://… [in the data folder]
  BITPARETO_BROKER_URL     filesystem:// or redis://… [filesystem://]
  BITPARETO_ARTIFACTS_URL  file://… or s3://bucket/prefix, with AWS_… as usual [in the data folder]
  BITPARETO_REQUIRE_KEYS   1: requests of this machine need an API key too [0]
  BITPARETO_RATE_LIMIT     requests per minute of a key, or an address without; 0 is no limit [3000]
  BITPARETO_MAX_DATASET_MIB  longest upload of a data set [1024]
  BITPARETO_DEVICE         auto, cpu or cuda [auto]
  BITPARETO_GPU_FREE_GIB   a worker does not start on a GPU with less memory free [1]
  BITPARETO_TORCH_THREADS  threads of each worker [1]
  BITPARETO_WORKER_PROFILE  a name of yours for workers of a kind, which searches may ask for
  BITPARETO_LEASE_S, BITPARETO_HEARTBEAT_S, BITPARETO_SWEEP_S  [15, 3, 2]
  BITPARETO_KEEP_FILES_DAYS   files that nothing refers to, old checkpoints [1]
  BITPARETO_KEEP_LOGS_DAYS    logs of trials that have ended, or forever [30]
  BITPARETO_KEEP_EPOCHS_DAYS  learning curves of searches that have ended [forever]
  BITPARETO_KEEP_AUDIT_DAYS   entries of the audit log [forever]
  BITPARETO_KEEP_DELIVERIES_DAYS  what was sent to webhooks, or forever [30]
  BITPARETO_WEBHOOK_ALLOW     networks and hosts that webhooks may call beyond the public internet,
                              such as 10.1.0.0/16,127.0.0.1,hooks.internal [none]
  BITPARETO_COLLECT_S         seconds between two collections by the sweeper [3600]
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    settings = _settings(parser, arguments)
    # before anything imports NumPy or torch, which read it once
    threads = os.environ.get("BITPARETO_TORCH_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", threads)
    module, name = _COMMANDS[arguments.command]
    try:
        status: int = getattr(import_module(module), name)(arguments, settings)
    except (StoreBusyError, GpuBusyError) as error:
        return _complain(error, os.EX_TEMPFAIL)
    except BitparetoError as error:
        return _complain(error, os.EX_CONFIG)
    return status


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="bitpareto-server",
        description="Search service for quantized networks.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-folder", metavar="D", help="overrides BITPARETO_DATA_FOLDER")
    address = argparse.ArgumentParser(add_help=False)
    address.add_argument(
        "--host", help="address to listen on; others than loopback need an API key [127.0.0.1]"
    )
    address.add_argument("--port", type=_port, metavar="P", help="0 takes a free one [8642]")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", parents=[common, address], help="run the whole service")
    up.add_argument(
        "--train-workers", type=_count, metavar="N", help="[2; none beside those of --gpus]"
    )
    up.add_argument("--gpus", metavar="all|0,1,…", help="one train worker for each of these GPUs")
    commands.add_parser("migrate", parents=[common], help="create or upgrade the database")
    api = commands.add_parser("api", parents=[common, address], help="run the REST API alone")
    api.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    worker = commands.add_parser("worker", parents=[common], help="run one worker process")
    worker.add_argument("--queue", required=True, choices=("optimize", "train"))
    worker.add_argument("--name", help="name in the logs [the queue]")
    worker.add_argument("--gpu", type=int, metavar="N", help="train on this GPU, alone on it")
    gc = commands.add_parser("gc", parents=[common], help="remove what nothing needs any more")
    gc.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    gc.add_argument("--json", action="store_true", help="as JSON")
    doctor = commands.add_parser("doctor", parents=[common], help="say what is wrong, and the fix")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    keys = commands.add_parser("keys", parents=[common], help="make, list and revoke API keys")
    verbs = keys.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", parents=[common], help="make a key, shown this once")
    create.add_argument("--user", required=True, help="who acts with it; made a member if new")
    create.add_argument("--project", default=DEFAULT_PROJECT, help=f"[{DEFAULT_PROJECT}]")
    create.add_argument("--scope", choices=[*Scope], default=Scope.ADMIN, help="[admin]")
    create.add_argument("--name", default="", help="for people")
    create.add_argument("--days", type=_count, metavar="N", help="expires after N days [never]")
    verbs.add_parser("ls", parents=[common], help="list the keys of all projects")
    revoke = verbs.add_parser("revoke", parents=[common], help="end a key at once")
    revoke.add_argument("key_id", metavar="KEY_ID")
    commands.add_parser("sweep", parents=[common], help="run the sweeper")
    train = commands.add_parser("train", parents=[common], help="run one queued trial here")
    train.add_argument("trial_id", metavar="TRIAL_ID")
    return parser


def _settings(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> Settings:
    overrides = {
        f"BITPARETO_{name.upper()}": str(value)
        for name in ("data_folder", "host", "port")
        if (value := getattr(arguments, name, None)) is not None
    }
    try:
        return settings_from_environment({**os.environ, **overrides})
    except ValueError as error:
        parser.error(f"a BITPARETO_ variable cannot be read: {error}")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not in 0..65535")
    return port


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one is needed")
    return count


def _complain(error: BitparetoError, status: int) -> int:
    sys.stderr.write(f"bitpareto-server: {error}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
