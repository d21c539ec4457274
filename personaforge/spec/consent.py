"""Whether a persona of a real person may be made: `consent/ID.yaml` is there, sound, in force, and allows it.

Read at every load, and kept in no cache: it may be withdrawn, or expire, while the persona's file stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personaforge.errors import Problem, SpecError
from personaforge.listing import meant
from personaforge.spec.project import ID_PATTERN, Project
from personaforge.spec.source import read_source
from personaforge.spec.wording import sentence

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
        raise SpecError(Problem(_subject_place(project, shown), "subject", message, _written(project, subject)))
    record = read_consent(project, path)
    why = lacking(record, datetime.now(UTC))
    if why:
        place = read_source(path, f"{FOLDER}/{path.name}", root=project.root).where(why[0].split("."))
        raise SpecError(Problem(place, *why, f"nothing is made of this person, so {shown} can't be built"))
    if reader and record.restrictions.no_third_party:
        forbids = f"{FOLDER}/{path.name} says restrictions.no_third_party"
        message = f"found {reader!r}, which would be shown pictures of {subject!r}, and {forbids}"
        raise SpecError(Problem(shown, "reader.provider", message, "reader: default, which shows them to nobody"))


def _subject_place(project: Project, shown: str) -> str:
    """Return `file:line` of where a persona's file names its subject."""
    try:
        return read_source(project.root / shown, shown).where(("subject",))
    except SpecError:
        return shown


def _written(project: Project, subject: str) -> str:
    """Return what to type where a persona names somebody without a consent record."""
    folder = project.root / FOLDER
    known = [path.stem for path in folder.glob("*.yaml")] if folder.is_dir() else []
    near = meant(subject, [SYNTHETIC, *known])
    write = (
        f"write the record (forge docs consent has a complete one), or subject: {SYNTHETIC} for somebody who isn't real"
    )
    return f"{near} Else {write}" if near else write


def subject_hint(found: object) -> str:
    """Return what to type in place of a `subject:` that is no id."""
    text = str(found or "").strip().lower()
    if text and meant(text, [SYNTHETIC]):
        return f"did you mean {SYNTHETIC}?"
    slug = re.sub(r"[^a-z0-9]+", "-", text).strip("-") if isinstance(found, str) else ""
    name = slug if re.fullmatch(ID_PATTERN, slug) else "jane-doe"
    return (
        f"subject: {SYNTHETIC} for somebody who isn't real; of a real person the name of the consent record: "
        f"subject: {name}, with {FOLDER}/{name}.yaml (forge docs consent)"
    )


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
            problems.append(Problem(source.where(keys), ".".join(keys), sentence(item), _hint(item)))
        raise SpecError(_without_consequences(problems)) from None
    if record.subject != path.stem:
        message = f"found {record.subject!r}, expected {path.stem!r}, as the file is called"
        hint = f"rename the file to {record.subject}.yaml, or write subject: {path.stem}"
        raise SpecError(Problem(source.where(("subject",)), "subject", message, hint))
    return record


def _hint(item: Any) -> str:
    """Return what to type in place of a wrong value of a consent record."""
    from pydantic import BaseModel

    from personaforge.spec.consent_models import ConsentEvent, ConsentItems, ConsentRecord, Restrictions

    *above, name = [str(part) for part in item["loc"]] or [""]
    models: dict[str, type[BaseModel]] = {
        "": ConsentRecord, "consent_items": ConsentItems, "restrictions": Restrictions, "events": ConsentEvent,
    }  # fmt: skip
    if item["type"] == "extra_forbidden":
        known = list(models[above[0] if above else ""].model_fields)
        return meant(name, known) or f"there is: {', '.join(known)}"
    if (
        not above
        and name in ("", "consent_items", "events")
        and item["type"] in ("model_type", "tuple_type", "too_short")
    ):
        return _EXAMPLES.get(name, "")
    return f"{name}: {_EXAMPLES[name]}" if name in _EXAMPLES else ""


_TIME = "2026-03-01T10:00:00+01:00"
_EXAMPLES = {
    "": "forge docs consent has a complete record",
    "schema_version": "1",
    "record_id": "2026-014",
    "subject": "jane-doe",
    "created": _TIME,
    "signed_at": _TIME,
    "at": _TIME,
    "controller": "Studio North, Bergen",
    "agreed_terms": "likeness-terms-3",
    "by": "Jane Doe",
    "consent_items": "consent_items: {facial_recognition: true, likeness_usage: true}",
    "events": f"events: [{{event: given, at: {_TIME}, by: Jane Doe}}]",
    "time_limit_days": "365, or left out for no limit",
}
"""Key -> a value of it, as `docs/consent.md` has it."""


def _without_consequences(problems: list[Problem]) -> list[Problem]:
    """Leave out that a list has no entry where its entries are wrong."""
    deeper = {problem.path.partition(".")[0] for problem in problems if "." in problem.path}
    return [one for one in problems if not (one.path in deeper and "an empty list" in one.message)]


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
