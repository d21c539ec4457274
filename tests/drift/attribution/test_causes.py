"""Hand-made histories whose causes are known: which parts make one cause, how sure it is, how it is told and ranked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from personaforge.drift.attribution.causes import Attribution, PossibleCause, attribute
from personaforge.drift.attribution.inputs import Commit, changes_of
from personaforge.drift.detector.change_point import ChangePoint
from personaforge.drift.detector.cusum import Alarm, Record
from personaforge.drift.detector.detector import DriftPolicy, Finding, evidence, find_drift
from personaforge.metrics import CHARTED
from tests.drift.attribution.test_likelihood import brute

FACE = CHARTED[0]
SPREAD = next(one for one in CHARTED if one.scale == "ratio")
POLICY = DriftPolicy("cusum", 370, 1, "both", 3, 10, 0.95, 3, {"score": 0.01, "ratio": 0.01})


@dataclass(frozen=True)
class Place:
    """Where a record stands."""

    node: str
    artifact: str
    build: str = ""


@dataclass
class History:
    """Stands for the store: what is known of each artifact, by name."""

    facts: Mapping[str, Mapping[str, str] | None]
    commits: Mapping[str, Commit] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    """Artifacts whose prompt is not on record."""

    def of(self, places: Iterable[tuple[str, str]]) -> list[Mapping[str, str] | None]:
        return [self.facts[artifact] for artifact, _ in places]

    def commit(self, build: str) -> Commit | None:
        return self.commits.get(build)

    def text(self, digest: str) -> str | None:
        return self.texts.get(digest)

    def prompt(self, artifact: str) -> str | None:
        return None if artifact in self.silent else f"prompt of {artifact}\n"


def attributed(
    values: Sequence[float],
    facts: Sequence[Mapping[str, str] | None],
    *,
    metric: Any = FACE,
    nodes: str = "",
    builds: Sequence[str] = (),
    alarms: Sequence[Alarm] | None = None,
    spread: float = 1.0,
    best: int = 0,
    interval: tuple[int, int] | None = None,
    **known: Any,
) -> Attribution:
    """Blame a rise or fall that an alarm over the whole series has found; spreads are given, not estimated."""
    names = nodes or "a" * len(values)
    series = [Record(value, group, "") for value, group in zip(values, names, strict=True)]
    places = [Place(f"image/{node}", str(index), builds[index] if builds else "") for index, node in enumerate(names)]
    rising = metric.charted(values[-1]) > metric.charted(values[0])
    finding = replace(
        find_drift(series, metric, POLICY),
        change=ChangePoint(best, *(interval or (0, len(values) - 1)), 0.95, "step", 1.0),
        alarms=tuple(alarms if alarms is not None else [Alarm(rising, 0, len(values) - 1)]),
        spreads={"": spread},
    )
    history = History({str(index): about for index, about in enumerate(facts)}, **known)
    found = attribute(history, places, series, metric, finding)  # type: ignore[arg-type]
    assert found is not None
    return found


def parts(**values: str) -> dict[str, str]:
    return values


def told(cause: PossibleCause) -> tuple[Any, ...]:
    return cause.name, cause.before, cause.after, cause.first, cause.carry, cause.lack


def test_the_right_cause_with_its_probability() -> None:
    """The values follow the template; the model changed one record later. Counted against brute force."""
    values = [0.1, -0.2, 0.0, 2.1, 1.8, 2.2, 2.0]
    facts = [
        {"template face.j2": "old" if index < 3 else "new", "model": "m-1" if index < 4 else "m-2"}
        for index in range(7)
    ]
    found = attributed(values, facts)
    steps = {step.name: step.dose for step in changes_of(["image/a"] * 7, facts)}
    assert steps == {"template face.j2": (0, 0, 0, 1, 1, 1, 1), "model": (0, 0, 0, 0, 1, 1, 1)}
    doses = [steps[one.name] for one in found.causes]
    expected = brute(values, range(7), "a" * 7, [_change(dose) for dose in doses], 0, 6, True)
    assert [one.probability for one in found.causes] == pytest.approx(expected[:-1], abs=1e-6)
    assert found.unrecorded == pytest.approx(expected[-1], abs=1e-6)
    assert [told(one) for one in found.causes] == [
        ("template face.j2", "old", "new", 3, 4, 3),
        ("model", "m-1", "m-2", 4, 3, 4),
    ]
    first = found.causes[0]
    assert first.size == pytest.approx(sum(values[3:]) / 4 - sum(values[:3]) / 3, abs=1e-6)
    assert first.size_std == pytest.approx(first.size, abs=1e-3), "the spread is 1"
    assert (first.inside, first.nodes, first.of_nodes) == ((4, 3), 1, 1)


def _change(dose: Sequence[float], **about: Any) -> Any:
    from personaforge.drift.attribution.likelihood import Change

    return Change(dose, **about)


def test_two_changes_at_the_same_record_are_one_cause() -> None:
    """Nothing can tell them apart: they have one probability together, models before templates, texts last."""
    old = {"width": "64", "template face.j2": "t1", "model": "m-1", "provider": "p@1", "input dna": "d1"}
    new = {"width": "72", "template face.j2": "t2", "model": "m-2", "provider": "p@2", "input dna": "d2"}
    values = [0.1, -0.2, 0.0, 2.1, 1.8, 2.2]
    (one,) = attributed(values, [*[old] * 3, *[new] * 3]).causes
    assert [part.name for part in one.parts] == ["model", "provider", "template face.j2", "input dna", "width"]
    alone = attributed(values, [*[parts(width="64")] * 3, *[parts(width="72")] * 3]).causes[0]
    assert one.probability == alone.probability, "ten changes at once are no more believable than one"
    assert [part.is_text for part in one.parts] == [False, False, True, True, False]


def test_a_tie_goes_to_the_change_nearest_to_the_change_point_and_then_by_name() -> None:
    """Two slots that follow each other exactly: a change of one slot's and one of the other's explain the same."""
    values = [0.0, 0.0, 1.0, 1.0, 1.5, 1.5, 0.5, 0.5]
    facts = []
    for index in range(8):
        node, walk = index % 2, index // 2
        facts.append({("beta" if node == 0 else "alfa"): "new" if walk in (1, 2) else "old"})
    near = {best: attributed(values, facts, nodes="xyxyxyxy", best=best) for best in (2, 3)}
    for best, first in ((2, "beta"), (3, "alfa")):
        one, other = near[best].causes[:2]
        assert one.probability == pytest.approx(other.probability, abs=1e-6) and one.name == first
    same = [{"beta": "old" if i < 3 else "new", "alfa": "old" if i < 3 else "new", "gamma": "x"} for i in range(6)]
    (joined,) = attributed([0.1, -0.2, 0, 2, 1.8, 2.2], same).causes
    assert [part.name for part in joined.parts] == ["alfa", "beta"]


def test_a_number_that_grew_by_degrees_is_one_cause_with_the_probability_of_all_its_changes() -> None:
    values = [0.0, 0.1, 0.6, 0.4, 1.1, 0.9, 2.1, 1.9]
    steps = ["0", "0", "0.25", "0.25", "0.5", "0.5", "1", "1"]
    found = attributed(values, [parts(strength=value) for value in steps])
    assert len(found.causes) == 1
    (one,) = found.causes
    dose = tuple(float(value) for value in steps)
    changes = [
        *(_change(tuple(float(value >= level) for value in dose)) for level in (0.25, 0.5, 1.0)),
        _change(dose, graded=True),
    ]
    expected = brute(values, range(8), "a" * 8, changes, 0, 7, True)
    assert one.probability == pytest.approx(sum(expected[:-1]), abs=2e-6)
    assert found.unrecorded == pytest.approx(expected[-1], abs=1e-6)
    assert told(one)[:3] == ("strength", "0", "1") and one.size_std == pytest.approx(2, abs=0.1)


def test_an_input_that_was_taken_back_is_not_carried_by_what_came_after() -> None:
    facts = [parts(model=value) for value in "xxyyxxzz"]
    doses = {(one.before, one.after): one.dose for one in changes_of(["a"] * 8, facts)}
    assert doses == {
        ("x", "y"): (0, 0, 1, 1, 0, 0, 1, 1),
        ("x", "z"): (0, 0, 0, 0, 0, 0, 1, 1),
    }


def test_a_change_in_the_other_direction_is_no_possible_cause() -> None:
    """While values rise, the model of one walk lowered its own: it explains no rise, and isn't shown."""
    values = [0.0, 0.1, -2.0, -2.1, 3.0, 3.1]
    facts = [{"model": value, "width": width} for value, width in zip("xxyyxx", "111122", strict=True)]
    found = attributed(values, facts)
    assert [one.name for one in found.causes] == ["width"]


def test_a_commit_without_another_change_is_hardly_believed() -> None:
    """A key part has fifty times its prior: every part of a call is on record, so a bare commit has done little."""
    values = [0.1, -0.2, 0.0, 0.9, 1.8, 2.2]
    facts = [{"git commit": "c1" if index < 3 else "c2", "width": "64" if index < 4 else "72"} for index in range(6)]
    commits = {"one": Commit("c1", None), "two": Commit("c2", None)}
    found = attributed(values, facts, builds=["one"] * 3 + ["two"] * 3, commits=commits)
    doses = {"git commit": (0, 0, 0, 1, 1, 1), "width": (0, 0, 0, 0, 1, 1)}
    changes = [_change(doses[one.name], prior=0.02 if one.name == "git commit" else 1) for one in found.causes]
    expected = brute(values, range(6), "a" * 6, changes, 0, 5, True)
    assert [one.probability for one in found.causes] == pytest.approx(expected[:-1], abs=1e-6)
    bare = next(one for one in found.causes if one.name == "git commit")
    assert bare.parts == () and bare.commit == Commit("c2", None) and (bare.before, bare.after) == ("absent", "c2")
    width = next(one for one in found.causes if one.name == "width")
    assert width.commit is None, "the commit was not new with it"


def test_a_part_that_changed_with_a_new_commit_carries_it_and_a_new_forge_too() -> None:
    facts = [
        {"git commit": f"c{index // 3}", "width": f"{index // 3}", "forge": f"0.{index // 3}"} for index in range(6)
    ]
    commits = {"0": Commit("c0", None), "1": Commit("c1", None)}
    (one,) = attributed([0.1, -0.2, 0, 2, 1.8, 2.2], facts, builds=list("000111"), commits=commits).causes
    assert [part.name for part in one.parts] == ["width"]
    assert one.commit == Commit("c1", None) and one.forge == ("0.0", "0.1")


def test_ratios_are_told_as_factors() -> None:
    values = [1.0, 1.1, 0.9, 2.0, 2.2, 1.8]
    (one,) = attributed(
        values, [parts(width="1" if i < 3 else "2") for i in range(6)], metric=SPREAD, spread=0.1
    ).causes
    logs = [math.log(value) for value in values]
    factor = math.exp(sum(logs[3:]) / 3 - sum(logs[:3]) / 3)
    assert one.size == pytest.approx(factor, abs=1e-6) == pytest.approx(2)
    assert one.size_std == pytest.approx(math.log(2) / 0.1, abs=1e-3)


def test_what_no_build_made_is_left_out_and_said() -> None:
    facts = [None, *[parts(width="64")] * 2, None, *[parts(width="72")] * 2]
    found = attributed([-9, 0.1, -0.2, 9, 2.0, 2.2], facts)
    assert found.notes == (
        "of 2 records nobody knows what shaped them: no build of this store made the pictures",
        "4 records name no git commit: they were built outside a checkout, or before its first commit",
    )
    (one,) = found.causes
    assert told(one) == ("width", "64", "72", 4, 2, 2)
    nothing = attributed([0, 0, 1, 1], [None] * 4)
    assert nothing.causes == () and nothing.unrecorded == 1


def test_texts_are_shown_as_diffs_where_both_are_kept_and_by_their_prompts_where_not() -> None:
    facts = [{"template face.j2": "t1" if index < 3 else "t2"} for index in range(6)]
    values = [0.1, -0.2, 0, 2, 1.8, 2.2]
    kept = attributed(values, facts, texts={"t1": "a\nb\n", "t2": "a\nc\n"}).causes[0].parts[0]
    assert kept.diff == (
        "--- template face.j2 before",
        "+++ template face.j2 after",
        "@@ -1,2 +1,2 @@",
        " a",
        "-b",
        "+c",
    )
    assert kept.note == ""
    gone = attributed(values, facts, texts={"t2": "a\nc\n"}).causes[0].parts[0]
    assert gone.note == (
        "its old text is not kept, as builds of before this did; the prompts of image/a before and after"
    )
    assert gone.diff[-2:] == ("-prompt of 2", "+prompt of 3"), "of the last record before, and the first that has it"
    both = attributed(values, facts).causes[0].parts[0]
    assert both.note.startswith("its old and new text is not kept")
    for silent in (("2",), ("3",)):
        neither = attributed(values, facts, silent=silent).causes[0].parts[0]
        assert neither.diff == () and neither.note == "its old and new text is not kept, as builds of before this did"


def test_a_lapse_that_was_mended_is_no_evidence_for_what_came_after() -> None:
    """An alarm that is closed covers its records; a change may have begun after its last one and not in it."""
    series = [Record(0.0, "a", "")] * 10
    mended, still = Alarm(True, 2, 3, 5), Alarm(True, 7, 8)
    assert evidence(series, [mended, still], {"": 1.0}) == ([0, 1, 6, 7, 8, 9], 6)
    assert evidence(series, [still], {"": 1.0}) == (list(range(10)), 0)
    assert evidence(series, [Alarm(True, 0, 0, 1), mended], {"": 1.0}) == ([6, 7, 8, 9], 6)
    assert evidence([*series, Record(0.0, "a", "b")], [], {"b": 1.0}) == ([10], 10), "the others have no spread"
    assert evidence(series, [], {}) == ([], 0)


def test_a_change_inside_a_mended_lapse_is_no_cause_of_the_next() -> None:
    values = [0.0, 0.1, 5.0, 5.1, 0.0, 0.1, 2.0, 2.1, 1.9]
    facts = [{"model": "m-2" if index in (2, 3) else "m-1", "width": "1" if index < 6 else "2"} for index in range(9)]
    found = attributed(values, facts, alarms=[Alarm(True, 2, 2, 3), Alarm(True, 6, 8)])
    assert [told(one) for one in found.causes] == [("width", "1", "2", 6, 3, 4)]


def test_without_an_open_alarm_nothing_is_attributed() -> None:
    series = [Record(0.5, "a", "")] * 12
    finding: Finding = find_drift(series, FACE, POLICY)
    assert finding.change is None
    assert attribute(History({}), [Place("a", "0")] * 12, series, FACE, finding) is None  # type: ignore[arg-type]


def test_the_most_frequent_change_is_told_and_of_equals_the_first_by_name() -> None:
    """Three slots went to the new model from two old ones; which old one is told must not hang on their order."""
    last = (0, 0, 0, 1, 1, 1)
    facts = [parts(model=value) for value in "xyyzzz"]
    (to_z,) = [one for one in changes_of(["a", "b", "c"] * 2, facts) if one.dose == last]
    assert (to_z.before, to_z.after, to_z.nodes) == ("y", "z", {"a", "b", "c"})
    for values, told_as in (("yxzz", ("x", "z")), ("abdc", ("a", "d")), ("badc", ("a", "c"))):
        found = changes_of(["a", "b"] * 2, [parts(model=value) for value in values])
        (one,) = [one for one in found if one.dose == (0, 0, 1, 1)]
        assert (one.before, one.after) == told_as


def test_doses_by_degrees_are_shares_of_the_largest_change() -> None:
    found = [
        one for one in changes_of(["a"] * 4, [parts(steps=value) for value in ("30", "28", "30", "22")]) if one.graded
    ]
    assert [one.dose for one in found] == [(0, 0.25, 0, 1)]


@pytest.mark.parametrize("odd", ["nan", "inf", "-inf", "many"])
def test_what_is_no_finite_number_has_no_degrees(odd: str) -> None:
    facts = [parts(steps=value) for value in ("1", "2", odd)]
    assert [one.graded for one in changes_of(["a"] * 3, facts)] == [False, False]
    digests = [{"template face.j2": value} for value in ("1", "2", "3")]
    assert not any(one.graded for one in changes_of(["a"] * 3, digests)), "a digest of digits is none"


def test_how_many_carry_it_inside_the_interval_and_in_how_many_nodes() -> None:
    """Node a has its only record of after the change there, and node c was never drawn again."""
    values = [0.1, -0.2, 0.0, 0.1, 2.1, 1.8, 2.2, 2.0]
    facts = [parts(width="1" if index < 4 else "2") for index in range(8)]
    (one,) = attributed(values, facts, nodes="abcbabbb", interval=(3, 5)).causes
    assert (one.first, one.carry, one.lack) == (4, 4, 4)
    assert one.inside == (2, 1), "of the fourth to the sixth record"
    assert (one.nodes, one.of_nodes) == (2, 2)
