"""What is loaded of plug-ins, what is refused, and what every refusal says."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import personaforge as pf
from personaforge import metrics
from personaforge.doctor import outside
from personaforge.errors import BackendError, PersonaForgeError, SpecError
from personaforge.faces import parts
from personaforge.plugins import force, loading, registering
from personaforge.plugins.contributions import GROUPS
from personaforge.providers import table
from personaforge.report.formats import FORMATS, Sheet, render
from personaforge.spec import measures, models
from personaforge.spec.plugins import asked_plugins
from personaforge.spec.project import Project
from personaforge.steps.table import step_kind
from personaforge.testing import write_project
from personaforge.workspace.analyzers import Analyzers, _identity_of
from tests.conftest import Forge

METRIC = """
from personaforge.metrics import LIKENESS, Metric
from personaforge.plugins.contributions import MetricEntry
ONE = MetricEntry(
    Metric("NAME", "face", "", 0, 1, "higher", "measurement.NAME", LIKENESS, "a number", timeline="quality",
           label="a number of pictures"),
    lambda pixels, face: 0.5,
)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    found = Path(os.path.realpath(tmp_path)) / "p"
    (found / "personas").mkdir(parents=True)
    (found / "conf/project").mkdir(parents=True)
    modules = set(sys.modules)
    yield found
    ask(found)
    loading.activate(Project(found))  # takes what the test loaded out of force
    for name in set(sys.modules) - modules:
        if name.startswith("plug_"):
            del sys.modules[name]


def ask(root: Path, *names: str) -> None:
    (root / "conf/project/settings.yaml").write_text(f"# @package _global_\nplugins: [{', '.join(names)}]\n")


def install(
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    code: str,
    *,
    group: str = "personaforge.metrics",
    version: str = "1.0",
    path: bool = True,
) -> None:
    """Lay a distribution out as an installer does."""
    module = f"plug_{name.replace('-', '_')}"
    site.mkdir(parents=True, exist_ok=True)
    (site / f"{module}.py").write_text(textwrap.dedent(code))
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[{group}]\none = {module}:ONE\n")
    if path:
        monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("FORGE_PLUGINS", ",".join(filter(None, (os.environ.get("FORGE_PLUGINS"), name))))


def refusal(root: Path) -> str:
    with pytest.raises(SpecError) as caught:
        loading.activate(Project(root))
    assert force.in_force() == ()
    return str(caught.value)


@pytest.mark.parametrize("prefix", ["", "vendor", "p/.."])
def test_code_of_the_repository_around_the_project_is_no_plugin(
    root: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    """An environment in the repository is the machine's, unless the project lies in it, as in `/usr/src/app`."""
    (root.parent / ".git").mkdir()
    install(root.parent / "vendor", monkeypatch, "glow", METRIC.replace("NAME", "glow"))
    ask(root, "glow")
    if prefix:
        monkeypatch.setattr(sys, "prefix", str(root.parent / prefix))
    if prefix == "vendor":
        assert [plugin.name for plugin in loading.activate(Project(root))] == ["glow"]
    else:
        assert f"whose code {root.parent}/vendor lies in the repository" in refusal(root)
        assert "plug_glow" not in sys.modules


def test_an_environment_that_holds_the_project_excuses_nothing_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(root / "vendor", monkeypatch, "glow", "raise SystemExit('it ran')")
    monkeypatch.setattr(sys, "prefix", str(root.parent))
    ask(root, "glow")
    assert "whose code vendor lies in the repository" in refusal(root)


def test_what_is_put_into_force_is_taken_out_again(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(metrics.METRICS), dict(measures.MEASURES), dict(measures.TIMELINES), list(metrics.CHARTED)
    install(tmp_path / "site", monkeypatch, "glow", METRIC.replace("NAME", "glow"))
    ask(root, "Glow")
    (plugin,) = loading.activate(Project(root))
    assert str(plugin) == "glow 1.0" and plugin.adds == ("metric glow",)
    assert "glow" in measures.MEASURES and "glow" in measures.TIMELINES["quality"]
    assert [one.name for one in metrics.CHARTED if one.name == "glow"] == ["glow"]
    assert loading.activate(Project(root)) == (plugin,), "a second time it is there already"
    ask(root)
    assert loading.activate(Project(root)) == ()
    after = list(metrics.METRICS), dict(measures.MEASURES), dict(measures.TIMELINES), list(metrics.CHARTED)
    assert after == before


def test_nothing_is_loaded_without_being_allowed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", monkeypatch, "glow", "raise SystemExit('it ran')")
    monkeypatch.setenv("FORGE_PLUGINS", "other")
    ask(root, "glow")
    said = refusal(root)
    assert said.startswith("conf/project/settings.yaml:2 plugins: asks for glow, which this machine doesn't allow")
    assert "plug_glow" not in sys.modules


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import nothing_of_that_name",
            "glow 1.0 can't be loaded: plug_glow:ONE: ModuleNotFoundError: No module named",
        ),
        ("ONE = 3", "glow 1.0 names int as personaforge.metrics: plug_glow:ONE (expected MetricEntry)"),
        ("raise SystemExit('bye')", "glow 1.0 can't be loaded: plug_glow:ONE: SystemExit: bye"),
        ("OTHER = 3", "glow 1.0 can't be loaded: plug_glow:ONE: AttributeError"),
        (METRIC.replace("NAME", "cosine"), "glow 1.0 can't add plug_glow:ONE: there is a metric 'cosine' already"),
        (METRIC.replace("NAME", "sharpness"), "there is a metric 'sharpness' already"),
        (METRIC.replace("NAME", "pose"), "there is a number 'pose' in measurements already"),
        (METRIC.replace("NAME", "model"), "can't add plug_glow:ONE: 'model' means something else in checks"),
        (METRIC.replace("measurement.NAME", "score.NAME").replace("NAME", "glow"), "expected modality face, source"),
        (METRIC.replace("0.5,", "0.5, 'two',").replace("NAME", "glow"), "version of glow is 'two', expected a whole"),
        (METRIC.replace("NAME", "no name"), "glow 1.0 can't be loaded: plug_glow:ONE: ValueError"),
    ],
)
def test_what_cannot_be_loaded_is_one_error_with_its_name(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    install(tmp_path / "site", monkeypatch, "glow", code)
    ask(root, "glow")
    assert said in refusal(root)
    assert "pose" not in measures.MEASURES and "model" not in measures.MEASURES


def test_each_plugin_that_is_wrong_is_named(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", monkeypatch, "glow", METRIC.replace("NAME", "glow"))
    install(tmp_path / "site", monkeypatch, "dim", "ONE = 3")
    install(tmp_path / "site", monkeypatch, "dark", "1 / 0")
    ask(root, "glow", "dim", "dark")
    said = refusal(root)
    assert "dim 1.0 names int" in said and "dark 1.0 can't be loaded" in said and "glow 1.0" not in said
    assert "glow" not in measures.MEASURES, "all or none"


def test_what_is_not_installed_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_PLUGINS", "glow")
    ask(root, "glow")
    assert "asks for glow, which is not installed (pip install glow)" in refusal(root)


def test_a_misspelt_name_is_told_the_nearest_and_no_strangers_package(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has the mistyped name at an index may be anybody's: it is neither to be allowed nor installed."""
    install(tmp_path / "site", monkeypatch, "studio-tools", METRIC.replace("NAME", "glow"))
    ask(root, "studio-tool")
    said = refusal(root)
    assert said.endswith("asks for studio-tool, which this machine doesn't allow (did you mean studio-tools?)")
    monkeypatch.setenv("FORGE_PLUGINS", "studio-tool")
    assert refusal(root).endswith("asks for studio-tool, which is not installed (did you mean studio-tools?)")
    ask(root, "studio-tools")  # spelt right, installed, and not allowed
    assert "FORGE_PLUGINS=studio-tools" in refusal(root)


def test_what_is_allowed_and_not_asked_for_is_said_of_unknown_names(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: Forge
) -> None:
    install(tmp_path / "site", monkeypatch, "studio-tools", METRIC.replace("NAME", "glow"))
    left = "plug-in studio-tools is allowed here, and conf/project/settings.yaml doesn't ask for it"
    persona = root / "personas/ben.yaml"

    def said(yaml: str, *command: str) -> str:
        persona.write_text(f"id: ben\nbrief: A calm gardener.\n{yaml}\n")
        (root / "conf/project/settings.yaml").write_text("# @package _global_\n")
        return " ".join(forge(*(command or ("validate",)), cwd=root, check=2).stderr.split())

    wrong = (
        "image: {provider: glow}",
        "pipeline: {steps: {a: {kind: glow}}}",
        "checks: {a: min(glow) >= 0 over images}",
    )
    for yaml in wrong:
        assert left in said(yaml)
    assert left in said("", "test", "--format", "glow")
    assert left not in said("image: {size: 3}")
    monkeypatch.setenv("FORGE_PLUGINS", "nowhere")
    assert "plug-in" not in said(wrong[0]), "what isn't installed adds nothing"


def test_doctor_warns_of_a_name_that_is_allowed_and_not_installed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", monkeypatch, "studio-tools", METRIC.replace("NAME", "glow"))
    monkeypatch.setenv("FORGE_PLUGINS", "studio-tool,studio-tools")
    misspelt, fine = outside.plugins(Project(root))
    assert (misspelt.level, misspelt.hint) == ("warning", "did you mean studio-tools?")
    assert misspelt.text == "plug-in studio-tool, which FORGE_PLUGINS allows, is not installed"
    assert fine.level == "ok" and "studio-tools 1.0 is installed" in fine.text


def test_code_of_the_repository_is_no_plugin(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `python -m` in the project's folder would find it: a pull request can add it."""
    install(root, monkeypatch, "glow", "raise SystemExit('it ran')")
    ask(root, "glow")
    said = refusal(root)
    assert f"asks for glow, whose code {root} lies in the repository, where a pull request can change it" in said
    assert "plug_glow" not in sys.modules


def test_a_module_of_the_repository_is_no_plugin_either(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `pip install -e .` leaves it: the distribution's data elsewhere, its code in the project."""
    install(tmp_path / "site", monkeypatch, "glow", "ONE = 3")
    (root / "plug_glow.py").write_text("raise SystemExit('it ran')")
    (tmp_path / "site/plug_glow.py").unlink()
    monkeypatch.syspath_prepend(str(root))
    ask(root, "glow")
    assert "asks for glow, whose code plug_glow.py lies in the repository" in refusal(root)


def test_a_link_of_the_repository_leads_to_no_plugin(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could be made to lead to another folder; those of an environment in the repository are its own."""
    install(tmp_path / "site", monkeypatch, "glow", METRIC.replace("NAME", "glow"), path=False)
    (root / "vendor").symlink_to("../site")
    monkeypatch.syspath_prepend(str(root / "vendor"))
    ask(root, "glow")
    assert f"whose code {root / 'vendor'} lies in the repository" in refusal(root)
    monkeypatch.setattr(sys, "prefix", str(root / "vendor"))
    assert [plugin.name for plugin in loading.activate(Project(root))] == ["glow"]


@pytest.mark.parametrize("what", ["pipe", "out", "memory"])
@pytest.mark.parametrize("place", ["conf/project/settings.yaml", "personas/ana.yaml", "conf/image/own.yaml"])
def test_what_is_no_file_of_the_project_is_refused_and_not_read(
    root: Path, tmp_path: Path, forge: Forge, what: str, place: str
) -> None:
    (tmp_path / "plugins.yaml").write_text("plugins: [glow]\n")
    (root / "personas/ben.yaml").write_text("id: ben\n")
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"out": "../../../plugins.yaml", "memory": "/proc/self/pagemap"}[what])
    done = forge("validate", cwd=root, check=2)
    why = "is a named pipe, expected a file" if what == "pipe" else "leads out of the project"
    assert f"{place}: {why}" in done.stdout + done.stderr
    path.unlink()


def test_an_entry_point_of_no_known_group_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", monkeypatch, "glow", METRIC, group="personaforge.metric")
    ask(root, "glow")
    said = refusal(root)
    assert "glow 1.0 has entry points of personaforge.metric" in said and all(group in said for group in GROUPS)
    (tmp_path / "site/glow-1.0.dist-info/entry_points.txt").unlink()
    assert "glow 1.0 has no entry point for forge" in refusal(root)


ENTRY = """
from personaforge.providers.capability import Capability
from personaforge.providers.table import Entry
ONE = Entry(Capability(NAME, MODALITY, READS), lambda options: None)
"""
ANALYZER = """
from personaforge.plugins.contributions import AnalyzerEntry
ONE = AnalyzerEntry(NAME, lambda size: None, lambda size: None)
"""
FORMAT = "from personaforge.plugins.contributions import FormatEntry\nONE = FormatEntry(NAME, str)\n"


@pytest.mark.parametrize(
    ("group", "code", "said"),
    [
        ("providers", ENTRY.replace("NAME", "'x@2'"), "its name is 'x@2', expected small letters, digits and _"),
        ("providers", ENTRY.replace("NAME", "'none'"), "and not none"),
        ("providers", ENTRY.replace("NAME", "'x'").replace("MODALITY", "'smell'"), "modality is 'smell', expected one"),
        (
            "providers",
            ENTRY.replace("NAME", "'x'").replace("READS", "{'prompt'}"),
            "reads is a set, expected a frozenset",
        ),
        ("analyzers", ANALYZER.replace("NAME", "'auto'"), "its name is 'auto', expected small letters"),
        ("analyzers", ANALYZER.replace("NAME", "'../x'"), "its name is '../x', expected small letters"),
        ("analyzers", ANALYZER.replace("NAME", "'buffalo_l'"), "the face pack 'buffalo_l' is there already"),
        ("formats", FORMAT.replace("NAME", "'Jsön'"), "its name is 'Jsön', expected small letters"),
        ("formats", FORMAT.replace("NAME", "'csv'"), "the format 'csv' is there already"),
        ("formats", "ONE = ()", "glow 1.0 adds nothing by personaforge.formats: plug_glow:ONE (expected FormatEntry"),
    ],
)
def test_a_name_that_would_mean_something_else_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, code: str, said: str
) -> None:
    code = code.replace("MODALITY", "'image'").replace("READS", "frozenset({'prompt'})")
    install(tmp_path / "site", monkeypatch, "glow", code, group=f"personaforge.{group}")
    ask(root, "glow")
    assert said in refusal(root)


ENTRIES = """
from personaforge.metrics import LIKENESS, Metric
from personaforge.plugins.contributions import AnalyzerEntry, FormatEntry, KindEntry, MetricEntry
from personaforge.providers.capability import Capability
from personaforge.providers.table import Entry
from personaforge.spec.kinds import Kind
from personaforge.spec.pipeline import StepBase
from personaforge.steps.table import StepKind
from typing import Literal
class Broken(StepBase):
    kind: Literal["zz"]
    other: "Nothing"
ONE = """


@pytest.mark.parametrize(
    ("group", "entry", "said"),
    [
        ("providers", "Entry(None, None)", "its capability is None, expected Capability"),
        ("providers", "Entry(Capability('zz', 'image', frozenset(), version=None), print)", "its version is None"),
        ("providers", "Entry(Capability('zz', 'image', frozenset({1})), print)", "reads is ['1'], expected names"),
        ("providers", "Entry(Capability('zz', 'image', frozenset()), None)", "what makes it is None"),
        ("steps", "KindEntry(None, None, None)", "how it works is None, expected StepKind"),
        ("steps", "KindEntry(StepKind('zz', 1, print), Kind('zz'), int)", "its model is <class 'int'>"),
        ("steps", "KindEntry(StepKind('zz', 1, print), Kind('zz', outputs=None), Broken)", "its outputs are None"),
        ("steps", "KindEntry(StepKind('zz', 1, print), Kind('zz'), Broken)", "can't add plug_glow:ONE: Pydantic"),
        ("metrics", "MetricEntry(None, None)", "its metric is None, expected Metric"),
        ("analyzers", "AnalyzerEntry('zz', None, None, None)", "its identity is None"),
        ("formats", "FormatEntry('zz', None)", "what writes it is None"),
    ],
)
def test_an_entry_that_is_none_is_one_error_and_leaves_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, entry: str, said: str
) -> None:
    install(tmp_path / "site", monkeypatch, "glow", ENTRIES + entry, group=f"personaforge.{group}")
    ask(root, "glow")
    before = list(models.FURTHER), table.names("image")
    assert said in refusal(root) and "glow 1.0" in refusal(root)
    assert (models.FURTHER, table.names("image")) == before


@pytest.mark.parametrize(("name", "said"), [("select", "is a word of SQL"), ("ratios", "'ratios' in measurements")])
def test_a_metric_that_is_refused_takes_nothing_of_ours_away(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    before = dict(parts.FIELDS), dict(parts.VERSIONS)
    install(tmp_path / "site", monkeypatch, "glow", METRIC.replace("NAME", name))
    ask(root, "glow")
    assert said in refusal(root)
    assert before == (parts.FIELDS, parts.VERSIONS)


def test_every_format_of_ours_is_known() -> None:
    assert set(FORMATS) <= set(registering.FORMATS_OF_FORGE)


def test_a_provider_takes_no_others_place(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
    from personaforge.providers.capability import Capability
    from personaforge.providers.table import Entry
    ONE = Entry(Capability("NAME", "image", frozenset({"prompt"})), lambda options: None)
    """
    install(tmp_path / "site", monkeypatch, "glow", code.replace("NAME", "fal"), group="personaforge.providers")
    ask(root, "glow")
    assert "can't add plug_glow:ONE: the image provider 'fal' is there already" in refusal(root)
    (tmp_path / "site/plug_glow.py").write_text(textwrap.dedent(code.replace("NAME", "glow")))
    sys.modules.pop("plug_glow")
    loading.activate(Project(root))
    assert table.capability("image", "glow").maker == "glow@1 (glow 1.0)", "whose version is in every key"
    ask(root)
    loading.activate(Project(root))
    assert "glow" not in table.names("image")


@pytest.mark.parametrize("wanted", ["", "glow", "{a: b}", "[3]", "['../x']", "[glow, glöw]"])
def test_a_list_that_is_none_is_refused(root: Path, wanted: str) -> None:
    (root / "conf/project/settings.yaml").write_text(f"# @package _global_\nplugins: {wanted}\n")
    with pytest.raises(SpecError, match=r"settings\.yaml:2 plugins: found"):
        asked_plugins(Project(root))


def test_work_keeps_its_own_plugins_in_force(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two projects whose plug-ins measure different things by one name: none is measured by the other's."""
    other = root.parent / "q"
    (other / "personas").mkdir(parents=True)
    (other / "conf/project").mkdir(parents=True)
    for project, name, value in ((root, "bright", 0.5), (other, "dusky", 0.25)):
        code = METRIC.replace("NAME", "daylight").replace("face: 0.5", f"face: {value}")
        install(tmp_path / "site", monkeypatch, name, code)
        ask(project, name)

    def measured() -> float | None:
        return parts.FURTHER["daylight"](None, None)  # type: ignore[arg-type]

    with pf.open(root) as space, pf.open(other) as second:
        assert measured() == 0.25
        (row,) = pf.query(space, "SELECT metric FROM metrics WHERE metric = 'daylight'").rows
        assert row == ("daylight",) and measured() == 0.5, "a query is of its own project"
        pf.query(second, "SELECT 1")
        assert measured() == 0.25
        with loading.kept_in_force(space.project):
            assert measured() == 0.5
            for start in (lambda: pf.query(second, "SELECT 1"), lambda: pf.open(other)):
                with pytest.raises(PersonaForgeError, match=r"other plug-ins than the work .* \(bright 1\.0\)"):
                    start()
            pf.query(space, "SELECT 1")
            assert measured() == 0.5
        pf.query(second, "SELECT 1")
        assert measured() == 0.25


def test_a_kind_is_declared_and_taken_back(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
    from typing import Literal
    from personaforge.plugins.contributions import KindEntry
    from personaforge.spec.kinds import Kind
    from personaforge.spec.pipeline import StepBase
    from personaforge.steps.table import StepKind
    class Glow(StepBase):
        kind: Literal["KIND"]
    ONE = KindEntry(StepKind("NAME", 1, lambda context: None), Kind("NAME"), Glow)
    """
    site = tmp_path / "site"
    install(
        site, monkeypatch, "glow", code.replace("KIND", "image").replace("NAME", "image"), group="personaforge.steps"
    )
    ask(root, "glow")
    assert "the step kind 'image' is there already" in refusal(root)
    for kind, name, is_fine in (("other", "glow", False), ("glow", "glow", True)):
        (site / "plug_glow.py").write_text(textwrap.dedent(code.replace("KIND", kind).replace("NAME", name)))
        sys.modules.pop("plug_glow", None)
        if not is_fine:
            assert "its model is of kind 'other'" in refusal(root)
    loading.activate(Project(root))
    assert step_kind("glow").edition == "1 (glow 1.0)"
    ask(root)
    loading.activate(Project(root))
    with pytest.raises(SpecError, match="no step kind 'glow'"):
        step_kind("glow")


def test_an_analyzer_may_call_its_backend_as_one_of_ours(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for a check pack by its backend."""
    code = """
    from personaforge.faces.analyzer import AnalyzerIdentity
    from personaforge.plugins.contributions import AnalyzerEntry
    def identity(size):
        if size == "bad":
            raise RuntimeError("no such size")
        return AnalyzerIdentity("opencv", "1", "mine", "0" * 64, size)
    ONE = AnalyzerEntry("mine", identity, lambda size: ("made", size))
    """
    install(tmp_path / "site", monkeypatch, "glow", code, group="personaforge.analyzers")
    ask(root, "glow")
    loading.activate(Project(root))
    entry = force.analyzer_named("mine")
    assert entry is not None
    found = _identity_of(entry, "640")
    assert found["backend_version"] == "1 (glow 1.0)"
    assert Analyzers(lambda path: "").analyzer(found) == ("made", "640")
    with pytest.raises(BackendError, match=r"analyzer mine of glow 1\.0 can't say what it is: RuntimeError: no such"):
        _identity_of(entry, "bad")


def test_a_format_that_fails_is_named(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
    from personaforge.plugins.contributions import FormatEntry
    ONE = [FormatEntry("none", lambda sheet: None), FormatEntry("fails", lambda sheet: 1 / 0)]
    """
    install(tmp_path / "site", monkeypatch, "glow", code, group="personaforge.formats")
    ask(root, "glow")
    loading.activate(Project(root))
    for name, said in (("none", "returned NoneType, expected str"), ("fails", "failed: ZeroDivisionError")):
        with pytest.raises(PersonaForgeError, match=f"format {name} of a plug-in {said}"):
            render(Sheet("plan", "", (), (), dict), name)


KIND = """
from typing import Literal
from personaforge.plugins.contributions import KindEntry
from personaforge.spec.kinds import Kind
from personaforge.spec.pipeline import StepBase
from personaforge.steps.outputs import write
from personaforge.steps.table import StepKind
class Glow(StepBase):
    kind: Literal["glow"]
def procedure(context):
    BODY
ONE = KindEntry(StepKind("glow", 1, procedure, MORE), Kind("glow", outputs=("glow",)), Glow)
"""
PIPELINE = "name: glowing\nsteps:\n  light: {kind: glow}\n"


@pytest.mark.parametrize(
    ("body", "more", "said"),
    [
        ("raise KeyError('lamp')", "", "the step kind glow of glow 1.0 failed: KeyError: 'lamp'"),
        ("yield from write(context, 'glow', 'a.txt', b'a', 'text/plain'); 1 / 0", "", "failed: ZeroDivisionError"),
        ("return None", "", "failed: TypeError: 'NoneType' object is not iterable"),
        (
            "yield from write(context, 'glow', 'a.txt', b'a', 'text/plain'); return 5",
            "",
            "returned int, expected an Out",
        ),
        ("yield context.settings['brief']", "", "of glow 1.0 failed: "),
        ("return None", "slots=lambda settings, step: step['lamp']", "glow of glow 1.0 failed: KeyError: 'lamp'"),
    ],
)
def test_a_kind_that_fails_names_its_plugin_and_is_no_mistake_of_ours(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: Forge, body: str, more: str, said: str
) -> None:
    code = KIND.replace("BODY", body).replace("MORE", more)
    install(tmp_path / "site", monkeypatch, "glow", code, group="personaforge.steps")
    files = {"conf/pipeline/glowing.yaml": PIPELINE}
    write_project(root, {"ana": "id: ana\nbrief: A calm gardener.\npipeline: glowing\n"}, files)
    ask(root, "glow")
    for command in ("plan", "build", "status"):
        done = forge(command, cwd=root)
        assert done.returncode in (1, 2) and said in done.stdout + done.stderr, command
        assert "bug" not in done.stderr


def test_modules_that_this_process_has_loaded_are_of_one_version(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its keys would name the version that is installed, and the code that runs is the older one's."""
    install(tmp_path / "one", monkeypatch, "grown", METRIC.replace("NAME", "grown"))
    ask(root, "grown")
    loading.activate(Project(root))
    ask(root)
    loading.activate(Project(root))
    install(tmp_path / "two", monkeypatch, "grown", METRIC.replace("NAME", "grown"), version="2.0")
    ask(root, "grown")
    assert "grown 2.0 is installed, and this process has loaded 1.0 (start it anew)" in refusal(root)
