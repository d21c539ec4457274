"""Settings by path: values, digests, and views that let a step read what its kind declares."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.digest import digest_json
from personaforge.spec.settings import Group, Settings, UndeclaredRead, View

PERSONA = {"id": "ana", "seed": 7, "tags": ["a"], "pinned": {"surface": {"name": "Ana"}}, "owner": None}
IMAGE = {"width": 64, "prices": {"a": 1.5, "c.d": 2.0}, "model": None}
TEXT = {"a": {"b": 1, "bc": 2}}


def group(data: dict[str, Any]) -> Group:
    return Group(digest_json("group/1", data), data)


@pytest.fixture
def settings() -> Settings:
    return Settings(PERSONA, {"image": group(IMAGE), "text": group(TEXT)})


def test_values_by_path(settings: Settings) -> None:
    assert settings.id == "ana"
    assert settings.value("seed") == 7
    assert settings.value("pinned.surface.name") == "Ana"
    assert settings.value("image.width") == 64
    assert settings.value("image") is IMAGE
    assert settings.value("owner") is None and settings.value("image.model") is None
    assert settings.get("image.model", "default") is None  # null is a value


@pytest.mark.parametrize(
    "path",
    ["nothing", "image.nothing", "image.width.more", "pinned.dna", "seed.x", "tags.0", "imag", "image.prices.c.d"],
)
def test_what_is_not_there(settings: Settings, path: str) -> None:
    assert settings.get(path, "default") == "default"
    with pytest.raises(KeyError, match=path):
        settings.value(path)


def test_everything_as_one_tree_with_the_groups_in_their_order(settings: Settings) -> None:
    assert list(settings.as_dict()) == ["id", "seed", "tags", "pinned", "owner", "text", "image"]
    assert settings.as_dict()["image"] == IMAGE


# --- digests ----------------------------------------------------------------------------------------------------------


def test_a_digest_is_of_the_value(settings: Settings) -> None:
    assert settings.digest_of("image.width") == digest_json("setting/1", {"value": 64})
    assert settings.digest_of("seed") == digest_json("setting/1", {"value": 7})
    assert settings.digest_of("image") == settings.groups["image"].digest


def test_where_the_value_stands_is_not_in_its_digest(settings: Settings) -> None:
    other = Settings({"id": "eva", "seed": 64}, {"image": group({"height": 64})})
    assert other.digest_of("image.height") == other.digest_of("seed") == settings.digest_of("image.width")


def test_all_that_is_missing_has_one_digest_which_null_has_not(settings: Settings) -> None:
    missing = settings.digest_of("nothing")
    assert (
        missing
        == settings.digest_of("image.nothing")
        == settings.digest_of("image.width.more")
        == settings.digest_of("pinned.dna")
    )
    assert missing not in (settings.digest_of("owner"), settings.digest_of("image.model"))
    assert settings.digest_of("owner") == settings.digest_of("image.model")
    assert missing != Settings({"id": "a", "x": {"missing": True}}, {}).digest_of("x")


def test_a_digest_is_the_same_when_asked_again(settings: Settings) -> None:
    for path in ("seed", "image", "image.width", "nothing"):
        assert settings.digest_of(path) == settings.digest_of(path)


# --- views ------------------------------------------------------------------------------------------------------------


def test_a_view_reads_what_is_declared_and_all_below_it(settings: Settings) -> None:
    view = View(settings, ("image", "text.a.b", "pinned.surface"), "step draw")
    assert view["image"] is IMAGE
    assert view["image.width"] == 64
    assert view["image.prices.a"] == 1.5
    assert view["text.a.b"] == 1
    assert view["pinned.surface.name"] == "Ana"


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        ("imag", "image.width"),
        ("image.wid", "image.width"),
        ("image.width", "image"),
        ("image.width", "image.prices"),
        ("text.a.b", "text.a.bc"),
        ("text.a.b", "text.a"),
        ("image", "imagee"),
        ("image", "text.a.b"),
        ("", "image"),
    ],
)
def test_any_other_read_is_an_error_whether_there_is_a_value_or_not(
    settings: Settings, declared: str, path: str
) -> None:
    view = View(settings, (declared,) if declared else (), "step draw")
    for read in (lambda: view[path], lambda: view.get(path), lambda: view.get(path, 1), lambda: view.scope()[path]):
        with pytest.raises(UndeclaredRead) as caught:
            read()
        assert f"step draw reads the setting {path}" in str(caught.value)
        assert f"(declared: {declared or 'nothing'})" in str(caught.value)
    assert caught.value.exit_code == 3
    assert view.reads == {}


def test_every_read_is_recorded_the_absent_ones_too(settings: Settings) -> None:
    view = View(settings, ("image", "pinned", "seed", "nothing"), "step draw")
    assert view.get("pinned.dna", {}) == {}
    assert view.get("nothing") is None
    assert view["image.width"] == 64 and view["seed"] == 7
    with pytest.raises(KeyError, match=r"image\.nothing"):
        view["image.nothing"]
    assert view.reads == {"pinned.dna": None, "nothing": None, "image.width": 64, "seed": 7, "image.nothing": None}


def test_what_a_scope_reads_counts_for_the_views_around_it(settings: Settings) -> None:
    view = View(settings, ("image", "seed"), "step draw")
    first = view.scope()
    inner, second = first.scope(), view.scope()
    assert inner["image.width"] == 64
    assert second["seed"] == 7
    assert inner.reads == first.reads == {"image.width": 64}
    assert second.reads == {"seed": 7}
    assert view.reads == {"image.width": 64, "seed": 7}
