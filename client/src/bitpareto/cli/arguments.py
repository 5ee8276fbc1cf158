"""The command line, and its help."""

import argparse
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, get_args

from bitpareto._transport import DEFAULT_BASE_URL, VERSION
from bitpareto.cli import (
    commands,
    completion,
    data,
    events,
    explain,
    export,
    hardware,
    history,
    keys,
    lineage,
    logs,
    models,
    trials,
    verify,
    webhooks,
    workers,
)
from bitpareto.cli.parser import Parser, parse
from bitpareto.types.access import KeyScope
from bitpareto.types.searches import EventType, FrontSort, SearchSort, SearchState
from bitpareto.types.trials import TrialFormat, TrialSort, TrialState

_DESCRIPTION = """\
Search quantized networks; get the Pareto front as packed files of exactly the size they claim.

examples:
  bitpareto submit digits.yaml --watch
  bitpareto ls
  bitpareto front sea_01J... --max-size "16 KiB"
  bitpareto pull sea_01J... --best --max-size "16 KiB" -o digits.bpar
"""

_EXIT = """\
exit status: 0 done, 1 the search failed or was cancelled, or a ping was not taken, 2 wrong usage or
an invalid request, 3 no usable answer from the server, 4 no such search, trial or point, 130
interrupted; of verify and export also 5 damaged file, 6 a claim or the export is wrong, 7 missing
or other data, 8 what does it is not installed, 9 the API key is missing, wrong, or may not do that.
The server is BITPARETO_BASE_URL or --base-url; default {default}. The API key is BITPARETO_API_KEY.
"""

_SORT = "accuracy, size_bytes, macs or another objective; --sort=-accuracy puts the largest first"


_SEARCH_SORT = "such as name or smallest_bytes; --sort=-best_accuracy puts the largest first"
_TRIAL_SORT = "number, size_bytes or accuracy; --sort=-accuracy puts the largest first"


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; the namespace's ``run`` does the work."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON instead of text")
    common.add_argument("--base-url", metavar="URL", help="address of the server")
    parser = Parser(
        prog="bitpareto",
        description=_DESCRIPTION,
        epilog=_EXIT.format(default=DEFAULT_BASE_URL),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"bitpareto {VERSION}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(
        name: str, run: Callable[..., None], help_: str, example: str, to: Any = verbs
    ) -> argparse.ArgumentParser:
        verb: argparse.ArgumentParser = to.add_parser(
            name,
            parents=[common],
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}.",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        verb.set_defaults(run=run, verb=verb)
        return verb

    submit = add("submit", commands.submit, "submit a search", "bitpareto submit digits.yaml")
    completion.takes_file(
        submit.add_argument(
            "file", metavar="FILE.yaml", help="its fields, YAML or JSON; - for stdin"
        )
    )
    submit.add_argument("--watch", action="store_true", help="stay until it has ended")
    submit.add_argument("--name", help="call it this")
    once = "submit once, however often this is run with the same KEY within 24 hours"
    submit.add_argument("--idempotency-key", metavar="KEY", help=once)

    look = add(
        "preview",
        commands.preview,
        "check a file, and look at its search space: networks, costs, share within budget",
        "bitpareto preview digits.yaml",
    )
    completion.takes_file(
        look.add_argument("file", metavar="FILE.yaml", help="as for submit; - for stdin")
    )
    look.add_argument("-n", type=_positive, metavar="N", help="look at N; default 10000")

    ls = add("ls", commands.ls, "list searches, newest first", "bitpareto ls --limit 5")
    ls.add_argument("--limit", type=_positive, default=20, metavar="N", help="default 20")
    ls.add_argument("--state", choices=get_args(SearchState), action="append", help="repeatable")
    ls.add_argument("--dataset", metavar="NAME", help="only searches on this data set")
    ls.add_argument("--name", metavar="PART", help="only those with this in their name")
    ls.add_argument("--since", type=_time, metavar="TIME", help="created then or later, ISO 8601")
    ls.add_argument("--until", type=_time, metavar="TIME", help="created before, ISO 8601")
    ls.add_argument("--comparable-with", metavar="SEARCH", help="the others of the same task")
    ls.add_argument("--sort", choices=get_args(SearchSort), metavar="VALUE", help=_SEARCH_SORT)

    shown = add("show", commands.show, "show a search or one trial", "bitpareto show sea_01J...")
    shown.add_argument("id", metavar="ID", help="of a search or a trial")
    watch = add("watch", commands.watch, "follow a search", "bitpareto watch sea_01J...")
    _takes_search(watch)
    watch.add_argument("--timeout", type=float, metavar="S", help="give up after S seconds")

    front = add(
        "front",
        commands.front,
        "show the Pareto front",
        'bitpareto front sea_01J... --max-size "16 KiB"',
    )
    _takes_search(front)
    _takes_size(front)
    front.add_argument("--sort", choices=get_args(FrontSort), metavar="VALUE", help=_SORT)
    front.add_argument("--plot", action="store_true", help="draw it, too")
    front.add_argument("--limit", type=_positive, metavar="N", help="only the first N, as sorted")
    front.add_argument(
        "--as-of", type=int, metavar="EVENT", help="as it was right after this event"
    )

    example = "bitpareto trials sea_01J... --format csv -o trials.csv"
    listed = add("trials", trials.trials, "list a search's trials, or write them out", example)
    _takes_search(listed)
    _takes_size(listed)
    listed.add_argument("--state", choices=get_args(TrialState), action="append", help="repeatable")
    listed.add_argument("--outcome", metavar="OUTCOME", help="such as diverged")
    listed.add_argument("--front", action="store_true", help="only those on the front")
    listed.add_argument("--min-accuracy", type=float, metavar="SHARE", help="such as 0.9")
    listed.add_argument("--sort", choices=get_args(TrialSort), metavar="VALUE", help=_TRIAL_SORT)
    listed.add_argument("--limit", type=_positive, default=50, metavar="N", help="default 50")
    listed.add_argument("--format", choices=get_args(TrialFormat), help="write all of them so")
    listed.add_argument("--fields", metavar="A,B,...", help="only these; with --format")
    completion.takes_file(
        listed.add_argument(
            "-o", "--output", metavar="PATH", help="file; by default standard output"
        )
    )

    example = "bitpareto hypervolume sea_01J..."
    grew = "show how the hypervolume of the front grew"
    _takes_search(add("hypervolume", history.hypervolume, grew, example))
    example = "bitpareto explain sea_01J..."
    learned = "show what the model has learned: genes, bits, the predicted front"
    _takes_search(add("explain", explain.explain, learned, example))
    example = "bitpareto curves trl_01J..."
    curves = add("curves", history.curves, "show a trial's learning curves", example)
    curves.add_argument("trial", metavar="TRIAL", help="id of a trial")
    example = "bitpareto lineage trl_01J..."
    came = "show which earlier trials a trial's network is most like, and its replicates"
    origin = add("lineage", lineage.lineage, came, example)
    origin.add_argument("trial", metavar="TRIAL", help="id of a trial")
    origin.add_argument(
        "--limit", type=_positive, default=3, metavar="N", help="default 3, at most 20"
    )

    example = "bitpareto log trl_01J... --follow"
    printed = add("log", logs.log, "print what a trial's training printed", example)
    printed.add_argument("trial", metavar="TRIAL", help="id of a trial")
    printed.add_argument("--tail", type=_positive, metavar="N", help="only the last N lines")
    printed.add_argument("--attempt", type=_positive, metavar="N", help="only of this attempt")
    printed.add_argument("--follow", action="store_true", help="stay until the trial has ended")

    followed = add(
        "events",
        events.events,
        "follow what happens in all searches, or in some",
        "bitpareto events sea_01J... --type front.changed --json",
    )
    followed.add_argument("searches", nargs="*", metavar="SEARCH", help="only of these")
    followed.add_argument(  # how it was said before it was as everywhere
        "--search", action="append", default=[], help=argparse.SUPPRESS
    )
    followed.add_argument(
        "--type",
        action="append",
        default=[],
        choices=get_args(EventType),
        metavar="TYPE",
        help="only of this type, such as front.changed; repeatable",
    )
    followed.add_argument(
        "--after", type=_not_negative, metavar="ID", help="begin after this event; 0 is the first"
    )
    followed.add_argument("--limit", type=_positive, metavar="N", help="end after N events")
    example = "bitpareto attempts trl_01J..."
    tried = add("attempts", logs.attempts, "show who worked on a trial", example)
    tried.add_argument("trial", metavar="TRIAL", help="id of a trial")

    pull = add(
        "pull",
        commands.pull,
        "download packed files of the front",
        'bitpareto pull sea_01J... --best --max-size "16 KiB" -o digits.bpar',
    )
    _takes_search(pull)
    _takes_size(pull)
    which = pull.add_mutually_exclusive_group()
    which.add_argument("--best", action="store_true", help="only the most accurate point")
    which.add_argument("--trial", type=_positive, metavar="N", help="only the point of trial N")
    completion.takes_file(
        pull.add_argument(
            "-o", "--output", default=".", metavar="PATH", help="folder, or file for one point"
        )
    )

    _takes_search(add("pause", commands.pause, "pause a search", "bitpareto pause sea_01J..."))
    _takes_search(add("resume", commands.resume, "resume a search", "bitpareto resume sea_01J..."))
    example = "bitpareto cancel trl_01J..."
    stopped = add("cancel", commands.cancel, "cancel a search or one trial", example)
    stopped.add_argument("id", metavar="SEARCH_OR_TRIAL", help="id of a search or of a trial")

    help_ = "train the network of a trial once more, with another seed"
    again = add("replicate", commands.replicate, help_, "bitpareto replicate trl_01J...")
    again.add_argument("trial", metavar="TRIAL", help="id of a trial")
    again.add_argument("--seed", type=int, metavar="N", help="by default one of its own")

    help_ = "give a search more trials or time; one that has ended runs again"
    longer = add("extend", commands.extend, help_, "bitpareto extend sea_01J... --trials 16")
    _takes_search(longer)
    longer.add_argument("--trials", type=_positive, default=0, metavar="N", help="how many more")
    longer.add_argument(
        "--wall-time", type=float, default=0.0, metavar="S", help="how many seconds more"
    )
    computing = "how many seconds of its trials more"
    longer.add_argument("--compute", type=float, default=0.0, metavar="S", help=computing)
    help_ = "submit a search like another one"
    alike = add("clone", commands.clone, help_, "bitpareto clone sea_01J... larger.yaml")
    _takes_search(alike)
    completion.takes_file(
        alike.add_argument(
            "file", nargs="?", metavar="FILE.yaml", help="fields to be another way; - for stdin"
        )
    )
    alike.add_argument("--name", help="call it this")
    help_ = "begin with the N most accurate networks of its front; train these alone, by default"
    alike.add_argument("--best", type=_positive, metavar="N", help=help_)

    check = add(
        "verify",
        verify.verify,
        "check a packed file: hash, size, accuracy, where it comes from",
        "bitpareto verify digits.bpar --data digits --trial trl_01J...",
    )
    completion.takes_file(check.add_argument("file", metavar="FILE", help="a packed file"))
    check.add_argument(
        "--data", metavar="NAME_OR_PATH", help="measure its accuracy on this data set"
    )
    check.add_argument(
        "--trial", metavar="TRIAL", help="compare with what the server says of this trial"
    )
    check.add_argument(
        "--accuracy",
        type=verify.rounded_accuracy,
        metavar="SHARE",
        help="compare with this validation accuracy, as exact as it is written, such as 0.93",
    )

    exported = add(
        "export",
        export.export,
        "write a packed file as ONNX or as a C header, without a server",
        "bitpareto export digits.bpar --format onnx -o digits.onnx --check digits",
    )
    completion.takes_file(exported.add_argument("file", metavar="FILE", help="a packed file"))
    exported.add_argument("--format", required=True, choices=export.FORMATS)
    completion.takes_file(
        exported.add_argument(
            "-o",
            "--output",
            metavar="PATH",
            help="file or folder; by default beside the packed file",
        )
    )
    exported.add_argument(
        "--check", metavar="NAME_OR_PATH", help="run it on the validation split of a data set"
    )

    own = verbs.add_parser("models", help="upload, list, show and delete networks of your own")
    actions = own.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = "bitpareto models upload net.pt2 --mean 0.49,0.48,0.45 --std 0.25,0.24,0.26"
    upload = add("upload", models.upload, "upload an exported program", example, actions)
    completion.takes_file(
        upload.add_argument("file", metavar="FILE.pt2", help="as torch.export.save writes it")
    )
    upload.add_argument("--name", help="call it this; by default the file's name")
    for statistic in ("mean", "std"):
        help_ = f"{statistic} per channel of pixels / 255 it expects; by default the data set's"
        upload.add_argument(f"--{statistic}", type=models.numbers, metavar="X,Y,...", help=help_)
    listing = "list uploaded networks, newest first"
    ls_models = add("ls", models.ls, listing, "bitpareto models ls", actions)
    ls_models.add_argument("--limit", type=_positive, default=20, metavar="N", help="default 20")

    data.describe(verbs, add, _positive)

    example = "bitpareto models show mdl_01J..."
    one = add("show", models.show, "show a network: its layers, mean and std", example, actions)
    gone = add("rm", models.rm, "delete a network", "bitpareto models rm mdl_01J...", actions)
    for verb in (one, gone):
        verb.add_argument("model", metavar="MODEL", help="id of a network")

    devices = verbs.add_parser("hardware", help="add, list and show hardware profiles")
    kinds = devices.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add("ls", hardware.ls, "list hardware profiles", "bitpareto hardware ls", kinds)
    example = "bitpareto hardware show bitfusion > my-chip.yaml"
    shown = add("show", hardware.show, "show a hardware profile as written", example, kinds)
    shown.add_argument("name", metavar="NAME", help="of a profile")
    added = add(
        "add", hardware.add, "add a hardware profile", "bitpareto hardware add chip.yaml", kinds
    )
    completion.takes_file(
        added.add_argument("file", metavar="FILE.yaml", help="see docs/hardware-profiles.md")
    )
    opens = verbs.add_parser("keys", help="make, list and revoke API keys")
    kinds = opens.add_subparsers(title="commands", metavar="COMMAND", required=True)
    example = "bitpareto keys create --scope write --user ada --days 90"
    made = add("create", keys.create, "make an API key, shown this once", example, kinds)
    made.add_argument("--scope", choices=get_args(KeyScope), default="read", help="default read")
    made.add_argument("--user", help="a member of the project; you, when left out")
    made.add_argument("--name", default="", help="for people")
    made.add_argument("--days", type=_positive, metavar="N", help="it expires after N days")
    add("ls", keys.ls, "list the project's API keys", "bitpareto keys ls", kinds)
    ended = add("revoke", keys.revoke, "end an API key", "bitpareto keys revoke key_01J...", kinds)
    ended.add_argument("key", metavar="KEY", help="id of a key")
    add("whoami", keys.whoami, "say whose API key is sent", "bitpareto whoami")
    example = "bitpareto audit --object sea_01J..."
    noted = add("audit", keys.audit, "list who changed what, newest first", example)
    noted.add_argument("--limit", type=_positive, default=50, metavar="N", help="default 50")
    noted.add_argument("--user", help="only what this user did")
    noted.add_argument("--operation", help="only this one, such as searches_cancel")
    noted.add_argument("--object", metavar="ID", help="only what was done to this")
    noted.add_argument("--since", type=_time, metavar="TIME", help="then or later, ISO 8601")
    noted.add_argument("--until", type=_time, metavar="TIME", help="before, ISO 8601")
    webhooks.declare(verbs, add)
    add("workers", workers.ls, "list worker processes", "bitpareto workers")
    example = "bitpareto completion bash > ~/.local/share/bash-completion/completions/bitpareto"
    shell = add("completion", completion.show, "print the completion script of a shell", example)
    shell.add_argument("shell", choices=completion.SHELLS)
    shell.set_defaults(parser=parser)
    return parse(parser, argv)


def _takes_search(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("search", metavar="SEARCH", help="id of a search")


def _takes_size(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--max-size", metavar="SIZE", help='largest file, such as "64 KiB"')


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def _positive(text: str) -> Any:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number
