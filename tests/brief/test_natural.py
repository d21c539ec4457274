"""Natural briefs in 16 languages: heights without a unit, ages near a number, other people, and former looks."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.brief.fate import KEPT, account
from personaforge.brief.reading import read_brief
from tests.embedded.writer.test_facts import drafted

AGE, HEIGHT = "surface.age", "dna.body.height_cm"

HEIGHTS: list[tuple[str, int | None, tuple[int, int] | None]] = [
    ("Un electricista de Sevilla, cuarenta y pocos, mide 1,80.", 180, (41, 43)),
    ("Infirmière à Lyon, quarante ans, mesure 1,65", 165, (40, 40)),
    ("Infirmière à Lyon, 41 ans, 1,65", 165, (41, 41)),
    ("Un elettricista di Roma, alto 1,85, sui quarantacinque", 185, (43, 47)),
    ("Uma enfermeira do Porto, mede 1,78", 178, None),
    ("Pielęgniarka z Krakowa, wzrost 1,82", 182, None),
    ("Krankenschwester aus Lyon, 1,65", 165, None),
    ("Krankenschwester aus Lyon, 1,65 groß, 41", 165, (41, 41)),
    ("enfermera de Lyon, 1,65", 165, None),
    ("Un panadero de Sevilla que vende pan a 1,80 euros y mide 1,75", 175, None),
    ("A baker who is 1 meter 70 and blond", 170, None),
    ("A baker, six feet tall, 41", 183, (41, 41)),
    ("A baker, 5'11\", from Leeds", 180, None),
    ("A baker of five foot seven from Leeds", 170, None),
    ("A baker sells bread for 1.80, weighs 72.5 kg and lives 1,75 km from the sea", None, None),
    ("Bakker uit Utrecht, 1,93 lang, 41 jaar", 193, (41, 41)),
    ("İzmir'de yaşayan hemşire, boyu 1,72", 172, None),
    ("Медсестра из Казани, рост 1,72, 41 год", 172, (41, 41)),
    ("ممرضة من القاهرة طولها 1.68", 168, None),
    ("אחות מחיפה, גובה 1.72", 172, None),
    ("लखनऊ की नर्स, कद 1.62", 162, None),
    ("大阪の看護師、身長1.62", 162, None),
    ("서울 간호사, 키 1.75", 175, None),
    ("上海的护士，身高1.72", 172, None),
]


@pytest.mark.parametrize(("brief", "height", "age"), HEIGHTS)
def test_a_height_is_no_age_and_a_price_neither(brief: str, height: int | None, age: tuple[int, int] | None) -> None:
    reading = read_brief(brief)
    assert (reading.value(HEIGHT), reading.value(AGE)) == (height, age)


@pytest.mark.parametrize(
    ("brief", "age"),
    [
        ("خبازة من القاهرة في أواخر الأربعينات", (47, 49)),
        ("ممرضة من القاهرة في أواخر أربعيناتها", (47, 49)),
        ("kırklı yaşların sonunda bir hemşire", (47, 49)),
        ("Kırklı yaşlarının başındaki bir fırıncı", (40, 43)),
        ("Eine Bäckerin in ihren späten Vierzigern", (47, 49)),
        ("Eine Mittvierzigerin aus Bremen", (44, 46)),
        ("Piekarka pod pięćdziesiątkę z Krakowa", (48, 49)),
        ("Женщина в конце пятого десятка", (47, 49)),
        ("אופה בשלהי שנות הארבעים", (47, 49)),
        ("लखनऊ की नर्स, 40 के दशक के अंत में", (47, 49)),
        ("四十過ぎの看護師", (41, 43)),
        ("서울에 사는 마흔 초반의 간호사", (40, 43)),
        ("年近五十的护士", (48, 49)),
        ("Une infirmière de Lyon, la petite quarantaine", (40, 43)),
        ("Uma padeira com quarenta e muitos anos", (47, 49)),
        ("Un panadero casi cincuenta", (48, 49)),
        ("A baker in her mid to late forties", (44, 49)),
        ("Una panettiera alla fine dei quaranta", (47, 49)),
        ("Een vrouw tegen de vijftig", (48, 49)),
        ("A baker of about 45 from Leeds", (43, 47)),
        ("A baker from Leeds with about 45 cakes", None),
    ],
)
def test_parts_of_a_decade_and_ages_near_a_number(brief: str, age: tuple[int, int] | None) -> None:
    assert read_brief(brief).value(AGE) == age


def looks(brief: str) -> dict[str, Any]:
    kinds = ("look", "mark", "beard", "height")
    return {fact.path.removeprefix("dna."): fact.value for fact in read_brief(brief).facts if fact.kind in kinds}


@pytest.mark.parametrize(
    ("brief", "hers"),
    [
        ("A mother of two, 43, from Leeds; her husband is bald and has a beard.", {}),
        (
            "A nurse of 41, brown hair. Her twin sister is a redhead with green eyes and a scar.",
            {"hair.color": "brown"},
        ),
        ("A nurse. Her husband Tom is a bald baker. He has a beard. She has red hair.", {"hair.color": "red"}),
        ("A baker living in Leeds with her bald husband, 43, blonde", {"hair.color": "blond"}),
        ("A woman with her husband, her dog and red hair", {"hair.color": "red"}),
        ("Una enfermera de Sevilla. Su marido es calvo y tiene barba.", {}),
        ("Enfermeira do Porto, 41 anos. Seu marido é careca e tem barba.", {}),
        ("Infirmière à Lyon. Son mari est chauve et barbu. Elle a les yeux verts.", {"eyes.color": "green"}),
        ("Krankenschwester, 41. Ihr Mann ist kahlköpfig und 1,90 groß, sie hat rote Haare.", {"hair.color": "red"}),
        ("Infermiera di Roma, 41 anni. Suo marito è calvo e ha la barba.", {}),
        ("Verpleegster uit Utrecht, 41 jaar. Haar man is kaal en heeft een baard.", {}),
        ("Pielęgniarka z Krakowa, 41 lat. Jej mąż jest łysy i ma brodę.", {}),
        ("İzmir'de yaşayan hemşire, 41 yaşında. Kocası kel ve sakallı.", {}),
        ("Медсестра из Казани, 41 год. Её муж лысый, с бородой. Она рыжая.", {"hair.color": "red"}),
        ("ممرضة من القاهرة عمرها 41 عاما. زوجها أصلع وله لحية.", {}),
        ("אחות מחיפה, בת 41. בעלה קירח עם זקן.", {}),
        ("मुंबई की नर्स, उम्र 41. उसका पति गंजा है और दाढ़ी है।", {}),
        ("大阪の看護師、四十一歳。夫は坊主頭でひげがある。彼女は金髪。", {"hair.color": "blond"}),
        ("서울에 사는 간호사, 41세. 남편은 대머리이고 수염이 있다.", {}),
        ("上海的护士，四十一岁，她的丈夫是光头，留胡子，她是短发。", {"hair.length": "short"}),
    ],
)
def test_looks_of_somebody_else_are_no_facts(brief: str, hers: dict[str, Any]) -> None:
    assert looks(brief) == hers
    assert read_brief(brief).value("surface.gender") in (None, "woman")


@pytest.mark.parametrize(
    ("brief", "now"),
    [
        ("A baker from Leeds. Her hair was black and is now white.", {"hair.color": "white"}),
        ("Eine Bäckerin aus Bremen, früher blond, heute grau.", {"hair.color": "gray"}),
        ("Une boulangère de Lyon. Elle était brune, elle est maintenant rousse.", {"hair.color": "red"}),
        ("Una enfermera de Sevilla; antes rubia, ahora pelirroja.", {"hair.color": "red"}),
        ("昔は金髪だったが、今は黒髪の看護師。", {"hair.color": "black"}),
        ("서울 간호사. 예전에는 금발이었지만 지금은 흑발.", {"hair.color": "black"}),
        ("Her hair is brown and curly. She used to be blonde.", {"hair.color": "brown", "hair.texture": "curly"}),
    ],
)
def test_former_looks_are_no_facts(brief: str, now: dict[str, Any]) -> None:
    assert looks(brief) == now


@pytest.mark.parametrize(
    ("brief", "said", "gender"),
    [
        ("A grey-haired baker with a short beard", {"hair.color": "gray", "face.facial_hair": "short beard"}, "man"),
        (
            "A baker with curly brown hair and a long beard",
            {"hair.texture": "curly", "hair.color": "brown", "face.facial_hair": "full beard"},
            "man",
        ),
        ("A baker from Leeds with a thick grey beard", {"face.facial_hair": "full beard"}, "man"),
        (
            "Un panadero con barba gris y larga, pelo corto",
            {"face.facial_hair": "full beard", "hair.length": "short"},
            "man",
        ),
        (
            "Eine Person mit grauem Haar und dichtem Bart",
            {"hair.color": "gray", "face.facial_hair": "full beard"},
            "man",
        ),
        ("пекарь из Казани с густой бородой", {"face.facial_hair": "full beard"}, "man"),
        ("A woman with brown hair, no beard", {"hair.color": "brown"}, "woman"),
    ],
)
def test_an_adjective_is_its_beards(brief: str, said: dict[str, Any], gender: str) -> None:
    reading = read_brief(brief)
    assert looks(brief) == said and reading.value("surface.gender") == gender
    assert [span.words for span in reading.unread if "grey" in span.words] == (
        ["grey"] if "thick grey" in brief else []
    )


def test_a_birthplace_is_no_residence() -> None:
    cities = [
        fact.value for fact in read_brief("A baker from Leeds. She was born in Osaka.").facts if fact.kind == "city"
    ]
    assert cities == ["Leeds"]
    assert read_brief("Una enfermera nacida en Sevilla").value("surface.location.city") == "Seville"


@pytest.mark.parametrize(
    "brief",
    [
        "A mother of two, 43, from Leeds; her husband is bald and has a full beard.",
        "A nurse of 41 from Leeds with short brown hair. Her twin sister is a redhead with green eyes and a scar.",
        "A woman, 43, from Leeds. Her hair is brown and curly. She used to be blonde.",
        "A baker from Leeds. Her hair was black and is now white. She used to be bald.",
    ],
)
def test_the_english_writer_drafts_neither(brief: str) -> None:
    for seed in (1, 2):
        sections = drafted(brief, seed=seed)
        assert sections["surface"]["gender"] == "woman" and sections["dna"]["face"]["facial_hair"] == "none"
        assert {row.fate for row in account(brief, {}, sections).rows if row.kind != "words"} == {KEPT}


def test_a_beard_that_nothing_else_tells_is_a_mans() -> None:
    for seed in (1, 2):
        sections = drafted("A baker from Leeds with a thick grey beard", seed=seed)
        assert (sections["surface"]["gender"], sections["dna"]["face"]["facial_hair"]) == ("man", "full beard")


@pytest.mark.parametrize(
    ("brief", "mark"),
    [
        ("A woman with a scar on her chin", "scar on the chin"),
        ("A woman with a scar on her left hand and brown eyes", "scar on the left hand"),
        ("A woman with a scar and brown eyes", "scar"),
        ("Una enfermera con una cicatriz en la mejilla izquierda", "scar on the left cheek"),
        ("Eine Bäckerin mit einer Narbe über dem linken Auge", "scar above the left eye"),
        ("Infirmière avec une cicatrice sur la joue gauche", "scar on the left cheek"),
        ("Медсестра со шрамом на левой щеке", "scar on the left cheek"),
        ("左の頬にほくろがある看護師", "mole on the left cheek"),
        ("左脸颊上有一颗痣的护士", "mole on the left cheek"),
    ],
)
def test_where_a_mark_is_belongs_to_it(brief: str, mark: str) -> None:
    assert looks(brief)["skin.marks"] == mark
    drawn = drafted(brief)["dna"]
    assert any(mark in one for one in drawn["skin"]["marks"])
    elsewhere = {"dna": {**drawn, "skin": {**drawn["skin"], "marks": ["faint scar through the right eyebrow"]}}}
    fates = [row.fate for row in account(brief, {}, elsewhere).rows if row.kind == "mark"]
    assert fates == ([KEPT] if mark == "scar" else ["lost"])


@pytest.mark.parametrize(
    ("brief", "hair", "eyes"),
    [
        ("A nurse of 41 with hazel eyes, wears a red headscarf.", None, "hazel"),
        ("A baker, 40, brown hair and a green coat.", "brown", None),
        ("Black hair, drives a red car.", "black", None),
        ("Blue eyes, white shoes.", None, "blue"),
        ("Green eyes, in a blue dress.", None, "green"),
        ("Her hair is brown and curly.", "brown", None),
        ("Una enfermera de 40 años, ojos negros, camisa blanca.", None, "black"),
        ("Infirmière, 41 ans, manteau rouge, cheveux gris.", "gray", None),
        ("Eine Bäckerin, 40, braune Haare und ein grüner Mantel.", "brown", None),
        ("Grüne Augen, trägt ein rotes Kleid.", None, "green"),
    ],
)
def test_colours_of_clothes_and_things_are_no_looks(brief: str, hair: str | None, eyes: str | None) -> None:
    read = [(fact.path, fact.value) for fact in read_brief(brief).facts if fact.path.endswith(".color")]
    assert read == [(f"dna.{part}.color", value) for part, value in (("hair", hair), ("eyes", eyes)) if value]
    dna = drafted(brief)["dna"]
    assert (hair or dna["hair"]["color"], eyes or dna["eyes"]["color"]) == (dna["hair"]["color"], dna["eyes"]["color"])


@pytest.mark.parametrize(
    ("brief", "said"),
    [
        ("A baker of 41 who speaks no English.", []),
        ("A baker of 41, doesn't speak English.", []),
        ("A baker of 41 who speaks French and Dutch, but no German.", ["French", "Dutch"]),
        ("Una panadera de 41 años que no habla inglés.", []),
        ("Bäckerin, 41, spricht kein Englisch.", []),
        ("Boulangère de 41 ans, ne parle pas anglais.", []),
        ("A baker of 41 who isn't from Portugal but from Angola.", ["Angola"]),
        ("A baker of 41 from Lyon, not from Paris.", ["Lyon"]),
        ("Enfermera que no es de Madrid sino de Sevilla.", ["Seville"]),
        ("Elle ne vient pas de Paris mais de Lyon.", ["Lyon"]),
        ("She is not Spanish but Portuguese, from Porto.", ["Portugal", "Porto"]),
        ("A baker who has never left Leeds.", ["Leeds"]),
        ("A man born in 1980 in Tbilisi, lives in Oslo.", ["Oslo"]),
        ("Enfermera nacida en 1980 en Lima, vive en Madrid.", ["Madrid"]),
        ("Bäcker, geboren 1980 in Wien, wohnt in Berlin.", ["Berlin"]),
        ("Infirmière née en 1980 à Lyon, habite à Paris.", ["Paris"]),
    ],
)
def test_languages_and_places_that_are_denied_are_no_facts(brief: str, said: list[str]) -> None:
    kinds = ("language", "city", "country", "people")
    assert [fact.value for fact in read_brief(brief).facts if fact.kind in kinds] == said
