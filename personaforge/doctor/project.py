"""The project: whether there is one, which personas can be loaded, and which providers they and the presets name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from personaforge.doctor.finding import Finding
from personaforge.errors import SpecError
from personaforge.git import GitFailed, git
from personaforge.listing import counted, listed
from personaforge.modalities import MODALITIES
from personaforge.providers.table import KNOWN
from personaforge.spec.consent import consent_problems
from personaforge.spec.load import Loaded, Loader, SpecCache
from personaforge.spec.project import Project, packaged, persona_id

PART: Final = "project"
_MOST_BASES: Final = 8
_FIRST: Final = "forge init ."


class Use(NamedTuple):
    """A provider and model that a persona's step, or a preset, names."""

    modality: str
    provider: str
    model: str
    key: str = ""
    """The variable that the preset names for the key; empty for the usual one."""
    persona: str = ""
    """Empty where only a preset names it."""
    fallback: bool = False


def load(project: Project, cache: SpecCache | None) -> tuple[list[Loaded], list[Finding]]:
    """Return the personas that can be loaded, and the findings of the project."""
    if not project.declared:
        text = f"no project here: neither {project.root} nor a folder above holds personas/, .forge/ or .git"
        return [], [Finding(PART, "warning", text, _FIRST, {"root": None})]
    files = project.persona_files()
    if not files:
        text = f"{project.root} has no persona in personas/"
        return [], [Finding(PART, "warning", text, _FIRST, {"root": str(project.root)})]
    loaded, wrong, first = [], [], ""
    for file, (one, problems) in zip(files, Loader(project, cache, domains=KNOWN).each(files), strict=True):
        if problems or one is None:
            wrong.append(persona_id(file))
            first = first or str(problems[0])
        else:
            loaded.append(one)
    text = f"{project.root}, {counted(len(files), 'persona')}: {listed((persona_id(file) for file in files), 4)}"
    found = [Finding(PART, "ok", text, facts={"root": str(project.root), "personas": len(files)})]
    if wrong:
        text = f"{counted(len(wrong), 'persona')} with mistakes: {listed(wrong, 4)}. The first: {first}"
        found.append(Finding(PART, "problem", text, "forge validate", {"wrong": wrong}))
    consents = list(consent_problems(project))
    if consents:
        text = f"{counted(len(consents), 'mistake')} in consent records. The first: {consents[0]}"
        found.append(Finding(PART, "problem", text, "forge validate", {"consent": len(consents)}))
    return loaded, [*found, *_ignored(project)]


def uses(loaded: Iterable[Loaded]) -> list[Use]:
    """Return the providers and models of the personas' steps, fallbacks included. Steps without nodes have none."""
    from personaforge.steps.choices import choices
    from personaforge.steps.table import step_kind

    found: dict[Use, None] = {}
    for persona in loaded:
        settings = persona.settings
        for step in settings.value("pipeline.steps").values():
            kind = step_kind(step["kind"])
            if not kind.modality or not kind.slots(settings, step):
                continue
            group: Mapping[str, Any] = settings.get(kind.preset) or {}
            if kind.modality == "text":
                asked = [(step["provider"], model) for model in (step["model"], *(step.get("fallbacks") or ()))]
            else:
                asked = [(one.provider, one.model) for one in choices(step.get, group.get)]
            for number, (provider, model) in enumerate(asked):
                own = provider == asked[0][0]
                key = str(group.get("key") or "") if own else ""
                found[Use(kind.modality, provider, model, key, settings.id, number > 0)] = None
    return list(found)


def presets(project: Project) -> tuple[list[Use], list[Finding]]:
    """Return the providers that the presets of the project and of forge name; the files are read, not composed."""
    found: dict[Use, None] = {}
    faults = []
    for modality in MODALITIES:
        read: dict[str, Mapping[str, Any]] = {}
        for folder in reversed(project.conf_folders):  # the project's own file of a name replaces the packaged one
            for path in sorted((folder / modality).glob("*.yaml")):
                try:
                    read[path.stem] = _preset(path, folder)
                except SpecError as error:
                    faults.append(Finding(PART, "problem", error.message, "forge validate"))
        for name, preset in read.items():
            for use in _preset_uses(modality, name, preset, read):
                found[use] = None
    return list(found), faults


def _preset(path: Path, folder: Path) -> Mapping[str, Any]:
    import yaml

    from personaforge.spec.source import read_source

    ours = folder == packaged("conf")
    source = read_source(path, f"conf/{path.parent.name}/{path.name}", root=folder.resolve() if ours else folder.parent)
    value = yaml.load(source.text, yaml.CSafeLoader)
    return value if isinstance(value, dict) else {}


def _preset_uses(
    modality: str, name: str, preset: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]
) -> Iterator[Use]:
    """Yield the providers that a preset names, itself or in the presets of its defaults."""
    whole: dict[str, Any] = {}
    for one in [*_bases(preset, others), preset]:
        whole |= one
    provider = whole.get("provider")
    if not isinstance(provider, str) or provider == "none" or "${" in provider:
        return
    key = whole.get("key")
    models = whole.get("models")
    asked = list(models.values()) if isinstance(models, dict) else [whole.get("model")]
    for model in asked:
        yield Use(modality, provider, str(model or ""), key if isinstance(key, str) else "")


def _bases(
    preset: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]], depth: int = 0
) -> list[Mapping[str, Any]]:
    names = [one for one in preset.get("defaults") or () if isinstance(one, str) and one in others]
    if depth >= _MOST_BASES:
        return []
    return [one for name in names for one in (*_bases(others[name], others, depth + 1), others[name])]


def _ignored(project: Project) -> Sequence[Finding]:
    """Yield a finding where git doesn't ignore the store."""
    if not any((folder / ".git").exists() for folder in (project.root, *project.root.parents)):
        return ()
    try:
        done = git(project.root, "check-ignore", "-q", ".forge/index.db", seconds=10)
    except GitFailed:
        return ()
    if done.code != 1:
        return ()
    text = "git doesn't ignore .forge/: the store would be committed"
    return (Finding(PART, "warning", text, "printf '.forge/\\nbuild/\\n' >> .gitignore"),)
