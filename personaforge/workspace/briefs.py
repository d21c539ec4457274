"""What became of the facts of briefs: the brief and the pins of now, compared with what was drafted from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from personaforge.brief.fate import LOST, MAY_BE, OVERRULED, UNREAD, Account, account, lost_text, summary
from personaforge.brief.language import NAMES, language_of
from personaforge.brief.reading import read_brief
from personaforge.brief.text import plain
from personaforge.errors import StoreError
from personaforge.plan.look import shown_now
from personaforge.plan.plan import WORKING, PersonaPlan, Plan
from personaforge.providers.table import capability
from personaforge.results.results import Results
from personaforge.spec.load import Loaded
from personaforge.spec.material import material_of
from personaforge.spec.settings import Settings
from personaforge.steps.look import as_document
from personaforge.steps.material import FILES, SUMMARY
from personaforge.steps.phrasing import ENGLISH, phrase_language
from personaforge.store.lockfile import read_lock
from personaforge.store.result import NodeResult
from personaforge.store.store import Store


def brief_account(store: Store, loaded: Loaded) -> Account:
    """Return a brief's facts with their fates, by the document: what can be seen is as the pinned anchor shows it.
    Sections drafted from another brief count as not drafted. Raises StoreError for a lock that can't be read."""
    settings = loaded.settings
    shown = shown_now(store, settings, read_lock(loaded.lock, settings.id, settings.formerly))
    sections, pinned = as_document(drafted(store, settings), settings.value("pinned"), shown)
    return account(str(settings.value("brief")), pinned, sections, material_of(settings), summarised(store, settings))


def summarised(store: Store, settings: Settings) -> str:
    """Return what the step that read the files of a brief said of just these files; empty where it hasn't."""
    if not settings.get("material"):
        return ""
    made = [one for one in Results(store, settings).by_role("summary") if _made_from(one, settings)]
    return str(_read(store, made[0], SUMMARY).get(SUMMARY) or "") if made else ""


def unbuilt(settings: Settings) -> Account:
    """Return what a brief and its files state, of which nothing is drafted."""
    return account(str(settings.value("brief")), settings.value("pinned"), {}, material_of(settings))


def drafted(store: Store, settings: Settings) -> dict[str, Any]:
    """Return the sections that were last drafted from this brief: the accepted ones, where a second reader revised
    them. Empty where there are none, or where the store lacks their bytes."""
    results = Results(store, settings)
    found: dict[str, Any] = {}
    for one in results.by_role("section"):
        section = one.outcome.facts.get("section")
        if isinstance(section, str) and _made_from(one, settings):
            content = _read(store, one, "section")
            found |= {section: content} if content else {}
    for one in results.by_role("review"):
        if _made_from(one, settings):
            found |= _read(store, one, "sections")
    return found


def _made_from(result: NodeResult, settings: Settings) -> bool:
    """Tell whether a result was made from this brief, and from its files as they are."""
    read = result.dependencies.get("settings", {})
    files = settings.get(FILES)
    return bool(read.get("brief") == settings.value("brief") and read.get(FILES) == files)


def _read(store: Store, result: NodeResult, output: str) -> dict[str, Any]:
    if output not in result.outcome.outputs:
        return {}
    try:
        content = orjson.loads(store.blobs.get(result.outcome.outputs[output].artifact.digest))
    except (StoreError, ValueError):  # the commands that need the bytes say what is wrong with them
        return {}
    return dict(content) if isinstance(content, Mapping) else {}


def brief_notices(store: Store, plan: Plan) -> Iterator[str]:
    """Yield what a plan says of its personas' briefs: what was lost, as the second reader's result has it, and before
    one is drafted what would be lost, that most of it is not understood, and that a build refuses it for that; and of
    phrases that stay in another language than they would be drafted in now. Reads one row of the index for a persona,
    and no English brief where nothing is to be drafted: most plans have nothing to do."""
    for one in plan.personas:
        if any(node.state in WORKING and node.shape.kind.role == "section" for node in one.nodes.values()):
            from personaforge.workspace.forecast import WAY_OUT, forecast_in, shortfall

            settings = one.loaded.settings
            ahead = forecast_in(store, plan, one)
            now = ahead.account if ahead else unbuilt(settings)
            short, verb = shortfall(settings, ahead), ahead.verb if ahead else MAY_BE
            yield from (
                [f"{short}; forge build refuses it: {WAY_OUT}"] if short else _short(settings.id, now, ahead=verb)
            )
            if said := other_language(settings, {}):
                yield f"{settings.id}: {said}"
            continue
        yield from _phrases_stay(store, one)
        for node in one.nodes.values():
            if node.shape.kind.role != "review" or node.row is None or node.state in WORKING:
                continue
            result = store.index.result(node.id)
            lost = result.outcome.facts.get("brief_lost") if result is not None else None
            if one.overruled:  # the reader judged the draft, and the document is as the pinned anchor shows it
                lost = [row.words for row in brief_account(store, one.loaded).of(LOST)]
            if isinstance(lost, list) and lost:
                yield lost_text(one.id, [str(words) for words in lost])


def _phrases_stay(store: Store, one: PersonaPlan) -> Iterator[str]:
    """Yield that a persona's phrases stay as they were accepted, by a forge that had them in another language."""
    mask = next((node for node in one.nodes.values() if node.shape.declaration.get("section") == "mask"), None)
    if mask is None:
        return
    settings, step = one.loaded.settings, mask.shape.step
    chosen = settings.get("text.phrases") or (settings.get("pinned.surface") or {}).get("languages")
    if not capability("text", settings.value("text.provider")).writes:
        return
    # Without a pin the brief has to be read: only where forge has changed since, as most plans have nothing to do.
    if not chosen and (not mask.note or language_of(plain(str(settings.value("brief")))) == ENGLISH):
        return
    was, now = phrases_in(store, settings), phrase_language(settings)
    if was != now:
        drafted = f"drafted anew, by `forge build {one.id} --force {step}`, they would be in {NAMES[now]}"
        yield f"{one.id}: signature phrases stay in {NAMES[was]}, in which they were accepted; {drafted}"


def brief_outcomes(store: Store, loaded: Sequence[Loaded]) -> Iterator[str]:
    """Yield what a build says of the briefs that it built from: what is lost, and that most is not understood."""
    for one in loaded:
        yield from _short(one.settings.id, brief_account(store, one))
        if said := other_language(
            one.settings, {}, phrases_in(store, one.settings)
        ):  # of a brief in English, `forge show` says it
            yield f"{one.settings.id}: {said}"


def _short(name: str, found: Account, *, ahead: str = "") -> Iterator[str]:
    if lost := found.of(LOST):
        yield lost_text(name, [row.words for row in lost], ahead=ahead)
    if found.read_share is not None and found.read_share < _MOSTLY:
        parts = f"{found.count(UNREAD)} of {len(found.rows)} parts"
        yield f"{name}: of its brief {parts} are not understood (forge brief {name})"


def phrases_in(store: Store, settings: Settings) -> str:
    """Return the language of the signature phrases as they were drafted last, as a tag: what was accepted before
    phrases had languages is in English. Where nothing is drafted, the one that they would be in."""
    for one in Results(store, settings).by_role("section"):
        if one.outcome.facts.get("section") == "mask":
            for record in filter(None, map(store.find, reversed(one.actions))):
                if record["parts"]["kind"] == "complete":
                    return str(record["parts"]["request"].get("language", ENGLISH))
    return phrase_language(settings)


def other_language(settings: Settings, sections: Mapping[str, Any], phrases: str = "") -> str:
    """Return in one line that a persona's texts are not in its language, as its document has it or else its brief;
    empty where they are, and where the writer writes any. `phrases` is the language of those that were drafted."""
    text, spoken = capability("text", settings.value("text.provider")), _at(sections, "surface", "languages")
    reading = read_brief(str(settings.value("brief"))) if text.writes else None
    stated = NAMES[reading.language] if reading is not None and reading.is_recognised else ""
    first = str(spoken[0]) if isinstance(spoken, list) and spoken else stated
    if not text.writes or text.writes.lower() in first.lower():
        return ""
    # A brief's language is a guess, and isn't named where its words tell too little.
    why = f"and its brief reads as {first}" if first else "and its brief is in no language that forge recognises"
    if isinstance(spoken, list) and spoken:
        why = f"and its document says {first}"
    said = NAMES[phrases or phrase_language(settings)]
    if said == text.writes:
        way = f"the {text.label} writer has signature phrases in {len(NAMES)} languages (text.phrases)"
        return f"signature phrases and all other texts are in {said}, {why}; {way}, all else in {said}"
    return f"signature phrases are in {said}, all other texts in {text.writes}, {why}"


def _at(sections: Mapping[str, Any], section: str, key: str) -> Any:
    found = sections.get(section)
    return found.get(key) if isinstance(found, Mapping) else None


_MOSTLY = 0.5
"""Share of a brief's parts under which it counts as mostly not understood."""


def brief_remarks(store: Store, loaded: Sequence[Loaded]) -> Iterator[str]:
    """Yield a line for each persona of whose brief something is lost, overruled or not understood, or would be; and for
    each that a build refuses for it."""
    from personaforge.workspace.forecast import WAY_OUT, forecast, shortfall

    for one in loaded:
        ahead = None
        if not drafted(store, one.settings):
            lock = read_lock(one.lock, one.settings.id, one.settings.formerly)
            ahead = forecast(one.settings, lock, shown_now(store, one.settings, lock))
        now = ahead.account if ahead else brief_account(store, one)
        if any(row.fate in (LOST, OVERRULED, UNREAD) for row in now.rows):
            yield summary(one.settings.id, now, ahead=ahead.verb if ahead else "")
        if said := other_language(one.settings, {}, phrases_in(store, one.settings)):
            yield f"{one.settings.id}: {said}"
        if short := shortfall(one.settings, ahead):
            yield f"{short}; forge build refuses it: {WAY_OUT}"
