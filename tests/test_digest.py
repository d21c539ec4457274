"""Digests are stable for ever, and no two values that differ share one."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from personaforge.digest import canonical, derive_seed, digest_bytes, digest_file, digest_json, digest_strings

EXACT = 2**53
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-EXACT, EXACT) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def exactly(value: Any) -> Any:
    """A value with the types spelled out, since `1 == 1.0 == True` and `0.0 == -0.0` in Python."""
    if isinstance(value, dict):
        return ("dict", {key: exactly(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return ("list", [exactly(item) for item in value])
    return (type(value).__name__, repr(value))


# --- known answers: these never change, or every key and every lock does ----------------------------------------------


def test_bytes_have_the_digest_that_sha256sum_prints(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"persona\n" * 300_000)  # more than one read
    sha256sum = shutil.which("sha256sum")
    assert sha256sum is not None
    printed = subprocess.run([sha256sum, str(path)], capture_output=True, text=True, check=True).stdout.split()[0]
    assert digest_file(path) == digest_file(str(path)) == digest_bytes(path.read_bytes()) == printed


def test_the_empty_digest() -> None:
    assert digest_bytes(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        digest_file(tmp_path / "nothing")


def test_the_canonical_form_is_compact_sorted_and_unescaped() -> None:
    value = {"b": [1, 1.0, True, None, -0.5, (2, "x")], "a": {"é": "ü\n", "Z": ""}, "": 2**53}
    assert (
        canonical(value) == '{"":9007199254740992,"a":{"Z":"","é":"ü\\n"},"b":[1,1.0,true,null,-0.5,[2,"x"]]}'.encode()
    )


def test_a_tagged_digest_is_the_sha256_of_scheme_tag_and_canonical_form() -> None:
    value = {"seed": 7, "name": "Ana"}
    text = b'forge/1:action/1\0{"name":"Ana","seed":7}'
    assert digest_json("action/1", value) == hashlib.sha256(text).hexdigest()
    assert digest_json("action/1", value) == "1547e30851724a708f5307cdc79024cdf2d73b5967879e3e78ca45c3832da685"


def test_a_digest_of_strings_is_fixed() -> None:
    assert (
        digest_strings("list/1", ["a", "", "bc"]) == hashlib.sha256(b"forge/1:list/1\x001:a\x000:\x002:bc").hexdigest()
    )


def test_seeds_are_fixed() -> None:
    assert derive_seed(7, "sofia-reyes", "image/07", 0, 1) == 759391107
    assert derive_seed() == 665446096


# --- what is told apart and what is not -------------------------------------------------------------------------------


@given(st.dictionaries(TEXT, JSON, min_size=2, max_size=6), st.randoms())
def test_the_order_of_keys_does_not_count(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert digest_json("t", dict(items)) == digest_json("t", value)


@given(JSON, JSON)
def test_values_that_differ_have_canonical_forms_that_differ(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (exactly(one) == exactly(other))


@given(JSON)
def test_the_canonical_form_is_json_for_the_same_value(value: Any) -> None:
    assert exactly(json.loads(canonical(value))) == exactly(value)


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), ("1", 1), (None, "null"), ([], {}), ("", None)]
)
def test_kinds_of_values_stay_apart(one: Any, other: Any) -> None:
    assert digest_json("t", one) != digest_json("t", other)


def test_a_tuple_is_a_list() -> None:
    assert digest_json("t", ("a", 1)) == digest_json("t", ["a", 1])


@given(TEXT, TEXT, JSON)
def test_tags_stay_apart(one: str, other: str, value: Any) -> None:
    assume(one != other and "\0" not in one + other)
    assert digest_json(one, value) != digest_json(other, value)


def test_strings_and_the_json_list_of_them_stay_apart() -> None:
    assert digest_strings("t", ["a", "b"]) != digest_json("t", ["a", "b"])


@given(st.lists(st.text("0:1\0", max_size=6), max_size=5), st.lists(st.text("0:1\0", max_size=6), max_size=5))
def test_lists_of_strings_that_differ_have_digests_that_differ(one: list[str], other: list[str]) -> None:
    assert (digest_strings("t", one) == digest_strings("t", other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ab"], ["a", "b"]),
        ([], [""]),
        ([""], ["", ""]),
        (["a\x001:b"], ["a", "b"]),
        (["a", "b"], ["b", "a"]),
        (["1:a"], ["a"]),
    ],
)
def test_strings_that_run_together_stay_apart(one: list[str], other: list[str]) -> None:
    assert digest_strings("t", one) != digest_strings("t", other)


# --- what has no canonical form ---------------------------------------------------------------------------------------


class Text(str):
    """A string of another type."""


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (math.nan, "a.0: nan is not a number"),
        (math.inf, "a.0: inf is not a number"),
        (-math.inf, "a.0: -inf is not a number"),
        (EXACT + 1, "a.0: integer 9007199254740993 is beyond 2**53"),
        (-EXACT - 1, "is beyond 2**53"),
        (b"bytes", "bytes is not a JSON value"),
        ({1: "x"}, "key 1 is not a string"),
        ({None: "x"}, "key None is not a string"),
        ({Text("x"): 1}, "is not a string"),
        (Text("x"), "Text is not a JSON value"),
        ({"x"}, "set is not a JSON value"),
        (Path("x"), "PosixPath is not a JSON value"),
        (1j, "complex is not a JSON value"),
        ("\ud800", "surrogates"),
        ({"\ud800": 1}, "surrogates"),
    ],
)
def test_what_json_cannot_carry_is_refused(value: Any, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        digest_json("t", {"a": [value]})
    assert why in str(caught.value).replace("a[0]", "a.0")


def test_a_refusal_names_the_place() -> None:
    with pytest.raises(ValueError, match=r"^image\.prices\[1\]\.usd: nan"):
        canonical({"image": {"prices": [1, {"usd": math.nan}]}})
    with pytest.raises(ValueError, match=r"^value: nan"):
        canonical(math.nan)


@pytest.mark.parametrize("levels", [300, 100_000])
def test_nesting_beyond_reason_is_refused(levels: int) -> None:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    with pytest.raises(ValueError, match="value: "):
        canonical(value)


@pytest.mark.parametrize("value", [EXACT, -EXACT, 0, 5e-324, 1.7976931348623157e308])
def test_the_largest_and_smallest_numbers_are_exact(value: float) -> None:
    assert exactly(json.loads(canonical(value))) == exactly(value)


# --- seeds ------------------------------------------------------------------------------------------------------------


@given(st.lists(TEXT | st.integers(-EXACT, EXACT), max_size=5))
def test_a_seed_fits_into_31_bits_and_stays(parts: list[str | int]) -> None:
    seed = derive_seed(*parts)
    assert 0 <= seed < 2**31
    assert derive_seed(*parts) == seed


def test_every_part_of_a_seed_counts() -> None:
    seeds = {
        derive_seed(7, "ana", "image/07", 0, 1),
        derive_seed(8, "ana", "image/07", 0, 1),
        derive_seed(7, "eva", "image/07", 0, 1),
        derive_seed(7, "ana", "image/08", 0, 1),
        derive_seed(7, "ana", "image/07", 1, 1),
        derive_seed(7, "ana", "image/07", 0, 2),
        derive_seed(7, "ana", "image/07", 1, 0),
        derive_seed(7, "ana", "image/070", 1),
        derive_seed("7", "ana", "image/07", 0, 1),
    }
    assert len(seeds) == 9


def test_seeds_use_the_whole_range() -> None:
    seeds = [derive_seed("ana", number) for number in range(2_000)]
    assert len(set(seeds)) == 2_000
    assert max(seeds) > 2**31 * 0.99 and min(seeds) < 2**31 * 0.01
