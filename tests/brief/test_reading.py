"""What is read of briefs in 16 languages: known facts, with their words, and what is said to be unread."""

from __future__ import annotations

import pytest

from personaforge.brief.language import LANGUAGES, data, language
from personaforge.brief.reading import read_brief
from personaforge.embedded.writer.locales import known_locales

AGE, GENDER, WORK, CITY = "surface.age", "surface.gender", "surface.occupation", "surface.location.city"
HAIR, TEXTURE, LENGTH, EYES = "dna.hair.color", "dna.hair.texture", "dna.hair.length", "dna.eyes.color"

BRIEFS = {
    "en": (
        "A forty-one-year-old nurse in Seville; she has curly brown hair, freckles, no glasses",
        {AGE: (41, 41), GENDER: "woman", WORK: "nurse", CITY: "Seville", HAIR: "brown", TEXTURE: "curly"},
    ),
    "es": (
        "Enfermera de urgencias de Sevilla, 41 años, madre de dos; pelo rizado castaño, pecas, sin gafas",
        {AGE: (41, 41), GENDER: "woman", WORK: "nurse", CITY: "Seville", HAIR: "brown", TEXTURE: "curly"},
    ),
    "pt": (
        "Padeiro do Porto, cinquenta e oito anos, cabelo curto grisalho, olhos azuis, sem óculos",
        {AGE: (58, 58), GENDER: "man", WORK: "baker", CITY: "Porto", HAIR: "gray", LENGTH: "short", EYES: "blue"},
    ),
    "fr": (
        "Boulangère de Lyon, quarante et un ans, cheveux roux bouclés, yeux verts, sans lunettes",
        {AGE: (41, 41), GENDER: "woman", WORK: "baker", CITY: "Lyon", HAIR: "red", TEXTURE: "curly", EYES: "green"},
    ),
    "de": (
        "Bäckerin aus München, vierunddreißig Jahre, lange rote Haare, blaue Augen, ohne Brille",
        {AGE: (34, 34), GENDER: "woman", WORK: "baker", CITY: "Munich", HAIR: "red", LENGTH: "long", EYES: "blue"},
    ),
    "it": (
        "Cuoca di Napoli, trentaquattro anni, capelli neri lunghi, occhi verdi, senza occhiali",
        {AGE: (34, 34), GENDER: "woman", WORK: "cook", CITY: "Naples", HAIR: "black", LENGTH: "long", EYES: "green"},
    ),
    "nl": (
        "Een bakker uit Utrecht van 58 jaar met kort grijs haar en blauwe ogen, zonder bril",
        {AGE: (58, 58), WORK: "baker", CITY: "Utrecht", HAIR: "gray", LENGTH: "short", EYES: "blue"},
    ),
    "pl": (
        "Pielęgniarka z Krakowa, czterdzieści jeden lat, krótkie rude włosy, zielone oczy, bez okularów",
        {AGE: (41, 41), GENDER: "woman", WORK: "nurse", CITY: "Kraków", HAIR: "red", LENGTH: "short", EYES: "green"},
    ),
    "tr": (
        "İzmir'de yaşayan otuz sekiz yaşında kadın hemşire, kısa sarı saçlı, mavi gözlü, gözlüksüz",
        {AGE: (38, 38), GENDER: "woman", WORK: "nurse", CITY: "Izmir", HAIR: "blond", LENGTH: "short", EYES: "blue"},
    ),
    "ru": (
        "Учительница из Новосибирска, сорок один год, короткие рыжие волосы, зелёные глаза, без очков",
        {GENDER: "woman", WORK: "teacher", CITY: "Novosibirsk", HAIR: "red", LENGTH: "short", EYES: "green"},
    ),
    "ar": (
        "ممرضة من القاهرة عمرها أربعون عاما، شعر أسود طويل وعينان بنيتان، بدون نظارة",
        {AGE: (40, 40), GENDER: "woman", WORK: "nurse", CITY: "Cairo", HAIR: "black", LENGTH: "long", EYES: "brown"},
    ),
    "he": (
        "מורה ליוגה מתל אביב, בת 29, שיער חום קצר, עיניים ירוקות, בלי משקפיים",
        {AGE: (29, 29), GENDER: "woman", WORK: "yoga teacher", CITY: "Tel Aviv", HAIR: "brown", EYES: "green"},
    ),
    "hi": (
        "मुंबई की एक महिला फोटोग्राफर, उम्र इकतीस, लंबे काले बाल, भूरी आंखें, बिना चश्मे",
        {AGE: (31, 31), GENDER: "woman", WORK: "photographer", CITY: "Mumbai", HAIR: "black", EYES: "brown"},
    ),
    "ja": (
        "大阪のラーメン職人、五十二歳の女性、短い黒髪、青い目、眼鏡なし",
        {AGE: (52, 52), GENDER: "woman", WORK: "cook", CITY: "Osaka", HAIR: "black", LENGTH: "short", EYES: "blue"},
    ),
    "ko": (
        "서울에 사는 간호사, 스물여섯 살 여성, 긴 검은 머리, 갈색 눈, 안경 없음",
        {AGE: (26, 26), GENDER: "woman", WORK: "nurse", CITY: "Seoul", HAIR: "black", LENGTH: "long", EYES: "brown"},
    ),
    "zh": (
        "一位来自上海的女护士，三十五岁，长黑发，蓝眼睛，不戴眼镜",
        {AGE: (35, 35), GENDER: "woman", WORK: "nurse", CITY: "Shanghai", HAIR: "black", LENGTH: "long", EYES: "blue"},
    ),
}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_facts_of_every_language(tag: str) -> None:
    brief, expected = BRIEFS[tag]
    reading = read_brief(brief)
    assert reading.language == tag
    assert {path: reading.value(path) for path in expected} == expected
    assert "glasses" in [fact.value for fact in reading.facts if fact.kind == "exclusion"]
    for fact in reading.facts:  # words are the brief's own
        assert " ".join(brief[fact.start : fact.end].split()) == fact.words


KNOWN_YEARS = {
    "en": ("twenty-one", 21, "ninety-nine", 99),
    "es": ("veintiuno", 21, "setenta y siete", 77),
    "pt": ("vinte e um", 21, "setenta e sete", 77),
    "fr": ("soixante-et-onze", 71, "quatre-vingt-dix-neuf", 99),
    "de": ("einundzwanzig", 21, "siebenundsiebzig", 77),
    "it": ("ventuno", 21, "settantotto", 78),
    "nl": ("eenentwintig", 21, "drieënveertig", 43),
    "pl": ("dwadzieścia dwa", 22, "siedemdziesiąt siedem", 77),
    "tr": ("yirmi bir", 21, "doksan dokuz", 99),
    "ru": ("двадцать два", 22, "семьдесят семь", 77),
    "ar": ("واحد وعشرون", 21, "خمسة وأربعون", 45),
    "he": ("עשרים ואחת", 21, "ארבעים וחמש", 45),
    "hi": ("पच्चीस", 25, "उनचास", 49),
    "ja": ("二十一", 21, "九十九", 99),
    "ko": ("스물한", 21, "사십오", 45),
    "zh": ("二十一", 21, "九十九", 99),
}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_number_words(tag: str) -> None:
    words = KNOWN_YEARS[tag]
    from personaforge.brief.text import plain

    assert language(tag).number(plain(words[0])) == words[1]
    assert language(tag).number(plain(words[2])) == words[3]
    assert set(data("numbers")[tag]) == set(range(18, 100))


@pytest.mark.parametrize(
    "brief",
    [
        "Teaches chess, has worked for 20 years in Lyon",
        "Nurse with 20 years of experience and a 19-year-old daughter",
        "Enfermera desde hace 20 años",
        "Krankenpfleger seit 20 Jahren",
        "Infirmière, 20 ans d'expérience",
    ],
)
def test_years_that_are_no_age(brief: str) -> None:
    assert read_brief(brief).value(AGE) is None


@pytest.mark.parametrize(
    ("brief", "ages"),
    [
        ("A woman in her early forties", (40, 43)),
        ("Ruhiger Förster, Mitte fünfzig", (54, 56)),
        ("Une femme dans la quarantaine", (40, 49)),
        ("Uma professora na casa dos trinta", (30, 39)),
        ("四十代後半の家具職人です", (45, 49)),
        ("50대 초반의 남성", (50, 53)),
    ],
)
def test_decades(brief: str, ages: tuple[int, int]) -> None:
    assert read_brief(brief).value(AGE) == ages


def test_english_details() -> None:
    reading = read_brief(
        "Amara Okafor, 34, a retired judge; 183 cm, pink hair, one scar, speaks Yoruba, never streetwear, no hats"
    )
    found = {(fact.kind, fact.value) for fact in reading.facts}
    assert {
        ("name", "Amara Okafor"),
        ("age", (34, 34)),
        ("retired", "retired"),
        ("occupation", "judge"),
        ("height", 183),
        ("look", "pink"),
        ("mark", "scar"),
        ("language", "Yoruba"),
        ("exclusion", "streetwear"),
        ("exclusion", "hat"),
    } <= found


@pytest.mark.parametrize(
    ("brief", "height"),
    [("a man of 1.83 m", 183), ("a man, 6'1\"", 185), ("mujer de 1,70 m", 170), ("身長183センチの男性", 183)],
)
def test_heights(brief: str, height: int) -> None:
    assert read_brief(brief).value("dna.body.height_cm") == height


@pytest.mark.parametrize(
    ("brief", "age"),
    [
        ("A Spanish nurse of 41 in Seville.", 41),
        ("A tram driver of 50 from Leeds.", 50),
        ("Una enfermera de 41, de Sevilla", 41),
        ("Enfermeira do Porto de 41", 41),
        ("Bäcker von 41 aus Leipzig", 41),
        ("Een bakker van 41 uit Utrecht", 41),
        ("Baker - 41 - Leeds", 41),
        ("A baker from Leeds. Age: 41.", 41),
        ("A plumber, twenty-nine, from Leeds", 29),
        ("A baker of forty", 40),
        ("A teacher of 30 pupils", None),
        ("A shepherd with a flock of 40 in Wales", None),
        ("A mother of a daughter of 19 in Leeds", None),
    ],
)
def test_ages_beside_a_person_and_alone(brief: str, age: int | None) -> None:
    assert read_brief(brief).value(AGE) == (age and (age, age))


def test_a_number_that_no_rule_reads_is_unread() -> None:
    assert [span.words for span in read_brief("A baker from Leeds with 41 cakes").unread] == ["41 cakes"]


@pytest.mark.parametrize(
    ("brief", "looks"),
    [
        ("Um padeiro de Lisboa, cabelo preto, 40 anos.", {HAIR: "black"}),
        ("Учитель из Белгорода, короткие волосы", {LENGTH: "short"}),
        ("Учитель из Чернигова, короткие волосы", {LENGTH: "short"}),
        ("Piekarz z Białegostoku, krótkie włosy", {LENGTH: "short"}),
        ("Fornaio di Nereto, capelli corti", {LENGTH: "short"}),
        ("Karaman'da yaşayan fırıncı, kısa saçlı", {LENGTH: "short"}),
        ("青森の漁師、短い髪", {LENGTH: "short"}),
        ("慕尼黑的护士，短发", {LENGTH: "short"}),
        ("Rote Haare, Bäckerin", {HAIR: "red"}),
    ],
)
def test_a_place_is_no_hair(brief: str, looks: dict[str, str]) -> None:
    assert {fact.path: fact.value for fact in read_brief(brief).facts if fact.kind == "look"} == looks


@pytest.mark.parametrize(
    ("brief", "work", "unread"),
    [
        ("no longer a nurse, now a gardener", "garden designer", ["no longer a nurse"]),
        ("A former police officer, now a baker", "baker", ["former police officer"]),
        ("ex-policía, ahora panadero en Sevilla", "baker", ["ex-policía"]),
        ("eski polis, şimdi fırıncı, sarışın değil", "baker", ["eski polis", "sarışın değil"]),
        ("бывший полицейский, теперь пекарь", "baker", ["бывший"]),
        ("A baker, not blond, no pets", "baker", ["not blond", "no pets"]),
        ("A baker with no curly hair", "baker", ["no curly hair"]),
        ("A Spanish tattoo artist", "tattoo artist", []),
        ("A bus driver from Leeds", "bus driver", []),
    ],
)
def test_what_is_denied_or_past_is_no_fact(brief: str, work: str, unread: list[str]) -> None:
    reading = read_brief(brief)
    assert reading.value(WORK) == work and [span.words for span in reading.unread] == unread
    assert not [fact for fact in reading.facts if fact.kind in ("look", "thing")]


def test_non_smoking_is_an_exclusion_of_nothing_else() -> None:
    facts = {(fact.kind, fact.value) for fact in read_brief("A non-smoking farmer").facts}
    assert facts == {("exclusion", "smoking"), ("occupation", "farmer")}
    assert ("thing", "glasses") in [(fact.kind, fact.value) for fact in read_brief("A non-binary baker, glasses").facts]


def test_little_words_beside_a_fact_are_no_words_of_their_own() -> None:
    for brief in ("A painter with one blue and one green eye", "A man, 170 cm tall, speaks German",
                  "Bäckerin aus Leipzig, trägt keine Brille"):  # fmt: skip
        assert read_brief(brief).unread == (), brief


def test_two_eye_colours_are_two_facts() -> None:
    reading = read_brief("A painter with one blue and one green eye")
    assert [fact.value for fact in reading.facts if fact.path == EYES] == ["blue", "green"]


def test_what_no_rule_reads_is_unread() -> None:
    reading = read_brief("A nurse from Lyon who collects lighthouses, hums tunelessly and mends nets")
    assert [span.words for span in reading.unread] == ["collects lighthouses", "hums tunelessly and mends nets"]


def test_every_city_of_the_writer_is_known() -> None:
    known = language("en").places
    from personaforge.brief.text import plain

    missing = [city for locale in known_locales() for city in locale.cities if plain(city) not in known]
    assert missing == []


NO_TIE = {
    "en": "A nurse of 41. He never wears a tie.",
    "es": "Enfermero de Sevilla, 41 años, nunca corbata.",
    "pt": "Enfermeiro de Lisboa, 41 anos, nunca usa gravata.",
    "fr": "Infirmier de Lyon, 41 ans, jamais de cravate.",
    "de": "Krankenpfleger aus Berlin, 41, trägt nie eine Krawatte.",
    "it": "Infermiere di Roma, 41 anni, mai la cravatta.",
    "nl": "Verpleger van 41 uit Utrecht, draagt nooit een stropdas.",
    "pl": "Pielęgniarz z Krakowa, 41 lat, nigdy nie nosi krawata.",
    "tr": "İzmirli, 41 yaşında hemşire, kravat takmaz.",
    "ru": "Медбрат из Москвы, 41 год, никогда не носит галстук.",
    "ar": "ممرض من القاهرة عمره 41 سنة، لا يرتدي ربطة عنق.",
    "he": "אח מחיפה, בן 41, אף פעם לא עונב עניבה.",
    "hi": "दिल्ली का 41 साल का नर्स, टाई नहीं पहनता।",
    "ja": "大阪の41歳の看護師、ネクタイはしない。",
    "ko": "부산에 사는 41세 간호사, 넥타이를 매지 않는다.",
    "zh": "上海的41岁护士，从不打领带。",
}


@pytest.mark.parametrize("tag", NO_TIE)
def test_what_is_never_worn_is_read_in_every_language(tag: str) -> None:
    found = read_brief(NO_TIE[tag])
    assert found.language == tag
    assert [fact.value for fact in found.facts if fact.kind == "exclusion"] == ["tie"]


@pytest.mark.parametrize("brief", ["He doesn't tie his hair back.", "She has no ties to the town.", "He wears a tie."])
def test_other_ties_are_no_exclusion(brief: str) -> None:
    assert not [fact for fact in read_brief(f"A nurse of 41 from Leeds. {brief}").facts if fact.kind == "exclusion"]
