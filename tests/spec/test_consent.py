"""Consent records and `subject:`: the documented record is sound, and a mistake is told in plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from personaforge.errors import SpecError
from personaforge.spec.consent import consent_problems, read_consent, subject_hint
from personaforge.spec.project import Project
from tests.conftest import ROOT

from .conftest import Load
from .given import ANA, texts

RAW = (
    "should",
    "valid dictionary",
    "instance of",
    "tuple",
    "timezone info",
    "interpret",
    "extra inputs",
    "pattern '",
    "datetime",
)
"""Words of pydantic's sentences."""


def documented() -> str:
    page = (ROOT / "docs/consent.md").read_text()
    found = re.search(r'```yaml title="consent/jane-doe.yaml"\n(.*?)```', page, re.DOTALL)
    assert found is not None
    return found[1]


def project_with(folder: Path, record: str, name: str = "jane-doe") -> Project:
    (folder / "consent").mkdir(exist_ok=True)
    (folder / "personas").mkdir(exist_ok=True)
    (folder / f"consent/{name}.yaml").write_text(record)
    return Project(folder)


def said(folder: Path, record: str, name: str = "jane-doe") -> list[str]:
    return [str(one) for one in consent_problems(project_with(folder, record, name))]


def test_the_documented_record_is_sound_and_names_every_key(tmp_path: Path) -> None:
    from personaforge.spec.consent_models import ConsentItems, ConsentRecord, Restrictions

    record = read_consent(project_with(tmp_path, documented()), tmp_path / "consent/jane-doe.yaml")
    assert record.subject == "jane-doe" and record.events[-1].event == "given"
    for model in (ConsentRecord, ConsentItems, Restrictions):
        for name in model.model_fields:
            assert re.search(rf"^ *{name}:", documented(), re.MULTILINE), f"docs/consent.md lacks {name}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("schema_version: 1", "schema_version: 2", "schema_version: found 2, expected 1 (schema_version: 1)"),
        ("created: 2026-02-20T09:30:00+01:00 ", "created: 2026-02-20 ", "created: found '2026-02-20', expected a time with its time zone (created: 2026-03-01T10:00:00+01:00)"),  # noqa: E501
        ("signed_at: 2026-03-01T10:00:00+01:00", "signed_at: yesterday", "signed_at: found 'yesterday', expected a time with its time zone"),  # noqa: E501
        ("signed_at: 2026-03-01T10:00:00+01:00", "signed_at: 2026-03-01 10:00:00", "expected a time with its time zone"),  # noqa: E501
        ("subject: jane-doe ", "subject: Jane Doe ", "subject: found 'Jane Doe', expected 2 to 63 small letters, digits and hyphens, a letter first"),  # noqa: E501
        ("facial_recognition: true ", "facial_recognition: maybe ", "consent_items.facial_recognition: found 'maybe', expected yes or no"),  # noqa: E501
        ("time_limit_days: 730", "time_limit_days: 0", "restrictions.time_limit_days: found 0, expected at least 1 (time_limit_days: 365,"),  # noqa: E501
        ("event: given", "event: signed", "events.1.event: found 'signed', expected 'requested', 'given', 'refused', 'withdrawn' or 'expired'"),  # noqa: E501
        ("record_id: \"2026-014\"", "record_id: 14", "record_id: found 14, expected a text (record_id: 2026-014)"),
        ("record_id: \"2026-014\"", "recordid: \"2026-014\"", "recordid: is no key here (did you mean record_id?)"),
        ("  ai_training: false", "  ai_trainin: false", "consent_items.ai_trainin: is no key here (did you mean ai_training?)"),  # noqa: E501
        ("controller: Studio North, Bergen ", "controller: [] ", "controller: found a list, expected a text"),
        ("subject: jane-doe ", "subject: john-doe ", "subject: found 'john-doe', expected 'jane-doe', as the file is called (rename the file to john-doe.yaml, or write subject: jane-doe)"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_what_was_found_and_what_to_write(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in documented()
    found = said(tmp_path, documented().replace(old, new, 1))
    assert any(expected in one for one in found), found
    assert not [one for one in found for word in RAW if word in one.lower()]
    assert all(re.match(r"consent/jane-doe\.yaml(:\d+)? ", one) for one in found)


@pytest.mark.parametrize(
    "record",
    ["", "- a\n", "subject: jane-doe\n", "consent_items: yes\nevents: []\nrestrictions: 5\n", "events: [{at: 5}, 7]\n"],
)
def test_no_record_however_wrong_is_told_in_anybody_elses_words(tmp_path: Path, record: str) -> None:
    found = said(tmp_path, record)
    assert found and not [one for one in found for word in RAW if word in one.lower()], found
    empty = said(tmp_path, "")
    assert empty == [
        "consent/jane-doe.yaml: found nothing, expected keys and values (forge docs consent has a complete record)"
    ]


@pytest.mark.parametrize(
    ("subject", "found", "hint"),
    [
        ("Jane Doe", "'Jane Doe'", "of a real person the name of the consent record: subject: jane-doe, with consent/jane-doe.yaml"),  # noqa: E501
        ("Synthetic", "'Synthetic'", "did you mean synthetic?"),
        ("null", "nothing", "subject: synthetic for somebody who isn't real"),
        ("''", "''", "subject: synthetic for somebody who isn't real"),
        ("[a]", "['a']", "subject: jane-doe, with consent/jane-doe.yaml"),
        ("7", "7", "subject: synthetic for somebody who isn't real"),
    ],
)  # fmt: skip
def test_a_subject_that_is_no_id_is_told_what_it_may_be(load: Load, subject: str, found: str, hint: str) -> None:
    (text,) = texts(lambda: load(ANA + f"subject: {subject}\n"))
    said = f"subject: found {found}, expected synthetic, or the id of a real person, 2 to 63 small letters, digits and"
    assert said in text and hint in text, text


def test_a_person_without_a_record_is_told_the_nearest_one(tmp_path: Path) -> None:
    from personaforge.spec.consent import require_consent

    project = project_with(tmp_path, documented())
    with pytest.raises(SpecError) as error:
        require_consent(project, "jane-do", "personas/jane.yaml")
    (problem,) = error.value.problems
    assert problem.message == "found 'jane-do', who has no consent record consent/jane-do.yaml"
    assert problem.hint.startswith(
        "did you mean jane-doe? Else write the record (forge docs consent has a complete one)"
    )
    with pytest.raises(SpecError) as error:
        require_consent(project, "synthetics", "personas/jane.yaml")
    assert error.value.problems[0].hint.startswith("did you mean synthetic?")
    assert subject_hint("Ångström!").startswith("subject: synthetic"), "no id can be made of it as it is"


def test_a_consent_that_ended_and_a_missing_one_have_their_lines_and_the_persona(tmp_path: Path) -> None:
    from personaforge.spec.consent import require_consent

    record = documented().replace("time_limit_days: 730", "time_limit_days: 1")
    project = project_with(tmp_path, record)
    line = 1 + record.splitlines().index(next(one for one in record.splitlines() if "time_limit_days" in one))
    persona = project.root / "personas/jane.yaml"
    persona.parent.mkdir(exist_ok=True)
    persona.write_text("id: jane\nbrief: A calm gardener.\nsubject: jane-doe\n")
    with pytest.raises(SpecError) as error:
        require_consent(project, "jane-doe", "personas/jane.yaml")
    (problem,) = error.value.problems
    assert (problem.where, problem.path) == (f"consent/jane-doe.yaml:{line}", "restrictions.time_limit_days")
    assert problem.hint == "nothing is made of this person, so personas/jane.yaml can't be built"
    with pytest.raises(SpecError) as error:
        require_consent(project, "nobody-here", "personas/jane.yaml")
    assert error.value.problems[0].where == "personas/jane.yaml:3"
