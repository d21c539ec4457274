"""What a result was accepted under (which forge, request and gates), and whether its pin is still valid.

An upgrade of forge buys nothing. A pinned result answers a request as long as its action key is the same; where the key
has changed, it still does if another forge noted the pin and all that the user has written is the same. And what was
accepted stays accepted until the user changes a gate: with a new default, another pack or a calibration, forge only
says what would be decided now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from personaforge.faces.packs import shipped
from personaforge.identity.policy import AUTO, Mode
from personaforge.store.lockfile import Pin

DEMANDS = "delivered"
"""What the lock calls the demands that a result was accepted under, by a digest, 8 hex digits. A line without it is
from before there were any."""
VIDEO_GATE = "identity.video.gate"
GATE = "gate"
"""What the lock calls what of a clip decided; see `identity.policy.Gate`. A clip's line without it was accepted by an
earlier forge: by the mean, unless the user had asked for more."""


@dataclass(frozen=True)
class Standing:
    """What a node's result would be accepted under now."""

    forge: str = ""
    """Version of forge, and eight hex digits over its own part: `0.1.0+1a2b3c4d`."""
    request: str = ""
    """Digest, 16 hex digits, of what the user has written that shapes what is made, and of the pinned things that it
    is made from."""
    gates: str = ""
    """Digest, 16 hex digits, of what the user has written that decides what is accepted."""
    rules: Mapping[str, Any] | None = None
    """The policy and its thresholds, for people."""
    asks: bool = False
    """Whether the user has written what is demanded beside the person: something in the group `delivered`."""
    only_forge: Callable[[], bool] = lambda: False
    """Whether what the node depended on when it was last built differs in forge's own part alone; for pins from before
    anything was noted."""
    former: Callable[[], Iterable[str]] = lambda: ()
    """The request's digests as earlier forges noted them, where they counted what shapes nothing."""
    names_gate: bool = False
    """Whether the user has written what of a clip decides: `identity.video.gate`."""

    def same_request(self, pin: Pin, key: str) -> bool:
        """Tell whether a pin answers the request that has this key now."""
        if key in (pin.key, pin.also):
            return True
        if not pin.under:
            return self.only_forge()
        # Once this forge has noted its own key for the request, keys decide exactly, and the coarser digest isn't used.
        others = self.forge not in (pin.under.get("forge"), pin.under.get("seen"))
        return others and self.asked_as(pin.under.get("request"))

    def asked_as(self, request: Any) -> bool:
        """Tell whether a noted digest is of the request of now."""
        return request == self.request or request in self.former()

    def same_gates(self, pin: Pin) -> bool:
        """Tell whether the user has left the gates as they were when the pin was accepted."""
        return bool(pin.under) and pin.under.get("gates") == self.gates

    def demands_hold(self, pin: Pin) -> bool:
        """Tell whether what is demanded beside the person decides about a pin: not about one that was accepted before
        forge looked at that, until the user writes a demand."""
        return self.asks or DEMANDS in pin.under

    def stretches_hold(self, pin: Pin) -> bool:
        """Tell whether a clip's worst stretch, where it is the gate, decides about a pin: not about one that was
        accepted before that was forge's default, until the user writes the gate."""
        return self.names_gate or GATE in pin.under or "shown" in pin.facts

    def seen(self, noted: dict[str, Any]) -> dict[str, Any]:
        """Return what the lock notes, and besides which forge noted the key of `also`."""
        return {**noted, "seen": self.forge} if self.forge else noted

    def noted(self, pin: Pin | None = None, *, measured_anew: bool = False) -> dict[str, Any]:
        """Return what the lock notes. A pin that stays keeps the forge that accepted it, and the gates unless they have
        changed, or it has passed those of now by scores of another pack (`measured_anew`)."""
        if not self.forge:
            return dict(pin.under) if pin is not None else {}
        rules = dict(self.rules or {})
        if pin is not None and not self.demands_hold(pin):
            rules.pop(DEMANDS, None)
        if pin is not None and not self.stretches_hold(pin):
            rules.pop(GATE, None)
        gates = {"gates": self.gates, **rules}
        if pin is None or not pin.under:
            return {"forge": self.forge, "request": self.request, **gates}
        kept = (
            dict(pin.under)
            if self.same_gates(pin) and not measured_anew
            else {"forge": pin.under.get("forge", self.forge), **gates}
        )
        return {**kept, "request": self.request}

    def noted_before(self, pin: Pin) -> dict[str, Any]:
        """Return what the lock notes of a pin that nothing here can judge: what it noted, whatever the gates are."""
        return {**pin.under, "request": self.request} if pin.under and self.forge else dict(pin.under)


def judged_elsewhere(pin: Pin, pack: str, policy: str) -> bool:
    """Tell whether a pin's scores can't be judged by the settings' `pack` and `policy` where nothing measures.

    They can't where another pack measured them, as scores by different packs are never compared, nor where a
    calibration accepted them and is still to decide: which one applies isn't known before the pack is here.
    """
    if not pin.facts.get("measured") or "composite" not in pin.facts:
        return False
    by_calibration = pin.under.get("policy") == Mode.CALIBRATED and policy in (AUTO, Mode.CALIBRATED)
    by = str(pin.facts.get("measured_by", "")).rpartition(" ")[0]
    # `auto` may stand for any pack but those that come with forge, which it never chooses.
    another = by in shipped() if pack == "auto" else by != pack
    return by_calibration or bool(by and another)
