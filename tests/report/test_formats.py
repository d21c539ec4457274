"""The formats for machines: each as strict as its strictest reader, and no stranger's text that acts in one."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from personaforge.report.formats import FORMATS, Line, Section, Sheet, render
from personaforge.report.formats.markdown import MOST, escaped
from personaforge.report.formats.sheet import Code
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace
from tests.run.conftest import PERSONA, Studio

STRANGE = 'a|b\n::error::x @team #12 <img src=x> `c` https://evil.example [l](u) *b* & "q" \x1b[31m\x00 ]]> é 🎨'


def sheet(*lines: Line, **fields: object) -> Sheet:
    return Sheet("forge test", "ana: 1 failed", ("check", "value"), lines, lambda: {"schema": 1}, **fields)  # type: ignore[arg-type]


def line(state: str = "fail", name: str = "images", **fields: object) -> Line:
    about: dict[str, object] = {"message": "min(composite) is 0.4", "detail": "image/02 0.4", **fields}
    return Line("ana", name, state, (name, 0.4), **about)  # type: ignore[arg-type]


# --- JUnit ------------------------------------------------------------------------------------------------------------

ATTRIBUTES = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set()),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "file", "id"},
        {"name", "tests", "failures", "errors"},
    ),
    "properties": (set(), set()),
    "property": ({"name", "value"}, {"name", "value"}),
    "testcase": ({"name", "classname", "time", "group"}, {"name"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message", "type"}, set()),
    "system-out": (set(), set()),
}
"""Element -> attributes that junit-10.xsd takes, and those that it demands."""
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}
_TIME = re.compile(r"\d+\.\d{3}")


def junit(text: str) -> ET.Element:
    """Read JUnit XML, and hold it against the schema of Jenkins' xunit plugin and what reporters add up."""
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        allowed, needed = ATTRIBUTES[element.tag]
        assert needed <= set(element.attrib) <= allowed, (element.tag, element.attrib)
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set()), element.tag
        if "time" in element.attrib:
            assert _TIME.fullmatch(element.attrib["time"])
        for name in {"tests", "failures", "errors", "skipped"} & set(element.attrib):
            assert element.attrib[name].isdecimal()
    for suite in root:
        order = [child.tag for child in suite]
        assert order[0] == "properties" and "properties" not in order[1:]
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == sum(case.find(tag) is not None for case in cases)
        for case in cases:
            outcomes = [child.tag for child in case if child.tag != "system-out"]
            assert len(outcomes) <= 1 and [child.tag for child in case][: len(outcomes)] == outcomes
        assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib.get("timestamp", "2023-11-14T22:13:20"))
    for attribute in ("tests", "failures", "errors"):
        assert int(root.attrib[attribute]) == sum(int(suite.attrib[attribute]) for suite in root)
    return root


def test_junit_has_a_suite_for_each_persona_and_an_outcome_for_each_state() -> None:
    states = ("pass", "fail", "warn", "skip", "error", "note")
    lines = [line(state, state, file="personas/ana.yaml", line=7, seconds=0.25) for state in states]
    root = junit(
        render(sheet(*lines, lines[0]._replace(group="ben"), started=1_700_000_000.0, prefix="studio/"), "junit")
    )
    ana, ben = root
    found = {case.attrib["name"]: [child.tag for child in case] for case in ana.findall("testcase")}
    assert found == {
        "pass": ["system-out"], "fail": ["failure"], "warn": ["skipped", "system-out"],
        "skip": ["skipped", "system-out"], "error": ["error"], "note": ["system-out"],
    }  # fmt: skip
    failure = ana.find("testcase/failure")
    assert failure is not None and failure.attrib["message"] == "min(composite) is 0.4"
    assert failure.text == "min(composite) is 0.4\nimage/02 0.4\nstudio/personas/ana.yaml:7"
    skipped = [case.attrib["message"] for case in ana.findall("testcase/skipped")]
    assert skipped == ["warning: min(composite) is 0.4", "min(composite) is 0.4"], (
        "a warning is seen, and fails nothing"
    )
    assert ana.attrib["timestamp"] == "2023-11-14T22:13:20" and ana.attrib["time"] == "1.500"
    assert ben.attrib["name"] == "ben" and ben.attrib["tests"] == "1"


def test_junit_holds_what_xml_cant() -> None:
    root = junit(render(sheet(line(name=STRANGE, message=STRANGE, detail=STRANGE)), "junit"))
    case = root.find("testsuite/testcase")
    assert case is not None and case.attrib["name"] == STRANGE.replace("\x1b", "\ufffd").replace("\x00", "\ufffd")


def test_junit_of_nothing() -> None:
    assert junit(render(sheet(), "junit")).attrib["tests"] == "0"


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_csv_starts_no_formula_and_keeps_numbers() -> None:
    acting = ("=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "=cmd|' /C calc'!A0")
    lines = [Line("ana", "x", "fail", (text, -0.5)) for text in acting]
    text = render(sheet(*lines, Line("ana", "y", "pass", ('plain, with "quotes" and\na break', None))), "csv")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["check", "value"]
    assert [row[0] for row in rows[1:-1]] == [f"'{one}".replace("\r", "\n") for one in acting]
    assert {row[1] for row in rows[1:-1]} == {"-0.5"}, "a number is no text"
    assert rows[-1] == ['plain, with "quotes" and\na break', ""]


# --- Markdown ---------------------------------------------------------------------------------------------------------


def cells(row: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<!\\)\|", row)[1:-1]]


def test_markdown_is_a_heading_a_table_and_details() -> None:
    section = Section(
        "ana images", ("node", "to type"), (("image/02", Code("forge build ana --force a|b")),), "", "forge x"
    )
    text = render(sheet(line(), line("pass", "clips"), sections=(section,), notes=("A note.",)), "markdown")
    head, table, note, details, *_ = text.split("\n\n")
    assert head == "### forge test: ana: 1 failed" and note == "A note."
    assert table.splitlines() == ["| check | value |", "| --- | ---: |", "| images | 0.4 |", "| clips | 0.4 |"]
    assert details == "<details><summary>ana images</summary>" and text.endswith("try `forge x`\n\n</details>\n")
    assert "| image/02 | `forge build ana --force a\\|b` |" in text


def test_markdown_has_no_strangers_markup() -> None:
    section = Section(STRANGE, (STRANGE,), ((STRANGE,), (Code(STRANGE),)), STRANGE, STRANGE)
    text = render(sheet(Line("ana", "x", "fail", (STRANGE, 1.0)), sections=(section,), notes=(STRANGE,)), "markdown")
    for row in text.splitlines():
        if row.startswith("|"):
            assert len(cells(row)) in (1, 2), row
    outside = re.sub(r"`[^`\n]*`", "", text.replace("\\`", ""))  # what is code is shown as it is
    assert "<img" not in outside and not re.search(r"(?<!\\)\[", outside) and not re.search(r"(?<!\\)\*b", outside)
    assert not re.search(r"@\w|#\d|://", outside), "nobody is mentioned, and nothing linked"
    assert "\n::error" not in text


def test_escaping_keeps_plain_text_readable() -> None:
    assert escaped("min(composite) is 0.4, at 7 % of image/02") == "min(composite) is 0.4, at 7 % of image/02"
    assert escaped("a  b\nc") == "a b c" and escaped("x < y & z") == "x &lt; y &amp; z"


def test_markdown_fits_a_comment() -> None:
    lines = [Line("ana", "x", "fail", ("word " * 40, 1.0)) for _ in range(2_000)]
    sections = tuple(Section("s", ("a",), (("word " * 40,),) * 200) for _ in range(20))
    text = render(sheet(*lines, sections=sections), "markdown")
    assert len(text) < MOST + 1_000 and " more*" in text and "more sections are left out" in text


# --- GitHub -----------------------------------------------------------------------------------------------------------


def test_github_marks_the_line_and_says_the_sum() -> None:
    about = {"file": "personas/ana.yaml", "line": 7}
    text = render(sheet(line("warn", "clips", **about), line(**about), line("pass", "ok"), prefix="studio/"), "github")
    assert text.splitlines() == [
        "::error file=studio/personas/ana.yaml,line=7,title=ana images::min(composite) is 0.4%0Aimage/02 0.4",
        "::warning file=studio/personas/ana.yaml,line=7,title=ana clips::min(composite) is 0.4%0Aimage/02 0.4",
        "::notice title=forge test::ana: 1 failed",
    ]


def test_github_runs_no_strangers_command() -> None:
    bad = line(name="a,b:c%\n::set-output", message="x\n::stop-commands::y\r::error::z", file="a,b.yaml")
    lines = render(sheet(*[bad] * 15), "github").splitlines()
    assert all(one.startswith(("::error ", "also: ", "::notice ")) for one in lines) and len(lines) == 16
    assert lines[0] == (
        "::error file=a%2Cb.yaml,title=ana a%2Cb%3Ac%25%0A%3A%3Aset-output::"
        "x%0A::stop-commands::y%0D::error::z%0Aimage/02 0.4"
    )
    assert sum(one.startswith("::error ") for one in lines) == 10, "GitHub shows ten, the rest stands in the log"
    assert all("\r" not in one for one in lines)


# --- the commands' own sheets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "table"])
def test_every_command_writes_every_format(make_studio: Callable[..., Studio], form: str) -> None:
    from personaforge.checks.run import run_checks
    from personaforge.drift.timelines import drift
    from personaforge.plan.plan import PlanRequest
    from personaforge.report.checks.sheet import checks_sheet
    from personaforge.report.drift.sheet import drift_sheet
    from personaforge.report.evaluation.sheet import evaluation_sheet
    from personaforge.report.pages.pages import report
    from personaforge.report.pages.sheet import report_sheet
    from personaforge.report.plan.sheet import plan_sheet
    from tests.run.test_attempts import BLACK

    studio = make_studio(
        PERSONA, color=lambda request: BLACK if "yaw 20" in request.fields["prompt"] else (200, 120, 90)
    )
    studio.build()
    with studio.open() as space:
        plan = space.plan([], PlanRequest(overrides=("image.width=128", "identity.anchor.candidates=3")))
        evaluation = _evaluated(studio)
        sheets = {
            "test": checks_sheet(run_checks(space, []), "studio/"),
            "drift": drift_sheet(drift(space, "ana"), ["insufficient"], ("personas/ana.yaml", 3)),
            "plan": plan_sheet(plan, "", space.project.root),
            "eval": evaluation_sheet(evaluation, 0.9, "ana"),
            "report": report_sheet(report(space, []), "studio/"),
        }
    (told,) = sheets["report"].lines
    about = dict(zip(sheets["report"].columns, told.cells, strict=True))
    assert about["accepted"] + 1 == about["of"] and about["problems"] == 1
    assert about["cost_usd"] == 0 and about["unknown_calls"] == 0
    assert (told.state, told.message) == ("warn", "1 rejected")
    for name, one in sheets.items():
        assert all(len(row.cells) == len(one.columns) for row in one.lines), name
        text = render(one, form)
        assert text.endswith("\n") and "None" not in text, (name, text)
        if form == "junit":
            root = junit(text)
            assert (int(root.attrib["failures"]) > 0) is (name in ("test", "drift", "eval")), name
        elif form == "json":
            assert isinstance(json.loads(text)["schema"], int)
        elif form == "csv":
            rows = list(csv.DictReader(io.StringIO(text)))
            assert len(rows) == len(one.lines)
        elif form == "github":
            assert ("::error " in text) is (name not in ("plan", "report"))
            assert ("::error file=studio/personas/ana.yaml,title=ana images::" in text) is (name == "test")
        else:
            assert text.startswith(f"### forge {name}: ") and "| --- |" in text


def _evaluated(studio: Studio) -> object:
    """Two pictures, one that shows nobody, measured by colour."""
    from personaforge.identity.decision import Decision, ReasonedDecision
    from personaforge.identity.score import Cause, Score, Unmeasured
    from personaforge.measuring.evaluation import Evaluated, Evaluation
    from personaforge.workspace.calibrations import NoneApplies

    good = Score(0.99, 0.01, 0.08, 0.98, 1, "106")
    nobody = Unmeasured(Cause.NO_FACE, "no face was found")
    fine, bad = ReasonedDecision(Decision.ACCEPT, "fine", True), ReasonedDecision(Decision.REJECT, "no face", False)
    pictures = (
        Evaluated("=a.png", "a" * 64, {"status": "measured", "faces": 1}, good, fine, None),
        Evaluated("b.png", "b" * 64, {"status": "no_face", "faces": 0}, nobody, bad, None),
    )
    return Evaluation("ana/anchor", studio.analyzers.identity.as_json(), NoneApplies("none", False), pictures)


def test_measured_low_not_judged_and_no_face_are_three_values(studio: Studio) -> None:
    from personaforge.identity.decision import Decision, ReasonedDecision
    from personaforge.identity.score import Cause, Score, Unmeasured
    from personaforge.measuring.evaluation import Evaluated, Evaluation
    from personaforge.report.evaluation.sheet import evaluation_sheet
    from personaforge.workspace.calibrations import NoneApplies

    face, low = {"status": "measured", "faces": 1}, Score(0.1, 0.5, 0.08, 0.2, 1, "106")
    pictures = []
    for path, measurement, score, reason in (
        ("low.png", face, low, "composite 0.2 is below 0.35"),
        ("blurred.png", face, Unmeasured(Cause.BLURRED, "the face is too blurred"), "the face is too blurred"),
        ("wall.png", {"status": "no_face", "faces": 0}, Unmeasured(Cause.NO_FACE, "no face"), "no face"),
    ):
        judged = ReasonedDecision(Decision.REJECT, reason, isinstance(score, Score))
        pictures.append(Evaluated(path, "a" * 64, measurement, score, judged, None))
    found = Evaluation("anchor", studio.analyzers.identity.as_json(), NoneApplies("none", False), tuple(pictures))
    said = [one.as_json() for one in found.pictures]
    assert [one["status"] for one in said] == ["measured", "not_judged", "no_face"]
    assert [one["composite"] for one in said] == [0.2, None, None]
    assert [one.get("unmeasured", {}).get("code") for one in said] == [None, "blurred", "no_face"]
    lines = evaluation_sheet(found, None).lines
    assert [line.message for line in lines] == [
        "composite 0.2 is below 0.35",
        "not judged: the face is too blurred",
        "no face",
    ]


def test_a_fall_is_a_warning_with_its_possible_causes_and_a_failure_where_ci_says_so(tmp_path: Path) -> None:
    from personaforge.drift.attribution.causes import Attribution, Part, PossibleCause
    from personaforge.drift.timelines import drift
    from personaforge.report.drift.sheet import drift_sheet
    from tests.drift.test_drift import ANA, series

    with Workspace.open(["ana"], str(write_project(tmp_path / "p", {"ana": ANA}))) as space:
        series(space, 60, start=40, size=-0.03)
        found = drift(space, "ana")
    part = Part("image.model", "a", "b" * 500)
    cause = PossibleCause((part,), None, None, 0.9, -0.03, -3.0, 40, 20, 40, (1, 1), 5, 5)
    attributed = Attribution((cause,), 0.1)
    found = replace(found, timelines=tuple(replace(line, attribution=attributed) for line in found.timelines))
    warned, failed = (render(drift_sheet(found, on, ("personas/ana.yaml", 2)), "github") for on in ([], ["degrading"]))
    assert warned.startswith("::warning file=personas/ana.yaml,line=2,title=ana face composite::degrading: ")
    assert failed.startswith("::error file=personas/ana.yaml,line=2,title=ana face composite::degrading: ")
    assert f"image.model a {'b' * 79}… 90%25" in failed and "try: forge drift ana --modality face --blame" in failed
    text = render(drift_sheet(found, []), "markdown")
    assert f"| image.model | a | {'b' * 79}… | 90% |" in text and "**degrading**" in text


def test_what_nobody_knows_the_cost_of_is_no_zero(tmp_path: Path) -> None:
    from personaforge.report.pages.facts import Summary
    from personaforge.report.pages.pages import Page

    def told(usd: float, unknown: int) -> Any:
        counts = {"accepted": 1}
        one = Summary("ana", "Ana", "complete", (), counts, None, None, usd, unknown, (), None)
        return Page("ana", tmp_path / "ana.html", 1, one).as_json()["cost_usd"]

    assert (told(0.0, 0), told(0.0, 2), told(0.5, 2)) == (0.0, None, 0.5)
