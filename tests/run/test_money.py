"""Money: prices of every form, budgets of persona and month, and what was spent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from personaforge.errors import JobFailed, Unknown
from personaforge.providers.protocols import Job, Reply
from personaforge.run.budget import Bounds, Budget, OverBudget, Spent
from personaforge.run.retrying import Backoff
from personaforge.run.setup import spent_before
from personaforge.steps.action import Price
from personaforge.steps.prices import price_of, settled
from personaforge.store.spending import counted, spending
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import PERSONA, Studio

SIZE = {"width": 1024, "height": 1536}


@pytest.mark.parametrize(
    ("kind", "declared", "request_", "usd"),
    [
        ("draw", 0.04, SIZE, 0.04),
        ("draw", 0, SIZE, 0.0),
        ("draw", None, SIZE, None),
        ("draw", {"image": {"1024x1536": 0.06, "default": 0.04}}, SIZE, 0.06),
        ("draw", {"image": {"high/1024x1536": 0.2, "1024x1536": 0.06}}, {**SIZE, "options": {"quality": "high"}}, 0.2),
        ("draw", {"image": {"512x512": 0.02}}, SIZE, None),
        ("draw", {"output": 40, "estimate": 0.25}, SIZE, 0.25),
        ("draw", {"output": 40}, SIZE, None),
        ("film", 0.1, {"seconds": 5}, 0.5),
        ("film", {"second": {"1080p": 0.2, "default": 0.1}}, {"seconds": 5, "options": {"resolution": "1080p"}}, 1.0),
        ("film", {"call": 0.3}, {"seconds": 5}, 0.3),
        ("speak", 0.0001, {"text": "hello"}, 0.0005),
    ],
)
def test_what_a_call_may_cost(kind: str, declared: Any, request_: dict[str, Any], usd: float | None) -> None:
    price = price_of(True, declared, kind, request_)
    assert price.usd == (None if usd is None else pytest.approx(usd))
    assert price_of(False, declared, kind, request_) == Price(False, 0.0)


@pytest.mark.parametrize(
    ("declared", "said", "details", "usd"),
    [
        (0.04, None, {}, 0.04),
        (0.04, 0.031, {}, 0.031),
        (None, None, {}, None),
        (None, 0.5, {}, 0.5),
        ({"input": 5, "image_input": 10, "output": 40}, 9.0, {"tokens_in": 100, "tokens_out": 1000}, 0.0405),
        ({"output": 40, "estimate": 0.25}, None, {}, None),
        ({"second": 0.1}, None, {"seconds": 7}, 0.7),
    ],
)
def test_what_a_call_cost(declared: Any, said: float | None, details: dict[str, Any], usd: float | None) -> None:
    request = {"seconds": 5}
    price = price_of(True, declared, "draw", request)
    found = settled(price, request, said, details).usd
    assert found == (None if usd is None else pytest.approx(usd))


def test_persona_and_month_are_bounds_of_their_own() -> None:
    asked: list[int] = []

    def before() -> Spent:
        asked.append(1)
        return Spent({"ana": 0.9}, 4.9)

    budget = Budget(None, Bounds({"ana": 1.0, "bo": None}, 5.0), before)
    assert not asked, "nothing is read before anything is paid for"
    with pytest.raises(OverBudget, match=r"\$0.1000 of \$1.00 is left") as caught:
        budget.reserve(Price(True, 0.2), "draw", "ana")
    assert "persona_usd" in caught.value.hint
    budget.reserve(Price(True, 0.05), "draw", "ana")
    with pytest.raises(OverBudget, match=r"\$0.0500 of \$5.00 is left"):
        budget.reserve(Price(True, 0.06), "draw", "bo")
    budget.settle(Price(True, 0.05), 0.01, "ana")
    budget.reserve(Price(True, 0.06), "draw", "bo")
    with pytest.raises(OverBudget, match="no declared price"):
        budget.reserve(Price(True, None), "draw", "bo")
    assert len(asked) == 1


def test_a_personas_budget_holds_over_builds(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PERSONA + "run: {budget: {persona_usd: 0.2}}\n", paid=True, cost_usd=0.03)
    first = studio.build(options=BuildOptions(jobs=1))
    assert 0 < first.cost_usd <= 0.2
    again = studio.build(options=BuildOptions(jobs=1))
    failed = [node for node in again.nodes.values() if node.end == "failed"]
    assert again.cost_usd == 0 and "ana" not in failed[0].hint and "persona_usd" in failed[0].hint
    with studio.open() as space:
        assert spent_before(space.store).personas["ana"] == pytest.approx(first.cost_usd)


def test_what_was_spent_counts_calls_that_came_to_nothing(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True, cost_usd=0.01)
    errors = {1: JobFailed("out of memory", cost_usd=0.005), 2: JobFailed("and again"), 3: Unknown("reset")}
    studio.images.fail = lambda request, number: errors.get(number)
    for _ in range(3):
        studio.build(options=BuildOptions(jobs=1))
    with studio.open() as space:
        lines = list(spending(space.store))
        month = spent_before(space.store).month
        assert spent_before(space.store, datetime(2099, 1, 1, tzinfo=UTC).timestamp()).month == 0
    by_state = {state: [line for line in lines if line.state == state] for state in ("done", "failed", "open")}
    assert [line.usd for line in by_state["failed"]] == [0.005, None]
    assert [(line.usd, line.reserved_usd) for line in by_state["open"]] == [(None, 0.04)]
    assert month == pytest.approx(sum(counted(line) for line in lines))
    assert month == pytest.approx(0.01 * len(by_state["done"]) + 0.005 + 0.04 + 0.04)


@pytest.mark.parametrize("said", [-5.0, float("nan"), float("inf"), "a"])
def test_no_bound_is_lifted_by_what_a_provider_says_of_its_price(make_studio: Callable[..., Studio], said: Any) -> None:
    studio = make_studio(PERSONA + "run: {budget: {persona_usd: 0.2}}\n", paid=True, cost_usd=said)
    report = studio.build(options=BuildOptions(jobs=1))
    notices = [str(event.message) for event in studio.events]
    with studio.open() as space:
        lines = list(spending(space.store))
    drawn = [line for line in lines if line.provider == "scripted" and line.model == "img-1"]
    assert drawn and all(line.usd == 0.04 for line in drawn), "the declared price of a picture"
    assert 0 < report.cost_usd <= 0.2 and report.cost_usd == pytest.approx(sum(counted(line) for line in lines))
    assert any("is no amount of dollars: the declared price counts" in text for text in notices)


@pytest.mark.parametrize("reply", [None, Reply(blob="x"), Reply(remote=5), Job(5)])  # type: ignore[arg-type]
@pytest.mark.parametrize("polls", [0, 1])
def test_an_answer_of_another_form_leaves_its_money_counted(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch, reply: Any, polls: int
) -> None:
    studio = make_studio(paid=True, cost_usd=0.01)
    studio.images.polls = polls
    monkeypatch.setattr(studio.images, "_reply", lambda request: reply)
    monkeypatch.setattr(Backoff, "pause", lambda *arguments: 0.0)  # between the five looks
    report = studio.build(options=BuildOptions(jobs=1))
    assert any("scripted@1 answered" in node.error for node in report.nodes.values() if node.end == "failed")
    with studio.open() as space:
        entries = space.store.journal.open_entries()
        assert {entry.state for entry in entries} == {"submitted" if polls else "unknown"}
        assert [line.reserved_usd for line in spending(space.store) if line.state == "open"] == [0.04] * len(entries)


def test_forge_cost_tells_it_by_column(make_studio: Callable[..., Studio], capsys: pytest.CaptureFixture[str]) -> None:
    from personaforge.cli.main import run

    studio = make_studio(paid=True, cost_usd=0.01)
    studio.build(options=BuildOptions(jobs=1))
    root = ["--project", str(studio.root)]
    assert run([*root, "cost", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"]["calls"] == studio.calls() and found["total"]["usd"] == pytest.approx(0.01 * studio.calls())
    steps = {row["step"]: row for row in found["rows"]}
    assert steps["image"]["calls"] == 2 + 1 and steps["image"]["model"] == "img-1"
    assert run([*root, "cost", "--by", "provider", "--by", "model", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "provider,model,calls,usd,failed_calls,open_calls,unknown_calls,reserved_usd,unpriced_calls"
    assert sum(int(line.split(",")[2]) for line in lines[1:]) == studio.calls()
    assert run([*root, "cost", "nobody"]) == 2
    assert "is neither a persona file nor a persona id" in capsys.readouterr().err
    assert run([*root, "cost"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("total")


def test_a_price_is_no_reason_to_make_anything_anew(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True, cost_usd=0.01)
    studio.build(options=BuildOptions(jobs=1))
    studio.edit("conf/image/scripted.yaml", ("prices: {img-1: 0.04}", "prices: {img-1: 0.05}, timeout_seconds: 9"))
    studio.edit("conf/text/scripted.yaml", ("output: 50", "output: 60"))
    plan = studio.plan()
    assert not plan.has_changes and {node.note for node in plan.nodes()} == {""}, "not even said of what is pinned"
    studio.edit("personas/ana.yaml", ("calm", "lively"))
    maybe = [node for node in studio.plan().nodes() if node.state == "maybe"]
    assert maybe and all("price" not in reason.text for node in studio.plan().nodes() for reason in node.reasons)


def test_forge_cost_calls_the_unknown_unknown(
    make_studio: Callable[..., Studio], capsys: pytest.CaptureFixture[str]
) -> None:
    from personaforge.cli.main import run

    studio = make_studio(paid=True, cost_usd=None)
    studio.edit("conf/image/scripted.yaml", ("prices: {img-1: 0.04}", "prices: {}"))
    studio.text.cost_usd = 0.01
    studio.build(options=BuildOptions(jobs=1))
    root = ["--project", str(studio.root)]
    assert run([*root, "cost", "--by", "model", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["model"]: row for row in found["rows"]}
    pictures = len(studio.images.calls)
    assert (rows["img-1"]["unknown_calls"], rows["img-1"]["unpriced_calls"], rows["img-1"]["usd"]) == (
        pictures,
        pictures,
        0,
    )
    assert rows["vid-1"]["unknown_calls"] == 0, "the declared price of a second counts where the provider says nothing"
    assert run([*root, "cost", "--by", "model"]) == 0
    text = capsys.readouterr().out
    lines = {line.split()[0]: line for line in text.splitlines()}
    assert " unknown " in lines["img-1"] and lines["img-1"].endswith(f"{pictures} calls of unknown price")
    assert "$0.0000" not in text and "at least $" in lines["total"]
    assert lines["In"].startswith("In all at least $") and lines["In"].endswith(
        f", and {pictures} calls of unknown price."
    )


def test_the_plan_says_how_many_calls_have_no_price(make_studio: Callable[..., Studio]) -> None:
    from personaforge.plan.plan import Estimate
    from personaforge.report.money import estimate_text
    from personaforge.report.plan.console import plan_lines

    studio = make_studio(paid=True, cost_usd=0.01)
    studio.edit("conf/image/scripted.yaml", ("prices: {img-1: 0.04}", "prices: {}"))
    plan = studio.plan()
    estimate = plan.estimate
    # Two candidates and three images, each of those up to three times.
    assert (estimate.unpriced_min, estimate.unpriced_max) == (2 + 3, 2 + 3 * 3)
    assert estimate.usd_min is None and estimate.usd_max is None and estimate.priced_usd_min > 0.1
    (line,) = [line for line in plan_lines(plan, verbose=False) if line.startswith("Paid calls: ")]
    assert ", at least $" in line and line.endswith("and 5 to 11 calls of unknown price")
    assert plan.as_json()["summary"]["estimate"]["usd_max"] is None
    assert estimate_text(Estimate(1, 4, unpriced_min=1, unpriced_max=4)) == "1 to 4, of unknown price"
    assert estimate_text(Estimate(1, 4, 0.0002, 0.0009)) == "1 to 4, $0.0002 to $0.0009"
    assert estimate_text(Estimate(0, 1, 0.0, 0.5)) == "0 to 1, $0.00 to $0.50"


def test_a_build_with_a_budget_buys_nothing_when_a_price_is_missing(
    make_studio: Callable[..., Studio], capsys: pytest.CaptureFixture[str]
) -> None:
    from personaforge.cli.main import run

    studio = make_studio(paid=True, cost_usd=0.01)
    studio.edit("conf/image/scripted.yaml", ("prices: {img-1: 0.04}", "prices: {}"))
    root = ["--project", str(studio.root)]
    assert run([*root, "build", "--max-cost", "5"]) == 1 and studio.calls() == 0
    error = capsys.readouterr().err
    assert "nothing was bought" in error and "image.prices.img-1 (5 calls)" in error and "$5.00" in error
    for budget in ("run.max_cost_usd=5", "run.budget.persona_usd=5", "run.budget.month_usd=5"):
        assert run([*root, "build", budget]) == 1 and studio.calls() == 0
    capsys.readouterr()
    assert run([*root, "build", "-s", "+audit", "--max-cost", "5"]) == 0 and studio.text.calls
    assert run([*root, "plan"]) == 0 and not studio.images.calls


def test_a_months_budget_holds_over_personas(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PERSONA + "run: {budget: {month_usd: 0.2}}\n", paid=True, cost_usd=0.03)
    (studio.root / "personas/bo.yaml").write_text((studio.root / "personas/ana.yaml").read_text().replace("ana", "bo"))
    first = studio.build(personas=["ana"], options=BuildOptions(jobs=1))
    second = studio.build(personas=["bo"], options=BuildOptions(jobs=1))
    assert first.cost_usd + second.cost_usd <= 0.2
    failed = [node for node in second.nodes.values() if node.end == "failed"]
    assert failed and "month_usd" in failed[0].hint


def test_what_a_budget_can_not_count_is_said(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True, cost_usd=None)
    studio.edit("conf/image/scripted.yaml", ("prices: {img-1: 0.04}", "prices: {}"))
    studio.build("+anchor", options=BuildOptions(jobs=1))
    assert not [event for event in studio.events if event.type == "notice"]
    studio.edit("conf/image/scripted.yaml", ("prices: {}", "prices: {img-1: 0.04}"))
    report = studio.build(options=BuildOptions(jobs=1), overrides=("run.budget.persona_usd=50",))
    assert {node.end for node in report.nodes.values()} <= {"done", "unchanged"}
    (notice,) = [event.message for event in studio.events if event.type == "notice"]
    assert "calls of unknown price can't be counted: 2 by ana" in notice
