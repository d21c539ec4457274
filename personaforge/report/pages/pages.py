"""Facts, pictures and charts to HTML files: `report`, which `forge report` calls.

Style and small pictures are inside every page; pictures, clips and sounds at their full size lie in a folder beside it,
unless the page is to stand for itself. A persona's page has no script, the project's one that sorts and filters, and a
content security policy forbids the browser any other, and to fetch anything but those files. All that came from a spec,
a record or a file name is a stranger's text, which Jinja2 escapes. No clock is read, so equal stores give equal bytes.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from personaforge import __version__
from personaforge.errors import PersonaForgeError, PlanError, StoreError
from personaforge.plan.plan import PersonaPlan, PlanRequest
from personaforge.report.drift.attribution import headline, how_much, percent, told
from personaforge.report.pages.album import RUNGS, Album
from personaforge.report.pages.facts import PersonaFacts, Summary
from personaforge.spec.load import Broken
from personaforge.spec.project import persona_id
from personaforge.store.files import write_atomic
from personaforge.store.pages import FILES, FOLDER, PROJECT_PAGE, page_name, sweep
from personaforge.workspace.workspace import Workspace

MAX_BYTES = 3_000_000
"""Of a persona's page: pictures are made smaller until it fits, and with hundreds of them it may still not."""

SOURCES = " 'self' file:"
"""Of what lies beside a page, in its content security policy: both on a server and on a disk."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""What HTML forbids, and what turns the direction of the text around it."""


class Script(NamedTuple):
    """A script of ours."""

    text: str
    hash: str
    """As a content security policy writes it."""


@dataclass(frozen=True)
class Page:
    """A page that was written."""

    persona: str
    path: Path
    size: int
    """Bytes."""
    summary: Summary
    """The persona's state."""

    def as_json(self) -> dict[str, Any]:
        """Return the page's place and the persona's state as JSON."""
        one = self.summary
        return {
            "persona": self.persona,
            "path": str(self.path),
            "bytes": self.size,
            "state": one.state,
            "accepted": one.counts["accepted"],
            "of": one.total,
            "mean": one.mean,
            "lowest": one.lowest,
            "drift": one.drift or None,
            "cost_usd": None if one.unknown_calls and not one.usd else round(one.usd, 6),
            "unknown_calls": one.unknown_calls,
            "problems": list(one.problems),
        }


@dataclass(frozen=True)
class Reports:
    """What was written."""

    project: Path
    """The project's page."""
    pages: tuple[Page, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the paths and sizes, and each persona's state, as JSON."""
        pages = [one.as_json() for one in self.pages]
        return {"schema": 1, "project": str(self.project), "pages": pages}


def report(
    space: Workspace,
    personas: Iterable[str],
    out: Path | None = None,
    *,
    standalone: bool = False,
    overrides: Sequence[str] = (),
    broken: list[Broken] | None = None,
) -> Reports:
    """Write a page for each persona, all of the project's when none is named, and the project's page.

    Pictures and clips at their full size are put beside the pages, unless they are to be `standalone`; what no page
    there names any more is removed.

    Only what has been built has a page. A persona that can't be read goes into `broken`, if that is given. Raises
    SpecError otherwise, PlanError where nothing has
    been built, and StoreError where a file can't be written.
    """
    named = list(personas)
    plan = space.plan(named, PlanRequest(tuple(overrides)), broken)
    built = [one for one in plan.personas if any(node.row is not None for node in one.nodes.values())]
    unbuilt = [one.id for one in plan.personas if one not in built]
    if not built or (named and unbuilt):
        missing = ", ".join(unbuilt)
        raise PlanError(
            f"{missing} has not been built" if unbuilt else "nothing is built", hint=f"forge build {missing}"
        )
    folder = _folder(space, out)
    summaries: dict[str, Summary] = {}
    pages = []
    for one in built:
        from personaforge.report.pages.gather import gather

        facts = gather(space, one)
        summaries[one.id] = facts.summary
        path = folder / page_name(one.id)
        data = persona_page(facts, Album(space.store, one.id, None if standalone else folder))
        write_atomic(str(path), data)
        pages.append(Page(one.id, path, len(data), facts.summary))
    others = _others(space, plan.personas, set(summaries))
    path = folder / PROJECT_PAGE
    write_atomic(str(path), project_page(space, {**summaries, **others}, folder))
    if not named and out is None:  # every page has just been written; another folder may be other projects', too
        sweep(folder)
    return Reports(path, tuple(pages))


def persona_page(facts: PersonaFacts, album: Album, max_bytes: int = MAX_BYTES) -> bytes:
    """Return a persona's page, with pictures as small as needed to stay within so many bytes."""
    from personaforge.report.drift.chart import frames_chart, timeline_chart, value_range
    from personaforge.report.pages.marks import marks
    from personaforge.report.pages.speech import Sounds

    data = b""
    sounds = Sounds(album.store, facts.summary.id)
    for album.rung in RUNGS:
        data = rendered(
            "persona.html.j2",
            facts=facts,
            one=facts.summary,
            marks=list(marks(facts)),
            album=album,
            sounds=sounds,
            timeline_chart=timeline_chart,
            value_range=value_range,
            frames_chart=frames_chart,
            project_page=PROJECT_PAGE,
            beside=FILES if album.beside.wanted else "",
            sources=SOURCES if album.beside.wanted else "",
        )
        if len(data) <= max_bytes:
            break
    return data


def project_page(space: Workspace, summaries: dict[str, Summary], folder: Path) -> bytes:
    """Return the project's page: a line for each persona, linked where its page is in the folder."""
    rows = []
    for name in sorted(summaries):
        one = summaries[name]
        there = (folder / page_name(name)).is_file()
        rows.append((one, page_name(name) if there else "", Album(space.store, name)))
    known = [row[0] for row in rows]
    return rendered(
        "project.html.j2",
        rows=rows,
        summaries=known,
        accepted=sum(one.counts["accepted"] for one in known),
        total=sum(one.total for one in known),
        problems=sum(len(one.problems) for one in known),
        script=_script(),
    )


def _folder(space: Workspace, out: Path | None) -> Path:
    folder = out if out is not None else space.project.root / FOLDER
    real = os.path.realpath(folder)
    # A stranger's pull request may hold `reports` as a link; a folder that the user names is the user's own choice.
    if out is None and not real.startswith(str(space.project.root) + os.sep):
        raise StoreError(f"leads out of the project to {real}", where=str(folder), hint="remove the symbolic link")
    try:
        os.makedirs(real, exist_ok=True)
    except OSError as error:
        hint = "--out FOLDER" if out is None else ""
        raise StoreError(f"can't make the folder: {error.strerror}", hint=hint, where=str(folder)) from error
    if not os.access(real, os.W_OK):
        raise StoreError("may not be written", where=str(folder), hint="--out FOLDER, one that may be written")
    return Path(real)


def _others(space: Workspace, planned: Sequence[PersonaPlan], known: set[str]) -> dict[str, Summary]:
    """Return the state of the project's other personas. One with a broken spec is left out: `forge validate` says why,
    and it must not prevent the others' report."""
    from personaforge.report.pages.gather import summary_of
    from personaforge.warehouse.projection import opened

    plans = {one.id: one for one in planned if one.id not in known}
    for name in map(persona_id, space.project.persona_files()):
        if name not in known and name not in plans:
            try:
                plans.update({one.id: one for one in space.plan([name]).personas})
            except PersonaForgeError:
                continue
    if not plans:
        return {}
    with opened(space.store) as connection:
        return {name: summary_of(space, one, connection) for name, one in plans.items() if name not in known}


def rendered(template: str, **variables: Any) -> bytes:
    """Return a page from one of our templates, with everything that it is given escaped."""
    text: str = _environment().get_template(template).render(**{"forge": __version__, "sources": "", **variables})
    return text.encode("utf-8")


@cache
def _script() -> Script:
    """Return the project page's script, and the hash by which the page's own policy allows it and no other."""
    text = (files("personaforge.report.pages") / "templates" / "project.js").read_text(encoding="utf-8")
    return Script(text, "sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode())


@cache
def _environment() -> Any:
    """Return the environment of our own templates. They are ours and not a user's, so they need no sandbox; what they
    are given is a stranger's, so everything is escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("personaforge.report.pages") / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    environment.filters.update(
        score=lambda value: f"{value:.3f}",
        usd=_usd,
        figure=lambda value, ratio=False: f"{value:.3g}" if ratio else f"{value:.3f}",
        coded=_coded,
        ours=_ours,
        percent=percent,
        told=told,
        headline=headline,
        how_much=how_much,
        utc=_utc,
        words=lambda text: str(text).replace("_", " "),
        slug=lambda text: re.sub("[^a-z0-9]+", "-", str(text)),
    )
    return environment


def _seen(value: Any) -> Any:
    """Return a value without characters that can't be seen, unless it is markup of ours."""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else _UNSEEN.sub("\ufffd", value)


def _ours(text: str) -> Any:
    """Return a text of ours as it is."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - a file of this package


def _coded(text: str) -> Any:
    """Return a text of ours, escaped, with what is between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(_seen(text)))))  # noqa: S704 - escaped before


def _usd(value: float) -> str:
    """Return dollars with cents; below a dollar also with fractions of a cent, if there are any."""
    return f"${value:,.2f}" if value >= 1 or abs(value * 100 - round(value * 100)) < 1e-6 else f"${value:.4f}"


def _utc(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
