"""What `forge validate` says: all mistakes in one round, in the user's files, each once, with what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.spec.declared import REFERENCES
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace

ANA = "id: ana\nbrief: A calm gardener.\n"


def told(root: Path, *overrides: str) -> list[str]:
    """Return the problems of a project as people read them."""
    with Workspace.open((), str(root)) as space:
        return [str(problem) for problem in space.validate([], overrides)[0]]


def remarked(root: Path) -> list[str]:
    """Return the remarks about a project."""
    with Workspace.open((), str(root)) as space:
        return space.remarks([])


NAMES = [
    ("pipeline: {steps: {mask: {needs: [intnt]}}}", "pipeline.steps.mask.needs", "intent"),
    ("pipeline: {steps: {finish: {source: imge}}}", "pipeline.steps.finish.source", "image"),
    ("matrix: {anchor: '1'}", "matrix.anchor", "01"),
    ("matrix: {positions: {'02': {scene: studo}}}", "matrix.positions.02.scene", "studio"),
    ("matrix: {references: {smile: {scene: plane}}}", "matrix.references.smile.scene", "plain"),
    ("matrix: {utility: {avatar: {scene: hom}}}", "matrix.utility.avatar.scene", "home"),
    ("matrix: {banners: {city: {scene: stret}}}", "matrix.banners.city.scene", "street"),
    ("motion: {types: {lifestyle: {scene: vacaton}}}", "motion.types.lifestyle.scene", "vacation"),
    ("motion: {types: {lifestyle: {aspect: '9:61'}}}", "motion.types.lifestyle.aspect", "9:16"),
    ("matrix: {scenes: {work: {ground: offce}}}", "matrix.scenes.work.ground", "office"),
    ("matrix: {places: {work: {bakery: {ground: kitchn}}}}", "matrix.places.work.bakery.ground", "kitchen"),
    ("matrix: {places: {work: {bakery: {dress: chef_white}}}}", "matrix.places.work.bakery.dress", "chef_whites"),
    ("fashion: {suits: {dark_academia: [cultre]}}", "fashion.suits.dark_academia", "culture"),
    ("identity: {references: {slots: [smle]}}", "identity.references.slots", "smile"),
]
"""A misspelt name in each of `REFERENCES`, where it is and what was meant."""
OTHERS = [
    ("matrix: {banner_variants: [lifestile]}", "matrix.banner_variants", "lifestyle"),
    ("pipeline: {steps: {soul: {uses: [fashion.contxts]}}}", "pipeline.steps.soul.uses", "fashion.contexts"),
    ("pipeline: {steps: {soul: {schema: sole}}}", "", "soul"),
    ("pipeline: {steps: {soul: {template: text/sol.j2}}}", "pipeline.steps.soul", "text/soul.j2"),
    ("matrix: {positions: {'02': {expression: smle}}}", "matrix.positions.02.expression", "smile"),
    ("matrix: {positions: {'01': {expression: neutrl}}}", "matrix.positions.01.expression", "neutral"),
    ("matrix: {utility: {banner: {expression: laughs}}}", "matrix.utility.banner.expression", "laugh"),
    (
        "motion: {types: {lifestyle: {keys: [{at: 0, yaw: 0, pitch: 0, expression: laug}, "
        "{at: 1, yaw: 0, pitch: 0, expression: smile}]}}}",
        "motion.types.lifestyle.keys.0.expression",
        "laugh",
    ),
    ("image: {provider: embeded}", "image.provider", "embedded"),
    ("text: {provider: litelm}", "text.provider", "litellm"),
    ("video: {fallbacks: [{provider: klin, model: x}]}", "video.fallbacks", "kling"),
    ("identity: {policy: strickt}", "identity.policy", "strict"),
    ("checks: {sharp: min(compositee) > 0.5 over images}", "checks.sharp", "composite"),
    ("checks: {sharp: min(composite) > 0.5 over imagess}", "checks.sharp", "images"),
    ("pinned: {surface: {gender: womn}}", "pinned.surface.gender", "woman"),
    (
        "pinned: {lifestyle: {fashion_sense: {streetwear: 1}}}",
        "pinned.lifestyle.fashion_sense.streetwear",
        "streetwear_chic",
    ),
    ("matrix: {scenes: {work: {shows: wrk}}}", "matrix.scenes.work.shows", "work"),
]  # fmt: skip
"""The same where a name is of something else: a painter's word, a provider, a template, a check's measure."""


def test_every_reference_has_its_row() -> None:
    parts = [path.split(".") for _, path, _ in NAMES]
    for one in REFERENCES:
        keys = one.path.split(".")
        same = [all(a in ("*", b) for a, b in zip(keys, path, strict=True)) for path in parts if len(path) == len(keys)]
        assert any(same), one.path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a persona whose file each test writes anew."""
    return write_project(tmp_path_factory.mktemp("names"), {"ana": ANA})


@pytest.mark.parametrize(("text", "path", "meant"), [*NAMES, *OTHERS])
def test_a_misspelt_name_is_told_with_what_was_meant(site: Path, text: str, path: str, meant: str) -> None:
    (site / "personas/ana.yaml").write_text(f"{ANA}{text}\n")
    found = told(site)
    assert len(found) == 1, found
    assert f"did you mean {meant}?" in found[0]
    if path:
        assert found[0].startswith(f"personas/ana.yaml:3 {path}: ") or ".j2 " in found[0], found


def test_words_of_clothes_that_mean_nothing_are_remarked_on(site: Path) -> None:
    text = """fashion:
  never: [streetwear_chc, streetwear, beanie, perfume]
  wears: [glases, glasses, a monocle of brass]
  suits: {dark_academa: [home]}
matrix: {places: {work: {bakery: {drawn: kitchn, held: bwl}}}}
"""
    (site / "personas/ana.yaml").write_text(ANA + text)
    assert told(site) == []
    nothing = "is no part of an outfit's name, a garment or an accessory: it rules nothing out"
    usual = "has no drawing by embedded, which draws its usual one"
    assert [one for one in remarked(site) if "fashion." in one or "places" in one] == [
        f"ana: fashion.never: 'streetwear_chc' {nothing}; did you mean streetwear_chic?",
        f"ana: fashion.never: 'perfume' {nothing}",
        "ana: fashion.wears: 'glases' is taken as it is written; did you mean glasses?",
        "ana: fashion.suits: 'dark_academa' is no entry of fashion.contexts, so it dresses nobody; "
        "did you mean dark_academia?",
        f"ana: matrix.places.work.bakery.drawn: 'kitchn' {usual}; did you mean kitchen?",
        f"ana: matrix.places.work.bakery.held: 'bwl' {usual}; did you mean bowl?",
    ]


def test_hosted_painters_read_any_words(site: Path) -> None:
    text = "image: fal\nvideo: fal\nidentity: permissive\nmatrix: {positions: {'02': {expression: a knowing grin}}}\n"
    (site / "personas/ana.yaml").write_text(ANA + text)
    assert told(site) == []


def test_providers_and_templates_are_told_beside_wrong_fields(site: Path) -> None:
    text = "image: {provider: fall}\nseed: three\npipeline: {steps: {soul: {template: text/sol.j2}}}\n"
    (site / "personas/ana.yaml").write_text(ANA + text)
    assert told(site) == [
        "personas/ana.yaml:4 seed: found 'three', expected a whole number",
        "templates/text/sol.j2 pipeline.steps.soul: no such template (did you mean text/soul.j2?)",
        "personas/ana.yaml:3 image.provider: no image provider 'fall' (did you mean fal?)",
    ]


@pytest.mark.parametrize(
    ("persona", "files", "override", "where"),
    [
        ("image: fal\n", {}, "", "personas/ana.yaml:3"),
        ("seed: 1\nimage:\n  provider: fal\n", {}, "", "personas/ana.yaml:5"),
        ("defaults:\n  - override /image: fal\n", {}, "", "personas/ana.yaml:4"),
        ("", {"conf/project/settings.yaml": "# @package _global_\ndefaults:\n  - override /image: fal\n"}, "",
         "conf/project/settings.yaml:3"),
        ("", {"conf/project/settings.yaml": "# @package _global_\nimage: {provider: fal}\n"}, "",
         "conf/project/settings.yaml:2"),
        ("", {}, "image=fal", "command line"),
    ],
)  # fmt: skip
def test_a_choice_that_doesnt_fit_is_named_and_no_packaged_file(
    tmp_path: Path, persona: str, files: dict[str, str], override: str, where: str
) -> None:
    root = write_project(tmp_path, {"ana": ANA + persona}, files)
    found = told(root, *([override] if override else []))
    assert len(found) == 1 and found[0].startswith(f"{where} identity.pack: found embedded"), found


def test_a_broken_template_is_told_once_with_all_who_use_it(tmp_path: Path) -> None:
    people = {name: ANA.replace("ana", name) for name in ("ana", "ben", "cay", "dan")}
    root = write_project(tmp_path, people, {"templates/image/blocks/clothing.j2": "\n{{ persna.id }}\n"})
    assert told(root) == [
        "templates/image/blocks/clothing.j2:2: can't be rendered: 'persna' is undefined; used by candidate, image, "
        "avatar, banner, video of ana, ben, cay and 1 more"
    ]
    (root / "templates/image/blocks/clothing.j2").write_text("{% if %}")
    assert told(root) == [
        "templates/image/blocks/clothing.j2:1: Expected an expression, got 'end of statement block'; used by "
        "candidate, image, avatar, banner, video of ana, ben, cay and 1 more"
    ]
