"""The table of states: what was done to a built project, and what is right to plan, to build and to buy then.

`test_states.py` tries every row, and docs/design/states.md shows them: `python -m tests.plan.state_table` writes it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from personaforge.plan.plan import Asked
from personaforge.store.upkeep import verify
from personaforge.workspace import BuildOptions
from tests.plan.states import ID, PLAIN, Case, Site

PERSONA = f"personas/{ID}.yaml"
MATRIX = "conf/matrix/few.yaml"

Deed = Callable[[Site], None]

# --- what is done ---


def nothing(site: Site) -> None:
    """Leave everything as it was built."""


def both(*deeds: Deed) -> Deed:
    """One thing after the other."""

    def do(site: Site) -> None:
        for deed in deeds:
            deed(site)

    return do


def edited(path: str, *pairs: tuple[str, str]) -> Deed:
    return lambda site: site.edit(path, *pairs)


def threshold(value: float) -> Deed:
    return edited(PERSONA, ("accept_threshold: 0.8", f"accept_threshold: {value}"))


def width(site: Site) -> None:
    if site.flavour == "local":
        site.edit(PERSONA, ("width: 64", "width: 72"))
    else:
        site.edit("conf/image/bought.yaml", ("width: 16", "width: 24"))


def seed(site: Site) -> None:
    site.edit(PERSONA, ("seed: 5", "seed: 6") if site.flavour == "local" else ("seed: 3", "seed: 4"))


def green_eyes(site: Site) -> None:
    eyes = "{color: green}" if site.flavour == "local" else "green"
    site.edit(PERSONA, ("pipeline: small", f"pipeline: small\npinned: {{dna: {{eyes: {eyes}}}}}"))


def new_position(site: Site) -> None:
    site.edit(MATRIX, ("utility: {}", '  "21": {<<: *p, name: laughing, expression: laugh}\nutility: {}'))


def no_position_02(site: Site) -> None:
    lines = (site.root / MATRIX).read_text().splitlines(keepends=True)
    (site.root / MATRIX).write_text("".join(line for line in lines if not line.startswith('  "02"')))


def lost(*nodes: str, file: bool = True, blob: bool = True) -> Deed:
    return lambda site: site.lose(*nodes, file=file, blob=blob)


def chosen(site: Site) -> str:
    """The candidate that is the anchor."""
    anchor = site.outputs["anchor"][0][0]
    return next(name for name in ("candidate/1", "candidate/2") if site.outputs[name][0][0] == anchor)


def lost_anchor(site: Site) -> None:
    site.lose("anchor", chosen(site))


def lost_other_candidate(site: Site) -> None:
    site.lose({"candidate/1": "candidate/2", "candidate/2": "candidate/1"}[chosen(site)])


def damaged(node: str, *, repaired: bool, file: bool = True) -> Deed:
    """Change a byte of a node's blob; with `repaired`, forge cache verify --repair has moved it aside since."""

    def do(site: Site) -> None:
        for digest, _ in site.outputs[node]:
            path = site.blob(digest)
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.unlink()  # it is a link to the blob that other cases have
            path.write_bytes(bytes(data))
        if file:
            site.lose(node, blob=False)
        if repaired:
            with site.open() as space:
                assert verify(space.store, repair=True).repaired

    return do


def in_build(node: str, what: str) -> Deed:
    """Edit, delete or touch a node's file in the build folder."""

    def do(site: Site) -> None:
        path = site.build_folder / site.outputs[node][0][1]
        if what == "deleted":
            path.unlink()
        else:
            path.write_bytes(b"mine" if what == "edited" else path.read_bytes())

    return do


def gone(*parts: str) -> Deed:
    return lambda site: site.forget(*parts)


CLONE = gone(".forge", "build")
"""A fresh clone: spec and lock, no store, no build folder."""


def no_record(node: str, *kinds: str) -> Deed:
    """Remove the records of a node's actions."""

    def do(site: Site) -> None:
        paths = [
            path
            for path in (site.root / ".forge/records/actions").rglob("*.json")
            if (record := json.loads(path.read_bytes()))["node"] == f"{ID}/{node}"
            and (not kinds or record["parts"]["kind"] in kinds)
        ]
        assert paths
        for path in paths:
            path.unlink()

    return do


def unpinned(*nodes: str) -> Deed:
    return lambda site: site.unpin(*nodes)


def no_lock(site: Site) -> None:
    site.lock.unlink()


def wrong_anchor(site: Site) -> None:
    """A merge gone wrong: the anchor's pin names another artifact."""
    site.edit(
        f"personas/{ID}.lock.yaml",
        (f'"anchor":"{site.pins()["anchor"]["anchor"]}"', f'"anchor":"{site.outputs["document"][0][0]}"'),
    )


def built(asked: Asked = PLAIN, deed: Deed = nothing) -> Deed:
    """Do something and build, before anything else."""

    def do(site: Site) -> None:
        deed(site)
        with site.open() as space:
            space.build(space.plan((), asked), BuildOptions(jobs=1, keep_going=True))

    return do


def back_again(deed: Deed) -> Deed:
    """Build something else, and take that back."""

    def do(site: Site) -> None:
        before = {
            path: path.read_bytes() for folder in ("conf", "personas") for path in (site.root / folder).rglob("*.yaml")
        }
        built(deed=deed)(site)
        for path, data in before.items():
            if path != site.lock:
                path.write_bytes(data)

    return do


def older_lock(site: Site) -> None:
    """Another take was built since, and git has brought the lock from before."""
    built(Asked(force=("image/02",)))(site)
    site.lock.write_bytes(site.fresh_lock)


def in_git(deed: Deed) -> Deed:
    """Commit the project as it was built, then do something."""

    def do(site: Site) -> None:
        (site.root / ".gitignore").write_text(".forge/\nbuild/\n")
        for command in (
            ("init", "-q"),
            ("add", "."),
            ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"),
        ):
            subprocess.run(("git", "-C", str(site.root), *command), check=True, capture_output=True)
        deed(site)

    return do


# --- the table ---

TEXT = ("soul", "surface", "dna")
REMADE = {"words": "remade"}
WAYS_OUT = ("forge cache pull", "--repin")


def rows() -> list[Case]:
    """Return the table."""
    found: list[Case] = []

    def row(
        name: str,
        what: str,
        does: Deed,
        *,
        local: Mapping[str, Any] | None = None,
        hosted: Mapping[str, Any] | None = None,
        **common: Any,
    ) -> None:
        for flavour, own in (("local", local), ("hosted", hosted)):
            if own is not None:
                found.append(Case(f"{name}/{flavour}", flavour, what, does, **{**common, **own}))

    free: dict[str, Any] = {"bought": 0}
    row("untouched", "nothing", nothing, local=free, hosted=free, heals=True)

    # The configuration.
    row(
        "raised",
        "threshold raised, so that one image fails",
        threshold(0.98),
        local={"says": {"image/02": "cached", "image/03": "run"}, "comes": {"image/03": "done"}, "bought": 0},
        hosted={
            "says": {"image/02": "cached", "image/03": "run", "image/04": "cached"},
            "comes": {"image/03": "done"},
            "bought": 1,
        },
    )
    row(
        "lowered",
        "threshold lowered, so that a rejected image passes",
        threshold(0.5),
        local={"says": {"image/03": "cached"}, "bought": 0},
        hosted={"says": {"image/04": "cached", "document": "run"}, "bought": 0},
    )
    row(
        "one more attempt",
        "one more attempt allowed",
        edited(PERSONA, ("max_attempts: 3", "max_attempts: 4")),
        hosted={"says": {"image/04": "run", "image/02": "cached"}, "comes": {"image/04": "rejected"}, "bought": 1},
    )
    row(
        "width",
        "image.width changed",
        width,
        local={"says": {"image/02": "run", "anchor": "pinned", "candidate/1": "pinned", "soul": "cached"}},
        hosted={"says": {"image/02": "run", "anchor": "pinned", "candidate/1": "pinned", "soul": "cached"}},
    )
    row(
        "seed",
        "seed changed",
        seed,
        local={"says": {"soul": "run", "anchor": "pinned"}},
        hosted={"says": {"soul": "run", "anchor": "pinned"}},
    )
    row(
        "eyes",
        "an eye colour pinned",
        green_eyes,
        local={"says": {"soul": "cached", "dna": "run", "anchor": "pinned"}},
        hosted={"says": {"soul": "cached", "dna": "run", "anchor": "pinned"}},
    )
    row(
        "template",
        "a template edited",
        edited("templates/clip.j2", ("{{ motion", "slowly: {{ motion")),
        hosted={"says": {"video/wave": "run", "image/02": "cached"}, "bought": 1},
    )
    row(
        "model",
        "image.model changed",
        nothing,
        asked=Asked(overrides=("image.model=img-2",)),
        hosted={"says": {"image/02": "run", "anchor": "pinned"}},
    )
    row(
        "more candidates",
        "one more candidate asked for",
        edited(PERSONA, ("candidates: 2", "candidates: 3")),
        local={"says": {"anchor": "pinned"}, "bought": 0},
        hosted={"says": {"anchor": "pinned"}, "bought": 0},
    )
    row(
        "position",
        "a position added",
        new_position,
        local={"says": {"image/21": "run", "image/02": "maybe|cached"}},
        hosted={"says": {"image/21": "run", "image/02": "maybe|cached"}, "bought": 1},
    )
    row(
        "only position",
        "a position added",
        new_position,
        asked=Asked(select=("image/21",)),
        local={"says": {"image/21": "run"}, "comes": {"image/21": "done"}, "may_refuse": True},
        hosted={"says": {"image/21": "run"}, "comes": {"image/21": "done"}, "bought": 1, "may_refuse": True},
    )
    row(
        "position below",
        "a position added",
        new_position,
        asked=Asked(select=("+image/21",)),
        local={"says": {"image/21": "run", "image/02": "left"}},
        hosted={"says": {"image/21": "run", "image/02": "left"}, "bought": 1},
    )
    row(
        "no position",
        "a position removed",
        no_position_02,
        local={"bought": 0, "says": {"image/03": "cached"}},
        hosted={"bought": 0, "says": {"image/03": "cached"}},
    )
    row(
        "back again",
        "image.width changed and built, then changed back",
        back_again(width),
        local={"says": {"image/02": "restore"}, "heals": True, "bought": 0},
        hosted={"says": {"image/02": "restore"}, "heals": True, "bought": 0},
    )

    # Wishes.
    take: dict[str, Any] = {
        "says": {"image/02": "run"},
        "words": {"image/02": "another take"},
        "silent": {"image/02": "the same"},
        "comes": {"image/02": "done"},
    }
    row("force image", "nothing", nothing, asked=Asked(force=("image/02",)), local=take, hosted={**take, "bought": 1})
    row(
        "force text",
        "nothing",
        nothing,
        asked=Asked(force=("soul",)),
        local={"says": {"soul": "run"}, "silent": {"soul": "the same"}, "comes": {"soul": "done"}},
        hosted={"says": {"soul": "run"}, "silent": {"soul": "the same"}, "comes": {"soul": "done"}},
    )
    row(
        "force clip",
        "nothing",
        nothing,
        asked=Asked(force=("video/wave",)),
        local={"says": {"video/wave": "run"}, "silent": {"video/wave": "the same"}, "comes": {"video/wave": "done"}},
        hosted={
            "says": {"video/wave": "run"},
            "silent": {"video/wave": "the same"},
            "comes": {"video/wave": "done"},
            "bought": 1,
        },
    )
    row(
        "force rejected",
        "nothing",
        nothing,
        asked=Asked(force=("image/04",)),
        hosted={
            "says": {"image/04": "run"},
            "words": {"image/04": "another take"},
            "comes": {"image/04": "rejected"},
            "bought": 3,
        },
    )
    row("force document", "nothing", nothing, asked=Asked(force=("document",)), local=free, hosted=free)
    row(
        "force candidate",
        "nothing",
        nothing,
        asked=Asked(force=("candidate/1",)),
        local=free,
        hosted=free,
        refused="--repin candidate",
    )
    row("repin anchor", "nothing", nothing, asked=Asked(repin=("anchor",)), local={}, hosted={"bought": 0})
    row("repin anchor seed", "seed changed", seed, asked=Asked(repin=("anchor",)), local={}, hosted={})
    row(
        "repin image",
        "nothing",
        nothing,
        asked=Asked(repin=("image/02",)),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row("repin image width", "image.width changed", width, asked=Asked(repin=("image/02",)), local={}, hosted={})

    # Selections, each with something to do that is not selected.
    for select in ("image/02", "+image/02", "image/02+", "state:modified+", "result:rejected"):
        row(f"select {select}", "image.width changed", width, asked=Asked(select=(select,)), local={}, hosted={})
        row(f"select {select} seed", "seed changed", seed, asked=Asked(select=(select,)), local={}, hosted={})
    row("exclude", "image.width changed", width, asked=Asked(exclude=("image/*",)), local={**free}, hosted={**free})
    row("exclude text", "seed changed", seed, asked=Asked(exclude=("tag:text",)), local={}, hosted={})
    row(
        "since",
        "seed changed",
        in_git(seed),
        since="HEAD",
        local={"says": {"soul": "run"}},
        hosted={"says": {"soul": "run"}},
    )
    row("since nothing", "nothing", in_git(nothing), since="HEAD", hosted=free)

    # The store: what is lost is made again where that gives the same bytes, and is missing where it is pinned.
    for node in ("soul", "dna", "image/02", "video/wave"):
        row(
            f"lost {node}",
            f"the artifact of {node} is in neither store nor build folder",
            lost(node),
            local={
                "says": {node: "run"},
                "words": {node: "remade"},
                "comes": {node: "done"},
                "heals": True,
                "bought": 0,
            },
            hosted={"says": {node: "missing"}, "words": {node: "--repin"}, "comes": {node: "failed"}, "bought": 0},
        )
    row(
        "lost anchor",
        "the chosen candidate is in neither",
        lost_anchor,
        local={"says": {"anchor": "run|cached|restore|pinned|maybe"}, "heals": True, "bought": 0},
        hosted={"says": {"anchor": "missing"}, "words": {"anchor": "--repin anchor"}, "bought": 0},
    )
    row(
        "lost candidate",
        "another candidate is in neither",
        lost_other_candidate,
        local={"heals": True, "bought": 0},
        hosted={"says": {"anchor": "pinned"}, "bought": 0},
    )
    for node in ("profile", "matrix", "document", "sheet"):
        row(
            f"lost {node}",
            f"the artifact of {node} is in neither store nor build folder",
            lost(node),
            local={"says": {node: "run"}, "comes": {node: "done"}, "heals": True, "bought": 0},
            hosted={"says": {node: "run"}, "comes": {node: "done"}, "heals": True, "bought": 0},
        )
    row(
        "lost placement",
        "the artifact of placement is not in the store",
        lost("placement"),
        local={"heals": True, "bought": 0},
    )
    row("lost rejected", "the best attempt of a rejected image is in neither", lost("image/04"), hosted={})
    for node in ("soul", "image/02", "video/wave", "document", "anchor"):
        row(
            f"blob {node}",
            f"the blob of {node} is gone, its file in build/ is there",
            lost(node, file=False),
            local={**free, "heals": True},
            hosted={**free, "heals": True},
        )
        row(
            f"file {node}",
            f"the file of {node} is gone from build/",
            lost(node, blob=False),
            local={**free, "heals": True, "says": {node: "restore"}, "comes": {node: "restored"}},
            hosted={**free, "heals": True, "says": {node: "restore"}, "comes": {node: "restored"}},
        )
    for node in ("soul", "image/02"):
        row(
            f"repaired {node}",
            f"the blob of {node} was moved aside by forge cache verify --repair, its file is gone",
            damaged(node, repaired=True),
            local={"says": {node: "run"}, "comes": {node: "done"}, "heals": True, "bought": 0},
            hosted={"says": {node: "missing"}, "bought": 0},
        )
        row(
            f"damaged {node}",
            f"the blob of {node} is damaged, its file is gone",
            damaged(node, repaired=False),
            local={"heals": True, "bought": 0},
            hosted={"bought": 0},
        )
    row(
        "several",
        "the artifacts of soul, image/02 and the clip are in neither",
        lost("soul", "image/02", "video/wave"),
        local={"says": {"soul": "run"}, "heals": True, "bought": 0},
        hosted={"says": {"soul": "missing", "image/02": "missing", "video/wave": "missing"}, "bought": 0},
    )
    row(
        "record",
        "the records of an image's actions are gone",
        no_record("image/02"),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row(
        "record text",
        "the records of a text's actions are gone",
        no_record("soul"),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row(
        "record index",
        "the records of an image's actions are gone, and the index",
        both(no_record("image/02"), gone(".forge/index.db*")),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row(
        "records",
        "all records are gone",
        gone(".forge/records"),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row(
        "index",
        "the index is gone",
        gone(".forge/index.db*"),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row(
        "index build",
        "the index and the build folder are gone",
        gone(".forge/index.db*", "build"),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row(
        "blobs",
        "all blobs are gone",
        gone(".forge/blobs"),
        local={**free, "heals": True},
        hosted={**free, "heals": True},
    )
    row(
        "store",
        "the store is gone, the build folder is there",
        gone(".forge"),
        local={**free, "heals": True},
        hosted={"says": {"image/04": "run"}, "bought": 3},
    )
    row(
        "blobs build",
        "all blobs and the build folder are gone",
        gone(".forge/blobs", "build"),
        local={**free, "heals": True},
        hosted={**free, "says": {"soul": "missing", "anchor": "missing", "image/02": "missing"}},
    )
    row(
        "clone",
        "a fresh clone: neither store nor build folder",
        CLONE,
        local={**free, "heals": True},
        hosted={**free, "says": {"soul": "missing", "anchor": "missing", "image/02": "missing"}},
    )

    # The build folder.
    for what in ("edited", "deleted", "touched"):
        for node in ("soul", "image/02", "anchor", "document"):
            state = (
                {"says": {node: "cached|pinned"}}
                if what == "touched"
                else {"says": {node: "restore"}, "comes": {node: "restored"}}
            )
            row(
                f"{what} {node}",
                f"the file of {node} was {what}",
                in_build(node, what),
                heals=True,
                bought=0,
                local=state,
                hosted=state,
            )
    row(
        "build",
        "the build folder is gone",
        gone("build"),
        bought=0,
        heals=True,
        local={"says": {"soul": "restore", "anchor": "restore"}},
        hosted={"says": {"soul": "restore", "anchor": "restore"}},
    )

    # The lock.
    row("no lock", "the lock is gone", no_lock, bought=0, heals=True, local={}, hosted={})
    for node in ("anchor", "candidate/1", "image/02", "soul"):
        row(
            f"unpinned {node}",
            f"the line of {node} is gone from the lock",
            unpinned(node),
            bought=0,
            heals=True,
            local={},
            hosted={},
        )
    row(
        "unpinned placement",
        "the line of the placement is gone from the lock",
        unpinned("placement"),
        bought=0,
        heals=True,
        local={"says": {"placement": "run"}},
    )
    row(
        "no lock index",
        "the lock and the index are gone",
        both(no_lock, gone(".forge/index.db*")),
        bought=0,
        heals=True,
        local={},
        hosted={},
    )
    row(
        "older lock",
        "another take was built, then the lock from before came back",
        older_lock,
        bought=0,
        heals=True,
        local={"says": {"image/02": "restore"}},
        hosted={"says": {"image/02": "restore"}},
    )
    row(
        "wrong anchor",
        "the anchor's pin names an artifact that is no picture",
        wrong_anchor,
        bought=0,
        may_refuse=True,
        local={"says": {"anchor": "missing"}},
        hosted={"says": {"anchor": "missing"}},
    )
    row("never built", "never built", both(no_lock, CLONE), local={"bought": 0}, hosted={})
    row(
        "text only",
        "only the text has been built",
        both(no_lock, CLONE, built(Asked(select=("+profile",)))),
        local={"bought": 0},
        hosted={},
    )

    # Two things at once.
    raised_clone = both(CLONE, threshold(0.98))
    row(
        "clone raised",
        "a fresh clone, with the threshold raised",
        raised_clone,
        local={"bought": 0, "after": as_with_the_store(threshold(0.98))},
        hosted={"bought": 0, "says": {"image/03": "missing"}},
    )
    row(
        "store raised",
        "the store is gone, the threshold raised",
        both(gone(".forge"), threshold(0.98)),
        local={"bought": 0, "after": as_with_the_store(threshold(0.98))},
        hosted={"says": {"image/02": "cached|restore|run"}},
    )
    for node in ("image/02", "soul", "video/wave"):
        row(
            f"lost forced {node}",
            f"the artifact of {node} is in neither",
            lost(node),
            asked=Asked(force=(node,)),
            local={"says": {node: "run"}, "words": {node: "another take"}, "comes": {node: "done"}},
            hosted={"says": {node: "run"}, "words": {node: "another take"}, "comes": {node: "done"}},
        )
        row(
            f"lost repinned {node}",
            f"the artifact of {node} is in neither",
            lost(node),
            asked=Asked(repin=(node,)),
            local={"says": {node: "run"}, "comes": {node: "done"}},
            hosted={"says": {node: "run"}, "comes": {node: "done"}},
        )
    row(
        "lost anchor repinned",
        "the chosen candidate is in neither",
        lost_anchor,
        asked=Asked(repin=("anchor",)),
        local={"heals": True},
        hosted={"says": {"anchor": "run|maybe"}, "comes": {"anchor": "done"}},
    )
    row(
        "clone selected",
        "a fresh clone",
        CLONE,
        asked=Asked(select=("image/02",)),
        may_refuse=True,
        local={"bought": 0},
        hosted={"bought": 0},
    )
    row(
        "clone below",
        "a fresh clone",
        CLONE,
        asked=Asked(select=("+image/02",)),
        local={"bought": 0},
        hosted={"says": {"image/02": "missing", "anchor": "missing"}, "bought": 0},
    )
    row(
        "clone forced",
        "a fresh clone",
        CLONE,
        asked=Asked(force=("image/02",)),
        local={"bought": 0, "says": {"image/02": "run"}},
        hosted={"says": {"anchor": "missing", "soul": "missing"}, "bought": 0},
    )
    row(
        "clone repinned",
        "a fresh clone",
        CLONE,
        asked=Asked(repin=("anchor",)),
        local={"bought": 0},
        hosted={"says": {"soul": "missing"}, "bought": 0},
    )
    row(
        "lost raised",
        "image/03 is in neither, and its threshold raised",
        both(lost("image/03"), threshold(0.98)),
        local={"bought": 0, "after": as_with_the_store(threshold(0.98))},
        hosted={"says": {"image/03": "missing"}, "bought": 0},
    )
    row(
        "lost selected",
        "the artifact of soul is in neither",
        lost("soul"),
        asked=Asked(select=("image/02",)),
        local={"bought": 0},
        hosted={"bought": 0},
    )
    row(
        "lost soul, brief",
        "the artifact of soul is in neither, the seed changed",
        both(lost("soul"), seed),
        local={"says": {"soul": "run"}, "bought": 0},
        hosted={"says": {"soul": "run"}},
    )
    row(
        "lost unpinned",
        "the artifact of image/02 is in neither, nor its line in the lock",
        both(lost("image/02"), unpinned("image/02")),
        local={"says": {"image/02": "run"}, "comes": {"image/02": "done"}, "heals": True, "bought": 0},
        hosted={"says": {"image/02": "run"}, "comes": {"image/02": "done"}, "bought": 1},
    )
    row(
        "lost anchor index",
        "the chosen candidate is in neither, and the index gone",
        both(lost_anchor, gone(".forge/index.db*")),
        local={"heals": True, "bought": 0},
        hosted={"says": {"anchor": "missing"}, "bought": 0},
    )
    row(
        "clone position",
        "a fresh clone, with a position added",
        both(CLONE, new_position),
        local={"bought": 0, "says": {"image/21": "run"}},
        hosted={"says": {"anchor": "missing"}, "bought": 0},
    )
    row(
        "build position",
        "the build folder gone, a position added",
        both(gone("build"), new_position),
        asked=Asked(select=("image/21",)),
        local={"bought": 0, "may_refuse": True},
        hosted={"bought": 1, "may_refuse": True},
    )
    return found


def as_with_the_store(deed: Deed) -> Callable[[Site], str]:
    """The result must be the same as where the store was at hand."""

    def look(site: Site) -> str:
        from tests.plan.states import _files

        lock, files = site.lock.read_bytes(), _files(site.build_folder)
        site.restart()
        built(deed=deed)(site)
        same = lock == site.lock.read_bytes() and files == _files(site.build_folder)
        return "" if same else "lock or build folder are not as with the store at hand"

    return look


CASES = rows()
