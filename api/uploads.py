"""What an upload of a data set says beside its body, and what is kept of it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from search.datasets import DatasetFacts, UploadedDataset
from search.ids import new_id
from search.use_cases.datasets import LONGEST_NAME

_SIZE: Final = re.compile(r"(\d+)(?:x(\d+))?")


class UploadQuery(BaseModel):
    """The query of ``POST /v1/datasets``."""

    name: str = Field(
        min_length=1,
        max_length=LONGEST_NAME,
        description="Searches name it so: letters, digits, `.`, `_` and `-`.",
    )
    resize: str | None = Field(
        default=None,
        pattern=r"^[1-9]\d{0,2}(x[1-9]\d{0,2})?$",
        description="`32`, or `HEIGHTxWIDTH`: each image is scaled to cover it, and its middle is "
        "kept. Without it all images must have one size.",
    )
    channels: Literal["1", "3"] | None = Field(
        default=None, description="Grey or RGB; those of the first image when left out."
    )
    validation_fraction: float = Field(
        default=0.1,
        ge=0.01,
        le=0.4,
        description="Of the training images, where the upload has no validation split.",
    )
    test_fraction: float = Field(
        default=0.1,
        ge=0.01,
        le=0.4,
        description="Of the training images, where the upload has no test split.",
    )
    split_seed: int | None = Field(
        default=None, ge=0, lt=2**31, description="Of both; one constant when left out."
    )

    def for_reader(self) -> dict[str, Any]:
        """Return the fields of ``training.uploads.options.Options`` that are stated."""
        fields = self.model_dump(exclude={"name", "resize"}, exclude_none=True)
        if self.channels is not None:
            fields["channels"] = int(self.channels)
        if self.resize is not None and (found := _SIZE.fullmatch(self.resize)):
            fields |= {"height": int(found[1]), "width": int(found[2] or found[1])}
        return fields


def dataset_of(
    found: Mapping[str, Any], name: str, samples_sha256: str, now: datetime
) -> UploadedDataset:
    """Return the data set that a reader found in an upload."""
    dataset_id = new_id("dts")
    channels, height, width = found["input_shape"]
    facts = DatasetFacts(
        name=name,
        id=dataset_id,
        sha256=found["sha256"],
        input_shape=(channels, height, width),
        n_classes=len(found["class_names"]),
        n_train=found["n"]["train"],
        n_validation=found["n"]["validation"],
        n_test=found["n"]["test"],
        mean=tuple(found["mean"]),
        std=tuple(found["std"]),
    )
    return UploadedDataset(
        id=dataset_id,
        facts=facts,
        sha256=found["sha256"],
        samples_sha256=samples_sha256,
        size_bytes=found["size_bytes"],
        layout=found["layout"],
        class_names=tuple(found["class_names"]),
        dealt=tuple(found["dealt"]),
        split_seed=found["split_seed"],
        created_at=now,
    )
