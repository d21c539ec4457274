"""A whole persona, piece by piece: what it would cost, its spec, all its pictures, avatar and banner, and one clip.

    forge init studio
    python docs/examples/whole_persona.py studio

Every piece names what it needs with `+`, and makes only what isn't there yet: run it twice, and the second time makes
nothing. `pf.build(space, persona)` alone makes everything.
"""

from __future__ import annotations

import json
import sys

import personaforge as pf


def main(folder: str = ".") -> None:
    """Build the first persona of the project in a folder."""
    with pf.open(folder) as space:
        persona = space.load([])[0].settings.id
        built = space.project.build / persona

        plan = pf.plan(space, persona)
        print(f"{persona}: {plan.counts()}, at most ${plan.estimate.usd_max or 0:.2f}")

        piece(space, persona, "+profile")
        profile = json.loads((built / "layers/profile.json").read_text())
        for section, values in profile.items():
            print(f"  {section}: {', '.join(values)}")

        piece(space, persona, "+image")  # the anchor is chosen first, and all others are drawn from it
        piece(space, persona, "+avatar")
        piece(space, persona, "+banner")
        piece(space, persona, "+video/smile_reveal")
        for file in sorted([*built.glob("images/*.png"), *built.glob("videos/*")]):
            print(f"  {file}")


def piece(space: pf.Workspace, persona: str, select: str) -> None:
    """Build what a selection names, and say how it ended."""
    plan = pf.plan(space, persona, pf.PlanRequest(select=(select,)))
    report = pf.build(space, plan, pf.BuildOptions(max_cost_usd=5), listeners=[say])
    for node in report.failed:
        print(f"{node.id} {node.end}: {node.error}")
    print(f"{select}: {report.performed} actions, ${report.cost_usd:.2f}")


def say(event: pf.Event) -> None:
    """Print how pictures and clips come along; `forge build --events FILE` writes the same events."""
    if event.type.startswith("persona_"):
        print(f"  {event.type} {dict(event.result)} {event.error}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
