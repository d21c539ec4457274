"""Hair, eyes, skin marks, beard and things worn, as a brief has them.

A colour, texture or length belongs to the nearest noun (hair, eyes) on the side where the language puts adjectives, and
to one on the other side only where nothing else is between them. No noun, no fact: "red" alone is no hair, and a colour
beside another word has that one before any noun behind a comma or an "and": blue jeans and gray hair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from personaforge.brief.aside import is_of_now
from personaforge.brief.denied import is_denied, is_part_of_a_name
from personaforge.brief.fact import Fact
from personaforge.brief.found import Found
from personaforge.brief.marked import place_of
from personaforge.brief.text import END, START

_FAR = 28
"""Characters between an adjective and its noun: three adjectives with their commas."""
_BARRIER = re.compile(r"[.;:!?\n。；！？।]")


class _Noun(NamedTuple):
    start: int
    end: int
    part: str
    """hair, eyes or beard."""


def looks(found: Found) -> Iterator[Fact]:
    """Yield what is said about a look."""
    words, plain, lists = found.words, found.text.plain, found.words.lists
    nouns: list[_Noun] = []
    for hit, key, _ in words.index(lists["whole"]).finditer(plain):
        path, _, value = key.partition("=")
        if is_part_of_a_name(found, *hit.span()) or is_denied(found, *hit.span()):
            continue
        if found.is_free(*hit.span()) and path:
            nouns.append(_Noun(*hit.span(), path.partition(".")[0]))  # 短い黒髪: the length is the black hair's
            yield found.fact("look", f"dna.{path}", value, *hit.span())
    nouns += [
        _Noun(*hit.span(), part)
        for part, said in (("hair", [*lists["hair"], *lists.get("hair_words", ())]), ("eyes", lists["eyes"]))
        for hit in words.pattern(said).finditer(plain)
        if found.is_free(*hit.span())
    ]
    beards = [
        _Noun(*hit.span(), "beard")
        for hit, _, _ in words.index(lists["beard"]).finditer(plain)
        if found.is_free(*hit.span())
    ]
    nouns += beards  # grey-haired with a short beard: the length is the beard's
    described: set[_Noun] = set()
    for field, said in (("color", lists["colors"]), ("texture", lists["texture"]), ("length", lists["length"])):
        for hit, value, _ in words.index(said).finditer(plain):
            noun = _noun_of(hit.span(), nouns, plain, lists["order"], found)
            if noun is None and field == "color" and found.words.parted and _was_another(found, hit.start()):
                noun = _Noun(*hit.span(), "hair")  # früher blond, heute grau
            if (noun is not None and noun.part == "beard") or any(
                hit.start() < one.end and one.start < hit.end() for one in beards
            ):
                continue
            if noun is None or (field != "color" and noun.part != "hair") or not found.is_free(*hit.span()):
                continue
            if is_part_of_a_name(found, *hit.span()) or _is_a_name(found, *hit.span(), noun):
                continue
            if is_denied(found, *hit.span()):
                continue
            if noun.start != hit.start():
                described.add(noun)
            yield found.fact("look", f"dna.{noun.part}.{field}", value, *hit.span())
    for noun in described:  # the noun belongs to what was read of it
        found.taken[noun.start : noun.end] = b"\1" * (noun.end - noun.start)
    for kind, path in (("mark", "dna.skin.marks"), ("beard", "dna.face.facial_hair"), ("thing", "")):
        said = lists[{"mark": "marks", "beard": "beard", "thing": "things"}[kind]]
        for hit, value, _ in words.index(said).finditer(plain):
            if found.is_past(*hit.span()) or is_part_of_a_name(found, *hit.span()):
                continue
            if not found.is_free(*hit.span()):
                continue
            start, end = hit.span()
            if kind == "beard":
                thick = _thick(found, start, end) if value == "short beard" else None
                if thick is not None:
                    value = "full beard"
                    found.taken[thick[0] : thick[1]] = b"\1" * (thick[1] - thick[0])
                    if not re.search(r"\w", plain[thick[1] : start] + plain[end : thick[0]]):
                        start, end = min(start, thick[0]), max(end, thick[1])
                found.beard = found.beard or (start, end)
            if kind == "mark" and (place := place_of(found, start, end)) is not None:
                value, start, end = f"{value} {place.words}", min(start, place.start), max(end, place.end)
            yield found.fact(kind, path, value, start, end)


def _is_a_name(found: Found, start: int, end: int, noun: _Noun) -> bool:
    """Return whether an adjective has a capital letter that its noun lacks, and that isn't the first of a sentence:
    Nereto, capelli corti; Ana Rojo, pelo largo. Where words aren't parted: whether one ideograph is a part of a word
    that no list of looks has, as 青 is of 青森."""
    text = found.text
    if not found.words.parted:
        following = text.plain[end : end + 1]
        lists = found.words.lists
        looked = [word for name in ("colors", "texture", "length") for said in lists[name].values() for word in said]
        known = {one[0] for one in (*looked, *lists["hair"], *lists["eyes"])}
        return end - start == 1 and bool(re.match("[\u3400-\u9fff]", following)) and following not in known
    if not text.original[text.places[start]].isupper() or text.original[text.places[noun.start]].isupper():
        return False
    return not re.search(r"(?:^|[.!?:;\n¡¿])[\s\"'«»„“”(*-]*$", text.plain[:start])


def _thick(found: Found, start: int, end: int) -> tuple[int, int] | None:
    """Return where a word says that a beard is a full one: a thick grey beard, barba gris y larga; None where none
    does. A colour between them stays unread, as documents have none of beards."""
    words, plain = found.words, found.text.plain
    thick, edge = words.lists["thick"], END if words.parted else ""
    if words.lists["order"] == "after":
        hit = re.match(rf"\s+(?:[^\W\d_]+\s+){{0,2}}?(?P<thick>{thick}){edge}", plain[end:])
        span = (end + hit.start("thick"), end + hit.end("thick")) if hit else None
    else:
        between = r"\s+(?:[^\W\d_]+\s+)?" if words.parted else ""
        hit = re.search(rf"{START if words.parted else ''}(?P<thick>{thick}){between}$", plain[:start])
        span = hit.span("thick") if hit else None
    return span if span and found.is_free(*span) else None


def _was_another(found: Found, start: int) -> bool:
    """Return whether a colour stands behind a "now", and another one or a head of hair was said of former times."""
    words, plain = found.words, found.text.plain
    if not is_of_now(plain, words.tag, start):
        return False
    whole = {key: said for key, said in words.lists["whole"].items() if key.startswith("hair.")}
    indices = (words.index(words.lists["colors"]), words.index(whole))
    return any(found.is_past(*hit.span()) for index in indices for hit, _, _ in index.finditer(plain))


def _noun_of(span: tuple[int, int], nouns: list[_Noun], plain: str, order: str, found: Found) -> _Noun | None:
    start, end = span
    # What was once doesn't part a look of today from its noun: hair that was black and is now white.
    plain = "".join(" " if found.is_past(place, place + 1) else char for place, char in enumerate(plain))
    right = [
        noun
        for noun in nouns
        if noun.start >= end and _joined(plain[end : noun.start]) and _own(plain[end : noun.start], found, 0)
    ]
    left = [
        noun
        for noun in nouns
        if noun.end <= start and _joined(plain[noun.end : start]) and _own(plain[noun.end : start], found, -1)
    ]
    nearest_right = min(right, key=lambda noun: noun.start, default=None)
    nearest_left = max(left, key=lambda noun: noun.end, default=None)
    # Behind its noun an adjective says something of another word that follows it at once: brown hair, a green coat. In
    # languages that have adjectives behind, the same before it: manteau rouge, cheveux gris.
    if order == "before" and nearest_left is not None:
        following = re.match(r"\s+([^\W\d_][\w'-]*)", plain[end:])
        if following and _is_apart(plain[nearest_left.end : start], found) and _is_own(following[1], found):
            nearest_left = None
    elif order == "after" and nearest_right is not None:
        before = re.search(r"([^\W\d_][\w'-]*)\s+$", plain[:start])
        if before and _is_apart(plain[end : nearest_right.start], found) and _is_own(before[1], found):
            nearest_right = None
    if order == "before":
        comma = nearest_right is not None and "," in plain[end : nearest_right.start]
        if (
            nearest_left is not None
            and comma
            and re.match(r"\s*(?:is|are|ist|sind|is|zijn)\b", plain[nearest_left.end :])
        ):
            return nearest_left
        return nearest_right or nearest_left
    return nearest_left or nearest_right


def _is_apart(between: str, found: Found) -> bool:
    """Return whether a comma, an "and" or a word with a meaning of its own parts an adjective from a noun; a verb such
    as is, which no list has, doesn't."""
    if not found.words.parted:
        return False
    words = re.findall(r"[^\W\d_][\w'-]*", between)
    return "," in between or any(one in found.words.signs for one in words) or len(words) > 1


def _is_own(word: str, found: Found) -> bool:
    """Return whether a word is neither a little one nor an adjective of a look."""
    return word not in found.words.signs and not _adjectives(found).fullmatch(word)


def _adjectives(found: Found) -> re.Pattern[str]:
    listed = (found.words.lists[name].values() for name in ("colors", "texture", "length"))
    return found.words.pattern(word.partition("/")[0] for one in listed for said in one for word in said)


def _own(between: str, found: Found, beside: int) -> bool:
    """Return whether what stands beside an adjective (0: first of what is between, -1: last) is no word of its own,
    where a comma or a little word parts it from the noun."""
    words = found.words
    parts: list[list[str]] = [[]]
    for one in re.findall(r"[\w'-]+|,", between):
        if one == "," or one in words.signs:
            parts.append([])
        else:
            parts[-1].append(one)
    return not words.parted or len(parts) == 1 or all(_adjectives(found).fullmatch(one) for one in parts[beside])


def _joined(between: str) -> bool:
    """Return whether nothing but a few short words stands between an adjective and a noun."""
    return len(between) <= _FAR and not _BARRIER.search(between) and len(re.findall(r"\w+", between)) <= 4
