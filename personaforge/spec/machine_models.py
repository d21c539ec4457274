"""The schema of the machine file; `machine_file` says what it is for. Loads pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from personaforge.errors import Problem, SpecError
from personaforge.listing import listed, meant
from personaforge.modalities import MODALITIES
from personaforge.spec import machine_sections as kept
from personaforge.spec.shared_folder import folder_fault
from personaforge.spec.source import Source
from personaforge.spec.values import Line, MachineName, Model


def _distribution(text: str) -> str:
    if not kept.is_distribution(text):
        raise ValueError(f"found {text!r:.80}, expected the name of a distribution, without a version")
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in kept.LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or local)) or "@" in parts.netloc:
        raise ValueError("expected https://HOST, or http://127.0.0.1:PORT, without a name or password in it")
    if "#" in text:
        raise ValueError("expected an address without #, which no server sees")
    try:
        fine = parts.port != 0 and not parts.netloc.endswith(":")
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("its port is none, expected 1 to 65535")
    return text


def _endpoint(text: str) -> str:
    if "?" in text:
        raise ValueError("expected an address without ?: a path is added to it")
    return text


def _seconds(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"found {value!r}, expected a number of seconds")
    return value


def _folder(text: str) -> str:
    fault = folder_fault(text)
    if fault is not None:
        raise ValueError(f"{fault.message} ({fault.hint})")
    if not text.startswith("/"):
        raise ValueError(f"{text!r} depends on where forge is started, expected an absolute path")
    return text


Distribution = Annotated[str, AfterValidator(_distribution)]
Address = Annotated[Line, AfterValidator(_address)]
EndpointAddress = Annotated[Address, AfterValidator(_endpoint)]
Folder = Annotated[Line, AfterValidator(_folder)]


class EndpointModel(Model):
    """See `machine_file.Endpoint`."""

    url: EndpointAddress | None = None
    """The address for everything that has none below."""
    text: EndpointAddress | None = None
    """The address for texts."""
    image: EndpointAddress | None = None
    """The address for pictures."""
    video: EndpointAddress | None = None
    """The address for clips."""
    speech: EndpointAddress | None = None
    """The address for speech."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in ("url", *MODALITIES)):
            raise ValueError(f"names no address, expected url, or one of {', '.join(MODALITIES)}")
        return self


class CommandModel(Model):
    """See `machine_file.Command`."""

    run: Annotated[tuple[Line, ...], Field(min_length=1, max_length=64)]
    """The program and its arguments; no shell reads them."""
    timeout_seconds: Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=86_400)] = 600.0
    """Seconds after which the program is stopped."""


class KeyModel(Model):
    """See `machine_file.KeySource`."""

    variable: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,100}$")] | None = None
    """The environment variable that holds the key."""
    command: MachineName | None = None
    """The name of a command that prints the key."""

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.variable is None) == (self.command is None):
            raise ValueError("expected either variable or command")
        return self


class WebhookModel(Model):
    """See `machine_file.Webhook`."""

    url: Address
    """The address that is called."""


class MachineModel(Model):
    """The whole file. What is left out is empty."""

    remotes: dict[MachineName, Folder] = Field(default_factory=dict)
    """Folders to share the store through, by the name that a project's `store.remote` uses."""
    endpoints: dict[MachineName, EndpointModel] = Field(default_factory=dict)
    commands: dict[MachineName, CommandModel] = Field(default_factory=dict)
    plugins: tuple[Distribution, ...] = ()
    """Distributions whose plug-ins may be loaded here, where a project asks for them."""
    keys: dict[MachineName, KeyModel] = Field(default_factory=dict)
    webhooks: dict[MachineName, WebhookModel] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _endpoints_differ(self) -> Self:
        for name in self.endpoints:
            if "_" in name and (other := name.replace("_", "-")) in self.endpoints:
                raise ValueError(f"endpoints.{name}: is the same name as {other!r}, expected one of them")
        return self


def validated(source: Source) -> dict[str, Any]:
    """Return the sections of a machine file by name, as `MachineFile` has them. Raises SpecError with all problems."""
    import yaml

    data = yaml.load(source.text, yaml.CSafeLoader)
    try:
        model = MachineModel.model_validate({} if data is None else data)
    except ValidationError as error:
        raise SpecError([_problem(source, item) for item in error.errors(include_url=False)]) from None
    lost = [name for name, key in model.keys.items() if key.command is not None and key.command not in model.commands]
    if lost:
        raise SpecError([_lost(source, model, name) for name in lost])
    plain = model.model_dump(exclude_none=True)
    return {
        "remotes": dict(model.remotes),
        "endpoints": {name: kept.Endpoint(**one) for name, one in plain["endpoints"].items()},
        "commands": {name: kept.Command(tuple(one.run), one.timeout_seconds) for name, one in model.commands.items()},
        "plugins": tuple(dict.fromkeys(kept.normalised(name) for name in model.plugins)),
        "keys": {name: kept.KeySource(**one) for name, one in plain["keys"].items()},
        "webhooks": {name: kept.Webhook(one.url) for name, one in model.webhooks.items()},
    }


def _lost(source: Source, model: MachineModel, name: str) -> Problem:
    """Return that a key is to come from a command that isn't there."""
    command, path = str(model.keys[name].command), ["keys", name, "command"]
    there = f"there is: {listed(sorted(model.commands), 12)}" if model.commands else _SHAPES["commands"]
    message = f"found {command!r}, which is none of the commands"
    return Problem(source.where(path), ".".join(path), message, meant(command, model.commands) or there)


_SHAPES: Final = {
    "remotes": "remotes: {studio: /mnt/studio/store}",
    "endpoints": 'endpoints: {openai: {url: "https://gateway.example/v1"}}',
    "commands": "commands: {upscaler: {run: [/opt/upscaler/bin/upscale, --quiet]}}",
    "plugins": "plugins: [forge-mosaic]",
    "keys": "keys: {studio: {variable: FAL_KEY_STUDIO}}",
    "webhooks": 'webhooks: {team: {url: "https://hooks.example/x"}}',
}
_ENTRIES: Final[dict[str, type[Model]]] = {
    "endpoints": EndpointModel,
    "commands": CommandModel,
    "keys": KeyModel,
    "webhooks": WebhookModel,
}
_EXPECTED: Final = {
    "tuple_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "string_type": "a text",
    "string_too_short": "a text",
    "string_too_long": "a text of {max_length} characters at most",
    "too_short": "at least one",
    "too_long": "{max_length} at most",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "{le:g} at most",
}
"""What is expected, by pydantic's type of the error."""


def _problem(source: Source, item: Any) -> Problem:
    """Word one of pydantic's errors. A value that may be a key or hold a password is never shown."""
    location = [str(part) for part in item["loc"] if part != "[key]"]
    kind, found = item["type"], item.get("input")
    hint = _SHAPES.get(location[0], "") if location else ""
    if kind == "extra_forbidden":
        known = list((MachineModel if len(location) == 1 else _ENTRIES[location[0]]).model_fields)
        message = "is no key of the machine file" if len(location) == 1 else f"is no key of {location[0]}"
        hint = meant(location[-1], known) or f"there is: {', '.join(known)}"
    elif kind == "missing":
        message = "is missing"
    elif kind == "value_error":
        message, hint = str(item["msg"]).removeprefix("Value error, "), ""
    elif kind == "string_pattern_mismatch" and item["loc"][-1] == "[key]":
        message = f"found {found!r:.80}, expected a name of small letters, digits, - and _, a letter first"
    elif kind == "string_pattern_mismatch":
        what = "the name of a command" if location[-1] == "command" else "a variable's name: capitals, digits and _"
        message = f"is not {what}"
    else:
        expected = _EXPECTED[kind].format(**item.get("ctx", {})) if kind in _EXPECTED else str(item["msg"])
        message = f"found {_form(found)}, expected {expected}"
    return Problem(source.where(location), ".".join(location), message, hint)


def _form(value: Any) -> str:
    """Say what a value is, without it."""
    if value is None or isinstance(value, bool | int | float):
        return "nothing" if value is None else repr(value)
    return {"str": "a text", "dict": "keys and values", "list": "a list"}.get(type(value).__name__, "a value")
