"""The packaged personas keep the keys of `tests/golden/keys.json`: a key that changes makes everybody pay again.

Compared is what needs no drawing, in seconds; `python -m tests.keys` compares all of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personaforge.plan.plan import PlanRequest
from personaforge.plan.resolver import NodeResolver
from personaforge.workspace.workspace import BuildOptions, Workspace
from tests.keys import GOLDEN, copy_packaged, differences, keys_of

TEXTS = {
    "kenji-watanabe": {"identity", "psychology", "lifestyle", "visual_dna"},
    "sofia-reyes": {"intent", "soul", "self", "mask", "surface", "lifestyle", "dna", "audit"},
}


@pytest.mark.parametrize(
    ("persona", "select", "built"),
    [
        ("kenji-watanabe", ("+matrix", "+placement"), {"profile", "matrix", "placement"}),
        # Its face keeps away from the face before it, so its candidates can't be known without drawing that one.
        ("sofia-reyes", ("+matrix",), {"profile", "matrix"}),
    ],
)
def test_what_is_built_without_a_drawing_has_its_keys(
    tmp_path: Path, persona: str, select: tuple[str, ...], built: set[str]
) -> None:
    copy_packaged(tmp_path)
    golden = json.loads(GOLDEN.read_bytes())
    outcomes = {node: known["outcome"] for node, known in golden["nodes"].items()}
    with Workspace.open((), str(tmp_path)) as space:
        space.build(space.plan([persona], PlanRequest(select=select)), BuildOptions(jobs=1))
        found = keys_of(space.store.folder)
        plan = space.plan([persona])
        resolver = NodeResolver(space.plan_context, plan.personas[0], plan.selection)
        # What nothing pins depends on its needs' outcomes alone, so the golden ones give the signature of all that is
        # computed from drawings, too.
        computed = {
            node.id: resolver.signature(
                node.shape, {need: outcomes[f"{persona}/{need}"] for need in node.shape.needs}, built=True
            )
            for node in plan.nodes()
            if not node.shape.kind.pinned
        }
        missing = [
            node.missing.key for node in plan.nodes() if node.missing is not None and node.missing.kind == "draw"
        ]
    names = {f"{persona}/{name}" for name in TEXTS[persona] | built}
    kept = {key: kind for key, kind in golden["actions"].items() if key in found["actions"]}
    assert found["nodes"].keys() == names and len(found["actions"]) == len(TEXTS[persona])
    expected = {"nodes": {name: golden["nodes"][name] for name in names}, "actions": kept}
    assert differences(found, expected) == []
    assert computed == {name: golden["nodes"][name]["signature"] for name in computed}
    assert computed.keys() == {f"{persona}/{name}" for name in ("profile", "matrix", "document", "sheet")}
    if "placement" in built:
        assert [golden["actions"].get(key) for key in missing] == ["draw"] * 4, "one for each candidate"
