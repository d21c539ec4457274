"""What a plan says of nodes that the user left out, and of who draws without seeing the anchor."""

from __future__ import annotations

import pytest

from personaforge.errors import PlanError
from personaforge.plan.plan import PlanRequest
from personaforge.providers.protocols import Blob, Reply
from personaforge.testing import Scripted, png
from tests.run.conftest import Studio


def test_what_needs_an_excluded_node_is_left_out_by_the_hint(studio: Studio) -> None:
    with studio.open() as space:
        with pytest.raises(PlanError, match="which has not been built") as caught:
            space.plan(["ana"], PlanRequest(exclude=("video/*",)))
        hint = caught.value.hint
        assert hint == "leave out what needs it as well: --exclude video/wave+"
        plan = space.plan(["ana"], PlanRequest(exclude=("video/*", hint.partition("--exclude ")[2])))
        left = {node.id for node in plan.nodes() if node.state == "left"}
        assert "ana/video/wave" in left and "ana/document" in left and "ana/image/02" not in left


def test_what_was_not_selected_is_still_to_be_selected(studio: Studio) -> None:
    with studio.open() as space, pytest.raises(PlanError) as caught:
        space.plan(["ana"], PlanRequest(select=("document",), exclude=("sheet",)))
    assert caught.value.hint == "select it as well: --select +document"


def test_a_provider_that_takes_no_reference_is_said_before_anything_is_drawn(studio: Studio) -> None:
    with studio.open() as space:
        assert not [one for one in space.remarks(["ana"]) if "brief" not in one] and not [
            one for one in space.plan(["ana"]).notices if "reference" in one
        ]
    blind = frozenset({"prompt", "seed", "attempt"})
    Scripted(lambda request: Reply(blob=Blob(png((1, 2, 3)), "image/png")), "image", blind).register()
    with studio.open() as space:
        said = [one for one in space.plan(["ana"]).notices if "reference" in one]
        assert said == [one for one in space.remarks(["ana"]) if "brief" not in one]
    assert said == [
        "scripted takes no reference pictures, so these would not show ana's anchor, but another face in every "
        "picture: reference, image by scripted. Choose a provider that takes reference pictures, such as image: fal, "
        "or leave them out: --exclude reference+"
    ]
