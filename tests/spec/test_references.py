"""What interpolations name, and how much they come to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from personaforge.spec.references import EVERYTHING, MAX_TEXT, MAX_VALUES, GrowsTooLarge, references, refuse_growth


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", set()),
        ("9:16 {a} $b", set()),
        ("${seed}", {"seed"}),
        ("${ seed }", {"seed"}),
        ("${text.models.deep}", {"text"}),
        ("${text[models]}", {"text"}),
        ("a ${x} b ${y.z}", {"x", "y"}),
        ("${.width}", {EVERYTHING}),
        ("${..seed}", {EVERYTHING}),
        ("${[seed]}", {EVERYTHING}),
        ("${${x}}", {EVERYTHING, "x"}),
        ("${a.${b}}", {"a", "b"}),
        ("${a${b}}", {EVERYTHING, "b"}),
        ("${}", {EVERYTHING}),
        ("${", {EVERYTHING}),
        ({"a": ["${x}", {"b": "${y}"}], "c": 5, "d": None}, {"x", "y"}),
        ((), set()),
    ],
)
def test_the_keys_that_a_value_names(value: Any, expected: set[str]) -> None:
    assert references(value) == expected


NAMES = st.sampled_from(["a", "b", "c"])
LEAF = st.lists(
    st.sampled_from(["x", "1", " "])
    | st.builds("${{{}}}".format, NAMES)
    | st.builds("${{t.{}}}".format, NAMES)
    | st.just("${.a}"),
    max_size=4,
).map("".join)


@given(
    st.fixed_dictionaries(
        {"a": LEAF, "b": LEAF, "c": LEAF, "t": st.fixed_dictionaries({"a": LEAF, "b": LEAF, "c": LEAF})}
    )
)
def test_whatever_omegaconf_resolves_to_little_passes(tree: dict[str, Any]) -> None:
    try:
        plain = OmegaConf.to_container(OmegaConf.create(tree), resolve=True)
    except (OmegaConfBaseException, RecursionError):
        plain = None
    refuse_growth(tree)  # circles and names of nothing are OmegaConf's to complain of
    assert plain is None or len(str(plain)) < MAX_TEXT


def chain(value: str, length: int) -> dict[str, Any]:
    return {"a0": "x" * 64} | {f"a{n}": value.replace("#", str(n - 1)) for n in range(1, length)}


@pytest.mark.parametrize("value", ["${a#}${a#}", "${a#} and ${ a# }", "${${n}#}${${n}#}", "[${a#}]${.a#}"])
def test_texts_that_double_are_refused(value: str) -> None:
    with pytest.raises(GrowsTooLarge):
        refuse_growth({**chain(value, 64), "n": "a"})


def test_the_bound_of_a_text_is_where_it_is_said_to_be() -> None:
    half = MAX_TEXT // 2
    refuse_growth({"a": "x" * half, "b": "${a}${a}"})
    with pytest.raises(GrowsTooLarge, match=r"^b$"):
        refuse_growth({"a": "x" * (half + 1), "b": "${a}${a}"})
    refuse_growth({"a": "x" * (MAX_TEXT + 1)})  # what is written out is bounded by the file's size


def test_mappings_and_lists_that_double_are_refused() -> None:
    for doubled in ({"x": "${a#}", "y": "${a#}"}, ["${a#}", "${a#}"], {"x": "${${n}#}", "y": "${a#}"}):
        tree: dict[str, Any] = {"a0": {"x": 1}, "n": "a"}
        for number in range(1, 64):
            text = str(doubled).replace("#", str(number - 1))
            tree[f"a{number}"] = eval(text)
        with pytest.raises(GrowsTooLarge):
            refuse_growth(tree)


def test_many_values_written_out_are_no_growth() -> None:
    refuse_growth({"a": list(range(MAX_VALUES - 10)), "b": "${nothing}"})


@pytest.mark.parametrize(
    "tree",
    [{"a": "${a}"}, {"a": "${b}", "b": "${a}"}, {"a": {"b": "${a}"}}, {"a": "${..x}"}, {"a": "${b[7]}", "b": [1]}],
)
def test_circles_and_names_of_nothing_pass(tree: dict[str, Any]) -> None:
    refuse_growth(tree)


def test_a_chain_longer_than_python_recurses_is_refused() -> None:
    with pytest.raises(GrowsTooLarge):
        refuse_growth({f"a{number}": f"${{a{number + 1}}}" for number in range(5_000)} | {"a5000": "end"})


def test_interpolations_in_one_another_have_an_end() -> None:
    with pytest.raises(GrowsTooLarge):
        refuse_growth({"a": "${" * 50 + "x" + "}" * 50, "x": "x", "": "x"})
