"""Whether a persona of a real person may be made: `consent/ID.yaml` is there, sound, in force, and allows it.

Read at every load, and kept in no cache: it may be withdrawn, or expire, while the persona's file stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from personaforge.errors import Problem, SpecError
from personaforge.spec.project import Project
from personaforge.spec.source import read_source

if TYPE_CHECKING:
    from personaforge.spec.consent_models import ConsentRecord

SYNTHETIC = "synthetic"
"""The subject of a persona that is nobody."""
FOLDER = "consent"
_NEEDED = ("likeness_usage", "facial_recognition")
"""What a persona's pictures do with a person: they show the likeness, and every one is measured."""


def require_consent(project: Project, subject: str, shown: str, reader: str = "") -> None:
    """Raise SpecError where a real person's consent doesn't allow a persona; `shown` is the persona's file.

    `reader` is whose vision model is shown the person's pictures, empty for nobody's: a third party, which
    `restrictions.no_third_party` forbids.
    """
    path = consent_path(project, subject)
    if not path.is_file():
        message = f"found {subject!r}, who has no consent record {FOLDER}/{subject}.yaml"
        raise SpecError(Problem(shown, "subject", message, f"write it (forge schema consent), or subject: {SYNTHETIC}"))
    record = read_consent(project, path)
    why = lacking(record, datetime.now(UTC))
    if why:
        raise SpecError(Problem(f"{FOLDER}/{path.name}", *why, "nothing is made of this person"))
    if reader and record.restrictions.no_third_party:
        forbids = f"{FOLDER}/{path.name} says restrictions.no_third_party"
        message = f"found {reader!r}, which would be shown pictures of {subject!r}, and {forbids}"
        raise SpecError(Problem(shown, "reader.provider", message, "reader: default, which shows them to nobody"))


def consent_path(project: Project, subject: str) -> Path:
    """Return where a person's consent record is, or would be."""
    return project.root / FOLDER / f"{subject}.yaml"


def consent_problems(project: Project) -> Iterator[Problem]:
    """Yield what is wrong with the consent records of a project, whoever they are of; a consent that ended is sound."""
    folder = project.root / FOLDER
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else ():
        try:
            read_consent(project, path)
        except SpecError as error:
            yield from error.problems


def read_consent(project: Project, path: Path) -> ConsentRecord:
    """Return a consent record. Raises SpecError with every problem, each with file and line."""
    import yaml
    from pydantic import ValidationError

    from personaforge.spec.consent_models import ConsentRecord

    source = read_source(path, project.relative(path.parent / path.name), root=project.root)
    try:
        record = ConsentRecord.model_validate(yaml.load(source.text, yaml.CSafeLoader))
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False):
            keys = [str(part) for part in item["loc"]]
            message = str(item["msg"]).removeprefix("Value error, ")
            problems.append(Problem(source.where(keys), ".".join(keys), message[0].lower() + message[1:]))
        raise SpecError(problems) from None
    if record.subject != path.stem:
        message = f"found {record.subject!r}, expected {path.stem!r}, as the file is called"
        raise SpecError(Problem(source.where(("subject",)), "subject", message))
    return record


def lacking(record: ConsentRecord, now: datetime) -> tuple[str, str] | None:
    """Return why a consent doesn't allow a persona at a time, as key path and sentence; None where it does."""
    past = [event for event in record.events if event.at <= now and event.event != "requested"]
    if not past or past[-1].event != "given":
        what = f"{past[-1].event} at {past[-1].at:%Y-%m-%d}" if past else "not given yet"
        return "events", f"the consent is {what}"
    if record.signed_at > now:
        return "signed_at", f"is signed at {record.signed_at:%Y-%m-%d}, which is still to come"
    limit = record.restrictions.time_limit_days
    if limit is not None and record.signed_at + timedelta(days=limit) <= now:
        end = record.signed_at + timedelta(days=limit)
        return "restrictions.time_limit_days", f"the consent has expired at {end:%Y-%m-%d}"
    missing = [name for name in _NEEDED if not getattr(record.consent_items, name)]
    if missing:
        return f"consent_items.{missing[0]}", f"found no, and a persona needs {' and '.join(_NEEDED)}"
    return None
