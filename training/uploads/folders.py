"""A zip of class folders: ``cat/1.png``, or ``train/cat/1.png`` and ``test/cat/2.png``."""

from pathlib import PurePosixPath
from typing import Final

from training.uploads.archive import Archive
from training.uploads.collected import Collected
from training.uploads.options import SPLIT_NAMES, SPLITS, refusal
from training.uploads.pictures import MOST_FILE_BYTES

_ALLOWED: Final = ("CLASS/IMAGE.png", "train/CLASS/IMAGE.png, test/..., validation/...")


def read_folders(archive: Archive, into: Collected) -> None:
    """Take the images of class folders; classes are numbered in the order of their names.

    One folder around all of it is left out.

    Raises:
        InvalidRequestError: If there are other files or other depths.
    """
    places = _places(archive.names)
    classes = sorted({label for _, label in places.values()})
    into.class_names = classes
    numbers = {name: number for number, name in enumerate(classes)}
    for split in SPLITS:
        for name, (of_split, label) in places.items():
            if of_split == split:
                content = archive.read(name, MOST_FILE_BYTES)
                into.add_encoded(split, content, numbers[label], name)


def _places(names: list[str]) -> dict[str, tuple[str, str]]:
    """Return split and class of each file."""
    paths = {name: PurePosixPath(name).parts for name in names}
    if len({parts[0] for parts in paths.values()}) == 1 and _is_around(paths):
        paths = {name: parts[1:] for name, parts in paths.items()}
    depths = {len(parts) for parts in paths.values()}
    by_split = all(parts[0].lower() in SPLIT_NAMES for parts in paths.values())
    if depths == {3} and by_split:
        return {name: (SPLIT_NAMES[p[0].lower()], p[1]) for name, p in paths.items()}
    if depths == {2} and not by_split:
        return {name: ("train", parts[0]) for name, parts in paths.items()}
    name, parts = next(
        ((n, p) for n, p in paths.items() if len(p) not in (2, 3)), next(iter(paths.items()))
    )
    detail = f"is {len(parts) - 1} folders deep, where classes and splits are not told apart"
    raise refusal(name, "no_class_folder", detail, _ALLOWED)


def _is_around(paths: dict[str, tuple[str, ...]]) -> bool:
    """Whether the one outermost folder is neither a class nor a split with classes in it."""
    first = next(iter(paths.values()))
    depths = {len(parts) for parts in paths.values()}
    return depths == {4} or (depths == {3} and first[0].lower() not in SPLIT_NAMES)
