"""Looking after a job: how long between looks, what of a bad look is forgiven, and when it is left to a later build."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.errors import BackendError, JobFailed, RateLimited, Unavailable, Undelivered
from personaforge.providers.protocols import Blob, Job, Remote, Reply
from personaforge.run.following import as_job
from personaforge.run.limits import Stopped
from personaforge.run.performers import Performed
from personaforge.testing import png
from tests.run.test_sent_again import ACTION, make_case, sent_before

__all__ = ["make_case"]


class Looks:
    """A provider whose job ends after some looks, each as the test says."""

    def __init__(self, *looks: Exception | Job) -> None:
        self.looks = list(looks)
        self.seen = 0

    def __call__(self, job: Job) -> Reply | Job:
        self.seen += 1
        if not self.looks:
            return Reply(blob=Blob(png((1, 2, 3)), "image/png"), cost_usd=0.04)
        found = self.looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def followed(make_case: Any, *looks: Exception | Job, found: bool = True) -> tuple[Any, Looks]:
    one = make_case(safe=False)
    sent_before(one)
    one.finder.found = Job("job-7", 0.0)
    one.finder.poll = Looks(*looks)
    return one, one.finder.poll


def test_a_look_that_fails_is_repeated_after_ever_longer_pauses(make_case: Any) -> None:
    """A fresh look may bring a fresh answer: half of 1, 2 and 4 seconds, and half of that by chance."""
    one, looks = followed(make_case, *(BackendError("odd") for _ in range(3)))
    one.calls.made(one.call)
    assert one.slept == pytest.approx([0.0, 0.75, 1.5, 3.0]) and looks.seen == 4


def test_what_stays_wrong_five_times_is_left_to_a_later_build(make_case: Any) -> None:
    one, looks = followed(make_case, *(BackendError("odd") for _ in range(9)))
    with pytest.raises(Undelivered, match="finder accepted this call job-7, but odd") as error:
        one.calls.made(one.call)
    assert looks.seen == 5 and one.slept == pytest.approx([0.0, 0.75, 1.5, 3.0, 6.0])
    assert (error.value.hint or "").startswith("forge jobs resume, or the next build, looks again; ")
    entry = one.journal.get(ACTION.key)
    assert entry is not None and (entry.state, entry.job) == ("submitted", "job-7")


def test_a_provider_that_is_busy_is_asked_again_as_often_as_it_takes(make_case: Any) -> None:
    one, looks = followed(make_case, *(Unavailable("busy") for _ in range(8)))
    one.calls.made(one.call)
    assert looks.seen == 9 and one.slept[1:5] == pytest.approx([0.75, 0.975, 1.2675, 1.64775])


def test_a_provider_that_asks_for_a_pause_gets_one_for_all_of_its_calls(make_case: Any) -> None:
    one, looks = followed(make_case, RateLimited("slow down", retry_after=60.0))
    one.calls.made(one.call)
    assert one.call.lane.account.pausing() == pytest.approx(61.0, abs=1.0), "a minute, and a little more by chance"
    assert looks.seen == 2 and one.slept[1] == pytest.approx(61.0, abs=1.0)


def test_a_good_look_forgives_the_bad_ones_before(make_case: Any) -> None:
    bad = [BackendError("odd") for _ in range(4)]
    one, looks = followed(make_case, *bad, Job("job-7", 0.0), *bad)
    one.calls.made(one.call)
    assert looks.seen == 10


def test_a_job_that_goes_by_another_name_is_noted_under_that(make_case: Any) -> None:
    one, _ = followed(make_case, Job("job-8", 0.0), BackendError("odd"), *(BackendError("odd") for _ in range(4)))
    with pytest.raises(Undelivered, match="job-8"):
        one.calls.made(one.call)
    entry = one.journal.get(ACTION.key)
    assert entry is not None and entry.job == "job-8"


def test_a_job_that_failed_is_over_and_costs_what_it_says(make_case: Any) -> None:
    one, _ = followed(make_case, JobFailed("no face", cost_usd=0.01))
    with pytest.raises(JobFailed):
        one.calls.made(one.call)
    entry = one.journal.get(ACTION.key)
    assert entry is not None and entry.state == "refused" and one.calls.budget.spent_usd == pytest.approx(0.01)


def test_a_user_who_stops_leaves_the_job_to_a_later_build(make_case: Any) -> None:
    one, looks = followed(make_case)
    one.calls.sleep = lambda seconds: True
    with pytest.raises(Stopped):
        one.calls.made(one.call)
    entry = one.journal.get(ACTION.key)
    assert looks.seen == 0 and entry is not None and entry.state == "submitted"


def test_a_job_of_before_is_looked_at_at_once_and_tells_nothing_of_how_long_jobs_take(make_case: Any) -> None:
    one, _ = followed(make_case)
    one.finder.found = Job("job-7", 30.0)
    one.calls.made(one.call)
    assert one.slept == [0.0] and one.call.lane.expected("") is None


def test_a_job_of_now_is_looked_at_when_its_provider_says_and_tells_how_long_jobs_take(make_case: Any) -> None:
    one = make_case(safe=False)
    one.finder.submit = lambda request, key="": Job("job-7", 30.0)
    one.calls.made(one.call)
    assert one.slept == [30.0] and one.call.lane.expected("") is not None


@pytest.mark.parametrize("failures", [4, 5])
def test_a_result_that_is_there_is_fetched_five_times(
    make_case: Any, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    one, looks = followed(make_case)
    made = Performed({"image": Blob(png((1, 2, 3)), "image/png")}, {}, {}, 0.04)
    results: list[Exception | Performed] = [*(Unavailable("busy") for _ in range(failures)), made]

    def finished(action: object, reply: Reply) -> Performed:
        found = results.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(one.calls.executors, "finished", finished)
    if failures < 5:
        one.calls.made(one.call)
    else:
        with pytest.raises(Undelivered, match="busy"):
            one.calls.made(one.call)
    assert looks.seen == 5 and len(results) == (0 if failures < 5 else 1)


def test_a_result_at_an_address_is_fetched_as_the_reply_said(make_case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, looks = followed(make_case)
    reply = Reply(remote=Remote("https://example.com/a.png", True), cost_usd=0.03, details={"seed": 7})
    one.finder.found = as_job(reply)
    got: list[Reply] = []

    def finished(action: object, reply: Reply) -> Performed:
        got.append(reply)
        return Performed({"image": Blob(png((1, 2, 3)), "image/png")}, {}, {}, 0.03)

    monkeypatch.setattr(one.calls.executors, "finished", finished)
    one.calls.made(one.call)
    assert got == [reply] and looks.seen == 0, "nobody is asked: the address is known"
