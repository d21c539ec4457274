"""The schema of the machine file; `machine_file` says what it is for. Loads pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from personaforge.errors import Problem, SpecError
from personaforge.modalities import MODALITIES
from personaforge.spec import machine_sections as kept
from personaforge.spec.shared_folder import folder_fault
from personaforge.spec.source import Source
from personaforge.spec.values import Line, MachineName, Model

Distribution = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$")]


def _address(text: str) -> str:
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in kept.LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or local)) or parts.username or parts.password:
        raise ValueError("expected https://HOST, or http://127.0.0.1:PORT, without a name or password in it")
    return text


def _folder(text: str) -> str:
    fault = folder_fault(text)
    if fault is not None:
        raise ValueError(f"{fault.message} ({fault.hint})")
    if not text.startswith("/"):
        raise ValueError(f"{text!r} depends on where forge is started, expected an absolute path")
    return text


Address = Annotated[Line, AfterValidator(_address)]
Folder = Annotated[Line, AfterValidator(_folder)]


class EndpointModel(Model):
    """See `machine_file.Endpoint`."""

    url: Address | None = None
    text: Address | None = None
    image: Address | None = None
    video: Address | None = None
    speech: Address | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in ("url", *MODALITIES)):
            raise ValueError(f"names no address, expected url, or one of {', '.join(MODALITIES)}")
        return self


class CommandModel(Model):
    """See `machine_file.Command`."""

    run: Annotated[tuple[Line, ...], Field(min_length=1, max_length=64)]
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] = 600.0


class KeyModel(Model):
    """See `machine_file.KeySource`."""

    variable: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,100}$")] | None = None
    command: MachineName | None = None

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.variable is None) == (self.command is None):
            raise ValueError("expected either variable or command")
        return self


class WebhookModel(Model):
    """See `machine_file.Webhook`."""

    url: Address


class MachineModel(Model):
    """The whole file. What is left out is empty."""

    remotes: dict[MachineName, Folder] = Field(default_factory=dict)
    endpoints: dict[MachineName, EndpointModel] = Field(default_factory=dict)
    commands: dict[MachineName, CommandModel] = Field(default_factory=dict)
    plugins: tuple[Distribution, ...] = ()
    keys: dict[MachineName, KeyModel] = Field(default_factory=dict)
    webhooks: dict[MachineName, WebhookModel] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _keys_name_commands(self) -> Self:
        for name, key in self.keys.items():
            if key.command is not None and key.command not in self.commands:
                raise ValueError(f"keys.{name}.command: found {key.command!r}, which is none of the commands")
        return self


def validated(source: Source) -> dict[str, Any]:
    """Return the sections of a machine file by name, as `MachineFile` has them. Raises SpecError with all problems."""
    import yaml

    data = yaml.load(source.text, yaml.CSafeLoader)
    try:
        model = MachineModel.model_validate({} if data is None else data)
    except ValidationError as error:
        raise SpecError([_problem(source, item) for item in error.errors(include_url=False)]) from None
    plain = model.model_dump(exclude_none=True)
    return {
        "remotes": dict(model.remotes),
        "endpoints": {name.replace("_", "-"): kept.Endpoint(**one) for name, one in plain["endpoints"].items()},
        "commands": {name: kept.Command(tuple(one.run), one.timeout_seconds) for name, one in model.commands.items()},
        "plugins": tuple(dict.fromkeys(kept.normalised(name) for name in model.plugins)),
        "keys": {name: kept.KeySource(**one) for name, one in plain["keys"].items()},
        "webhooks": {name: kept.Webhook(one.url) for name, one in model.webhooks.items()},
    }


def _problem(source: Source, item: Any) -> Problem:
    location = [str(part) for part in item["loc"] if part != "[key]"]
    hint = ""
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        known = list(MachineModel.model_fields) if len(location) == 1 else []
        from difflib import get_close_matches

        close = get_close_matches(location[-1], known, 1)
        message = "is no key of the machine file"
        hint = f"did you mean {close[0]}?" if close else f"there is: {', '.join(known)}" if known else ""
    elif item["type"] != "value_error":
        message = f"found {item['input']!r}: {message[0].lower()}{message[1:]}"
    return Problem(source.where(location), ".".join(location), message, hint)
