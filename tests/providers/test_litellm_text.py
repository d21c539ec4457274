"""The litellm adapter over real HTTP, against a server on this machine that speaks OpenAI's chat completions."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import (
    BackendError,
    Blocked,
    JobFailed,
    ProviderStopped,
    RateLimited,
    Refused,
    Unavailable,
    Unknown,
)
from personaforge.providers.litellm_text import LiteLLMText, translated
from personaforge.providers.protocols import Reply, Request
from personaforge.providers.table import Options
from personaforge.steps.completion import token_price
from personaforge.steps.prices import settled

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


@dataclass
class Server:
    """A scripted provider on 127.0.0.1."""

    answer: Callable[[dict[str, Any]], tuple[int, Any]] = lambda body: (200, completion('{"desire": "peace"}'))
    delay: float = 0.0
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


def completion(text: str | None, finish: str = "stop") -> dict[str, Any]:
    return {
        "id": "chatcmpl-7",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini-2024",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append({"path": self.path, **body})
            state.headers.append(dict(self.headers))
            time.sleep(state.delay)
            status, answer = state.answer(body)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, *arguments: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    monkeypatch.setenv("OPENAI_API_BASE", state.url)
    monkeypatch.setenv("OPENAI_BASE_URL", state.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    yield state
    httpd.shutdown()
    httpd.server_close()


REQUEST = Request(
    "complete",
    "openai/gpt-4o-mini",
    {
        "system": "You draft personas.",
        "prompt": "Who is she?",
        "schema": {"type": "object", "properties": {"desire": {"type": "string"}}, "required": ["desire"]},
        "temperature": 0.7,
        "max_tokens": 200,
    },
)


def submit(seconds: float = 20.0, request: Request = REQUEST) -> Reply:
    reply = LiteLLMText(Options(seconds)).submit(request)
    assert isinstance(reply, Reply)
    return reply


def test_a_completion_is_one_request_with_the_schema(server: Server) -> None:
    reply = submit()
    assert json.loads(reply.text) == {"desire": "peace"}
    (sent,) = server.requests
    assert sent["path"] == "/chat/completions"
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert sent["temperature"] == 0.7 and sent["max_tokens"] == 200
    assert sent["response_format"]["json_schema"]["schema"] == REQUEST.fields["schema"]
    assert server.headers[0]["Authorization"] == "Bearer sk-canary"
    assert reply.cost_usd is not None and reply.cost_usd > 0
    assert reply.details["tokens_in"] == 100 and reply.details["model"] == "gpt-4o-mini-2024"


@pytest.mark.parametrize(
    ("details", "counted", "usd"),
    [
        ({"cached_tokens": 1920}, {"tokens_cached": 1920}, (86 * 3 + 1920 * 0.3 + 300 * 15) / 1e6),
        ({"cached_tokens": 0}, {}, (2006 * 3 + 300 * 15) / 1e6),
        (
            {"cached_tokens": 900, "cache_creation_tokens": 100},
            {"tokens_cached": 900, "tokens_cache_written": 100},
            (1006 * 3 + 900 * 0.3 + 100 * 3.75 + 300 * 15) / 1e6,
        ),
    ],
)
def test_tokens_from_a_cache_cost_what_the_table_says_of_them(
    server: Server, details: dict[str, int], counted: dict[str, int], usd: float
) -> None:
    usage = {"prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306, "prompt_tokens_details": details}
    server.answer = lambda body: (200, {**completion("{}"), "usage": usage})
    reply = submit()
    assert {name: value for name, value in reply.details.items() if "cache" in name} == counted
    price = token_price(True, {"input": 3.0, "cached_input": 0.3, "cache_write": 3.75, "output": 15.0}, 1000)
    assert settled(price, {}, reply.cost_usd, reply.details).usd == pytest.approx(usd)
    plain = token_price(True, {"input": 3.0, "cached_input": None, "cache_write": None, "output": 15.0}, 1000)
    assert settled(plain, {}, reply.cost_usd, reply.details).usd == pytest.approx((2006 * 3 + 300 * 15) / 1e6)


def test_the_price_of_an_unknown_model_is_unknown(server: Server) -> None:
    server.answer = lambda body: (200, {**completion("{}"), "model": "house-model-9"})
    request = Request("complete", "openai/house-model-9", REQUEST.fields)
    assert submit(request=request).cost_usd is None


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": 0, "completion_tokens": 20, "total_tokens": 20},
        {"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100},
    ],
)
def test_an_answer_that_counts_no_tokens_is_of_unknown_cost(server: Server, usage: Any) -> None:
    answer = {name: value for name, value in completion("{}").items() if name != "usage"}
    server.answer = lambda body: (200, answer if usage is None else {**answer, "usage": usage})
    reply = submit()
    assert reply.text == "{}" and reply.cost_usd is None and "tokens_out" not in reply.details
    price = token_price(True, {"input": 3.0, "output": 15.0}, 1000)
    assert settled(price, {}, reply.cost_usd, reply.details).usd is None


def test_an_answer_without_a_choice_says_so_and_costs_what_it_counted(server: Server) -> None:
    server.answer = lambda body: (200, {**completion("{}"), "choices": []})
    with pytest.raises(JobFailed, match="openai/gpt-4o-mini answered without any choice") as caught:
        submit()
    assert caught.value.cost_usd is not None and caught.value.cost_usd > 0


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429])
def test_a_refusal_is_one_request_and_costs_nothing(server: Server, status: int) -> None:
    server.answer = lambda body: (status, {"error": {"message": "no", "type": "x", "code": "y"}})
    with pytest.raises(Refused, match=str(status)):
        submit()
    assert len(server.requests) == 1


def test_a_refused_key_that_was_never_set_is_called_so(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = lambda body: (401, {"error": {"message": "no", "type": "x", "code": "y"}})
    error = type("Error", (Exception,), {"status_code": 401})("missing credentials")
    with pytest.raises(ProviderStopped, match="the key was not accepted"):
        submit()
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    said = translated(error, "anthropic/claude-opus-4-7")
    assert "no key was accepted (401), and ANTHROPIC_API_KEY is not set" in said.message
    assert said.hint == "export ANTHROPIC_API_KEY=..."
    monkeypatch.setenv("ANTHROPIC_API_KEY_STUDIO", "sk-other")
    assert "the key was not accepted (401)" in translated(error, "anthropic/claude-opus-4-7").message
    assert "the key was not accepted" in translated(error, "unheard/of").message, "its variables aren't known"


def test_an_error_that_quotes_the_key_is_nowhere_in_ours(server: Server) -> None:
    server.answer = lambda body: (400, {"error": {"message": "no: sk-canary", "type": "x", "code": "y"}})
    with pytest.raises(Refused) as caught:
        submit()
    assert "sk-canary" not in str(caught.value) and caught.value.__context__ is None


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_server_may_have_taken_the_money(server: Server, status: int) -> None:
    server.answer = lambda body: (status, {"error": {"message": "oops"}})
    with pytest.raises(Unknown):
        submit()
    assert len(server.requests) == 1


def test_no_answer_in_time_may_have_taken_the_money(server: Server) -> None:
    server.delay = 1.5
    with pytest.raises(Unknown, match="did not answer in time"):
        submit(0.3)
    assert len(server.requests) == 1


def test_nobody_listening_is_a_refusal(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(Refused, match="can't be reached"):
        submit()


def test_a_blocked_answer_is_an_error_and_not_an_empty_text(server: Server) -> None:
    server.answer = lambda body: (200, completion(None, "content_filter"))
    with pytest.raises(Blocked, match="content filter"):
        submit()


def test_rubbish_is_an_error(server: Server) -> None:
    server.answer = lambda body: (200, b"<html>busy</html>")
    with pytest.raises(BackendError):
        submit()


def test_importing_reads_no_dotenv(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    (tmp_path / ".env").write_text("CANARY_FROM_DOTENV=1\n")
    monkeypatch.chdir(tmp_path)
    submit()
    assert "CANARY_FROM_DOTENV" not in os.environ


def test_the_version_is_the_one_that_was_looked_at() -> None:
    from personaforge.versions import installed_version

    assert installed_version("litellm") == "1.106.2"


def test_a_build_buys_its_text_over_http_once_and_leaks_no_key(server: Server, tmp_path: Path) -> None:
    """The whole way: four paid completions, a second build that buys nothing, and no key in anything written."""
    from personaforge.plan.plan import PlanRequest
    from personaforge.testing import write_project
    from personaforge.workspace.workspace import BuildOptions, Workspace

    persona = "id: ana\nbrief: A calm gardener.\npipeline: five_stage\ntext: gateway\nidentity: insightface\n"
    gateway = (
        "provider: litellm\n"
        "models: {light: openai/gpt-4o-mini, standard: openai/gpt-4o-mini, deep: openai/gpt-4o-mini}\n"
        "timeout_seconds: 20\nprices: {openai/gpt-4o-mini: {input: 0.15, output: 0.6}}\n"
    )
    root = write_project(tmp_path, {"ana": persona}, {"conf/text/gateway.yaml": gateway})

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        """Let the embedded rules write what a model would."""
        from personaforge.providers.embedded_text import EmbeddedText

        schema = body["response_format"]["json_schema"]["schema"]
        telling = {"surface": "occupation", "self": "hexaco", "lifestyle": "daily_rhythm", "dna": "eyes"}
        section = next(name for name, key in telling.items() if key in schema["properties"])
        fields = {"section": section, "schema": schema, "seed": 1, "context": {"brief": "A calm gardener."}}
        reply = EmbeddedText().submit(Request("complete", "x", fields))
        assert isinstance(reply, Reply)
        return 200, completion(reply.text)

    server.answer = answer
    with Workspace.open((), str(root)) as space:
        plan = space.plan([], PlanRequest(select=("+profile",)))
        assert plan.estimate.calls_min == 4 and plan.estimate.usd_max is not None
        report = space.build(plan, BuildOptions(max_cost_usd=1.0))
        assert {node.end for node in report.nodes.values()} == {"done"}, [node.error for node in report.nodes.values()]
        assert report.cost_usd > 0 and len(server.requests) == 4
        again = space.build(space.plan([], PlanRequest(select=("+profile",))))
        assert again.performed == 0 and len(server.requests) == 4
    written = [path for path in root.rglob("*") if path.is_file()]
    assert len(written) > 10 and not any(b"sk-canary" in path.read_bytes() for path in written)


def test_nothing_imports_litellm_before_it_is_asked() -> None:
    import subprocess

    code = "import personaforge.workspace.workspace, personaforge.providers.table, sys; "
    code += "import personaforge.providers.litellm_text; "
    done = subprocess.run(
        [sys.executable, "-c", code + "print('litellm' in sys.modules)"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "bad schema", Refused),
        (400, "rejected by our content policy", Blocked),
        (401, "bad key", ProviderStopped),
        (402, "pay", ProviderStopped),
        (403, "not for you", ProviderStopped),
        (429, "slow down", RateLimited),
        (429, "insufficient_quota", ProviderStopped),
    ],
)
def test_what_proves_that_nothing_was_bought_has_a_kind(
    server: Server, status: int, message: str, kind: type[Exception]
) -> None:
    server.answer = lambda body: (status, {"error": {"message": message, "type": "x", "code": "y"}})
    with pytest.raises(kind) as caught:
        submit()
    assert type(caught.value) is kind and "sk-canary" not in str(caught.value)


def test_nobody_listening_may_be_tried_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        submit()


def test_a_refusal_of_the_model_is_told_apart(server: Server) -> None:
    answer = completion(None)
    answer["choices"][0]["message"]["refusal"] = "I can't help with that."
    server.answer = lambda body: (200, answer)
    with pytest.raises(Blocked, match="refused: I can't") as caught:
        submit()
    assert caught.value.stage == "refusal" and caught.value.details["tokens_out"] == 20


def test_an_answer_that_was_cut_off_says_so(server: Server) -> None:
    server.answer = lambda body: (200, completion('{"desire": "pea', "length"))
    assert submit().truncated


def test_a_gateway_is_an_address_and_a_key_in_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("FORGE_LAOZHANG_URL", server.url + "/v1")
    monkeypatch.setenv("LAOZHANG_API_KEY", "lz-canary-key")
    submit(request=Request("complete", "laozhang/gpt-9", REQUEST.fields))
    assert server.requests[0]["path"] == "/v1/chat/completions" and server.requests[0]["model"] == "gpt-9"
    assert server.headers[0]["Authorization"] == "Bearer lz-canary-key"


def test_a_preset_can_name_no_other_services_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from personaforge.errors import SpecError

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-canary")
    with pytest.raises(SpecError, match="no key of openai"):
        LiteLLMText(Options(5, "AWS_SECRET_ACCESS_KEY")).submit(REQUEST)
    monkeypatch.setenv("OPENAI_API_KEY_STUDIO", "sk-studio-canary")
    LiteLLMText(Options(5, "OPENAI_API_KEY_STUDIO")).submit(REQUEST)
    assert server.headers[0]["Authorization"] == "Bearer sk-studio-canary"
