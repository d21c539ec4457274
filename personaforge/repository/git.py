"""Asks git what a revision holds. Reads objects and nothing else: no hook, filter, attribute or configured program of
the repository runs (`personaforge.git`), nothing is checked out, and nothing is fetched.

Files come as raw objects from `git cat-file --batch`, since `git archive`, `git worktree` and `git diff` may start
programs that a repository names. What a revision holds is a stranger's, so paths and sizes are checked before a byte
is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from personaforge.errors import MissingExtra, PlanError
from personaforge.git import Answer, GitFailed, GitMissing, git
from personaforge.listing import meant

MAX_FILES = 50_000
"""Of a revision, that forge would read."""
MAX_FILE_BYTES = 4 * 1024 * 1024
"""The largest file that forge reads from a project: a lock."""
MAX_BYTES = 256 * 1024 * 1024
"""All of them together."""
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""A revision without a file, which git knows in every repository: since it, everything is new."""


_SHORT = 9
"""Digits of a commit that people are shown."""


class Revision(NamedTuple):
    """A revision that was found."""

    name: str
    """As the user wrote it."""
    tree: str
    """Object id."""
    commit: str
    """Object id; empty for what is no commit."""
    branch: str = ""
    """A branch that ends with this commit; empty where none does."""

    @property
    def shown(self) -> str:
        """The name with the commit's first digits; of a commit that was named by its digits, those and its branch."""
        short = self.commit[:_SHORT]
        if not short or not self.commit.startswith(self.name):
            return f"{self.name} ({short})" if short else self.name
        short = self.name if len(self.name) < _SHORT else short
        return f"{short} ({self.branch})" if self.branch else short


class Entry(NamedTuple):
    """A file or a symbolic link of a revision."""

    path: str
    """Below the folder that was asked for, with `/`."""
    object: str
    size: int
    """Bytes."""
    link: bool


class Repository:
    """The repository that a folder lies in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prefix = self._asked_first()

    def find(self, name: str) -> Revision:
        """Return a revision: a branch, tag, commit, `HEAD~2`, or `main...` for where this branch left main.

        Raises PlanError for what is no revision, and says so where a shallow clone lacks it.
        """
        if not name or name.startswith("-") or not name.isprintable():
            raise PlanError(f"{name!r} is no revision", hint="name a branch, a tag or a commit, such as HEAD~1")
        wanted = self._merge_base(name[:-3]) if name.endswith("...") else name
        tree = self._maybe("rev-parse", "--verify", "--quiet", f"{wanted}^{{tree}}")
        if not tree:
            if ".." in name:
                raise PlanError(f"{name} is a range", hint="name its two ends: forge diff A B")
            raise PlanError(
                f"there is no revision {name!r} here", hint=self._nearest(wanted) or self._where_it_may_be()
            )
        commit = self._maybe("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}")
        return Revision(name, tree, commit, self._branch_of(commit) if commit and commit.startswith(name) else "")

    def entries(self, revision: Revision) -> Iterator[Entry]:
        """Yield the files and links that a revision has in this folder. Raises PlanError."""
        tree = f"{revision.tree}:{self._prefix}".removesuffix("/") if self._prefix else revision.tree
        if self._prefix and self._maybe("cat-file", "-t", tree) != "tree":
            return  # the folder is younger than that
        for line in self._run("ls-tree", "-r", "-l", "-z", "--full-tree", tree).split(b"\0"):
            about, _, path = line.partition(b"\t")
            if not path:
                continue
            mode, kind, name, size = about.split()
            if kind == b"blob":
                link = mode == b"120000"
                yield Entry(path.decode("utf-8", "surrogateescape"), name.decode(), int(size), link)

    def contents(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """Yield the bytes of entries. Raises PlanError."""
        entries = list(entries)
        if not entries:
            return
        asked = "".join(f"{entry.object}\n" for entry in entries).encode()
        answer = memoryview(self._run("cat-file", "--batch", input=asked))
        at = 0
        for entry in entries:
            end = bytes(answer[at : at + 200]).find(b"\n") + at
            head = bytes(answer[at:end]).split()
            if len(head) != 3 or head[1] != b"blob":
                raise PlanError(f"git has lost {entry.path}: {b' '.join(head).decode('utf-8', 'replace')}")
            size = int(head[2])
            yield entry, bytes(answer[end + 1 : end + 1 + size])
            at = end + 1 + size + 1

    def _branch_of(self, commit: str) -> str:
        """Return a branch that ends with a commit, a local one first; empty where there is none."""
        refs = self._maybe(
            "for-each-ref", "--points-at", commit, "--format=%(refname:short)", "refs/heads", "refs/remotes"
        )
        return next((ref for ref in refs.splitlines() if ref.strip() and not ref.endswith("/HEAD")), "")

    def _asked_first(self) -> str:
        """Return where the folder lies in its repository, with `/` at the end; empty for the top."""
        done = self._git("rev-parse", "--show-prefix")
        if done.code:
            if "not a git repository" in done.said:
                raise PlanError(f"{self.folder} is in no git repository", hint="git init, and commit the personas")
            raise _unreadable(done, "rev-parse")
        return done.out.decode("utf-8", "surrogateescape").rstrip("\n")

    def _merge_base(self, name: str) -> str:
        self.find(name)
        found = self._maybe("merge-base", name, "HEAD")
        if not found:
            raise PlanError(f"{name} and HEAD have no commit in common here", hint=self._where_it_may_be())
        return found

    def _nearest(self, name: str) -> str:
        """Return `did you mean HEAD?` with the nearest branch or tag; empty where none is near."""
        refs = self._maybe("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
        head = ["HEAD"] if self._maybe("rev-parse", "--verify", "--quiet", "HEAD") else []
        base, mark, rest = name.partition("~")
        known = [*head, *refs.split()]
        near = "" if base in known else meant(base, known) or meant(base.upper(), head)
        return near.replace("?", f"{mark}{rest}?") if near else ""

    def _where_it_may_be(self) -> str:
        if self._maybe("rev-parse", "--is-shallow-repository") == "true":
            return "this clone is shallow: `fetch-depth: 0` for actions/checkout, or git fetch --unshallow"
        if not self._maybe("rev-parse", "--verify", "--quiet", "HEAD"):
            return "this repository has no commit yet: git add -A && git commit"
        return "git fetch, if another clone has it; `git branch -a` and `git log --oneline` show what is here"

    def _maybe(self, *arguments: str) -> str:
        """Return what git answers, or nothing where it says no."""
        done = self._git(*arguments)
        return "" if done.code else done.text

    def _run(self, *arguments: str, input: bytes = b"") -> bytes:
        done = self._git(*arguments, input=input)
        if done.code:
            raise _unreadable(done, arguments[0])
        return done.out

    def _git(self, *arguments: str, input: bytes = b"") -> Answer:
        try:
            return git(self.folder, *arguments, input=input)
        except GitMissing:
            raise MissingExtra("git is not installed, and revisions are read by it", hint="apt install git") from None
        except GitFailed as error:
            raise PlanError(str(error)) from None


def _unreadable(answer: Answer, command: str) -> PlanError:
    said = answer.said or f"git {command} failed"
    return PlanError(f"git can't read this repository: {said.splitlines()[0]}")
