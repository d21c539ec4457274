"""Renders every template of a persona before anything is built: the requests of a whole build, with stand-in results.

What a model would answer is an instance of its output schema with the pinned values in place, and what a provider
would draw is nothing at all: the procedures run up to their first call, and nobody performs it. So a name that a
template has wrong is found with file and line, free of charge, without the network, and also where the provider of now
reads no prompt. A retry's, a repair's and a second reader's prompts are rendered besides. What isn't found is an error
in a branch that the stand-ins don't take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from personaforge.digest import digest_strings
from personaforge.errors import PersonaForgeError, Problem, SpecError
from personaforge.identity.decision import Decision
from personaforge.plan.graph import Shape, ShapeNode
from personaforge.providers.capability import Capability
from personaforge.providers.table import capability
from personaforge.spec.instances import instance
from personaforge.spec.settings import Settings, View
from personaforge.steps.action import Action, Outcome, Output, Result
from personaforge.steps.attempts import Attempt, Made
from personaforge.steps.completion import BadAnswer, completion
from personaforge.steps.context import AnalyzerRef, Artifacts, Context
from personaforge.steps.images import draw, position_of
from personaforge.steps.judgement import Judgement
from personaforge.steps.material import SUMMARY
from personaforge.steps.text import SECTION, SECTIONS, sections_of
from personaforge.steps.video import film
from personaforge.store.artifact import Artifact
from personaforge.templating import Templates

_PROMPTS = frozenset({"prompt", "system"})
_SOMETHING = "something that was wrong with the last attempt"
_MOST_ACTIONS = 20
"""A procedure that computes its result itself keeps one artifact or two."""


class Rehearsed(NamedTuple):
    """A request that a build would make, with stand-ins for what is not known yet."""

    node: str
    """Within the persona."""
    action: Action


class Rehearsal(NamedTuple):
    """All that a persona would ask for."""

    requests: tuple[Rehearsed, ...]
    """The first call of every node that has any, in the order of the graph."""
    problems: tuple[Problem, ...]
    """Why a template can't be rendered: at its file and line."""


@dataclass
class StandIns:
    """Content by digest, of which nothing is in any store."""

    objects: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    stored: Artifacts | None = None
    """What is really there, for results that are known."""

    def size(self, digest: str, path: str = "") -> int | None:
        """Return an artifact's size."""
        real = self.stored.size(digest, path) if self.stored is not None else None
        return len(self.contents.get(digest, b"")) if real is None else real

    def read(self, digest: str) -> bytes:
        """Return an artifact's bytes."""
        if digest not in self.contents and self.stored is not None and self.stored.size(digest) is not None:
            return self.stored.read(digest)
        return self.contents.get(digest, b"")

    def head(self, digest: str) -> bytes:
        """Return an artifact's first bytes."""
        return self.read(digest)[:64]

    def of(self, name: str, media_type: str, value: Any = None) -> Artifact:
        """Return an artifact that stands for what a node gives."""
        digest = digest_strings("stand-in/1", [name])
        self.objects[digest] = value
        return Artifact(digest, media_type, 0)


class _Context(Context):
    """A context whose JSON artifacts are the stand-ins themselves, so that open objects stay open."""

    def read_json(self, digest: str) -> Any:
        assert isinstance(self.artifacts, StandIns)
        known = self.artifacts.objects.get(digest)
        return known if known is not None else super().read_json(digest)


def rehearse(settings: Settings, shape: Shape, templates: Templates) -> Rehearsal:
    """Render all requests of a persona. Reads templates; writes nothing and reaches nobody."""
    artifacts, outcomes = StandIns(), dict[str, Outcome]()
    requests: list[Rehearsed] = []
    problems: dict[Problem, None] = {}
    retried: set[str] = set()
    for node in shape.nodes:
        context = _context(settings, shape, node, templates, artifacts, outcomes)
        outcome = None
        try:
            if not node.kind.origin and (node.templates or not node.kind.pinned):
                action, outcome = _first(node, context)
                requests += [Rehearsed(node.name, action)] if action is not None else []
            if not node.kind.origin and node.templates and node.step not in retried:
                retried.add(node.step)
                _retries(node, context, shape)
        except SpecError as error:
            for problem in error.problems:
                problems[problem._replace(path=problem.path or f"pipeline.steps.{node.step}")] = None
        except (PersonaForgeError, LookupError, TypeError, ValueError):
            pass  # the stand-ins are not enough for what this pipeline does: nothing is known of its templates
        outcomes[node.name] = outcome or _stand_in(node, context, settings)
    return Rehearsal(tuple(requests), tuple(problems))


def rehearsed(
    settings: Settings,
    shape: Shape,
    templates: Templates,
    name: str,
    known: Mapping[str, Outcome],
    stored: Artifacts,
) -> tuple[Action | None, list[str]]:
    """Return the first request of one node, rendered over what is `known` of the nodes that it needs and stand-ins for
    the others, and the names of those. None for a node that asks nobody. Raises SpecError for a template that can't be
    rendered."""
    wanted, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one not in wanted:
            wanted.add(one)
            waiting += shape.by_name[one].needs if one not in known else ()
    artifacts, outcomes = StandIns(stored=stored), dict(known)
    for node in shape.nodes:
        if node.name not in wanted or (node.name in known and node.name != name):
            continue
        context = _context(settings, shape, node, templates, artifacts, outcomes)
        action = outcome = None
        try:
            if not node.kind.origin and (node.templates or not node.kind.pinned):
                action, outcome = _first(node, context)
        except (LookupError, TypeError, ValueError):
            pass  # the stand-ins are not enough for what this pipeline does
        if node.name == name:
            return action, [one for one in node.needs if one not in known]
        outcomes[node.name] = outcome or _stand_in(node, context, settings)
    return None, []


def _context(
    settings: Settings,
    shape: Shape,
    node: ShapeNode,
    templates: Templates,
    artifacts: StandIns,
    outcomes: Mapping[str, Outcome],
) -> Context:
    return _Context(
        node=node.node(settings.id, settings.origin),
        settings=View(settings, node.reads, f"{settings.id}/{node.name}"),
        needs={name: outcomes[name] for name in node.needs},
        artifacts=artifacts,
        templates=templates,
        analyzer_ref=AnalyzerRef({"pack": "stand-in", "pack_digest": ""}),
        capability=_reading_prompts,
        kinds={name: shape.by_name[name].kind.name for name in node.needs},
    )


def _reading_prompts(modality: str, name: str) -> Capability:
    """Return a provider's capability as if it read prompts: one without any may be replaced tomorrow."""
    fixed = capability(modality, name)
    return fixed._replace(reads=fixed.reads | _PROMPTS)


def _first(node: ShapeNode, context: Context) -> tuple[Action | None, Outcome | None]:
    """Run a procedure up to its first call; return that, or the outcome of one that makes none."""
    if node.kind.role in ("profile", "finish", "placement", "anchor", "document", "sheet"):
        return None, None  # nothing of a template is in these
    procedure = node.kind.start(context)
    try:
        action = next(procedure)
        for _ in range(_MOST_ACTIONS):
            if action.content is None:
                procedure.close()
                return action, None
            made = Artifact(action.request["digest"], action.request["media_type"], len(action.content))
            assert isinstance(context.artifacts, StandIns)
            context.artifacts.contents[made.digest] = action.content
            action = procedure.send(Result(action, {"content": made}, {}))
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return None, outcome
    return None, None


def _retries(node: ShapeNode, context: Context, shape: Shape) -> None:
    """Render what is asked after an attempt that failed: once for each step, since its nodes share the template."""
    tried = [Attempt(0, Made({}), Judgement(Decision.RETRY, 0.0, corrections=(_SOMETHING,)))]
    if node.kind.role == "picture":
        slot, position = position_of(context)
        reference = context.of_kind("anchor").outputs["anchor"].artifact
        for before in ((), tried):
            draw(context, position, slot, reference, 1, before)
    elif node.kind.role == "clip":
        for before in ((), tried):
            film(context, 1, before)
    elif node.kind.role in ("summary", "section", "review"):
        sections = sections_of(context)
        completion(context, node.step, sections, problems=(_SOMETHING,), attempt=1)
        answer = Artifact(digest_strings("stand-in/1", ["answer"]), "text/plain", 0)
        bad = BadAnswer(answer, "{}", str(node.declaration["model"]))
        completion(context, node.step, sections, problems=(_SOMETHING,), bad=bad)
        if node.kind.role == "review":
            _revisions(node, context, shape, sections)


def _revisions(node: ShapeNode, context: Context, shape: Shape, sections: Mapping[str, Any]) -> None:
    """Render the drafts as a second reader has them made anew, with its findings."""
    settings = context.settings
    verdict = instance(settings[f"schema.{settings[f'pipeline.steps.{node.step}.schema']}"])
    findings: Sequence[Mapping[str, Any]] = verdict.get("findings", []) if isinstance(verdict, Mapping) else []
    for name in node.needs:
        step = shape.by_name[name]
        if step.kind.role == "section":
            needed = {shape.by_name[need].declaration.get("section") for need in step.needs}
            earlier = {section: value for section, value in sections.items() if section in needed}
            completion(context, step.step, earlier, findings=findings, attempt=0, stream="#stand-in")


def _stand_in(node: ShapeNode, context: Context, settings: Settings) -> Outcome:
    """Return what stands for a node's result."""
    artifacts = context.artifacts
    assert isinstance(artifacts, StandIns)
    role, step = node.kind.role, node.declaration
    if role == "summary":
        value = instance(settings.get(f"schema.{step['schema']}"))
        return _outcome({SUMMARY: artifacts.of(node.name, "application/json", value)}, {})
    if role == "section":
        section = str(step["section"])
        value = instance(settings.get(f"schema.{step['schema']}"), (settings.get("pinned") or {}).get(section))
        made = {SECTION: artifacts.of(node.name, "application/json", value)}
        return _outcome(made, {"section": section})
    if role in ("review", "profile"):
        return _outcome({SECTIONS: artifacts.of(node.name, "application/json", sections_of(context))}, {})
    media = {"clip": "video/webm", "sound": "audio/mpeg"}.get(role, "image/png")
    return _outcome({name: artifacts.of(f"{node.name} {name}", media) for name in node.kind.what.outputs}, {})


def _outcome(made: Mapping[str, Artifact], facts: Mapping[str, Any]) -> Outcome:
    return Outcome("accepted", {name: Output(artifact, "") for name, artifact in made.items()}, facts)


def template_problems(settings: Settings, shape: Shape, templates: Templates, file: str) -> Iterator[Problem]:
    """Yield why templates of a persona can't be rendered; `file` is named where a problem names none."""
    for problem in rehearse(settings, shape, templates).problems:
        yield problem._replace(where=problem.where or file)
