"""The models of pipelines: one for each kind of step that `conf/pipeline` may declare."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

from pydantic import Field, StringConstraints

from personaforge.spec.values import Fallback, Line, Model, Name, Slot, TemplateName


class StepBase(Model):
    """What every step declares."""

    needs: tuple[Name, ...] = ()
    """Steps whose results this one reads."""
    tags: tuple[Name, ...] = ()
    """For `--select tag:...`."""


class Prompted(StepBase):
    """A step that asks a text model for one JSON document."""

    section: Name
    """Where the result goes in the persona document."""
    uses: tuple[Line, ...] = ()
    """Further setting paths that the template reads, such as `fashion.contexts`."""
    template: TemplateName
    """The template of the prompt."""
    system: TemplateName = "text/system.j2"
    """The template of the system prompt."""
    output_schema: Name = Field(alias="schema")
    """A file in `conf/schema/`."""
    provider: Name
    """Who writes it: a text provider, mostly `${text.provider}`."""
    model: Line
    """The model's id, mostly `${text.models.standard}`."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    """The model's temperature; higher values vary more."""
    max_tokens: Annotated[int, Field(ge=16, le=64_000)]
    """Tokens that an answer may have at most. A model that thinks first pays for that from them, too."""
    fallbacks: tuple[Line, ...] = ()
    """Models asked in turn when the one before has definitely refused."""
    retries: Annotated[int, Field(ge=0, le=8)] = 2
    """Further attempts when the answer doesn't fit the schema or drops a pinned value, even mended."""
    repairs: Annotated[int, Field(ge=0, le=3)] = 1
    """How often a bad answer is sent back to be corrected before a further attempt. One that was cut off never is."""
    repair: TemplateName = "text/repair.j2"
    """Quotes a bad answer and what is wrong with it."""


class DraftStep(Prompted):
    """Drafts one section of the persona document."""

    kind: Literal["draft"]


class SummaryStep(Prompted):
    """Summarises the files of a brief, for every step that reads the brief. No node where a brief has no files."""

    kind: Literal["summary"]


class ReviewStep(Prompted):
    """A second reader: scores the document, and has sections drafted again with its findings."""

    kind: Literal["review"]
    threshold: Annotated[float, Field(ge=1, le=5)]
    """Mean of the scores, on their scale of 1 to 5, from which the document passes."""
    floor: Annotated[float, Field(ge=1, le=5)] = 2.5
    """Lowest single score with which it passes, whatever the mean. On the readers' scale 3 is passable, and below 2.5
    a score is nearer to 2."""
    rounds: Annotated[int, Field(ge=0, le=8)]
    """Revisions at most; after them the persona ships flagged."""


class ProfileStep(StepBase):
    """Gathers the sections into the document that images and videos read."""

    kind: Literal["profile"]


class MatrixStep(StepBase):
    """Dresses every position and motion from the lifestyle. No model call."""

    kind: Literal["matrix"]


class Pictured(StepBase):
    """A step whose artifact an image or video provider makes from a template."""

    template: TemplateName
    """The template of the prompt."""
    provider: Name
    """Who makes it: a provider of the modality, mostly `${image.provider}` or `${video.provider}`."""
    model: Line
    """The provider's name of the model."""
    fallbacks: tuple[Fallback, ...] | None = None
    """Asked in turn when the one before has definitely not delivered; null for those of `image` or `video`."""


class PlacementStep(StepBase):
    """Places a new persona's face at a distance from those issued in the project, if the image provider can: the
    embedded painter can. No nodes for any other."""

    kind: Literal["placement"]
    provider: Name
    """The image provider that draws the candidates."""


class CandidateStep(Pictured):
    """Draws the frontal candidates that the anchor is chosen from: `identity.anchor.candidates` slots."""

    kind: Literal["candidate"]


class AnchorStep(StepBase):
    """Chooses the anchor among the candidates, once."""

    kind: Literal["anchor"]


class ImageStep(Pictured):
    """Draws images against the anchor: one for each entry of `positions`, or the single `position`."""

    kind: Literal["image"]
    positions: Line | None = None
    """Setting path of a table of positions, such as `matrix.positions`; a slot for each entry but the anchor's."""
    position: Line | None = None
    """Setting path of one position, such as `matrix.utility.avatar`."""
    only: Line | None = None
    """Setting path of a list of slots: the entries of `positions` that are made, such as `matrix.banner_variants`."""


class ReferenceStep(Pictured):
    """Draws the pictures of the reference set against the anchor: one for each of `identity.references.slots`."""

    kind: Literal["reference"]


class VideoStep(Pictured):
    """Films one clip for each entry of `motion.types`."""

    kind: Literal["video"]


class SpeechStep(StepBase):
    """Has the persona speak one text for each entry of `lines`. No nodes while the group `speech` is `none`."""

    kind: Literal["speech"]
    provider: Name
    """Who speaks, mostly `${speech.provider}`."""
    model: Line
    """The provider's name of the model."""
    lines: dict[Slot, TemplateName]
    """By slot the template of what is said, rendered over the persona document."""
    fallbacks: tuple[Fallback, ...] | None = None
    """Asked in turn when the one before has definitely not delivered; null for those of `speech`."""


class FinishStep(StepBase):
    """Gives the images of a step the marks of a real camera, by the group `realism`. No nodes while that is `none`."""

    kind: Literal["finish"]
    source: Name
    """The image step that is finished, slot by slot."""


class RepairStep(StepBase):
    """Sharpens the clips of a step where the gate advises it and `quality.post_processing` allows it."""

    kind: Literal["repair"]
    source: Name
    """The video step whose clips are repaired."""


class ReadingStep(StepBase):
    """Has a vision model answer a fixed checklist about the pictures of a step. No nodes while the group `reader` is
    off."""

    kind: Literal["reading"]
    source: Name
    """The step whose pictures are read, slot by slot."""
    template: TemplateName
    """The template of the prompt."""
    system: TemplateName
    """The template of the system prompt."""
    provider: Name
    """Who reads, mostly `${reader.provider}`."""
    model: Line
    """The model's id, mostly `${reader.model}`."""


class RenderStep(StepBase):
    """Renders a template over the persona document to a text file. No model call."""

    kind: Literal["render"]
    template: TemplateName
    """The template that is rendered."""
    file: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]{1,8})?$", max_length=80)]
    """Name of the file in the persona's build folder."""


class DocumentStep(StepBase):
    """Writes `persona.json`: the sections, every artifact with its decision and scores, and the provenance."""

    kind: Literal["document"]


class SheetStep(StepBase):
    """Draws the contact sheet."""

    kind: Literal["sheet"]


Step = Annotated[
    DraftStep
    | SummaryStep
    | ReviewStep
    | ProfileStep
    | MatrixStep
    | PlacementStep
    | CandidateStep
    | AnchorStep
    | ImageStep
    | ReferenceStep
    | VideoStep
    | SpeechStep
    | FinishStep
    | RepairStep
    | ReadingStep
    | RenderStep
    | DocumentStep
    | SheetStep,
    Field(discriminator="kind"),
]


FURTHER: list[type[StepBase]] = []
"""Models of the kinds that plug-ins add; see `models.declare_step`."""


def any_step() -> Any:
    """Return the type of any step that a pipeline may declare now."""
    return Annotated[Union[(Step, *FURTHER)], Field(discriminator="kind")]


class Pipeline(Model):
    """The declared steps of a persona."""

    name: Name
    """The pipeline's name, as documents and events show it."""
    steps: dict[Name, Step]
    """The steps by name; the names are yours."""


# --- modalities -------------------------------------------------------------------------------------------------------
