"""Checks of a composed persona: every rule, all at once, each with its place, what was found and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loader
from personaforge.spec.project import Project

from .conftest import Load
from .given import ANA, file_of, loaded, problems, small, texts


def refusals(load: Load, text: str, *overrides: str) -> list[str]:
    """Return the problems of a persona: `ana.yaml:3 image.width: ...` without the folder in front."""
    return [
        line[line.find("ana.yaml") :] if "ana.yaml" in line else line for line in texts(lambda: load(text, *overrides))
    ]


def test_the_smallest_persona_is_one(load: Load) -> None:
    settings = load(ANA)
    assert settings.id == "ana"
    assert settings.value("pipeline.name") == "four_layer"
    assert settings.value("matrix.positions.01.name") == "anchor"


def test_a_persona_with_everything_is_one(load: Load) -> None:
    settings = load(
        """
id: ana-2
brief: A calm gardener.
seed: 2147483647
description: "🎨 für Menschen"
owner: studio
tags: [demo, 2024]
pipeline: five_stage
pinned:
  surface: {name: Ana, age: 30, gender: woman, location: {city: Lima}}
  dna: {hair: {color: brown}}
identity: {policy: strict, weights: {embedding: 0.6, geometric: 0.4}}
run: {jobs: 4, max_cost_usd: 1.5}
""".replace("2024", '"2024"')
    )
    assert settings.value("pinned.surface.location") == {"city": "Lima"}
    assert settings.value("identity.weights.geometric") == 0.4


# --- single fields ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id: Ana Maria\nbrief: A gardener.", ":1 id: found 'Ana Maria', expected 2 to 63 small letters, digits and"),
        ("id: ana.lock\nbrief: A gardener.", ":1 id: found 'ana.lock', expected 2 to 63 small letters, digits and"),
        ("id: ../ana\nbrief: A gardener.", ":1 id: found '../ana', expected 2 to 63 small letters, digits and"),
        ("id: a\nbrief: A gardener.", ":1 id: found 'a', expected 2 to 63 small letters, digits and"),
        ("id: 7\nbrief: A gardener.", ":1 id: found 7, expected a text"),
        ("brief: A gardener.", " id: is missing"),
        ("id: ana", " brief: is missing"),
        ("id: ana\nbrief: x", ":2 brief: found 'x', expected a text of at least 3 characters"),
        (
            "id: ana\nbrief: " + "x" * 4001,
            ":2 brief: found 4001 characters, expected a text of 4000 characters at most",
        ),
        (ANA + "sed: 3", ":3 sed: is not a setting (did you mean seed?)"),
        (ANA + "imge: {width: 3}", ":3 imge: is not a setting (did you mean image?)"),
        (ANA + "zzz: 3", ":3 zzz: is not a setting (there is: brief, checks, delivered, description, drift, fashion"),
        (ANA + "image.width: 64", ":3 image.width: is not a setting (did you mean image?)"),
        (ANA + "image: {widht: 64}", ":3 image.widht: is not a setting (did you mean width?)"),
        (
            ANA + "identity:\n  geometric:\n    max_eror: 1",
            ":5 identity.geometric.max_eror: is not a setting (did you mean max_error?)",
        ),
        (ANA + "image: {width: tall}", ":3 image.width: found 'tall', expected a whole number"),
        (ANA + "image: {width: 64.5}", ":3 image.width: found 64.5, expected a whole number"),
        (ANA + "image: {width: 15}", ":3 image.width: found 15, expected at least 16"),
        (ANA + "image: {width: 4097}", ":3 image.width: found 4097, expected at most 4096"),
        (ANA + "image: {width: {a: 1}}", ":3 image.width: found {'a': 1}, expected a whole number"),
        (ANA + "seed: -1", ":3 seed: found -1, expected at least 0"),
        (ANA + "seed: 2147483648", ":3 seed: found 2147483648, expected less than 2147483648"),
        (ANA + "seed: 1e3", ""),
        (ANA + "seed: 12.5", ":3 seed: found 12.5, expected a whole number"),
        (
            ANA + "identity: {policy: strickt}",
            ":3 identity.policy: found 'strickt', "
            "expected 'auto', 'calibrated', 'composite', 'composite_only' or 'strict'",
        ),
        (
            ANA + "identity: {accept_threshold: 1.5}",
            ":3 identity.accept_threshold: found 1.5, expected at most 1",
        ),
        (
            ANA + "identity: {accept_threshold: .nan}",
            ":3 identity.accept_threshold: found nan, expected a finite number",
        ),
        (ANA + "image: {prices: {x: .inf}}", ":3 image.prices.x: found inf, expected a finite number"),
        (ANA + "image: {prices: {x: -1}}", ":3 image.prices.x: found -1, expected at least 0"),
        (ANA + "store: {keep_days: 9007199254740993}", ":3 store.keep_days: integer 9007199254740993 is beyond 2**53"),
        (ANA + "tags: [Demo!]", ":3 tags.0: found 'Demo!', expected a text that fits"),
        (ANA + "tags: demo", ":3 tags: found 'demo', expected a list"),
        (
            ANA + "tags:\n  - ok\n  - no",
            ":5 tags.1: found False, expected a text (quote it: YAML reads yes, no, on",
        ),
        (
            ANA + "owner: yes",
            ":3 owner: found True, expected a text (quote it: YAML reads yes, no, on and off as true",
        ),
        (
            ANA + "owner: off",
            ":3 owner: found False, expected a text (quote it: YAML reads yes, no, on and off as",
        ),
        (ANA + "owner: 5", ":3 owner: found 5, expected a text"),
        (
            ANA + "matrix: {scenes: {plain: {colors: [red]}}}",
            ":3 matrix.scenes.plain.colors.0: found 'red', expected a text that fits",
        ),
        (
            ANA + "matrix: {scenes: {Beach: {text: a, colors: ['#ffffff', '#ffffff']}}}",
            ":3 matrix.scenes.Beach: is not a name that fits",
        ),
        (ANA + "matrix: {positions: {a-b: {yaw: 3}}}", ":3 matrix.positions.a-b: is not a name that fits"),
        (ANA + "motion: {types: {lifestyle: {keys: []}}}", ":3 motion.types.lifestyle.keys: "),
        (
            ANA + "pipeline: {steps: {soul: {modle: x}}}",
            ":3 pipeline.steps.soul.modle: is not a setting (did you mean model?)",
        ),
        (
            ANA + "pipeline:\n  steps:\n    soul:\n      temperature: 3",
            ":6 pipeline.steps.soul.temperature: found 3, expected at most 2",
        ),
        (
            ANA + "pipeline: {steps: {soul: {template: ../x.j2}}}",
            ":3 pipeline.steps.soul.template: found '../x.j2', expected a text that fits",
        ),
        (ANA + "pipeline: {steps: {Soul: {kind: sheet}}}", ":3 pipeline.steps.Soul: is not a name that fits"),
        (
            ANA + "pipeline: {steps: {extra: {kind: drafft}}}",
            ":3 pipeline.steps.extra.kind: found 'drafft', which is no kind of step (did you mean draft?)",
        ),
        (
            ANA + "pipeline: {steps: {extra: {needs: [soul]}}}",
            ":3 pipeline.steps.extra.kind: is missing (there is: draft, summary, review",
        ),
        (
            ANA + "pipeline: {steps: {extra: {kind: [a]}}}",
            ":3 pipeline.steps.extra.kind: found ['a'], which is no kind of step",
        ),
        (
            ANA + "pipeline: {steps: {extra: {kind: sheet, rounds: 3}}}",
            ":3 pipeline.steps.extra.rounds: is not a setting (there is: kind, needs, tags)",
        ),
        (
            ANA + "pipeline: {steps: {extra: {kind: render, template: a.j2, file: ../x}}}",
            ":3 pipeline.steps.extra.file: found '../x'",
        ),
        (ANA + "pipeline: {steps: {extra: {kind: video}}}", ":3 pipeline.steps.extra: lacks template, provider, model"),
        (ANA + "pinned: {surface: [x]}", ":3 pinned.surface: found ['x'], expected keys and values"),
        (ANA + "pinned: {Surface: {name: x}}", ":3 pinned.Surface: is not a name that fits"),
        (ANA + "pinned: {surface: {age: .inf}}", ":3 pinned.surface.age: found inf, expected a finite number"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(load: Load, text: str, expected: str) -> None:
    if not expected:
        load(text)
        return
    found = refusals(load, text + "\n")
    assert found[0].startswith("ana.yaml" + expected), found


def test_an_entry_whose_name_does_not_fit_is_one_problem(load: Load) -> None:
    assert len(refusals(load, ANA + "matrix: {positions: {A B: {yaw: 3}}}\n")) == 1


def test_a_long_value_is_shown_in_part(load: Load) -> None:
    assert len(refusals(load, ANA + f"owner: {'x' * 5000}\n")[0]) < 250


def test_a_file_with_eight_mistakes_names_all_eight(load: Load) -> None:
    text = """\
id: ana
brief: A calm gardener.
sed: 3
tags: [Demo!]
owner: yes
image:
  widht: 64
  height: tall
identity: {policy: strickt}
pipeline: {steps: {soul: {modle: x}, extra: {kind: drafft}}}
"""
    assert sorted(refusals(load, text), key=lambda line: int(line.split(":")[1].split()[0])) == [
        "ana.yaml:3 sed: is not a setting (did you mean seed?)",
        "ana.yaml:4 tags.0: found 'Demo!', expected a text that fits ^[a-z0-9][a-z0-9_-]*$",
        "ana.yaml:5 owner: found True, expected a text (quote it: YAML reads yes, no, on and off as true and false)",
        "ana.yaml:7 image.widht: is not a setting (did you mean width?)",
        "ana.yaml:8 image.height: found 'tall', expected a whole number",
        "ana.yaml:9 identity.policy: found 'strickt', "
        "expected 'auto', 'calibrated', 'composite', 'composite_only' or 'strict' (did you mean strict?)",
        "ana.yaml:10 pipeline.steps.soul.modle: is not a setting (did you mean model?)",
        "ana.yaml:10 pipeline.steps.extra.kind: found 'drafft', which is no kind of step (did you mean draft?)",
    ]


def test_what_ties_groups_together_is_checked_beside_wrong_fields(load: Load) -> None:
    text = ANA + "owner: yes\nidentity: {retry_threshold: 0.9}\nmatrix: {anchor: '99'}\npinned: {surfac: {name: Ana}}\n"
    assert [line.partition(" ")[0] for line in refusals(load, text)] == [
        "ana.yaml:3",
        "ana.yaml:6",
        "ana.yaml:5",
        "ana.yaml:4",
    ]


# --- what ties groups together ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "pipeline: {steps: {mask: {needs: [intnt]}}}",
            "pipeline.steps.mask.needs: found 'intnt', which is no step (did you mean intent?)",
        ),
        ("pipeline: {steps: {intent: {needs: [soul]}}}", "pipeline.steps: needs itself: intent -> soul -> intent"),
        ("pipeline: {steps: {sheet: {needs: [sheet]}}}", "pipeline.steps: needs itself: sheet -> sheet"),
        ("pipeline: {steps: {soul: {section: self}}}", "pipeline.steps.self.section: 'self' is drafted by soul, too"),
        (
            "pipeline: {steps: {avatar: {positions: matrix.positions}}}",
            "pipeline.steps.avatar: expected either `positions` or `position`",
        ),
        (
            "pipeline: {steps: {avatar: {position: null}}}",
            "pipeline.steps.avatar: expected either `positions` or `position`",
        ),
        (
            "pipeline: {steps: {avatar: {position: matrix.utility.avatr}}}",
            "pipeline.steps.avatar: found 'matrix.utility.avatr', expected the path of a table",
        ),
        (
            "pipeline: {steps: {image: {positions: matrix.anchor}}}",
            "pipeline.steps.image: found 'matrix.anchor', expected the path of a table",
        ),
        ("matrix: {anchor: '99'}", "matrix.anchor: found '99', which is no position"),
        (
            "matrix: {positions: {'02': {scene: beech}}}",
            "matrix.positions.02.scene: found 'beech', which is no scene (there is: plain",
        ),
        (
            "matrix: {positions: {'02': {scene: studo}}}",
            "matrix.positions.02.scene: found 'studo', which is no scene (did you mean studio?)",
        ),
        (
            "matrix: {utility: {avatar: {scene: studo}}}",
            "matrix.utility.avatar.scene: found 'studo', which is no scene (did you mean studio?)",
        ),
        (
            "matrix: {positions: {'02': {wardrobe: 50}}}",
            "matrix.positions.02.wardrobe: found rank 50, but there are 15 fashion contexts",
        ),
        (
            "motion: {types: {lifestyle: {scene: studo}}}",
            "motion.types.lifestyle.scene: found 'studo', which is no scene (did you mean studio?)",
        ),
        (
            "motion: {types: {lifestyle: {wardrobe: 16}}}",
            "motion.types.lifestyle.wardrobe: found rank 16, but there are 15",
        ),
        (
            "motion: {types: {lifestyle: {aspect: '9:61'}}}",
            "motion.types.lifestyle.aspect: found '9:61', which has no size in video.sizes (did you mean 9:16?)",
        ),
        ("identity: {weights: {embedding: 0.8}}", "identity.weights: sum to 1.1, expected 1"),
        ("identity: {weights: {embedding: 0.6}}", "identity.weights: sum to 0.9, expected 1"),
        ("identity: {retry_threshold: 0.9}", "identity.retry_threshold: found 0.9, above accept_threshold 0.8"),
        ("identity: {geometric: {relax_until: 0.5}}", "identity.geometric.relax_until: is above relax_below"),
        (
            "pinned: {surfac: {name: Ana}}",
            "pinned.surfac: is drafted by no step of this pipeline (did you mean surface?)",
        ),
        ("pinned: {surface: {nam: Ana}}", "pinned.surface.nam: is not a field of this section (did you mean name?)"),
        (
            "pinned: {surface: {location: {ctiy: Lima}}}",
            "pinned.surface.location.ctiy: is not a field of this section (did you mean city?)",
        ),
        (
            "pinned: {surface: {gender: femal}}",
            "pinned.surface.gender: found 'femal', expected one of woman, man, nonbinary",
        ),
        (
            "pinned: {dna: {hair: {length: longg}}}",
            "pinned.dna.hair.length: found 'longg', expected one of shaved, short, chin, shoulder, long (did you mean",
        ),
        ("pinned: {surface: {age: young}}", "pinned.surface.age: found 'young', expected a whole number"),
        (
            "pinned: {surface: {age: 12}}",
            "pinned.surface.age: found 'age 12': every persona, and everybody shown, is 18 or older",
        ),
        ("pinned: {surface: {age: 9007199254740993}}", "pinned.surface.age: integer 9007199254740993 is beyond 2**53"),
        ("pinned: {surface: {languages: Spanish}}", "pinned.surface.languages: found 'Spanish', expected a list"),
        (
            "pinned: {surface: {location: {country: NO}}}",
            "pinned.surface.location.country: found false, expected text (quote it: YAML reads yes, no, on, off",
        ),
        (
            "pinned: {surface: {location: Leeds}}",
            "pinned.surface.location: found 'Leeds', expected keys and values (write it as location: {city: …, country",
        ),
    ],
)
def test_a_rule_that_ties_settings_together(load: Load, text: str, expected: str) -> None:
    found = refusals(load, f"{ANA}{text}\n")
    assert any(line.startswith(f"ana.yaml:3 {expected}") for line in found), found


@pytest.mark.parametrize(
    "text",
    [
        "identity: {weights: {embedding: 0.1, geometric: 0.9}}",
        "identity: {retry_threshold: 0.8}",
        "identity: {geometric: {relax_until: 0.3}}",
        "matrix: {positions: {'02': {wardrobe: 15}}}",
        "matrix: {anchor: '02'}",
        "pinned: {surface: {age: 18}}",
        "pinned: {surface: {}}",
        "pinned: {self: {}}",
        "pipeline: {steps: {extra: {kind: sheet, needs: [image]}}}",
    ],
)
def test_the_edge_of_a_rule_is_inside(load: Load, text: str) -> None:
    assert load(f"{ANA}{text}\n").id == "ana"


def test_a_pin_belongs_to_the_pipeline_that_drafts_it(load: Load) -> None:
    pinned = ANA + "pinned: {mask: {register: casual}}\n"
    assert load(pinned.replace("casual", "neutral") if False else ANA).id == "ana"
    assert (
        "ana.yaml:3 pinned.mask: is drafted by no step of this pipeline"
        in refusals(load, pinned + "pipeline: five_stage\n")[0]
    )


def test_a_pin_is_not_doubted_while_the_step_that_drafts_it_is_wrong(load: Load) -> None:
    step = "{kind: draft, section: tagline, template: a.j2, schema: soul, provider: p, model: m, max_tokens: 100}"
    text = f"{ANA}pipeline: {{steps: {{extra: {step}}}}}\npinned: {{tagline: {{desire: a larger garden}}}}\n"
    assert refusals(load, text) == ["ana.yaml:3 pipeline.steps.extra.temperature: is missing"]


def test_a_schema_that_is_not_there(load: Load) -> None:
    assert refusals(load, ANA + "pipeline: {steps: {soul: {schema: sole}}}\n")[0] == (
        "conf/schema: no schema 'sole' (did you mean soul?)"
    )


def test_an_override_is_checked_like_a_value_in_the_file(load: Load) -> None:
    assert refusals(load, ANA + "image: {width: 64}\n", "image.width=wide") == [
        "command line image.width: found 'wide', expected a whole number"
    ]
    assert refusals(load, ANA, "+image.widht=64") == [
        "command line image.widht: is not a setting (did you mean width?)"
    ]
    assert refusals(load, ANA, "identity.weights.embedding=0.9") == [
        "command line identity.weights: sum to 1.2, expected 1"
    ]
    assert refusals(load, ANA + "sed: 4\n", "image.width=64") == [
        "ana.yaml:3 sed: is not a setting (did you mean seed?)"
    ]


# --- whose mistake it is ----------------------------------------------------------------------------------------------


def test_a_mistake_of_a_base_is_named_there(tmp_path: Path) -> None:
    personas = {"ana": ANA + "defaults: [_base]\nseed: 3\n", "_base": "\nimage: {width: 3}\n"}
    assert texts(lambda: loaded(small(tmp_path, personas))) == [
        "personas/_base.yaml:2 image.width: found 3, expected at least 16"
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"conf/project/settings.yaml": "# @package _global_\n\nimage: {width: tall}\n"},
            "conf/project/settings.yaml:3 image.width: found 'tall', expected a whole number",
        ),
        (
            {"conf/project/settings.yaml": "# @package _global_\nimge: {width: 64}\n"},
            "conf/project/settings.yaml:2 imge: is not a setting (did you mean image?)",
        ),
        (
            {"conf/image/embedded.yaml": "provider: embedded\nmodel: m\nheight: 64\nprices: {}\n"},
            "conf/image/embedded.yaml:1 image.width: is missing",
        ),
        (
            {"conf/run/default.yaml": "\njobz: 2\n"},  # and all others are missing
            "conf/run/default.yaml:2 run.jobz: is not a setting (did you mean jobs?)",
        ),
        (
            {"conf/project/settings.yaml": "# @package _global_\nidentity: {weights: {embedding: 0.9}}\n"},
            "conf/project/settings.yaml:2 identity.weights: sum to 1.2, expected 1",
        ),
        (
            {"conf/schema/soul.yaml": "type: object\nproperties: {a: {type: strng}}\n"},
            "conf/schema/soul.yaml properties.a.type: is not a JSON Schema: 'strng' is not valid "
            "under any of the given schemas",
        ),
    ],
)
def test_a_mistake_of_the_projects_conf_is_named_there(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    assert texts(lambda: loaded(small(tmp_path, ANA + "seed: 3\n", files))) == [expected]


def test_photos_settings_stop_only_who_reads_them_or_declares_them(tmp_path: Path) -> None:
    files = {"conf/photos/default.yaml": "usabel: {min_overall: 60}\n"}
    settings = loaded(small(tmp_path, ANA + "seed: 3\n", files))
    assert settings.value("photos") == {"usabel": {"min_overall": 60}}, "shown as it stands in the file"
    (tmp_path / "own").mkdir()
    own = small(tmp_path / "own", ANA + "photos: {usable: {min_overall: 170}}\n")
    assert texts(lambda: loaded(own)) == [
        "personas/ana.yaml:3 photos.usable.min_overall: found 170, expected at most 100"
    ]


def test_a_typo_in_a_check_of_the_project_is_told_with_all_other_mistakes(tmp_path: Path) -> None:
    bound = "${identity.accept_threshold}"
    checks = f'typo: "min(compositee) >= {bound} over images"\nfine: "min(composite) >= {bound} over images"\n'
    project = small(tmp_path, ANA + "identity: {accept_threshold: high}\n", {"conf/checks/default.yaml": checks})
    assert texts(lambda: loaded(project)) == [
        "personas/ana.yaml:3 identity.accept_threshold: found 'high', expected a number",
        "conf/checks/default.yaml:1 checks.typo: found 'compositee' at character 5, expected a measure "
        "(did you mean composite?)",
    ]


# --- locks ------------------------------------------------------------------------------------------------------------

LOCKED = """# @package _global_
locked:
  - pipeline.steps.soul.model
  - image
  - identity.accept_threshold
  - store.remote
  - pinned.soul.desire
  - pipeline.name
"""


@pytest.fixture(scope="module")
def locking(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Loader]:
    """A project that locks a model, a group, a threshold, a null, a pin and the choice of a pipeline."""
    where = small(tmp_path_factory.mktemp("locking"), ANA, {"conf/project/settings.yaml": LOCKED})
    return where, Loader(where, domains=KNOWN)


def lock_refusals(locking: tuple[Project, Loader], text: str, *overrides: str) -> list[str]:
    where, loader = locking
    file_of(where).write_text(f"{ANA}{text}\n")
    return texts(lambda: loader.load(file_of(where), overrides))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "pipeline: {steps: {soul: {model: x}}}",
            "personas/ana.yaml:3 pipeline.steps.soul.model: found 'x', but the project locks it to 'rules-1'",
        ),
        ("image: {height: 64}", "personas/ana.yaml:3 image: found {'provider': 'embedded'"),
        (
            "identity:\n  accept_threshold: 0.1\n  retry_threshold: 0",
            "personas/ana.yaml:4 identity.accept_threshold: found 0.1, but the project locks it to 0.8",
        ),
        ("store: {remote: x}", "personas/ana.yaml:3 store.remote: found 'x', but the project locks it to nothing"),
        (
            "pinned: {soul: {desire: a larger garden}}",
            "personas/ana.yaml:3 pinned.soul.desire: found 'a larger garden', but the project locks it to nothing",
        ),
        ("text: {models: {deep: x}}", "pipeline.steps.soul.model: found 'x', but the project locks it to 'rules-1'"),
    ],
)
def test_a_persona_may_not_change_what_the_project_locks(
    locking: tuple[Project, Loader], text: str, expected: str
) -> None:
    found = lock_refusals(locking, text)
    assert len(found) == 1 and expected in found[0], found


def test_choosing_another_option_does_not_get_round_a_lock(locking: tuple[Project, Loader]) -> None:
    found = lock_refusals(locking, "pipeline: five_stage")
    assert "personas/ana.yaml:3 pipeline.name: found 'five_stage', but the project locks it to 'four_layer'" in found
    assert any(line.startswith("personas/ana.yaml:3 pipeline.steps.soul.model: found nothing") for line in found)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("image.width=64", "command line image: found {'provider'"),
        ("pipeline.steps.soul.model=x", "command line pipeline.steps.soul.model: found 'x', but the project locks"),
        ("text.models.deep=x", "pipeline.steps.soul.model: found 'x', but the project locks"),
        ("pipeline=five_stage", "command line pipeline.name: found 'five_stage'"),
        ("~image.prices", "image: found {'provider'"),
        ("locked=[]", "command line locked: is the project's to set"),
        ("~project@_global_", "command line project@_global_: is the project's to set"),
    ],
)
def test_the_command_line_may_not_either(locking: tuple[Project, Loader], override: str, expected: str) -> None:
    found = lock_refusals(locking, "seed: 3", override)
    assert any(expected in line for line in found), found


def test_the_command_line_is_named_where_it_wins_over_the_file(locking: tuple[Project, Loader]) -> None:
    found = lock_refusals(locking, "identity: {accept_threshold: 0.8}", "identity.accept_threshold=0.9")
    assert found == ["command line identity.accept_threshold: found 0.9, but the project locks it to 0.8"]


def test_what_is_not_locked_is_free_and_repeating_the_locked_value_too(locking: tuple[Project, Loader]) -> None:
    where, loader = locking
    text = """
seed: 4
image: {width: 768}
identity: {accept_threshold: 0.8, max_attempts: 1}
pinned: {soul: {fear: of frost in May}}
"""
    file_of(where).write_text(ANA + text)
    assert loader.load(file_of(where), ["seed=5"]).settings.value("seed") == 5


@pytest.mark.parametrize("choice", ["image: unlock", "defaults: [/image/unlock]"])
def test_a_lock_that_no_option_gets_round(tmp_path: Path, choice: str) -> None:
    files = {
        "conf/project/settings.yaml": "# @package _global_\nlocked: [image.width]\n",
        "conf/image/unlock.yaml": """# @package _global_
locked: []
image: {provider: embedded, model: m, width: 64, height: 64, prices: {}}
""",
    }
    where = small(tmp_path, f"{ANA}{choice}\n", files)
    found = texts(lambda: loaded(where))
    assert len(found) == 1 and "image.width: found 64, but the project locks it to 768" in found[0]


def test_a_lock_that_names_nothing_is_a_mistake(tmp_path: Path) -> None:
    where = small(tmp_path, ANA, {"conf/project/settings.yaml": "# @package _global_\nlocked: [seed, image.widht]\n"})
    assert texts(lambda: loaded(where)) == [
        "conf/project/settings.yaml:2 locked: names 'image.widht', which is no setting (did you mean image.width?)"
    ]


def test_the_locks_are_no_setting_of_the_persona(locking: tuple[Project, Loader]) -> None:
    where, loader = locking
    file_of(where).write_text(ANA)
    assert "locked" not in loader.load(file_of(where)).settings.persona


def test_problems_are_told_apart_by_field(load: Load) -> None:
    found = problems(lambda: load(ANA + "image: {widht: 64}\n"))
    assert [(problem.path, problem.message, problem.hint) for problem in found] == [
        ("image.widht", "is not a setting", "did you mean width?")
    ]
    assert found[0].where.endswith("personas/ana.yaml:3")


@pytest.mark.parametrize(
    ("mistake", "beside"),
    [
        ("pipeline: {steps: {soul: {colours: 2}}}", "motion: {types: {lifestyle: {scene: nowhere}}}"),
        ("matrix: {colours: 2}", "motion: {types: {lifestyle: {scene: nowhere}}}"),
        ("matrix: {scenes: {beach: {text: sand, colors: [1, 2]}}}", "motion: {types: {lifestyle: {scene: nowhere}}}"),
        ("fashion: {colours: 2}", "motion: {types: {lifestyle: {wardrobe: 16}}}"),
        ("fashion: {colours: 2}", "matrix: {positions: {'02': {wardrobe: 16}}}"),
        ("video: {colours: 2}", "motion: {types: {lifestyle: {aspect: '9:61'}}}"),
        ("identity: {policy: strickt}", "pinned: {surface: {gender: womn}}"),
        ("pipeline: {steps: {soul: {modle: x}}}", "pinned: {surfac: {name: Ana}}"),
        ("matrix: {positions: {'02': {yaw: 100}, '03': {scene: nowhere}}}", "seed: -1"),
    ],
)
def test_one_mistake_hides_no_other(load: Load, mistake: str, beside: str) -> None:
    def places(text: str) -> list[str]:
        return [problem.path for problem in problems(lambda: load(ANA + text))]

    assert len(places(beside)) == 1
    assert sorted(places(f"{mistake}\n{beside}")) == sorted([*places(mistake), *places(beside)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("matrix: {scenes: 3}\nmotion: {types: {lifestyle: {scene: nowhere}}}", ["matrix.scenes"]),
        ("fashion: {contexts: 3}\nmatrix: {positions: {'02': {wardrobe: 16}}}", ["fashion.contexts"]),
        ("video: {sizes: {'9:61': {width: 1, height: 64}}}\nmotion: {types: {lifestyle: {aspect: '9:61'}}}", [
            "video.sizes.9:61.width"
        ]),
        ("identity: {accept_threshold: high, retry_threshold: 0.9}", ["identity.accept_threshold"]),
        ("identity: {weights: {embedding: all, geometric: 0.1}}", ["identity.weights.embedding"]),
        ("fashion: {grounds: {moon: airless}}\nmatrix: {scenes: {plain: {ground: moon}}}", ["fashion.grounds.moon"]),
        ("matrix: {positions: {A: {yaw: 3}}, anchor: a}", ["matrix.positions.A"]),
    ],
)  # fmt: skip
def test_what_only_follows_from_a_mistake_is_not_told(load: Load, text: str, expected: list[str]) -> None:
    """Something else stands in for what is wrong, and what doesn't fit that may fit what was meant."""
    assert [problem.path for problem in problems(lambda: load(ANA + text))] == expected


def test_an_entry_that_was_begun_lacks_the_rest_in_one_line(load: Load) -> None:
    assert refusals(load, ANA + "matrix: {scenes: {beach: {text: sand, colors: [1]}, hall: {shows: work}}}") == [
        "ana.yaml:3 matrix.scenes.beach.colors.0: found 1, expected a text",
        "ana.yaml:3 matrix.scenes.hall.text: is missing",
        "ana.yaml:3 matrix.scenes.hall.colors: is missing",
    ]
    assert refusals(load, ANA + "matrix: {utility: {card: {name: card, width: 64, height: 64}}}") == [
        "ana.yaml:3 matrix.utility.card: lacks distance, yaw, pitch, expression, gaze, pose, scene, light, wardrobe"
    ]
