"""Compares an auditor's marks with reference marks: `forge audit calibrate`.

The judge is the review step of the project's pipeline, with its prompt, model, schema and provider: what a build would
ask, once for each document, and never a revision. An answer is an action as in a build: kept by its key, journalled and
within the budget, so a second call asks nobody. Nothing else is kept.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.errors import BackendError, PersonaForgeError
from personaforge.measuring.agreement import Agreement, Pair, agreement
from personaforge.measuring.golden import SHIPPED, Golden, Marked, read_golden
from personaforge.plan.contents import Contents
from personaforge.plan.replay import result_of
from personaforge.plugins.loading import kept_in_force
from personaforge.providers.table import KNOWN, capability
from personaforge.run.actions import Engine, Tally
from personaforge.run.limits import Stopped
from personaforge.run.runner import MAX_THREADS
from personaforge.run.setup import calls_at_once, engine_of, settle_recorded
from personaforge.spec.load import Loader
from personaforge.spec.settings import Settings, View
from personaforge.steps.action import Action, Result
from personaforge.steps.attempts import call
from personaforge.steps.choices import Choice
from personaforge.steps.completion import completion, reply_of
from personaforge.steps.context import AnalyzerRef, Context, Node
from personaforge.steps.mending import answer_problems, mended, reason_of
from personaforge.steps.table import step_kind
from personaforge.workspace.keys import key_notice, unset_keys
from personaforge.workspace.workspace import Workspace

REVIEW = "review"
"""The kind of step whose judge is compared."""
_NOBODY = "id: audited\nbrief: Somebody.\n"
"""A persona for composing the settings; each document's own id, brief and pins take the place of these."""
_NODE = "(golden set)"
"""In place of a persona's id in the journal and in `forge cost`; no id has such a form."""


class Verdict(NamedTuple):
    """What the judge said of one document."""

    document: Marked
    marks: Mapping[str, float | None]
    """By axis; None: the judge gave no mark. Empty where there is no verdict."""
    reason: str = ""
    """Why there is no verdict."""


class Cost(NamedTuple):
    """What asking about the documents may cost."""

    documents: int
    known: int
    """Documents whose answer is kept already."""
    calls_max: int
    """Calls of a paid provider, with every repair of a bad answer."""
    usd_min: float | None
    """One call for each document that isn't known, with its whole allowance of output, US dollars; None where a price
    is not declared."""
    usd_max: float | None
    """The same where every answer has to be repaired."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return self._asdict()


@dataclass(frozen=True)
class Gate:
    """How often the step's threshold and floor decide alike by either reader's marks, of documents with an axis that
    both marked, and of these axes alone: a build decides by all marks that the judge gives."""

    both_accept: int
    both_return: int
    only_judge_accepts: int
    only_reference_accepts: int


@dataclass(frozen=True)
class AuditCalibrated:
    """The result of one call."""

    golden: Golden
    judge: Mapping[str, str]
    """Step, provider and model."""
    axes: tuple[Agreement, ...]
    gate: Gate
    verdicts: tuple[Verdict, ...]
    cost_usd: float
    unknown_calls: int
    """Paid calls whose cost the provider didn't say."""

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """Documents without a verdict."""
        return tuple(one for one in self.verdicts if one.reason)

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        golden = self.golden
        return {
            "schema": 1,
            "golden": {
                "file": golden.shown,
                "digest": golden.digest,
                "marked_by": golden.marked_by,
                "independent": golden.independent,
                "rule": golden.rule,
                "documents": len(golden.documents),
                "compare": {"by": golden.compared, "groups": list(golden.groups)} if golden.groups else None,
            },
            "judge": dict(self.judge),
            "axes": [one.as_json() for one in self.axes],
            "gate": vars(self.gate),
            "documents": [
                {
                    "id": one.document.id,
                    "marks": dict(one.marks),
                    "reference": dict(one.document.marks),
                    "reason": one.reason,
                }
                for one in self.verdicts
            ],
            "cost_usd": round(self.cost_usd, 6),
            "unknown_calls": self.unknown_calls,
        }


class Judge:
    """The review step of a project's pipeline, before anybody is asked. Raises SpecError for settings and a golden set
    that are wrong, and PersonaForgeError where the pipeline has no such step."""

    def __init__(self, space: Workspace, golden: str | None, overrides: Sequence[str] = ()) -> None:
        self._space = space
        self.settings = _settings(space, overrides)
        steps: Mapping[str, Any] = self.settings.value("pipeline.steps")
        self.step = next((name for name, step in steps.items() if step["kind"] == REVIEW), "")
        if not self.step:
            name = self.settings.get("pipeline.name", "of this project")
            hint = "add pipeline=four_layer, or another pipeline that has one"
            raise PersonaForgeError(f"the pipeline {name} has no step of the kind {REVIEW}", hint=hint)
        self.declared: Mapping[str, Any] = steps[self.step]
        scores = self.settings.value(f"schema.{self.declared['schema']}")["properties"].get("scores", {})
        root = space.project.root if space.project.declared else None
        people = self.settings.get("people")
        self.golden = read_golden(
            SHIPPED if golden is None else golden, list(scores.get("properties", ())), root, people
        )
        self._contents = Contents(space.store, space.store.build_folder("audited"))

    @property
    def described(self) -> dict[str, str]:
        """What judges: step, provider and model."""
        return {"step": self.step, "provider": self.declared["provider"], "model": self.declared["model"]}

    def key_notices(self) -> tuple[str, ...]:
        """Return a sentence for each key that asking needs and that is not set, as a plan says it. No key is read."""
        provider = str(self.declared["provider"])
        group = self.settings.get("text") or {}
        named = str(group.get("key") or "") if provider == group.get("provider") else ""
        missing = unset_keys("text", Choice(provider, str(self.declared["model"])), named)
        return tuple(key_notice(one, provider, f"{self.step}: asking stops there") for one in missing)

    def cost(self) -> Cost:
        """Return what asking may cost. Asks nobody and keeps nothing."""
        fixed = capability("text", self.declared["provider"])
        calls = (1 + int(self.declared["repairs"])) if fixed.mends else 1
        prices: list[float | None] = []
        known = 0
        for document in self.golden.documents:
            missing = self._missing(document)
            if missing is None:
                known += 1
            elif missing.price.paid:
                prices.append(missing.price.usd)
        sums = None if None in prices else sum(price for price in prices if price is not None)
        most = None if sums is None else sums * calls
        return Cost(len(self.golden.documents), known, len(prices) * calls, sums, most)

    def _missing(self, document: Marked) -> Action | None:
        """Return the first action of a document's reading that isn't known; None where all are."""
        reading = self._reading(document)
        try:
            action = next(reading)
            while True:
                known = result_of(action, self._space.store.find(action.key))
                if known is None:
                    return action
                action = reading.send(known)
        except StopIteration:
            return None

    def asked(self, max_cost_usd: float | None = None) -> AuditCalibrated:
        """Ask about every document whose answer isn't known, and compare. A document without a verdict has a reason;
        once asking as such fails (money, key, network) nobody further is asked. Raises StoreError."""
        from personaforge.store.presence import at_work

        space = self._space
        settle_recorded(space.store)
        settings = [self.settings]
        with kept_in_force(space.project), at_work(space.store.folder):
            engine = engine_of(space.store, space.analyzers.analyzer, space.stop, settings, max_cost_usd)
            away = capability("text", self.declared["provider"]).remote
            threads = min(calls_at_once(settings), MAX_THREADS) if away else 1
            pool = ThreadPoolExecutor(max(1, threads), "forge")
            halted: list[str] = []
            try:
                futures = [pool.submit(self._verdict, engine, one, halted) for one in self.golden.documents]
                verdicts = tuple(future.result() for future in futures)
            except BaseException:
                space.stop.set()  # nothing new is sent; calls in flight are paid for, and waited for
                raise
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                engine.executors.close()
                space.stop.clear()
        spent = engine.budget
        return AuditCalibrated(
            self.golden,
            self.described,
            tuple(self._agreement(axis, verdicts) for axis in self._axes()),
            self._gate(verdicts),
            verdicts,
            spent.spent_usd,
            spent.unknown_calls,
        )

    def _axes(self) -> list[str]:
        marked = {axis for document in self.golden.documents for axis in document.marks}
        schema = self.settings.value(f"schema.{self.declared['schema']}")
        return [axis for axis in schema["properties"]["scores"]["properties"] if axis in marked]

    def _verdict(self, engine: Engine, document: Marked, halted: list[str]) -> Verdict:
        if halted:
            return Verdict(document, {}, f"not asked, because asking about {halted[0]} failed")
        reading = self._reading(document)
        tally = Tally()
        try:
            action = next(reading)
            while True:
                try:
                    node = f"{_NODE}/{self.step}/{document.id}"
                    result = engine.perform(action, "", node, tally, self._contents)
                except BackendError as error:
                    action = reading.throw(error)
                else:
                    action = reading.send(result)
        except StopIteration as stop:
            verdict: Verdict = stop.value
            return verdict
        except Stopped:
            return Verdict(document, {}, "not asked: stopped")
        except BackendError as error:
            halted.append(document.id)
            return Verdict(document, {}, f"{error}{f' ({error.hint})' if error.hint else ''}")

    def _reading(self, document: Marked) -> Generator[Action, Result, Verdict]:
        """Have one document read: a completion of the review step, with its repairs."""
        context = self._context(document)
        actions = completion(context, self.step, document.sections)
        result = yield from call(actions)
        result, _ = yield from mended(context, self.step, document.sections, result)
        if result.blocked:
            return Verdict(document, {}, f"blocked: {result.blocked}")
        problems = answer_problems(context, self.step, reply_of(result), result.value)
        if problems:
            why = reason_of(context, self.step, problems, result.value).partition("; `forge explain")[0]
            return Verdict(document, {}, why)
        scores = context.read_json(reply_of(result).digest)["scores"]
        return Verdict(document, {axis: None if mark is None else float(mark) for axis, mark in scores.items()})

    def _context(self, document: Marked) -> Context:
        persona = {**self.settings.persona, "id": document.id, "brief": document.brief, "pinned": document.pinned}
        kind = step_kind(REVIEW)
        node = Node(document.id, self.step, "", REVIEW, (), ())
        settings = Settings(persona, self.settings.groups)
        return Context(
            node=node,
            settings=View(settings, kind.paths(self.step, self.declared, ""), node.id),
            needs={},
            artifacts=self._contents,
            templates=self._space.templates,
            analyzer_ref=AnalyzerRef(None),
            capability=capability,
        )

    def _agreement(self, axis: str, verdicts: Sequence[Verdict]) -> Agreement:
        pairs = []
        only_reference = only_judge = 0
        for one in verdicts:
            if one.reason or axis not in one.document.marks or axis not in one.marks:
                continue
            reference, judged = one.document.marks[axis], one.marks[axis]
            if reference is not None and judged is not None:
                pairs.append(Pair(one.document.persona, one.document.group, reference, judged))
            only_reference += reference is not None and judged is None
            only_judge += reference is None and judged is not None
        return agreement(axis, pairs, self.golden.groups, only_reference=only_reference, only_judge=only_judge)

    def _gate(self, verdicts: Sequence[Verdict]) -> Gate:
        both = []
        for one in verdicts:
            # The mean of four marks says nothing beside that of one other: only what both marked is compared.
            axes = [axis for axis, mark in one.document.marks.items() if mark is not None and _given(one.marks, axis)]
            judge, reference = ({axis: marks[axis] for axis in axes} for marks in (one.marks, one.document.marks))
            both.append((self._accepts(judge), self._accepts(reference)))
        found = [(judge, reference) for judge, reference in both if judge is not None and reference is not None]
        return Gate(*(found.count(pair) for pair in ((True, True), (False, False), (True, False), (False, True))))

    def _accepts(self, marks: Mapping[str, float | None]) -> bool | None:
        """Return whether the step would accept these marks; None where nothing was judged."""
        given = [mark for mark in marks.values() if mark is not None]
        if not given:
            return None
        mean = round(sum(given) / len(given), 4)
        return mean >= float(self.declared["threshold"]) and min(given) >= float(self.declared["floor"])


def _given(marks: Mapping[str, float | None], axis: str) -> bool:
    return marks.get(axis) is not None


def _settings(space: Workspace, overrides: Sequence[str]) -> Settings:
    """Return the project's settings with these overrides, for nobody in particular. Raises SpecError."""
    loader = Loader(space.project, domains=KNOWN)
    with tempfile.TemporaryDirectory(prefix="forge-audit-") as folder:
        file = Path(os.path.realpath(folder), "audited.yaml")
        file.write_text(_NOBODY, encoding="utf-8")
        return loader.load(file, overrides).settings
