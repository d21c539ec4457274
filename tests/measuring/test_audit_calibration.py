"""`forge audit calibrate`: golden sets that are right and wrong, whom it asks, what that costs, and what it says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from personaforge.errors import PersonaForgeError, Refused, SpecError
from personaforge.measuring.audit_calibration import Judge
from personaforge.measuring.golden import SHIPPED, read_golden
from personaforge.providers import table
from personaforge.providers.protocols import Request
from personaforge.store.spending import spending
from personaforge.testing import Scripted, scripted_text, write_project
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

NAMES = "abcdefghijkl"
AXES = ("coherence", "depth", "cultural_fidelity", "voice_distinctiveness", "realism")
SCRIPTED = """\
provider: scripted
models: {light: m, standard: m, deep: m}
timeout_seconds: 10
prices: {m: {input: 1000, output: 4}}
"""


def body(number: int = 6, **changes: Any) -> dict[str, Any]:
    """Return a golden set: each persona has a document that is fine and one that is not."""
    people = {
        f"gardener-{NAMES[place]}": {
            "brief": "A gardener of 40 from Lyon.",
            "group": "woman" if place % 2 else "man",
            "sections": {
                "soul": {"desire": f"To see garden {place}."},
                "mask": {"signature_phrases": ["Look.", "No."]},
            },
        }
        for place in range(number)
    }
    documents: list[dict[str, Any]] = []
    for name in people:
        documents.append({"id": f"{name}-a", "persona": name, "marks": {"coherence": 4, "depth": None}})
        edit = {"mask.signature_phrases.1": "WRONG"}
        documents.append({"id": f"{name}-b", "persona": name, "set": edit, "marks": {"coherence": 2, "depth": 3}})
    for one in documents:
        one["reasons"] = {"coherence": "as it reads", "depth": "as it reads"}
    head = {"marked_by": "Ana and Ben", "independent": True, "rule": "each read all"}
    compare = {"by": "gender", "groups": ["woman", "man"]}
    return {**head, "compare": compare, "personas": people, "documents": documents, **changes}


def write(folder: Path, content: Any, name: str = "golden.yaml") -> str:
    path = folder / name
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return str(path)


def marks(request: Request, **given: Any) -> str:
    """Return a judge's answer: coherence falls where the document has the word, depth is never judged."""
    said = json.dumps(request.fields["context"]["sections"])
    scores = {**dict.fromkeys(AXES, 4.0), "coherence": 2.0 if "WRONG" in said else 4.0, "depth": None, **given}
    return json.dumps({"scores": scores, "findings": []})


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Path, Scripted]]:
    """Make a project whose auditor is scripted."""
    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))

    def made(answer: Callable[[Request], str] = marks, **options: Any) -> tuple[Path, Scripted]:
        text = scripted_text(answer, **options).register()
        files = {"conf/text/scripted.yaml": SCRIPTED}
        return write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"}, files), text

    return made


def problems(folder: Path, content: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read_golden(write(folder, content), AXES)
    return [str(one).replace(f"{folder}/", "") for one in caught.value.problems]


def test_the_judge_is_compared_axis_by_axis_and_group_by_group(
    make: Callable[..., tuple[Path, Scripted]], tmp_path: Path
) -> None:
    root, text = make()
    with Workspace.open((), str(root)) as space:
        found = Judge(space, write(tmp_path, body(12)), ("text=scripted",)).asked()
    assert len(text.calls) == 24 and not found.failed
    coherence, depth = found.axes
    assert (coherence.axis, coherence.documents, coherence.kappa.value) == ("coherence", 24, 1.0)
    assert coherence.bias is not None and coherence.bias.difference.value == 0.0 and not coherence.bias.clear
    assert (depth.axis, depth.documents, depth.only_reference, depth.only_judge) == ("depth", 0, 12, 0)
    assert depth.kappa.value is None and depth.kappa.reason.startswith("0 documents")
    assert vars(found.gate) == {
        "both_accept": 12, "both_return": 12, "only_judge_accepts": 0, "only_reference_accepts": 0,
    }  # fmt: skip
    asked = text.calls[0].fields
    assert asked["context"]["brief"] == "A gardener of 40 from Lyon." and asked["section"] == "audit"


def test_a_judge_that_favours_a_group_is_told(make: Callable[..., tuple[Path, Scripted]], tmp_path: Path) -> None:
    content = body(12)
    for persona in content["personas"].values():
        persona["sections"]["soul"]["desire"] += f" {persona['group']}"

    def favours(request: Request) -> str:
        said = json.dumps(request.fields["context"]["sections"])
        low, high = ("WRONG" in said), (" woman" in said)
        return marks(request, coherence=(2.0 if low else 4.0) + (0.5 if high else 0.0))

    root, _ = make(favours)
    with Workspace.open((), str(root)) as space:
        bias = Judge(space, write(tmp_path, content), ("text=scripted",)).asked().axes[0].bias
    assert bias is not None and bias.clear and bias.difference.value == 0.5


def test_nobody_is_asked_twice_and_money_is_told_before(
    make: Callable[..., tuple[Path, Scripted]], tmp_path: Path, forge: Forge
) -> None:
    root, text = make(paid=True, cost_usd=0.01)
    golden = write(tmp_path, body())
    with Workspace.open((), str(root)) as space:
        before = Judge(space, golden, ("text=scripted",)).cost()
        assert (before.documents, before.known, before.calls_max) == (12, 0, 24)
        assert before.usd_min is not None and before.usd_min > 0 and before.usd_max == pytest.approx(2 * before.usd_min)
        assert not text.calls
    done = forge("audit", "calibrate", golden, "text=scripted", cwd=root, check=0)
    assert len(text.calls) == 12 and "12 to be asked, 0 known; up to 24 calls" in done.stderr
    again = forge("audit", "calibrate", golden, "text=scripted", cwd=root, check=0)
    assert len(text.calls) == 12 and "to be asked" not in again.stderr
    assert done.stdout.split("Gate")[0] == again.stdout.split("Gate")[0]
    dry = forge("audit", "calibrate", golden, "text=scripted", "--dry-run", "--json", cwd=root, check=0)
    assert json.loads(dry.stdout)["cost"] == {
        "documents": 12, "known": 12, "calls_max": 0, "usd_min": 0, "usd_max": 0,
    }  # fmt: skip
    with Workspace.open((), str(root)) as space:
        lines = list(spending(space.store))
        assert len(lines) == 12 and {line.step for line in lines} == {"audit"}
        assert space.store.journal.open_entries() == []


def test_the_budget_stops_before_the_call_that_would_break_it(
    make: Callable[..., tuple[Path, Scripted]], tmp_path: Path, forge: Forge
) -> None:
    root, text = make(paid=True, cost_usd=0.01)
    golden = write(tmp_path, body())
    done = forge("audit", "calibrate", golden, "text=scripted", "--max-cost", "0.000001", cwd=root, check=1)
    assert not text.calls
    assert "12 without a verdict" in done.stdout and "Nothing was judged" in done.stdout
    assert "not asked, because asking about gardener-a-a failed" in done.stdout


def test_a_bad_answer_is_mended_once_and_else_left_out_with_its_reason(
    make: Callable[..., tuple[Path, Scripted]], tmp_path: Path
) -> None:
    def answer(request: Request) -> str:
        garden = request.fields["context"]["sections"]["soul"]["desire"]
        return "I think it is fine." if garden == "To see garden 3." else marks(request)

    root, text = make(answer)
    with Workspace.open((), str(root)) as space:
        found = Judge(space, write(tmp_path, body()), ("text=scripted",)).asked()
    assert [one.document.id for one in found.failed] == ["gardener-d-a", "gardener-d-b"]
    assert "doesn't fit" in found.failed[0].reason and "forge explain" not in found.failed[0].reason
    assert len(text.calls) == 12 + 2 and found.axes[0].documents == 10


def test_a_refusal_ends_the_asking_and_keeps_what_was_answered(
    make: Callable[..., tuple[Path, Scripted]], tmp_path: Path
) -> None:
    refused = True

    def fail(request: Request, number: int) -> Exception | None:
        return Refused("no such model") if refused and number > 5 else None

    root, text = make(fail=fail)
    golden = write(tmp_path, body())
    with Workspace.open((), str(root)) as space:
        found = Judge(space, golden, ("text=scripted",)).asked()
        assert len(found.failed) == 7 and "no such model" in found.failed[0].reason and len(text.calls) == 6
        refused = False
        assert not Judge(space, golden, ("text=scripted",)).asked().failed and len(text.calls) == 6 + 7


def test_everything_that_is_wrong_with_a_set_is_said_at_once(tmp_path: Path) -> None:
    content = body(2)
    first, second, third, fourth = content["documents"]
    first["marks"] = {"coherence": 6, "dept": 3, "realism": True}
    second["set"] = {"mask.signature_phrases.7": "x", "soul.desire": "To see garden 0."}
    second["reasons"] = {"coherence": " "}
    third["persona"] = "gardener-j"
    fourth["id"] = "gardener-a-a"
    content["personas"]["gardener-b"]["group"] = "other"
    content |= {"marked_by": "", "independent": "no", "axes": []}
    found = problems(tmp_path, content)
    for said in (
        "axes: is no key here",
        "marked_by: found '', expected a text",
        "independent: found 'no', expected true or false",
        "group: found 'other', expected woman or man",
        "marks.coherence: found 6, expected 1 to 5, or null",
        "the judge has no axis 'dept' (did you mean depth?)",
        "marks.realism: found True, expected 1 to 5, or null",
        "reasons.coherence: a mark needs a reason",
        "reasons.depth: a mark needs a reason",
        "the persona has nothing at 'mask.signature_phrases.7'",
        "soul.desire is 'To see garden 0.' already",
        "persona: found 'gardener-j', which is none of `personas` (did you mean gardener-b?)",
        "id: found 'gardener-a-a' a second time",
    ):
        assert any(said in one for one in found), f"{said} is not in {found}"
    assert all(one.startswith("golden.yaml:") for one in found)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "personas: found nothing, expected personas by id"),
        ([1], "found a list or a single value"),
        (body(compare={"by": "gender", "groups": ["woman"]}), "expected two groups"),
        (body(compare={"by": "gender", "groups": ["woman", "woman"]}), "expected two groups"),
        (body(documents=[]), "documents: found [], expected a list of documents"),
        (body(personas={"Ana M": {}}, documents=[1]), "expected an id such as mira-halvorsen"),
    ],
)
def test_what_is_no_golden_set(tmp_path: Path, content: Any, said: str) -> None:
    assert any(said in one for one in problems(tmp_path, content))


def test_what_the_guard_refuses_reaches_nobody(make: Callable[..., tuple[Path, Scripted]], tmp_path: Path) -> None:
    brief, drafted = body(), body()
    brief["personas"]["gardener-a"]["brief"] = "A gardener, she is 15 years old."
    drafted["documents"][1]["set"]["soul.desire"] = "She is 15 years old, and wants to be left alone."
    root, text = make()
    with Workspace.open((), str(root)) as space:
        for content, where in ((brief, "personas.gardener-a.brief"), (drafted, "documents.1 soul.desire")):
            with pytest.raises(SpecError, match="18 or older") as caught:
                Judge(space, write(tmp_path, content), ("text=scripted",))
            assert [one.path for one in caught.value.problems] == [where]
    assert not text.calls


@pytest.mark.parametrize("value", ["a girl of 15 years", [15], None, 15])
def test_a_section_stays_a_mapping(make: Callable[..., tuple[Path, Scripted]], tmp_path: Path, value: Any) -> None:
    content = body()
    content["documents"][1]["set"] = {"soul": value}
    root, text = make()
    with Workspace.open((), str(root)) as space, pytest.raises(SpecError) as caught:
        Judge(space, write(tmp_path, content), ("text=scripted",))
    (one,) = caught.value.problems
    assert one.path == "documents.1" and "expected a mapping, as a section is" in one.message
    assert one.hint == "name the value to change, such as soul.desire" and not text.calls
    content["documents"][1]["set"] = {"soul": {"desire": "A calm day."}}
    assert read_golden(write(tmp_path, content), AXES).documents[1].sections["soul"] == {"desire": "A calm day."}


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        ({"soul": {"she is 15 years old": "yes"}}, "documents.1 soul.she is 15 years old"),
        ({"soul": {"desire": {"of": ["Peace.", {"she_is_15_years_old": 1}]}}}, "documents.1 soul.desire.of.1"),
        ({"soul": {"desire": ["She is 15 years old."]}}, "documents.1 soul.desire.0"),
        ({"soul": {"desire": {"age": 15}}}, "documents.1 soul.desire.age"),
    ],
)
def test_the_guard_reads_keys_and_values_at_any_depth(tmp_path: Path, edit: dict[str, Any], where: str) -> None:
    content = body()
    content["documents"][1]["set"] = edit
    (said,) = problems(tmp_path, content)
    assert said.startswith("golden.yaml:") and where in said and "18 or older" in said


def test_the_guard_reads_names_of_sections_and_of_pins(tmp_path: Path) -> None:
    content = body()
    persona = content["personas"]["gardener-a"]
    persona["sections"]["she is 15 years old"] = {"a": "b"}
    persona["pinned"] = {"surface": {"she is 15 years old": "b"}}
    found = problems(tmp_path, content)
    assert len(found) == 2 and all("18 or older" in one for one in found)
    assert "personas.gardener-a.pinned.surface.she is 15 years old" in found[0]
    assert "personas.gardener-a.sections.she is 15 years old" in found[1]


def test_layers_that_are_links_out_of_the_project_are_not_read(
    make: Callable[..., tuple[Path, Scripted]], tmp_path: Path
) -> None:
    root, text = make()
    content = body()
    persona = content["personas"]["gardener-a"]
    del persona["sections"]
    persona["layers"] = "layers"
    content["documents"] = content["documents"][:1]
    layers = root / "layers"
    layers.mkdir()
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps({"desire": "A secret."}))
    inside = root / "inside.json"
    inside.write_text(json.dumps({"desire": "To sleep."}))
    (layers / "l2.json").symlink_to(outside)
    (layers / "soul.json").symlink_to(inside)
    with Workspace.open((), str(root)) as space:
        with pytest.raises(SpecError) as caught:
            Judge(space, write(root, content), ("text=scripted",))
        (one,) = caught.value.problems
        assert one.where == "layers/l2.json"
        assert one.message == "leads out of the golden set's folder and of the project"
        assert not text.calls
        (layers / "l2.json").unlink()
        (document,) = Judge(space, write(root, content), ("text=scripted",)).golden.documents
    assert document.sections == {"soul": {"desire": "To sleep."}}


def of_value(value: str) -> str:
    """Return a golden set's text whose second section has a value, as it is written in YAML."""
    content = body(1)
    content["personas"]["gardener-a"]["sections"]["mask"]["since"] = "HERE"
    content.pop("compare")
    return yaml.safe_dump(content, sort_keys=False).replace("since: HERE", f"since: {value}")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2020-99-99", 'found 2020-99-99, which YAML reads as a date; expected a text quote it: "2020-99-99"'),
        ("2020-05-17", 'found 2020-05-17, which YAML reads as a date; expected a text quote it: "2020-05-17"'),
        ("9" * 6000, "found a number that is too large, expected one of at most 9007199254740992"),
        ("0x" + "f" * 6000, "found a number that is too large"),
        ("9007199254740993", "found a number that is too large"),
        ("0" + "7" * 6000, f"found 0{'7' * 39}, which YAML reads as a number of 6000 digits in base 8"),
        (".nan", "found nan, expected one of at most"),
        ("-.inf", "found a number that is too large"),
    ],
)
def test_a_value_that_can_not_be_sent_is_named_with_its_place(
    forge: Forge, tmp_path: Path, value: str, said: str
) -> None:
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    text = of_value(value)
    (root / "golden.yaml").write_text(text)
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "since:" in one)
    done = forge("audit", "calibrate", "golden.yaml", cwd=root, check=2)
    assert f"golden.yaml:{line} personas.gardener-a.sections.mask.since: {said}" in " ".join(done.stderr.split())
    (root / "golden.yaml").write_text(of_value('"2020-05-17"'))
    assert read_golden(root / "golden.yaml", AXES).documents[0].sections["mask"]["since"] == "2020-05-17"


def test_a_key_that_yaml_reads_as_a_date_is_named(tmp_path: Path) -> None:
    (tmp_path / "golden.yaml").write_text(of_value("{2020-99-99: born}"))
    with pytest.raises(SpecError, match="found a key that YAML reads as a date") as caught:
        read_golden(tmp_path / "golden.yaml", AXES)
    assert caught.value.problems[0].path == "personas.gardener-a.sections.mask.since.2020-99-99"


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ('{"a":' * 200_000 + "1" + "}" * 200_000, "layers/soul.json: is not JSON: depth limit exceeded"),
        ('{"a":' * 40 + "1" + "}" * 40, "layers/soul.json a.a.a.a: nests deeper than 32 levels"),
        ('{"a": [1, NaN]}', "layers/soul.json: is not JSON: "),
        ('{"a": [1, 9007199254740993]}', "layers/soul.json a.1: found a number that is too large"),
        ('{"a": ' + "9" * 6000 + "}", "layers/soul.json: is not JSON: number is infinity"),
        ('{"a": "\\ud800"}', "layers/soul.json: is not JSON: "),
        ("[1]", "layers/soul.json: found [1], expected a mapping"),
    ],
)
def test_a_layer_that_can_not_be_sent_is_named(forge: Forge, tmp_path: Path, layer: str, said: str) -> None:
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    content = body(1)
    content.pop("compare")
    content["personas"]["gardener-a"] = {"brief": "A gardener of 40 from Lyon.", "layers": "layers"}
    content["documents"] = content["documents"][:1]
    (root / "layers").mkdir()
    (root / "layers/soul.json").write_text(layer)
    write(root, content)
    assert said in " ".join(forge("audit", "calibrate", "golden.yaml", cwd=root, check=2).stderr.split())


@pytest.mark.parametrize(("change", "said"), [({"layers": "a\0b"}, "layers: found 'a\\x00b'"), ({}, "id: found [1]")])
def test_what_is_merely_wrong_is_no_bug(forge: Forge, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    content = body(1)
    content.pop("compare")
    if change:
        del content["personas"]["gardener-a"]["sections"]
        content["personas"]["gardener-a"] |= change
        content["documents"] = content["documents"][:1]
    else:
        content["documents"][1]["id"] = [1]
    write(root, content)
    assert said in " ".join(forge("audit", "calibrate", "golden.yaml", cwd=root, check=2).stderr.split())


def test_the_gate_compares_the_axes_that_both_marked(
    make: Callable[..., tuple[Path, Scripted]], tmp_path: Path, forge: Forge
) -> None:
    content = body(3)
    content["documents"] = [one for one in content["documents"] if "set" not in one]
    for one in content["documents"]:
        one["marks"], one["reasons"] = {"coherence": 5}, {"coherence": "as it reads"}

    def answer(request: Request) -> str:
        low = {"depth": 1.0, "cultural_fidelity": 2.0, "voice_distinctiveness": 2.0, "realism": 2.0}
        coherence = {"0": 5.0, "1": 1.0, "2": None}[request.fields["context"]["sections"]["soul"]["desire"][-2]]
        return marks(request, coherence=coherence, **low)

    root, _ = make(answer)
    golden = write(tmp_path, content)
    with Workspace.open((), str(root)) as space:
        gate = Judge(space, golden, ("text=scripted",)).asked().gate
    assert vars(gate) == {
        "both_accept": 1, "both_return": 0, "only_judge_accepts": 0, "only_reference_accepts": 1,
    }  # fmt: skip
    done = forge("audit", "calibrate", golden, "text=scripted", cwd=root, check=0)
    assert "Gate, of 2 documents, by the axes that both marked: both accept 1, both return 0" in done.stdout


def test_layers_are_read_from_a_built_persona_and_from_nowhere_else(tmp_path: Path) -> None:
    content = body()
    layers = tmp_path / "build/ana/layers"
    layers.mkdir(parents=True)
    for name in ("soul", "audit", "profile"):
        (layers / f"{name}.json").write_text(json.dumps({"desire": "To sleep."}))
    persona = content["personas"]["gardener-a"]
    del persona["sections"]
    persona["layers"] = "build/ana/layers"
    content["documents"] = content["documents"][:1]
    found = read_golden(write(tmp_path, content), AXES)
    assert found.documents[0].sections == {"soul": {"desire": "To sleep."}}
    inner = tmp_path / "sets"
    inner.mkdir()
    persona["layers"] = "../build/ana/layers"
    assert any("leads out of the golden set's folder and of the project" in one for one in problems(inner, content))
    assert read_golden(write(inner, content), AXES, root=tmp_path).documents[0].sections
    os.symlink("/etc", inner / "link")
    persona["layers"] = "link"
    assert any("leads out" in one for one in problems(inner, content))
    persona["layers"] = "nothing"
    assert any("has no NAME.json" in one for one in problems(inner, content))


def test_a_pipeline_without_a_second_reader_is_refused(make: Callable[..., tuple[Path, Scripted]]) -> None:
    root, _ = make()
    with Workspace.open((), str(root)) as space, pytest.raises(PersonaForgeError, match="no step of the kind review"):
        Judge(space, None, ("pipeline=five_stage",))


def test_the_set_that_comes_with_forge_says_who_marked_it_and_why() -> None:
    found = read_golden(SHIPPED, AXES)
    assert len(found.documents) >= 40 and not found.independent and "authors" in found.marked_by
    assert found.groups == ("woman", "man") and found.rule
    drafted = {one.persona: one for one in found.documents if one.id.endswith("-0")}
    for one in found.documents:
        assert set(one.marks) == set(AXES) == set(one.reasons), one.id
        as_drafted = drafted[one.persona]
        if one is as_drafted:
            assert min(mark for mark in one.marks.values() if mark is not None) == 3, one.id
        else:
            assert one.sections != as_drafted.sections, one.id
            worse = [axis for axis in AXES if one.marks[axis] != as_drafted.marks[axis]]
            assert worse and min(one.marks[axis] or 5 for axis in worse) <= 2, one.id
    for group in found.groups:
        own = [one for one in found.documents if one.group == group]
        assert len(own) == len(found.documents) / 2 and len({one.persona for one in own}) == 10


def test_where_nothing_was_judged_the_failure_is_said_and_no_table(
    forge: Forge, make: Callable[..., tuple[Path, Scripted]], tmp_path: Path
) -> None:
    root, _ = make(fail=lambda request, number: Refused("no such model"))
    (root / "golden.yaml").write_text(yaml.safe_dump(body()))
    done = forge("audit", "calibrate", "golden.yaml", "text=scripted", cwd=root, check=1)
    assert "no such model" in done.stdout and "12 without a verdict" in done.stdout
    assert "Nothing was judged, so there is nothing to compare." in done.stdout
    assert not any(word in done.stdout for word in ("weighted kappa", "Gate, of", "By gender"))


def test_a_dry_run_says_that_the_key_is_missing_as_a_plan_does(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    (root / "golden.yaml").write_text(yaml.safe_dump(body()))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    asked = ("audit", "calibrate", "golden.yaml", "text=litellm", "--dry-run")
    said = "ANTHROPIC_API_KEY is not set, which litellm needs for audit: asking stops there"
    assert said in " ".join(forge(*asked, cwd=root, check=0).stdout.split())
    assert said in json.loads(forge(*asked, "--json", cwd=root, check=0).stdout)["notices"][0]
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert "is not set" not in forge(*asked, cwd=root, check=0).stdout
    free = forge("audit", "calibrate", "golden.yaml", "--dry-run", cwd=root, check=0)
    assert "is not set" not in free.stdout


def test_the_embedded_auditor_is_compared_for_nothing(forge: Forge, tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    (root / "golden.yaml").write_text(yaml.safe_dump(body()))
    done = forge("audit", "calibrate", "golden.yaml", cwd=root, check=0)
    assert "embedded (rules-1), step audit" in done.stdout and "Marks by Ana and Ben" in done.stdout
    assert "no independent evidence" not in done.stdout and "Spent" not in done.stdout
    said = json.loads(forge("audit", "calibrate", "golden.yaml", "--json", cwd=root, check=0).stdout)
    assert [one["axis"] for one in said["axes"]] == ["coherence", "depth"]
    assert said["golden"]["independent"] is True and len(said["documents"]) == 12
    wrong = forge("audit", "calibrate", "golden.yaml", "other.yaml", cwd=root)
    assert wrong.returncode == 2 and "takes one golden set" in wrong.stderr
