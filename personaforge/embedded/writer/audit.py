"""The audit section: a second reading of a whole document by rules, five scores from 1 to 5 and findings to act on.

Each score is first measured, on what speaks for the document, and then loses what its flaws cost. Layers that
contradict each other lower every score, because a person who can't be one person is neither deep nor real. Sections
that a pipeline doesn't have are not judged, but what can't be judged can't be excellent either. Where nothing is wrong,
the one finding says where the document is weakest, and praises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.coherence import coherence_flaws, thread
from personaforge.embedded.writer.craft import depth, depth_flaws, variety, voice_flaws
from personaforge.embedded.writer.culture import culture_flaws, evidence
from personaforge.embedded.writer.flaws import Flaw
from personaforge.embedded.writer.realism import mixture, realism_flaws
from personaforge.embedded.writer.remark import remark
from personaforge.embedded.writer.words import within

_LEAST, _MOST = 1.0, 5.0
_SPOILS = 1.7
"""Points that a full contradiction takes off every score."""
_SPOILS_COHERENCE = 2.0
"""Points that it takes off coherence besides."""
_WORTH_SAYING = 0.3
_FINDINGS = 12
_LONGEST = 400


def audit(a: Assignment) -> dict[str, Any]:
    """Judge the document."""
    document = {name: section for name, section in a.sections.items() if name != "audit"}
    flaws = [
        *coherence_flaws(document, a.reading),
        *depth_flaws(document),
        *culture_flaws(document),
        *voice_flaws(document, a.reading),
        *realism_flaws(document, a.reading),
    ]
    starts = {
        "coherence": 4.1 + 0.8 * thread(document),
        "depth": 3.3 + 1.4 * depth(document),
        "cultural_fidelity": 4.0 + 0.9 * evidence(document),
        "voice_distinctiveness": 3.4 + 1.3 * variety(document),
        "realism": 4.1 + 0.8 * mixture(document),
    }
    contradiction = min(1.0, sum(flaw.contradiction for flaw in flaws))
    scores = {}
    for name, start in starts.items():
        score = start - sum(flaw.cost for flaw in flaws if flaw.score == name) - _SPOILS * contradiction
        score -= _SPOILS_COHERENCE * contradiction if name == "coherence" else 0.0
        scores[name] = round(within(score, _LEAST, _MOST), 1)
    weakest = min(scores, key=lambda name: scores[name])
    return {"scores": scores, "findings": _findings(flaws) or [_short(remark(document, weakest))]}


def _findings(flaws: list[Flaw]) -> list[Mapping[str, str]]:
    worst = sorted(flaws, key=lambda flaw: -(flaw.cost + 2.0 * flaw.contradiction))
    said = [flaw for flaw in worst if flaw.cost + 2.0 * flaw.contradiction >= _WORTH_SAYING]
    return [
        _short({"section": flaw.section, "problem": flaw.problem, "advice": flaw.advice}) for flaw in said[:_FINDINGS]
    ]


def _short(finding: Mapping[str, str]) -> Mapping[str, str]:
    return {name: words[:_LONGEST] for name, words in finding.items()}
