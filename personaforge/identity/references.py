"""A candidate against the whole reference set: the anchor, and further pictures of the person that were accepted by it.

    max    the score against the picture that the candidate is most like, by composite
    mean   the means of cosine, error, bound and composite over all of the set

With `max` a laughing three-quarter view is compared with the reference that laughs or turns, rather than with the
frontal, neutral anchor. It can only raise a score, so a stranger's is raised, too: calibrate with the set you use. The
anchor is always in the set; where it can't be measured there is no score, whatever the other references give.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from personaforge.identity.policy import Policy
from personaforge.identity.score import Score, Unmeasured, compare

_NO_PAIR = "several references were compared, and a calibration is about one pair of pictures"

ANCHOR = "anchor"
"""The anchor's name in a reference set."""


def compare_all(
    references: Mapping[str, Mapping[str, Any]],
    candidate: Mapping[str, Any],
    policy: Policy,
    combine: str,
    *,
    anchor_analyzer: Mapping[str, str] | None = None,
    candidate_analyzer: Mapping[str, str] | None = None,
) -> Score | Unmeasured:
    """Score a candidate's measurement against references by name, all measured by one analyzer;
    `anchor_analyzer` and `candidate_analyzer` as in `compare`.

    `references` must hold `anchor`; others that could not be measured are left out. With the anchor alone this is
    `compare`. Raises ValueError for another `combine` than `max` and `mean`.
    """
    if combine not in ("max", "mean"):
        raise ValueError(f"combine is {combine!r}, expected max or mean")
    analyzers = {"anchor_analyzer": anchor_analyzer, "candidate_analyzer": candidate_analyzer}
    found = {name: compare(reference, candidate, policy, **analyzers) for name, reference in references.items()}
    first = found[ANCHOR]
    if isinstance(first, Unmeasured) or len(found) == 1:
        return first
    scores = {name: score for name, score in found.items() if isinstance(score, Score)}
    if combine == "mean":
        return _mean(list(scores.values()))
    # The set has a fixed order, so of equal scores the earliest wins on every machine.
    best = max(scores, key=lambda name: scores[name].composite)
    return replace(scores[best].without_probability(_NO_PAIR), reference=best)


def _mean(scores: Sequence[Score]) -> Score:
    def mean(values: Sequence[float]) -> float:
        return round(math.fsum(values) / len(values), 6)

    turns = [score.turn for score in scores if score.turn is not None]
    return Score(
        cosine=mean([score.cosine for score in scores]),
        error=mean([score.error for score in scores]),
        error_bound=mean([score.error_bound for score in scores]),
        composite=mean([score.composite for score in scores]),
        faces=scores[0].faces,
        ratio_set=scores[0].ratio_set,
        turn=min(turns, default=None),
        reference=f"mean of {len(scores)}",
        out_of_domain=any(score.out_of_domain for score in scores),
        no_probability=_NO_PAIR if any(score.probability is not None for score in scores) else "",
    )
