"""Whose certificates are trusted: read once, and again where the environment names others."""

from __future__ import annotations

import shutil
from pathlib import Path

import certifi
import pytest

from personaforge.http.trust import tls_context


def test_the_authorities_are_read_once_for_what_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    usual = tls_context()
    assert tls_context() is usual and usual.check_hostname and len(usual.get_ca_certs()) > 50
    [first, *_] = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
    (tmp_path / "one.pem").write_text(first + "-----END CERTIFICATE-----\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "one.pem"))
    own = tls_context()
    assert own is not usual and len(own.get_ca_certs()) == 1 and own.check_hostname
    monkeypatch.delenv("SSL_CERT_FILE")
    assert tls_context() is usual


def test_a_file_of_authorities_that_is_not_there_is_no_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(OSError):
        tls_context()
    shutil.copy(certifi.where(), tmp_path / "none.pem")
    assert tls_context().get_ca_certs(), "what failed isn't remembered"
