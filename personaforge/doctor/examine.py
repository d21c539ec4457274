"""All parts in turn: the function that `forge doctor` calls, and that Python code may call."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from datetime import date

from personaforge.digest import digest_file
from personaforge.doctor import machine, models, outside, packs, providers, store
from personaforge.doctor import project as projects
from personaforge.doctor.finding import Finding, faulty
from personaforge.errors import PersonaForgeError
from personaforge.spec.project import Project
from personaforge.store.store import StatCache
from personaforge.workspace.analyzers import Analyzers


def examine(project: Project, *, live: bool = False, now: float | None = None) -> list[Finding]:
    """Return the findings of a project, which may be an empty folder. Only `live` asks the providers.

    `now` is in seconds since 1970.
    """
    now = time.time() if now is None else now
    index = store.remembered(project)
    # Before the personas are loaded, which may name what a plug-in adds; and said, whatever is wrong with them.
    plugged = _findings("machine", lambda: outside.plugins(project))
    here = [
        *_findings("machine", lambda: machine.machine(project, now)),
        *_findings("machine", lambda: outside.outside(project)),
        *_findings("machine", lambda: outside.remote(project)),
        *plugged,
    ]
    try:
        digest_of = StatCache(index).digest if index is not None else digest_file
        loaded, found = projects.load(project, index)
        used = projects.uses(loaded)
        named, faults = projects.presets(project)
        accounts = providers.accounts(used, named)
        found = [
            *here,
            *found,
            *faults,
            *_findings("providers", lambda: providers.providers(accounts, project.root)),
            *_findings("providers", lambda: providers.addresses(accounts, os.environ)),
            *_findings("models", lambda: models.models(used, models.price_map(), date.fromtimestamp(now))),
            *_findings("packs", lambda: packs.packs(project, loaded, Analyzers(digest_of, project))),
            *_findings("store", lambda: store.store(project, loaded, now)),
        ]
        if live:
            from personaforge.doctor.live import ask

            found += _findings("live", lambda: ask(accounts))
    except PersonaForgeError as error:
        found = [*here, *faulty("project", error)]
    finally:
        if index is not None:
            index.close()
    return [_masked(finding) for finding in found]


def _findings(part: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Return a part's findings, and an error that ended it as one more finding: the other parts go on."""
    try:
        return look()
    except PersonaForgeError as error:
        return faulty(part, error)
    except OSError as error:
        text = f"{error.filename or 'a file'} can't be read: {error.strerror or error}"
        return [Finding(part, "problem", text, "ls -ld shows whose it is")]


def _masked(finding: Finding) -> Finding:
    from personaforge.http.secrets import masked, masked_json

    facts = masked_json(finding.facts)
    return finding._replace(text=masked(finding.text), hint=masked(finding.hint), facts=facts)


def parts(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return findings by part, in the parts' fixed order."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.part, []).append(finding)
    return found
