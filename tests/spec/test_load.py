"""Loading: cached by the content of everything a persona came from, and by nothing else."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import SpecError
from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loader, code_signature
from personaforge.spec.project import Project
from personaforge.spec.settings import GROUPS, SCHEMAS, Settings
from personaforge.store.index import Index
from personaforge.testing import write_project

from .given import ANA, SMALL, file_of, project, texts


class Counting:
    """A cache that counts: what is put is what had to be composed."""

    def __init__(self) -> None:
        self.specs: dict[str, bytes] = {}
        self.groups: dict[str, bytes] = {}
        self.composed = 0
        self.on_get: Callable[[], None] = lambda: None

    def get_spec(self, key: str) -> bytes | None:
        """See SpecCache."""
        self.on_get()
        return self.specs.get(key)

    def get_group(self, digest: str) -> bytes | None:
        """See SpecCache."""
        return self.groups.get(digest)

    def put_spec(self, key: str, body: bytes, groups: dict[str, bytes]) -> None:
        """See SpecCache."""
        self.composed += 1
        self.specs[key] = body
        self.groups |= groups


def digests(settings: Settings) -> dict[str, str]:
    """Return the digest of every group and of every value of a persona's own."""
    return {name: settings.digest_of(name) for name in (*GROUPS, SCHEMAS, *settings.persona)}


def load(where: Project, cache: Counting | Index | None, *overrides: str, stem: str = "ana") -> Settings:
    return Loader(where, cache, domains=KNOWN).load(file_of(where, stem), overrides).settings


OWN = SMALL | {"conf/project/settings.yaml": "# @package _global_\nseed: 5\n"}


@pytest.fixture
def where(tmp_path: Path) -> Project:
    personas = {"ana": ANA + "defaults: [_base]\n", "_base": "owner: base\n"}
    return project(tmp_path, personas, OWN)


# --- the cache --------------------------------------------------------------------------------------------------------


def test_a_cached_persona_equals_a_fresh_one(where: Project) -> None:
    cache = Counting()
    fresh = load(where, cache)
    cached = load(where, cache)
    assert cache.composed == 1
    assert cached.as_dict() == fresh.as_dict() == load(where, None).as_dict()
    assert cached.id == fresh.id == "ana"
    assert digests(cached) == digests(fresh)
    assert cached.value("schema.soul") == fresh.value("schema.soul")


def test_two_loads_in_a_row_compose_once(where: Project) -> None:
    cache = Counting()
    loader = Loader(where, cache, domains=KNOWN)
    for _ in range(3):
        loader.load(file_of(where))
    load(where, cache)
    assert cache.composed == 1


def test_the_index_of_the_store_is_such_a_cache(where: Project, tmp_path: Path) -> None:
    class CountingIndex(Index):
        composed = 0

        def put_spec(self, key: str, body: bytes, groups: dict[str, bytes]) -> None:
            self.composed += 1
            super().put_spec(key, body, groups)

    index = CountingIndex(tmp_path / "index.db")
    try:
        fresh = load(where, index)
        file_of(where).touch()  # a new time of change is no change
        assert load(where, index).as_dict() == fresh.as_dict()
        assert index.composed == 1
    finally:
        index.close()


@pytest.mark.parametrize("table", ["specs", "groups"])
@pytest.mark.parametrize("body", [7, "text", b"null", b"7", b"[]", b"{}", b"\xff", b'{"persona": {}, "groups": {}}'])
def test_a_damaged_row_counts_as_none(where: Project, tmp_path: Path, table: str, body: Any) -> None:
    path = tmp_path / "index.db"
    fresh = load(where, index := Index(path)).as_dict()
    image = Loader(where, index, domains=KNOWN).group("image")
    index.close()
    with closing(sqlite3.connect(path)) as damaged, damaged:
        assert damaged.execute(f"update {table} set body = ?", (body,)).rowcount
    try:
        index = Index(path)
        assert load(where, index).as_dict() == fresh
        if not isinstance(body, bytes) or not body.startswith(b"{"):  # any mapping may be a group
            assert Loader(where, index, domains=KNOWN).group("image") == image
    finally:
        index.close()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("personas/ana.yaml", ANA + "defaults: [_base]\n# a comment\n"),
        ("personas/_base.yaml", "owner: base \n"),
        ("conf/project/settings.yaml", "# @package _global_\nseed: 6\n"),
        ("conf/fashion/contexts.yaml", OWN["conf/fashion/contexts.yaml"] + "# a comment\n"),
        ("conf/text/added.yaml", "provider: x\n"),
        ("conf/schema/soul.yaml", "type: object\n"),
    ],
)
def test_a_changed_byte_is_composed_anew_and_its_undoing_is_not(where: Project, path: str, text: str) -> None:
    cache = Counting()
    load(where, cache)
    before = (where.root / path).read_text() if (where.root / path).exists() else None
    write_project(where.root, {}, {path: text})
    load(where, cache)
    load(where, cache)
    assert cache.composed == 2
    if before is None:
        (where.root / path).unlink()
    else:
        (where.root / path).write_text(before)
    load(where, cache)
    # A base is looked up after the row is found, so that the row of the other base is not there any more.
    assert cache.composed == (3 if path == "personas/_base.yaml" else 2)


def test_a_renamed_conf_file_is_a_change(where: Project) -> None:
    cache = Counting()
    write_project(where.root, {}, {"conf/text/a.yaml": "provider: x\n"})
    load(where, cache)
    (where.root / "conf" / "text" / "a.yaml").rename(where.root / "conf" / "text" / "b.yaml")
    load(where, cache)
    assert cache.composed == 2


def test_a_base_that_is_gone_is_a_change(where: Project) -> None:
    cache = Counting()
    load(where, cache)
    (where.root / "personas" / "_base.yaml").unlink()
    with pytest.raises(SpecError, match="no such file"):
        load(where, cache)


def test_every_list_of_overrides_has_a_row_of_its_own(where: Project) -> None:
    cache = Counting()
    seeds = [
        load(where, cache, *overrides).value("seed") for overrides in ((), ("seed=1",), ("seed=2",), ("seed=1",), ())
    ]
    assert seeds == [5, 1, 2, 1, 5] and cache.composed == 3


def test_a_row_whose_group_is_gone_is_composed_anew(where: Project) -> None:
    cache = Counting()
    fresh = load(where, cache)
    cache.groups.popitem()
    assert load(where, cache).as_dict() == fresh.as_dict()
    assert cache.composed == 2


def test_a_change_of_forge_itself_is_one(where: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Counting()
    load(where, cache)
    monkeypatch.setattr("personaforge.spec.load.code_signature", lambda: "another")
    load(where, cache)
    assert cache.composed == 2


def test_what_is_edited_while_it_is_read_does_not_poison_the_cache(where: Project) -> None:
    cache = Counting()
    first, second = ANA + "seed: 1\n", ANA + "seed: 2\n"
    for path, one, other in (
        ("personas/ana.yaml", first, second),
        ("conf/project/settings.yaml", "# @package _global_\nseed: 1\n", "# @package _global_\nseed: 2\n"),
    ):
        write_project(where.root, {"ana": ANA}, {path: one})
        cache.on_get = lambda path=path, text=other: (where.root / path).write_text(text)  # type: ignore[misc, assignment]
        assert load(where, cache).value("seed") == 2  # read after the edit
        cache.on_get = lambda: None
        (where.root / path).write_text(one)
        assert load(where, cache).value("seed") == 1


def test_what_editors_leave_about_is_no_conf(where: Project) -> None:
    cache = Counting()
    (where.root / "conf" / "text").mkdir()
    (where.root / "conf" / "text" / ".#mine.yaml").symlink_to("ana@host.1234:5678")
    (where.root / "conf" / "text" / "folder.yaml").mkdir()
    assert load(where, cache).id == "ana"


def test_code_signature_follows_the_files_of_forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = tmp_path / "conf"
    (conf / "text").mkdir(parents=True)
    (conf / "text" / "a.yaml").write_text("a: 1\n")
    monkeypatch.setattr("personaforge.spec.project.packaged", lambda name: tmp_path / "conf")
    first = code_signature()
    assert code_signature() == first
    (conf / "__pycache__").mkdir()
    (conf / "__pycache__" / "x.pyc").write_text("x")
    assert code_signature() == first
    (conf / "text" / "a.yaml").write_text("a: 22\n")
    second = code_signature()
    assert second != first
    os.utime(conf / "text" / "a.yaml", (1, 1))
    assert code_signature() not in (first, second)


# --- what is shared ---------------------------------------------------------------------------------------------------


def test_personas_share_the_groups_in_which_they_do_not_differ(tmp_path: Path) -> None:
    personas = {name: f"id: {name}\nbrief: A gardener.\n" for name in ("ana", "eva", "uma")}
    personas["uma"] += "image: {width: 64}\n"
    where = project(tmp_path, personas, OWN)
    cache = Counting()
    for _ in range(2):  # fresh, then cached
        loader = Loader(where, cache, domains=KNOWN)
        ana, eva, uma = (loader.load(file_of(where, name)).settings for name in ("ana", "eva", "uma"))
        assert all(ana.groups[name] is eva.groups[name] for name in (*GROUPS, SCHEMAS))
        assert [name for name in GROUPS if ana.groups[name] is not uma.groups[name]] == ["image"]
    assert cache.composed == 3 and len(cache.groups) == len(GROUPS) + 2


def test_formatting_and_comments_come_to_the_same_settings(tmp_path: Path) -> None:
    first = ANA + "tags: [a, b]\nimage: {width: 64, height: 128}\nseed: 7\n"
    second = """\
# Ana
seed: 7

"brief": |-
  A calm gardener.
image:
  height: 0x80
  width: 64
tags:
- a
- "b"
id: 'ana'
"""
    where = project(tmp_path, {"one": first, "two": second}, OWN)
    one, two = (Loader(where, domains=KNOWN).load(file_of(where, stem)).settings for stem in ("one", "two"))
    assert digests(one) == digests(two)
    write_project(where.root, {"two": second.replace("0x80", "127")})
    three = Loader(where, domains=KNOWN).load(file_of(where, "two")).settings
    assert [name for name, digest in digests(three).items() if digest != digests(one)[name]] == ["image"]
    assert three.digest_of("image.width") == one.digest_of("image.width")
    assert three.digest_of("image.height") != one.digest_of("image.height")


# --- several at once --------------------------------------------------------------------------------------------------


def test_two_personas_with_one_id(tmp_path: Path) -> None:
    where = project(tmp_path, {"ana": ANA, "anna": ANA}, OWN)
    assert texts(lambda: Loader(where, domains=KNOWN).load_all(where.persona_files())) == [
        "personas/anna.yaml id: 'ana' is also the id of personas/ana.yaml (ids are unique in a project)"
    ]


def test_one_file_given_twice_is_no_second_persona(tmp_path: Path) -> None:
    where = project(tmp_path, ANA, OWN)
    assert len(Loader(where, domains=KNOWN).load_all([file_of(where), file_of(where)])) == 2


def test_the_problems_of_all_personas_are_named_at_once_and_shared_ones_once(tmp_path: Path) -> None:
    personas = {
        "ana": ANA + "sed: 1\n",
        "eva": "id: eva\nbrief: A gardener.\nimage: {widht: 1}\n",
        "uma": "id: uma\nbrief: A gardener.\n",
    }
    where = project(tmp_path, personas, OWN)
    found = texts(lambda: Loader(where, domains=KNOWN).load_all(where.persona_files()))
    assert [line.partition(" ")[0] for line in found] == ["personas/ana.yaml:3", "personas/eva.yaml:3"]
    write_project(where.root, {}, {"conf/project/settings.yaml": "a: [\n"})
    assert texts(lambda: Loader(where, domains=KNOWN).load_all(where.persona_files())) == [
        "conf/project/settings.yaml:2: is not valid YAML: did not find expected node content "
        "(nothing else in the file was checked, so there may be more)"
    ]


def test_a_persona_knows_its_file_and_its_lock(where: Project) -> None:
    one = Loader(where, domains=KNOWN).load(file_of(where))
    assert (one.file, one.lock) == (file_of(where), where.root / "personas" / "ana.lock.yaml")


def test_a_file_that_is_not_there(where: Project) -> None:
    assert "leads to no file, or is gone" in texts(lambda: Loader(where, domains=KNOWN).load(file_of(where, "eva")))[0]


def test_a_persona_that_links_out_of_the_project_is_refused(where: Project, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text("id: eva\nbrief: SECRET\nowner: 5\n")
    file_of(where, "eva").symlink_to(outside)
    found = texts(lambda: Loader(where, domains=KNOWN).load_all(where.persona_files()))
    assert len(found) == 1 and "leads out of the project" in found[0] and "SECRET" not in found[0]


def test_a_persona_outside_the_project_is_the_users_to_name(where: Project, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text("id: eva\nbrief: A gardener.\n")
    assert Loader(where, domains=KNOWN).load(outside).settings.id == "eva"
