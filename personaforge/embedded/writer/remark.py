"""What a second reading says of a document in which it found nothing wrong: where it is weakest, in numbers.

A remark is a measurement and no flaw: it costs no points, and every word and number in it can be read off the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from personaforge.embedded.writer.coherence import shared_interests
from personaforge.embedded.writer.craft import prose
from personaforge.embedded.writer.culture import missing
from personaforge.embedded.writer.flaws import numbers, quoted, text, texts, value

_NARROW = 0.35
"""Between the least and the most of the Big Five; below, nothing about somebody stands out."""


def remark(document: Mapping[str, Any], score: str) -> Mapping[str, str]:
    """Return a finding about the score in which a document is weakest."""
    section, problem, advice = {
        "coherence": _coherence,
        "depth": _depth,
        "cultural_fidelity": _culture,
        "voice_distinctiveness": _voice,
        "realism": _realism,
    }[score](document)
    return {"section": section, "problem": problem, "advice": advice}


def _coherence(document: Mapping[str, Any]) -> tuple[str, str, str]:
    near, known = shared_interests(document)
    genres = ", ".join(texts(document, "intent.genre"))
    if not known or not genres:
        return "overall", "There was no intent to hold the interests against.", "Draft an intent and interests."
    problem = f"{near} of the {known} interests {'goes' if near == 1 else 'go'} with what the intent names ({genres})."
    return "lifestyle", problem, "Let more of the interests come from the same life, if they should."


def _depth(document: Mapping[str, Any]) -> tuple[str, str, str]:
    said = {path: text(document, path) for path in prose(document)}
    if not said:
        return "overall", "There was no prose to judge.", "Draft a soul or a lifestyle."
    path = min(said, key=lambda path: len(said[path].split()))
    problem = f"The shortest text is {path}, with {len(said[path].split())} words: {quoted(said[path])}."
    advice = "Say it with a place, an age or an object that only this person has."
    return path.partition(".")[0], problem, advice


def _culture(document: Mapping[str, Any]) -> tuple[str, str, str]:
    signs = missing(document)
    country = text(document, "surface.location.country")
    if not signs:
        problem = f"Names, city, languages, accent and tastes are all that speaks for {country}; nothing else was read."
        return "surface", problem, "Have somebody from there read it."
    problem = f"What speaks for {country} doesn't include the {' or the '.join(signs[:2])}, as far as our tables know."
    return "surface", problem, "Check it with somebody from there."


def _voice(document: Mapping[str, Any]) -> tuple[str, str, str]:
    phrases = [phrase for phrase in texts(document, "mask.signature_phrases") if phrase.split()]
    if value(document, "mask") is None or not phrases:
        return "overall", "Nobody has heard the voice: there is no mask.", "Draft a mask."
    word, times = Counter(phrase.split()[0].lower() for phrase in phrases).most_common(1)[0]
    if times > 1:
        problem = f"{times} of {len(phrases)} signature phrases begin with {quoted(word)}."
        return "mask", problem, "Let one of them begin elsewhere."
    lengths = sorted(len(phrase.split()) for phrase in phrases)
    problem = f"The signature phrases are {lengths[0]} to {lengths[-1]} words long."
    return "mask", problem, "Let a very short or a long one stand out."


def _realism(document: Mapping[str, Any]) -> tuple[str, str, str]:
    scores = numbers(document, "self.big_five")
    if not scores:
        return "overall", "There were no scores to believe or doubt.", "Draft a self."
    low, high = min(scores, key=lambda name: scores[name]), max(scores, key=lambda name: scores[name])
    problem = f"self.big_five runs from {scores[low]:.2f} ({low}) to {scores[high]:.2f} ({high})."
    if scores[high] - scores[low] < _NARROW:
        return "self", problem, "Let one need or trait stand out more."
    return "self", problem, "Keep the ends for what the soul explains."
