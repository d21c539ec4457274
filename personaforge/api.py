"""The functions of `import personaforge as pf`: thin, over the same library as the commands. docs/api.md shows them.

What goes wrong is a PersonaForgeError: what the caller can correct, or what the machine doesn't let us (MachineError).
Any other exception is a bug of ours, Python's for a value of an undeclared type, or comes from code that was handed in.

What works on a project has that project's plug-ins in force, and is refused with PersonaForgeError while work on one
with others goes on in this process. Personas are ids, files, folders, globs or what `load` returned; persona and file
arguments take one of them as well as several.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from personaforge.arguments import texts, whole
from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.machine import machine_error
from personaforge.plan.plan import Plan, PlanRequest
from personaforge.plugins.loading import kept_in_force
from personaforge.workspace.workspace import BuildOptions, Persona, Personas, Workspace, listed, named

if TYPE_CHECKING:
    from personaforge.drift.acceptance import Acknowledged
    from personaforge.drift.timelines import Drift
    from personaforge.faces.analyzer import FaceAnalyzer
    from personaforge.identity.clip import ClipScore
    from personaforge.identity.decision import ReasonedDecision
    from personaforge.identity.policy import Policy
    from personaforge.identity.score import Score, Unmeasured
    from personaforge.measuring.calibration import Calibrated
    from personaforge.measuring.evaluation import EvaluatedClip, Evaluation
    from personaforge.measuring.measurements import Measured
    from personaforge.run.build_report import BuildReport
    from personaforge.run.events import Event
    from personaforge.spec.staging import FashionContext
    from personaforge.warehouse.query import Rows

Name: TypeAlias = "str | os.PathLike[str]"
Names: TypeAlias = "Name | Iterable[Name]"
Function = TypeVar("Function", bound=Callable[..., Any])


def _named(persona: Persona | None) -> str | None:
    return None if persona is None else named(persona)


@contextmanager
def _told() -> Iterator[None]:
    """Raise what the machine doesn't let us as an error of the family, as the command line does."""
    try:
        yield
    except PersonaForgeError:
        raise
    except Exception as error:
        known = machine_error(error)
        if known is None:
            raise
        raise known from error


def _working(function: Function) -> Function:
    """Have a function of a workspace do its work with the plug-ins of that project in force."""

    @wraps(function)
    def working(space: Workspace, *arguments: Any, **options: Any) -> Any:
        with _told():
            space.require_open()
        with _told(), kept_in_force(space.project):
            return function(space, *arguments, **options)

    return cast(Function, working)


@_told()
def open(folder: Name | None = None, personas: Personas = (), *, analyzer: FaceAnalyzer | None = None) -> Workspace:
    """Open the project in a folder: `with pf.open("studio") as space:` closes its store at the end.

    Without a folder it is the project around the current folder, else around the first persona file. Nothing is
    written. `analyzer` measures faces in place of the pack that the settings name, whatever they name. Raises SpecError
    for what is no folder.
    """
    if analyzer is not None and not (callable(getattr(analyzer, "read", None)) and hasattr(analyzer, "identity")):
        text = f"analyzer is a {type(analyzer).__name__}, expected a FaceAnalyzer"
        raise PersonaForgeError(
            text, hint="it has an `identity`, and `read` of pixels; see docs/examples/own_evaluator.py"
        )
    space = Workspace.open(listed(personas), None if folder is None else os.fspath(folder))
    if analyzer is not None:
        from personaforge.workspace.analyzers import OneAnalyzer

        space.analyzers = OneAnalyzer(analyzer)
    return space


@_working
def plan(space: Workspace, personas: Personas = (), asked: PlanRequest | None = None) -> Plan:
    """Return what a build of these personas would do and why, of all of the project's without any.

    Reads specs and the store; writes nothing and reaches no network. Raises SpecError with every problem, PlanError for
    a selection that names nothing, and StoreError.
    """
    return space.plan(listed(personas), asked)


@_working
def build(
    space: Workspace,
    what: Plan | Personas = (),
    options: BuildOptions | None = None,
    *,
    listeners: Sequence[Callable[[Event], None]] = (),
) -> BuildReport:
    """Run a plan, or plan personas and run that; return how it and each of its nodes ended.

    A node that fails, or that its gate rejects, is in the report and raises nothing. Each listener is called with every
    event, one at a time, from whatever thread it comes. `space.stop.set()` ends a build after the calls in flight,
    and the next one where none runs.

    Raises what `plan` raises; before anything is bought PinnedArtifactMissing where pinned artifacts are nowhere, and
    OverBudget where a build with a budget is certain to make a call of unknown price, unless `options.keep_going`;
    LockFrozen, and StoreError for what can't be written; TooLittleRead where the embedded writer would keep less of a
    brief than `text.min_coverage`, which the override `++text.min_coverage=0` allows.
    """
    from personaforge.run.refusal import require_whole
    from personaforge.workspace.forecast import require_read

    chosen = what if isinstance(what, Plan) else space.plan(listed(what))
    options = options or BuildOptions()
    if not options.keep_going:
        require_whole(chosen, options.max_cost_usd)
    require_read(chosen)
    return space.build(chosen, options, listeners=listeners)


@_working
def measure(
    space: Workspace, files: Names, *, persona: Persona | None = None, identity: str | None = None
) -> tuple[Measured, ...]:
    """Return the measurements of picture files, in their order; each picture is measured once, here as in a build.

    A measurement's `value` says `status`: `measured`, `no_face` or `unreadable`. Measured ones hold the largest face's
    `box` (4 pixels, origin top left), an `embedding` (base64 of n little-endian float32, L2 norm 1), `ratios` over the
    distance between the eyes, a `pose` in degrees, and `sharpness`.

    The pack is the persona's, the project's without one, or that of conf/identity/`identity`.yaml. Raises MissingExtra
    where nothing can measure, SpecError, and PersonaForgeError for a file that can't be read.
    """
    from personaforge.measuring.evaluation import judging_settings
    from personaforge.measuring.measurements import FileMeasurer, identity_of

    settings = judging_settings(space, _named(persona), identity)
    file_measurer = FileMeasurer(space, identity_of(space, settings), settings.id if persona else "", only_reads=True)
    return tuple(file_measurer.measure_all(listed(files)))


@_working
def policy(space: Workspace, persona: Persona | None = None, *, identity: str | None = None) -> Policy:
    """Return how identity is judged by a persona's settings, the project's without one; see `measure` for `identity`.

    Where a calibration applies to the pack in use, its `calibrated` holds it, and `compare` gives P(same) by it.

    Raises SpecError. `dataclasses.replace(policy, accept_threshold=0.9)` is another policy.
    """
    from personaforge.measuring.evaluation import judging_settings
    from personaforge.measuring.judging import judging_policy
    from personaforge.workspace.calibrations import applied_to

    settings = judging_settings(space, _named(persona), identity)
    analyzer = space.analyzers.of(settings).identity
    if analyzer is None:
        from personaforge.identity.policy import Policy

        return Policy.from_settings(settings.value("identity"))
    return judging_policy(settings, analyzer, applied_to(space.project, analyzer, settings))[0]


def compare(
    anchor: Measured | Mapping[str, Any], candidate: Measured | Mapping[str, Any], policy: Policy
) -> Score | Unmeasured:
    """Score a picture's measurement against the anchor's; pure.

    Takes what `measure` returned, or its `value`. Two of the former by unlike analyzers are unmeasured: their numbers
    can't be compared. A Score has `cosine` in [0, 1], `error`, the mean difference of the ratios, from 0 up, and
    `composite` in [0, 1]; Unmeasured says why there is none. Of several faces that one counts which `policy.face` says.
    """
    from personaforge.identity.people import judge_faces
    from personaforge.identity.references import ANCHOR
    from personaforge.measuring.measurements import Measured

    if isinstance(anchor, Measured) and isinstance(candidate, Measured):
        references = {ANCHOR: anchor.value}
        return judge_faces(
            references, candidate.value, policy, anchor_analyzer=anchor.analyzer, candidate_analyzer=candidate.analyzer
        ).score
    one, other = (each.value if isinstance(each, Measured) else each for each in (anchor, candidate))
    return judge_faces({ANCHOR: one}, other, policy).score


def judge(
    score: Score | ClipScore | Unmeasured, policy: Policy, *, require_measurement: bool = True
) -> ReasonedDecision:
    """Decide about a picture or a clip by its score; pure. A clip is judged by the means over its frames.

    By the composite ACCEPT from `policy.accept_threshold`, RETRY from `policy.retry_threshold`, else REJECT; where
    `policy.mode` is calibrated, and the score has a P(same), likewise by `policy.calibrated`. What shows no face or
    can't be decoded is RETRY; what nothing could measure is REJECT, and with `require_measurement` off ACCEPT with
    `measured` False.
    """
    from personaforge.identity.clip import ClipScore
    from personaforge.identity.decision import judge

    whole = score.score if isinstance(score, ClipScore) else score
    return judge(whole, policy, require_measurement=require_measurement)


@_working
def evaluate(
    space: Workspace,
    files: Names = (),
    *,
    persona: Persona | None = None,
    anchor: Name | None = None,
    record: bool = False,
    identity: str | None = None,
    out_of_domain: bool = False,
    size: tuple[int, int] | None = None,
    expression: str | None = None,
) -> Evaluation:
    """Measure and judge pictures against a persona's anchor, or against a picture file; a named persona's settings hold
    in both cases.

    `files` are files, folders and globs; the persona's own built pictures without any. `record` keeps the evaluations,
    so that `drift` sees them. `out_of_domain` also scores, with a mark, pictures that the pack was not made for. Each
    picture has its score, its decision and, where a calibration holds, P(same) in [0, 1]. `delivered` says how built
    pictures and clips compare with what their positions ask, and all with `size` (width and height in pixels) and
    pictures with `expression`, where given; it decides nothing.

    Raises what `measure` raises, PlanError for a persona without an anchor, and StoreError.
    """
    from personaforge.measuring.evaluation import evaluate

    return evaluate(
        space,
        listed(files),
        persona=_named(persona),
        anchor=None if anchor is None else os.fspath(anchor),
        record=record,
        identity=identity,
        out_of_domain=out_of_domain,
        size=size,
        expression=expression,
    )


@_working
def evaluate_clips(
    space: Workspace,
    files: Names = (),
    *,
    persona: Persona | None = None,
    anchor: Name | None = None,
    identity: str | None = None,
) -> tuple[EvaluatedClip, ...]:
    """Measure and judge clips against a persona's anchor, or against a picture file; a named persona's settings hold in
    both cases.

    `files` are files, folders and globs; the persona's own built clips without any. As in a build, frames are sampled
    as `identity.video` says, and each is compared with the anchor: a ClipScore has their means as `score`, the standard
    deviation and least of the cosine, the variance of each ratio, sharpness over the anchor's, the largest histogram
    distance between neighbours, and `advice` about a repair. Raises what `evaluate` raises.
    """
    from personaforge.measuring.clips import evaluate_clips

    file = None if anchor is None else os.fspath(anchor)
    return evaluate_clips(space, listed(files), persona=_named(persona), anchor=file, identity=identity)


@_working
def calibrate(
    space: Workspace,
    pairs: Name,
    *,
    pack: str | None = None,
    detector_size: str | None = None,
    identity: str | None = None,
    prior: float = 0.5,
    output: Name | None = None,
    write: bool = True,
) -> Calibrated:
    """Measure labelled pairs of pictures and fit error rates, thresholds and P(same) on them.

    `pairs` is a CSV file with the columns path_a, path_b and same (1 or 0), paths relative to its folder. `identity`
    names a file of conf/identity to measure by, whose gates are told, too. `prior` is
    how likely a pair is the same person before it is measured, from 1e-6 to 1 - 1e-6. Written to the project's
    `calibration/`, where `evaluate` looks, or to `output`, unless `write` is off.

    Raises SpecError with every bad line, PersonaForgeError for too few pairs or such as can't be told apart, and
    MissingExtra where nothing can measure.
    """
    from personaforge.measuring.calibration import calibrate

    return calibrate(
        space,
        os.fspath(pairs),
        pack=pack,
        detector_size=detector_size,
        identity=identity,
        prior=prior,
        output=None if output is None else os.fspath(output),
        write=write,
    )


@_working
def drift(
    space: Workspace,
    persona: Persona,
    *,
    last: int | None = None,
    modality: str | None = None,
    overrides: Sequence[str] = (),
) -> Drift:
    """Return a persona's timelines since its anchor was pinned, one for each metric and analyzer, with their verdicts.

    A timeline's `values` are oldest first, in its metric's unit; `finding.verdict` is improving, stable, degrading or
    insufficient. `last` looks at so many of the newest records alone, `modality` (face, video, text, quality, likeness,
    delivered or failures) at one kind; `overrides` such as `drift.records_per_alarm=1000` replace settings. Raises
    PlanError where nothing has been measured, SpecError, and PersonaForgeError for a `last` below 1 and a modality that
    isn't one of these.
    """
    from personaforge.drift.timelines import drift
    from personaforge.spec.measures import TIMELINES, nearest

    if last is not None:
        whole("last", last, 1)
    if modality is not None and modality not in TIMELINES:
        text = f"modality is {modality!r}, which has no timelines"
        raise PersonaForgeError(text, hint=nearest(str(modality), TIMELINES))
    return drift(space, named(persona), last=last, modality=modality, overrides=texts("overrides", overrides))


@_working
def acknowledge(
    space: Workspace, persona: Persona, timelines: Sequence[str] = (), *, by: str, reason: str
) -> Acknowledged:
    """Acknowledge the changes that are open in some of a persona's timelines, or in all: what they have been since is
    what is meant, and their charts begin anew there. `forge drift ack`.

    A timeline is named by its metric (`composite`), or by its modality for all of its metrics. Who decides (`by`) and
    why (`reason`) is kept on record and shown with the timeline from then on; nothing is measured or made. The result
    has what was acknowledged (`made`), and as text those of the named timelines in which no change is open (`nothing`).
    Raises PlanError for an unknown persona or timeline, where nothing has been measured, and for a `by` or `reason`
    that says nothing or can't be printed in a line; SpecError; and StoreError where the store can't be written.
    """
    from personaforge.drift.acceptance import acknowledge

    for name, text in (("by", by), ("reason", reason)):
        if not isinstance(text, str):
            raise PersonaForgeError(f"{name} is {text!r}, expected a text", hint=f'{name}="..."')
    return acknowledge(space, named(persona), texts("timelines", timelines), by=by, reason=reason)


@_working
def query(
    space: Workspace,
    sql: str,
    *,
    allow_files: bool = False,
    memory_gigabytes: float | None = None,
    seconds: float | None = None,
) -> Rows:
    """Ask the warehouse, brought up to date with the records: one SELECT of DuckDB's, or the name of a table or view.

    Returns the columns' names and all rows, held in memory. It only reads, within the project's bounds of memory (GB)
    and time (seconds) where they aren't given here; files only where `allow_files` says so. Raises QueryError for what
    can't be answered, OutOfBounds, and StoreError.
    """
    from personaforge.warehouse.bounds import Bounds
    from personaforge.warehouse.query import answered

    bounds = Bounds.of(space.group("store"), memory_gigabytes=memory_gigabytes, seconds=seconds)
    return answered(space.store, sql, allow_files=allow_files, bounds=bounds)


@_working
def contexts(space: Workspace) -> Mapping[str, FashionContext]:
    """Return every fashion context that the project declares, ours included, by name. Raises SpecError."""
    from personaforge.spec.staging import Fashion

    return Fashion.model_validate(space.group("fashion")).contexts


def context(space: Workspace, name: str) -> FashionContext:
    """Return one fashion context. Raises SpecError, with the nearest name, for an unknown one."""
    from personaforge.spec.measures import nearest

    found = contexts(space)
    if name not in found:
        text = f"found {name!r}, which is no fashion context"
        raise SpecError(Problem("", "fashion.contexts", text, nearest(name, found)))
    return found[name]
