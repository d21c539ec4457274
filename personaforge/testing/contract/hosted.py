"""The contract of hosted providers: from submit to a stored artifact, and every way to fail on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from personaforge.errors import (
    JobFailed,
    ProviderStopped,
    RateLimited,
    Refused,
    Unavailable,
    Undelivered,
    Unknown,
)
from personaforge.providers.table import Options, provider
from personaforge.testing.contract.case import CANARY, Case, registered
from personaforge.testing.contract.checks import Checks, applies, does_what_it_says
from personaforge.testing.contract.shop import Shop, stocked
from personaforge.testing.server import (
    Accepts,
    Becomes,
    Cut,
    Drip,
    Drop,
    Says,
    Server,
    Slow,
    serving,
    too_many,
    web_page,
)

LOST = {
    "500": Says(500, {"error": {"message": "oops"}}),
    "503": Says(503, b"busy", media_type="text/plain"),
    "dropped before": Drop(accepted=False),
    "dropped after": Drop(accepted=True),
    "web page": Accepts(web_page()),
    "no json": Accepts(Says(200, b'{"cut": ', {})),
}


class HostedContract(Checks):
    """Every check of a hosted provider, for each of `cases`, by the real engine over real HTTP."""

    cases: ClassVar[Sequence[Case]] = ()

    @pytest.fixture
    def server(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
        """The provider, on this machine."""
        with serving(*case.routes) as found, registered(case.entry):
            monkeypatch.setenv(case.url, found.url)
            monkeypatch.setenv(case.key, CANARY)
            for name, value in case.besides.items():
                monkeypatch.setenv(name, value)
            yield stocked(found)

    @pytest.fixture
    def shop(self, tmp_path: Path, server: Server) -> Iterator[Shop]:
        """Whoever buys: a store and an engine in a folder of their own."""
        found = Shop(tmp_path / "project")
        yield found
        found.close()

    def test_from_submit_to_a_stored_artifact(self, case: Case, server: Server, shop: Shop) -> None:
        result = shop.buy(case.action())
        (submit,) = server.calls(case.submit)
        case.wire(submit)
        (artifact,) = result.outputs.values()
        kind = "audio" if case.modality == "speech" else case.modality
        assert artifact.media_type.partition("/")[0] == kind
        assert len(shop.content(result)) == artifact.size > 100
        record = shop.store.find(case.action().key)
        assert record is not None and record["cost_usd"] == pytest.approx(case.usd)
        assert shop.engine.budget.spent_usd == pytest.approx(case.usd) and shop.engine.budget.unknown_calls == 0
        entry = shop.store.journal.get(case.action().key)
        assert entry is not None and entry.state == "done" and entry.cost_usd == pytest.approx(case.usd)
        # A second time nothing is sent; another take is another call.
        shop.buy(case.action())
        assert len(server.ledger) == 1
        shop.buy(case.action(take=1))
        assert len(server.ledger) == 2

    def test_the_capability_says_what_the_adapter_does(self, case: Case) -> None:
        fixed = case.capability
        assert fixed.remote and fixed.paid and fixed.hosts and case.key in fixed.keys
        assert fixed.immediate is not bool(case.poll)
        assert bool(fixed.transports) is ("reference" in fixed.reads) is bool(fixed.references)
        assert "seed" not in fixed.reads or fixed.seed
        with registered(case.entry):
            does_what_it_says(fixed, provider(case.modality, case.name, Options()))

    @pytest.mark.parametrize("asked", ["7", "Thu, 01 Jan 2099 00:00:07 GMT", ""])
    def test_too_many_requests_pause_the_provider_and_are_sent_again(
        self, case: Case, server: Server, shop: Shop, asked: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.time", lambda: 4_070_908_800.0)
        server.script(case.submit, too_many(asked))
        shop.buy(case.action())
        assert len(server.calls(case.submit)) == 2 and len(server.ledger) == 1
        assert max(shop.naps) >= 7 if asked else max(shop.naps) > 0.4
        assert len(shop.said("action_waiting")) == 1

    def test_too_many_requests_end_some_time(self, case: Case, server: Server, shop: Shop) -> None:
        server.script(case.submit, *[too_many()] * 50)
        with pytest.raises(RateLimited):
            shop.buy(case.action())
        assert len(server.calls(case.submit)) == 7 and not shop.states() and shop.engine.budget.spent_usd == 0

    def test_a_pause_of_hours_is_not_waited_for(self, case: Case, server: Server, shop: Shop) -> None:
        server.script(case.submit, too_many("7200"))
        with pytest.raises(RateLimited):
            shop.buy(case.action())
        assert len(server.calls(case.submit)) == 1

    def test_a_refusal_is_not_repeated(self, case: Case, server: Server, shop: Shop) -> None:
        server.script(case.submit, Says(422, {"error": {"message": "the prompt is too long"}, "detail": "too long"}))
        with pytest.raises(Refused, match="too long") as caught:
            shop.buy(case.action())
        assert type(caught.value) is Refused and len(server.calls(case.submit)) == 1
        assert not server.ledger and not shop.states() and shop.engine.budget.spent_usd == 0

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_key_that_is_not_accepted_stops_the_provider_with_one_message(
        self, case: Case, server: Server, shop: Shop, status: int
    ) -> None:
        server.script(case.submit, Says(status, {"error": {"message": f"bad key {CANARY}"}}))
        for take in range(3):
            with pytest.raises(ProviderStopped, match="key was not accepted") as caught:
                shop.buy(case.action(take))
            assert CANARY not in str(caught.value) + caught.value.hint
        assert len(server.calls(case.submit)) == 1
        (said,) = shop.said("notice")
        assert case.key in said and CANARY not in said

    def test_a_missing_key_sends_nothing(
        self, case: Case, server: Server, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(case.key)
        with pytest.raises(ProviderStopped, match=f"{case.key} is not set"):
            shop.buy(case.action())
        assert not server.requests and not shop.states()

    @applies(lambda case: case.no_credit is not None)
    def test_an_empty_account_stops_the_provider(self, case: Case, server: Server, shop: Shop) -> None:
        assert case.no_credit is not None
        server.script(case.submit, case.no_credit)
        with pytest.raises(ProviderStopped, match="no credit"):
            shop.buy(case.action())
        with pytest.raises(ProviderStopped):
            shop.buy(case.action(1))
        assert len(server.calls(case.submit)) == 1

    def test_nobody_there_is_tried_again_and_then_said(
        self, case: Case, server: Server, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(case.url, "http://127.0.0.1:9")
        with pytest.raises(Unavailable, match="can't be reached"):
            shop.buy(case.action())
        assert not shop.states() and shop.engine.budget.spent_usd == 0
        entry = shop.store.journal.get(case.action().key)
        assert entry is not None and entry.state == "refused" and entry.sent == 7

    @applies(lambda case: not case.capability.finds)
    @pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
    def test_an_answer_that_never_came_is_unknown_and_not_sent_again(
        self, case: Case, server: Server, shop: Shop, fault: Says | Drop | Accepts
    ) -> None:
        server.script(case.submit, fault)
        with pytest.raises(Unknown, match="may have been accepted") as caught:
            shop.buy(case.action())
        assert "forge jobs resolve" in caught.value.hint and shop.states() == ["unknown"]
        assert shop.engine.budget.unknown_calls == 1 and shop.engine.budget.spent_usd > 0, "the money stays reserved"
        again = shop.open()
        with pytest.raises(Unknown, match="may have been bought"):
            again.buy(case.action())
        assert len(server.calls(case.submit)) == 1

    @applies(lambda case: not case.capability.finds)
    def test_silence_is_unknown(self, case: Case, server: Server, tmp_path: Path) -> None:
        shop = Shop(tmp_path / "impatient", timeout=0.2)
        server.script(case.submit, Slow(0.6))
        with pytest.raises(Unknown, match="in time"):
            shop.buy(case.action())
        assert shop.states() == ["unknown"]
        shop.close()

    @applies(lambda case: bool(case.blocked[0]))
    def test_a_block_is_a_result_and_is_not_asked_for_again(self, case: Case, server: Server, shop: Shop) -> None:
        route, fault = case.blocked
        server.script(route, fault)
        result = shop.buy(case.action())
        assert result.blocked and not result.outputs
        submits = len(server.calls(case.submit))
        assert shop.open().buy(case.action()).blocked == result.blocked
        assert len(server.calls(case.submit)) == submits and not shop.states()

    @applies(lambda case: case.failed is not None)
    def test_a_failed_job_is_definite(self, case: Case, server: Server, shop: Shop) -> None:
        assert case.failed is not None
        route, fault = case.failed
        server.script(route, fault)
        with pytest.raises(JobFailed):
            shop.buy(case.action())
        entry = shop.store.journal.get(case.action().key)
        assert entry is not None and entry.state == "refused" and not shop.states()

    @applies(lambda case: case.in_200 is not None)
    def test_an_error_in_a_good_answer_is_an_error(self, case: Case, server: Server, shop: Shop) -> None:
        assert case.in_200 is not None
        route, fault = case.in_200
        server.script(route, *[fault] * 10)
        with pytest.raises((JobFailed, Undelivered, Refused)):
            shop.buy(case.action())
        assert len(server.ledger) <= 1

    @applies(lambda case: bool(case.poll))
    @pytest.mark.parametrize(
        "fault",
        [Says(503, {}), web_page(), too_many("3"), Drop(accepted=True), Says(200, b"{", {})],
        ids=["503", "web page", "429", "dropped", "no json"],
    )
    def test_a_look_at_a_job_may_fail(self, case: Case, server: Server, shop: Shop, fault: Says | Drop) -> None:
        server.script(case.poll, fault, fault)
        shop.buy(case.action())
        assert len(server.ledger) == 1 and shop.engine.budget.spent_usd == pytest.approx(case.usd)

    @applies(lambda case: bool(case.poll))
    def test_a_key_that_ends_while_a_job_runs_loses_nothing(self, case: Case, server: Server, shop: Shop) -> None:
        server.script(case.poll, Says(401, {"detail": "expired"}))
        with pytest.raises(Undelivered, match="accepted this call") as caught:
            shop.buy(case.action())
        assert "forge jobs resume" in caught.value.hint and shop.states() == ["submitted"]
        shop.open().buy(case.action())
        assert len(server.ledger) == 1

    @applies(lambda case: bool(case.poll))
    def test_a_job_is_left_at_its_deadline_and_taken_up_again(self, case: Case, server: Server, shop: Shop) -> None:
        server.latency = 1e9
        with pytest.raises(Undelivered, match="has not finished"):
            shop.buy(case.action())
        assert shop.states() == ["submitted"]
        assert max(shop.naps) <= 15 and shop.naps == sorted(shop.naps), "looks grow rarer, to a bound"
        server.latency = 0
        result = shop.open().buy(case.action())
        assert result.outputs and len(server.ledger) == 1

    @applies(lambda case: bool(case.file))
    @pytest.mark.parametrize("fault", [Cut(900), Becomes("gone"), Becomes("magic"), Says(502, b"")])
    def test_a_result_that_does_not_come_well_is_fetched_again(
        self, case: Case, server: Server, shop: Shop, fault: Cut | Becomes | Says
    ) -> None:
        if isinstance(fault, Cut) and case.modality == "video":
            fault = Becomes("gone")  # a clip that is cut off is only known by decoding it
        server.script(case.file, fault)
        result = shop.buy(case.action())
        assert len(server.calls(case.file)) == 2 and len(server.ledger) == 1
        assert len(shop.content(result)) > 600

    @applies(lambda case: bool(case.file))
    @pytest.mark.parametrize("fault", [*map(Becomes, ("gone", "magic", "private", "loop")), web_page()])
    def test_a_result_that_stays_wrong_is_not_bought_again(
        self, case: Case, server: Server, shop: Shop, fault: Becomes | Says
    ) -> None:
        server.script(case.file, *[fault] * 100)
        with pytest.raises(Undelivered, match="accepted this call"):
            shop.buy(case.action())
        assert shop.states() == ["submitted"] and len(server.ledger) == 1
        assert not list((shop.root / ".forge/blobs").rglob(".tmp*")), "nothing is left of it"

    @applies(lambda case: not case.file)
    @pytest.mark.parametrize("word", ["magic", "cut"])
    def test_a_picture_in_the_answer_is_checked_too(self, case: Case, server: Server, shop: Shop, word: str) -> None:
        server.script(case.submit, Becomes(word))
        with pytest.raises(Undelivered, match=r"which is not|cut off"):
            shop.buy(case.action())
        assert shop.states() == ["unknown"] and shop.store.find(case.action().key) is None

    @applies(lambda case: bool(case.file))
    def test_no_key_goes_to_where_results_lie(self, case: Case, server: Server, shop: Shop) -> None:
        server.script(case.file, Becomes("elsewhere"))
        shop.buy(case.action())
        calls = server.calls(case.file)
        assert len(calls) == 2
        for call in calls:
            own = case.keyed_file and call.headers["host"] == server.url.removeprefix("http://")
            assert (CANARY in str(call.headers)) is own

    @applies(lambda case: bool(case.file))
    def test_a_slow_drip_ends(self, case: Case, server: Server, shop: Shop) -> None:
        from personaforge.http.fetch import Bounds
        from personaforge.providers.results import Fetcher

        shop.engine.executors.fetcher = Fetcher(Bounds(seconds=0.2, silence=5))
        server.script(case.file, *[Drip(64, 0.05)] * 100)
        with pytest.raises(Undelivered, match="too slowly"):
            shop.buy(case.action())
        assert shop.states() == ["submitted"]

    def test_no_key_is_kept_anywhere(self, case: Case, server: Server, shop: Shop) -> None:
        shop.buy(case.action())
        server.script(case.submit, Says(400, {"error": {"message": f"no: {CANARY}"}, "detail": f"no {CANARY}"}))
        with pytest.raises(Refused) as caught:
            shop.buy(case.action(1))
        shop.store.close()
        assert CANARY not in str(caught.value) + repr(shop.events) + repr(caught.value.__context__)
        for path in shop.root.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
