"""Scene kits: all can be drawn, at any width; seasons, hours and countries show in their pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personaforge.embedded.painter.scene.kits import PARTS, _kit, kits, paint_kit, street_of
from personaforge.embedded.painter.scene.scene import Where, kit_named, paint_scene
from personaforge.embedded.painter.strokes import Canvas
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import draw_request, pixels, subject

COLORS = (np.array((220, 214, 200), np.float32), np.array((150, 130, 110), np.float32))


def painted(name: str, season: str = "", *, wide: float = 0.75, seed: int = 4) -> Any:
    canvas = Canvas(-0.5 * wide, 0.0, 0.5 * wide, 1.0, 96, (255, 0, 255))
    paint_kit(canvas, name, COLORS, seed, 0.96, 0.5 * wide, season)
    return canvas.planes


def scene(place: str, **more: str) -> Any:
    return paint_scene(Where(place, **more), COLORS, 96, 128, "full", 0.96, 4)


def test_there_are_kits_for_work_home_town_and_country() -> None:
    asked = {
        "kitchen", "workshop", "field", "studio_space", "clinic", "harbour", "library", "stage", "market", "tram",
        "classroom", "bakery", "lab", "garage", "greenhouse", "newsroom", "church", "temple_square", "mosque_square",
        "mountain_path", "desert_town", "snow_street", "river_bank", "rooftop", "cafe", "gym", "pool", "bookshop",
        "tailor", "pottery", "farm", "vineyard", "office", "hospital_ward", "courtroom", "theatre", "train", "airport",
        "construction_site", "fire_station", "salon", "home",
    }  # fmt: skip
    assert len(asked) > 40 and asked <= set(kits())
    assert {part.name for kit in kits().values() for part in kit.parts} == set(PARTS), "no part is without a use"


@pytest.mark.parametrize("name", sorted(kits()))
def test_a_kit_fills_the_picture_with_more_than_one_tone(name: str) -> None:
    for wide in (0.75, 2.9):
        found = painted(name, wide=wide)
        assert np.isfinite(found).all()
        untouched = (np.abs(found - np.array((255, 0, 255))[:, None, None]).max(axis=0) < 2).mean()
        assert untouched == 0
        assert found.mean(axis=0).std() > 8


def test_a_kit_that_says_a_word_that_is_not_known_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="scene kit attic: 'cobweb' is no part"):
        _kit("attic", {"parts": [{"cobweb": {}}]})
    with pytest.raises(ValueError, match="scene kit attic, window: colour is not known"):
        _kit("attic", {"parts": [{"window": {"x": 0, "y": 0.1, "w": 0.2, "h": 0.3, "colour": "#ffffff"}}]})
    with pytest.raises(ValueError, match="scene kit attic: monsoon is not known"):
        _kit("attic", {"season": "monsoon", "parts": []})


def test_the_season_colours_leaves_and_ground() -> None:
    by_season = {season: painted("park", season) for season in ("spring", "summer", "autumn", "winter")}
    redness = {season: float((found[0] - found[1])[30:62].mean()) for season, found in by_season.items()}
    assert redness["autumn"] > redness["summer"] + 12
    ground = {season: float(found[:, 85:].mean()) for season, found in by_season.items()}
    assert ground["winter"] > max(ground["spring"], ground["summer"], ground["autumn"]) + 40, "snow lies"
    assert float(np.abs(by_season["spring"] - by_season["summer"]).mean()) > 4
    indoors = [painted("library", season) for season in ("summer", "winter")]
    assert np.array_equal(*indoors), "there is no season among shelves"


def test_late_sun_is_warmer_than_daylight_and_a_shade_is_cooler() -> None:
    warmth = [float((found[0] - found[2]).mean()) for found in (
        scene("market", light="late afternoon sun"), scene("market", light="daylight"),
        scene("market", light="open shade"))]  # fmt: skip
    assert warmth[0] > warmth[1] + 8 > warmth[2] + 8


def test_a_street_is_one_of_the_country() -> None:
    assert {street_of(name) for name in ("Nigeria", "Kenya")} == {"african_city_street"}
    assert street_of("Iceland") == "northern_street" and street_of("") == street_of("Atlantis") == "city_street"
    named = [country for kit in kits().values() for country in kit.countries]
    assert len(named) == len(set(named)), "a country has one"
    assert kit_named(Where("street", "Japan")) == "east_asian_street" and kit_named(Where("plain")) == ""
    streets = [scene("street", country=country) for country in ("Nigeria", "Iceland", "Japan", "Egypt", "Atlantis")]
    for index, first in enumerate(streets):
        for second in streets[index + 1 :]:
            assert float(np.abs(first - second).mean()) > 8


def test_a_request_says_country_and_season() -> None:
    def shown(season: str, country: str) -> Any:
        who = subject(distance="full", season=season)
        who["scene"] |= {"name": "street", "country": country}
        blob = EmbeddedImages().submit(draw_request(who, b"", width=96, height=128)).blob
        assert blob is not None
        return pixels(blob.data)[:, :24]

    summer, winter, elsewhere = shown("summer", "Norway"), shown("winter", "Norway"), shown("summer", "Egypt")
    assert winter[:60].mean() > summer[:60].mean() + 4, "a pale sky, and snow on the roofs"
    assert float(np.abs(summer - elsewhere).mean()) > 8


def test_furniture_is_another_persons_and_stays_where_it_is_in_a_wide_picture() -> None:
    portrait, banner, other = painted("library"), painted("library", wide=2.25), painted("library", seed=9)
    middle = (banner.shape[2] - portrait.shape[2]) // 2
    same = np.abs(banner[:, :, middle : middle + portrait.shape[2]] - portrait)
    assert float(same.mean()) < 3
    assert float(np.abs(portrait - other).mean()) > 6
