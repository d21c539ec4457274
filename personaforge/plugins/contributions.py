"""What an entry point of a plug-in may name, by group.

    personaforge.providers   `personaforge.providers.table.Entry`: a provider of one modality
    personaforge.steps       `KindEntry`: a kind of step, with what its declaration in YAML may hold
    personaforge.metrics     `MetricEntry`: a number that is measured of faces
    personaforge.analyzers   `AnalyzerEntry`: what measures faces in place of a pack of ONNX models
    personaforge.formats     `FormatEntry`: a further `--format`

An entry point names one of these, or a list or tuple of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from personaforge.faces.packs import Declared
from personaforge.metrics import Metric
from personaforge.providers.table import Entry
from personaforge.spec.kinds import Kind
from personaforge.steps.table import StepKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.faces.analyzer import AnalyzerIdentity, Face, FaceAnalyzer
    from personaforge.spec.pipeline import StepBase


class KindEntry(NamedTuple):
    """A kind of step."""

    kind: StepKind
    """How it works."""
    what: Kind
    """What it is to other modules: its part, its outputs, its scope."""
    model: type[StepBase]
    """What its declaration in a pipeline may hold: a model whose `kind` is `Literal["<name>"]`."""


class MetricEntry(NamedTuple):
    """A number that is measured of every face, with its version."""

    metric: Metric
    """Its `source` is `measurement.<name>`, and its modality `face`."""
    measure: Callable[[NDArray[np.uint8], Face], float | None]
    """(pixels, face) -> the number; None where this face has none. Pixels are uint8 (H, W, 3) BGR; neither may be
    written into."""
    version: str = "1"
    """A whole number, raised when the same picture would give another number: it is measured again where the picture is
    judged again, and the number of the highest version counts."""


class AnalyzerEntry(NamedTuple):
    """What measures faces where `identity.pack` is its name."""

    name: str
    identity: Callable[[str], AnalyzerIdentity]
    """(identity.detector_size) -> everything that can change what it measures. Loads no model."""
    make: Callable[[str], FaceAnalyzer]
    """(identity.detector_size) -> the analyzer, whose `identity` is equal to that."""
    declared: Declared = Declared()
    """Its licence, and the domain that it was made for."""


class FormatEntry(NamedTuple):
    """A further `--format`."""

    name: str
    write: Callable[[Any], str]
    """(`personaforge.report.formats.sheet.Sheet`) -> text, with a line break at the end."""


GROUPS: Final = {
    "personaforge.providers": Entry,
    "personaforge.steps": KindEntry,
    "personaforge.metrics": MetricEntry,
    "personaforge.analyzers": AnalyzerEntry,
    "personaforge.formats": FormatEntry,
}
"""What an entry point of each group names."""
