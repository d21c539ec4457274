"""Write the generated tables of `personaforge/brief/data`: names of countries, languages and cities, and number words.

    pip install babel==2.19.0 unicode-rbnf==2.4.1
    python -m tests.brief_data

Babel is 36 MB and is needed for nothing else, so its names are in the repository and it isn't a dependency. The names
are CLDR's (Unicode License v3, see the NOTICE beside the tables); the cities and the English names of countries are
those of the embedded writer's tables, so that a place that is read is one that the writer can use.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import yaml

from personaforge.brief.language import LANGUAGES
from personaforge.embedded.writer.locales import known_locales
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.work import jobs

DATA = Path(__file__).parents[1] / "personaforge" / "brief" / "data"
_SPOKEN = """en es pt fr de it nl pl tr ru ar he hi ja ko zh uk el sv da nb fi cs sk hu ro bg hr sr ca eu gl vi th id ms
fa ur bn ta te mr gu pa sw am yo ig ha zu xh af sq hy ka kk uz mn et lv lt sl is ga cy""".split()  # noqa: SIM905
_ALSO = {"nb": "Norwegian", "zh": "Mandarin", "fa": "Persian", "ms": "Malay"}


_WIDER = {"driver", "bus driver", "truck driver", "lorry driver", "courier"}
"""Words that the writer takes for an occupation of its own that isn't the same: a bus driver is no taxi driver."""


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()


def places() -> dict[str, Any]:
    """Return countries, cities and languages with their names in every language that differs from English."""
    from babel import Locale
    from babel.core import get_global

    cldr = {tag: Locale(tag) for tag in LANGUAGES}
    ours = {locale.tag.rpartition("-")[2]: locale.country for locale in known_locales()}
    countries: dict[str, Any] = {}
    for code, english in sorted(cldr["en"].territories.items()):
        if len(code) != 2 or code in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AQ", "BV", "HM", "TF", "CP", "DG"):
            continue
        countries[code] = {"name": ours.get(code, english)} | {
            tag: cldr[tag].territories[code] for tag in LANGUAGES if code in cldr[tag].territories
        }
    cities = {
        city: {"in": locale.tag.rpartition("-")[2]} for locale in reversed(known_locales()) for city in locale.cities
    }
    known = {_bare(city): city for city in cities}
    territories = get_global("zone_territories")
    for zone in sorted({zone for tag in LANGUAGES for zone in cldr[tag].time_zones}):
        english = cldr["en"].time_zones.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
        code = territories.get(zone)
        if code not in countries or "/" not in zone or zone.startswith(("Etc/", "Antarctica/")):
            continue
        city = known.get(_bare(english)) or known.get(_bare(zone.rpartition("/")[2].replace("_", " ")))
        if city is None and code in ours:
            continue  # a district or a small place of a country whose cities the writer knows
        row = cities.setdefault(city or english, {"in": code})
        for tag in LANGUAGES[1:]:
            name = cldr[tag].time_zones.get(zone, {}).get("city")
            if name and _bare(name) != _bare(city or english):
                row[tag] = name
    languages = {
        code: {"name": _ALSO.get(code, cldr["en"].languages[code])}
        | {tag: cldr[tag].languages[code] for tag in LANGUAGES if code in cldr[tag].languages}
        for code in _SPOKEN
    }
    return {"countries": countries, "cities": dict(sorted(cities.items())), "languages": languages}


def numbers() -> dict[str, Any]:
    """Return the words for 18 to 99 in every language, with their genders and cases."""
    from unicode_rbnf import RbnfEngine

    found: dict[str, Any] = {}
    for tag in LANGUAGES:
        engine = RbnfEngine.for_language(tag)
        found[tag] = {
            number: sorted(
                {
                    text.replace("\u00ad", "")
                    for rule, text in engine.format_number(number).text_by_ruleset.items()
                    if rule.startswith(("spellout-cardinal", "spellout-numbering"))
                    and "days" not in rule
                    and "financial" not in rule
                }
            )
            for number in range(18, 100)
        }
    return found


def work() -> dict[str, Any]:
    """Return the writer's occupations with their English words; a word that names several is the first one's."""
    titles: dict[str, list[str]] = {}
    taken = {job.title.lower() for job in jobs()}
    vague = {word.lower() for word in table("occupations")["not_titles"]}
    for job in jobs():
        own = titles.setdefault(job.title, [])
        for word in job.words:
            if word.lower() not in taken | vague | _WIDER:
                taken.add(word.lower())
                own.append(word)
    return {"titles": titles, "places": {"careful": sorted(table("intent")["careful"])}, "peoples": _peoples()}


def _peoples() -> dict[str, list[str]]:
    return {
        locale.tag.rpartition("-")[2]: sorted(
            {locale.demonym, *(word for word in locale.words if word != locale.country)}
        )
        for locale in known_locales()
    }


def main() -> None:
    """Write the tables."""
    for name, value in (("places", places()), ("numbers", numbers()), ("english", work())):
        source = "the embedded writer's tables" if name == "english" else "CLDR 48 (see NOTICE)"
        lines = [f"# Written by python -m tests.brief_data from {source}. Don't edit."]
        for key, rows in value.items():
            lines.append(f"{key}:")
            for row, entry in rows.items():
                flow = yaml.safe_dump(entry, allow_unicode=True, default_flow_style=True, width=10**6).strip()
                lines.append(f"  {yaml.safe_dump(row, allow_unicode=True).splitlines()[0]}: {flow}")
        (DATA / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
