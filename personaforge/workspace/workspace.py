"""One project, opened once: what the commands and `personaforge.api` call."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from personaforge.arguments import number, texts, whole
from personaforge.digest import digest_file
from personaforge.errors import LockFrozen, PersonaForgeError, PlanError, Problem, SpecError, StoreError
from personaforge.listing import told_once
from personaforge.plan.gates import policy_remark
from personaforge.plan.plan import Plan, PlanRequest, Selection
from personaforge.plan.planner import Planner
from personaforge.plan.renamed import pinned_anchor
from personaforge.plan.resolver import PlanContext
from personaforge.plugins.force import Plugin
from personaforge.plugins.loading import activate, kept_in_force
from personaforge.providers.table import KNOWN
from personaforge.results.results import DOCUMENT, Results
from personaforge.spec.consent import consent_problems
from personaforge.spec.kinds import kind_named
from personaforge.spec.licence_use import licence_use
from personaforge.spec.load import Broken, Loaded, Loader
from personaforge.spec.persona_files import resolve_personas
from personaforge.spec.project import Project, persona_id, project_of
from personaforge.store.store import StatCache, Store
from personaforge.templating import Templates
from personaforge.workspace.analyzers import Analyzers, AnalyzerSource
from personaforge.workspace.calibrations import judged_by
from personaforge.workspace.selection import selected

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from personaforge.run.build_report import BuildReport
    from personaforge.run.events import Event


Persona: TypeAlias = "str | os.PathLike[str] | Loaded"
Personas: TypeAlias = "Persona | Iterable[Persona]"


def listed(names: Personas) -> list[str]:
    """Return names of personas or files as texts: one as one, never as its letters. Raises PersonaForgeError."""
    found = [names] if isinstance(names, (str, os.PathLike, Loaded)) or not isinstance(names, Iterable) else names
    return [named(one) for one in found]


def named(persona: Persona) -> str:
    """Return a persona or a file as a text: a loaded one by its file. Raises PersonaForgeError for anything else."""
    if isinstance(persona, Loaded):
        return str(persona.file)
    if not isinstance(persona, (str, os.PathLike)):
        raise PersonaForgeError(f"found {persona!r}, expected a name, a path or a loaded persona")
    return os.fspath(persona)


@dataclass(frozen=True)
class BuildOptions:
    """How a build runs. None means the setting's value. Raises PersonaForgeError for a number out of its range."""

    jobs: int | None = None
    """Nodes at once that take a processor, 1 to 256."""
    keep_going: bool = False
    """Whether nodes that don't depend on a failed one are built all the same."""
    max_cost_usd: float | None = None
    """US dollars that may be spent at most, from 0 up."""
    pool: Callable[[int], Executor] | None = None
    """Makes what runs the nodes, for so many at once, such as `ThreadPoolExecutor`, in place of forge's own threads.
    It has to run them in this process, and is shut down at the end of the build."""

    def __post_init__(self) -> None:
        """Raise PersonaForgeError for numbers that can't bound a build."""
        if self.jobs is not None:
            whole("jobs", self.jobs, 1, 256)
        if self.max_cost_usd is not None:
            number("max_cost_usd", self.max_cost_usd, 0)


@dataclass
class Workspace:
    """One project with its store, templates and face packs."""

    project: Project
    store: Store
    templates: Templates
    analyzers: AnalyzerSource
    plugins: tuple[Plugin, ...] = ()
    """Those in force: the project asks for them, and this machine allows them."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set to end the running builds after the actions in flight, or the next one where none runs. It is cleared once
    they have ended."""
    is_closed: bool = False
    _running: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, personas: Iterable[str] = (), folder: str | None = None) -> Workspace:
        """Open the project that a command is about; see `personaforge.spec.project.project_of`."""
        project = project_of(personas, folder)
        plugins = activate(project)
        store = Store(project)
        digest_of = StatCache(store.index).digest if project.declared else digest_file
        templates = Templates(project.template_folders, store.index if project.declared else None)
        return cls(project, store, templates, Analyzers(digest_of, project), plugins)

    def __enter__(self) -> Workspace:
        self.is_closed = False  # its store opens what it needs again
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()
        self.is_closed = True

    def require_open(self) -> None:
        """Raise PersonaForgeError after the end of `with`: its store is closed."""
        if self.is_closed:
            raise PersonaForgeError("this workspace is closed", hint="open the project again, and work within `with`")

    @property
    def plan_context(self) -> PlanContext:
        """What planning and running share."""
        return PlanContext(self.store, self.templates, judged_by(self.project, self.analyzers.of))

    def _loader(self, gone: dict[str, list[str]] | None = None) -> Loader:
        return Loader(self.project, self.store.index, domains=KNOWN, refused=self.store.keep_refusal, gone=gone)

    def load(
        self,
        personas: Personas,
        overrides: Sequence[str] = (),
        broken: list[Broken] | None = None,
        gone: dict[str, list[str]] | None = None,
    ) -> list[Loaded]:
        """Load personas given as files, folders, ids or globs, one or several; all of the project's when none is given.

        Those that can't be loaded are added to `broken`, if that is given. Raises SpecError otherwise, where nothing is
        left, and for names that match nothing. With a `gone`, which only what shows results may have, files of briefs
        that are no longer there are as they were read last; it gets their names by persona.
        """
        self.plugins = activate(self.project)  # another project may have been opened since
        files = resolve_personas(self.project, listed(personas))
        wanted = texts("overrides", overrides)
        found = self._loader(gone).load_all(files, wanted, broken)
        for one in found:
            self.store.names.learn(one.file, one.settings.id, one.settings.formerly)
        return found

    def validate(self, personas: Personas, overrides: Sequence[str] = ()) -> tuple[list[Problem], list[str]]:
        """Return every problem of personas, of their templates and providers, and the ids that could be loaded."""
        from personaforge.workspace.validation import Validation

        self.plugins = activate(self.project)
        files, wanted = resolve_personas(self.project, listed(personas)), texts("overrides", overrides)
        found, valid = Validation(self._loader(), self.plan_context, self.project).of(files, wanted)
        consent = list(consent_problems(self.project)) if not listed(personas) else []
        return list(dict.fromkeys([*consent, *found])), valid

    def remarks(self, personas: Personas, overrides: Sequence[str] = ()) -> list[str]:
        """Return remarks on personas, without those that can't be loaded. Raises SpecError."""
        from personaforge.plan.foreign import foreign_remark
        from personaforge.spec.domain import domain_remark
        from personaforge.workspace.briefs import brief_remarks
        from personaforge.workspace.words import clothing_remarks, place_remarks

        loaded = self.load(personas, overrides, [])
        settings = [one.settings for one in loaded]
        found = [domain_remark(one.value("pipeline.steps"), one.value("identity"), KNOWN) for one in settings]
        found += [self.analyzers.remark(one) for one in settings] if isinstance(self.analyzers, Analyzers) else []
        found += [policy_remark(one.value("identity.policy")) for one in settings]
        found += [foreign_remark(one.settings, pinned_anchor(one.settings, one.lock)) for one in loaded]
        found += brief_remarks(self.store, loaded)
        found += [said for one in settings for said in (*clothing_remarks(one), *place_remarks(one))]
        return told_once(filter(None, found), [one.id for one in settings])

    def defaults(self, choices: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the project's composed settings without a persona, with other options of groups (`image=litellm`)."""
        from personaforge.spec.compose import Composer

        return Composer(self.project).base(choices)

    def group(self, name: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
        """Return a group as the project declares it, validated, without a persona. Raises SpecError."""
        return self._loader().group(name, overrides)

    def document(self, persona: Persona) -> dict[str, Any]:
        """Return the document of a persona as it was last built. Raises SpecError, PlanError and StoreError."""
        import orjson

        found = [persona] if isinstance(persona, Loaded) else self.load(persona)
        if len(found) != 1:
            raise PlanError(f"{persona} names {len(found)} personas, expected one")
        settings = found[0].settings
        steps = settings.value("pipeline.steps")
        if not any(kind_named(step["kind"]).role == DOCUMENT for step in steps.values()):
            pipeline = settings.value("pipeline.name")
            raise PlanError(
                f"{settings.id} has no document: pipeline {pipeline} has no step of that kind",
                hint="add to its steps: `document: {kind: document, needs: [profile]}`",
            )
        result = Results(self.store, settings).document()
        if result is None:
            raise PlanError(f"{settings.id} has not been built", hint=f"forge build {settings.id}")
        document: dict[str, Any] = orjson.loads(self.store.blobs.get(result.outcome.outputs[DOCUMENT].artifact.digest))
        return document

    def load_node(
        self,
        node: str,
        overrides: Sequence[str] = (),
        broken: list[Broken] | None = None,
        gone: dict[str, list[str]] | None = None,
    ) -> tuple[list[Loaded], str]:
        """Return the personas that a node may belong to, and its name within them: `sofia-reyes/image/07` or
        `image/07`."""
        persona, _, name = node.partition("/")
        ids = [persona_id(path) for path in self.project.persona_files()]
        if persona in ids and name:
            return self.load([persona], overrides, gone=gone), name
        return self.load([], overrides, broken, gone), node

    def plan(
        self,
        personas: Personas,
        asked: PlanRequest | None = None,
        broken: list[Broken] | None = None,
    ) -> Plan:
        """Return what a build would do.

        Personas that can't be loaded or planned are added to `broken`, if that is given. Raises SpecError, PlanError
        and StoreError otherwise, where nothing is left, and for names that match nothing.
        """
        asked = asked or PlanRequest()
        with kept_in_force(self.project):
            loaded = self.load(personas, asked.overrides, broken)
            try:
                return self._plan(loaded, asked)
            except (SpecError, PlanError, StoreError) as error:
                sound = self._plannable(loaded, asked, broken) if broken is not None else []
                if not sound or len(sound) == len(loaded):
                    raise
                del error
            return self._plan(sound, asked)

    def _plannable(self, loaded: Sequence[Loaded], asked: PlanRequest, broken: list[Broken]) -> list[Loaded]:
        """Return the personas that can be planned one by one, and note why the others can't."""
        from personaforge.workspace.validation import placed

        sound = []
        for one in loaded:
            try:
                Planner(self.plan_context, overrides=asked.overrides).plan([one])
            except (SpecError, PlanError, StoreError) as error:
                problems = (
                    placed(error.problems, one, self.project, self.templates, asked.overrides)
                    if isinstance(error, SpecError)
                    else [Problem(error.where or self.project.relative(one.file), "", error.message, error.hint)]
                )
                broken.append(Broken(one.settings.id, one.file, tuple(problems)))
            else:
                sound.append(one)
        return sound

    def _plan(self, loaded: list[Loaded], asked: PlanRequest) -> Plan:
        everything = Planner(self.plan_context, Selection(frozen=asked.frozen), asked.overrides)
        if asked == PlanRequest(overrides=asked.overrides, frozen=asked.frozen):
            return self._with_notices(everything.plan(loaded))
        selection = replace(selected(asked, loaded, everything, self.store), frozen=asked.frozen)
        return self._with_notices(
            Planner(self.plan_context, selection, asked.overrides, everything.shapes).plan(loaded)
        )

    def _with_notices(self, plan: Plan) -> Plan:
        """Add the plug-ins in force, and the notices of former ids, of locks whose persona no longer exists, of what
        briefs state in vain, of keys that are missing, and of licences that don't cover what the pictures are for."""
        from personaforge.persona.notices import plan_notices
        from personaforge.workspace.briefs import brief_notices
        from personaforge.workspace.keys import key_notices
        from personaforge.workspace.undrawn import undrawn_notices

        plan.plugins = tuple(map(str, self.plugins))
        notices = plan_notices(self.store, plan.personas)
        briefs, keys = brief_notices(self.store, plan), key_notices(plan.personas)
        plan.notices = (*plan.notices, *notices, *briefs, *undrawn_notices(self.store, plan), *keys)
        if licence_use(self.project) == "commercial":
            from personaforge.workspace.licences import licence_notices

            plan.notices = (*plan.notices, *licence_notices(self.analyzers, plan.personas))
        plan.notices = tuple(told_once(plan.notices, [one.id for one in plan.personas]))
        return plan

    def unsettled(self, plan: Plan) -> bool:
        """Return whether a build would move something from a persona's former id to its present one."""
        loaded = [persona.loaded for persona in plan.personas if persona.loaded.settings.formerly]
        if not loaded:
            return False
        from personaforge.persona.rename import unsettled

        return any(unsettled(self.store, one.file, one.settings.id, one.settings.formerly) for one in loaded)

    def _settle(self, plan: Plan) -> None:
        """Move files from former ids, under this build's lease on the ids. Raises PlanError where one was renamed
        since."""
        self.store.forget_names()
        for persona in plan.personas:
            loaded, settings = persona.loaded, persona.loaded.settings
            now = self.store.names.present(persona.id)
            if now != persona.id:
                raise PlanError(f"{persona.id} is called {now} by now", hint=f"forge build {now}")
            self.store.names.learn(loaded.file, settings.id, settings.formerly)
            if settings.formerly:
                from personaforge.persona.rename import settle, unsettled

                if plan.selection.frozen and unsettled(self.store, loaded.file, settings.id, settings.formerly):
                    raise LockFrozen(
                        f"{settings.id} was renamed, its lock would be moved, and the lock is frozen",
                        hint=f"forge build {settings.id}; commit the lock",
                    )
                settle(self.store, loaded.file, settings.id, settings.formerly)

    def build(
        self,
        plan: Plan,
        options: BuildOptions | None = None,
        *,
        listeners: Sequence[Callable[[Event], None]] = (),
    ) -> BuildReport:
        """Run a plan and return what became of it. Nodes that fail are in the report; raises StoreError, PlanError,
        LockFrozen and NotLicensed where the build as a whole can't be done.

        Each listener is called with every event, one at a time, from whatever thread it comes.
        """
        from personaforge.run.writable import require_writable
        from personaforge.store.presence import at_work

        if licence_use(self.project) == "commercial":
            from personaforge.workspace.licences import require_licensed

            require_licensed(self.analyzers, plan)
        require_writable(self.store, plan)
        with self._stoppable(), kept_in_force(self.project), at_work(self.store.folder):
            self._settle(plan)
            return self._build(plan, options, listeners)

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Clear `stop` once the last of the builds that run at once has ended: never before, or one would go on."""
        with self._counting:
            self._running += 1
        try:
            yield
        finally:
            with self._counting:
                self._running -= 1
                if not self._running:
                    self.stop.clear()

    def _build(
        self, plan: Plan, options: BuildOptions | None, listeners: Sequence[Callable[[Event], None]]
    ) -> BuildReport:
        from personaforge.run.builds import keep_build
        from personaforge.run.chronicle import Chronicle
        from personaforge.run.runner import Runner
        from personaforge.run.setup import calls_at_once, engine_of, settle_recorded

        options = options or BuildOptions()
        settings = [persona.loaded.settings for persona in plan.personas]
        # Calls whose result was recorded just before a crash must not count as open money in this build's budget.
        settle_recorded(self.store)
        jobs = options.jobs or next((one.value("run.jobs") for one in settings if one.value("run.jobs")), 0)
        chronicle = Chronicle(self.store)
        engine = engine_of(
            self.store,
            self.analyzers.analyzer,
            self.stop,
            settings,
            options.max_cost_usd,
            (*listeners, chronicle),
            jobs,
        )
        runner = Runner(
            self.plan_context,
            engine,
            engine.emit,
            jobs=jobs,
            calls_at_once=calls_at_once(settings),
            keep_going=options.keep_going or any(one.value("run.keep_going") for one in settings),
            stop=self.stop,
            make_pool=options.pool,
        )
        started = time.time()
        try:
            report = runner.run(plan)
        finally:
            engine.executors.close()
            chronicle.close()
        if report.performed:
            keep_build(self.store, plan, report, started, self.templates.texts())
        return report
