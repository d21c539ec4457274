"""Clips against an anchor: each frame's likeness, how steady it is, and whether sharpening may be advised.

python docs/examples/evaluate_clip.py studio
"""

from __future__ import annotations

import sys

import personaforge as pf


def main(folder: str = ".") -> None:
    """Evaluate the clips of a built persona; `files` may name any others."""
    with pf.open(folder) as space:
        persona = space.load([])[0].settings.id
        for clip in pf.evaluate_clips(space, persona=persona):
            print(f"{clip.path}: {clip.judged.decision}, {clip.judged.reason}")
            score = clip.score
            if isinstance(score, pf.Unmeasured):
                continue
            print(f"  {score.frames_measured} of {score.frames_total} frames show a face")
            print(f"  cosine: mean {score.score.cosine:.3f}, std {score.cosine_std:.4f}, least {score.cosine_min:.3f}")
            print(f"  variance of the ratios: mean {score.ratio_variance_mean:.6f}, max {score.ratio_variance_max:.6f}")
            print(f"  sharpness over the anchor's: {score.sharpness_ratio_mean}")
            print(f"  largest distance between neighbouring frames: {score.histogram_distance_max}")
            print(f"  {score.advice.text}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except pf.PersonaForgeError as error:
        sys.exit(f"{error}\n{error.hint}\nwhole_persona.py builds what this program shows")
