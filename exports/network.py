"""What every export needs to know of a packed network."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from quantization.artifact import write_artifact
from quantization.network_rules import tensor_specs
from quantization.packed_layer import Artifact, PackedLayer
from quantization.tensor_spec import TensorSpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One layer with what it reads and yields.

    Attributes:
        index: Its place.
        layer: The layer.
        reads: What it reads; for the input layer nothing.
        output: What it yields.
    """

    index: int
    layer: PackedLayer
    reads: tuple[TensorSpec, ...]
    output: TensorSpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A packed network, checked.

    Attributes:
        artifact: The network.
        specs: Shape and integers of every layer's output.
        size_bytes: Length of its packed file.
    """

    artifact: Artifact
    specs: tuple[TensorSpec, ...]
    size_bytes: int

    @classmethod
    def of(cls, artifact: Artifact) -> Self:
        """Check a network.

        Raises:
            ArtifactError: If it breaks a rule of the format.
        """
        specs = tensor_specs(artifact)
        return cls(artifact=artifact, specs=specs, size_bytes=len(write_artifact(artifact)))

    def steps(self) -> Iterator[Step]:
        """The layers in execution order."""
        for index, layer in enumerate(self.artifact.layers):
            reads = tuple(self.specs[i] for i in layer.inputs)
            yield Step(index=index, layer=layer, reads=reads, output=self.specs[index])
