"""A YAML file from a stranger: read within bounds, with the line of everything, and without anything that acts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from personaforge.errors import SpecError
from personaforge.spec.source import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_INTERPOLATIONS,
    Source,
    acting_interpolation,
    parse_source,
    read_source,
)

from .given import texts


def parse(text: str | bytes) -> Source:
    data = text.encode() if isinstance(text, str) else text
    return parse_source(data, Path("ana.yaml"), "personas/ana.yaml")


def refusals(text: str | bytes) -> list[str]:
    return [line.removeprefix("personas/ana.yaml") for line in texts(lambda: parse(text))]


# --- positions --------------------------------------------------------------------------------------------------------

PERSONA = """\
# Ana
id: ana
brief: >
  A calm
  gardener.
tags: [demo, garden]
image:
  width: 64

  prices: {"a/b": 0.1, c.d: 0.2}
positions:
  - {yaw: 1}
  - yaw: 2
    pitch: 3
empty:
"""


def test_every_key_path_has_its_line() -> None:
    lines = parse(PERSONA).lines
    assert lines[("id",)] == 2
    assert lines[("brief",)] == 3
    assert lines[("tags", "1")] == 6
    assert lines[("image", "width")] == 8
    assert lines[("image", "prices", "a/b")] == lines[("image", "prices", "c.d")] == 10
    assert lines[("positions", "1", "pitch")] == 14
    assert lines[("empty",)] == 15


def test_where_names_the_nearest_parent_that_the_file_has() -> None:
    source = parse(PERSONA)
    assert source.where(("image", "width")) == "personas/ana.yaml:8"
    assert source.where(["image", "prices", "e", "f"]) == "personas/ana.yaml:10"
    assert source.where(("image", "height")) == "personas/ana.yaml:7"
    assert source.where(("nothing", "at", "all")) == source.where() == "personas/ana.yaml"


def test_a_file_sets_what_it_gives_a_value_and_nothing_below_it() -> None:
    source = parse(PERSONA)
    assert source.sets(("image",)) and source.sets(("image", "width")) and source.sets(("empty",))
    assert not source.sets(("image", "height")) and not source.sets(("empty", "x"))


def test_leaves_are_single_values_lists_and_nothing() -> None:
    assert parse(PERSONA).leaves == {
        ("id",),
        ("brief",),
        ("tags",),
        ("image", "width"),
        ("image", "prices", "a/b"),
        ("image", "prices", "c.d"),
        ("positions",),
        ("empty",),
    }


def test_merged_keys_stand_where_they_come_to_stand() -> None:
    source = parse("size: &size\n  width: 64\n  height: 64\nimage:\n  <<: *size\n  width: 32\n")
    assert source.lines[("image", "width")] == 6
    assert source.lines[("image", "height")] == 3
    assert ("image", "height") in source.leaves


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    assert parse(text).lines == {}


def test_the_digest_is_over_the_bytes() -> None:
    assert parse("a: 1\n").digest != parse("a: 1 # the same\n").digest
    assert parse("a: 1\n").digest == parse("a: 1\n").digest


# --- what is no config file -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b\n", ":1: found a list or a single value, expected keys and values"),
        ("just text\n", ":1: found a list or a single value, expected keys and values"),
        ("a: 1\nb: [1, 2\nc: 3\n", ":3: is not valid YAML: did not find expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", ":2: is not valid YAML: found a tab character that violates indentation"),
        ("a: b: c\n", ":1: is not valid YAML: mapping values are not allowed in this context"),
        ("a: *nothing\n", ":1: is not valid YAML: found undefined alias"),
        ("a: 1\n---\nb: 2\n", ":2: is not valid YAML: but found another document"),
        ('a: "\\ud800"\n', ":1: is not valid YAML: found invalid Unicode character escape code"),
        (b"a: \x00\n", ": is not valid YAML: unacceptable character #x0000: control characters are not allowed"),
        (b"a: caf\xe9\n", ": is not UTF-8 text (byte 6)"),
        ("a: 1\n".encode("utf-16"), ": is not UTF-8 text (byte 0)"),
        ("a: 1\nb: 2\na: 3\n", ":3 a: is given twice"),
        ("a: 1\n'a': 3\n", ":2 a: is given twice"),
        ("x:\n  a: 1\n  a: 2\n", ":3 x.a: is given twice"),
        ("[a]: 1\n", ":1: found a list or a mapping as a key, expected a name"),
        ("{a: b}: 1\n", ":1: found a list or a mapping as a key, expected a name"),
        ("x:\n  07: 1\n", ':2 x.07: found a key that YAML reads as int (quote it: "07")'),
        ("9:16: x\n", ':1 9:16: found a key that YAML reads as int (quote it: "9:16")'),
        ("1.5: x\n", ':1 1.5: found a key that YAML reads as float (quote it: "1.5")'),
        ("no: x\n", ':1 no: found a key that YAML reads as bool (quote it: "no")'),
        ("~: x\n", ':1 ~: found a key that YAML reads as null (quote it: "~")'),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str | bytes, expected: str) -> None:
    more = "nothing else in the file was checked, so there may be more)"
    (found,) = refusals(text)
    if "is not valid YAML" in expected and found != expected:
        assert found.startswith(f"{expected} (") and found.endswith(more)
    else:
        assert found == expected


def test_all_that_is_wrong_is_named_at_once() -> None:
    text = "a: 1\na: 2\n7: x\n_target_: os.system\nhydra: {}\nb: ${oc.env:HOME}\nc: !!set {x}\n"
    assert [line.split(":")[1].split()[0] for line in refusals(text)] == ["2", "3", "4", "5", "6", "7"]


def test_the_list_of_what_is_wrong_has_an_end() -> None:
    assert len(refusals("".join(f"{number}: x\n" for number in range(2_000)))) == 50


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("034", "found 034, which YAML reads as 28 (write 34, or quote it)"),
        ("-017", 'found -017, which YAML reads as -15 (quote it: "-017")'),
        ("9:16", 'found 9:16, which YAML reads as 556 (quote it: "9:16")'),
        ("1:30.5", 'found 1:30.5, which YAML reads as 90.5 (quote it: "1:30.5")'),
    ],
)
def test_a_number_that_nobody_means_is_refused(value: str, expected: str) -> None:
    assert refusals(f"a:\n  - b: {value}\n") == [f":2 a.0.b: {expected}"]


@pytest.mark.parametrize("value", ["0", "34", "0.5", "'034'", '"9:16"', "1e3", "09", "2026-11-30", "0x1F", "1_000"])
def test_a_number_that_is_meant_is_read(value: str) -> None:
    parse(f"a: {value}\n")


# --- what would act ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "${oc.env:HOME}",
        "${ oc.env : HOME }",
        "${oc.env:HOME,none}",
        "${oc.env:${name}}",
        "${${x}.env:HOME}",
        "${${x}${y}:HOME}",
        "${oc.${x}:HOME}",
        "${a.${b.${c:d}}}",
        "a text with ${oc.env:HOME} in it",
        "${a} ${b} ${oc.env:HOME}",
        "${a}${oc.env:HOME}",
        "${oc.env:\nHOME}",
        "\\\\${oc.env:HOME}",
        "${oc.create:{a:1}}",
        "${hydra:runtime.cwd}",
        "${now:%Y}",
        "${oc.env:HOME",
    ],
)
@pytest.mark.parametrize(
    "place", ["a: {0}\n", "a:\n  - {0}\n", "a: {{b: [[{0}]]}}\n", "defaults: [{{override /text: {0}}}]\n"]
)
def test_no_resolver_is_called_in_any_disguise(value: str, place: str) -> None:
    quoted = '"' + value.replace("\\", "\\\\").replace("\n", "\\n") + '"'
    found = refusals(place.format(quoted))
    assert any("may not call a resolver" in line for line in found), found


def test_an_alias_brings_no_resolver_in() -> None:
    assert "may not call a resolver" in refusals("a: &x ${oc.env:HOME}\nb: [*x, *x]\n")[0]


@pytest.mark.parametrize("value", ["|\n  a ${oc.env:HOME}\n", ">-\n  a\n  ${oc.env:\n  HOME}\n", "'${oc.env:HOME}'\n"])
def test_no_way_of_writing_text_hides_a_resolver(value: str) -> None:
    assert any("may not call a resolver" in line for line in refusals(f"a: {value}"))


@pytest.mark.parametrize(
    "value",
    [
        "${text.provider}",
        "${.width}",
        "${..a}",
        "${a[0].b}",
        "${a[b]}",
        "${${x}.y}",
        "9:16",
        "a: ${b}",
        "$x",
        "{a}",
        "${a}:${b}",
    ],
)
def test_plain_interpolations_and_colons_stay(value: str) -> None:
    assert parse(f'a: "{value}"\n').sets(("a",))


PIECES = ["${", "}", ":", "act", ".", "x", " ", "[", "]", "\\", "'", "${act:", "${x}"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("${act:}")
@example("${${x}:x}")
@example("\\\\${act:}")
@example("${x}${act:x}")
def test_what_passes_never_reaches_a_resolver(text: str) -> None:
    called: list[Any] = []
    OmegaConf.register_new_resolver("act", lambda *arguments: called.append(arguments) or "x", replace=True)
    try:
        OmegaConf.to_container(OmegaConf.create({"a": text, "x": "act"}), resolve=True)
    except (OmegaConfBaseException, RecursionError):
        pass
    finally:
        OmegaConf.clear_resolver("act")
    if called:
        assert acting_interpolation(text) is not None


@pytest.mark.parametrize("key", ["_target_", "_partial_", "_recursive_", "_convert_", "_args_"])
def test_nothing_can_be_instantiated(key: str) -> None:
    assert refusals(f"a:\n  b: [{{{key}: os.system}}]\n") == [
        f":2 a.b.0.{key}: names code to run, and a config file is data"
    ]


def test_hydras_own_settings_are_out_of_reach() -> None:
    assert refusals("hydra: {searchpath: [file:///etc]}\n") == [
        ":1 hydra: would change how forge composes, and is not a forge setting"
    ]
    assert refusals("x: &x {hydra: {searchpath: [file:///etc]}}\n<<: *x\n") == [
        ":1 hydra: would change how forge composes, and is not a forge setting"
    ]
    assert refusals("x: &x {hydra: {}}\ny: &y {}\n<<: [*y, *x]\n")
    assert parse("pinned: {hydra: x}\n").sets(("pinned", "hydra"))  # a section may be called that


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system [id]",
        "!!python/name:os.system x",
        "!!python/object/new:os.system [id]",
        "!custom x",
        "!!binary aGk=",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!!pairs [a: 1]",
        "=",
    ],
)
def test_tags_make_no_objects(value: str) -> None:
    assert "found a value of type" in refusals(f"a: {value}\n")[0]


@pytest.mark.parametrize("value", ["!!str 5", "!!int '5'", "!!map {b: 1}", "!!seq [1]", "2020-01-01", "! x"])
def test_tags_of_plain_values_stay(value: str) -> None:
    assert parse(f"a: {value}\n").sets(("a",))


@pytest.mark.parametrize(
    "entry",
    [
        "../../etc/passwd",
        "../ana",
        "a/../../b",
        "/../x",
        "//etc/passwd",
        "///etc/passwd@_global_",
        "/text//etc/passwd",
        "file:///etc/passwd",
        "pkg://personaforge.conf",
        "a\\\\b",
        "/hydra/launcher",
        "hydra",
        "hydra/launcher@x",
        "/text@hydra",
        "/text@hydra.job: x",
        "override hydra/launcher: basic",
        "override /hydra/launcher: basic",
        "optional override hydra/launcher: basic",
        "override optional /hydra/job_logging: none",
        "override /pipeline: ../../../etc/passwd",
        "override /pipeline: //etc/passwd",
        "/pipeline: [four_layer, ../x]",
        "override /pipeline: ${x}",
        "${x}: y",
        "/${x}/y",
    ],
)
def test_defaults_stay_in_the_conf_folder(entry: str) -> None:
    name, colon, option = entry.partition(": ")
    written = (
        f'{{"{name}": {option}}}' if colon and "[" in option else f'{{"{name}": "{option}"}}' if colon else f'"{entry}"'
    )
    found = refusals(f"defaults:\n  - text\n  - {written}\n")
    assert len(found) == 1 and found[0].startswith(":3 defaults.1: found "), found


def test_defaults_do_not_climb_through_a_merge_key_either() -> None:
    assert "leads out" in refusals('x: &x {defaults: ["//etc/passwd"]}\n<<: *x\n')[0]


@pytest.mark.parametrize("entry", ["{a: b, c: d}", "[a]", "{a: {b: c}}", "{a: [[b]]}", "{}"])
def test_a_defaults_entry_is_a_name_or_a_choice(entry: str) -> None:
    assert "expected a name, or one group with its option" in refusals(f"defaults: [{entry}]\n")[0]


@pytest.mark.parametrize(
    "entry",
    ["base", "sub/base", "_self_", "{override /pipeline: five_stage}", "{/text@other: litellm}", "{optional /x: null}"],
)
def test_ordinary_defaults_stay(entry: str) -> None:
    assert parse(f"defaults: [{entry}]\n").sets(("defaults",))


# --- what would not end -----------------------------------------------------------------------------------------------

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(BOMB, "values once aliases are followed", id="alias bomb"),
        pytest.param(MERGE_BOMB, "values once aliases are followed", id="merge bomb"),
        pytest.param("a: &a [*a]\n", "nests deeper", id="a list in itself"),
        pytest.param("a: &a {b: *a}\n", "nests deeper", id="a mapping in itself"),
        pytest.param("a: &a {<<: *a}\n", "nests deeper", id="a mapping merged into itself"),
        pytest.param("a: " + "[" * 100_000, "nests deeper", id="deep lists"),
        pytest.param("a: " + "[" * 100_000 + "]" * 100_000, "nests deeper", id="deep closed lists"),
        pytest.param("- " * 100_000, "nests deeper", id="deep block lists"),
        pytest.param("{a: " * 60_000, "nests deeper", id="deep mappings"),
        pytest.param("? " * 100_000, "nests deeper", id="deep keys"),
        pytest.param("a: [" + "x," * 100_000 + "]", "values", id="many values"),
        pytest.param("a: '" + "${" * 100_000 + "'", "interpolations", id="open interpolations"),
        pytest.param("a: '" + "${b}" * 50_000 + "'", "interpolations", id="many interpolations"),
        pytest.param(
            "a: &a '${" + "x" * 100_000 + "'\nb: [" + "*a," * 19_000 + "]", "interpolations", id="one of them often"
        ),
        pytest.param("a: '" + "x" * MAX_BYTES + "'", "", id="large"),
    ],
)
def test_bombs_are_refused_before_they_go_off(text: str, why: str, tmp_path: Path) -> None:
    if why:
        assert why in refusals(text)[0]
    path = tmp_path / "ana.yaml"
    path.write_text(text)
    assert texts(lambda: read_source(path, "ana.yaml"))


def test_nesting_is_allowed_as_deep_as_anybody_needs() -> None:
    deepest = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert parse(deepest).sets(("a",))
    assert "nests deeper" in refusals("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)[0]


def test_interpolations_are_allowed_as_many_as_anybody_needs() -> None:
    assert parse("a: [" + "'${b}', " * MAX_INTERPOLATIONS + "]")
    assert "interpolations" in refusals("a: [" + "'${b}', " * (MAX_INTERPOLATIONS + 1) + "]")[0]


# --- where it may lie -------------------------------------------------------------------------------------------------


def test_a_link_may_not_lead_out_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("password: x\n")
    root = tmp_path / "project"
    root.mkdir()
    (root / "ana.yaml").symlink_to("../secret.yaml")
    assert texts(lambda: read_source(root / "ana.yaml", "ana.yaml", root=root)) == [
        f"ana.yaml: leads out of the project to {tmp_path / 'secret.yaml'}"
    ]
    (root / "folder").symlink_to("..")
    assert "leads out" in texts(lambda: read_source(root / "folder" / "secret.yaml", "x", root=root))[0]
    assert "leads out" in texts(lambda: read_source(root / ".." / "secret.yaml", "x", root=root))[0]


def test_a_sibling_with_the_same_beginning_is_outside(tmp_path: Path) -> None:
    (tmp_path / "project-2").mkdir()
    (tmp_path / "project-2" / "ana.yaml").write_text("a: 1\n")
    path = tmp_path / "project" / ".." / "project-2" / "ana.yaml"
    assert "leads out" in texts(lambda: read_source(path, "x", root=tmp_path / "project"))[0]


def test_a_link_inside_the_root_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    source = read_source(tmp_path / "b.yaml", "b.yaml", root=tmp_path)
    assert source.where(("a",)) == "b.yaml:1" and source.path == tmp_path / "b.yaml"


@pytest.fixture
def unreadable(tmp_path: Path) -> Iterator[dict[str, Any]]:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    yield {
        "nothing": "no such file",
        "dangling": "no such file",
        "folder": "is a folder, expected a file",
        "circle": "is a symbolic link that leads back to itself",
    }


def test_what_cannot_be_read_says_why(tmp_path: Path, unreadable: dict[str, str]) -> None:
    for name, why in unreadable.items():
        with pytest.raises(SpecError, match=why):
            read_source(tmp_path / f"{name}.yaml", f"{name}.yaml")


def test_larger_than_any_persona(tmp_path: Path) -> None:
    path = tmp_path / "ana.yaml"
    path.write_text("a: " + "x" * (MAX_BYTES - 4) + "\n")
    assert read_source(path, "ana.yaml").sets(("a",))
    path.write_text("a: " + "x" * (MAX_BYTES - 3) + "\n")
    assert texts(lambda: read_source(path, "ana.yaml")) == ["ana.yaml: is larger than 256 KiB"]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """Reading a pipe without a writer would wait for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    for path, what in ((tmp_path / "pipe.yaml", "named pipe"), (Path("/dev/zero"), "device")):
        said = [f"ana.yaml: is a {what}, expected a file"]
        assert texts(lambda path=path: read_source(path, "ana.yaml")) == said
