"""The contract of providers that work on this machine: they cost nothing, call nobody and leave nothing behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest

from personaforge.errors import BackendError
from personaforge.providers.protocols import Blob, Provider, Reply, Request
from personaforge.providers.table import Options, provider
from personaforge.testing.contract.case import REFERENCE, LocalCase, registered
from personaforge.testing.contract.checks import Checks, applies, does_what_it_says
from personaforge.testing.contract.shop import Shop

THREADS = 8
_STRANGE = ("", " ", "\n\t", "\x00\x1b[31m", "\u202e\u0644\U0001f600", "'; --", "{{ 7 * 7 }}", "x" * 10_000)
"""Texts that a persona may have."""
_HOMES = ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


class _Asked(dict[str, Any]):
    """A request's fields, which remember by which names they were asked for."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(fields)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """See `dict.get`."""
        self.names.add(name)
        return super().get(name, default)


class LocalContract(Checks):
    """Every check of a provider that works on this machine, for each of `cases`."""

    cases: ClassVar[Sequence[LocalCase]] = ()

    @pytest.fixture
    def shop(self, case: LocalCase, tmp_path: Path) -> Iterator[Shop]:
        """Whoever asks: a store and an engine in a folder of their own."""
        with registered(case.entry):
            found = Shop(tmp_path / "project")
            yield found
            found.close()

    def test_the_capability_says_what_the_provider_does(self, case: LocalCase, shop: Shop) -> None:
        fixed = case.capability
        assert not fixed.paid and not fixed.remote and fixed.immediate and not fixed.keys and not fixed.hosts
        assert set(case.fields) == fixed.reads - {"reference"}, "a case has a value for each field that is read"
        does_what_it_says(fixed, _provider(case))

    def test_what_it_makes_is_kept(self, case: LocalCase, shop: Shop) -> None:
        result = shop.buy(case.action())
        content = shop.content(result)  # whose first bytes the engine has compared with its media type
        assert content
        assert shop.content(shop.open().buy(case.action())) == content

    @applies(lambda case: case.capability.deterministic)
    def test_the_same_request_gives_the_same_bytes(self, case: LocalCase, shop: Shop) -> None:
        assert _made(case, shop, _provider(case)) == _made(case, shop, _provider(case))

    def test_it_asks_only_for_what_it_reads(self, case: LocalCase, shop: Shop) -> None:
        asked = _Asked(case.fields)
        _made(case, shop, _provider(case), asked)
        never = asked.names - case.capability.reads
        assert not never, f"it asks for {', '.join(sorted(never))}: not in its capability's `reads`, so it never comes"

    def test_fields_that_it_does_not_know_change_nothing(self, case: LocalCase, shop: Shop) -> None:
        made = _made(case, shop, _provider(case), {**case.fields, "unheard_of": {"a": [1, None]}})
        if case.capability.deterministic:
            assert made == _made(case, shop, _provider(case)), "a field that isn't in `reads` changes what it makes"

    def test_its_errors_are_ours(self, case: LocalCase, shop: Shop) -> None:
        """A text of any kind is answered, or refused by an error that says why; so is what the case says is refused."""
        made_by = _provider(case)
        for name in sorted(name for name, value in case.fields.items() if isinstance(value, str)):
            for text in _STRANGE:
                try:
                    _made(case, shop, made_by, {**case.fields, name: text})
                except BackendError as error:
                    assert error.message, f"{name}={text!r:.40}"
        for other in case.refused:
            with pytest.raises(BackendError) as caught:
                made_by.submit(_request(case, shop, {**case.fields, **other}))
            assert caught.value.message, other

    def test_it_writes_no_file_and_leaves_nothing_open(
        self, case: LocalCase, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "empty"
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        for name in _HOMES:
            monkeypatch.setenv(name, str(folder))
        made_by = _provider(case)
        _made(case, shop, made_by)  # what it loads once may stay open
        before = _open_files()
        for _ in range(3):
            _made(case, shop, made_by)
        assert _open_files() == before, "it leaves files open"
        assert not list(folder.rglob("*")), "it leaves files in the folder, the home or the temporary folder"

    def test_threads_may_share_it(self, case: LocalCase, shop: Shop) -> None:
        made_by = _provider(case)
        asked = [_numbered(case, number) for number in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            made = list(pool.map(lambda fields: _made(case, shop, made_by, fields), asked))
        assert all(made)
        if case.capability.deterministic:
            assert made == [_made(case, shop, made_by, fields) for fields in asked], "threads get each other's results"


def _provider(case: LocalCase) -> Provider:
    return provider(case.capability.modality, case.capability.name, Options())


def _request(case: LocalCase, shop: Shop, fields: Mapping[str, Any]) -> Request:
    made = shop.engine.executors.request(case.action(), {"reference": REFERENCE} if case.references else {})
    return Request(made.kind, made.model, fields, made.inputs)


def _made(case: LocalCase, shop: Shop, made_by: Provider, fields: Mapping[str, Any] | None = None) -> bytes:
    """Return what a provider makes, examined as the engine examines it."""
    reply = made_by.submit(_request(case, shop, case.fields if fields is None else fields))
    assert isinstance(reply, Reply), "a provider on this machine answers at once, with a Reply"
    assert not reply.cost_usd, f"it says that this costs {reply.cost_usd} US dollars, and isn't `paid`"
    (output,) = shop.engine.executors.finished(case.action(), reply).outputs.values()
    assert isinstance(output, Blob)
    return output.data


def _numbered(case: LocalCase, number: int) -> dict[str, Any]:
    """Return the fields of a request that differs from others by its number, where something can differ."""
    fields = dict(case.fields)
    for name in ("seed", "attempt"):
        if isinstance(fields.get(name), int):
            fields[name] = number
    return fields


def _open_files() -> int:
    """Return how many files this process has open; 0 where the system doesn't say."""
    return len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0
