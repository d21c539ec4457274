"""dbt's selection grammar over a small graph of two personas."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.errors import PlanError
from personaforge.plan.plan import PlanRequest
from personaforge.plan.select import Selectable, asks_for, parse, select, whole_personas
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace


def graph() -> list[Selectable]:
    nodes = []
    for persona in ("ana", "bob"):

        def node(
            name: str, *needs: str, kind: str = "image", tags: tuple[str, ...] = (), persona: str = persona
        ) -> Selectable:
            step = name.partition("/")[0]
            ids = tuple(f"{persona}/{need}" for need in needs)
            return Selectable(
                f"{persona}/{name}", persona, name, step, kind, tags, ids, ("image.width", f"steps.{step}")
            )

        nodes += [
            node("soul", kind="draft", tags=("text",)),
            node("dna", "soul", kind="draft", tags=("text", "identity")),
            node("anchor", "dna", kind="anchor", tags=("identity",)),
            node("image/02", "anchor", tags=("media",)),
            node("image/03", "anchor", tags=("media", "full-body")),
            node("video/wave", "anchor", kind="video", tags=("media",)),
            node("document", "image/02", "image/03", "video/wave", kind="document"),
        ]
    return nodes


def chosen(*include: str, exclude: tuple[str, ...] = ()) -> set[str]:
    states = {"ana/image/03": frozenset({"run", "modified"}), "bob/soul": frozenset({"run", "modified", "new"})}
    results = {"ana/image/02": "rejected", "bob/dna": "failed"}
    return select(
        graph(),
        include,
        exclude,
        state=lambda node: states.get(node, frozenset({"cached"})),
        result=lambda node: results.get(node, "accepted"),
    )


def ana(*names: str) -> set[str]:
    return {f"ana/{name}" for name in names}


def both(*names: str) -> set[str]:
    return {f"{persona}/{name}" for name in names for persona in ("ana", "bob")}


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (("image/*",), both("image/02", "image/03")),
        (("image",), both("image/02", "image/03")),
        (("image/02",), both("image/02")),
        (("ana/image/02",), ana("image/02")),
        (("ana",), ana("soul", "dna", "anchor", "image/02", "image/03", "video/wave", "document")),
        (("ana/*/0?",), ana("image/02", "image/03")),
        (("+ana/anchor",), ana("soul", "dna", "anchor")),
        (("1+ana/anchor",), ana("dna", "anchor")),
        (("ana/anchor+1",), ana("anchor", "image/02", "image/03", "video/wave")),
        (("ana/image/02+",), ana("image/02", "document")),
        (("+ana/image/02+",), ana("soul", "dna", "anchor", "image/02", "document")),
        (("@ana/video/wave",), ana("video/wave", "document", "image/02", "image/03", "anchor", "dna", "soul")),
        (("tag:identity",), both("dna", "anchor")),
        (("tag:full-*",), both("image/03")),
        (("step:image", "kind:video"), both("image/02", "image/03", "video/wave")),
        (("soul dna",), both("soul", "dna")),
        (("tag:media,image/*",), both("image/02", "image/03")),
        (("persona:a*,tag:text",), ana("soul", "dna")),
        (("state:modified",), {"ana/image/03", "bob/soul"}),
        (("state:new",), {"bob/soul"}),
        (("state:modified+,persona:ana",), ana("image/03", "document")),
        (("result:rejected",), ana("image/02")),
        (("result:failed",), {"bob/dna"}),
        (("config:image.width,ana",), ana("soul", "dna", "anchor", "image/02", "image/03", "video/wave", "document")),
        (("config:steps.soul",), both("soul")),
    ],
)
def test_selections(include: tuple[str, ...], expected: set[str]) -> None:
    assert chosen(*include) == expected


def test_exclude_takes_away() -> None:
    assert chosen("ana", exclude=("tag:media", "+ana/anchor")) == ana("document")
    assert chosen(exclude=("bob",)) == {node.id for node in graph() if node.persona == "ana"}
    assert chosen() == {node.id for node in graph()}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("imag", "did you mean image?"),
        ("tag:idenity", "did you mean tag:identity?"),
        ("persona:ann", "did you mean persona:ana?"),
        ("state:modifed+", "did you mean state:modified?"),
        ("state:xyz", "there is: state:modified, state:new, state:cached"),
        ("result:rejectd", "did you mean result:rejected?"),
        ("config:imge.width", "did you mean config:image"),
        ("step:sole", "soul"),
        ("image/3", "did you mean image/03?"),
    ],
)
def test_what_matches_nothing_is_an_error_with_the_nearest_name(text: str, hint: str) -> None:
    with pytest.raises(PlanError) as caught:
        chosen(text)
    assert hint in caught.value.hint and text in caught.value.message


@pytest.mark.parametrize("text", ["nope:x", "tag:", "+", "a++b", "1+2+", "@", ","])
def test_bad_grammar_is_an_error(text: str) -> None:
    with pytest.raises(PlanError):
        chosen(text)


def test_a_setting_that_is_none_selects_nothing_although_nodes_read_its_group(tmp_path: Path) -> None:
    root = write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    with Workspace.open((), str(root)) as space:

        def nodes(term: str) -> list[str]:
            plan = space.plan([], PlanRequest(select=(f"+{term}",)))
            return [node.shape.name for node in plan.nodes() if node.state != "left"]

        for wrong in ("config:image.widht", "tag:text,config:image.widht+", "config:image.draws"):
            with pytest.raises(PlanError, match="there is no such setting"):
                nodes(wrong)
        with pytest.raises(PlanError) as caught:
            nodes("config:image.widht")
        assert caught.value.hint == "did you mean config:image.width?"
        assert nodes("config:image.width") == nodes("config:image.height") != []
        for left_out in ("config:image.options.style", "config:pinned.surface.age"):
            assert nodes(left_out), "it may be written"


def test_states_that_match_nothing_select_nothing() -> None:
    assert chosen("state:missing") == set() and chosen("result:flagged") == set()
    assert chosen("image,state:missing") == set() and chosen("tag:text,result:flagged") == set()


@pytest.mark.parametrize("text", ["soul,dna", "image,tag:text", "anchor+,soul", "ana,bob/soul"])
def test_an_intersection_of_nothing_is_no_work_that_is_done(text: str) -> None:
    first, second = text.split(",")
    with pytest.raises(PlanError) as caught:
        chosen(text)
    assert caught.value.message == f"nothing is selected by '{text}': nothing is both {first} and {second}"
    assert f"write a space: '{first} {second}'" in caught.value.hint
    with pytest.raises(PlanError):
        chosen("image", exclude=(text,))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("ana", ["ana"]),
        ("a*a", ["a*a"]),
        ("persona:*", ["persona:*"]),
        ("+bob soul", ["+bob"]),
        ("*", []),
        ("ana/*", []),
        ("ana,anchor", []),
        ("tag:text", []),
    ],
)
def test_what_names_only_a_persona(text: str, whole: list[str]) -> None:
    assert whole_personas(graph(), (text,)) == whole


def test_asks_for_looks_into_every_term() -> None:
    assert asks_for(["image", "tag:a,state:modified+"], "state") and not asks_for(["image"], "state")


@given(st.text(alphabet="ab/*?+@:, 12", max_size=20))
def test_no_text_crashes_the_parser(text: str) -> None:
    try:
        for terms in parse(text):
            assert terms
    except PlanError:
        pass
