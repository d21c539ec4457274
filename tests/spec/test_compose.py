"""Composing: what wins over what, that the short way comes to the same as Hydra's own, and what is left behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import version
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personaforge.errors import SpecError
from personaforge.spec import compose
from personaforge.spec.bodies import MAX_BASES, persona_bodies, read_persona
from personaforge.spec.compose import Composer
from personaforge.spec.project import Project, packaged
from personaforge.testing import write_project

from .given import ANA, composed, file_of, project, small, texts


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each session of Hydra, in a process that keeps no composition yet."""
    found: list[int] = []
    original = compose.Composer._session
    monkeypatch.setattr(compose, "_KEPT", {})
    monkeypatch.setattr(compose.Composer, "_session", lambda *args: found.append(1) or original(*args))
    return found


# --- the two routes ---------------------------------------------------------------------------------------------------


def routes(where: Project, composer: Composer, stem: str = "ana") -> tuple[Any, Any]:
    """Return what the shared route and Hydra's own come to: values, or the error's text."""
    found: list[Any] = []
    for full in (False, True):
        try:
            found.append(composer.compose(read_persona(where, file_of(where, stem)), (), full=full))
        except SpecError as error:
            found.append(str(error))
    return found[0], found[1]


@pytest.mark.parametrize(
    "stem", sorted(path.stem for path in (packaged("conf").parent / "personas").glob("[a-z]*[a-z].yaml"))
)
def test_the_routes_agree_on_the_demo_personas(stem: str) -> None:
    where = Project(packaged("conf").parent)
    shared, full = routes(where, Composer(where), stem)
    assert shared == full and isinstance(shared, dict) and shared["pipeline"]["steps"]


OWN_CONF = {
    "conf/image/mine.yaml": "defaults: [embedded, _self_]\nwidth: ${..seed}\nheight: ${ seed }\n",
    "conf/image/theirs.yaml": "defaults: [embedded, _self_]\nmodel: ${text.models.light}-${[seed]}\n",
    "conf/text/nested.yaml": "defaults: [embedded, _self_]\nmodels: {deep: '${${owner}}'}\n",
    "conf/run/tied.yaml": "defaults: [default, _self_]\njobs: ${image.width}\n",
    "conf/project/settings.yaml": "# @package _global_\nowner: brief\ndescription: about ${id}, ${.owner}\n",
}

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.integers(0, 2**31 - 1) | st.just("???"),
    "owner": st.sampled_from(["Ana Ltd", "seed", "brief", "100 %", "a: b", "\\${escaped}", "é", ""]),
    "description": st.sampled_from(["x", "${owner}", "${seed} by ${owner}", "${.owner}"]),
    "tags": st.lists(st.sampled_from(["a", "b", "${owner}"]), max_size=3),
    "pinned.surface.name": st.sampled_from(["Ana", "${id}", "${owner}"]),
    "pinned.dna.hair": st.dictionaries(st.sampled_from(["color", "length"]), st.sampled_from(["long", "brown"])),
    "image.width": st.sampled_from([64, 512, "${image.height}", "${.height}", "${seed}", "???"]),
    "image.height": st.sampled_from([64, "${video.fps}", None]),
    "image.provider": st.sampled_from(["scripted", "${text.provider}"]),
    "image.prices": st.dictionaries(st.sampled_from(["a/b", "c.d"]), st.floats(0, 1)),
    "text.models": st.fixed_dictionaries(
        {}, optional={"deep": st.just("x/deep"), "light": st.just("${text.models.deep}")}
    ),
    "text.provider": st.sampled_from(["scripted", "${..image.provider}"]),
    "video.sizes.9:16.width": st.integers(16, 4096),
    "identity.weights": st.just({"embedding": 0.6, "geometric": 0.4}),
    "identity.require_measurement": st.booleans(),
    "run.jobs": st.none() | st.integers(1, 8),
    "matrix.positions.07.tags": st.just(["replaced"]),
    "matrix.positions.21": st.just({"scene": "plain"}),
    "motion.types.lifestyle.keys": st.just([{"at": 0.5}]),
    "pipeline.steps.soul.temperature": st.floats(0, 2),
    "pipeline.steps.sheet.needs": st.just(["anchor"]),
    "pipeline.steps.extra": st.just({"kind": "sheet", "needs": ["${pipeline.name}"]}),
    "nothing.known": st.just(1),
}
CHOICES = {
    "pipeline": ("four_layer", "five_stage"),
    "text": ("embedded", "litellm", "nested"),
    "image": ("embedded", "mine", "theirs"),
    "run": ("default", "tied"),
}


@st.composite
def files(draw: st.DrawFn, *, bases: tuple[str, ...]) -> str:
    """A persona file or one of its bases, as YAML."""
    tree: dict[str, Any] = {}
    for path in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=5, unique=True)):
        node = tree
        *parents, name = path.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[name] = draw(VALUES[path])
    defaults: list[Any] = list(bases)
    for group in draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=2, unique=True)):
        option = draw(st.sampled_from(CHOICES[group]))
        if group not in tree and draw(st.booleans()):
            tree[group] = option
        else:
            defaults.append({f"override /{group}": option})
    if defaults:
        tree["defaults"] = [*defaults, "_self_"] if draw(st.booleans()) else defaults
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=draw(st.booleans()))


@st.composite
def personas(draw: st.DrawFn) -> dict[str, str]:
    """A persona on up to two bases, of which one may build on the other."""
    number = draw(st.integers(0, 2))
    chained = number == 2 and draw(st.booleans())
    texts = {f"_b{n}": draw(files(bases=("_b1",) if chained and n == 0 else ())) for n in range(number)}
    named = ("_b0",) if chained else tuple(texts)
    return {**texts, "ana": "id: ana\nbrief: A calm gardener.\n" + draw(files(bases=named)).replace("{}\n", "")}


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Project, Composer]]:
    """A project that takes the packaged conf as it is, and one with options and settings of its own."""
    plain = small(tmp_path_factory.mktemp("plain"))
    own = small(tmp_path_factory.mktemp("own"), ANA, OWN_CONF)
    return [(plain, Composer(plain)), (own, Composer(own))]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(persona=personas(), which=st.integers(0, 1))
def test_the_routes_agree_on_any_persona(
    grounds: list[tuple[Project, Composer]], persona: Mapping[str, str], which: int
) -> None:
    where, composer = grounds[which]
    write_project(where.root, persona)
    shared, full = routes(where, composer)
    assert shared == full


@pytest.mark.parametrize(
    ("conf", "persona", "path", "expected"),
    [
        ("width: ${..seed}", "seed: 500", "image.width", 500),
        ("width: ${ seed }", "seed: 500", "image.width", 500),
        ("width: ${[seed]}", "seed: 500", "image.width", 500),
        ("width: ${${owner}}", "seed: 500\nowner: seed", "image.width", 500),
        ("width: ${run.jobs}\nheight: 1", "run: {jobs: 7}", "image.width", 7),
        ("model: ${id}", "", "image.model", "ana"),
        ("model: ${text.models.deep}", "text: {models: {deep: x}}", "image.model", "x"),
        ("model: ${text.provider}", "text: litellm", "image.model", "litellm"),
    ],
)
def test_what_a_persona_sets_reaches_every_setting_that_names_it(
    tmp_path: Path, conf: str, persona: str, path: str, expected: Any
) -> None:
    option = {"conf/image/mine.yaml": f"defaults: [embedded, _self_]\n{conf}\n"}
    where = small(tmp_path, f"{ANA}image: mine\n{persona}\n", option)
    for full in (False, True):
        value: Any = composed(where, full=full)
        for key in path.split("."):
            value = value[key]
        assert value == expected


def test_a_projects_setting_may_name_the_persona(tmp_path: Path) -> None:
    settings = {"conf/project/settings.yaml": "# @package _global_\nowner: the team of ${id}\n"}
    where = small(tmp_path, {"ana": ANA, "eva": ANA.replace("ana", "eva")}, settings)
    composer = Composer(where)
    assert composer.compose(read_persona(where, file_of(where)), ())["owner"] == "the team of ana"
    assert composer.compose(read_persona(where, file_of(where, "eva")), ())["owner"] == "the team of eva"
    assert composer.base()["owner"] == "the team of ${id}"


@pytest.mark.parametrize("full", [False, True])
def test_a_value_that_a_file_leaves_open_is_the_one_below_it_or_none(tmp_path: Path, full: bool) -> None:
    files = {"conf/project/settings.yaml": '# @package _global_\ntags: "???"\nnew: "???"\n'}
    found = composed(small(tmp_path, ANA + 'seed: "???"\nimage: {width: "???"}\nother: "???"\n', files), full=full)
    assert (found["seed"], found["image"]["width"], found["tags"]) == (0, 768, [])
    assert "new" not in found and "other" not in found


@pytest.mark.parametrize("full", [False, True])
def test_a_conf_that_names_nothing_is_an_error_whatever_the_persona_touches(tmp_path: Path, full: bool) -> None:
    found = texts(lambda: composed(small(tmp_path, ANA, {"conf/image/embedded.yaml": ""}), full=full))
    assert len(found) == 1 and "Interpolation key 'image.provider' not found" in found[0]


@pytest.mark.parametrize("full", [False, True])
def test_an_option_in_place_of_a_groups_values_is_refused_with_the_line_to_write(tmp_path: Path, full: bool) -> None:
    files = {"conf/project/settings.yaml": "# @package _global_\ntext: litellm\n"}
    with pytest.raises(SpecError) as error:
        composed(small(tmp_path, ANA, files), full=full)
    [problem] = error.value.problems
    assert (problem.where, problem.path) == ("conf", "text")
    assert problem.message == "found 'litellm', expected keys and values"
    assert "`defaults: [override /text: litellm]`" in problem.hint
    assert composed(small(tmp_path / "own", ANA + "text: litellm\n"), full=full)["text"]["provider"] == "litellm"


# --- what wins --------------------------------------------------------------------------------------------------------


def test_a_persona_wins_over_the_project_which_wins_over_what_is_packaged(tmp_path: Path) -> None:
    files = {"conf/project/settings.yaml": "# @package _global_\nseed: 5\nimage: {width: 128, height: 256}\n"}
    found = composed(small(tmp_path, ANA + "image: {height: 64}\n", files))
    assert (found["seed"], found["image"]["width"], found["image"]["height"]) == (5, 128, 64)
    assert found["image"]["provider"] == "embedded"


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    where = small(tmp_path, ANA + "seed: 3\npipeline: five_stage\nimage: {width: 64}\n")
    overrides = [
        "seed=4",
        "image.width=128",
        "pipeline=four_layer",
        "+pinned.surface.name=Ana",
        "tags=[a,b]",
        "owner='A, B'",
    ]
    found = composed(where, overrides)
    assert (found["seed"], found["image"]["width"], found["pipeline"]["name"]) == (4, 128, "four_layer")
    assert (found["pinned"], found["tags"], found["owner"]) == ({"surface": {"name": "Ana"}}, ["a", "b"], "A, B")
    assert composed(where)["seed"] == 3


def test_an_override_may_remove_a_key(tmp_path: Path) -> None:
    where = small(tmp_path, ANA + "pinned: {surface: {name: Ana, age: 30}}\n")
    assert composed(where, ["~pinned.surface.age"])["pinned"] == {"surface": {"name": "Ana"}}


@pytest.mark.parametrize("written", ["pipeline: five_stage", "defaults: [{override /pipeline: five_stage}, _self_]"])
def test_a_group_is_chosen_by_name_or_in_the_defaults(tmp_path: Path, written: str) -> None:
    found = composed(small(tmp_path, f"{ANA}{written}\n"))
    assert found["pipeline"]["name"] == "five_stage" and "identity" in found["pipeline"]["steps"]
    assert "soul" not in found["pipeline"]["steps"] and "pipeline" not in found["pinned"]


def test_a_choice_goes_with_values_of_the_same_group(tmp_path: Path) -> None:
    text = "defaults: [{override /text: litellm}]\ntext: {timeout_seconds: 7, models: {deep: mine}}\n"
    found = composed(small(tmp_path, ANA + text))["text"]
    assert (found["provider"], found["timeout_seconds"], found["models"]["deep"]) == ("litellm", 7, "mine")
    assert found["models"]["light"].startswith("anthropic/")


def test_bases_win_in_the_order_of_the_list_and_the_persona_over_all(tmp_path: Path) -> None:
    personas = {
        "ana": ANA + "defaults: [_young, _studio]\nimage: {width: 1}\n",
        "_young": "defaults: [_all]\nseed: 1\nimage: {width: 2, height: 2}\npipeline: five_stage\n",
        "_studio": "seed: 2\nowner: studio\n",
        "_all": "seed: 9\ndescription: all\nimage: {height: 9, provider: all}\ntext: litellm\npipeline: four_layer\n",
    }
    found = composed(small(tmp_path, personas))
    assert (found["seed"], found["owner"], found["description"]) == (2, "studio", "all")
    assert found["image"] | {"prices": 0} == {
        "drift": 0,
        "width": 1,
        "height": 2,
        "provider": "all",
        "model": "painter-2",
        "prices": 0,
        "placement": {"draws": 40, "close": 0.3},
    }
    assert (found["text"]["provider"], found["pipeline"]["name"]) == ("litellm", "five_stage")
    assert found == composed(small(tmp_path, personas), full=True)


@pytest.mark.parametrize("defaults", ["[_base]", "[_base, _self_]", "[_base.yaml]"])
def test_a_file_stands_over_its_bases_with_and_without_self(tmp_path: Path, defaults: str) -> None:
    personas = {"ana": f"{ANA}defaults: {defaults}\nseed: 2\n", "_base": "seed: 1\nowner: base\n"}
    found = composed(small(tmp_path, personas))
    assert (found["seed"], found["owner"]) == (2, "base")


@pytest.mark.parametrize("defaults", ["[_self_, _base]", "[_base, _self_, _other]"])
def test_nothing_comes_after_self(tmp_path: Path, defaults: str) -> None:
    personas = {"ana": f"{ANA}defaults: {defaults}\n", "_base": "seed: 1\n", "_other": "seed: 2\n"}
    assert texts(lambda: composed(small(tmp_path, personas))) == [
        "personas/ana.yaml:3 defaults: has something after _self_, which must be last"
    ]


def test_bases_that_go_round_in_a_circle(tmp_path: Path) -> None:
    personas = {"ana": ANA + "defaults: [_b]\n", "_b": "defaults: [_c]\n", "_c": "x: 1\ndefaults: [_b]\n"}
    assert texts(lambda: composed(small(tmp_path, personas))) == ["personas/_b.yaml:1 defaults: builds on itself"]
    assert texts(lambda: composed(small(tmp_path, ANA + "defaults: [ana]\n"))) == [
        "personas/ana.yaml:3 defaults: builds on itself"
    ]


@pytest.mark.parametrize("number", [MAX_BASES, MAX_BASES + 1])
@pytest.mark.parametrize("shape", ["chain", "fan"])
def test_bases_have_an_end(tmp_path: Path, shape: str, number: int) -> None:
    names = [f"_b{index}" for index in range(number)]
    first = "[_b0]" if shape == "chain" else f"[{', '.join(names)}]"
    personas = {"ana": f"{ANA}defaults: {first}\n"}
    for name, following in zip(names, [*names[1:], ""], strict=True):
        personas[name] = f"defaults: [{following}]\n" if shape == "chain" and following else "seed: 3\n"
    where = small(tmp_path, personas)
    if number <= MAX_BASES:
        assert composed(where)["seed"] == 3
    else:
        assert f"has over {MAX_BASES} bases" in texts(lambda: composed(where))[0]


def test_a_base_lies_beside_its_persona(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("owner: SECRET\n")
    where = small(tmp_path / "project", ANA + "defaults: [_base]\n")
    assert texts(lambda: composed(where)) == ["personas/_base.yaml: no such file"]
    (where.root / "personas" / "_base.yaml").symlink_to(outside)
    assert "leads out of the project" in texts(lambda: composed(where))[0]


# --- a project's own conf ---------------------------------------------------------------------------------------------


def test_a_projects_option_overrides_the_packaged_one_by_name(tmp_path: Path) -> None:
    own = "provider: embedded\nmodels: {light: a, standard: b, deep: c}\ntimeout_seconds: 9\nprices: {}\n"
    found = composed(project(tmp_path, ANA, {"conf/text/embedded.yaml": own}))
    assert found["text"]["models"] == {"light": "a", "standard": "b", "deep": "c"}
    assert found["pipeline"]["steps"]["soul"]["model"] == "c"


def test_a_new_option_needs_no_python(tmp_path: Path) -> None:
    option = """
defaults: [four_layer, _self_]
name: mine
steps:
  tagline:
    kind: draft
    section: tagline
    needs: [soul]
    template: text/tagline.j2
    schema: tagline
    provider: ${text.provider}
    model: ${text.models.light}
    temperature: 0.5
    max_tokens: 100
  profile: {needs: [audit, tagline]}
"""
    found = composed(project(tmp_path, ANA + "pipeline: mine\n", {"conf/pipeline/mine.yaml": option}))["pipeline"]
    assert found["name"] == "mine"
    assert found["steps"]["tagline"]["model"] == "rules-1"
    assert found["steps"]["profile"] == {"kind": "profile", "needs": ["audit", "tagline"], "tags": ["text"]}
    assert "anchor" in found["steps"]


def test_a_projects_settings_may_choose_groups_for_all_its_personas(tmp_path: Path) -> None:
    settings = "# @package _global_\ndefaults: [{override /pipeline: five_stage}, _self_]\nimage: {width: 64}\n"
    personas = {"ana": ANA, "eva": ANA.replace("ana", "eva") + "pipeline: four_layer\n"}
    where = small(tmp_path, personas, {"conf/project/settings.yaml": settings})
    for full in (False, True):
        ana, eva = composed(where, full=full), composed(where, stem="eva", full=full)
        assert (ana["pipeline"]["name"], eva["pipeline"]["name"]) == ("five_stage", "four_layer")
        assert ana["image"]["width"] == eva["image"]["width"] == 64


def test_what_the_project_comes_to_without_a_persona(tmp_path: Path) -> None:
    where = project(tmp_path, ANA, {"conf/project/settings.yaml": "# @package _global_\nseed: 9\nlocked: [seed]\n"})
    base = Composer(where).base()
    assert "id" not in base and "brief" not in base
    assert (base["seed"], base["locked"], base["image"]["width"]) == (9, ["seed"], 768)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"conf/text/mine.yaml": "provider: ${oc.env:HOME}\n"}, "conf/text/mine.yaml:1 provider: found ${oc.env:...}"),
        ({"conf/text/a/b/mine.yaml": "x: [1\n"}, "conf/text/a/b/mine.yaml:2: is not valid YAML"),
        (
            {"conf/text/.hidden.yaml": "provider: ${oc.env:HOME}\n"},
            "conf/text/.hidden.yaml:1 provider: found ${oc.env:",
        ),
        ({"conf/config.yaml": "hydra: {searchpath: [file:///etc]}\n"}, "conf/config.yaml:1 hydra: would change how"),
        (
            {"conf/image/mine.yaml": "defaults: [/../../x]\n"},
            "conf/image/mine.yaml:1 defaults.0: found '/../../x', which",
        ),
        ({"conf/image/mine.yaml": "x: !!python/name:os.system x\n"}, "conf/image/mine.yaml:1 x: found a value of type"),
        ({"conf/persona/file_0.yaml": "owner: x\n"}, "conf/persona/file_0.yaml: conf/persona is forge's own name"),
        ({"conf/schema/mine.yaml": "a: 1\na: 2\n"}, "conf/schema/mine.yaml:2 a: is given twice"),
    ],
)
def test_the_projects_conf_is_no_more_trusted_than_a_persona(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    where = small(tmp_path, ANA, files)
    for full in (False, True):
        found = texts(partial(composed, where, full=full))
        assert len(found) == 1 and found[0].startswith(expected), found


def test_every_wrong_conf_file_is_named_at_once(tmp_path: Path) -> None:
    files = {f"conf/text/t{number}.yaml": "- a list\n" for number in range(3)}
    assert len(texts(lambda: composed(small(tmp_path, ANA, files)))) == 3


@pytest.mark.parametrize("target", ["evil", "../outside"])
def test_a_conf_folder_may_not_be_a_link(tmp_path: Path, target: str) -> None:
    where = small(tmp_path / "project", ANA, {"conf/text/mine.yaml": "a: 1\n"})
    for folder in (where.root / "evil", tmp_path / "outside"):
        folder.mkdir()
        (folder / "embedded.yaml").write_text("model: ${oc.env:HOME}\n")
    (where.root / "conf" / "image").symlink_to("../" + target)
    assert texts(lambda: composed(where)) == ["conf/image: is a link to a folder (put the files there in its place)"]


def test_conf_itself_may_not_lead_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "outside" / "image").mkdir(parents=True)
    (tmp_path / "outside" / "image" / "embedded.yaml").write_text("model: OUTSIDE\n")
    where = project(tmp_path / "project")
    (where.root / "conf").symlink_to("../outside")
    assert "leads out of the project" in texts(lambda: composed(where))[0]


def test_a_conf_file_that_changes_is_checked_again(tmp_path: Path) -> None:
    where = small(tmp_path, ANA + "text: mine\n", {"conf/text/mine.yaml": "defaults: [embedded, _self_]\n"})
    assert composed(where)["text"]["provider"] == "embedded"
    write_project(where.root, {}, {"conf/text/mine.yaml": "defaults: [embedded, _self_]\nmodel: ${oc.env:HOME}\n"})
    assert "may not call a resolver" in texts(lambda: composed(where))[0]


def test_what_editors_leave_about_is_no_conf(tmp_path: Path) -> None:
    where = small(tmp_path, ANA, {"conf/text/.#mine.yaml~": "[", "conf/text/mine.yaml.orig": "["})
    (where.root / "conf" / "text" / ".#mine.yaml").symlink_to("ana@host.1234:5678")
    assert composed(where)["id"] == "ana"


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pipeline: five_stag", ":3 pipeline: Could not find 'pipeline/five_stag' (did you mean five_stage?)"),
        (
            "delivered: strict",
            ":3 delivered: Could not find 'delivered/strict' (there is: default; what it decides is written as keys: "
            "delivered: {photographs: {turn: {action: retry}}})",
        ),
        ("text: openai", ":3 text: Could not find 'text/openai' (there is: embedded, litellm)"),
        (
            "defaults: [{override /pipeline: five_stag}]",
            ":3 pipeline: Could not find 'pipeline/five_stag' (did you mean five_stage?)",
        ),
        ("defaults: [{text: litellm}]", ":3 defaults: found 'text' (- override /text: litellm)"),
        ("defaults: [{/text: litellm}]", ":3 defaults: found '/text' (- override /text: litellm)"),
        ("defaults: [{override text: litellm}]", ":3 defaults: found 'override text' (- override /text: litellm)"),
        ("defaults: [{override /txt: litellm}]", ": Could not override 'txt'. No match in the defaults list."),
        ("defaults: {text: litellm}", ":3 defaults: expected a list (defaults: [name])"),
        ("image: ../../../etc/passwd", ":3 image: found '../../../etc/passwd', which leads out of the conf folder"),
        ("image: //etc/passwd", ":3 image: found '//etc/passwd', which leads out of the conf folder"),
        ("image: ${owner}", ":3 image: found '${owner}', which could lead anywhere: defaults take no interpolation"),
        ("image:", ":3 image: found nothing, expected settings, or the name of an option"),
        ("image: 5", ":3 image: found 5, expected settings, or the name of an option"),
        ("image: [a]", ":3 image: found ['a'], expected settings, or the name of an option"),
        ("pinned: [a]", ":3 pinned: found ['a'], expected settings"),
        (
            "pipeline: five_stage\ndefaults: [{override /pipeline: four_layer}]",
            ":3 pipeline: is chosen twice (leave one of the two)",
        ),
        (
            "defaults: [{override /text: litellm}, {override /text: embedded}]",
            ":3 text: is chosen twice (leave one of the two)",
        ),
        ("locked: []", ":3 locked: is the project's to set (move it to conf/project/settings.yaml)"),
        (
            "defaults: [{override /project@_global_: other}]",
            ":3 defaults: found 'override /project@_global_', which is not a persona's to choose",
        ),
        ("owner: ${nothing.here}", ":3 owner: Interpolation key 'nothing.here' not found"),
        ("owner: ${description}\ndescription: ${owner}", ":4 description: Recursive interpolation detected"),
        ("owner: a ${b", ": no viable alternative at input '${b'"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_way_out(tmp_path: Path, text: str, expected: str) -> None:
    where = small(tmp_path, f"{ANA}{text}\n")
    for full in (False, True):
        found = texts(partial(composed, where, full=full))
        assert len(found) == 1 and found[0].startswith("personas/ana.yaml" + expected), found


def test_the_mistakes_of_bases_are_named_in_theirs(tmp_path: Path) -> None:
    personas = {"ana": ANA + "defaults: [_base]\nimage: 5\n", "_base": "text: [1]\nlocked: []\n"}
    assert [line.partition(" ")[0] for line in texts(lambda: composed(small(tmp_path, personas)))] == [
        "personas/_base.yaml:2",
        "personas/_base.yaml:1",
        "personas/ana.yaml:4",
    ]
    choice = {"ana": ANA + "defaults: [_base]\n", "_base": "\npipeline: five_stag\n"}
    assert texts(lambda: composed(small(tmp_path, choice)))[0].startswith(
        "personas/_base.yaml:2 pipeline: Could not find"
    )


@pytest.mark.parametrize(
    "grows",
    [
        pytest.param("'${pinned.q.a%d}${pinned.q.a%d}'", id="text"),
        pytest.param("'${.a%d}${.a%d}'", id="relative"),
        pytest.param("'${pinned[q][a%d]}${ pinned.q.a%d }'", id="brackets and spaces"),
        pytest.param("'${pinned.q.${pinned.q.n%d}}${pinned.q.${pinned.q.n%d}}'", id="nested"),
        pytest.param("{x: '${pinned.q.a%d}', y: '${pinned.q.a%d}'}", id="mappings"),
        pytest.param("['${pinned.q.a%d}', '${pinned.q.a%d}']", id="lists"),
        pytest.param("{x: '${pinned.q.${pinned.q.n%d}}', y: '${pinned.q.${pinned.q.n%d}}'}", id="nested mappings"),
    ],
)
def test_interpolations_do_not_double_for_ever(tmp_path: Path, grows: str) -> None:
    lines = [f"    a0: {'x' * 100}", *(f"    a{n}: {grows % (n - 1, n - 1)}" for n in range(1, 40))]
    names = [f"    n{n}: a{n}" for n in range(40)]
    where = small(tmp_path, ANA + "pinned:\n  q:\n" + "\n".join(lines + names) + "\n")
    found = texts(lambda: composed(where, full="x:" in grows))
    assert "grows beyond reason once its interpolations are filled in" in found[0], found
    assert found[0].startswith("personas/ana.yaml:")


def test_a_chain_in_the_projects_conf_does_not_double_either(tmp_path: Path) -> None:
    lines = "\n".join(f"  a{n}: ${{prices.a{n - 1}}}${{prices.a{n - 1}}}" for n in range(1, 60))
    option = f"# @package _global_\nprices:\n  a0: {'x' * 100}\n{lines}\n"
    where = small(tmp_path, ANA, {"conf/project/settings.yaml": option})
    assert "grows beyond reason" in texts(lambda: composed(where))[0]


def test_a_long_chain_is_no_crash(tmp_path: Path) -> None:
    lines = "\n".join(f"    a{n}: ${{pinned.q.a{n + 1}}}" for n in range(900))
    where = small(tmp_path, f"{ANA}pinned:\n  q:\n{lines}\n    a900: end\n")
    assert len(texts(lambda: composed(where))) == 1


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("image.widht=64", "image.widht: isn't there to override (did you mean image.width?)"),
        ("imge.width=64", "imge.width: isn't there to override (did you mean image.width?)"),
        ("image.own.width=64", "image.own.width: isn't there to override (+image.own.width=64 adds a key"),
        ("sed=4", "sed: isn't there to override (did you mean seed?)"),
        (
            "image.prices={a: 1}",
            "image.prices: Could not override 'image.prices' (++image.prices={a: 1} adds what isn't there",
        ),
        (
            "pinned.surface.name=Ana",
            "pinned.surface.name: isn't there to override (+pinned.surface.name=Ana adds",
        ),
        ("pipeline=five_stag", "pipeline: Could not find 'pipeline/five_stag' (did you mean five_stage?)"),
        ("image.width", "image.width: can't be read: missing EQUAL"),
        ("tags=[a", "tags=[a: can't be read: no viable alternative"),
        ("owner=A, B", "owner=A, B: gives several values"),
        ("seed=1,2", "seed=1,2: gives several values (a list is written [a,b])"),
        ("seed=range(1,3)", "seed=range(1,3): gives several values"),
        (
            "owner=${oc.env:HOME}",
            "owner: found ${oc.env:...}, and an override may not call a resolver (let the shell fill it in)",
        ),
        ("+x=${${y}.env:HOME}", "x: found ${${y}.env:...}, and an override may not call a resolver"),
        ("hydra.run.dir=/tmp", "hydra.run.dir: would change how forge composes"),
        ("+hydra/launcher=basic", "hydra/launcher: would change how forge composes"),
        ("hydra/job_logging=none", "hydra/job_logging: would change how forge composes"),
        ("persona@_global_=file_1", "persona@_global_: would change how forge composes"),
        ("locked=[]", "locked: is the project's to set (change conf/project/settings.yaml)"),
        ("~locked", "locked: is the project's to set"),
        ("++locked=[]", "locked: is the project's to set"),
        ("project@_global_=other", "project@_global_: is the project's to set"),
        ("~project@_global_", "project@_global_: is the project's to set"),
    ],
)
def test_an_override_that_cannot_be_followed(tmp_path: Path, override: str, expected: str) -> None:
    found = texts(lambda: composed(small(tmp_path), [override]))
    assert len(found) == 1 and found[0].startswith("command line " + expected), found


@pytest.mark.parametrize("choice", ["image: mine", "defaults: [{override /image: mine}]", ""])
def test_an_option_whose_file_is_not_read_for_its_name_is_named(tmp_path: Path, choice: str) -> None:
    where = small(tmp_path, f"{ANA}{choice}\n")
    (tmp_path / "conf" / "image").mkdir(parents=True, exist_ok=True)
    (tmp_path / "conf" / "image" / "mine.yml").write_text("provider: embedded\n")
    (found,) = texts(lambda: composed(where, [] if choice else ["image=mine"]))
    assert "mine.yml is there, and options are read from .yaml files only: rename it mine.yaml" in found


def test_all_overrides_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    found = texts(lambda: composed(small(tmp_path), ["tags=[a", "seed=3", "hydra.x=1", "owner=${a:b}"]))
    assert [line.split()[2].rstrip(":") for line in found] == ["tags=[a", "hydra.x", "owner"]


# --- origins ----------------------------------------------------------------------------------------------------------


def test_every_value_knows_where_it_came_from(tmp_path: Path) -> None:
    personas = {
        "ana": "id: ana\nbrief: A calm gardener.\ndefaults: [_base]\nimage:\n  width: 64\ntags: [a]\n",
        "_base": "image: {width: 32, height: 32}\nseed: 1\nowner: base\n",
    }
    files = {
        "conf/project/settings.yaml": "# @package _global_\n\nseed: 9\ndescription: ours\nrun: {jobs: 2}\n",
        "conf/text/mine.yaml": "defaults: [embedded, _self_]\ntimeout_seconds: 5\n",
    }
    where = project(tmp_path, personas, files)
    overrides = ["image.model=x", "text=mine", "+pinned.surface.name=Ana"]
    found = Composer(where).origins(read_persona(where, file_of(where)), overrides)
    at = {path: origin.where for path, origin in found.items()}
    assert at["id"] == "personas/ana.yaml:1"
    assert at["image.width"] == "personas/ana.yaml:5"
    assert at["image.height"] == at["image.height"] == "personas/_base.yaml:1"
    assert at["seed"] == "personas/_base.yaml:2"
    assert at["tags"] == "personas/ana.yaml:6"
    assert at["description"] == "conf/project/settings.yaml:4"
    assert at["run.jobs"] == "conf/project/settings.yaml:5"
    assert at["text.timeout_seconds"] == "conf/text/mine.yaml:2"
    assert at["image.model"] == at["pinned.surface.name"] == "command line"
    assert at["text.provider"].startswith("packaged conf/text/embedded.yaml:")
    assert at["pipeline.steps.anchor.kind"].startswith("packaged conf/pipeline/parts/media.yaml:")
    assert found["text.timeout_seconds"].group == "text/mine"
    assert "defaults" not in at and "hydra.run.dir" not in at


def test_an_override_of_a_whole_mapping_takes_what_is_below_it(tmp_path: Path) -> None:
    where = small(tmp_path, ANA + "image: {prices: {a: 1.0}}\n")
    found = Composer(where).origins(read_persona(where, file_of(where)), ["image.prices={b: 2.0}"])
    assert found["image.prices"].where == "command line" and "image.prices.a" not in found


def test_what_was_empty_and_is_filled_comes_from_where_it_is_filled(tmp_path: Path) -> None:
    where = small(tmp_path, ANA + "image: {prices: {a: 1.0}}\n")
    found = Composer(where).origins(read_persona(where, file_of(where)), [])
    assert "image.prices" not in found and found["image.prices.a"].where == "personas/ana.yaml:3"


def test_every_composed_leaf_has_an_origin(tmp_path: Path) -> None:
    where = project(tmp_path, ANA + "pipeline: five_stage\nimage: {width: 64}\n")
    origins = Composer(where).origins(read_persona(where, file_of(where)), [])

    def leaves(value: Any, path: str) -> list[str]:
        if isinstance(value, dict) and value:
            return [leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}" if path else key)]
        return [path]

    assert [path for path in leaves(composed(where), "") if path not in origins] == []


def test_origins_of_what_is_shared_are_those_of_hydras_own_list(tmp_path: Path, sessions: list[int]) -> None:
    base = "pipeline: five_stage\nimage: {width: 32, prices: {a: 1.0}}\ntags: [b]\n"
    personas = {"_base": base, "eva": ANA.replace("ana", "eva") + "image: theirs\nseed: 1\n"}
    personas["ana"] = ANA + "defaults: [_base, override /image: mine]\nimage: {width: 64}\nseed: 2\n"
    where = small(tmp_path, personas, OWN_CONF)
    for stem, model in (("ana", "packaged conf/image/embedded.yaml"), ("eva", "conf/image/theirs.yaml")):
        sources = read_persona(where, file_of(where, stem))
        composer = Composer(where)
        found = composer.origins(sources, ())
        assert found == composer._origins(sources, persona_bodies(sources), ())
        assert found["image.model"].where.startswith(model + ":")
        before = len(sessions)
        assert Composer(where).origins(sources, ()) == found and len(sessions) == before


# --- Hydra as it was --------------------------------------------------------------------------------------------------


def hydra_state() -> tuple[Any, ...]:
    return GlobalHydra.instance().hydra, dict(ConfigStore.instance().repo), version.getbase()


def test_hydra_is_left_as_it_was_found(tmp_path: Path) -> None:
    where = small(tmp_path, {"ana": ANA, "bad": ANA + "pipeline: nothing\n", "worse": ANA + "owner: ${nothing}\n"})
    before = hydra_state()
    stranger = object()
    GlobalHydra.instance().hydra = stranger  # type: ignore[assignment]
    ConfigStore.instance().store(group="persona", name="file_0", node={"theirs": 1})
    version.setbase("1.2")
    try:
        theirs = hydra_state()
        assert composed(where, full=True)["id"] == "ana"
        assert "theirs" not in composed(where, full=True)
        for stem in ("bad", "worse"):
            for full in (False, True):
                assert texts(partial(composed, where, stem=stem, full=full))
        assert texts(lambda: composed(where, ["image.widht=1"]))
        Composer(where).origins(read_persona(where, file_of(where)), [])
        assert hydra_state() == theirs
        assert ConfigStore.instance().repo["persona"]["file_0.yaml"].node == {"theirs": 1}
    finally:
        GlobalHydra.instance().hydra = before[0]
        ConfigStore.instance().repo.pop("persona")
        version.VersionBase.instance().version_base = before[2]
    assert hydra_state() == before


def test_threads_compose_side_by_side(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(6)]
    texts_of = {
        name: f"id: {name}\nbrief: A gardener.\nseed: {n}\nimage: {{width: {64 + n}}}\n" for n, name in enumerate(names)
    }
    where = small(tmp_path, texts_of)
    before = hydra_state()
    composer = Composer(where)
    found: dict[str, Any] = {}

    def work(name: str, number: int) -> None:
        sources = read_persona(where, file_of(where, name))
        found[name] = composer.compose(sources, [f"owner={name}"] if number % 2 else [])

    threads = [threading.Thread(target=work, args=(name, number)) for number, name in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: (one["seed"], one["image"]["width"], one["owner"]) for name, one in found.items()} == {
        name: (number, 64 + number, name if number % 2 else "") for number, name in enumerate(names)
    }
    assert hydra_state() == before


def test_what_one_persona_comes_to_does_not_show_in_the_next(tmp_path: Path) -> None:
    where = small(tmp_path, {"ana": ANA + "image: {width: 64}\ntags: [a]\n", "eva": ANA.replace("ana", "eva")})
    composer = Composer(where)
    first = composer.compose(read_persona(where, file_of(where)), ())
    first["matrix"]["positions"].keys()
    assert composer.compose(read_persona(where, file_of(where, "eva")), ())["image"]["width"] == 768
    assert composer.compose(read_persona(where, file_of(where)), ()) == first


def test_personas_with_the_same_choices_are_composed_by_hydra_once(tmp_path: Path, sessions: list[int]) -> None:
    where = small(tmp_path, {f"p{n}": f"id: p{n}\nbrief: A gardener.\nseed: {n}\n" for n in range(5)})
    composer = Composer(where)
    for number in range(5):
        composer.compose(read_persona(where, file_of(where, f"p{number}")), ())
    assert len(sessions) == 1


def test_projects_with_the_same_conf_are_composed_by_hydra_once(tmp_path: Path, sessions: list[int]) -> None:
    first, second = (small(tmp_path / name, ANA + f"seed: {len(name)}\n", OWN_CONF) for name in ("one", "three"))
    assert [composed(where)["seed"] for where in (first, second)] == [3, 5] and len(sessions) == 1
    for where in (first, second):
        Composer(where).written(read_persona(where, file_of(where)), ())
    assert len(sessions) == 2, "what the conf itself says is read once, too"


def test_a_conf_that_was_edited_is_composed_anew(tmp_path: Path, sessions: list[int]) -> None:
    where = small(tmp_path, ANA, {"conf/project/settings.yaml": "# @package _global_\nowner: the garden\n"})
    conf = where.root / "conf/project/settings.yaml"
    before = conf.stat()
    assert composed(where)["owner"] == "the garden"
    conf.write_text(conf.read_text().replace("garden", "studio"))
    os.utime(conf, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert composed(where)["owner"] == "the studio" and len(sessions) == 2
    conf.write_text(conf.read_text().replace("studio", "garden"))
    assert composed(where)["owner"] == "the garden" and len(sessions) == 2


def test_what_was_edited_while_it_was_composed_is_not_kept(
    tmp_path: Path, sessions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = small(tmp_path, ANA, {"conf/project/settings.yaml": "# @package _global_\nowner: the garden\n"})
    conf = where.root / "conf/project/settings.yaml"
    text = conf.read_text()
    original = compose.Composer._hydra

    def edited(*arguments: Any) -> Any:
        conf.write_text(text.replace("garden", "studio"))
        return original(*arguments)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(compose.Composer, "_hydra", edited)
        assert composed(where)["owner"] == "the studio"
    conf.write_text(text)
    assert composed(where)["owner"] == "the garden"


def test_no_more_is_kept_than_is_said(tmp_path: Path, sessions: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "MOST_KEPT", 2)
    wheres = [small(tmp_path / f"{n}", ANA, {"conf/project/settings.yaml": f"seed: {n}\n"}) for n in range(3)]
    for number in (0, 1, 2, 1, 2):
        composed(wheres[number])
    assert len(sessions) == 3
    composed(wheres[0])
    assert len(sessions) == 4
