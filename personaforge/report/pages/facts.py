"""What a report's page says, as values. No pixels, no HTML, and only what is in a record, the store or the spec.

"Not measured" is None with a sentence beside it, never a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from personaforge.packs.terms import Terms
from personaforge.report.drift.page import Series
from personaforge.report.pages.demands import DemandLine
from personaforge.report.verdict import Shown

Standing = Literal["accepted", "flagged", "unmeasured", "rejected", "missing"]
"""A node's status, or `missing` where there is no picture yet. The words of the contact sheet."""


@dataclass(frozen=True)
class Judged:
    """A picture or clip and what was said about it."""

    digest: str
    """SHA-256 of the file."""
    path: str
    """Inside the persona's build folder; empty for an attempt that was not kept there."""
    composite: float | None
    """[0, 1]; None when there is no score, and `unmeasured` says why."""
    cosine: float | None = None
    error: float | None = None
    error_bound: float | None = None
    turn: float | None = None
    """Degrees between the anchor's pose and this one."""
    faces: int | None = None
    unmeasured: str = ""
    """Why there is no score; empty when there is one, and where none is asked for, as of the anchor."""
    out_of_domain: bool = False
    """Whether the pack that measured, or refused to, was not made for pictures of this kind."""
    decision: str = ""
    """ACCEPT, RETRY or REJECT; empty where nothing was judged."""
    reason: str = ""
    take: int = 0
    attempt: int = 0
    """From 0."""
    measured_by: str = ""
    by: Shown = field(default_factory=Shown)
    """Which number decided, with P(same) where that did."""
    made_by: str = ""
    """Provider and model."""
    label: str = ""
    """`embedded` if forge itself made it."""
    seed: int | None = None
    box: tuple[float, float, float, float] | None = None
    """The judged face: x1, y1, x2, y2 in the picture's pixels."""
    chosen: str = ""
    """Which of several faces was judged and why, and whether the picture was turned; empty where nothing is to say."""
    demands: tuple[DemandLine, ...] = ()
    """What was asked beside the person, and what came."""
    beside: tuple[tuple[str, str], ...] = ()
    """What it shows beside the face: names and words."""


@dataclass(frozen=True)
class Position:
    """One place on the contact sheet."""

    node: str
    """Name within the persona: `image/07`."""
    title: str
    """`07 laughing`."""
    group: str
    """The matrix's tier, or what else it belongs to."""
    standing: Standing
    now: Judged | None
    """The present artifact; None where there is none."""
    attempts: tuple[Judged, ...] = ()
    """The attempts that led to the present artifact, in order; hold `now`, too."""
    unshown: int = 0
    """Attempts that are left out of `attempts`."""
    earlier: int = 0
    """Artifacts on record that were judged for an earlier spec, take or anchor."""
    outdated: bool = False
    """Whether a build would make or judge it anew."""
    remarks: tuple[str, ...] = ()
    """What else is to say: a failure, a second recogniser's doubt, what finishing did."""


@dataclass(frozen=True)
class FrameFacts:
    """One measured frame of a clip."""

    number: int
    """From 0, in decoding order."""
    second: float | None
    composite: float | None
    cosine: float | None
    unmeasured: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class ClipFacts:
    """A clip: what a position says, and its frames."""

    position: Position
    frames: tuple[FrameFacts, ...] = ()
    """All measured frames, in order; empty where no measurement of this clip is on record."""
    key_frames: tuple[int, ...] = ()
    """Numbers of the frames to show; without a measurement none is known."""
    worst: int | None = None
    """Number of the frame with the lowest score."""
    figures: tuple[tuple[str, str], ...] = ()
    """Steadiness and quality, in words and numbers."""


@dataclass(frozen=True)
class CandidateFacts:
    """One of the pictures that the anchor was chosen from."""

    slot: str
    judged: Judged | None
    mean_cosine: float | None
    """To the other candidates; None where it was not measured."""
    chosen: bool


@dataclass(frozen=True)
class CostLine:
    """What one step spent on one model."""

    step: str
    kind: str
    provider: str
    model: str
    calls: int
    paid: int
    usd: float
    unknown: int
    """Paid calls of unknown cost."""


@dataclass(frozen=True)
class BuildLine:
    """A build that made something for the persona."""

    started: datetime
    """UTC."""
    build: str
    git_commit: str
    forge: str
    performed: int
    usd: float


@dataclass(frozen=True)
class SpeechFacts:
    """What a persona says, and the sound of it."""

    position: Position
    said: str
    """The text; empty where there is none."""
    voice: str
    media_type: str
    size: int
    """Bytes."""


@dataclass(frozen=True)
class Verdict:
    """What `forge drift` says of one timeline, for the project's page."""

    label: str
    """What is measured."""
    state: str
    """improving, stable, degrading or insufficient."""
    text: str
    """Since when, and what it is attributed to; empty where nothing changed."""


@dataclass(frozen=True)
class Latest:
    """The newest score of a picture."""

    composite: float
    node: str
    time: datetime
    """UTC."""


@dataclass(frozen=True)
class Summary:
    """A persona's state in a line; enough for the project's page."""

    id: str
    name: str
    state: str
    """The document's status, else `built`, `partly built` or `not built`."""
    labels: tuple[str, ...]
    counts: Mapping[str, int]
    """How many pictures and clips, without the anchor, have each status."""
    mean: float | None
    """Of the pictures' composites; None when none was measured."""
    lowest: float | None
    usd: float
    unknown_calls: int
    measured_by: tuple[str, ...]
    anchor: Judged | None
    verdicts: tuple[Verdict, ...] = ()
    """Of the current timelines; none when nothing has been measured."""
    latest: Latest | None = None
    problems: tuple[str, ...] = ()
    """What people should look at, in words."""

    @property
    def drift(self) -> str:
        """The verdict that matters most: a fall, then a rise; `insufficient` only where no timeline has another."""
        states = {one.state for one in self.verdicts}
        return next((state for state in ("degrading", "improving", "stable", "insufficient") if state in states), "")

    @property
    def total(self) -> int:
        """Number of pictures and clips, without the anchor."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class PersonaFacts:
    """All that a persona's page says."""

    summary: Summary
    line: str
    """Age, gender, occupation and place, as far as they are known."""
    brief: str
    brief_files: tuple[str, ...]
    """Paths of the files beside it, relative to the project."""
    description: str
    owner: str
    tags: tuple[str, ...]
    pipeline: str
    audit_mean: float | None
    """Of 5; None without a second reader."""
    not_judged: tuple[tuple[str, str], ...]
    """Marks that the second reader could not give, and why."""
    audit_marks: int | None
    """How many marks the mean is of; None where all were given, and in documents of earlier forges."""
    worth_a_look: tuple[str, ...]
    """What the rules of the audit can't decide and somebody may want to read; it counts for nothing."""
    coverage: float | None
    """Share of what the brief states that the document keeps or a pin overrules; None where it isn't known."""
    lost: tuple[str, ...]
    """Words of the brief that the document loses."""
    unread: int
    """How many parts of the brief no rule read."""
    not_drawn: tuple[str, ...]
    """What of the look the image provider is known not to draw."""
    sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Section name -> key -> text."""
    notices: tuple[str, ...]
    """What the reader should know before anything else."""
    anchor: Position | None
    candidates: tuple[CandidateFacts, ...]
    groups: tuple[tuple[str, tuple[Position, ...]], ...]
    """The contact sheet by tier, without the anchor."""
    clips: tuple[ClipFacts, ...]
    clip_mean: float | None
    accept_threshold: float
    retry_threshold: float
    by_probability: str
    """From which P(same) on pictures are accepted, in words; empty where composites decide. Clips go by composites."""
    analyzers: tuple[Mapping[str, Any], ...]
    """Identity of every analyzer that measured what is shown."""
    speech: tuple[SpeechFacts, ...]
    series: tuple[Series, ...]
    costs: tuple[CostLine, ...]
    builds: tuple[BuildLine, ...]
    """Newest first."""
    more_builds: int = 0
    failures: tuple[tuple[str, str], ...] = field(default=())
    """Node -> error of runs that failed and have nothing newer."""
    licence_use: str | None = None
    """What the project says that its pictures are for; None where it doesn't."""
    terms: tuple[Terms, ...] = ()
    """Licences of the models that measure by the settings of now."""
    reader: str = ""
    """How far the second reader agrees with what is measured, in words; empty where nobody has read the pictures."""
    overruled: str = ""
    """What the pinned anchor overrules, one of the notices; empty where that is nothing."""
