"""The contract of providers that work on this machine, for ours; and that every check of it can fail."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Blob, Job, Reply, Request
from personaforge.providers.table import Entry, entry_of, names
from personaforge.testing import png
from personaforge.testing.contract import LocalCase, LocalContract, Shop
from personaforge.testing.contract.case import registered
from tests.embedded.painter.subjects import draw_request, film_request, subject
from tests.embedded.writer.text_cases import request

SMALL = {"width": 48, "height": 64}
WORDS = request("soul").fields


class TestLocal(LocalContract):
    """What draws, films and writes without a key."""

    cases = (
        LocalCase(
            entry_of("image", "embedded"),
            {**draw_request(subject()).fields, **SMALL, "placement": 0, "drift": 0},
            refused=({"width": 15}, {"subject": {}}),
        ),
        LocalCase(
            entry_of("video", "embedded"),
            {**film_request(subject()).fields, **SMALL, "seconds": 0.3, "fps": 5},
            refused=({"width": 101}, {"subject": {}}),
        ),
        LocalCase(
            entry_of("text", "embedded"),
            {"prompt": "Describe her.", "system": "", "facts": [], "language": "es", **WORDS},
            refused=({"schema": None},),
        ),
    )


class Wrong:
    """Draws one colour, and does one thing wrong."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.count = itertools.count()
        self.kept: list[Any] = []
        if fault == "methods":
            self.ping = lambda model="": None

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        fields: Mapping[str, Any] = request.fields
        note = f"{fields['prompt']} {fields['seed']}"
        match self.fault:
            case "job":
                return Job("1")
            case "clock":
                note += str(next(self.count))
            case "asks":
                note += str(fields.get("style"))
            case "whole":
                note = repr(sorted(map(str, fields.items())))
            case "errors" if not note.strip().isprintable():
                raise KeyError(note)
            case "file":
                Path("debug.png").write_bytes(b"x")
            case "home":
                Path("~/.cache-of-wrong").expanduser().write_bytes(b"x")
            case "scratch":
                os.close(tempfile.mkstemp()[0])
            case "open":
                self.kept.append(os.dup(0))
            case "threads":
                self.kept[:] = [note]
                time.sleep(0.02)
                (note,) = self.kept
        media_type = "image/webp" if self.fault == "type" else "image/png"
        cost = 0.01 if self.fault == "cost" else 0.0
        return Reply(blob=Blob(png((9, 9, 9), note=note), media_type), cost_usd=cost)

    def poll(self, job: Job) -> Reply | Job:
        raise NotImplementedError


FAULTS = {
    "": "",
    "paid": "test_the_capability_says_what_the_provider_does",
    "methods": "test_the_capability_says_what_the_provider_does",
    "incomplete": "test_the_capability_says_what_the_provider_does",
    "type": "test_what_it_makes_is_kept",
    "job": "test_what_it_makes_is_kept",
    "cost": "test_the_same_request_gives_the_same_bytes",
    "clock": "test_the_same_request_gives_the_same_bytes",
    "asks": "test_it_asks_only_for_what_it_reads",
    "whole": "test_fields_that_it_does_not_know_change_nothing",
    "errors": "test_its_errors_are_ours",
    "accepts": "test_its_errors_are_ours",
    "file": "test_it_writes_no_file_and_leaves_nothing_open",
    "home": "test_it_writes_no_file_and_leaves_nothing_open",
    "scratch": "test_it_writes_no_file_and_leaves_nothing_open",
    "open": "test_it_writes_no_file_and_leaves_nothing_open",
    "threads": "test_threads_may_share_it",
}
"""What is wrong -> the check that says so; no check for a provider that does all right."""


@pytest.fixture
def wrong(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[LocalCase, Shop]]:
    fault = request.node.callspec.params["fault"]
    made = Wrong(fault)
    fixed = Capability("wrong", "image", frozenset({"prompt", "seed"}), paid=fault == "paid", deterministic=True)
    fields = {"prompt": "a wall"} if fault == "incomplete" else {"prompt": "a wall", "seed": 3}
    case = LocalCase(
        Entry(fixed, lambda: made, takes_options=False), fields, refused=({},) if fault == "accepts" else ()
    )
    with registered(case.entry):
        shop = Shop(tmp_path / "project")
        yield case, shop
        shop.close()
        for file in made.kept if fault == "open" else ():
            os.close(file)
    assert "wrong" not in names("image")


@pytest.mark.parametrize("fault", FAULTS)
def test_each_check_can_fail(
    fault: str, wrong: tuple[LocalCase, Shop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, shop = wrong
    contract = LocalContract()
    checks: dict[str, Callable[..., None]] = {
        name: getattr(contract, name) for name in dir(contract) if name.startswith("test_")
    }
    assert set(FAULTS.values()) - {""} == set(checks), "every check has a fault that it finds"
    wanted = FAULTS[fault]
    for name, check in checks.items() if not wanted else [(wanted, checks[wanted])]:
        more = {"tmp_path": tmp_path, "monkeypatch": monkeypatch} if name.endswith("open") else {}
        if not wanted:
            check(case, shop, **more)
            continue
        with pytest.raises(BaseException) as caught:  # what fails a test: an assertion, an error, pytest's own
            check(case, shop, **more)
        assert not isinstance(caught.value, (KeyboardInterrupt, SystemExit, TypeError))
