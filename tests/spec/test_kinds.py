"""What the kinds of steps are: one declaration that everybody asks, and no comparison of names."""

from __future__ import annotations

import re

from personaforge.spec.kinds import KINDS, kind_named
from personaforge.spec.pipeline import Step
from personaforge.steps.table import step_kind
from tests.conftest import ROOT


def test_each_kind_has_a_model_a_procedure_and_a_part() -> None:
    models = {model.model_fields["kind"].annotation.__args__[0] for model in Step.__args__[0].__args__}  # type: ignore[attr-defined]
    assert models == KINDS.keys()
    assert all(step_kind(name).what is kind for name, kind in KINDS.items())
    assert kind_named("nothing") == ("nothing", "", (), "", "")


def test_what_frames_a_slot() -> None:
    framed = {name: kind.framed({"positions": "matrix.positions"}, "02") for name, kind in KINDS.items()}
    assert (framed["image"], framed["reference"]) == ("matrix.positions.02", "matrix.references.02")
    assert framed["video"] == "motion.types.02"
    assert KINDS["image"].framed({"position": "matrix.utility.avatar"}, "") == "matrix.utility.avatar"


def test_what_a_kind_reads_keeps_its_order_since_signatures_depend_on_it() -> None:
    step = {"kind": "draft", "schema": "soul", "uses": ("fashion.contexts",)}
    assert step_kind("draft").paths("desire", step, "") == (
        *("brief", "pinned", "seed", "text.prices", "text.key", "text.phrases", "pipeline.steps.desire"),
        "schema.soul",
        "fashion.contexts",
    )
    drawn = ("seed", "image", "identity", "delivered", "pipeline.steps.portrait", "matrix.anchor", "matrix.scenes")
    image = {"kind": "image", "positions": "matrix.positions", "position": None}
    anchor = "matrix.positions.01"
    assert step_kind("image").paths("portrait", image, "02", "01") == (*drawn, "matrix.positions.02", anchor)
    avatar = {"kind": "image", "positions": None, "position": "matrix.utility.avatar"}
    assert step_kind("image").paths("portrait", avatar, "", "01") == (*drawn, "matrix.utility.avatar", anchor)
    found = step_kind("reference").paths("portrait", {}, "grin", "01")
    assert found == (*drawn, "matrix.references.grin", anchor)
    assert step_kind("candidate").paths("portrait", {}, "1") == (*drawn, "matrix.positions")
    assert step_kind("video").paths("clip", {}, "wave") == (
        *(
            "seed",
            "video",
            "identity",
            "delivered",
            "quality",
            "pipeline.steps.clip",
            "matrix.scenes",
            "motion.types.wave",
        ),
    )


def test_nobody_compares_the_names_of_kinds() -> None:
    """A further kind is asked for its part; see `tests.run.test_further_kind`."""
    names = "|".join(KINDS)
    compared = re.compile(
        rf"kind\.name (?:[!=]=|(?:not )?in) ?[\"'(A-Z_]|(?<!action\.)kind[\"')\]]* [!=]= [\"'](?:{names})\b"
    )
    assert compared.search("if node.shape.kind.name != ANCHOR") and compared.search('if step["kind"] == "video":')
    found = {
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in (ROOT / "personaforge").rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if compared.search(line)
    }
    assert not found
