"""The audit section: a second reading of a whole document by rules, marks from 1 to 5 and findings to act on.

Each mark is first measured on the document's good points, and then lowered by its flaws. Layers that contradict each
other lower every mark, because a contradictory person is neither deep nor real, and a clear contradiction takes its own
axis below the floor. Where nothing is wrong, the only finding says where the document is weakest, without praise.

What a rule finds is a finding or only worth a look, by levels.yaml. A look lowers no mark and refuses nothing.

Rules that find nothing prove little. An axis gets a mark only where they see every kind of fault that lowers it, as
`kinds` has measured it, or where they found one that makes the mark low. Else it is null, with the reason; so it is for
a country that no table has, and for a voice of which there is no mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.brief.fate import LOST, OF_KIN, account
from personaforge.brief.remark import LOOK
from personaforge.embedded.writer.appearance import appearance_flaws
from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.brief_facts import is_plain
from personaforge.embedded.writer.coherence import coherence_flaws, thread
from personaforge.embedded.writer.contradiction import contradictions
from personaforge.embedded.writer.copies import copy_flaws
from personaforge.embedded.writer.craft import depth, depth_flaws, variety, voice_flaws
from personaforge.embedded.writer.culture import culture_flaws, evidence, is_unknown
from personaforge.embedded.writer.described import described_flaws
from personaforge.embedded.writer.flaws import Flaw, quoted, ruled, text, texts, value
from personaforge.embedded.writer.kinds import reason
from personaforge.embedded.writer.lives import life_flaws
from personaforge.embedded.writer.local import local_flaws
from personaforge.embedded.writer.reading import read
from personaforge.embedded.writer.realism import mixture, realism_flaws
from personaforge.embedded.writer.register import register_flaws
from personaforge.embedded.writer.remark import remark
from personaforge.embedded.writer.words import fold, for_others, within
from personaforge.embedded.writer.work_age import work_age_flaws
from personaforge.embedded.writer.years import year_flaws
from personaforge.leaves import leaves

_LEAST, _MOST = 1.0, 5.0
_SPOILS = 1.7
"""Points that a full contradiction subtracts from every score."""
_SPOILS_COHERENCE = 2.0
"""Points that it also subtracts from coherence."""
_CLEAR = 0.3
"""Contradiction of a flaw from which its own axis is at most `_BELOW`."""
_BELOW = 2.4
"""Below the floor of 2.5 (`pipeline.steps.audit.floor`), so a named contradiction is not accepted."""
_LOW = 3.4
"""Up to here a mark of an axis that rules see too little of says what was found; above, it would praise the rest. Below
the threshold of 3.5."""
_WORTH_SAYING = 0.3
_FINDINGS = 12
_LOOKS = 6
"""How many things are named that are only worth a look."""
_UNSTATED = frozenset({"thing", "name", "people"})
"""Facts of a brief that may be lost without a contradiction: nobody has to mention a thing, and a people is no home."""
_LONGEST = 400


def flaws_of(document: Mapping[str, Any], brief: str, pins: Mapping[str, Mapping[str, Any]]) -> list[Flaw]:
    """Return everything that the rules find in a document, its brief and what the user fixed: what is wrong with it,
    and what is only worth a look (`Flaw.is_look`).

    Where a pin overrules the brief, following the pin is no flaw.
    """
    reading = read(brief)
    against = [
        *coherence_flaws(document, reading),
        *depth_flaws(document),
        *culture_flaws(document),
        *voice_flaws(document, reading),
        *realism_flaws(document, reading),
        *appearance_flaws(document, reading, brief),
        *register_flaws(document),
        *contradictions(document, brief),
        *life_flaws(document, brief),
        *year_flaws(document),
        *work_age_flaws(document, reading),
        *described_flaws(document),
        *local_flaws(document, brief),
        *copy_flaws(document),
        *lost_flaws(document, brief, pins),
        *ruled("pin", pin_flaws(document, pins)),
    ]
    return [flaw for flaw in against if not _follows_a_pin(flaw, pins)]


def _follows_a_pin(flaw: Flaw, pins: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether a document differs from the brief in a value that the user fixed."""
    fixed = leaves({flaw.section: pins.get(flaw.section, {})})
    if flaw.problem.startswith("The name ") and "surface.name" in fixed:
        return True  # whoever fixed the name knows why
    return flaw.problem.startswith("The brief ") and any(str(wanted) in flaw.problem for wanted in fixed.values())


def lost_flaws(document: Mapping[str, Any], brief: str, pins: Mapping[str, Mapping[str, Any]]) -> Iterator[Flaw]:
    """Yield what the document has otherwise than the brief says, as `forge brief` reads it in 16 languages. What the
    document only doesn't mention is no contradiction."""
    for row in account(brief, pins, document).of(LOST):
        if row.found.startswith(OF_KIN):
            continue  # a taste is drafted before this reader sees it; the same request must get the same marks
        if row.found and row.kind not in _UNSTATED and not (row.kind == "exclusion" and for_others(fold(row.found))):
            section = row.path.partition(".")[0] or "lifestyle"
            where = row.path or "a text"
            problem = f"The brief says {quoted(row.words)}, but {where} is {quoted(row.found)}."
            listed = row.kind == "exclusion" and row.found in texts(document, "dna.skin.marks")
            rule = "fact of the brief" if listed or is_plain(row, brief) else "brief unclear"
            yield Flaw("coherence", 0.6, section, problem, f"Keep to what the brief says: {row.words}.", 0.5, rule)


def pin_flaws(document: Mapping[str, Any], pins: Mapping[str, Mapping[str, Any]]) -> Iterator[Flaw]:
    """Yield what the user fixed and the document has otherwise."""
    for path, wanted in leaves(pins).items():
        found = value(document, path)
        if path.partition(".")[0] in document and found != wanted:
            problem = f"{path} is {quoted(str(found))}, but the user fixed {quoted(str(wanted))}."
            yield Flaw("coherence", 0.6, path.partition(".")[0], problem, f"Let {path} be as it was fixed.", 0.5)


def audit(a: Assignment) -> dict[str, Any]:
    """Judge the document."""
    document = {name: section for name, section in a.sections.items() if name != "audit"}
    found = flaws_of(document, a.brief, a.pins)
    flaws = [flaw for flaw in found if not flaw.is_look]
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
        if any(flaw.score == name and flaw.contradiction >= _CLEAR for flaw in flaws):
            score = min(score, _BELOW)
        scores[name] = round(within(score, _LEAST, _MOST), 1)
    unseen = _unseen(document, flaws, scores)
    known = [name for name in scores if name != "depth" and name not in _unknown(document)]
    weakest = min(known or scores, key=lambda name: scores[name])
    verdict: dict[str, Any] = {
        "scores": {name: None if name in unseen else score for name, score in scores.items()},
        "findings": [*(_findings(flaws) or [_short(remark(document, weakest))]), *_looks(found)][:_FINDINGS],
    }
    if unseen:
        verdict["not_judged"] = [{"score": name, "reason": reason} for name, reason in unseen.items()]
    return verdict


def _unseen(document: Mapping[str, Any], flaws: Sequence[Flaw], scores: Mapping[str, float]) -> dict[str, str]:
    """Return the axes that rules can't mark in this document, each with the reason."""
    found = _unknown(document)
    clear = {flaw.score for flaw in findings_worth(flaws)}
    for name, score in scores.items():
        if reason(name) and document and not (name in clear and score <= _LOW):
            found.setdefault(name, reason(name))
    return found


def _unknown(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the axes of which the tables know nothing for this document, each with the reason."""
    found = {}
    if is_unknown(document):
        found["cultural_fidelity"] = (
            f"The tables know nothing about {quoted(text(document, 'surface.location.country'))}."
        )
    if document and value(document, "mask") is None:
        found["voice_distinctiveness"] = "There is no mask, so nobody has heard the voice."
    return found


def findings_worth(flaws: Sequence[Flaw]) -> list[Flaw]:
    """Return the flaws that are worth a finding, the worst first. What is only worth a look isn't."""
    return _worst([flaw for flaw in flaws if not flaw.is_look])


def looks_worth(flaws: Sequence[Flaw]) -> list[Flaw]:
    """Return what is worth a look, the most doubtful first."""
    return _worst([flaw for flaw in flaws if flaw.is_look])


def _worst(flaws: Sequence[Flaw]) -> list[Flaw]:
    worst = sorted(flaws, key=lambda flaw: -(flaw.cost + 2.0 * flaw.contradiction))
    return [flaw for flaw in worst if flaw.cost + 2.0 * flaw.contradiction >= _WORTH_SAYING]


def _findings(flaws: Sequence[Flaw]) -> list[Mapping[str, str]]:
    return [
        _short({"section": flaw.section, "problem": flaw.problem, "advice": flaw.advice})
        for flaw in findings_worth(flaws)[:_FINDINGS]
    ]


def _looks(flaws: Sequence[Flaw]) -> list[Mapping[str, str]]:
    return [
        _short({"section": flaw.section, "problem": f"{LOOK}{flaw.problem}", "advice": flaw.advice})
        for flaw in looks_worth(flaws)[:_LOOKS]
    ]


def _short(finding: Mapping[str, str]) -> Mapping[str, str]:
    return {name: words[:_LONGEST] for name, words in finding.items()}
