"""The machine file: read strictly, kept outside the project, and named by YAML that can't say more than a name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError

from personaforge.doctor import outside, providers
from personaforge.doctor.examine import examine
from personaforge.errors import SpecError, StoreError
from personaforge.http.addresses import completions, root, said_by
from personaforge.spec import machine_file as machine
from personaforge.spec.machine_file import machine_path
from personaforge.spec.machine_names import CommandName, KeyName
from personaforge.spec.machine_sections import Command, Endpoint, KeySource, Webhook
from personaforge.spec.pipeline import StepBase
from personaforge.spec.project import Project
from personaforge.store.remote import remote_folder
from tests.conftest import ROOT, Forge

WHOLE = """\
remotes: {studio: /mnt/studio/store}
endpoints:
  openai: {url: "https://gateway.example/v1", image: "http://127.0.0.1:9/v1"}
commands: {sox: {run: [/usr/bin/sox, --norm], timeout_seconds: 60}}
plugins: [Forge.Mosaic, forge_mosaic]
keys: {studio: {variable: FAL_KEY_STUDIO}, vault: {command: sox}}
webhooks: {team: {url: "https://hooks.example/x"}}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "machine.yaml"
    path.write_text(WHOLE)
    monkeypatch.setenv("FORGE_MACHINE", str(path))
    return path


def test_every_section_is_read(file: Path) -> None:
    found = machine.machine_file()
    assert found.found and found.path == file and len(found.digest) == 64
    assert found.remotes == {"studio": "/mnt/studio/store"}
    assert found.endpoints == {"openai": Endpoint("https://gateway.example/v1", image="http://127.0.0.1:9/v1")}
    assert found.commands == {"sox": Command(("/usr/bin/sox", "--norm"), 60.0)}
    assert found.plugins == ("forge-mosaic",), "names of distributions are compared as indexes do"
    assert found.keys == {"studio": KeySource(variable="FAL_KEY_STUDIO"), "vault": KeySource(command="sox")}
    assert found.webhooks == {"team": Webhook("https://hooks.example/x")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("remote: {a: /b}", "1 remote: is no key of the machine file (did you mean remotes?)"),
        ("remotes: {a: mnt/b}", "1 remotes.a: 'mnt/b' depends on where forge is started, expected an absolute path"),
        ("remotes: {a: 's3://bucket'}", "1 remotes.a: 's3://bucket' is no folder"),
        ("remotes: {A b: /c}", "1 remotes.A b: found 'A b', expected a name of small letters, digits, - and _"),
        ("remotes: [/x]", "1 remotes: found a list, expected keys and values (remotes: {studio: /mnt/studio/store})"),
        ("remotes: {a: 3}", "1 remotes.a: found 3, expected a text"),
        ("remotes:\n  a:", "2 remotes.a: found nothing, expected a text"),
        ("endpoints: {fal: 'https://x'}", "endpoints.fal: found a text, expected keys and values (endpoints: {openai:"),
        ("endpoints: {fal: {imag: 'https://x'}}", "endpoints.fal.imag: is no key of endpoints (did you mean image?)"),
        ("commands: {a: {run: sox -n}}", "commands.a.run: found a text, expected a list (commands: {upscaler: {run: ["),
        ("commands: {a: {}}", "commands.a.run: is missing (commands: {upscaler: {run: ["),
        ("commands: {a: {run: [x], timeout_seconds: 0}}", "timeout_seconds: found 0, expected more than 0"),
        ("commands: {a: {run: [x], timeout_seconds: 100000}}", "found 100000, expected 86400 at most"),
        ("commands: {a: {run: [x], timeout_seconds: soon}}", "timeout_seconds: found a text, expected a number"),
        ("keys: {a: FAL_KEY}", "keys.a: found a text, expected keys and values (keys: {studio: {variable:"),
        ("keys: {a: {variable: sk-secret}}", "keys.a.variable: is not a variable's name: capitals, digits and _"),
        ("plugins: x", "1 plugins: found a text, expected a list (plugins: [forge-mosaic])"),
        ("endpoints:\n  fal: {url: http://example.org}", "2 endpoints.fal.url: expected https://HOST"),
        ("endpoints: {fal: {url: 'https://a:b@example.org'}}", "endpoints.fal.url: expected https://HOST"),
        *(
            (f"endpoints: {{fal: {{url: 'https://ex.org{rest}'}}}}", f"1 endpoints.fal.url: {said}")
            for rest, said in (
                (":99999/", "its port is none, expected 1 to 65535"),
                (":0", "its port is none, expected 1 to 65535"),
                (":", "its port is none, expected 1 to 65535"),
                (":abc", "its port is none, expected 1 to 65535"),
                ("/?key=SECRET", "expected an address without ?"),
                ("/#x", "expected an address without #"),
            )
        ),
        ("endpoints: {fal: {url: 'https://@evil/'}}", "endpoints.fal.url: expected https://HOST"),
        (
            "endpoints: {fal_x: {url: 'https://a.org'}, fal-x: {url: 'https://b.org'}}",
            "endpoints.fal_x: is the same name as 'fal-x', expected one of them",
        ),
        (
            "commands: {a: {run: [x], timeout_seconds: true}}",
            "1 commands.a.timeout_seconds: found True, expected a number",
        ),
        ("endpoints: {fal: {}}", "endpoints.fal: names no address, expected url, or one of text, image"),
        ("commands: {a: {run: []}}", "commands.a.run: found a list, expected at least one"),
        (
            "commands: {a: {run: [x], shell: true}}",
            "commands.a.shell: is no key of commands (there is: run, timeout_seconds)",
        ),
        ("keys: {a: {variable: KEY, command: b}}", "keys.a: expected either variable or command"),
        ("keys: {a: {command: b}}", "1 keys.a.command: found 'b', which is none of the commands"),
        (
            "commands: {vault: {run: [x]}}\nkeys:\n  a: {command: vaults}",
            "3 keys.a.command: found 'vaults', which is none of the commands (did you mean vault?)",
        ),
        ("plugins: ['-x']", "plugins.0: found '-x'"),
        ("webhooks: {a: {url: 'ftp://x'}}", "webhooks.a.url: expected https://HOST"),
        ("- a", "found a list or a single value, expected keys and values"),
        ("a: !!python/name:os.system x", "machine.yaml"),
        ("remotes: ${oc.env:HOME}", "machine.yaml"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(SpecError) as caught:
        machine.machine_file()
    assert said in str(caught.value)
    for raw in ("valid", "Model", "sk-secret", "should"):
        assert raw not in str(caught.value)


def test_the_example_of_its_page_is_right(file: Path) -> None:
    example = (ROOT / "docs/machine.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    file.write_text(example)
    found = machine.machine_file()
    assert all(found.names(section) for section in machine.SECTIONS), "and it has every section"
    assert found.keys["vault"].command == "vault" and found.commands["vault"].run[0] == "/usr/bin/vault"


@pytest.mark.parametrize("section", machine.SECTIONS)
def test_the_shape_that_a_message_shows_is_right(file: Path, section: str) -> None:
    file.write_text(f"{section}: 3\n")
    with pytest.raises(SpecError) as caught:
        machine.machine_file()
    file.write_text(caught.value.problems[0].hint)
    assert machine.machine_file().names(section)


def test_a_file_that_is_named_has_to_be_there(file: Path) -> None:
    file.unlink()
    with pytest.raises(SpecError, match="no such file"):
        machine.machine_file()
    file.mkdir()
    with pytest.raises(SpecError, match="is a folder, expected a file") as caught:
        machine.machine_file()
    assert caught.value.problems[0].hint == f"FORGE_MACHINE={file}/machine.yaml"


def test_without_a_name_it_lies_where_the_system_keeps_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.setattr(machine.sys, "platform", "linux")
    assert machine_path({}) == Path("/home/ana/.config/forge/machine.yaml")
    assert machine_path({"XDG_CONFIG_HOME": "/etc/ana"}) == Path("/etc/ana/forge/machine.yaml")
    assert machine_path({"XDG_CONFIG_HOME": "etc"}) == Path("/home/ana/.config/forge/machine.yaml")
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    assert machine_path({}) == Path("/home/ana/Library/Application Support/forge/machine.yaml")


def test_an_edit_is_seen(file: Path) -> None:
    assert machine.machine_file().names("remotes") == ("studio",)
    file.write_text("remotes: {studio: /a, other: /b}\n")
    assert machine.machine_file().names("remotes") == ("other", "studio")


def test_endpoints_are_where_providers_are_and_the_environment_wins(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (said_by("openai", "image"), root("openai", "image")) == ("endpoints.openai.image", "http://127.0.0.1:9")
    assert (said_by("openai", "text"), completions("openai")) == ("endpoints.openai", "https://gateway.example/v1")
    assert (said_by("fal", "image"), root("fal", "image")) == ("", "")
    monkeypatch.setenv("FORGE_OPENAI_URL", "http://127.0.0.1:8")
    assert (said_by("openai", "image"), root("openai", "image")) == ("FORGE_OPENAI_URL", "http://127.0.0.1:8")


def test_it_may_not_lie_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p/personas").mkdir(parents=True)
    (tmp_path / "p/machine.yaml").write_text("plugins: [forge-mosaic]\n")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "p/machine.yaml")
    project = Project(Path(os.path.realpath(tmp_path / "p")))
    (tmp_path / "mono/p/personas").mkdir(parents=True)
    (tmp_path / "mono/.git").mkdir()
    (tmp_path / "mono/machine.yaml").write_text("plugins: [forge-mosaic]\n")
    for name in ("p/machine.yaml", "link.yaml"):
        monkeypatch.setenv("FORGE_MACHINE", str(tmp_path / name))
        with pytest.raises(SpecError, match="where a pull request could write it"):
            machine.require_outside(project)
    monkeypatch.setenv("FORGE_MACHINE", str(tmp_path / "elsewhere.yaml"))
    machine.require_outside(project)
    # Nor in the repository around it; but a home folder in version control is no repository of the project.
    monkeypatch.setenv("FORGE_MACHINE", str(tmp_path / "mono/machine.yaml"))
    inner = Project(Path(os.path.realpath(tmp_path / "mono/p")))
    with pytest.raises(SpecError, match=r"lies in the repository .*/mono, where a pull request could write it"):
        machine.require_outside(inner)
    monkeypatch.setenv("HOME", str(tmp_path / "mono"))
    machine.require_outside(inner)


@pytest.mark.parametrize("markers", [(), (".git",)])
def test_nor_may_a_link_of_the_project_lead_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, markers: tuple[str, ...]
) -> None:
    """A pull request can change where it leads. A folder without `personas` and `.git` may be a stranger's, too."""
    root = Path(os.path.realpath(tmp_path)) / "p"
    root.mkdir()
    for marker in markers:
        (root / marker).mkdir()
    outside = root.parent / "outside/forge/machine.yaml"
    outside.parent.mkdir(parents=True)
    outside.write_text("plugins: [forge-mosaic]\n")
    (root / ".config").symlink_to("../outside")
    (root / "machine.yaml").symlink_to(outside)
    (root.parent / "way").symlink_to("p")
    (root.parent / "far").symlink_to("way/.config")
    monkeypatch.chdir(root)
    for name in ("machine.yaml", ".config/forge/machine.yaml", "../way/machine.yaml", "../far/forge/machine.yaml"):
        monkeypatch.setenv("FORGE_MACHINE", name)
        with pytest.raises(SpecError, match="where a pull request could write it"):
            machine.require_outside(Project(root))
    monkeypatch.setenv("FORGE_MACHINE", "../outside/forge/machine.yaml")
    machine.require_outside(Project(root))


def test_a_command_in_the_home_folder_may_have_a_machine_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FORGE_MACHINE", str(tmp_path / "machine.yaml"))
    (tmp_path / "machine.yaml").write_text("plugins: [forge-mosaic]\n")
    machine.require_outside(Project(Path(os.path.realpath(tmp_path))))
    (tmp_path / "personas").mkdir()
    with pytest.raises(SpecError, match="where a pull request could write it"):
        machine.require_outside(Project(Path(os.path.realpath(tmp_path))))


def test_allowed_plugins_are_those_of_file_and_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_PLUGINS", "forge-mosaic, My.Own,")
    assert machine.allowed_plugins() == {"forge-mosaic": str(file), "my-own": "FORGE_PLUGINS"}
    for wrong in ("my-own==0.1.0", "my-own other", "my-own;other", "./my-own"):
        monkeypatch.setenv("FORGE_PLUGINS", f"glow, {wrong}")
        with pytest.raises(SpecError) as caught:
            machine.allowed_plugins()
        assert f"environment FORGE_PLUGINS: found {wrong!r}, expected names of distributions" in str(caught.value)


def test_a_repository_names_remotes_that_the_machine_defines(
    file: Path, tmp_path: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    file.write_text(f"remotes: {{studio: {share}}}\n")
    root = tmp_path / "p"
    (root / "personas").mkdir(parents=True)
    persona = root / "personas/ana.yaml"
    persona.write_text("id: ana\nbrief: A calm gardener.\nstore:\n  remote: {name: studios}\n")
    found = forge("validate", cwd=root, check=2).stderr
    assert "personas/ana.yaml:4 store.remote.name: found 'studios', which this machine doesn't define" in found
    assert "did you mean studio?" in found
    persona.write_text(persona.read_text().replace("studios", "studio"))
    assert "Valid" in forge("validate", cwd=root, check=0).stdout
    forge("build", "ana", "--select", "intent", cwd=root, check=0)
    pushed = forge("cache", "push", "ana", cwd=root, check=0).stdout
    assert str(share) in pushed
    assert str(share) in forge("cache", "push", "ana", "--remote", "@studio", cwd=root, check=0).stdout
    unknown = forge("cache", "push", "ana", "--remote", "@studois", cwd=root, check=2).stderr
    assert "--remote: found 'studois', which this machine doesn't define\n  did you mean studio?" in unknown
    file.write_text("remotes: {}\n")  # what was valid is validated again, since the machine changed
    assert "this machine doesn't define" in forge("validate", cwd=root, check=2).stderr
    said = "".join(forge("doctor", cwd=root).stdout.split())
    assert f"machinefile{file}:itdefinesnothing" in said, "in lines of 120 characters"
    file.chmod(0o666)
    assert "may be written by others" in forge("doctor", cwd=root).stdout


def test_models_of_steps_name_what_the_machine_defines(file: Path) -> None:
    class Upscale(StepBase):
        kind: Literal["upscale"]
        command: CommandName
        key: KeyName | None = None

    assert Upscale(kind="upscale", command="sox", key="vault").command == "sox"
    with pytest.raises(ValidationError) as caught:
        Upscale(kind="upscale", command="soxx", key="x")
    first, second = caught.value.errors()
    assert first["ctx"] == {
        "message": "found 'soxx', which this machine doesn't define",
        "hint": "did you mean sox?",
    }
    assert second["ctx"]["hint"] == f"it has studio, vault; `keys:` in {file}"


def test_endpoints_are_called_as_the_file_has_them(file: Path) -> None:
    file.write_text("endpoints: {studio_paint: {url: 'https://a.example'}, own-fal: {url: 'https://b.example'}}\n")
    assert machine.machine_file().names("endpoints") == ("own-fal", "studio_paint")
    assert said_by("studio_paint", "image") == said_by("studio-paint", "image") == "endpoints.studio_paint"
    assert root("own_fal", "image") == "https://b.example"


def test_doctor_warns_of_an_endpoint_that_nothing_is_called_as(file: Path) -> None:
    file.write_text("endpoints: {opnai: {url: 'https://a.example'}, studio_paint: {url: 'https://a.example'}}\n")
    misspelt, strange = providers.addresses([], {})
    text = "endpoints.opnai of the machine file: neither a provider nor a text model in use is called opnai"
    assert misspelt[1:4] == ("warning", text, "did you mean openai?")
    assert strange.text.startswith("endpoints.studio_paint of") and strange.hint.startswith("there is: anthropic, ")
    file.write_text("endpoints: {openai: {url: 'https://a.example'}, anthropic: {url: 'https://a.example'}}\n")
    assert {finding.level for finding in providers.addresses([], {})} == {"ok"}
    (variable,) = providers.addresses([], {"FORGE_OPNAI_URL": "https://a.example"})[:1]
    assert variable.hint == "did you mean FORGE_OPENAI_URL?"


@pytest.mark.parametrize("name", ["forge/machine.yml", "machine.yaml"])
def test_a_file_beside_the_place_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("FORGE_MACHINE", raising=False)
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path, project = tmp_path / "forge/machine.yaml", Project(tmp_path / "p")
    (nothing,) = outside.outside(project)
    assert nothing.level == "ok" and nothing.text.endswith("key or webhook, and no plug-in")
    monkeypatch.setenv("FORGE_PLUGINS", "forge-mosaic")
    assert outside.outside(project)[0].text.endswith("and no plug-in but what FORGE_PLUGINS allows")
    (tmp_path / "forge").mkdir()
    (tmp_path / name).write_text(WHOLE)
    (said,) = outside.outside(project)
    assert (said.level, said.hint) == ("warning", f"mv {tmp_path / name} {path}")
    assert said.text.endswith(f"; nothing reads {tmp_path / name}")
    monkeypatch.setenv("FORGE_MACHINE", str(path))
    with pytest.raises(SpecError) as caught:
        machine.machine_file()
    assert caught.value.problems[0].hint == f"did you mean FORGE_MACHINE={tmp_path / name}?"


def test_doctor_looks_at_the_remote_of_the_environment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "p").mkdir()
    project = Project(Path(os.path.realpath(tmp_path / "p")))

    def said(value: str) -> tuple[str, str]:
        monkeypatch.setenv("FORGE_REMOTE", value)
        (found,) = [one for one in examine(project) if "FORGE_REMOTE" in one.text]
        return found.level, found.text

    level, text = said("@stdio")
    assert level == "problem" and "found 'stdio', which this machine doesn't define" in text
    assert said("@studio") == ("warning", "FORGE_REMOTE: /mnt/studio/store is not there, or not mounted")
    assert said("s3://bucket")[0] == "problem"
    assert said(str(tmp_path)) == ("ok", f"FORGE_REMOTE: stores are shared through {tmp_path}")


def test_a_folder_that_is_called_as_a_remote_is_asked_about(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(Path(os.path.realpath(tmp_path / "p")))
    project.root.mkdir()
    monkeypatch.chdir(project.root)
    for given, declared, hint in (
        ("studio", None, "@studio for the remote, or ./studio for a folder"),
        (None, "studio", "store: {remote: {name: studio}} for the remote, or ./studio for a folder"),
    ):
        with pytest.raises(StoreError, match="'studio' is a remote of this machine, and there is no folder") as caught:
            remote_folder(project, given, declared, {})
        assert caught.value.hint == hint
        assert remote_folder(project, given and "./studio", declared and "./studio", {}) == project.root / "studio"
    (project.root / "studio").mkdir()
    notes: dict[str, None] = {}
    assert remote_folder(project, "studio", None, {}, notes) == project.root / "studio"
    assert remote_folder(project, None, "studio", {}, notes) == project.root / "studio"
    assert [note.partition(":")[0] for note in notes] == ["--remote", "store.remote"]
    assert remote_folder(project, "other", None, {}) == project.root / "other"
