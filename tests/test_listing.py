"""Lists in one line, and lines about several personas that say the same."""

from __future__ import annotations

from personaforge.listing import of_nodes, told_once

NAMES = ("ana", "ana-2", "ben", "cay", "dan")


def test_lines_that_differ_only_in_the_persona_are_one_line() -> None:
    lines = [f"{name}: not drawn: scar (forge brief {name})" for name in NAMES]
    assert told_once(lines, NAMES) == [
        "5 personas (ana, ana-2, ben and 2 more): not drawn: scar (forge brief ana)",
    ]
    assert told_once([f"Of {name} the composite decides" for name in NAMES[:2]], NAMES) == [
        "Of 2 personas (ana, ana-2) the composite decides"
    ]


def test_other_lines_stay_as_they_are_and_in_order() -> None:
    lines = ["ana: not drawn: scar", "no key is set", "ben: not drawn: dimples", "no key is set", "ana/image is red"]
    assert told_once(lines, NAMES) == ["ana: not drawn: scar", "no key is set", *lines[2:3], lines[4]]
    assert told_once(["ana/image/07 stays", "ben/image/07 stays"], NAMES) == [
        "ana/image/07 stays",
        "ben/image/07 stays",
    ]
    assert told_once(["ana: keeps away from ben", "ben: keeps away from ana"], NAMES) == [
        "ana: keeps away from ben",
        "ben: keeps away from ana",
    ]


def test_what_is_said_of_nodes_is_equal_without_their_names_and_digests() -> None:
    def said(node: str, digest: str) -> str:
        name = node.partition("/")[2]
        return f"{node} is pinned to {digest}, which is gone; `forge build ana --repin {name}`"

    assert of_nodes(said("ana/image/02", "0" * 12), "ana/image/02") == of_nodes(
        said("ana/image/03", "a" * 12), "ana/image/03"
    )
    assert of_nodes("ana/image/02 is red", "ana/image/02") != of_nodes("ana/image/03 is green", "ana/image/03")
