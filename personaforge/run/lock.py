"""Keeps a persona's lock file up to date during a build, beside other builds, `git pull` and people with an editor.

A pin on disk wins, always. The keeper knows of every line what this run has read or written (its *base*), and reads the
file again under its lease before every write. A line that is as this run knows it may be written; any other was changed
by somebody else meanwhile, and stays as it is, also when it is gone. What that means depends on the node:

- The pin of a *sticky* node (placement, candidate, anchor) decides which face all later pictures show. If it is not
  this run's result, or the pin that this run builds on, the persona's build ends with a `PinConflict`, and nothing more
  is written. If this run has no result yet, it takes the pin if its request is the same, and otherwise buys nothing.
  A pin that this run has read is replaced (by `--repin`, or while there is no anchor yet) only by the build that holds
  the persona's lease: never while another build, which may have bought pictures of that face, is at work.
- Of any other node the line on disk stays, and a notice says whose.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from personaforge.errors import StoreError
from personaforge.listing import listed
from personaforge.plan.plan import PersonaPlan, Selection
from personaforge.steps.action import Outcome
from personaforge.steps.context import ANCHOR
from personaforge.store.files import checked_out, stat_signature
from personaforge.store.leases import Lease, LeaseHeld
from personaforge.store.lockfile import LockFile, Pin, pin_of, read_lock, same_line, shown_line, shown_outputs
from personaforge.store.store import Store

_SETTLING_SECONDS = 0.1
"""How long a lock that lacks lines is watched before it is believed."""


class PinConflict(StoreError):
    """A pin that decides a face was changed by somebody else while this build ran. It stays as it is."""

    exit_code = 1

    def __init__(self, message: str, *, node: str, hint: str = "", where: str = "") -> None:
        super().__init__(message, hint=hint, where=where)
        self.node = node
        """Name of the pinned node within its persona."""


class Watched(NamedTuple):
    """What a keeper has to know of a persona's nodes, by their names in the lock."""

    sticky: Collection[str] = ()
    """Nodes whose pin stays whatever the settings say."""
    anchors: Collection[str] = ()
    """Those of them that hold the face."""
    repinned: Collection[str] = ()
    """Nodes whose pin the user lets this run replace: the one that it has read, and no other."""
    lost: Collection[str] = ()
    """Nodes in the lock as planned whose line is not in the file, and is to be written again."""


def watched(plan: PersonaPlan, selection: Selection, lock_name: Callable[[str], str]) -> Watched:
    """Return what a keeper has to know of a planned persona. `lock_name` gives a node's name in the lock."""
    nodes = plan.shape.nodes
    return Watched(
        frozenset(lock_name(node.name) for node in nodes if node.kind.sticky),
        frozenset(lock_name(node.name) for node in nodes if node.kind.role == ANCHOR),
        frozenset(lock_name(node.name) for node in nodes if f"{plan.id}/{node.name}" in selection.repinned),
        plan.lost,
    )


class LockKeeper:
    """Collects what is accepted, and writes it into the lock file as it is on disk at that moment. For many threads."""

    def __init__(
        self,
        store: Store,
        lock: LockFile,
        nodes: Watched | None = None,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._store = store
        self._nodes = nodes or Watched()
        self._notice = notice
        self._mutex = threading.RLock()
        self.lock = lock
        """The lock as this build sees it: what was planned with, and what it has accepted since."""
        self._base = {name: lock.line(name) for name in lock.names() if name not in self._nodes.lost}
        self._disk = lock.with_lines(dict.fromkeys(self._nodes.lost, b""))
        self._seen: object = ()
        self._anchored = any(name in self._base for name in self._nodes.anchors)
        self._accepted: dict[str, Pin] = {}
        self.written = False
        """Whether this run has put a line into the file."""
        self._pending: dict[str, Pin] = {}
        self._error: PinConflict | None = None
        self._lease: Lease | None = None

    def begin(self) -> None:
        """Try to become the one build that may replace pins of the persona's face; the kernel ends that with the
        process. Another build may go on beside it, as long as it results in the same face."""
        with self._mutex:
            if self._lease is None and self._nodes.sticky:
                lease = self._store.leases.take(f"face-{self.lock.persona}", give_up=lambda: True)
                try:
                    self._lease = lease.__enter__()
                except LeaseHeld:
                    return

    def end(self) -> None:
        """Let others replace pins of the persona's face."""
        with self._mutex:
            if self._lease is not None:
                self._lease.__exit__(None, None, None)
                self._lease = None

    def accept(self, name: str, outcome: Outcome, *, replaces: bool = False) -> None:
        """Pin a node's outcome; `write` puts it into the file.

        Once there is an anchor, the pin of a sticky node is replaced only where the user has said so (`--repin`), or
        where the caller knows why it may be (`replaces`). Raises PinConflict.
        """
        pin = pin_of(outcome)
        with self._mutex:
            if name in self._nodes.sticky and not replaces and name not in self._nodes.repinned and self._anchored:
                known = self._pin_of(self._base.get(name, b""), name)
                if known is not None and dict(known.outputs) != dict(pin.outputs):
                    raise self._refused(name, known, pin, "only --repin may replace it")
            self._accepted[name] = pin
            if pin.line() != self.lock.line(name) or name in self._nodes.lost:
                self._pending[name] = pin
                self.lock = self.lock.with_pins({name: pin})

    def put_back(self, name: str) -> None:
        """Have a lost line written again as it was."""
        with self._mutex:
            pin = self.lock.pin(name) if name in self._nodes.lost else None
            if pin is not None and name not in self._base:
                self._accepted[name] = self._pending[name] = pin

    def write(self) -> None:
        """Write what has been accepted, over no line that somebody else has changed meanwhile.

        Raises PinConflict, after which nothing is written any more, and StoreError.
        """
        with self._mutex:
            self.require_unchanged()
            if not self._pending:
                return
            with self._store.leases.take(f"lock-{self.lock.persona}"):
                while True:
                    self._look()
                    self._require_own_face()
                    mine, kept = self._split()
                    self._require_right(mine)
                    wanted = self._disk.with_pins(mine)
                    # git and editors take no lease, so the last look is right before the file is put in place.
                    if wanted.write(still=lambda: stat_signature(str(self.lock.path)) == self._seen):
                        break
            self._pending.clear()
            self.written = self.written or bool(mine)
            self._disk, self._seen = wanted, ()  # somebody may have written since: the next look reads again
            self._base.update({name: wanted.line(name) for name in mine})
            self._taken(kept)

    def require_unchanged(self) -> None:
        """Look whether a pin that this run builds on has changed; costs one look at the file where it has not.

        Raises PinConflict, and from then on the same one.
        """
        with self._mutex:
            if self._error is not None:
                raise self._error
            self._look()
            self._require_own_face()

    def adopt(self, name: str) -> bool:
        """Take over the pin of a sticky node that has appeared meanwhile, as far as this run sees it: a procedure keeps
        it if its request is the same. Tells whether the lock as this run sees it has changed.

        Never an anchor's, which would be kept whatever was asked for.
        """
        with self._mutex:
            if name in self._nodes.anchors or not self._is_open(name) or name not in self._disk:
                return False
            self.lock = self.lock.with_lines({name: self._disk.line(name)})
            return True

    def before_call(self, name: str, key: str) -> None:
        """Refuse a call that is about to be made for a node while somebody else's pin says that it isn't wanted. `key`
        is the action's: what is pinned under it is made again, and nothing else.

        Raises PinConflict.
        """
        self.require_unchanged()
        if name in self._nodes.sticky:
            with self._mutex:
                for other in dict.fromkeys((*self._nodes.anchors, name)):
                    if self._is_open(other):
                        raise self._conflict(other, None)
                pin = self._pin_of(self._base.get(name, b""), name)
                another = pin is not None and pin.key != key and not self._anchored
                if self._lease is None and (another or name in self._nodes.repinned):
                    raise self._busy(name)

    # --- what has changed ---

    def _look(self) -> None:
        """Read the file again where it has changed."""
        while (seen := stat_signature(str(self.lock.path))) != self._seen:
            found: LockFile | StoreError
            try:
                found = read_lock(self.lock.path, self.lock.persona, self.lock.former)
            except StoreError as error:
                found = error
            if isinstance(found, StoreError) or not set(self._disk.names()) <= set(found.names()):
                # git and editors write in place: what is there may be the first half of what is to come.
                time.sleep(_SETTLING_SECONDS)
            if stat_signature(str(self.lock.path)) != seen:
                continue
            if isinstance(found, StoreError):
                text = f"{found.message}; it was changed while this build ran, and nothing more is written to it"
                self._error = PinConflict(text, node="", hint=found.hint, where=found.where)
                raise self._error
            self._disk, self._seen = found, seen

    def _changed(self, name: str) -> bool:
        return not same_line(self._disk.line(name), self._base.get(name, b""))

    def _own(self, name: str) -> Pin | None:
        """Return the pin that this run builds on: its own result, or what it read and will keep. None if still open."""
        if name in self._accepted:
            return self._accepted[name]
        return self._pin_of(self._base.get(name, b""), name) if self._anchored else None

    def _is_open(self, name: str) -> bool:
        """Tell whether somebody else has changed a pin for which this run has no result yet."""
        return name in self._nodes.sticky and self._changed(name) and self._own(name) is None

    def _require_own_face(self) -> None:
        for name in (*self._nodes.anchors, *sorted({*self._nodes.sticky} - {*self._nodes.anchors})):
            own = self._own(name)
            if own is not None and self._changed(name):
                theirs = self._pin_of(self._disk.line(name), name)
                if theirs is None or dict(theirs.outputs) != dict(own.outputs):
                    anchor = next((other for other in self._nodes.anchors if self._is_open(other)), None)
                    raise self._conflict(name, own) if anchor is None else self._conflict(anchor, None)

    def _split(self) -> tuple[dict[str, Pin], list[str]]:
        """Return the pins to write, and the nodes whose line on disk is somebody else's."""
        mine: dict[str, Pin] = {}
        kept: list[str] = []
        for name, pin in self._pending.items():
            ours = self._disk.with_pins({name: pin}).line(name)
            if not self._changed(name):
                mine[name] = pin
            elif not same_line(self._disk.line(name), ours):
                kept.append(name)
        return mine, kept

    def _require_right(self, mine: Mapping[str, Pin]) -> None:
        """Refuse to replace a pin of the face while another build is at work, or has pinned the anchor that goes with
        it."""
        for name, pin in mine.items():
            known = self._pin_of(self._base.get(name, b""), name) if name in self._nodes.sticky else None
            if known is not None and dict(known.outputs) != dict(pin.outputs):
                for anchor in self._nodes.anchors:
                    if self._is_open(anchor):
                        raise self._conflict(anchor, None)
                if self._lease is None:
                    raise self._busy(name)

    def _taken(self, kept: Iterable[str]) -> None:
        """Say whose lines stay, and take over those of sticky nodes, whose pictures are the same."""
        others = []
        for name in kept:
            if name in self._nodes.sticky:
                self.lock = self.lock.with_lines({name: self._disk.line(name)})
            else:
                others.append(name)
        if others:
            names = listed(sorted(others))
            persona = self.lock.persona
            self._notice(
                f"{persona}: the lock's lines of {names} were changed while this build ran, and stay as they are; "
                f"`forge plan {persona}` shows what the next build would do"
            )

    # --- errors ---

    def _conflict(self, name: str, own: Pin | None) -> PinConflict:
        theirs, persona = self._disk.line(name), self.lock.persona
        if theirs:
            mine = f"resulted in {shown_outputs(own.outputs)}" if own is not None else "was about to make another"
            text = (
                f"{persona}/{name} was pinned to {shown_line(theirs)} by somebody else while this build ran, "
                f"which {mine}"
            )
            hint = f"the pin in the lock stays; build with it: forge build {persona}"
        else:
            before = shown_outputs(own.outputs) if own is not None else shown_line(self._base.get(name, b""))
            text = f"{persona}/{name} was pinned to {before}, and its line was taken out while this build ran"
            hint = f"bring it back ({checked_out(self.lock.path)}), or start anew: forge build {persona}"
        self._error = PinConflict(text, node=name, hint=hint)
        return self._error

    def _busy(self, name: str) -> PinConflict:
        persona, pinned = self.lock.persona, shown_line(self._base.get(name, b""))
        text = f"{persona}/{name} is pinned to {pinned}, and another build is working with that"
        self._error = PinConflict(text, node=name, hint=f"let that build end, then: forge build {persona}")
        return self._error

    def _refused(self, name: str, known: Pin, pin: Pin, why: str) -> PinConflict:
        persona, a, b = self.lock.persona, shown_outputs(known.outputs), shown_outputs(pin.outputs)
        hint = f"forge build {persona} --repin {name}"
        return PinConflict(f"{persona}/{name} is pinned to {a} and came out as {b}; {why}", node=name, hint=hint)

    def _pin_of(self, line: bytes, name: str) -> Pin | None:
        if not line:
            return None
        try:
            return LockFile(self.lock.path, self.lock.persona, {name: line}).pin(name)
        except StoreError:
            return None
