"""`forge diff`: what changed, its cost, and what both sides came to, in words, as Markdown and as a page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from personaforge.plan.plan import Estimate, Reason
from personaforge.report.difference.page import MAX_PAIRS, difference_page
from personaforge.report.difference.text import MAX_MARKDOWN, code, markdown, print_difference
from personaforge.repository.changes import NodeChange, PersonaChange, SettingChange
from personaforge.repository.difference import Difference, Pair, PersonaDifference, SideResult, TemplateDiff, difference
from personaforge.store.lockfile import read_lock
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace
from tests.cli.conftest import FILES, PICTURES, WORDS
from tests.conftest import Forge
from tests.repository.conftest import Git

DRAWN = PICTURES.replace("{override /identity: insightface}", "{override /identity: embedded}").replace(
    "identity: {require_measurement: false, anchor:", "identity: {anchor:"
)
HOSTILE = "a | b `c` <script>alert(1)</script> @team ![x](http://x.invalid) \x1b[31m\u202e"


@pytest.fixture
def repository(tmp_path: Path, git: Git, forge: Forge) -> Path:
    """Built and committed: `ana`, who is text, and `ben`, whose two drawings the embedded pack measured."""
    folder = write_project(tmp_path / "project", {"ana": WORDS, "ben": DRAWN}, FILES)
    (folder / ".gitignore").write_text(".forge/\nbuild/\n")
    git(folder, "init", "--initial-branch=main")
    forge("build", cwd=folder, check=0)
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "one")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def compare(folder: Path, before: str = "HEAD", after: str | None = None) -> Difference:
    with Workspace.open((), str(folder)) as space:
        return difference(space, before, after)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".git/" not in str(path) and not path.name.startswith("index.db"):
            found[str(path)] = (path.stat().st_mtime_ns, path.stat().st_size)
    return found


def test_what_is_not_built_is_said_and_then_both_sides_are_shown(repository: Path, git: Git, forge: Forge) -> None:
    edit(repository / "conf/matrix/two.yaml", "expression: smile", "expression: surprised")
    edit(repository / "templates/bio.j2", "wants", "longs for")
    before = snapshot(repository)
    first = compare(repository)
    assert snapshot(repository) == before, "a comparison writes nothing"
    ben = next(one for one in first.personas if one.id == "ben")
    [pair] = [pair for pair in ben.pairs if pair.node == "image/02"]
    assert pair.before is not None and pair.before.score is not None and pair.after is None
    assert ben.counts["run"] >= 1 and ben.estimate.calls_max == 0
    [template] = first.templates
    assert template.name == "bio.j2" and any(line.startswith("+") and "longs for" in line for line in template.lines)

    forge("build", cwd=repository, check=0)
    git(repository, "add", "-A")
    git(repository, "commit", "-m", "two")
    found = compare(repository, "HEAD~1", "HEAD")
    assert compare(repository).personas == ()
    ben = next(one for one in found.personas if one.id == "ben")
    [pair] = [pair for pair in ben.pairs if pair.node == "image/02"]
    assert pair.before is not None and pair.after is not None and pair.moved is not None
    assert pair.before.digest != pair.after.digest
    # Each side shows what its own lock pins.
    for made, revision in ((pair.before, "HEAD~1"), (pair.after, "HEAD")):
        git(repository, "checkout", "-q", revision, "--", "personas")
        pin = read_lock(repository / "personas/ben.lock.yaml", "ben").pin("image/02")
        assert pin is not None and pin.outputs["image"] == made.digest
        assert pin.facts["composite"] == pytest.approx(made.score)
    assert {("matrix.positions.02.expression", "smile", "surprised")} <= {
        tuple(setting) for node in ben.change.nodes for setting in node.settings
    }
    # The other way round is the other way round.
    [back] = [
        pair for one in compare(repository, "HEAD", "HEAD~1").personas for pair in one.pairs if pair.node == "image/02"
    ]
    assert back == Pair("image/02", pair.after, pair.before)


def test_the_command_says_it_four_ways(repository: Path, forge: Forge, git: Git) -> None:
    edit(repository / "personas/ben.yaml", "Irish", "Welsh")
    text = forge("diff", "HEAD", cwd=repository, check=0).stdout
    assert "1 persona touched, 1 not" in text and '"A cheerful Irish baker." -> "A cheerful Welsh baker."' in text
    assert re.search(r"image/02\s+0\.\d{3} accepted\s+not built", text)
    found = json.loads(forge("diff", "HEAD", "--format", "json", cwd=repository, check=0).stdout)
    assert [one["id"] for one in found["personas"]] == ["ben"] and found["untouched"] == 1
    assert "| `brief` |" in forge("diff", "HEAD", "--format", "markdown", cwd=repository, check=0).stdout
    assert forge("diff", "HEAD", "--name-only", cwd=repository, check=0).stdout == "ben\n"
    assert forge("diff", "HEAD", "-p", "ana", "--name-only", cwd=repository, check=0).stdout == ""
    assert "no persona's keys differ" in forge("diff", "HEAD", "-p", "ana", cwd=repository, check=0).stdout
    assert "there is no revision" in forge("diff", "HEAD", "nope", cwd=repository, check=2).stderr


def test_the_page_stands_for_itself_and_shows_both(repository: Path, forge: Forge) -> None:
    edit(repository / "conf/matrix/two.yaml", "expression: smile", "expression: surprised")
    forge("build", "ben", cwd=repository, check=0)
    forge("diff", "HEAD", "--html", "out/diff.html", cwd=repository, check=0)
    page = (repository / "out/diff.html").read_text()
    seen = Tags()
    seen.feed(page)
    pictures = [one["src"] for name, one in seen.tags if name == "img"]
    assert len(pictures) == 2 and pictures[0] != pictures[1]
    assert all(str(src).startswith("data:image/webp;base64,") for src in pictures)
    assert not {"script", "link", "iframe", "object"} & {name for name, _ in seen.tags}
    assert "default-src 'none'" in page and "prefers-color-scheme: dark" in page
    assert "matrix.positions.02.expression" in page and "surprised" in page
    # The build folder isn't needed: pictures come from the store.
    assert page.count("accepted</span>") == 2


class Tags(HTMLParser):
    """All start tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def strange() -> Difference:
    """A difference in which everything that a stranger may have written is hostile."""
    node = NodeChange("image/02", "changed", (SettingChange("brief", HOSTILE, "x" * 90),), ("bio.j2",), ())
    pinned = NodeChange("image/03", "changed", (), (), (Reason("pin", HOSTILE),))
    made = SideResult("0" * 64, "image/png", "unmeasured", None, None, HOSTILE)
    change = PersonaChange("ben", "changed", (node, pinned))
    one = PersonaDifference(
        change, {"run": 1}, Estimate(1, 2, unpriced_min=1, unpriced_max=2), (Pair("image/02", made, None),), (HOSTILE,)
    )
    broken = PersonaDifference(PersonaChange("ana", "new", (), HOSTILE), {"run": 1}, Estimate(), ())
    return Difference(
        HOSTILE, "b", (one, broken), 0, (TemplateDiff("bio.j2", ("+```", f"+{HOSTILE}")),), {"cay": HOSTILE}
    )


def test_what_a_stranger_wrote_stays_text(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = markdown(strange())
    assert "\x1b" not in text and "\u202e" not in text
    outside = re.sub(r"(?ms)^(`{3,})diff$.*?^\1$|(?<!`)(`+)(?!`).*?(?<!`)\2(?!`)", "", text)
    for harm in ("<script", "@team", "![x]", "http://"):
        assert harm in text and harm not in outside, outside
    print_difference(strange())
    assert "\x1b[31m" not in capsys.readouterr().out
    with Workspace.open((), str(repository)) as space:
        page = difference_page(space, strange()).decode()
    assert "<script" not in page and "&lt;script" in page and "\u202e" not in page


@pytest.mark.parametrize("text", ["plain", "`", "a``b", "``", "a|b", " ", "\n", "`a`b`"])
def test_code_in_markdown_ends_where_the_text_does(text: str) -> None:
    span = code(text)
    if text.strip():
        fence = re.match("`+", span)
        assert fence is not None and span.endswith(fence[0])
        assert not re.search(rf"(?<!`){fence[0]}(?!`)", span[len(fence[0]) : -len(fence[0])])
        assert span[len(fence[0]) : -len(fence[0])].strip().replace("\\|", "|") == text.strip()
    else:
        assert span == ""


def test_a_long_difference_fits_into_a_comment_and_a_page(repository: Path) -> None:
    made = SideResult("0" * 64, "image/png", "accepted", 0.5, 0.5, "")
    worse = made._replace(score=0.1)
    pairs = tuple(Pair(f"image/{n}", made, worse if n > 90 else made._replace(score=0.6)) for n in range(100))
    change = PersonaChange("ben", "changed", (NodeChange("image/02", "changed"),))
    personas = tuple(PersonaDifference(change, {}, Estimate(), pairs) for _ in range(20))
    found = Difference("a", "b", personas, 0, (), {})
    text = markdown(found)
    assert len(text) < MAX_MARKDOWN + 200 and text.endswith("`forge diff` shows it.\n")
    with Workspace.open((), str(repository)) as space:
        page = difference_page(space, Difference("a", "b", personas[:1], 0, (), {})).decode()
    assert page.count('<article class="box pair">') == MAX_PAIRS
    assert 'class="lower">-0.400' in page and "40 more are in the table" in page
