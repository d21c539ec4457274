"""The lock file: one line for each node, which git merges, people reformat, and nobody may forge."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from personaforge.errors import StoreError
from personaforge.store.lockfile import MAX_BYTES, LockFile, Pin, _is_deep, read_lock

from .given import pin

A, B, C = "a" * 64, "b" * 64, "c" * 64
HEAD = "version: 1\npersona: ana\nnodes:\n"
LINE = f'  anchor: {{"key": "k", "outputs": {{"image": "{A}"}}, "media": {{"image": "image/png"}}}}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "personas" / "ana.lock.yaml"


def written(path: Path, text: str | bytes) -> LockFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_lock(path, "ana")


def refusal(path: Path, text: str | bytes) -> StoreError:
    with pytest.raises(StoreError) as caught:
        lock = written(path, text)
        for name in lock.names():
            lock.pin(name)
    return caught.value


# --- as forge writes it -----------------------------------------------------------------------------------------------


def test_no_file_is_an_empty_lock(path: Path) -> None:
    lock = read_lock(path, "ana")
    assert lock.names() == [] and lock.digests() == set()
    assert "anchor" not in lock and lock.pin("anchor") is None and lock.line("anchor") == b""


def test_pins_come_back(path: Path) -> None:
    pins = {
        "anchor": pin(A, status="unmeasured", take=2, attempt=1, facts={"cosine": 0.75, "model": "é", "seeds": [1, 2]}),
        "image/07": pin(B, key=C),
        "video/wave": Pin("k", {"clip": A, "poster": B}, {"clip": "video/mp4", "poster": "image/png"}),
    }
    read_lock(path, "ana").with_pins(pins).write()
    lock = read_lock(path, "ana")
    assert {name: lock.pin(name) for name in lock.names()} == pins
    assert lock.digests() == {A, B} and "anchor" in lock and lock.persona == "ana" and lock.path == path


def test_the_file_is_fixed_to_the_byte(path: Path) -> None:
    read_lock(path, "ana").with_pins({"image/07": pin(B), "anchor": pin(A, facts={"b": 1, "a": None})}).write()
    assert path.read_text() == (
        "# What forge has accepted for this persona, pinned by digest. Written by forge; commit it.\n"
        "version: 1\n"
        "persona: ana\n"
        "nodes:\n"
        f'  anchor: {{"attempt":0,"facts":{{"a":null,"b":1}},"key":"{"k" * 64}","media":{{"image":"image/png"}},'
        f'"outputs":{{"image":"{A}"}},"status":"accepted","take":0}}\n'
        f'  image/07: {{"attempt":0,"facts":{{}},"key":"{"k" * 64}","media":{{"image":"image/png"}},'
        f'"outputs":{{"image":"{B}"}},"status":"accepted","take":0}}\n'
    )


def test_the_order_in_which_pins_are_made_does_not_show(path: Path) -> None:
    names = [f"image/{number:02}" for number in range(20)] + ["anchor", "video/wave", "soul"]
    empty = read_lock(path, "ana")
    forth, back = empty, empty
    for name in names:
        forth = forth.with_pins({name: pin(A)})
    for name in reversed(names):
        back = back.with_pins({name: pin(A)})
    assert forth.text() == back.text()
    assert [line.split(b":")[0] for line in forth.text().splitlines()[4:]] == [
        f"  {name}".encode() for name in sorted(names)
    ]


def test_it_is_yaml(path: Path) -> None:
    lock = read_lock(path, "ana").with_pins({"image/07": pin(B, facts={"reason": "a: b # c", "n": 1.5e-07})})
    tree = yaml.safe_load(lock.text())
    assert tree["version"] == 1 and tree["persona"] == "ana"
    assert tree["nodes"]["image/07"]["outputs"] == {"image": B}
    assert tree["nodes"]["image/07"]["facts"]["reason"] == "a: b # c"


def test_what_says_the_same_is_not_written_again(path: Path) -> None:
    lock = read_lock(path, "ana").with_pins({"anchor": pin(A)})
    lock.write()
    before = os.stat(path)
    lock.write()
    read_lock(path, "ana").write()
    assert (os.stat(path).st_ino, os.stat(path).st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    lock.with_pins({"anchor": pin(B)}).write()
    assert read_lock(path, "ana").digests() == {B}


def test_a_lock_in_memory_does_not_change(path: Path) -> None:
    first = read_lock(path, "ana").with_pins({"anchor": pin(A), "soul": pin(B)})
    second = first.with_pins({"anchor": pin(C)}, without=frozenset({"soul"}))
    assert (first.digests(), second.digests()) == ({A, B}, {C})
    assert first.names() == ["anchor", "soul"] and second.names() == ["anchor"]


FACTS = st.dictionaries(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    max_size=4,
)


@given(facts=FACTS, take=st.integers(0, 9), name=st.from_regex(r"\A[a-z][a-z0-9_]{0,9}(/[a-z0-9_:.-]{1,9})?\Z"))
def test_any_pin_comes_back_from_either_reading(
    tmp_path_factory: pytest.TempPathFactory, facts: dict[str, Any], take: int, name: str
) -> None:
    path = tmp_path_factory.mktemp("lock") / "ana.lock.yaml"
    one = pin(A, facts=facts, take=take)
    lock = read_lock(path, "ana").with_pins({name: one})
    lock.write()
    again = read_lock(path, "ana")
    assert again.pin(name) == one and again.text() == lock.text()
    fields = yaml.safe_load(lock.text())["nodes"][name]
    assert fields["take"] == take
    texts = {key: value for key, value in facts.items() if isinstance(value, str)}
    assert {key: fields["facts"][key] for key in texts} == texts
    shutil.rmtree(path.parent)


# --- as git and people leave it ---------------------------------------------------------------------------------------


def merged(tmp_path: Path, base: LockFile, ours: LockFile, theirs: LockFile) -> tuple[int, bytes]:
    for name, lock in (("base", base), ("ours", ours), ("theirs", theirs)):
        (tmp_path / name).write_bytes(lock.text())
    done = subprocess.run(
        ["git", "merge-file", "-p", tmp_path / "ours", tmp_path / "base", tmp_path / "theirs"], capture_output=True
    )
    return done.returncode, done.stdout


def test_two_branches_that_accept_different_nodes_are_merged_by_git(tmp_path: Path, path: Path) -> None:
    base = read_lock(path, "ana").with_pins({f"image/{number:02}": pin(A) for number in range(1, 21)})
    ours = base.with_pins({"image/03": pin(B), "anchor": pin(B)})
    theirs = base.with_pins({"image/12": pin(C), "video/wave": pin(C)}, without=frozenset({"image/17"}))
    code, text = merged(tmp_path, base, ours, theirs)
    assert code == 0
    lock = written(path, text)
    expected = ours.with_pins({"image/12": pin(C), "video/wave": pin(C)}, without=frozenset({"image/17"}))
    assert lock.text() == expected.text() == text


@pytest.mark.parametrize("name", ["image/03", "image/04"])
def test_a_conflict_is_refused_with_the_way_out(tmp_path: Path, path: Path, name: str) -> None:
    base = read_lock(path, "ana").with_pins({f"image/{number:02}": pin(A) for number in range(1, 21)})
    code, text = merged(tmp_path, base, base.with_pins({"image/03": pin(B)}), base.with_pins({name: pin(C)}))
    assert code == 1 and b"<<<<<<<" in text
    error = refusal(path, text)
    where = f"image/03 is {'b' * 12} on one side and {'c' * 12 if name == 'image/03' else 'a' * 12} on the other"
    assert f"holds a merge conflict: {where}" in str(error)
    assert error.hint == "keep one line of each pair, and remove the lines of marks"


def test_a_union_of_two_lines_for_one_node_is_refused(path: Path) -> None:
    lock = read_lock(path, "ana").with_pins({"anchor": pin(A), "soul": pin(A)})
    text = lock.text() + lock.with_pins({"anchor": pin(B)}).text().splitlines(keepends=True)[4]
    error = refusal(path, text)
    assert f"names 'anchor' twice: {'a' * 12} and {'b' * 12}" in str(error)
    assert error.hint.startswith("keep one of its lines; `forge lock merge --install`")
    by_hand = "nodes: {anchor: {outputs: {a: %s}}, anchor: {outputs: {a: %s}}}\nversion: 1\npersona: ana\n"
    assert f"names 'anchor' twice: {'a' * 12} and {'c' * 12}" in str(refusal(path, by_hand % (A, C)))
    assert "names 'version' twice" in str(refusal(path, HEAD + "version: 2\n"))
    assert "names 'persona' twice" in str(refusal(path, HEAD + "persona: eva\n"))


def test_a_union_that_says_the_same_twice_in_any_order_is_read(path: Path) -> None:
    text = HEAD + LINE + "# Ours\n" + HEAD + LINE.replace('", "', '","') + LINE.replace("anchor", "a").replace(A, B)
    lock = written(path, text)
    assert lock.names() == ["anchor", "a"] and lock.digests() == {A, B}
    lock.with_pins({"soul": pin(C)}).write()
    assert [line.split(b":")[0] for line in path.read_bytes().splitlines()[4:]] == [b"  a", b"  anchor", b"  soul"]
    twice = f"nodes: {{anchor: {{outputs: {{a: {A}}}}}, anchor: {{'outputs': {{a: {A}}}}}}}"
    assert written(path, twice + "\nversion: 1\npersona: ana\n").names() == ["anchor"]


def test_a_file_that_was_reformatted_by_hand_says_the_same(path: Path) -> None:
    first = written(path, HEAD + LINE).pin("anchor")
    by_hand = f"""
# Ours
persona: 'ana'
version: 1

nodes:
    anchor:
        media:
            image: image/png   # a picture
        outputs: {{image: {A}}}
        key: k
"""
    lock = written(path, by_hand)
    assert lock.pin("anchor") == first and lock.names() == ["anchor"]
    lock.with_pins({"soul": pin(B)}).write()
    again = read_lock(path, "ana")
    assert again.pin("anchor") == first and again.names() == ["anchor", "soul"]


@pytest.mark.parametrize(
    "text", [HEAD, HEAD + "  {}\n", "version: 1\npersona: ana\nnodes: {}\n", "version: 1\npersona: ana\nnodes:\n\n"]
)
def test_a_lock_without_nodes_is_empty(path: Path, text: str) -> None:
    assert written(path, text).names() == []


def test_line_ends_of_another_system_are_read(path: Path) -> None:
    assert written(path, (HEAD + LINE).replace("\n", "\r\n")).digests() == {A}


# --- a newer forge ----------------------------------------------------------------------------------------------------

NEWER = LINE.replace("}}", '}, "signed_by": "x"}')


def test_unknown_fields_of_a_pin_are_kept_when_other_nodes_change(path: Path) -> None:
    lock = written(path, HEAD + NEWER)
    assert lock.pin("anchor") == Pin("k", {"image": A}, {"image": "image/png"})
    lock.with_pins({"soul": pin(B)}).write()
    assert orjson.loads(read_lock(path, "ana").line("anchor"))["signed_by"] == "x"


def test_unknown_fields_are_kept_when_the_same_artifact_is_accepted_again(path: Path) -> None:
    lock = written(path, HEAD + NEWER).with_pins({"anchor": pin(A, facts={"cosine": 0.9})})
    fields = orjson.loads(lock.line("anchor"))
    assert fields["signed_by"] == "x" and fields["facts"] == {"cosine": 0.9}
    assert lock.pin("anchor") == pin(A, facts={"cosine": 0.9})


def test_unknown_fields_go_with_the_artifact_that_they_were_about(path: Path) -> None:
    lock = written(path, HEAD + NEWER).with_pins({"anchor": pin(B)})
    assert "signed_by" not in orjson.loads(lock.line("anchor"))


def test_a_line_that_is_no_pin_is_simply_replaced(path: Path) -> None:
    lock = written(path, HEAD + "  anchor: {not json}\n").with_pins({"anchor": pin(B)})
    assert lock.pin("anchor") == pin(B)


def test_another_version_is_refused(path: Path) -> None:
    error = refusal(path, (HEAD + LINE).replace("version: 1", "version: 2"))
    assert "the lock has version 2, expected 1" in str(error) and error.hint == "use a newer forge"


# --- what is no lock --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", [HEAD, "persona: ana\nversion: 1\nnodes:\n"])
def test_the_lock_of_another_persona_is_refused(path: Path, head: str) -> None:
    error = refusal(path, (head + LINE).replace("persona: ana", "persona: eva"))
    assert "the lock is of 'eva', expected 'ana'" in str(error) and error.where == str(path)
    assert "the lock is of None, expected 'ana'" in str(refusal(path, "version: 1\nnodes:\n" + LINE))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the lock is empty, expected version, persona and nodes"),
        ("\n", "the lock is empty"),
        ("nodes: {}\n", "can't be read: it has no 'version'"),
        ("version: 1\npersona: ana\n", "can't be read: it has no 'nodes'"),
        ("- a\n", "can't be read"),
        ("just text", "can't be read"),
        ("version: 1\npersona: ana\nnodes: [a]\n", "can't be read"),
        ("version: 1\npersona: ana\nnodes: 5\n", "can't be read"),
        ("version: [\n", "can't be read"),
        (b"version: 1\npersona: ana\nnodes:\n  \xff: {}\n", "can't be read"),
        ("version: 1\npersona: ana\nnodes: &a {anchor: *a}\n", "aliases"),
        ("x: &x {key: k}\nversion: 1\npersona: ana\nnodes: {anchor: *x}\n", "aliases"),
        ("version: 1\npersona: ana\nnodes: " + "[" * 200_000, "nests deeper"),
        ("version: 1\npersona: ana\nnodes: " + "{a: " * 200_000, "nests deeper"),
        ("version: 1\npersona: ana\nnodes:\n" + "- " * 200_000, "nests deeper"),
        ("version: 1\npersona: ana\nnodes: {anchor: !!python/object/apply:os.system [id]}\n", "can't be read"),
        ("version: 1\npersona: ana\nnodes: {anchor: .nan}\n", "the pin can't be read"),
        ("version: 1\npersona: ana\nnodes: {../../x: {}}\n", "names '../../x', which is no node"),
        ("version: 1\npersona: ana\nnodes: {'a\\nb': {}}\n".replace("'", '"'), "which is no node"),
        ("version: 1\npersona: ana\nnodes: {'a: b': {}}\n", "names 'a: b', which is no node"),
        ("version: 1\npersona: ana\nnodes: {7: {}}\n", "names '7', which is no node"),
        (HEAD + "  ../../x: {}\n", "names '../../x', which is no node"),
    ],
)  # fmt: skip
def test_what_is_no_lock(path: Path, text: str | bytes, why: str) -> None:
    assert why in str(refusal(path, text))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"outputs": {"image": "../../../etc/passwd"}}, "an output is not a digest"),
        ({"outputs": {"image": A.upper()}}, "an output is not a digest"),
        ({"outputs": {"image": A[:63]}}, "an output is not a digest"),
        ({"outputs": {"image": 5}}, "an output is not a digest"),
        ({"outputs": {"image": None}}, "an output is not a digest"),
        ({"outputs": []}, "the pin can't be read"),
        ({"outputs": {}}, "the media types don't fit the outputs"),
        ({"outputs": {"image": A, "more": B}}, "the media types don't fit the outputs"),
        ({"media": {"image": "text/html"}}, "the media types don't fit the outputs"),
        ({"media": {}}, "the media types don't fit the outputs"),
        ({"status": "rejected"}, "status 'rejected'"),
        ({"status": None}, "status 'None'"),
        ({"take": "many"}, "the pin can't be read"),
        ({"attempt": None}, "the pin can't be read"),
        ({"facts": [1]}, "the pin can't be read"),
        ({"key": ...}, "the pin can't be read: it has no 'key'"),
        ({"outputs": ...}, "the pin can't be read: it has no 'outputs'"),
        ({"media": ...}, "the pin can't be read: it has no 'media'"),
    ],
)
@pytest.mark.parametrize("formatted", ["by forge", "by hand"])
def test_what_is_no_pin(path: Path, change: dict[str, Any], why: str, formatted: str) -> None:
    fields: dict[str, Any] = {"key": "k", "outputs": {"image": A}, "media": {"image": "image/png"}, **change}
    fields = {name: value for name, value in fields.items() if value is not ...}
    line = f"  anchor: {orjson.dumps(fields).decode()}\n"
    text = HEAD + line if formatted == "by forge" else "nodes:\n" + line + "version: 1\npersona: ana\n"
    error = refusal(path, text)
    assert why in str(error) and "anchor" in error.where


def test_a_lock_larger_than_any_is_refused(path: Path) -> None:
    assert "larger than 4 MiB" in str(refusal(path, HEAD + "#" * MAX_BYTES))


def test_a_lock_that_cannot_be_read_says_why(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="can't read the lock: Is a directory"):
        read_lock(path, "ana")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"take": -1}, "take: found -1, expected a number from 0 to 100000"),
        ({"take": "7"}, "take: found '7', expected a number"),
        ({"take": True}, "take: found True, expected a number"),
        ({"attempt": 10**18}, "attempt: found 1000000000000000000, expected a number"),
        ({"attempt": 1e308}, "attempt: found 1e\\+308, expected a number"),
        ({"outputs": {}, "media": {}}, "the outputs have no names that forge gives"),
        ({"outputs": {"../x": "a" * 64}, "media": {"../x": "image/png"}}, "the outputs have no names that forge gives"),
        ({"key": 7}, "key: found 7, expected a text"),
        ({"also": "junk"}, "`also` is no action key"),
        ({"under": None}, "under: found None, expected names and values"),
        ({"under": {"forge": {"a": 1}}}, "under.forge: found {'a': 1}, expected a number or a short text"),
        ({"under": {"forge": "x" * 2_000_000}}, "under.forge: found 'x"),
        ({"face": "//"}, "the face is not base64"),
    ],
)
def test_a_pin_that_forge_would_not_write_is_refused_by_its_field(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    pin = {"key": "k", "outputs": {"image": "a" * 64}, "media": {"image": "image/png"}, **change}
    path = tmp_path / "ana.lock.yaml"
    path.write_text(f"version: 1\npersona: ana\nnodes:\n  image/02: {json.dumps(pin)}\n")
    with pytest.raises(StoreError, match=said) as caught:
        read_lock(path, "ana").pin("image/02")
    assert caught.value.where == f"{path}: image/02"


def test_a_field_that_stands_twice_and_one_that_nests_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ana.lock.yaml"
    head = '"key":"k","media":{"image":"image/png"},"outputs":{"image":"' + "a" * 64 + '"}'
    path.write_text(f'version: 1\npersona: ana\nnodes:\n  image/02: {{{head},"take":0,"take":1}}\n')
    with pytest.raises(StoreError, match="'take' is given twice"):
        read_lock(path, "ana").pin("image/02")
    for depth, is_deep in ((31, False), (32, True)):  # within the line's own braces
        assert _is_deep(b'{"more":' + b"[" * depth + b"]" * depth + b"}") is is_deep
    assert not _is_deep(b'{"more":[' + b"[]," * 900 + b"[]]}"), "many brackets side by side are not deep"
    deep = "[" * 900 + "]" * 900
    path.write_text(f'version: 1\npersona: ana\nnodes:\n  image/02: {{{head},"more":{deep}}}\n')
    with pytest.raises(StoreError, match="nests deeper than 32 levels"):
        read_lock(path, "ana")
