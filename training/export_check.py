"""What ``bitpareto export --check`` finds out, as plain values; loads no torch.

The client finds ``check_export`` by the entry point group ``bitpareto.export-check``.
"""

from pathlib import Path
from typing import Any, Final

from exports.errors import ExportError, TargetMissingError
from exports.runs import REQUIRED_AGREEMENT, execute
from quantization.artifact import read_artifact
from quantization.errors import ArtifactError
from training.datasets import DatasetError
from training.verification import dataset_of

OK: Final = "ok"
DAMAGED: Final = "damaged"
WRONG: Final = "wrong"
NO_DATA: Final = "no_data"
NO_TARGET: Final = "no_target"


def check_export(path: Path, *, name: str, data: str) -> dict[str, Any]:
    """Run a packed file and its export on the validation split of a data set.

    Args:
        path: The packed file.
        name: Of the export's format.
        data: Name of a built-in data set, a folder that holds one's files, or the stored file of an
            uploaded one.

    Returns:
        A report of plain values: ``runs`` lists what was executed (see ``Executed``), ``status`` is
        ``ok``, ``wrong`` (decisions differ on more images than allowed, or a target fails),
        ``damaged`` (the packed file breaks its format), ``no_data`` or ``no_target`` (what would
        run the export is not installed); ``problems`` says why in sentences.

    Raises:
        OSError: If the file cannot be read.
    """
    content = path.read_bytes()
    try:
        artifact = read_artifact(content)
        dataset = dataset_of(artifact, data)
        images = dataset.validation.images
        expected = (artifact.channels, artifact.height, artifact.width)
        if images.shape[1:] != expected:
            shapes = f"images are {images.shape[1:]}, the file takes {expected}"
            return _failed(NO_DATA, f"data set {dataset.facts.name}: {shapes}")
        runs = execute(content, images, [name])
    except ArtifactError as error:
        return _failed(DAMAGED, str(error))
    except DatasetError as error:
        return _failed(NO_DATA, str(error))
    except TargetMissingError as error:
        return _failed(NO_TARGET, str(error))
    except ExportError as error:
        return _failed(WRONG, str(error))
    problems = [
        f"{run.target} decides as the packed file on {run.n_agreeing} of {run.n_images} images, "
        f"fewer than {REQUIRED_AGREEMENT:.1%}"
        for run in runs
        if not run.agrees
    ]
    return {
        "status": WRONG if problems else OK,
        "problems": problems,
        "dataset": dataset.facts.name,
        "runs": [run.to_json() for run in runs],
    }


def _failed(status: str, problem: str) -> dict[str, Any]:
    return {"status": status, "problems": [problem], "dataset": None, "runs": []}
