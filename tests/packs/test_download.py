"""Fetching over real HTTP: resuming, refusing, and never keeping what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.http.download import Fetched
from personaforge.http.fetch import client
from personaforge.http.url import next_address
from personaforge.packs.download import SourceFailed, Step, Wanted, fetch
from tests.packs.conftest import Served, Server

DATA = os.urandom(400_000)


def get(
    server: Server, target: Path, path: str = "/file", *, data: bytes = DATA, pinned: bool = True, timeout: float = 10
) -> tuple[Fetched, list[Step]]:
    """Fetch without waiting between tries, and return the result and what was told."""
    told: list[Step] = []
    wanted = Wanted("file", len(data), digest_bytes(data)) if pinned else Wanted("file", None, None)
    with client(timeout) as http:
        done = fetch(http, server.url + path, wanted, target, say=told.append, sleep=lambda seconds: None)
    return done, [step for step in told if step.kind != "bytes"]


def refused(server: Server, target: Path, **options: object) -> str:
    """Return why a file was not taken, after checking that it was not."""
    with pytest.raises(SourceFailed) as failure:
        get(server, target, **options)  # type: ignore[arg-type]
    assert not target.exists()
    return str(failure.value)


def left(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.glob("*"))


def test_a_file_comes_whole(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA)
    done, told = get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert done == Fetched(f"{server.url}/file", len(DATA), digest_bytes(DATA), len(DATA))
    assert [step.kind for step in told] == ["start"] and told[0].total == len(DATA)
    assert server.asked == [("/file", "")]


def test_a_broken_connection_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, cut=[100_000, 50_000])
    done, told = get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert server.asked == [("/file", ""), ("/file", "bytes=100000-"), ("/file", "bytes=150000-")]
    assert done.fetched == len(DATA) == server.sent, "no byte is fetched twice"
    assert [step.kind for step in told] == ["start", "retry", "resume", "retry", "resume"]


@pytest.mark.parametrize(
    ("etag", "date", "asked"),
    [
        ('"v7"', "", "bytes=100000-"),
        ('W/"v7"', "", ""),  # a weak one says "much the same", and If-Range doesn't take it
        ('W/"v7"', "Tue, 01 Oct 2024 10:00:00 GMT", "bytes=100000-"),
        ("", "Tue, 01 Oct 2024 10:00:00 GMT", "bytes=100000-"),
        ("", "", ""),
    ],
)
def test_only_what_is_known_to_be_the_same_file_is_gone_on_with(
    server: Server, tmp_path: Path, etag: str, date: str, asked: str
) -> None:
    server.paths["/file"] = Served(DATA, etag=etag, date=date, cut=[100_000])
    get(server, tmp_path / "file")
    assert server.asked == [("/file", ""), ("/file", asked)] and (tmp_path / "file").read_bytes() == DATA


def test_a_killed_process_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, slow=0.05)
    code = f"""
from pathlib import Path
from personaforge.http.fetch import client
from personaforge.packs.download import Wanted, fetch
wanted = Wanted("file", {len(DATA)}, {digest_bytes(DATA)!r})
with client() as http:
    fetch(http, {server.url + "/file"!r}, wanted, Path({str(tmp_path / "file")!r}))
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    part = tmp_path / "file.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size >= 65536):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and not (tmp_path / "file").exists()
    kept = part.stat().st_size
    assert 0 < kept < len(DATA)
    server.paths["/file"].slow = 0
    done, told = get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert server.asked[-1] == ("/file", f"bytes={kept}-") and done.fetched == len(DATA) - kept
    assert told == [Step("resume", f"{server.url}/file", kept, len(DATA))]


def test_a_part_that_is_whole_already_costs_no_request(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, cut=[100_000])
    with client() as http, pytest.raises(KeyboardInterrupt):

        def interrupt(seconds: float) -> None:
            raise KeyboardInterrupt

        wanted = Wanted("file", len(DATA), digest_bytes(DATA))
        fetch(http, f"{server.url}/file", wanted, tmp_path / "file", sleep=interrupt)
    with (tmp_path / "file.part").open("ab") as part:
        part.write(DATA[100_000:])
    done, _ = get(server, tmp_path / "file")
    assert done.fetched == 0 and len(server.asked) == 1
    assert (tmp_path / "file").read_bytes() == DATA


@pytest.mark.parametrize("change", [{"etag": '"2"'}, {"ranges": False}, {"etag": 'W/"1"'}, {"etag": ""}])
def test_another_file_or_a_server_without_ranges_starts_over(
    server: Server, tmp_path: Path, change: dict[str, object]
) -> None:
    old = bytes(len(DATA))
    server.paths["/file"] = Served(old, cut=[100_000] * 9, ranges=False)
    refused(server, tmp_path / "file")
    server.paths["/file"] = Served(DATA, **change)  # type: ignore[arg-type]
    done, _ = get(server, tmp_path / "file")
    assert done.fetched == len(DATA) and (tmp_path / "file").read_bytes() == DATA


def test_damaged_bytes_under_a_good_name_are_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, cut=[100_000, 0, 0, 0, 0])
    refused(server, tmp_path / "file")
    part = tmp_path / "file.part"
    part.write_bytes(bytes(100_000))  # what a power cut may leave
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert server.asked[-2:] == [("/file", "bytes=100000-"), ("/file", "")]


def test_a_range_that_starts_elsewhere_is_not_taken(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, cut=[100_000], range_start=7)
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert [asked for _, asked in server.asked] == ["", "bytes=100000-", ""]


def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, busy=[503, 500, 429], headers={"Retry-After": "7"})
    _, told = get(server, tmp_path / "file")
    assert [(step.kind, step.done) for step in told] == [("retry", 7)] * 3 + [("start", 0)]
    assert told[0].text == "answers 503 Service Unavailable"


def test_trying_has_an_end(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, busy=[503] * 99)
    assert refused(server, tmp_path / "file") == "answers 503 Service Unavailable (tried 5 times)"
    server.paths["/drip"] = Served(DATA, cut=[1] * 999)
    assert "(tried 50 times)" in refused(server, tmp_path / "file", path="/drip")
    server.close()
    assert "the connection failed" in refused(server, tmp_path / "file")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_asked_again_and_costs_no_bytes(server: Server, tmp_path: Path, status: int) -> None:
    server.paths["/file"] = Served(DATA, cut=[100_000, 0, 0, 0, 0])
    refused(server, tmp_path / "file")
    server.paths["/file"].status, server.paths["/file"].ranges = status, False
    before = len(server.asked)
    assert refused(server, tmp_path / "file").startswith(f"answers {status}")
    assert len(server.asked) == before + 1
    assert (tmp_path / "file.part").stat().st_size == 100_000, "what has come is kept"


@pytest.mark.parametrize("length", [True, False])
def test_wrong_bytes_leave_nothing(server: Server, tmp_path: Path, length: bool) -> None:
    wrong = bytes(len(DATA))
    server.paths["/file"] = Served(wrong, length=length)
    reason = refused(server, tmp_path / "file")
    assert reason == f"has SHA-256 {digest_bytes(wrong)}, expected {digest_bytes(DATA)}"
    assert left(tmp_path / "file") == []


def test_sizes_are_checked_before_and_while_reading(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA * 50)  # more than the sockets between them hold
    assert refused(server, tmp_path / "file") == "has 20,000,000 bytes, expected 400,000"
    assert server.sent < len(DATA) * 50, "a wrong size is noticed before the body"
    server.paths["/file"] = Served(DATA * 50, length=False)
    assert "more than the 400,000 bytes" in refused(server, tmp_path / "file")
    assert server.sent < len(DATA) * 50 and left(tmp_path / "file") == []
    server.paths["/file"] = Served(DATA[:-1], length=False, ranges=False)
    assert "closed after 399,999 of 400,000 bytes" in refused(server, tmp_path / "file")


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (Served(b"<!DOCTYPE html><p>Log in", headers={"Content-Type": "text/html; charset=utf-8"}), "a web page"),
        (Served(b"\n<HTML>" + b" " * 90), "has 97 bytes, expected 400,000; it is a web page"),
        (Served(b"version https://git-lfs.github.com/spec/v1\n"), "it is a Git LFS pointer"),
        (Served(status=302, headers={"Location": "ftp://127.0.0.1/file"}), "starts with https:// or http://"),
        (Served(status=302, headers={"Location": "file:///etc/passwd"}), "starts with https:// or http://"),
        (Served(status=302), "is redirected to ''"),
        (Served(status=302, headers={"Location": "/file"}), "redirected more than 5 times"),
    ],
)
def test_what_is_no_file_is_said(server: Server, tmp_path: Path, served: Served, reason: str) -> None:
    server.paths["/file"] = served
    assert reason in refused(server, tmp_path / "file")


def test_redirects_are_followed_and_resumed_through(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(status=302, headers={"Location": "/elsewhere?token=1"})
    server.paths["/elsewhere?token=1"] = Served(DATA, cut=[100_000])
    done, _ = get(server, tmp_path / "file")
    assert done.url == f"{server.url}/file", "what is recorded is what was asked for"
    assert server.asked[2:] == [("/file", "bytes=100000-"), ("/elsewhere?token=1", "bytes=100000-")]


def test_encryption_is_not_given_up_on_the_way() -> None:
    assert next_address("https://a/x/y", "../z") == "https://a/z"
    assert next_address("http://a/x", "https://b/x") == "https://b/x"
    assert next_address("http://a/x", "//b/x") == "http://b/x"
    with pytest.raises(ValueError, match="not encrypted"):
        next_address("https://a/x", "http://a/x")


def test_silence_has_an_end(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, pause=0.5)
    assert "the server is silent" in refused(server, tmp_path / "file", timeout=0.05)


def test_without_a_declared_size_the_servers_counts(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, cut=[100_000])
    done, _ = get(server, tmp_path / "file", pinned=False)
    assert done.sha256 == digest_bytes(DATA) and server.asked[1] == ("/file", "bytes=100000-")


@pytest.mark.parametrize(
    ("before", "now"),
    [({"etag": '"1"'}, {"etag": '"2"'}), ({"etag": "", "date": "Mon, 01 Jan"}, {"etag": "", "date": "Tue, 02 Jan"})],
)
def test_a_part_of_another_file_is_not_put_behind_the_first(
    server: Server, tmp_path: Path, before: dict[str, str], now: dict[str, str]
) -> None:
    """Nor where no digest would tell: a server that ignores If-Range sends a part of what it has now."""
    server.paths["/file"] = Served(DATA, cut=[100_000, 0, 0, 0, 0], **before)  # type: ignore[arg-type]
    refused(server, tmp_path / "file", pinned=False)
    other = DATA[::-1]
    server.paths["/file"] = Served(other, blind=True, **now)  # type: ignore[arg-type]
    get(server, tmp_path / "file", pinned=False)
    assert (tmp_path / "file").read_bytes() == other
    assert [asked for _, asked in server.asked[-2:]] == ["bytes=100000-", ""]


def test_a_part_of_a_file_of_no_possible_size_is_not_taken(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, cut=[100_000] * 9, total="9" * 5000)
    assert refused(server, tmp_path / "file").startswith("sends a part of a file of 999")


def test_what_can_not_be_resumed_is_not_fetched_again_and_again(server: Server, tmp_path: Path) -> None:
    server.paths["/file"] = Served(DATA, etag="", cut=[100_000] * 99)
    assert "(tried 5 times)" in refused(server, tmp_path / "file", pinned=False)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        (f"http://127.{'a' * 64}/file", "is at a host that can't be: "),
        ("ftp://example.org/file", "'ftp://example.org/file', which is no address that starts with https:// or http"),
    ],
)
def test_a_redirect_to_nowhere_is_said_so_that_the_next_source_is_tried(
    server: Server, tmp_path: Path, location: str, said: str
) -> None:
    server.paths["/file"] = Served(status=302, headers={"Location": location})
    assert said in refused(server, tmp_path / "file")


def test_secrets_of_an_address_are_sent_and_not_told(server: Server, tmp_path: Path) -> None:
    server.paths["/file?key=s3cret"] = Served(DATA, cut=[10])
    url = server.url.replace("http://", "http://me:pa55@") + "/file?key=s3cret"
    told: list[Step] = []
    with client() as http:
        wanted = Wanted("file", len(DATA), digest_bytes(DATA))
        done = fetch(http, url, wanted, tmp_path / "file", say=told.append, sleep=lambda seconds: None)
    written = "".join(path.read_text() for path in tmp_path.glob("*.json"))
    for text in (repr(done), repr(told), written):
        assert "s3cret" not in text and "pa55" not in text and "/file" in text
