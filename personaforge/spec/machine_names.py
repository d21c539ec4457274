"""Names that only this machine can define, as types of settings: for the models of steps, of plug-ins, too.

    class UpscaleStep(StepBase):
        kind: Literal["upscale"]
        command: CommandName        # `command: upscaler` in YAML; `machine_file().commands["upscaler"]` says what runs

`forge validate` refuses a name that the machine file doesn't define, with the nearest that it does.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from personaforge.spec.machine_file import machine_file
from personaforge.spec.values import MachineName

UNDEFINED: Final = "undefined_on_this_machine"
"""The type of the error."""


def _defined(section: str) -> AfterValidator:
    def check(name: str) -> str:
        problem = machine_file().problem(section, name, "", "")
        if problem is not None:
            raise PydanticCustomError(UNDEFINED, "{message}", {"message": problem.message, "hint": problem.hint})
        return name

    return AfterValidator(check)


RemoteName = Annotated[MachineName, _defined("remotes")]
CommandName = Annotated[MachineName, _defined("commands")]
KeyName = Annotated[MachineName, _defined("keys")]
WebhookName = Annotated[MachineName, _defined("webhooks")]
