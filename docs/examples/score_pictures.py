"""Two pictures against an anchor: measured once, scored, and decided about by the persona's policy and a stricter one.

python docs/examples/score_pictures.py studio
"""

from __future__ import annotations

import sys
from dataclasses import replace

import personaforge as pf


def main(folder: str = ".") -> None:
    """Score the first two pictures of a built persona against its anchor."""
    with pf.open(folder) as space:
        persona = space.load([])[0].settings.id
        files = sorted((space.project.build / persona / "images").glob("[0-9]*.png"))[:3]
        if len(files) < 3:
            sys.exit(f"{persona} has no pictures yet: python docs/examples/whole_persona.py {folder}")
        anchor, *pictures = pf.measure(space, files, persona=persona)
        usual = pf.policy(space, persona)

    # From here on it is arithmetic: no project, no file, no model.
    strict = replace(usual, mode=pf.Mode.STRICT, accept_threshold=0.99)
    for file, picture in zip(files[1:], pictures, strict=True):
        score = pf.compare(anchor, picture, usual)
        if isinstance(score, pf.Unmeasured):
            print(f"{file.name}: not measured, {score.reason}")
        else:
            print(f"{file.name}: cosine {score.cosine:.3f}, error {score.error:.3f}, composite {score.composite:.3f}")
        for name, policy in (("usual", usual), ("strict", strict)):
            judged = pf.judge(score, policy)
            print(f"  {name}: {judged.decision}, {judged.reason}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
