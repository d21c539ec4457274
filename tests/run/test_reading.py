"""The second reader, over real HTTP: a vision model through litellm is shown accepted pictures beside the anchor, by a
gateway on this machine that speaks OpenAI's chat completions."""

from __future__ import annotations

import base64
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from personaforge.errors import SpecError
from personaforge.identity.checklist import CHECKLIST, answer_schema
from personaforge.plan.contents import Contents
from personaforge.providers.litellm_text import LiteLLMText
from personaforge.store.spending import spending
from personaforge.testing.server import Becomes, Drop, Says, Server, serving
from personaforge.warehouse.projection import opened
from personaforge.workspace.workspace import BuildOptions
from tests.conftest import Forge
from tests.run.conftest import PERSONA, PIPELINE, Studio
from tests.server import chat

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
READER = """\
  reader: {kind: reading, source: image, needs: [profile, matrix, anchor, image], template: reader/checklist.j2,
           system: reader/system.j2, provider: "${reader.provider}", model: "${reader.model}"}
  document:"""
PRESET = """\
provider: litellm
model: house/eyes
votes: 3
temperature: 0.7
max_tokens: 1000
picture_tokens: 1000
timeout_seconds: 10
prices: {house/eyes: {input: 3.0, output: 15.0}}
"""
FILES = {
    "conf/pipeline/small.yaml": PIPELINE.replace("  document:", READER),
    "conf/reader/house.yaml": PRESET,
}
FILES["conf/schema/dna.yaml"] = """\
type: object
additionalProperties: false
required: [eyes]
properties: {eyes: {type: object, required: [color], properties: {color: {enum: [brown, green]}}}}
"""
PLAIN = PERSONA + "pinned: {dna: {eyes: {color: brown}}}\n"
ASKED = PLAIN + "reader: house\n"
NODES = ("reader/02", "reader/03", "reader/04")


def answer(**changed: tuple[str, str]) -> dict[str, Any]:
    """A usable answer: nothing has changed but what is named, as (seen, compared)."""
    said: dict[str, Any] = {}
    for item in CHECKLIST:
        seen, compared = changed.get(item.name, ("brown" if item.name == "eye_color" else "other", "same"))
        said[item.name] = {"seen": seen if item.words else "a green coat", "compared": compared}
    return said


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*chat.ROUTES) as found:
        monkeypatch.setenv("FORGE_HOUSE_URL", found.url + "/v1")
        monkeypatch.setenv("HOUSE_API_KEY", "sk-canary-house")
        says(found, json.dumps(answer()))
        yield found


def says(server: Server, *texts: str) -> None:
    """Let the model answer these texts in turn, over and over: with three votes a text for each of them."""
    server.state["completion"] = lambda body: texts[len(server.ledger) % len(texts)]


@pytest.fixture
def read(make_studio: Callable[..., Studio], server: Server) -> Studio:
    return make_studio(ASKED, files=FILES)


def one_by_one(studio: Studio, *select: str, **asked: Any) -> Any:
    return studio.build(*select, options=BuildOptions(jobs=1, keep_going=True), **asked)


def reading(studio: Studio, slot: str = "02") -> Any:
    return orjson.loads((studio.root / f"build/ana/readings/image-{slot}.json").read_bytes())


def evaluations(studio: Studio) -> list[dict[str, Any]]:
    found = [orjson.loads(path.read_bytes()) for path in (studio.root / ".forge/records/evaluations").rglob("*.json")]
    return [one for one in found if one["modality"] == "reading"]


def test_switching_it_on_makes_nothing_anew_and_off_again_neither(read: Studio, server: Server) -> None:
    studio = read
    studio.edit("personas/ana.yaml", ("reader: house\n", ""))
    studio.build()
    assert not [name for name in studio.states() if name.startswith("reader")] and server.requests == []
    lock, drawn = studio.lock.read_text(), studio.calls()
    studio.edit("personas/ana.yaml", ("pipeline: small\n", "pipeline: small\nreader: house\n"))
    assert studio.running() == set(NODES)
    studio.build()
    assert studio.calls() == drawn and len(server.ledger) == 9
    kept = [line for line in studio.lock.read_text().splitlines() if "reader/" not in line]
    assert kept == [line for line in lock.splitlines() if "reader/" not in line], "no other line has moved"
    studio.edit("personas/ana.yaml", ("reader: house\n", ""))
    assert studio.running() == set()


def test_each_picture_is_read_by_three_votes_once(read: Studio, server: Server) -> None:
    plan = {name: read.node(name) for name in NODES}
    assert {node.state for node in plan.values()} <= {"run", "maybe"}
    report = read.build()
    assert {report.nodes[f"ana/{name}"].outcome.status for name in NODES} == {"accepted"}
    assert len(server.ledger) == 9 and not read.running()
    read.build()
    assert len(server.ledger) == 9
    found = reading(read)
    assert found["votes"] == 3 and found["unusable"] == [] and found["changed"] == 0.0
    assert found["attributes"]["eye_color"] == {
        "asked": "brown", "against": "words", "seen": "brown", "compared": "same", "votes": {"same": 3},
    }  # fmt: skip
    assert found["attributes"]["hat"]["against"] == "anchor" and found["attributes"]["hat"]["asked"] == ""
    assert found["attributes"]["clothing"]["seen"] == "a green coat"
    assert "reader/03" in read.lock.read_text()


def test_a_request_has_the_form_of_the_sdks_schema(read: Studio, server: Server) -> None:
    """`openai`, which litellm brings along, types what its chat completions take: here, every key and type of it."""
    from openai.types.chat import ChatCompletionContentPartParam, ChatCompletionMessageParam
    from openai.types.chat.completion_create_params import ResponseFormat
    from pydantic import TypeAdapter

    read.build()
    sent = server.calls("chat.submit")[0].json
    system, user = sent["messages"]
    assert system["role"] == "system" and user["role"] == "user"
    parts = [TypeAdapter(ChatCompletionContentPartParam).validate_python(part, strict=True) for part in user["content"]]
    assert [part["type"] for part in parts] == ["text", "image_url", "image_url"]
    for message in (system, user):
        TypeAdapter(ChatCompletionMessageParam).validate_python(message)
    form = sent["response_format"]
    TypeAdapter(ResponseFormat).validate_python(form, strict=True)
    assert form["type"] == "json_schema" and form["json_schema"]["strict"] is True
    assert form["json_schema"]["schema"] == answer_schema()

    def closed(schema: Any) -> None:
        """What strict mode asks for: every property required, and no others."""
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False and set(schema["required"]) == set(schema["properties"])
            for one in schema["properties"].values():
                closed(one)
        else:
            assert set(schema) <= {"type", "enum"}

    closed(form["json_schema"]["schema"])
    found = reading(read)
    shown = [part["image_url"]["url"] for part in user["content"][1:]]
    assert all(one.startswith("data:image/png;base64,") for one in shown)
    with read.open() as space:
        contents = Contents(space.store, space.store.build_folder("ana"))
        pictures = {
            base64.b64encode(contents.read(reading(read, slot)["picture"])).decode() for slot in ("02", "03", "04")
        }
        anchor = base64.b64encode(contents.read(found["anchor"])).decode()
    assert shown[0].partition(",")[2] in pictures and shown[1].partition(",")[2] == anchor
    assert "eye colour): compare it with these words: <words>brown</words>" in user["content"][0]["text"]


def test_most_votes_count_and_without_a_majority_it_cannot_be_seen(read: Studio, server: Server) -> None:
    votes = [
        answer(hat=("cap", "changed"), hair_color=("red", "changed"), glasses=("none", "same")),
        answer(hat=("hat", "changed"), hair_color=("black", "same"), glasses=("glasses", "changed")),
        answer(hat=("cap", "same"), hair_color=("brown", "cannot see"), glasses=("cannot see", "cannot see")),
    ]
    says(server, *map(json.dumps, votes))
    one_by_one(read)
    found = reading(read)
    seen = {name: (one["seen"], one["compared"]) for name, one in found["attributes"].items()}
    assert seen["hat"] == ("cap", "changed")
    assert seen["hair_color"] == seen["glasses"] == ("cannot see", "cannot see")
    assert found["attributes"]["hat"]["votes"] == {"changed": 2, "same": 1}
    # Five more are the same, one has changed, two can't be told.
    assert found["changed"] == pytest.approx(1 / 6, abs=1e-6)
    (record,) = [one for one in evaluations(read) if one["slot"] == "02"]
    assert record["reader"]["changed"] == found["changed"] and record["artifacts"] == {"image": found["picture"]}


BAD = {
    "I see a woman with brown eyes.": "no single JSON object",
    '{"hat": {"seen": "none", "compared": "same"': "no single JSON object",
    json.dumps(answer(hat=("cap", "changed maybe"))): 'hat.compared: found "changed maybe", expected one of "same"',
    json.dumps(answer(eye_color=("violet", "same"))): 'eye_color.seen: found "violet", expected one of "dark brown"',
    json.dumps({**answer(), "age": 30}): "found age, expected only skin_tone",
    json.dumps({"hat": answer()["hat"]}): "found no skin_tone",
    json.dumps({**answer(), "clothing": {"seen": "x" * 201, "compared": "same"}}): "found 201 characters",
}


def test_an_answer_that_does_not_fit_is_a_vote_that_says_nothing(read: Studio, server: Server) -> None:
    read.edit("conf/reader/house.yaml", ("votes: 3", "votes: 9"))
    says(server, *BAD, *[json.dumps(answer(hat=("cap", "changed")))] * 2)
    one_by_one(read, "+reader/02")
    found = reading(read)
    assert len(found["unusable"]) == len(BAD)
    for number, (why, told) in enumerate(zip(BAD.values(), found["unusable"], strict=True), 1):
        assert told.startswith(f"vote {number}: ") and why in told, told
    assert found["attributes"]["hat"]["compared"] == "cannot see", "two of nine are no majority"
    one_by_one(read, "+reader/02")
    assert len(server.ledger) == 9, "nobody asks anew for a vote that can't be used"


def test_two_votes_of_three_are_a_majority_beside_one_that_says_nothing(read: Studio, server: Server) -> None:
    says(server, json.dumps(answer(hat=("cap", "changed"))), "no", json.dumps(answer(hat=("cap", "changed"))))
    report = one_by_one(read, "+reader/02")
    assert reading(read)["attributes"]["hat"]["compared"] == "changed"
    assert report.nodes["ana/reader/02"].outcome.facts["usable"] == 2


def test_two_votes_that_say_nothing_leave_no_majority(read: Studio, server: Server) -> None:
    says(server, json.dumps(answer(hat=("cap", "changed"))), "no", "no")
    one_by_one(read, "+reader/02")
    found = reading(read)
    assert {one["compared"] for one in found["attributes"].values()} == {"cannot see"} and found["changed"] is None


def test_json_within_prose_or_a_fence_is_taken(read: Studio, server: Server) -> None:
    good = json.dumps(answer())
    says(server, good, f"Gladly! Here it is:\n```json\n{good}\n```", f"I looked closely. {good} That is all.")
    one_by_one(read, "+reader/02")
    assert reading(read)["unusable"] == []


def test_a_refusal_is_no_vote_and_ships_the_picture_all_the_same(read: Studio, server: Server) -> None:
    server.script("chat.submit", *[Becomes("refused"), Becomes("blocked"), Becomes("cut")])
    report = one_by_one(read, "+reader/02")
    node = report.nodes["ana/reader/02"].outcome
    assert (node.status, node.facts["usable"]) == ("flagged", 0)
    assert node.facts["reason"].startswith("no vote can be used: vote 1: refusal")
    assert "raise reader.max_tokens" in reading(read)["unusable"][2]
    assert report.nodes["ana/image/02"].outcome.status == "accepted"
    assert evaluations(read)[0]["measured"] is False, "nothing is told from nothing"
    assert len(server.ledger) == 3
    one_by_one(read, "+reader/02", force=("ana/reader/02",))
    assert len(server.ledger) == 6 and reading(read)["unusable"] == []


def test_what_it_says_never_changes_what_was_accepted(make_studio: Callable[..., Studio], server: Server) -> None:
    everything = {item.name: (item.words[0] if item.words else "", "changed") for item in CHECKLIST}
    says(server, json.dumps(answer(**everything)))
    plain, studio = make_studio(PLAIN, files=FILES, name="plain"), make_studio(ASKED, files=FILES)
    before = plain.build()
    after = studio.build()
    assert reading(studio)["changed"] == 1.0
    for name in before.nodes:
        one, other = before.nodes[name].outcome, after.nodes[name].outcome
        assert (one.status, one.digest) == (other.status, other.digest), name
    written = [(one.root / "build/ana/persona.json").read_bytes() for one in (plain, studio)]
    assert written[0] == written[1]


def test_more_votes_keep_those_that_there_are_and_fewer_buy_nothing(read: Studio, server: Server) -> None:
    read.build()
    read.edit("conf/reader/house.yaml", ("votes: 3", "votes: 5"))
    assert read.node("reader/02").estimate.calls_min == read.node("reader/02").estimate.calls_max == 2
    read.build()
    assert len(server.ledger) == 15 and reading(read)["votes"] == 5
    read.edit(
        "conf/reader/house.yaml",
        ("votes: 5", "votes: 1"),
        ("input: 3.0", "input: 4.0"),
        ("picture_tokens: 1000", "picture_tokens: 5"),
    )
    read.build()
    assert len(server.ledger) == 15 and reading(read)["votes"] == 1


def test_an_even_number_of_votes_is_refused(read: Studio, server: Server) -> None:
    read.edit("conf/reader/house.yaml", ("votes: 3", "votes: 2"))
    with pytest.raises(SpecError, match="found 2, expected an odd number of votes"):
        read.plan()


def test_a_plan_says_what_reading_costs_and_the_ledger_what_it_did(read: Studio, server: Server) -> None:
    estimate = read.node("reader/02").estimate
    assert estimate.calls_max == 3
    most = estimate.usd_max
    assert most is not None and most > 3 * (2 * 1000 * 3.0 + 1000 * 15.0) / 1e6, "two pictures and the whole answer"
    read.build()
    with read.open() as space:
        lines = [line for line in spending(space.store) if line.node.startswith("ana/reader/")]
    assert len(lines) == 9 and sum(line.usd or 0 for line in lines) == pytest.approx(server.usd, abs=1e-6)
    assert sum(line.usd or 0 for line in lines) <= 3 * most


def test_a_budget_bounds_it(read: Studio, server: Server) -> None:
    most = read.node("reader/02").estimate.usd_max
    assert most is not None
    report = read.build(options=BuildOptions(jobs=1, keep_going=True, max_cost_usd=most / 3))
    assert len(server.ledger) == 1, "the second call may cost more than is left"
    errors = [str(node.error) for name, node in report.nodes.items() if name.startswith("ana/reader/") and node.error]
    assert len(errors) == 3 and all("complete by house/eyes may cost $" in error for error in errors), errors
    read.build()
    assert len(server.ledger) == 9, "what was bought counts, and the rest follows"


def test_an_answer_that_was_lost_is_not_asked_for_again(read: Studio, server: Server) -> None:
    server.script("chat.submit", Drop(accepted=True))
    report = one_by_one(read, "+reader/02")
    assert report.nodes["ana/reader/02"].end == "failed" and len(server.ledger) == 1
    one_by_one(read, "+reader/02")
    assert len(server.ledger) == 1, "it may have been paid for: the user decides"


def test_a_model_that_takes_no_pictures_fails_by_name_and_costs_nothing(read: Studio, server: Server) -> None:
    error = {"error": {"message": "this model does not support image input", "type": "invalid_request_error"}}
    server.script("chat.submit", *[Says(400, error)] * 3)
    report = one_by_one(read)
    failed = report.nodes["ana/reader/02"]
    assert failed.end == "failed" and "does not support image input" in str(failed.error)
    assert report.nodes["ana/document"].outcome.status == "accepted" and server.usd == 0


def test_a_provider_that_can_not_be_shown_pictures_is_refused_before_anything_is_built(
    make_studio: Callable[..., Studio], server: Server
) -> None:
    files = {**FILES, "conf/reader/house.yaml": PRESET.replace("provider: litellm", "provider: embedded")}
    studio = make_studio(ASKED, files=files)
    with studio.open() as space:
        problems, _ = space.validate(["ana"])
    (problem,) = problems
    assert problem.path == "reader.provider" and "can't be shown pictures" in problem.message
    files["conf/reader/house.yaml"] = PRESET.replace("provider: litellm", "provider: nobody")
    with make_studio(ASKED, files=files, name="other").open() as space:
        (problem,) = space.validate(["ana"])[0]
    assert problem.path == "reader.provider" and "no text provider 'nobody'" in problem.message


def test_a_source_without_pictures_is_refused(make_studio: Callable[..., Studio], server: Server) -> None:
    pipeline = FILES["conf/pipeline/small.yaml"].replace("kind: reading, source: image", "kind: reading, source: video")
    studio = make_studio(ASKED, files={**FILES, "conf/pipeline/small.yaml": pipeline})
    report = one_by_one(studio)
    assert "which gives no picture" in str(report.nodes["ana/reader/wave"].error) and server.ledger == []


def test_a_death_between_two_calls_buys_nothing_twice(read: Studio, server: Server) -> None:
    read.build("+image/*")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside the server's thread
        child = os.fork()
    if child == 0:
        submit, sent = LiteLLMText.submit, Counter[str]()

        def dying(self: LiteLLMText, request: Any, key: str = "") -> Any:
            sent["calls"] += 1
            if sent["calls"] == 5:
                os._exit(9)  # before the fifth is sent
            return submit(self, request, key)

        try:
            LiteLLMText.submit = dying  # type: ignore[method-assign]
            one_by_one(read)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(server.ledger) == 4
    one_by_one(read)
    # The fifth may have been sent, for all that forge knows, and waits for the user's word; the others follow.
    with read.open() as space:
        (entry,) = space.store.journal.open_entries()
        space.store.journal.resubmit(entry.key, "it was not sent")
    one_by_one(read)
    assert len(server.ledger) == 9 and not read.running()
    bodies = Counter(json.dumps(line.call.json, sort_keys=True) for line in server.ledger)
    assert set(bodies.values()) == {3}, "three votes of each picture"


def test_two_builds_at_once_buy_each_vote_once(read: Studio, server: Server) -> None:
    import threading

    read.build("+image/*")
    server.latency = 0.05
    other = Studio(read.root, read.text, read.images, read.clips)
    builds = [threading.Thread(target=studio.build) for studio in (read, other)]
    for one in builds:
        one.start()
    for one in builds:
        one.join()
    assert len(server.ledger) == 9 and not read.running()


def test_it_is_a_timeline_and_a_row_of_the_warehouse(read: Studio, server: Server) -> None:
    says(server, json.dumps(answer(hat=("cap", "changed"))))
    read.build()
    from personaforge.drift.timelines import drift

    with read.open() as space:
        (line,) = [one for one in drift(space, "ana").timelines if one.metric.name == "changed_share"]
        assert line.values == (0.125,) * 3 and line.modality == "likeness"
        assert line.measured_by.name == "eyes", "the model that answered"
        with opened(space.store) as connection:
            sql = "select node, changed_share from evaluations where modality = 'reading' order by node"
            assert connection.execute(sql).fetchall() == [(name, 0.125) for name in NODES]


CONSENT = """\
schema_version: 1
record_id: r-1
subject: ana-real
created: 2026-01-02T10:00:00+00:00
controller: Studio
agreed_terms: terms 3
consent_items: {facial_recognition: true, likeness_usage: true}
restrictions: {no_third_party: true}
signed_at: 2026-01-02T10:00:00+00:00
events: [{event: given, at: 2026-01-02T10:00:00+00:00, by: Ana}]
"""


def test_a_real_person_is_shown_to_nobody_where_the_consent_forbids_third_parties(
    make_studio: Callable[..., Studio], server: Server
) -> None:
    consented = {**FILES, "consent/ana-real.yaml": CONSENT}
    studio = make_studio(ASKED + "subject: ana-real\n", files=consented)
    with pytest.raises(SpecError, match="which would be shown pictures of 'ana-real'") as told:
        studio.build()
    assert "restrictions.no_third_party" in str(told.value) and server.requests == []
    make_studio(PLAIN + "subject: ana-real\n", files=consented, name="off").plan()
    allowed = CONSENT.replace("no_third_party: true", "no_third_party: false")
    free = make_studio(ASKED + "subject: ana-real\n", files={**FILES, "consent/ana-real.yaml": allowed}, name="free")
    free.build()
    assert len(server.ledger) == 9


def test_the_packaged_pipelines_have_the_step_and_no_node_of_it() -> None:
    import yaml

    from personaforge.spec.project import packaged

    folder = Path(str(packaged("conf")))
    off = yaml.safe_load((folder / "reader/default.yaml").read_text())
    assert off["provider"] == "none"
    on = yaml.safe_load((folder / "reader/litellm.yaml").read_text())
    text = yaml.safe_load((folder / "text/litellm.yaml").read_text())
    assert on["prices"][on["model"]] == text["prices"][on["model"]], "one service has one price"


def test_eval_show_and_report_print_the_agreement_with_what_is_measured(
    forge: Forge, tmp_path: Path, server: Server
) -> None:
    """Drawings by forge, whose appearance the pack that comes with it measures."""

    def copied(body: dict[str, Any]) -> str:
        """Says what the DNA says of everything, so that it agrees wherever measuring finds the same."""
        asked = dict(re.findall(r"^- (\w+) .*?<words>(.*?)</words>", body["messages"][1]["content"][0]["text"], re.M))
        words = {item.name: asked[item.name] for item in CHECKLIST if asked.get(item.name) in item.words}
        return json.dumps(answer(**{name: (word, "same") for name, word in words.items()}, hat=("cap", "changed")))

    server.state["completion"] = copied
    (tmp_path / "conf/reader").mkdir(parents=True)
    (tmp_path / "conf/reader/house.yaml").write_text(PRESET.replace("votes: 3", "votes: 1"))
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas/ana.yaml").write_text(
        "id: ana\nbrief: A calm gardener of forty who talks to her roses.\nreader: house\n"
        "pinned: {dna: {hair: {color: black}, eyes: {color: blue}}}\n"
    )
    forge("build", "--select", "+reader/02 +reader/07", cwd=tmp_path, check=0)
    assert len(server.ledger) == 2
    text = forge("eval", "--persona", "ana", cwd=tmp_path).stdout
    (line,) = [one for one in text.splitlines() if one.startswith("The second reader beside what is measured: ")]
    assert "same or changed: " in line and "hair color: 2 of 2 agree, kappa not defined" in line
    found = json.loads(forge("eval", "--persona", "ana", "--json", cwd=tmp_path).stdout)["reader_agreement"]
    hair = next(one for one in found if one["about"] == "hair_color")
    assert hair == {"about": "hair_color", "n": 2, "agreed": 2, "share": 1.0, "kappa": None}
    card = forge("show", "ana", cwd=tmp_path, check=0).stdout
    assert (
        "reader/07: changed: hat or head covering (cap); 8 of 8 could be compared (eyes, 1 vote)"
        in " ".join(card.split())
        and "hair color: 2 of 2 agree" in card
    )
    assert "second reader (advice)" in card
    shown = json.loads(forge("show", "ana", "--json", cwd=tmp_path, check=0).stdout)["reading"]
    assert set(shown["pictures"]) == {"reader/02", "reader/07"} and shown["agreement"] == found
    forge("report", "ana", cwd=tmp_path, check=0)
    page = (tmp_path / "reports/ana.html").read_text()
    assert "changed: hat or head covering (cap); 8 of 8 could be compared (eyes, 1 vote)" in page
    assert "Second reader, which is advice and accepts nothing: eyes; beside what is measured: same or changed:" in page
