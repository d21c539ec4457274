"""Facts of a brief, read by the word lists of its language. Pure; a brief has one reading.

Age, height, name, languages and what is ruled out are read first, by their own phrases; then looks, places and work.
No word belongs to two facts (but a gender may be
read off an occupation). What a list doesn't have is not guessed: it is in `unread`, in runs of words that carry
meaning (no little words, nothing shorter than three letters but
numbers of two digits), each within one clause. Ages under 18 are not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from personaforge.brief.ages import ages
from personaforge.brief.aside import is_birthplace
from personaforge.brief.denied import is_denied, is_former, is_part_of_a_name, is_ruled_out, lead_of_former
from personaforge.brief.fact import BriefReading, Fact, Span
from personaforge.brief.found import Found
from personaforge.brief.heights import heights
from personaforge.brief.language import data, language, language_of
from personaforge.brief.looks import looks
from personaforge.brief.recognition import is_recognised
from personaforge.brief.text import END, START, Text, text_of
from personaforge.brief.text import plain as plain_text

_CLAUSE = re.compile(r"[.,;:!?()\n\"“”«»،؛؟।。、，；：！？「」]")
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0963])+(?:['-](?:[^\W_]|[\u0900-\u0963])+)*")
_IDEOGRAPHS = re.compile(r"[\u30a0-\u30ff\u3400-\u9fff々ー]{2,}|[a-z0-9]{3,}")
_REACH = 40
"""Characters after "no" or "never" within which what is ruled out is named: one clause of usual length."""


@lru_cache(maxsize=256)
def read_brief(brief: str) -> BriefReading:
    """Read a brief."""
    text = text_of(brief)
    tag = language_of(text.plain)
    found = _read(text, tag)
    facts = tuple(sorted(found.facts, key=lambda fact: fact.start))
    asides = _asides(found) if found.is_aside() else ()
    return BriefReading(tag, facts, tuple(_unread(found)), asides, is_recognised(brief, text.plain, tag))


def _read(text: Text, tag: str, *, whole: bool = False) -> Found:
    found = Found(text, language(tag), whole=whole)
    for fact in _all(found):
        found.add(fact)
    return found


def _asides(found: Found) -> tuple[tuple[int, int], ...]:
    """Return the words beside the person of today that would be facts otherwise."""
    marked = bytes(one or other for one, other in zip(found.others, found.past, strict=True))
    spans = [(hit.start(), hit.end()) for hit in re.finditer(rb"\x01+", marked)]
    places = found.text.places
    inside = [(places[start], places[min(end, len(places) - 1)]) for start, end in spans]
    known = {(fact.kind, fact.start) for fact in found.facts}
    other = [
        fact for fact in _read(found.text, found.words.tag, whole=True).facts if (fact.kind, fact.start) not in known
    ]
    return tuple((start, end) for start, end in inside if any(fact.start < end and fact.end > start for fact in other))


def _all(found: Found) -> Iterator[Fact]:
    yield from heights(found)
    yield from ages(found)
    yield from _names(found)
    yield from _spoken(found)
    yield from _excluded(found)
    yield from looks(found)
    yield from _places(found)
    yield from _work(found)
    yield from _gender(found)


def _names(found: Found) -> Iterator[Fact]:
    plain, original, places = found.text.plain, found.text.original, found.text.places
    tag = found.words.tag
    for hit in found.words.pattern(found.words.lists["named"], bare=True).finditer(plain):
        if tag in ("ja", "ko", "zh"):
            name = re.compile(r"[\s:]*((?:[^\W\d_]|[・·]){2,8})").match(plain, hit.end())
        elif tag in ("ar", "he", "hi"):
            name = re.compile(r"[\s:]*([^\W\d_]\S*?)(?=[\s,.;،।]|$)").match(plain, hit.end())
        else:
            name = re.compile(r"[\s:]*((?:[^\W\d_][\w'.-]*)(?:\s+[^\W\d_][\w'-]*){0,3})").match(plain, hit.end())
        if name is None:
            continue
        end = name.start(1)
        for word in re.finditer(r"\S+", name.group(1)):
            start = name.start(1) + word.start()
            if tag not in ("ar", "he", "hi", "ja", "ko", "zh") and not original[places[start]].isupper():
                break
            end = start + len(word.group().rstrip(",."))
        if end > name.start(1) and found.is_free(hit.start(), end):
            value = found.text.words(name.start(1), end)
            yield found.fact("name", "surface.name", value, hit.start(), end)
            return
    leading = re.match(r"\s*([^\W\d_][\w'-]+(?:\s+[^\W\d_][\w'-]+){1,2})\s*,", plain)
    if leading and tag not in ("ar", "he", "hi", "ja", "ko", "zh", "de"):
        said = found.text.words(*leading.span(1))
        known = found.words.work.matcher.search(leading.group(1)) or found.words.place.matcher.search(leading.group(1))
        if not known and all(word[0].isupper() and word[1:].lower() == word[1:] for word in said.split()):
            yield found.fact("name", "surface.name", said, *leading.span(1))


def _spoken(found: Found) -> Iterator[Fact]:
    words, plain = found.words, found.text.plain
    names = {row.get(words.tag, row["name"]): row["name"] for row in data("places")["languages"].values()}
    matcher = words.pattern(_inflected(words.tag, names))
    before = words.pattern(words.lists["speaks"], bare=True) if words.lists.get("speaks") else None
    after = re.compile("|".join(re.escape(word) for word in words.lists.get("speaks_after", ())) or r"(?!)")
    by_name = {re.sub(r"\W", "", words.part(name)): english for name, english in names.items()}
    speaking = {hit.end(): hit.start() for hit in before.finditer(plain)} if before else {}
    for hit in matcher.finditer(plain):
        near = [end for end in speaking if 0 <= hit.start() - end <= _REACH and not _stops(plain[end : hit.start()])]
        if not near and not after.search(plain[hit.end() : hit.end() + 12]):
            continue
        said = re.sub(r"\W", "", hit.group("word"))
        english = next((one for name, one in by_name.items() if said.startswith(name[: max(3, len(name) - 3)])), "")
        if is_denied(found, *hit.span()) or (near and is_denied(found, speaking[max(near)], max(near))):
            continue  # speaks no English, doesn't speak it
        if english and found.is_free(*hit.span()):
            start = speaking[max(near)] if near and plain[max(near) : hit.start()].strip() == "" else hit.start()
            yield found.fact("language", "surface.languages", english, min(start, hit.start()), hit.end())


def _inflected(tag: str, names: Mapping[str, str]) -> list[str]:
    """Return names of languages with the endings that they have after "speaks" in Russian and Polish."""
    return [*names, *(f"{name[:-2]}*" for name in names if tag in ("ru", "pl") and len(name) > 5)]


def _stops(between: str) -> bool:
    return bool(re.search(r"[.;!?\n。；！？।]", between))


def _excluded(found: Found) -> Iterator[Fact]:
    """Yield what is ruled out and known by name; other clauses with "no" are unread."""
    words, plain, lists = found.words, found.text.plain, found.words.lists
    known = {f"mark|{key}": said for key, said in lists["marks"].items()}
    known |= {f"beard|{key}": said for key, said in lists["beard"].items()}
    known |= {f"thing|{key}": said for key, said in lists["things"].items()}
    known |= {f"unworn|{key}": said for key, said in lists["unworn"].items()}
    denied = words.pattern(lists["no"], bare=words.tag != "ar") if lists["no"] else re.compile(r"(?!)")
    reach = [(no.start(), no.end()) for no in denied.finditer(plain)]
    after = re.compile(r"[^.,;!?。、，；]{0,4}?(?:" + "|".join(map(_loose, lists.get("no_after", ()))) + ")")
    ending = re.compile(lists["no_suffix"]) if "no_suffix" in lists else None
    adjacent = re.compile(rf"{START}{lists['no_adjacent']}[\s-]?$") if "no_adjacent" in lists else re.compile(r"(?!)")
    for hit, key, _ in words.index(known).finditer(plain):
        start, end = hit.span()
        if is_part_of_a_name(found, start, end):
            continue
        no = next(
            (one for one in reach if one[1] <= start <= one[1] + _REACH and _one_clause(plain[one[1] : start])), None
        )
        if no is not None and hit.group("word") == "tie" and _VERBAL.search(plain[: hit.start()]):
            continue
        if no is not None:
            start = no[0] if found.is_free(no[0], end) else start
        elif beside := adjacent.search(plain[:start]):  # non-smoking, and no reach: a non-binary person with glasses
            start = beside.start()
        elif lists.get("no_after") and (behind := after.match(plain, end)):
            end = behind.end()
        elif not (ending and ending.search(hit.group())):
            continue
        if found.is_free(*hit.span()):
            yield found.fact("exclusion", "", key.partition("|")[2], start, end)
    if ending:  # gözlüksüz: the ending of "without" at a word that is ruled out
        for key, said in known.items():
            for word in said:
                without = re.compile(START + words.part(word.partition("/")[0]) + lists["no_suffix"] + END)
                for hit in without.finditer(plain):
                    if found.is_free(*hit.span()):
                        yield found.fact("exclusion", "", key.partition("|")[2], *hit.span())


_VERBAL = re.compile(r"\b(?:doesn't|don't|won't|not|never) $")
"""What stands before a verb of English: "doesn't tie" is about no tie."""


def _loose(words: str) -> str:
    return re.escape(plain_text(words)).replace(r"\ ", r"\s*")


def _one_clause(between: str) -> bool:
    return not re.search(
        r"[.,;:!?\n،。、，；]|\bbut\b|\bpero\b|\bmais\b|\baber\b|\bmaar\b|\bma\b|\bно\b|\bale\b", between
    )


def _places(found: Found) -> Iterator[Fact]:
    words, plain, text = found.words, found.text.plain, found.text
    latin = words.tag in ("en", "es", "pt", "fr", "de", "it", "nl", "pl", "tr")
    careful = set(data("english")["places"]["careful"]) if latin else set()
    near = words.pattern(words.lists["near"]) if words.lists["near"] else None
    hits = list(words.place.finditer(plain))
    born = {hit.span("word") for hit, _, _ in hits if is_birthplace(plain, words.tag, *hit.span("word"))}
    elsewhere = any(
        hit.span("word") not in born and not any(found.others[hit.start() : hit.end()]) for hit, _, _ in hits
    )
    for hit, key, _ in hits:
        start, end = hit.span("word")
        if elsewhere and (start, end) in born:  # no residence: born in Osaka, a baker from Leeds
            continue
        if is_ruled_out(found, start):  # not from Paris
            continue
        if not found.is_free(start, end) or (latin and not text.original[text.places[start]].isupper()):
            continue
        lead = plain[max(0, start - 12) : start].rstrip()
        if hit.group("word") in careful and near and not any(one.end() == len(lead) for one in near.finditer(lead)):
            continue
        kind, _, name = key.partition("|")
        yield found.fact(kind, f"surface.location.{kind}", name, start, hit.end())
    codes = data("places")["countries"]
    for hit, code, _ in words.peoples.finditer(plain):
        if not found.is_free(*hit.span()):
            continue
        if words.tag == "en" and not text.original[text.places[hit.start()]].isupper():
            continue
        if is_denied(found, *hit.span()):  # no habla inglés says nothing of England, either
            continue
        if code in codes:
            yield found.fact("people", "surface.location.country", codes[code]["name"], *hit.span())


def _work(found: Found) -> Iterator[Fact]:
    """Yield the first occupation that isn't denied or given up: of "no longer a nurse, now a gardener" the gardener."""
    passed: list[int] = []
    retired = found.words.pattern(found.words.lists["retired"])
    hits = [hit for hit in _occupations(found) if found.is_free(*hit[0].span())]
    former = {hit.start(): lead_of_former(found, *hit.span()) for hit, _ in hits if is_former(found, *hit.span())}
    rest = [hit for hit in hits if hit[0].start() not in former]
    if not rest:  # retired teacher, in languages that say so as of a former one
        rest = [hit for hit in hits if retired.search(found.text.plain, former[hit[0].start()], hit[0].start())]
    else:
        passed = list(former.values())
    for hit, work in rest[:1]:
        yield found.fact("occupation", "surface.occupation", work, *hit.span())
    for one in retired.finditer(found.text.plain):
        if found.is_free(*one.span()) and not any(one.start() <= start <= one.end() for start in passed):
            yield found.fact("retired", "surface.occupation", "retired", *one.span())
            return


def _occupations(found: Found) -> Iterator[tuple[re.Match[str], str]]:
    for hit, work, _ in found.words.work.finditer(found.text.plain):
        yield hit, work


def _gender(found: Found) -> Iterator[Fact]:
    """Yield the gender that most words are of: she, mother, and the form of an occupation (enfermera)."""
    words, plain = found.words, found.text.plain
    hits: dict[str, list[tuple[int, int]]] = {"woman": [], "man": [], "nonbinary": []}
    former: set[tuple[int, int]] = set()
    for gender, said in words.lists["gender"].items():
        hits[gender] += [
            hit.span() for hit in words.pattern(said).finditer(plain) if not any(found.others[hit.start() : hit.end()])
        ]
    for index in (words.work, words.index(words.lists["whole"]), words.peoples):
        for hit, _, gender in index.finditer(plain):
            if gender and not any(found.others[hit.start() : hit.end()]):
                hits[gender].append(hit.span())
                former |= {hit.span()} if index is words.work and is_former(found, *hit.span()) else set()
    if hits["nonbinary"]:
        yield found.fact("gender", "surface.gender", "nonbinary", *hits["nonbinary"][0])
        return
    best = max(
        ("woman", "man"), key=lambda gender: (len(hits[gender]), -min((one[0] for one in hits[gender]), default=0))
    )
    if not hits[best] and found.beard:  # nothing else tells: a thick grey beard
        yield found.fact("gender", "surface.gender", "man", *found.beard)
    elif hits[best]:  # what is given up says a gender, too, and stays unread where another word says it
        yield found.fact("gender", "surface.gender", best, *min(hits[best], key=lambda one: (one in former, one)))


def _unread(found: Found) -> Iterator[Span]:
    words, plain, text = found.words, found.text.plain, found.text
    matcher = _WORD if words.parted else _IDEOGRAPHS
    gender = {hit.span() for said in words.lists["gender"].values() for hit in words.pattern(said).finditer(plain)}
    least = 2 if words.tag in ("ko", "he", "ar", "hi", "ja", "zh") else 3
    said_no = [*words.lists["no"], *words.lists.get("no_after", ())] if words.parted else []
    denials = {hit.span() for hit in words.pattern(said_no, bare=True).finditer(plain)}
    run: list[tuple[int, int]] = []
    last = 0

    def closed() -> Iterator[Span]:
        if run and not all(one in denials for one in run):
            start, end = run[0][0], run[-1][1]
            yield Span(text.words(start, end), text.places[start], text.places[end])
        run.clear()

    for hit in matcher.finditer(plain):
        if run and (_CLAUSE.search(plain[last : hit.start()]) or any(found.taken[last : hit.start()])):
            yield from closed()
        last = hit.end()
        if any(found.taken[hit.start() : hit.end()]):
            yield from closed()
        elif hit.span() in denials or (
            (len(hit.group()) >= least or re.fullmatch(r"\d\d", hit.group()))
            and hit.group() not in words.signs
            and hit.span() not in gender
        ):
            run.append(hit.span())
    yield from closed()
