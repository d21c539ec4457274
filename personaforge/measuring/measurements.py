"""Measures files for commands that are no build, such as `forge eval` and `forge calibrate`: each once, as there.

A measurement names the analyzer that made it, taken from its record where it was known already, so that the
identities can be compared before two measurements are.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.digest import digest_bytes, digest_json
from personaforge.domains import DRAWINGS
from personaforge.errors import MissingExtra, PersonaForgeError, StoreError
from personaforge.faces.capture import OPENCV
from personaforge.faces.parts import OF_CLIPS, UPRIGHT
from personaforge.media.provenance import is_drawing_for_photographs
from personaforge.providers.table import domain_of
from personaforge.results.facts import maker
from personaforge.run.records import keep_record
from personaforge.spec.settings import Group, Settings
from personaforge.steps.action import Action
from personaforge.steps.measurement import (
    expression_action,
    further_request,
    joined,
    measure_action,
    needed_actions,
    part_actions,
    sampling_of,
    share,
)
from personaforge.store.store import Store
from personaforge.workspace.workspace import Workspace

MAX_FILE_BYTES = 256 * 1024 * 1024

Known = tuple[Mapping[str, Any], Mapping[str, str]]
"""A measurement, and the analyzer that made it."""


class Measured(NamedTuple):
    """The measurement of a picture or a clip."""

    digest: str
    """SHA-256 of the file's bytes."""
    value: Mapping[str, Any]
    """See `personaforge.faces.measure`."""
    analyzer: Mapping[str, str]
    """`AnalyzerIdentity.as_json()` of the analyzer that measured."""


class FileMeasurer:
    """Measures bytes with one analyzer, or finds that they have been measured. Safe to call from several threads.

    With `only_reads` it keeps what it measures in a store that is there and may be written, and makes none.
    """

    def __init__(
        self, space: Workspace, identity: Mapping[str, str], persona: str = "", *, only_reads: bool = False
    ) -> None:
        self._store = space.store
        self._identity = identity
        self._persona = persona
        self._knows = bool(persona) or space.project.declared  # measuring two files somewhere leaves no trace there
        self._only_reads = only_reads
        self._keeps = self._knows and (not only_reads or space.store.writable("records", "blobs", "index.db"))
        self._analyzer = space.analyzers.analyzer(identity)
        self._drawn: frozenset[str] | None = None
        self._lock = threading.Lock()
        self._begun: dict[tuple[str, ...], Future[Measured]] = {}

    @property
    def remembers(self) -> bool:
        """Whether what was measured is kept, or would be once something is built here."""
        return self._keeps or not self._knows or not os.path.lexists(self._store.folder)

    def measure(self, data: bytes, sampled: Mapping[str, Any] | None = None) -> Measured:
        """Return a picture's measurement, or a clip's where `sampled` says how its frames are chosen: the settings'
        `identity.video`. Bad bytes and missing faces are outcomes, not errors."""
        digest = digest_bytes(data)
        asked = None if sampled is None else sampling_of(sampled)
        actions = (one for some in self._actions(digest, asked) for one in some)
        key = (*(action.key for action in actions), "" if sampled is None else str(sampled["sampling"]))
        with self._lock:
            future = self._begun.get(key)
            ours = future is None
            if future is None:
                future = self._begun[key] = Future()
        if ours:  # equal files are measured once, however many of them there are
            try:
                future.set_result(self._measured(data, digest, sampled))
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def _measured(self, data: bytes, digest: str, sampled: Mapping[str, Any] | None) -> Measured:
        from personaforge.faces.looks import look_through
        from personaforge.faces.measure import measure_clip, measure_image
        from personaforge.faces.upright import second_look
        from personaforge.media.provenance import with_domain

        def measured(wanted: tuple[Action, ...], work: Callable[[], Mapping[str, Any]]) -> Known:
            known = self._known(wanted)
            if known is not None:
                return known
            started = time.time()
            value = with_domain(work(), data, self._identity)
            for action in wanted:
                self._keep(action, share(action, value), started, time.time() - started)
            return value, self._identity

        def clip(request: Mapping[str, Any]) -> Mapping[str, Any]:
            return measure_clip(data, self._analyzer, **request)

        def looks(action: Action) -> Mapping[str, Any]:
            return look_through(data, self._analyzer, reader=action.request.get("reader", OPENCV))

        request = None if sampled is None else sampling_of(sampled)
        work = partial(measure_image, data, self._analyzer) if request is None else partial(clip, request)
        actions, own = self._actions(digest, request)
        value, analyzer = measured(actions, work)
        while request is not None and sampled is not None and (more := further_request(request, value, sampled)):
            request, work = more, partial(clip, more)
            actions, own = self._actions(digest, request)
            value, analyzer = measured(actions, work)
        for action in needed_actions(_kind(request), self._identity, digest, value, request):
            upright = action.request["part"] == UPRIGHT
            if not upright and any("people" in one for one in (value, *value.get("frames", ()))):
                # read just now, together with the largest face
                self._keep(action, share(action, value), time.time(), 0.0)
                continue
            found, _ = measured((action,), (lambda: second_look(data, self._analyzer)) if upright else work)
            value = joined(value, share(action, found))
        if value["status"] == "measured":
            for action in own:
                value = joined(value, share(action, measured((action,), partial(looks, action))[0]))
        return Measured(digest, self._told(value, digest, data), analyzer)

    def expressions(self, data: bytes, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the expressions of a picture's faces, `value` being its measurement; see `faces.expression`. Empty
        where its points show none."""
        from personaforge.faces.measure import measure_image
        from personaforge.media.provenance import with_domain

        action = expression_action(self._identity, digest_bytes(data), value)
        if action is None:
            return {}
        known = self._known((action,))
        if known is not None:
            return known[0]
        started, found = time.time(), value
        if "expressions" not in value:  # else it was measured a moment ago, with all the rest
            found = with_domain(measure_image(data, self._analyzer), data, self._identity)
        kept = share(action, found)
        self._keep(action, kept, started, time.time() - started)
        return kept

    def _actions(self, digest: str, request: Mapping[str, Any] | None) -> tuple[tuple[Action, ...], tuple[Action, ...]]:
        """Return the actions of a picture or a clip's sampled frames, and those of a clip as a whole."""
        asked = (_kind(request), self._identity, digest, request)
        parts = part_actions(*asked)
        own = tuple(action for action in parts if action.request.get("part") in OF_CLIPS)
        return (measure_action(*asked), *(action for action in parts if action not in own)), own

    def measure_all(self, files: Iterable[str], sampled: Mapping[str, Any] | None = None) -> list[Measured]:
        """Return the measurements of files, in their order; see `measure`. Raises PersonaForgeError for a file that
        can't be read."""
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(lambda file: self.measure(read_file(file), sampled), files))

    def _known(self, actions: Iterable[Action]) -> Known | None:
        """Return a measurement that is on record with all of its parts, and the analyzer that the record names."""
        if not self._knows:
            return None
        whole: Mapping[str, Any] = {}
        analyzer: Mapping[str, str] = {}
        for action in actions:
            record = self._store.find(action.key)
            if record is None:
                return None
            whole = joined(whole, record["value"]) if whole else record["value"]
            analyzer = analyzer or record["parts"]["request"]["analyzer"]
            if whole["status"] == "unreadable":
                return None  # reading it again costs little, and may find what an older version did not
            if whole["status"] != "measured":
                break  # there is no face to measure another part of
        return whole, analyzer

    def _keep(self, action: Action, value: Mapping[str, Any], started: float, seconds: float) -> None:
        """Keep a measurement that isn't kept yet, where the store may be written."""
        if not self._keeps or self._store.find(action.key) is not None:
            return
        try:
            keep_record(self._store, action, value, started=started, seconds=seconds, persona=self._persona)
        except StoreError:
            if not self._only_reads:
                raise
            self._keeps = False

    def _told(self, value: Mapping[str, Any], digest: str, data: bytes) -> Mapping[str, Any]:
        """Return a measurement, in its pack's domain also where only the store knows that the picture was drawn here.

        The store is asked where the file itself doesn't say so, and once. A drawing that says so is out of the domain
        of a pack for photographs; records don't hold that, since builds go by thresholds that were accepted before.
        """
        if value["status"] != "unreadable" and is_drawing_for_photographs(self._identity, data):
            return {**value, "in_domain": False, "domain": DRAWINGS.name}
        if value.get("in_domain") is not False:
            return value
        if self._drawn is None:
            self._drawn = drawn_here(self._store)
        return {**value, "in_domain": digest in self._drawn}


def _kind(sampled: Mapping[str, Any] | None) -> str:
    return "measure" if sampled is None else "measure_clip"


def drawn_here(store: Store) -> frozenset[str]:
    """Return the digests of what providers drew here that make drawings, by the last outcomes of all nodes."""
    draws = cache(_draws)
    results = (result for persona in store.index.personas() for result in store.index.results(persona))
    drawn = (result.digests for result in results if draws(maker(result.outcome.facts).provider))
    return frozenset().union(*drawn)


def _draws(provider: str) -> bool:
    """Tell whether a provider makes drawings, whether pictures or clips."""
    return any(domain_of(modality, provider) == DRAWINGS.name for modality in ("image", "video"))


def identity_of(space: Workspace, settings: Settings) -> Mapping[str, str]:
    """Return the analyzer that measures under these settings. Raises MissingExtra if there is none."""
    analyzer_ref = space.analyzers.of(settings)
    if analyzer_ref.identity is None:
        raise MissingExtra(f"nothing can measure faces here: {analyzer_ref.reason}", hint=analyzer_ref.hint)
    return analyzer_ref.identity


def project_settings(space: Workspace, option: str | None = None, **identity: str | None) -> Settings:
    """Return the project's own settings of judging, without a persona's: the groups `identity`, `quality` and
    `delivered`. Values
    of `identity` that are given here and not None replace them.

    `option` names a file of conf/identity to take in place of the project's choice. Raises SpecError with all that is
    wrong in the three groups: nothing is judged by what `forge validate` refuses.
    """
    from personaforge.spec.validation import validated_group

    given = {name: value for name, value in identity.items() if value is not None}
    composed = space.defaults(() if option is None else (f"identity={option}",))
    groups = {name: validated_group(name, composed[name]) for name in ("identity", "quality", "delivered")}
    groups["identity"] = {**groups["identity"], **given}  # options of commands, whose values those refuse
    return Settings({"id": ""}, {name: Group(digest_json("group/1", group), group) for name, group in groups.items()})


def where_looked(path: str) -> str:
    """Return a hint for a file that isn't found: from where its path counts."""
    return "" if os.path.isabs(path) else f"relative paths count from the current folder, {os.getcwd()}"


def kept_name(path: str) -> str:
    """Return a file's name as a record can hold it: bytes that are no UTF-8 are written out, `\\udcff` for FF."""
    return os.path.basename(path).encode("utf-8", "backslashreplace").decode()


def read_file(path: str) -> bytes:
    """Return a picture file's bytes. Raises PersonaForgeError when it can't be read, and beyond 256 MiB."""
    try:
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            raise PersonaForgeError(f"{path} is no file", hint="name a picture")  # a pipe or a device would never end
        if about.st_size > MAX_FILE_BYTES:
            raise PersonaForgeError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB")
        return Path(path).read_bytes()
    except OSError as error:
        raise PersonaForgeError(f"{path} can't be read: {error.strerror}", hint=where_looked(path)) from error
