"""How the kinds of steps work: what each reads, which nodes it has, and its procedure. `conf/pipeline/` composes them.

What `reads` names is all that a procedure may read (another read is an error), and goes into the node's signature.
Raise a kind's `version` when its procedure would result in another outcome from the same inputs. What a kind is to
other modules, such as a picture or a text, is in `personaforge.spec.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from personaforge.errors import PersonaForgeError, PlanError, Problem, SpecError, described
from personaforge.providers.table import capability, imported
from personaforge.spec.kinds import KINDS, Kind, Role, kind_named
from personaforge.spec.settings import OFF, Settings, UndeclaredRead
from personaforge.steps.action import NotSettled, Outcome, Price, Procedure
from personaforge.steps.context import Context

Step = Mapping[str, Any]


@dataclass(frozen=True)
class StepKind:
    """What a kind of step does."""

    name: str
    version: int
    procedure: str | Callable[[Context], Procedure]
    """The function, or `module:function` in personaforge.steps, imported when a node is replayed or run: a plan in
    which nothing has changed imports none of them."""
    reads: tuple[str, ...] = ()
    """Setting paths, each with all below it. In braces: `{own}`, the step's own settings, `{slot}`, `{framing}`, what
    frames the slot (`personaforge.spec.kinds`), `{anchor}`, what frames the anchor, and fields of the step's
    declaration. What a step `uses` is added."""
    slots: Callable[[Settings, Step], tuple[str, ...]] = lambda settings, step: ("",)
    """The slots of a step; one empty slot for a step with one node."""
    templates: Callable[[Step], tuple[str, ...]] = lambda step: (step["template"],) if "template" in step else ()
    modality: str = ""
    """Whose provider the step names: text, image, video or speech."""
    group: str = ""
    """The settings group of its provider, where that is not the one that is called as the modality."""
    measures: bool = False
    """Whether the procedure measures faces, so that the analyzer's identity is part of the signature."""
    pinned: bool = False
    """Whether what is accepted goes into the lock: what a provider made does, what is derived from it doesn't."""
    sticky: bool = False
    """Whether a pin stays when the settings change, until the user asks for another."""
    places: bool = False
    """Whether it places a face among those of the project's other personas, whose locks it may read. Only one such
    node of a project runs at a time, and its pin is written before the next."""
    names: bool = False
    """Whether what it makes names the persona by its id, so that a new id has it made anew; nothing paid may."""
    lenient: bool = False
    """Whether it can work with a need that was rejected: the document and the sheet report on it."""
    calls: Callable[[Settings, Step], int] = lambda settings, step: 0
    """Provider calls at most."""
    price: Callable[[Settings, Step, str], Price] | None = None
    """(settings, step, slot) -> price of one call of a paid provider, without knowing the prompt."""
    origin: str = ""
    """The plug-in that it comes from, with its version; empty for forge's own."""

    @property
    def edition(self) -> str:
        """The version, with that of the plug-in that it comes from: whose code works is in every key."""
        return f"{self.version} ({self.origin})" if self.origin else str(self.version)

    @property
    def what(self) -> Kind:
        """What the kind is to other modules."""
        return kind_named(self.name)

    @property
    def preset(self) -> str:
        """The settings group that says whose model it asks; empty for a kind that asks none."""
        return self.group or self.modality

    @property
    def role(self) -> Role:
        """The part that it plays."""
        return self.what.role

    @property
    def scope(self) -> str:
        """The scope of checks that its results are in; empty for a kind that nothing scores."""
        return self.what.scope

    def paths(self, name: str, step: Step, slot: str, anchor: str = "") -> tuple[str, ...]:
        """Return the setting paths that a node of a step may read, in an order that signatures depend on."""
        fields = {**step, "own": f"pipeline.steps.{name}", "slot": slot, "framing": self.what.framed(step, slot)}
        fields["anchor"] = f"matrix.positions.{anchor}"
        return (*(path.format_map(fields) for path in self.reads), *step.get("uses", ()))

    def start(self, context: Context) -> Procedure:
        """Start the procedure for one node."""
        procedure = self.procedure
        if isinstance(procedure, str):
            procedure = imported(f"personaforge.steps.{procedure}", f"the kind of step {self.name}")
            assert callable(procedure)
        started: Procedure = procedure(context) if not self.origin else _named(procedure, self, context)
        return started


def _named(procedure: Callable[[Context], Procedure], kind: StepKind, context: Context) -> Procedure:
    """Run a plug-in's procedure; what goes wrong in it is an error that names the plug-in, and no mistake of ours."""
    who = f"the step kind {kind.name} of {kind.origin}"
    try:
        outcome: Any = yield from procedure(context)
    except (NotSettled, MemoryError):
        raise
    except PersonaForgeError as error:
        if not isinstance(error, UndeclaredRead):
            raise
        raise PlanError(f"{who} failed: {error.message}", where=context.node.id) from error
    except Exception as error:  # anything may go wrong in somebody else's code
        raise PlanError(f"{who} failed: {described(error)}", where=context.node.id) from error
    if not isinstance(outcome, Outcome):
        raise PlanError(f"{who} returned {type(outcome).__name__}, expected an Outcome", where=context.node.id)
    return outcome


def _templates(step: Step) -> tuple[str, ...]:
    return (step["template"], step["system"], step["repair"])


def _can_place(step: Step) -> bool:
    """Tell whether the provider can draw several faces of one DNA. An unknown one is reported by what draws."""
    try:
        return capability("image", step["provider"]).places
    except SpecError:
        return False


def _positions(settings: Settings, step: Step) -> tuple[str, ...]:
    if step["positions"] is None:
        return ("",)
    if step.get("only"):
        return tuple(sorted(settings.get(step["only"]) or ()))
    anchor = settings.value("matrix.anchor")
    return tuple(slot for slot in sorted(settings.value(step["positions"])) if slot != anchor)


def _sources(settings: Settings, step: Step) -> tuple[str, ...]:
    """Return the slots of the step that is finished."""
    source = settings.value(f"pipeline.steps.{step['source']}")
    return step_kind(source["kind"]).slots(settings, source)


def _finishes(settings: Settings) -> bool:
    if settings.value("realism.profile") == "none":
        return False
    from personaforge.media.realism import active

    return bool(active(settings.value("realism")))


def _repairs(settings: Settings) -> bool:
    wanted = settings.value("quality.post_processing")
    return bool(wanted["auto_sharpen"] or wanted["auto_super_res"])


def _text_price(settings: Settings, step: Step, slot: str) -> Price:
    from personaforge.steps.completion import token_price

    return token_price(True, settings.value("text.prices").get(step["model"]), step["max_tokens"])


def _reading_price(settings: Settings, step: Step, slot: str) -> Price:
    from personaforge.steps.reading import call_price

    reader = settings.value("reader")
    return call_price(True, reader["prices"].get(step["model"]), reader["max_tokens"], reader["picture_tokens"])


def _image_price(settings: Settings, step: Step, slot: str) -> Price:
    from personaforge.steps.prices import price_of

    model = step["model"]
    size = settings.get(str(step.get("position") or "")) or {}
    request = {
        "width": size.get("width") or settings.value("image.width"),
        "height": size.get("height") or settings.value("image.height"),
        "options": (settings.get("image.options") or {}).get(model, {}),
    }
    return price_of(True, settings.value("image.prices").get(model), "draw", request)


def _video_price(settings: Settings, step: Step, slot: str) -> Price:
    from personaforge.steps.prices import price_of
    from personaforge.steps.video import filmed_seconds

    model, motion = step["model"], settings.value(f"motion.types.{slot}")
    request = {
        **settings.value("video.sizes").get(motion["aspect"], {}),
        "seconds": filmed_seconds(settings.get("video.durations"), model, motion["seconds"]),
        "options": (settings.get("video.options") or {}).get(model, {}),
    }
    return price_of(True, settings.value("video.prices").get(model), "film", request)


def _speech_price(settings: Settings, step: Step, slot: str) -> Price:
    from personaforge.steps.prices import price_of
    from personaforge.steps.speech import ASSUMED_CHARACTERS

    model = step["model"]
    options = (settings.get("speech.options") or {}).get(model, {})
    request = {"characters": ASSUMED_CHARACTERS, "options": options}
    return price_of(True, settings.value("speech.prices").get(model), "speak", request)


def _attempts(settings: Settings, step: Step) -> int:
    return int(settings.value("identity.max_attempts"))


def _draft_calls(step: Step) -> int:
    """Every attempt, and every attempt's answer handed back to be mended."""
    mends = capability("text", step["provider"]).mends
    return (int(step["retries"]) + 1) * (1 + (int(step["repairs"]) if mends else 0))


def _review_calls(settings: Settings, step: Step) -> int:
    """A reading, and for every round a draft of each section and another reading, each with its repairs."""
    declared = [settings.value(f"pipeline.steps.{name}") for name in step["needs"]]
    reading = _draft_calls({**step, "retries": 0})
    drafting = sum(_draft_calls(one) for one in declared if kind_named(one["kind"]).role == "section")
    return reading + int(step["rounds"]) * (drafting + reading)


_ASKING = ("brief", "pinned", "seed", "text.prices", "text.key", "text.phrases")
_DRAWN = ("seed", "image", "identity", "delivered", "{own}", "matrix.anchor", "matrix.scenes")

_KINDS = (
    StepKind(
        "summary",
        1,
        "text:summarise",
        (*_ASKING, "material", "{own}", "schema.{schema}"),
        slots=lambda settings, step: ("",) if settings.get("material") else (),
        templates=_templates,
        modality="text",
        pinned=True,
        calls=lambda settings, step: _draft_calls(step),
        price=_text_price,
    ),
    StepKind(
        "draft",
        2,
        "text:draft",
        (*_ASKING, "{own}", "schema.{schema}"),
        templates=_templates,
        modality="text",
        pinned=True,
        calls=lambda settings, step: _draft_calls(step),
        price=_text_price,
    ),
    StepKind(
        "review",
        2,
        "review:review",
        # A review drafts sections again, so it reads what any draft may.
        (*_ASKING, "pipeline.steps", "schema", "fashion.contexts"),
        templates=_templates,
        modality="text",
        pinned=True,
        calls=_review_calls,
        price=_text_price,
    ),
    StepKind("profile", 2, "text:profile"),
    # `matrix.places` stands for itself, since of the whole table only single entries count as a request's.
    StepKind("matrix", 2, "wardrobe:matrix", ("fashion", "matrix", "matrix.places", "motion.types")),
    StepKind(
        "placement",
        1,
        "placing:place",
        ("image.placement.draws",),
        slots=lambda settings, step: ("",) if _can_place(step) else (),
        pinned=True,
        sticky=True,
        places=True,
    ),
    StepKind(
        "candidate",
        1,
        "images:candidate",
        (*_DRAWN, "matrix.positions"),
        slots=lambda settings, step: tuple(str(n) for n in range(1, settings.value("identity.anchor.candidates") + 1)),
        modality="image",
        measures=True,
        pinned=True,
        sticky=True,
        calls=lambda settings, step: 1,
        price=_image_price,
    ),
    StepKind(
        "anchor",
        1,
        "images:anchor",
        ("identity", "matrix.anchor"),
        measures=True,
        pinned=True,
        sticky=True,
        lenient=True,
    ),
    StepKind(
        "image",
        1,
        "images:image",
        (*_DRAWN, "{framing}", "{anchor}"),
        slots=_positions,
        modality="image",
        measures=True,
        pinned=True,
        calls=_attempts,
        price=_image_price,
    ),
    StepKind(
        "reference",
        1,
        "images:image",
        (*_DRAWN, "{framing}", "{anchor}"),
        slots=lambda settings, step: tuple(sorted(settings.value("identity.references.slots"))),
        modality="image",
        measures=True,
        pinned=True,
        calls=_attempts,
        price=_image_price,
    ),
    StepKind(
        "video",
        1,
        "video:video",
        ("seed", "video", "identity", "delivered", "quality", "{own}", "matrix.scenes", "{framing}"),
        slots=lambda settings, step: tuple(sorted(settings.value("motion.types"))),
        modality="video",
        measures=True,
        pinned=True,
        calls=_attempts,
        price=_video_price,
    ),
    StepKind(
        "speech",
        1,
        "speech:speech",
        ("seed", "speech", "{own}"),
        slots=lambda settings, step: () if step["provider"] == OFF else tuple(sorted(step["lines"])),
        templates=lambda step: tuple(sorted(step["lines"].values())),
        modality="speech",
        pinned=True,
        calls=lambda settings, step: 1,
        price=_speech_price,
    ),
    StepKind(
        "finish",
        2,
        "finishing:finish",
        ("seed", "identity", "realism", "{own}"),
        slots=lambda settings, step: _sources(settings, step) if _finishes(settings) else (),
        measures=True,
        pinned=True,
        lenient=True,
    ),
    StepKind(
        "repair",
        1,
        "finishing:repair",
        ("identity", "quality", "{own}"),
        slots=lambda settings, step: _sources(settings, step) if _repairs(settings) else (),
        measures=True,
        pinned=True,
        lenient=True,
    ),
    StepKind(
        "reading",
        1,
        "reading:reading",
        ("reader", "{own}", "pipeline.steps.{source}", "matrix.anchor"),
        slots=lambda settings, step: () if step["provider"] == OFF else _sources(settings, step),
        templates=lambda step: (step["template"], step["system"]),
        modality="text",
        group="reader",
        pinned=True,
        calls=lambda settings, step: int(settings.value("reader.votes")),
        price=_reading_price,
    ),
    StepKind(
        "render",
        1,
        "text:render",
        ("brief", "seed", "{own}"),
        names=True,
    ),
    StepKind(
        "document",
        1,
        "result:document",
        ("brief", "seed", "pipeline.name"),
        names=True,
        lenient=True,
    ),
    StepKind("sheet", 1, "result:sheet", ("pipeline.name",), names=True, lenient=True),
)

_BY_NAME = {kind.name: kind for kind in _KINDS}


def step_kind(name: str) -> StepKind:
    """Return a kind by name. Raises SpecError for an unknown one."""
    kind = _BY_NAME.get(name)
    if kind is None:
        raise SpecError(Problem("", "pipeline.steps", f"no step kind {name!r}", f"there is: {', '.join(_BY_NAME)}"))
    return kind


def register(kind: StepKind, what: Kind | None = None) -> None:
    """Add a kind, with what it is to other modules, or replace one. For plug-ins and tests."""
    _BY_NAME[kind.name] = kind
    if what is not None:
        KINDS[kind.name] = what


def withdraw(name: str) -> None:
    """Remove a kind that was registered."""
    _BY_NAME.pop(name, None)
    KINDS.pop(name, None)
