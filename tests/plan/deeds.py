"""What is done to a built project before it is planned; see `states`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from personaforge.plan.plan import PlanRequest
from personaforge.store.upkeep import verify
from personaforge.workspace.workspace import BuildOptions
from tests.plan.sites import ID, Site
from tests.plan.states import PLAIN

PERSONA = f"personas/{ID}.yaml"
MATRIX = "conf/matrix/few.yaml"

Deed = Callable[[Site], None]

_COMPARED = ("key", "outputs", "status", "take", "attempt")
"""What of a line in the lock says which artifact it pins, and not when or by whom."""


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


def no_position(site: Site) -> None:
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


INDEX = ".forge/index.db*"
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


def only_candidate_file(site: Site) -> None:
    """Of the anchor's bytes only the copy in candidates/ is left."""
    kept = site.build_folder / site.outputs[chosen(site)][0][1]
    data = kept.read_bytes()
    site.lose("anchor")
    kept.write_bytes(data)


def other_anchor(site: Site) -> None:
    """The anchor's pin names the other candidate."""
    other = {"candidate/1": "candidate/2", "candidate/2": "candidate/1"}[chosen(site)]
    site.repoint("anchor", site.outputs[other][0][0])


def foreign_anchor(site: Site) -> None:
    """The anchor's pin names a picture that was made elsewhere."""
    site.repoint("anchor", "ab" * 32)


def wrong_anchor(site: Site) -> None:
    """A merge gone wrong: the anchor's pin names another artifact."""
    site.repoint("anchor", site.outputs["document"][0][0])


def built(asked: PlanRequest = PLAIN, deed: Deed = nothing) -> Deed:
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
    built(PlanRequest(force=("image/02",)))(site)
    site.lock.write_bytes(site.fresh_lock)


def first_lock(site: Site) -> None:
    """Git has brought the first lock."""
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


def as_with_the_store(deed: Deed) -> Callable[[Site], str]:
    """Look whether the result is the same as where the store was at hand; for `Case.after`."""

    def look(site: Site) -> str:
        pins, files = [site.pins(field) for field in _COMPARED], site.built()
        site.restart()
        built(deed=deed)(site)
        same = pins == [site.pins(field) for field in _COMPARED] and files == site.built()
        return "" if same else "pins or build folder are not as with the store at hand"

    return look
