"""A real person's likeness needs a consent record that is in force, before anything is planned or bought."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from personaforge.errors import SpecError
from personaforge.guard.likeness import likeness
from personaforge.guard.reading import Passage
from personaforge.spec.consent import lacking, read_consent
from personaforge.spec.project import Project
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

SOUND = "id: ana\nbrief: A skater of 34 from Leeds.\n"
RECORD = """\
schema_version: 1
record_id: r-1
subject: jane-roe
created: 2026-01-01T09:00:00Z
controller: Studio North
agreed_terms: terms of 2026, version 2
consent_items: {likeness_usage: true, facial_recognition: true}
signed_at: 2026-01-02T09:00:00Z
events:
  - {event: requested, at: 2026-01-01T09:00:00Z, by: studio}
  - {event: given, at: 2026-01-02T09:00:00Z, by: subject}
"""
NOW = datetime(2026, 6, 1, tzinfo=UTC)


LOOKALIKES = [
    "Looks exactly like Jane Roe.", "A Jane Roe lookalike of 40.", "El vivo retrato de Jane Roe.",
    "Sósia da Jane Roe.", "Sosie de Jane Roe.", "Sieht genau aus wie Jane Roe.", "Sosia di Jane Roe.",
    "Lijkt sprekend op Jane Roe.", "Wygląda dokładnie jak Jane Roe.", "Jane Roe'nun ikizi.",
    "Выглядит точно как Джейн Роу.", "امرأة تشبه تماما جين رو.", "נראית בדיוק כמו ג'יין רו.",
    "जेन रो की हमशक्ल।", "ジェーン・ローにそっくり。", "제인 로와 똑같이 생긴 사람.", "长得和简罗一模一样。",
]  # fmt: skip
"""Two of English, then one of each language, in the order of `personaforge.brief.language.LANGUAGES`."""


def words(text: str, own: tuple[str, ...] = (), denied: tuple[str, ...] = ()) -> tuple[str, ...]:
    found = likeness([Passage("brief", text)], own, denied)
    return found.words if found is not None else ()


@pytest.mark.parametrize("text", LOOKALIKES)
def test_a_name_beside_such_words_means_somebody_real(text: str) -> None:
    assert words(text), text


@pytest.mark.parametrize(
    "text",
    [
        "Looks exactly like her mother.", "A woman who looks like a gardener.", "Sieht genau aus wie ihre Mutter.",
        "Lives in New York with Jane Roe.", "母にそっくりな四十歳。", "Ressemble exactement à sa sœur.",
        "Paints just like before.",
    ],
)  # fmt: skip
def test_kin_and_trades_are_nobody_in_particular(text: str) -> None:
    assert not words(text), words(text)


def test_the_persona_s_own_name_may_be_meant() -> None:
    assert words("A singer, exactly as she looks.", ("Jane Roe",)) == ("exactly as she looks", "Jane Roe")
    assert not words("A singer, exactly as she looks.")


def test_names_that_the_project_denies_are_found_in_any_case_and_never_inside_others() -> None:
    assert words("About JANE  roe, singer", denied=("Jane Roe",)) == ("JANE roe",)
    assert not words("About Jane Roeder", denied=("Jane Roe",))


def problems(root: Path, *names: str) -> list[str]:
    with Workspace.open((), str(root)) as space:
        return [f"{one.where} {one.path}: {one.message}" for one in space.validate(list(names))[0]]


def test_a_likeness_is_refused_until_the_subject_has_consented(forge: Forge, tmp_path: Path) -> None:
    brief = "id: ana\nbrief: Looks exactly like Jane Roe.\n"
    root = write_project(tmp_path, {"ana": brief})
    assert problems(root) == [
        "personas/ana.yaml:2 brief: found 'Looks exactly like' and 'Jane Roe': "
        "a real person's likeness needs a consent record"
    ]
    forge("plan", cwd=root, check=2)
    (root / "personas/ana.yaml").write_text(brief + "subject: jane-roe\n")
    assert "who has no consent record consent/jane-roe.yaml" in problems(root)[0]
    (root / "consent").mkdir()
    (root / "consent/jane-roe.yaml").write_text(RECORD)
    assert problems(root) == []
    withdrawn = RECORD + "  - {event: withdrawn, at: 2026-02-01T09:00:00Z, by: subject}\n"
    (root / "consent/jane-roe.yaml").write_text(withdrawn)
    assert "the consent is withdrawn at 2026-02-01" in problems(root)[0], "although the persona is cached"


def test_a_denied_name_in_a_pin_is_refused(tmp_path: Path) -> None:
    deny = {"conf/project/settings.yaml": "# @package _global_\npeople: {deny: [Jane Roe]}\n"}
    root = write_project(tmp_path, {"ana": SOUND + "pinned: {surface: {name: Jane Roe}}\n"}, deny)
    assert "personas/ana.yaml:3 pinned.surface.name: found 'Jane Roe'" in problems(root)[0]


def test_only_the_project_says_whom_it_denies(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": SOUND + "people: {deny: []}\n"})
    assert "people: is the project's to set" in problems(root)[0]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("likeness_usage: true", "likeness_usage: false", ("consent_items.likeness_usage", "found no")),
        (", facial_recognition: true", "", ("consent_items.facial_recognition", "found no")),
        ("signed_at: 2026-01-02", "signed_at: 2027-01-02", ("signed_at", "is signed at 2027-01-02")),
        ("event: given, at: 2026-01-02", "event: given, at: 2027-01-02", ("events", "the consent is not given yet")),
        ("events:", "restrictions: {time_limit_days: 150}\nevents:", ("restrictions.time_limit_days", "2026-06-01")),
        ("events:", "restrictions: {time_limit_days: 151}\nevents:", None),
        ("agreed", "agreed", None),
    ],
)
def test_a_consent_allows_what_it_says_while_it_lasts(
    tmp_path: Path, old: str, new: str, why: tuple[str, str] | None
) -> None:
    (tmp_path / "consent").mkdir()
    path = tmp_path / "consent/jane-roe.yaml"
    path.write_text(RECORD.replace(old, new))
    found = lacking(read_consent(Project(tmp_path), path), datetime(2026, 6, 1, 9, tzinfo=UTC))
    assert (found is None) if why is None else (found is not None and found[0] == why[0] and why[1] in found[1])


def test_every_mistake_of_a_record_has_its_line_also_without_a_persona_of_it(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": SOUND})
    (root / "consent").mkdir()
    bad = RECORD.replace("signed_at: 2026-01-02T09:00:00Z", "signed_at: 2026-01-02T09:00:00").replace("r-1", '""')
    (root / "consent/jane-roe.yaml").write_text(bad + "mood: calm\n")
    found = problems(root)
    assert [one.partition(": ")[0] for one in found] == [
        "consent/jane-roe.yaml:2 record_id", "consent/jane-roe.yaml:8 signed_at", "consent/jane-roe.yaml:12 mood",
    ]  # fmt: skip
    (root / "consent/jane-roe.yaml").write_text(RECORD.replace("subject: jane-roe", "subject: john-doe"))
    assert problems(root) == [
        "consent/jane-roe.yaml:3 subject: found 'john-doe', expected 'jane-roe', as the file is called"
    ]
    assert problems(root, "ana") == [], "a persona that is nobody's doesn't depend on it"


def test_doctor_examines_consent_records_and_schema_describes_them(forge: Forge, tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": SOUND})
    (root / "consent").mkdir()
    (root / "consent/jane-roe.yaml").write_text("subject: jane-roe\n")
    assert "mistakes in consent records" in forge("doctor", cwd=root, check=1).stdout
    assert '"consent_items"' in forge("schema", "consent", cwd=root, check=0).stdout


def test_a_link_out_of_the_project_is_no_consent(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", {"ana": SOUND + "subject: jane-roe\n"})
    (tmp_path / "elsewhere.yaml").write_text(RECORD)
    (root / "consent").mkdir()
    (root / "consent/jane-roe.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with Workspace.open((), str(root)) as space, pytest.raises(SpecError, match="leads out of the project"):
        space.load([])
