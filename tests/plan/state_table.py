"""The table of states: what was done to a built project, and what is right to plan, to build and to buy then.

`python -m tests.soak.states` tries every row, `test_states.py` those that are quick, and docs/design/states.md shows
them all: `python -m tests.plan.state_table` writes them there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from personaforge.plan.plan import PlanRequest
from tests.plan.deeds import (
    CLONE,
    INDEX,
    PERSONA,
    Deed,
    as_with_the_store,
    back_again,
    both,
    built,
    damaged,
    edited,
    first_lock,
    foreign_anchor,
    gone,
    green_eyes,
    in_build,
    in_git,
    lost,
    lost_anchor,
    lost_other_candidate,
    new_position,
    no_lock,
    no_position,
    no_record,
    nothing,
    older_lock,
    only_candidate_file,
    other_anchor,
    seed,
    threshold,
    unpinned,
    width,
    wrong_anchor,
)
from tests.plan.sites import ID
from tests.plan.states import Case


def expected(text: str) -> dict[str, Any]:
    """Read what is right: `soul run > done, image/02 cached, buys 0, heals`.

    A node's state in the plan, and how it ends (`nothing` where the build doesn't touch it), alternatives by `|`; how
    many calls are bought; `heals` where lock and build folder end as they were first built; `or refuses` where a plan
    that ends with an error is as good.
    """
    found: dict[str, Any] = {"says": {}, "comes": {}, "right": text}
    for item in text.split(", ") if text else ():
        if item == "heals":
            found["heals"] = True
        elif item == "or refuses":
            found["may_refuse"] = True
        elif item.startswith("buys "):
            found["bought"] = int(item[5:])
        else:
            match = re.fullmatch(r"(\S+) (\S+)(?: > (\S+))?", item)
            assert match is not None, item
            found["says"][match[1]] = match[2]
            if match[3]:
                found["comes"][match[1]] = match[3]
    return found


def rows() -> list[Case]:
    """Return the table."""
    found: list[Case] = []
    part = ""

    def row(
        name: str,
        what: str,
        does: Deed,
        *,
        local: str | None = None,
        hosted: str | None = None,
        both_ways: str | None = None,
        **common: Any,
    ) -> None:
        """Add a row for either project, or with `both_ways` the same one for both."""
        for flavour, own in (("local", local), ("hosted", hosted)):
            text = own if own is not None else both_ways
            if text is not None:
                found.append(Case(f"{name}/{flavour}", flavour, what, does, part=part, **{**common, **expected(text)}))

    part = "Configuration"
    row("untouched", "nothing", nothing, both_ways="soul cached, anchor pinned, buys 0, heals")
    row(
        "raised",
        "threshold raised: an image fails its gate",
        threshold(0.98),
        local="image/02 cached, image/03 run > done, anchor pinned, buys 0",
        hosted="image/02 cached, image/03 run > done, image/04 cached, anchor pinned, "
        "video/wave run > rejected, buys 3",
    )
    row(
        "lowered",
        "threshold lowered: a rejected image passes",
        threshold(0.5),
        local="image/02 cached, buys 0",
        hosted="image/04 restore > restored, document run > done, buys 0",
    )
    row(
        "one more attempt",
        "one more attempt allowed",
        edited(PERSONA, ("max_attempts: 3", "max_attempts: 4")),
        hosted="image/04 run > rejected, image/02 cached, buys 1",
    )
    row(
        "width",
        "`image.width` changed",
        width,
        local="soul cached, anchor pinned, image/02 run > done, video/wave cached, buys 0",
        hosted="soul cached, anchor pinned, image/02 run > done, image/04 run > rejected, video/wave cached, buys 5",
    )
    row(
        "seed",
        "`seed` changed",
        seed,
        words={"*": "seed"},
        local="soul run > done, surface run|maybe, anchor pinned, image/02 run|maybe > done, buys 0",
        hosted="soul run > done, surface run|maybe, anchor pinned, image/02 run|maybe > done",
    )
    row(
        "eyes",
        "an eye colour pinned",
        green_eyes,
        notes="stays",
        local="soul cached, dna run > done, anchor pinned, image/02 maybe > unchanged, document maybe > done, buys 0",
        hosted="soul cached, dna run > done, anchor pinned, image/02 maybe > unchanged, document maybe > done, buys 2",
    )
    row(
        "eyes, repin",
        "an eye colour pinned",
        green_eyes,
        asked=PlanRequest(repin=("anchor",)),
        moved=("anchor",),
        local="dna run > done, candidate/1 run|maybe > done, image/02 maybe > done, document maybe > done, buys 0",
        hosted="dna run > done, candidate/1 run|maybe > done, image/02 maybe > done, document maybe > done",
    )
    row(
        "template",
        "a template edited",
        edited("templates/clip.j2", ("{{ motion", "slowly: {{ motion")),
        hosted="video/wave run > done, image/02 cached, buys 1",
    )
    row(
        "model",
        "`image.model` changed",
        nothing,
        asked=PlanRequest(overrides=("image.model=img-2",)),
        hosted="image/02 run > done, anchor pinned, soul cached, buys 5",
    )
    row(
        "more candidates",
        "one more candidate asked for",
        edited(PERSONA, ("candidates: 2", "candidates: 3")),
        both_ways="anchor pinned, buys 0",
    )
    row("no position", "a position removed", no_position, both_ways="image/03 cached, document run > done, buys 0")
    row(
        "position",
        "a position added",
        new_position,
        local="matrix run > done, image/21 run > done, image/02 maybe|cached, buys 0",
        hosted="matrix run > done, image/21 run > done, image/02 maybe|cached, buys 1",
    )
    row(
        "only position",
        "a position added",
        new_position,
        asked=PlanRequest(select=("image/21",)),
        local="image/21 run > done, buys 0, or refuses",
        hosted="image/21 run > done, buys 1, or refuses",
    )
    row(
        "position below",
        "a position added",
        new_position,
        asked=PlanRequest(select=("+image/21",)),
        local="matrix run > done, image/21 run > done, image/02 left, buys 0",
        hosted="matrix run > done, image/21 run > done, image/02 left, buys 1",
    )
    row(
        "back again",
        "`image.width` changed and built, then changed back",
        back_again(width),
        both_ways="image/02 restore > restored, buys 0, heals",
    )
    row(
        "other pack",
        "another face pack measures",
        nothing,
        pack="other",
        hosted="image/02 run > done|unchanged, anchor pinned, soul cached, buys 0",
    )

    part = "Flags"
    again: dict[str, Any] = {"silent": {"*": "the same"}}
    for node, bought in (("image/02", 1), ("video/wave", 1), ("soul", 10)):
        row(
            f"force {node}",
            "nothing",
            nothing,
            asked=PlanRequest(force=(node,)),
            moved=(node,),
            words={node: "another take"},
            **again,
            local=f"{node} run > done, anchor pinned, buys 0",
            hosted=f"{node} run > done, anchor pinned, buys {bought}",
        )
    row(
        "force images",
        "nothing",
        nothing,
        asked=PlanRequest(force=("image",)),
        words={"image/02": "another take"},
        **again,
        local="image/02 run > done, image/03 run > done, anchor pinned, buys 0",
        hosted="image/02 run > done, image/04 run > rejected, anchor pinned, buys 5",
    )
    row(
        "force rejected",
        "nothing",
        nothing,
        asked=PlanRequest(force=("image/04",)),
        words={"image/04": "another take"},
        hosted="image/04 run > rejected, image/02 cached, buys 3",
    )
    row("force document", "nothing", nothing, asked=PlanRequest(force=("document",)), both_ways="buys 0")
    row(
        "force candidate",
        "nothing",
        nothing,
        asked=PlanRequest(force=("candidate/1",)),
        both_ways="buys 0",
        refused="--repin candidate",
    )
    row("repin anchor", "nothing", nothing, asked=PlanRequest(repin=("anchor",)), both_ways="buys 0")
    row(
        "repin anchor, seed",
        "`seed` changed",
        seed,
        asked=PlanRequest(repin=("anchor",)),
        moved=("anchor",),
        local="candidate/1 run > done, anchor run|maybe > done",
        hosted="candidate/1 run > done, anchor run|maybe > done",
    )
    row(
        "repin image",
        "nothing",
        nothing,
        asked=PlanRequest(repin=("image/02",)),
        both_ways="image/02 cached, buys 0, heals",
    )
    row(
        "repin image, width",
        "`image.width` changed",
        width,
        asked=PlanRequest(repin=("image/02",)),
        both_ways="image/02 run > done",
    )
    row(
        "select",
        "`image.width` changed",
        width,
        asked=PlanRequest(select=("image/02",)),
        local="image/02 run > done, image/03 left, document left, buys 0",
        hosted="image/02 run > done, image/03 left, document left, buys 1",
    )
    row(
        "select needs",
        "`image.width` changed",
        width,
        asked=PlanRequest(select=("+image/02",)),
        local="soul cached, image/02 run > done, image/03 left, buys 0",
        hosted="soul cached, image/02 run > done, image/03 left, buys 1",
    )
    row(
        "select users",
        "`image.width` changed",
        width,
        asked=PlanRequest(select=("image/02+",)),
        local="image/02 run > done, image/03 left, document maybe|run > done, buys 0",
        hosted="image/02 run > done, image/03 left, document maybe|run > done, buys 1",
    )
    row(
        "select modified",
        "`image.width` changed",
        width,
        asked=PlanRequest(select=("state:modified+",)),
        local="soul left, image/02 run > done, image/03 run > done, video/wave left, buys 0",
        hosted="soul left, image/02 run > done, image/03 run > done, video/wave left, buys 5",
    )
    row(
        "select rejected",
        "`image.width` changed",
        width,
        asked=PlanRequest(select=("result:rejected",)),
        local="image/02 left, buys 0",
        hosted="image/02 left, image/04 run > rejected, buys 3",
    )
    row(
        "select, seed",
        "`seed` changed",
        seed,
        asked=PlanRequest(select=("image/02",)),
        local="soul left, image/02 run > done, buys 0",
        hosted="soul left, image/02 run > done, buys 1",
    )
    row(
        "select needs, seed",
        "`seed` changed",
        seed,
        asked=PlanRequest(select=("+image/02",)),
        both_ways="soul run > done, image/03 left",
    )
    row(
        "select modified, seed",
        "`seed` changed",
        seed,
        asked=PlanRequest(select=("state:modified+",)),
        both_ways="soul run > done",
    )
    row(
        "select text",
        "`image.width` changed",
        width,
        asked=PlanRequest(select=("tag:text",)),
        both_ways="soul cached, image/02 left, buys 0",
    )
    row(
        "exclude",
        "`image.width` changed",
        width,
        asked=PlanRequest(exclude=("image/*",)),
        both_ways="image/02 left, soul cached, buys 0",
    )
    row(
        "exclude text",
        "`seed` changed",
        seed,
        asked=PlanRequest(exclude=("tag:text",)),
        both_ways="soul left, image/02 run > done",
    )
    row("since", "`seed` changed", in_git(seed), since="HEAD", both_ways="soul run > done")
    row("since nothing", "nothing", in_git(nothing), since="HEAD", both_ways="buys 0")

    part = "Store"
    for node in ("soul", "dna", "image/02", "video/wave"):
        row(
            f"lost {node}",
            f"the artifact of {node} is in neither store nor build folder",
            lost(node),
            local=f"{node} run > done, anchor pinned, buys 0, heals",
            words={node: "remade|--repin"},
            hosted=f"{node} missing > failed, buys 0",
        )
    row(
        "lost anchor",
        "the chosen candidate's picture is in neither",
        lost_anchor,
        words={"*": "remade|--repin anchor"},
        local="soul cached, buys 0, heals",
        hosted="anchor missing, soul cached, buys 0",
    )
    row(
        "lost candidate",
        "another candidate's picture is in neither",
        lost_other_candidate,
        local="anchor pinned, buys 0, heals",
        hosted="anchor pinned, buys 0",
    )
    for node in ("profile", "matrix", "document", "sheet"):
        row(
            f"lost {node}",
            f"the artifact of {node} is in neither",
            lost(node),
            local=f"{node} run > done, buys 0, heals",
            # What the audit gives is the profile, byte for byte, and its layers are the drafts: with it they are lost.
            hosted=f"{node} run > done, buys 0, heals" if node != "profile" else "profile missing > failed, buys 0",
        )
    row("lost placement", "the placement's artifact is gone", lost("placement"), local="anchor pinned, buys 0, heals")
    row(
        "lost rejected",
        "the kept attempt of a rejected image is in neither",
        lost("image/04"),
        hosted="image/04 run > rejected, buys 1",
    )
    row(
        "lost two",
        "the artifacts of soul, image/02 and the clip are in neither",
        lost("soul", "image/02", "video/wave"),
        local="soul run > done, image/02 run|maybe > done, buys 0, heals",
        hosted="soul missing, image/02 missing, video/wave missing, buys 0",
    )
    for node in ("soul", "image/02", "anchor", "document"):
        state = "pinned|restore" if node == "anchor" else "cached|restore"
        row(
            f"blob {node}",
            f"the blob of {node} is gone, its file is there",
            lost(node, file=False),
            both_ways=f"{node} {state} > nothing|restored, buys 0, heals",
        )
    row(
        "anchor at candidate",
        "of the anchor only the file of its candidate is left",
        only_candidate_file,
        both_ways="anchor restore > restored, buys 0, heals",
    )
    for node in ("soul", "image/02", "image/04"):
        row(
            f"repaired {node}",
            f"`forge cache verify --repair` moved the blob of {node} aside, its file is gone",
            damaged(node, repaired=True),
            local=f"{node} run > done, buys 0, heals" if node != "image/04" else None,
            hosted=f"{node} missing > failed, buys 0" if node != "image/04" else f"{node} run > rejected, buys 1",
        )
        row(
            f"damaged {node}",
            f"the blob of {node} is damaged, its file is gone",
            damaged(node, repaired=False),
            local=f"{node} run > done, buys 0, heals" if node != "image/04" else None,
            hosted=f"{node} missing > failed, buys 0" if node != "image/04" else f"{node} run > rejected, buys 1",
        )
    row(
        "damaged, file",
        "the blob of image/02 is damaged, its file is there",
        damaged("image/02", repaired=False, file=False),
        both_ways="image/02 cached > nothing, buys 0, heals",
    )
    for node in ("image/02", "soul"):
        row(
            f"records {node}",
            f"the records of the actions of {node} are gone",
            no_record(node),
            both_ways=f"{node} cached, buys 0, heals",
        )
        row(
            f"records {node}, index",
            f"the records of {node} are gone, and the index",
            both(no_record(node), gone(INDEX)),
            both_ways="anchor pinned, buys 0, heals",
        )
    row("records", "all records are gone", gone(".forge/records"), both_ways="soul cached, buys 0, heals")
    row(
        "blobs",
        "all blobs are gone, the build folder is there",
        gone(".forge/blobs"),
        both_ways="soul cached|restore, buys 0, heals",
    )
    row(
        "blobs, width",
        "all blobs are gone, `image.width` changed",
        both(gone(".forge/blobs"), width),
        local="image/02 run > done, buys 0",
        hosted="image/02 run > done, image/04 run > rejected, buys 5",
    )
    row(
        "blobs, build",
        "all blobs and the build folder are gone",
        gone(".forge/blobs", "build"),
        local="soul run, anchor run|maybe|pinned|cached, buys 0, heals",
        words={"*": "remade|forge cache pull ana"},
        hosted="soul missing > failed, anchor missing, image/02 missing, buys 0",
    )
    row(
        "store",
        "the store is gone, the build folder is there",
        gone(".forge"),
        local="anchor pinned|run|maybe|restore, buys 0, heals",
        hosted="anchor pinned|run|maybe|restore, image/04 run > rejected, buys 3",
    )
    row(
        "clone",
        "a fresh clone: neither store nor build folder",
        CLONE,
        words={"*": "remade|no result of it is here|forge cache pull ana"},
        local="soul run > done, image/02 run > done, buys 0, heals",
        hosted="soul missing > failed, anchor missing, image/02 missing, buys 0",
    )

    part = "Build folder and index"
    for node in ("soul", "image/02", "anchor", "document"):
        for how in ("edited", "deleted"):
            row(
                f"{how} {node}",
                f"the file of {node} was {how}",
                in_build(node, how),
                both_ways=f"{node} restore > restored, buys 0, heals",
            )
    row(
        "touched",
        "the file of image/02 was touched",
        in_build("image/02", "touched"),
        both_ways="image/02 cached > nothing, buys 0, heals",
    )
    row(
        "build",
        "the build folder is gone",
        gone("build"),
        both_ways="soul restore > restored, anchor restore > restored, buys 0, heals",
    )
    row("index", "the index is gone", gone(INDEX), both_ways="soul cached, anchor pinned, buys 0, heals")
    row(
        "index, build",
        "the index and the build folder are gone",
        gone(INDEX, "build"),
        both_ways="soul restore > restored, anchor restore > restored, buys 0, heals",
    )

    part = "Lock"
    row("no lock", "the lock is gone", no_lock, both_ways="buys 0, heals")
    row("no lock, index", "the lock and the index are gone", both(no_lock, gone(INDEX)), both_ways="buys 0, heals")
    for node in ("anchor", "candidate/1", "image/02", "soul"):
        row(f"unpinned {node}", f"the line of {node} is gone", unpinned(node), both_ways="buys 0, heals")
    row(
        "unpinned placement",
        "the line of placement is gone",
        unpinned("placement"),
        local="placement restore > restored, buys 0, heals",
    )
    row(
        "unpinned placement, build",
        "the line of placement is gone, and the build folder",
        both(unpinned("placement"), gone("build")),
        local="placement restore > restored, anchor restore > restored, buys 0, heals",
    )
    row(
        "older lock",
        "another take was built, then the lock from before came back",
        older_lock,
        both_ways="image/02 restore > restored, buys 0, heals",
    )
    row(
        "other anchor",
        "the lock of a colleague, who chose the other candidate",
        other_anchor,
        local="anchor restore > restored, image/02 run > done, buys 0",
        hosted="anchor restore > restored, image/02 run > done, buys 6",
    )
    row(
        "foreign anchor",
        "the lock of a colleague, whose anchor is not here",
        foreign_anchor,
        words={"*": "--repin anchor"},
        both_ways="anchor missing, buys 0",
    )
    row(
        "wrong anchor",
        "the anchor's pin names an artifact that is no picture",
        wrong_anchor,
        both_ways="anchor missing, buys 0, or refuses",
    )
    row(
        "never built",
        "never built",
        both(no_lock, CLONE),
        local="soul run > done, anchor run > done, buys 0",
        hosted="soul run > done, anchor run > done, buys 12",
    )
    row(
        "text only",
        "only the text has been built",
        both(no_lock, CLONE, built(PlanRequest(select=("+profile",)))),
        local="soul cached, anchor run > done, buys 0",
        hosted="soul cached, anchor run > done, buys 8",
    )

    part = "Two things at once"
    row(
        "clone, raised",
        "a fresh clone, the threshold raised",
        both(CLONE, threshold(0.97)),
        local="image/03 run > done, buys 0",
        after=as_with_the_store(threshold(0.97)),
    )
    row(
        "clone, raised",
        "a fresh clone, the threshold raised",
        both(CLONE, threshold(0.97)),
        hosted="soul missing, image/03 missing, buys 0",
    )
    row(
        "store, raised",
        "the store is gone, the threshold raised",
        both(gone(".forge"), threshold(0.98)),
        local="image/03 run > done, buys 0",
        after=as_with_the_store(threshold(0.97)),
    )
    row(
        "store, raised",
        "the store is gone, the threshold raised",
        both(gone(".forge"), threshold(0.98)),
        hosted="image/03 run > done, image/04 run > rejected, video/wave run > rejected, buys 6",
    )
    row(
        "records, raised",
        "the records of image/03 are gone, the threshold raised",
        both(no_record("image/03"), threshold(0.98)),
        local="image/03 run > done, buys 0",
        hosted="image/03 run > done, video/wave run > rejected, buys 3",
    )
    row(
        "lost, raised",
        "image/03 is in neither, the threshold raised",
        both(lost("image/03"), threshold(0.98)),
        local="image/03 run > done, buys 0",
        after=as_with_the_store(threshold(0.97)),
    )
    row(
        "lost, raised",
        "image/03 is in neither, the threshold raised",
        both(lost("image/03"), threshold(0.98)),
        hosted="image/03 missing, video/wave run > rejected, buys 2",
    )
    row(
        "lost, lowered",
        "a rejected image is in neither, the threshold lowered",
        both(lost("image/04"), threshold(0.5)),
        hosted="image/04 run > done, buys 1",
    )
    row(
        "lost, width",
        "image/02 is in neither, `image.width` changed",
        both(lost("image/02"), width),
        local="image/02 run > done, buys 0",
        hosted="image/02 run > done, buys 5",
    )
    row(
        "lost, seed",
        "the artifact of soul is in neither, `seed` changed",
        both(lost("soul"), seed),
        both_ways="soul run > done",
    )
    row(
        "lost anchor, seed",
        "the chosen candidate's picture is in neither, `seed` changed",
        both(lost_anchor, seed),
        local="anchor missing, buys 0",
        hosted="anchor missing",
        words={"*": "--repin anchor"},
    )
    row(
        "lost anchor, index",
        "the chosen candidate's picture is in neither, the index gone",
        both(lost_anchor, gone(INDEX)),
        local="buys 0, heals",
        hosted="anchor missing, buys 0",
    )
    row(
        "lost, unpinned",
        "image/02 is in neither, its line is gone",
        both(lost("image/02"), unpinned("image/02")),
        local="image/02 run > done, buys 0, heals",
        hosted="image/02 missing > failed, buys 0",
    )
    for node, bought in (("image/02", 1), ("video/wave", 1), ("soul", 10)):
        row(
            f"lost, force {node}",
            f"the artifact of {node} is in neither",
            lost(node),
            asked=PlanRequest(force=(node,)),
            moved=(node,),
            words={node: "another take"},
            local=f"{node} run > done, buys 0",
            hosted=f"{node} run > done, buys {bought}",
        )
        row(
            f"lost, repin {node}",
            f"the artifact of {node} is in neither",
            lost(node),
            asked=PlanRequest(repin=(node,)),
            local=f"{node} run > done, buys 0, heals",
            hosted=f"{node} run > done, buys {bought}",
        )
    row(
        "lost, repin anchor",
        "the chosen candidate's picture is in neither",
        lost_anchor,
        asked=PlanRequest(repin=("anchor",)),
        local="buys 0, heals",
        hosted="anchor run|maybe > done, buys 7",
    )
    row(
        "lost, select",
        "the artifact of soul is in neither",
        lost("soul"),
        asked=PlanRequest(select=("image/02",)),
        local="soul left|run, buys 0",
        hosted="soul left|missing, buys 0",
    )
    row(
        "lost, select needs",
        "the artifact of soul is in neither",
        lost("soul"),
        asked=PlanRequest(select=("+image/02",)),
        local="soul run > done, buys 0",
        hosted="soul missing, buys 0",
    )
    row(
        "lost, exclude",
        "the artifact of soul is in neither, `seed` changed",
        both(lost("soul"), seed),
        asked=PlanRequest(exclude=("soul",)),
        both_ways="soul left|run|missing, or refuses",
    )
    row(
        "clone, select", "a fresh clone", CLONE, asked=PlanRequest(select=("image/02",)), both_ways="buys 0, or refuses"
    )
    row(
        "clone, select needs",
        "a fresh clone",
        CLONE,
        asked=PlanRequest(select=("+image/02",)),
        local="image/02 run > done, buys 0",
        hosted="image/02 missing, anchor missing, buys 0",
    )
    row(
        "clone, force",
        "a fresh clone",
        CLONE,
        asked=PlanRequest(force=("image/02",)),
        moved=(),
        local="image/02 run > done, buys 0",
        hosted="soul missing, anchor missing, buys 0",
    )
    row(
        "clone, repin anchor",
        "a fresh clone",
        CLONE,
        asked=PlanRequest(repin=("anchor",)),
        local="anchor run > done, buys 0",
        hosted="soul missing, buys 0",
    )
    row(
        "clone, repin all",
        "a fresh clone",
        CLONE,
        asked=PlanRequest(repin=(f"{ID}/*",)),
        local="buys 0, heals",
        hosted="soul run > done, anchor run > done, buys 12",
    )
    row(
        "clone, position",
        "a fresh clone, a position added",
        both(CLONE, new_position),
        local="image/21 run > done, buys 0",
        hosted="anchor missing, buys 0",
    )
    row(
        "build, position",
        "the build folder is gone, a position added",
        both(gone("build"), new_position),
        asked=PlanRequest(select=("image/21",)),
        local="image/21 run > done, buys 0, or refuses",
        hosted="image/21 run > done, buys 1, or refuses",
    )
    row(
        "index, raised",
        "the index is gone, the threshold raised",
        both(gone(INDEX), threshold(0.98)),
        local="image/03 run > done, buys 0",
        hosted="image/03 run > done, video/wave run > rejected, buys 3",
    )
    row(
        "index, lost",
        "image/02 is in neither, the index is gone",
        both(lost("image/02"), gone(INDEX)),
        local="image/02 run > done, buys 0, heals",
        hosted="image/02 missing > failed, buys 0",
    )
    row(
        "index, force",
        "the index is gone",
        gone(INDEX),
        asked=PlanRequest(force=("image/02",)),
        moved=("image/02",),
        words={"image/02": "another take"},
        local="image/02 run > done, anchor pinned, buys 0",
        hosted="image/02 run > done, anchor pinned, buys 1",
    )
    row(
        "build, force",
        "the build folder is gone",
        gone("build"),
        asked=PlanRequest(force=("image/02",)),
        moved=("image/02",),
        local="image/02 run > done, anchor restore > restored, buys 0",
        hosted="image/02 run > done, anchor restore > restored, buys 1",
    )
    row(
        "raised, force text",
        "the threshold raised",
        threshold(0.98),
        asked=PlanRequest(force=("dna",)),
        hosted="dna run > done, image/02 maybe > unchanged, image/03 run|maybe > done, "
        "video/wave run|maybe > rejected, buys 4",
    )
    row(
        "index, force text",
        "the index is gone",
        gone(INDEX),
        asked=PlanRequest(force=("dna",)),
        hosted="dna run > done, buys 1",
    )
    row(
        "lost, restore",
        "the artifact of soul is in neither, the index and the anchor's file are gone",
        both(lost("soul"), gone(INDEX), in_build("anchor", "deleted")),
        local="soul run > done, anchor restore > restored, buys 0, heals",
        hosted="soul missing, anchor restore > restored, buys 0",
    )
    row(
        "store, then build",
        "the store was gone and the project built from the build folder, which is gone now",
        both(gone(".forge"), built(), gone("build")),
        local="soul restore > restored, anchor restore > restored, buys 0, heals",
        hosted="soul restore > restored, anchor restore > restored, image/02 restore > restored, buys 0",
    )
    row(
        "blobs, then build",
        "all blobs were gone and the project built, then the build folder is gone",
        both(gone(".forge/blobs"), built(), gone("build")),
        local="soul restore > restored, anchor restore > restored, buys 0, heals",
        hosted="soul restore > restored, anchor restore > restored, image/02 restore > restored, buys 0",
    )
    row(
        "lock behind",
        "`image.width` changed and built, then the lock from before came back",
        both(built(deed=width), first_lock),
        both_ways="image/02 cached, anchor pinned, buys 0",
    )
    row(
        "no lock, force",
        "the lock is gone",
        no_lock,
        asked=PlanRequest(force=("image/02",)),
        local="image/02 run > done, buys 0",
        hosted="image/02 run > done, buys 1",
    )
    return found


CASES = rows()
SLOW = frozenset(
    {
        "back again/local",
        "blob anchor/local",
        "blob document/local",
        "blob image/02/local",
        "blob soul/local",
        "blobs, then build/local",
        "blobs, width/local",
        "blobs/local",
        "build, force/local",
        "build, position/hosted",
        "build, position/local",
        "clone, force/local",
        "clone, position/local",
        "clone, repin all/local",
        "clone, repin anchor/local",
        "clone, select needs/local",
        "clone, select/local",
        "damaged soul/hosted",
        "damaged soul/local",
        "deleted anchor/hosted",
        "deleted document/hosted",
        "deleted image/02/hosted",
        "deleted soul/hosted",
        "edited anchor/local",
        "edited document/local",
        "edited image/02/local",
        "edited soul/local",
        "exclude text/hosted",
        "exclude text/local",
        "exclude/local",
        "eyes/local",
        "force candidate/local",
        "force document/local",
        "force images/hosted",
        "force images/local",
        "force soul/local",
        "force video/wave/local",
        "index, force/local",
        "index, lost/local",
        "index, raised/local",
        "index/local",
        "lock behind/local",
        "lost anchor, index/local",
        "lost anchor, seed/local",
        "lost dna/local",
        "lost document/local",
        "lost matrix/hosted",
        "lost matrix/local",
        "lost profile/local",
        "lost two/local",
        "lost, exclude/hosted",
        "lost, exclude/local",
        "lost, force image/02/local",
        "lost, force video/wave/local",
        "lost, raised/local",
        "lost, repin soul/local",
        "lost, repin video/wave/local",
        "lost, seed/hosted",
        "lost, seed/local",
        "lost, select/local",
        "lost, width/local",
        "lowered/local",
        "model/hosted",
        "more candidates/hosted",
        "more candidates/local",
        "never built/local",
        "no lock, force/local",
        "no lock, index/hosted",
        "no position/local",
        "older lock/local",
        "one more attempt/hosted",
        "other anchor/local",
        "position below/hosted",
        "position below/local",
        "position/local",
        "raised/local",
        "records image/02, index/local",
        "records image/02/local",
        "records soul, index/local",
        "records soul/local",
        "records, raised/local",
        "records/local",
        "repaired image/02/local",
        "repaired soul/local",
        "repin anchor, seed/local",
        "repin anchor/local",
        "repin image, width/local",
        "repin image/local",
        "seed/local",
        "select modified, seed/hosted",
        "select modified, seed/local",
        "select modified/local",
        "select needs, seed/hosted",
        "select needs, seed/local",
        "select needs/local",
        "select text/local",
        "select users/local",
        "select, seed/local",
        "since nothing/local",
        "since/hosted",
        "since/local",
        "store, raised/local",
        "store, then build/local",
        "text only/hosted",
        "text only/local",
        "touched/local",
        "unpinned image/02/local",
        "unpinned soul/local",
        "width/local",
        "wrong anchor/local",
    }
)
"""Left to the soak: what draws or composes much, where another case shows nearly the same."""

# --- the page ---

PAGE = Path(__file__).parents[2] / "docs/design/states.md"
START, END = "<!-- the table: python -m tests.plan.state_table writes it -->", "<!-- end of the table -->"


def flags(case: Case) -> str:
    """Return the flags as they are typed."""
    asked = case.asked
    lists = (
        ("--select", asked.select),
        ("--exclude", asked.exclude),
        ("--force", asked.force),
        ("--repin", asked.repin),
    )
    words = [f"{flag} {value}" for flag, values in lists for value in values] + list(asked.overrides)
    words += [f"--changed-since {case.since}"] if case.since else []
    return " ".join(f"`{word}`" for word in words)


def page_table() -> str:
    """Return the tables of docs/design/states.md."""
    lines: list[str] = []
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    for case in CASES:
        text = f"refuses: {case.refused}" if case.refused else case.right.replace(" > ", " → ").replace("|", " or ")
        if case.flavour == "local":  # where nothing is bought anyway
            text = ", ".join(item for item in text.split(", ") if item != "buys 0")
        cells.setdefault((case.part, case.what, flags(case)), {})[case.flavour] = text
    part = ""
    for (name, what, typed), texts in cells.items():
        if name != part:
            part = name
            lines += ["", f"### {part}", "", "| what was done | flags | local | hosted |", "|---|---|---|---|"]
        local, hosted = texts.get("local", ""), texts.get("hosted", "")
        lines.append(f"| {what} | {typed} | {local} | {hosted if hosted != local or not local else 'the same'} |")
    return "\n".join([START, *lines, "", END])


def write_page() -> None:
    """Write the tables into docs/design/states.md."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    PAGE.write_text(before + page_table() + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    write_page()
