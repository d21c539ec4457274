"""The second gate after Hydra: every group and the persona itself as frozen pydantic models that forbid unknown keys.

Hydra catches a mistyped override, but not a mistyped key inside a file. Defaults live in `conf/`, not here, so that
`forge config` can say where each value came from; only a value that a persona may leave out altogether has its default
in a model. Units are in the name or under the field. Thresholds are in [0, 1] unless said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    Discriminator,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    StringConstraints,
    Tag,
    model_serializer,
    model_validator,
)

from personaforge.spec.assertions import Checks
from personaforge.spec.consent import SYNTHETIC
from personaforge.spec.delivered import Delivered
from personaforge.spec.machine_names import RemoteName
from personaforge.spec.material import MOST_FILES
from personaforge.spec.photos import Photos
from personaforge.spec.pipeline import FURTHER, Pipeline, StepBase, any_step
from personaforge.spec.project import ID_PATTERN
from personaforge.spec.reader import Reader
from personaforge.spec.staging import Fashion, Places, Scene, Season
from personaforge.spec.values import (
    Degrees,
    Distance,
    Hosted,
    HostedMedia,
    Line,
    Model,
    Name,
    Pixels,
    Slot,
    TokenPrice,
    Unit,
)


class TextModels(Model):
    """Model ids by how much a step asks of them; steps refer to these."""

    light: Line
    """For small tasks, such as reading the brief."""
    standard: Line
    """For most layers."""
    deep: Line
    """For what takes most thought, such as the soul."""


class Text(Hosted):
    """The text backend."""

    provider: Name
    """Who writes: one of the text providers."""
    models: TextModels
    prices: dict[str, TokenPrice]
    """By model id. A paid model without a price counts as unknown, never as free."""
    min_coverage: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of a brief's parts that the embedded writer has to keep: it drafts nothing from a brief of which it would
    keep less, unless told `--allow-unread`. Without a number, and for hosted writers, nothing is refused."""
    phrases: (
        Literal["en", "es", "pt", "fr", "de", "it", "nl", "pl", "tr", "ru", "ar", "he", "hi", "ja", "ko", "zh"] | None
    ) = None
    """The language of the embedded writer's signature phrases; null for the first pinned language, or else the
    brief's. Of any further language they are in English."""


class Placement(Model):
    """How a new face keeps its distance from those issued in the project; only the embedded painter's can."""

    draws: Annotated[int, Field(ge=1, le=1000)] = 1
    """Faces that the DNA allows to choose from: the farthest from all issued faces is taken. 1 chooses nothing."""
    close: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Distance (about 1 - cosine of the anchors' embeddings) below which two personas are said to look alike."""


class Image(HostedMedia):
    """The image backend."""

    provider: Name
    """Who draws: one of the image providers."""
    model: Line
    """The provider's name of the model."""
    width: Pixels
    """Pixels of a picture's width, where its position has no size of its own."""
    height: Pixels
    """Pixels of a picture's height, where its position has no size of its own."""
    drift: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How far each image's face moves from the anchor's towards a stranger's; only the embedded painter can."""
    placement: Placement = Placement()


class Size(Model):
    """Width and height in pixels."""

    width: Pixels
    """Pixels."""
    height: Pixels
    """Pixels."""


class Video(HostedMedia):
    """The video backend."""

    provider: Name
    """Who films: one of the video providers."""
    model: Line
    """The provider's name of the model."""
    fps: Annotated[int, Field(ge=1, le=60)]
    """Frames a second of clips that forge draws itself."""
    sizes: dict[str, Size]
    """By aspect ratio, such as "9:16"."""
    durations: dict[str, tuple[Annotated[float, Field(gt=0, le=60)], ...]] = Field(default_factory=dict)
    """By model id: the lengths in seconds that a model films; a model that isn't listed films any length."""


class Speech(HostedMedia):
    """The speech backend. `provider: none` speaks nothing."""

    provider: Name
    """Who speaks: one of the speech providers, or `none`."""
    model: Line
    """The provider's name of the model."""
    voice: Line
    """The voice of `model`, as its provider knows it."""
    voices: dict[str, Line] = Field(default_factory=dict)
    """By model id, where it is another: a fallback at another provider needs one here."""
    format: Literal["mp3", "wav", "ogg"]
    """Format of the sound file."""


# --- facts ------------------------------------------------------------------------------------------------------------


class PositionBase(Model):
    """How one image is framed, posed and lit. Angles are in degrees, positive to the viewer's right and upwards."""

    name: Line
    """The position in a few words."""
    distance: Distance
    """How much of the person is in the picture."""
    yaw: Degrees
    """Degrees that the head is turned, positive to the viewer's right."""
    pitch: Degrees
    """Degrees that the head is raised, positive upwards."""
    expression: Line
    """The face, such as `soft smile`."""
    gaze: Line
    """Where the eyes look, as prompts have it."""
    pose: Line
    """How the body is held, as prompts have it."""
    scene: Name
    """The background: an entry of `matrix.scenes`."""
    light: Line
    """The light, as prompts have it."""
    wardrobe: Annotated[int, Field(ge=1, le=100)]
    """Rank among the persona's fashion contexts, best liked first."""
    season: Season | None = None
    """The season, which clothes follow and prompts name; null for any."""
    bare: bool = False
    """Whether nothing is worn beside the clothes: no glasses, hats or jewellery between the reference and the face."""
    acts: bool = False
    """Whether the persona is busy with what the scene shows: prompts name what it does, and with what."""
    form: Literal["silhouette"] | None = None
    """`silhouette`: the outline alone, dark against a light background. No face is seen, and none is asked for."""
    tags: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")], ...] = ()
    """For `--select tag:...` and for checks."""


class Position(PositionBase):
    """A position of the matrix."""

    tier: Name
    """The group of positions that it belongs to: identity, expressions, angles, context, or one of yours."""


class UtilityPosition(PositionBase):
    """An image outside the matrix, with a size of its own."""

    width: Pixels
    """Pixels of the picture's width."""
    height: Pixels
    """Pixels of the picture's height."""


class Matrix(Model):
    """The image matrix."""

    anchor: Slot
    """The position whose image is the canonical reference."""
    scenes: dict[Name, Scene]
    positions: Annotated[dict[Slot, Position], Field(min_length=1, max_length=200)]
    references: dict[Slot, PositionBase] = Field(default_factory=dict)
    """Further pictures of the person that candidates may be compared with; `identity.references` names those in use."""
    utility: dict[Name, UtilityPosition]
    """Utility images: the avatar and the banner."""
    banners: dict[Slot, UtilityPosition] = Field(default_factory=dict)
    """Further banners; `banner_variants` names those that are made."""
    banner_variants: tuple[Slot, ...] = ()
    """Entries of `banners` that are made beside the banner, each an image that is paid for."""
    places: Places = Places()


class MotionKey(Model):
    """A pose at a moment of a clip."""

    at: Unit
    """Fraction of the clip's length."""
    yaw: Degrees
    """Degrees that the head is turned, positive to the viewer's right."""
    pitch: Degrees
    """Degrees that the head is raised, positive upwards."""
    expression: Line
    """The face at this moment, such as `soft smile`."""


class Motion(Model):
    """A motion type."""

    description: Line
    """What happens in the clip, as prompts have it."""
    seconds: Annotated[float, Field(gt=0, le=60)]
    """Length of the clip."""
    aspect: Line
    """A key of `video.sizes`."""
    distance: Distance
    """How much of the person is in the picture."""
    scene: Name
    """The background: an entry of `matrix.scenes`."""
    wardrobe: Annotated[int, Field(ge=1, le=100)]
    """Rank among the persona's fashion contexts, best liked first."""
    tags: tuple[Name, ...] = ()
    """For `--select tag:...` and for checks."""
    keys: Annotated[tuple[MotionKey, ...], Field(min_length=2, max_length=32)]


class Motions(Model):
    """The motion types."""

    types: Annotated[dict[Name, Motion], Field(min_length=1, max_length=50)]


# --- judging ----------------------------------------------------------------------------------------------------------


class Weights(Model):
    """Parts of the composite; they sum to 1."""

    embedding: Unit
    """Weight of the cosine."""
    geometric: Unit
    """Weight of 1 minus the geometric error."""


class EmbeddingGate(Model):
    """The strict mode's bound on the cosine."""

    min_cosine: Unit
    """The least cosine to the anchor, 0 to 1."""


class GeometricGate(Model):
    """The bound on the geometric error, and how it relaxes for small faces and for turned heads."""

    max_error: Unit
    """The largest geometric error of a large face in the anchor's pose, 0 to 1."""
    relax_below: Unit
    """Diagonal of the face over the picture's, 0 to 1, below which the bound grows."""
    relax_until: Unit
    """The same share where it has grown by the whole factor."""
    relax_factor: Annotated[float, Field(ge=1)]
    """By how much the bound has grown there."""
    turn_from: Annotated[float, Field(ge=0, le=180)]
    """Degrees between the anchor's pose and the candidate's."""
    turn_until: Annotated[float, Field(ge=0, le=180)]
    """Degrees where the bound has grown by the whole factor."""
    turn_factor: Annotated[float, Field(ge=1)]
    """By how much the bound has grown there."""


class Anchoring(Model):
    """How the anchor is chosen."""

    candidates: Annotated[int, Field(ge=1, le=32)]
    """How many frontal pictures are made for the anchor to be chosen from. Each is paid for."""
    strategy: Literal["central_similarity", "quality_weighted", "first"]
    """central_similarity: the candidate most like the others. quality_weighted: that times its quality. first: the
    first one with a face."""


class References(Model):
    """Which pictures a candidate is compared with beside the anchor, and how the scores are combined."""

    slots: tuple[Slot, ...]
    """Entries of `matrix.references`; each is drawn once against the anchor. Empty: the anchor alone."""
    combine: Literal["max", "mean"]
    """max: the score against the most similar reference. mean: the mean over all of them."""


class RecogniserScale(Model):
    """The cosines that a recogniser typically gives."""

    different: Annotated[float, Field(ge=-1, le=1)]
    """99 % of pairs of different people stay below."""
    same: Annotated[float, Field(ge=-1, le=1)]
    """The median of pairs of one person."""

    @model_validator(mode="after")
    def _ordered(self) -> RecogniserScale:
        if not self.different < self.same:
            raise ValueError(f"found different {self.different:g} and same {self.same:g}, expected different < same")
        return self


class SecondRecogniser(Model):
    """An independent recogniser; a result that it contradicts is flagged."""

    pack: Line
    """A folder's name, or `none`."""
    max_disagreement: Unit
    """On the scale on which 0 is a stranger and 1 the same person."""
    scales: dict[Line, RecogniserScale]
    """By pack."""


class Frames(Model):
    """How clips are sampled, and what of them decides. Fields that are left out are no part of any key."""

    frames: Annotated[int, Field(ge=1, le=240)]
    """How many frames of a clip are measured."""
    sampling: Literal["uniform", "time", "faces"]
    """uniform: evenly spread by number. time: the same, but of a clip whose frames are shown for unequal times what is
    shown at evenly spread instants. faces: frames that show a face, as evenly spread as possible."""
    gate: Literal["auto", "mean", "worst_stretch"] | None = None
    """mean: the mean over the sampled frames. worst_stretch: also the worst stretch of half a second or more, and the
    share of time that shows the person. auto, as without it: mean under the policies `composite` and `strict`, as they
    were published, else worst_stretch."""
    min_coverage: Unit | None = None
    """Under the gate worst_stretch the share of time that has to show the person; 0.9 unless it is set."""

    @model_serializer(mode="wrap")
    def _as_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in dump(self).items() if value is not None}


class CalibratedGate(Model):
    """How the policy `calibrated` decides by P(same)."""

    far: Annotated[float, Field(gt=0, le=0.1)]
    """The false-accept rate: the share of pictures of other people that may be accepted."""
    retry: tuple[Unit, Unit]
    """P(same) from which another attempt is made, and from which a picture may be accepted."""

    @model_validator(mode="after")
    def _holds_one_half(self) -> CalibratedGate:
        low, high = self.retry
        if not 0 < low <= 0.5 <= high < 1:
            # Else a report could show ACCEPT beside a P(same) that says "another person", or the other way round.
            raise ValueError(f"retry: found {low:g} to {high:g}, expected a band with 0.5 in it, above 0 and below 1")
        return self


class Judgeable(Model):
    """What a face must have for a low score to say anything, with one pack."""

    min_norm: Annotated[float, Field(ge=0)]
    """Of the embedding before normalising."""
    min_side: Annotated[float, Field(ge=0)]
    """Pixels of the face's shorter side."""
    max_yaw: Annotated[float, Field(ge=0, le=90)]
    """Degrees to either side."""
    max_roll: Annotated[float, Field(ge=0, le=180)]
    """Degrees to either side."""
    min_sharpness: Annotated[float, Field(ge=0)]
    """Variance of the Laplacian at 256 pixels."""
    strangers: Unit
    """Cosine that 999 of 1,000 pairs of different people stay below."""


class Identity(Model):
    """How identity is measured and judged."""

    backend: Literal["insightface", "parts"]
    """What runs the models, for people: the pack decides. `parts` for packs that are composed of parts."""
    pack: Line
    """A pack's folder name, or `auto`."""
    detector_size: Literal["auto", "128", "160", "256", "320", "640"]
    """Pixels of the square in which faces are looked for; auto: as the pack is meant to be used. Part of a
    measurement's identity."""
    require_measurement: bool
    """Whether what could not be measured has not passed. Switched off, it is accepted and marked."""
    policy: Literal["auto", "calibrated", "composite", "composite_only", "strict"]
    """calibrated: by P(same); strict and composite: by the composite. auto: calibrated where a calibration applies to
    the pack in use, else composite. composite_only is how composite was called before."""
    calibrated: CalibratedGate
    accept_threshold: Unit
    """Composite from which a candidate is accepted, where the composite decides."""
    retry_threshold: Unit
    """Composite from which a candidate is tried again, where it decides; below it is rejected at once."""
    max_attempts: Annotated[int, Field(ge=1, le=16)]
    """Attempts for each picture and clip, the first one included. Each is paid for."""
    max_finishing_loss: Unit
    """How much of the composite finishing a picture or repairing a clip may cost; beyond it the original is kept."""
    weights: Weights
    embedding: EmbeddingGate
    geometric: GeometricGate
    anchor: Anchoring
    references: References
    check: SecondRecogniser
    face: Literal["best", "largest", "only"] = "best"
    """Which of several faces is judged; only: a picture with several is not measured."""
    poor_pictures: Literal["unmeasured", "judged"] = "unmeasured"
    """unmeasured: a face that is too poor to tell is never another person's. judged: it is, by its score."""
    judgeable: dict[Line, Judgeable] = Field(default_factory=dict)
    """By pack."""
    out_of_domain: Literal["refuse", "allow"]
    """Pictures that the pack was not made for get no score, or a score with a mark."""
    video: Frames


class Sharpness(Model):
    """Frame sharpness over the anchor's."""

    min_ratio: Annotated[float, Field(ge=0)]
    """Variance of a frame's Laplacian over the anchor's, below which a clip is too soft."""


class Illumination(Model):
    """Histogram distance between consecutive sampled frames."""

    max_histogram_distance: Annotated[float, Field(ge=0)]
    """Distance above which the light is said to jump; its scale is the method's."""
    method: Literal["bhattacharyya", "chi_squared", "correlation"]
    """How two histograms are compared."""


class Unsharp(Model):
    """Unsharp masking."""

    radius: Annotated[float, Field(ge=0, le=20)]
    """Standard deviation of the Gaussian, pixels."""
    amount: Annotated[float, Field(ge=0, le=5)]
    """How much of the difference to the blurred picture is added; 0 does nothing."""
    threshold: Annotated[float, Field(ge=0, le=255)]
    """Differences smaller than this many code values are left alone."""


class LanczosUpscaler(Model):
    """Enlarges by resampling: no detail is invented."""

    upscaler: Literal["lanczos"]
    factor: Annotated[int, Field(ge=2, le=4)]
    """How many times larger each side becomes."""


class OnnxUpscaler(Model):
    """Enlarges by a model of the user's, in tiles."""

    upscaler: Literal["onnx"]
    factor: Annotated[int, Field(ge=2, le=4)]
    """How many times larger each side becomes."""
    model: Line
    """A file in a folder of FORGE_MODELS."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Its digest: part of a repaired clip's key."""
    tile: Annotated[int, Field(ge=16, le=1024)]
    """Pixels of a tile's side."""
    overlap: Annotated[int, Field(ge=0, le=128)]
    """Pixels that neighbouring tiles share."""


SuperResolution = Annotated[LanczosUpscaler | OnnxUpscaler, Field(discriminator="upscaler")]


class PostProcessing(Model):
    """When sharpening and super-resolution are advised, whether advice is followed, and how."""

    auto_sharpen: bool
    """Whether clips are sharpened where that is advised."""
    auto_super_res: bool
    """Whether clips are enlarged where that is advised."""
    unsharp: Unsharp
    super_resolution: SuperResolution
    max_embedding_std: Annotated[float, Field(ge=0)]
    """Standard deviation of the cosine over frames up to which identity counts as stable."""
    max_geometric_variance: Annotated[float, Field(ge=0)]
    """Variance of the facial ratios over frames up to which identity counts as stable."""


class WhiteBalance(Model):
    """A cast of colour."""

    temperature: Annotated[float, Field(ge=-80, le=80)]
    """Mireds from daylight; positive is warmer."""
    tint: Annotated[float, Field(ge=-50, le=50)]
    """Hundredths of a stop; positive is towards magenta."""


class Highlights(Model):
    """How bright parts roll off to white."""

    exposure: Annotated[float, Field(ge=-2, le=2)]
    """Stops."""
    knee: Annotated[float, Field(ge=0.1, le=1)]
    """Linear light where the roll-off begins; 1 is a hard clip."""


class ChromaticAberration(Model):
    """Coloured fringes, growing from the centre."""

    pixels_at_edge: Annotated[float, Field(ge=-8, le=8)]
    """Pixels between red and blue in the corners."""


class Noise(Model):
    """Sensor noise."""

    iso: Annotated[float, Field(ge=0, le=12_800)]
    """Sensitivity whose shot and read noise is added; 0 for none."""


class Jpeg(Model):
    """Compression."""

    quality: Annotated[int, Field(ge=1, le=95)]
    """libjpeg's scale, 1 to 95."""
    subsampling: Literal["4:2:0", "4:2:2", "4:4:4"]
    """How colour is thinned out."""


class Realism(Model):
    """The marks of a real camera. What is left out does nothing."""

    profile: Name
    """`none`: pictures are not finished at all."""
    white_balance: WhiteBalance | None = None
    highlights: Highlights | None = None
    unsharp: Unsharp | None = None
    chromatic_aberration: ChromaticAberration | None = None
    noise: Noise | None = None
    jpeg: Jpeg | None = None


class Quality(Model):
    """Visual quality of clips."""

    sharpness: Sharpness
    illumination: Illumination
    post_processing: PostProcessing


class MinStd(Model):
    """The least standard deviation that is used."""

    score: Annotated[float, Field(gt=0)]
    """Of scores, in their units."""
    ratio: Annotated[float, Field(gt=0)]
    """Of numbers that scatter by factors, as a share."""


class Drift(Model):
    """How timelines are judged. Enters no key."""

    method: Literal["cusum", "linear"]
    """cusum: a change that is larger than chance explains, at a stated rate of false alarms. linear: the slope over the
    window beyond 0.005 a record either way; it has no such rate."""
    records_per_alarm: Annotated[float, Field(ge=50, le=1_000_000)]
    """An unchanged timeline raises one false alarm in this many records, counting records that can be compared."""
    shift: Annotated[float, Field(ge=0.2, le=3)]
    """The change that is found soonest, in standard deviations."""
    sides: Literal["both", "worse"]
    """worse: only a change for the worse raises an alarm; it is then found a little sooner."""
    baseline: Literal["slot", "pose", "framing", "none"]
    """What a record is compared with: earlier ones of its own slot, of its framing and turn of the head, of its framing
    alone, or all."""
    min_records: Annotated[int, Field(ge=3, le=10_000)]
    """With fewer comparable records there is no verdict."""
    window: Annotated[int, Field(ge=2, le=10_000)]
    """Records of the rolling mean, and of the linear rule."""
    confidence: Annotated[float, Field(ge=0.5, le=0.999)]
    """The confidence of the intervals of slope and change-point."""
    clip: Annotated[float, Field(ge=1.5, le=10)]
    """Standard deviations beyond which a record counts no more: one failed picture is no drift."""
    min_std: MinStd

    @model_validator(mode="after")
    def _reachable(self) -> Drift:
        if self.clip < self.shift:
            raise ValueError(
                f"found clip {self.clip:g} and shift {self.shift:g}, expected a clip of at least the shift"
            )
        return self


# --- the house --------------------------------------------------------------------------------------------------------


class Query(Model):
    """What one SQL statement may use, in `forge query` and in checks. Only the command line can allow more: a file may
    come from a stranger."""

    memory_gigabytes: Annotated[float, Field(gt=0, le=64)] = 2
    """Gigabytes of memory."""
    temporary_gigabytes: Annotated[float, Field(ge=0, le=64)] = 4
    """Of what doesn't fit into memory."""
    seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    """Of DuckDB's work."""


def _remote_form(value: Any) -> str:
    """Distinguish a folder from a name, so that a wrong value gets one message."""
    return "<name>" if isinstance(value, Mapping | MachineRemote) else "<folder>"


class MachineRemote(Model):
    """A folder to share through that the machine file defines."""

    name: RemoteName
    """Which of its `remotes`."""


class Store(Model):
    """Where artifacts are shared and how long they are kept."""

    remote: (
        Annotated[
            Annotated[Line, Tag("<folder>")] | Annotated[MachineRemote, Tag("<name>")], Discriminator(_remote_form)
        ]
        | None
    )
    """A folder in the project that `forge cache push` and `pull` exchange with, or `{name: studio}`, one that the
    machine file defines. A folder elsewhere is named by the machine alone: FORGE_REMOTE, or --remote."""
    keep_days: Annotated[int, Field(ge=0)]
    """Days that what no lock and no git revision names is kept at least."""
    max_gigabytes: Annotated[float, Field(ge=0)]
    """Gigabytes up to which `forge cache gc` removes nothing."""
    query: Query = Query()


class Spending(Model):
    """What may be spent, US dollars; null for no bound. A call of unknown cost counts as the amount reserved for it."""

    persona_usd: Annotated[float, Field(ge=0)] | None = None
    """On this persona, in all builds together."""
    month_usd: Annotated[float, Field(ge=0)] | None = None
    """By the project in a calendar month (UTC); the lowest bound of all its personas counts."""


class Run(Model):
    """How a build runs."""

    jobs: Annotated[int, Field(ge=1, le=256)] | None
    """Actions that take a processor at once; null for the number of processors."""
    keep_going: bool
    """Whether what doesn't depend on it goes on after a node has failed."""
    max_cost_usd: Annotated[float, Field(ge=0)] | None
    """US dollars that one build may spend; null for no bound. Also `--max-cost`."""
    budget: Spending = Spending()


class People(Model):
    """Real people of whom the project wants no persona, unless a consent record says so."""

    deny: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=2, max_length=200)], ...], Field(max_length=10_000)
    ] = ()
    """Their names, in any case."""


BriefText = Annotated[str, StringConstraints(min_length=3, max_length=4000)]


class LongBrief(Model):
    """A brief with files beside it, for what is longer than its text may be."""

    text: BriefText
    """What the person is to be, in the user's words."""
    files: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=400)], ...], Field(max_length=MOST_FILES)
    ] = ()
    """Text files (.md, .markdown, .txt; UTF-8) with more of it, as paths from the folder of the persona's file. A step
    of the kind `summary` reads them."""


def _brief_form(value: Any) -> str:
    """Distinguish a text from keys, so that a wrong value gets one message."""
    return "<files>" if isinstance(value, Mapping | LongBrief) else "<text>"


class Persona(Model):
    """A composed persona: its own values, and one value for every group."""

    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)]
    """The persona's name in commands, folders and locks: small letters, digits and -. It means one person for good."""
    brief: Annotated[
        Annotated[BriefText, Tag("<text>")] | Annotated[LongBrief, Tag("<files>")], Discriminator(_brief_form)
    ]
    """What the person is to be, in the user's words; or `{text: …, files: [notes.md]}` where that is longer."""
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    """Makes another person of the same brief: texts and drawings derive their chance from it."""
    description: Annotated[str, StringConstraints(max_length=4000)]
    """For people; enters no key."""
    formerly: Annotated[tuple[Annotated[str, StringConstraints(pattern=ID_PATTERN)], ...], Field(max_length=64)] = ()
    """The ids that this persona had, oldest first. Seeds derive from the oldest, so a new id makes nothing anew."""
    subject: Annotated[str, StringConstraints(pattern=ID_PATTERN)] = SYNTHETIC
    """Whose likeness it is: `synthetic`, or the id of a real person with a consent record, `consent/ID.yaml`."""
    owner: Annotated[str, StringConstraints(max_length=200)]
    """Who answers for the persona. For people; enters no key."""
    tags: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=63)], ...]
    """Words by which people group personas."""
    pinned: dict[Name, dict[str, JsonValue]]
    """What the user fixes, by section: steps receive it, and every result is checked to keep it."""
    locked: tuple[Line, ...]
    """Setting paths that neither a persona file nor the command line may change. Set by the project."""
    plugins: tuple[Line, ...] = ()
    """Installed distributions whose plug-ins the project uses, where the machine allows them. Set by the project."""
    licence_use: Literal["commercial", "research"] = "research"
    """What the project's pictures are for: with `commercial`, no model that only research may use measures them. Set by
    the project."""
    people: People = People()
    """Set by the project."""
    pipeline: Pipeline
    text: Text
    image: Image
    video: Video
    speech: Speech
    identity: Identity
    quality: Quality
    realism: Realism
    drift: Drift
    checks: Checks
    store: Store
    run: Run
    matrix: Matrix
    fashion: Fashion
    motion: Motions
    photos: Photos
    delivered: Delivered
    reader: Reader


def validate_persona(data: Any) -> Persona:
    """Check a composed persona. Raises pydantic.ValidationError with every problem."""
    return Persona.model_validate(data)


def kind_of(model: type[StepBase]) -> str:
    """Return the kind that a step's model declares; empty for a model without one."""
    field = model.model_fields.get("kind")
    named = get_args(field.annotation) if field is not None else ()
    return str(named[0]) if len(named) == 1 else ""


def declare_step(model: type[StepBase]) -> None:
    """Let pipelines declare a further kind of step. For plug-ins and tests. One that fails leaves no trace."""
    FURTHER.append(model)
    try:
        _rebuild()
    except Exception:
        withdraw_step(model)
        raise


def withdraw_step(model: type[StepBase]) -> None:
    """Take a further kind of step back."""
    FURTHER.remove(model)
    _rebuild()


def _rebuild() -> None:
    Pipeline.model_fields["steps"].annotation = dict[Name, any_step()]  # type: ignore[assignment,misc]
    Pipeline.model_rebuild(force=True)
    Persona.model_rebuild(force=True)
