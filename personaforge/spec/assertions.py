"""The models of `checks:`: named assertions that `forge test` runs. A check is data; nothing in it is code but its SQL,
which is only ever run read-only and can't reach files (`personaforge.checks.sql`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Discriminator, Field, RootModel, StringConstraints, Tag, model_validator
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from personaforge.spec.grammar import Unreadable, parse_assertion
from personaforge.spec.measures import ALLOWANCES
from personaforge.spec.values import Model, Name

Allowance = Literal["unmeasured", "unbuilt", "out_of_domain", "insufficient", "nothing"]
assert set(get_args(Allowance)) == set(ALLOWANCES)


def _readable(text: str) -> str:
    try:
        parse_assertion(text)
    except Unreadable as error:
        context = {"message": error.message, "hint": error.hint, "text": text}
        raise PydanticCustomError("assertion", "{message} in {text}", context) from error
    return text


AssertionText = Annotated[str, StringConstraints(min_length=1, max_length=400), AfterValidator(_readable)]
"""`min(composite) >= 0.55 over images`; see docs/checks.md."""


class Check(Model):
    """A named assertion: `assert` or `sql`, how serious a failure is, and what it may let pass."""

    assertion: Annotated[AssertionText | None, Field(alias="assert")] = None
    """A sentence about scores or drift, such as `min(cosine) >= 0.9 over images`; see docs/checks.md."""
    sql: Annotated[str, StringConstraints(min_length=1, max_length=10_000)] | None = None
    """One SELECT over the warehouse that must return no row. `$persona` is replaced by the persona's id."""
    severity: Literal["error", "warn"] = "error"
    """warn: a failure is shown and doesn't change the exit code."""
    allow: tuple[Allowance, ...] = ()
    """What would otherwise keep the check from passing."""
    description: Annotated[str, StringConstraints(max_length=400)] = ""
    """For people."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Check:
        if (self.assertion is None) == (self.sql is None):
            found = "neither" if self.sql is None else "both"
            context = {"message": f"found {found} of assert and sql, expected one of them", "hint": "", "text": ""}
            raise PydanticCustomError("assertion", "{message}", context)
        return self


def _form(value: Any) -> str:
    """Distinguish an assertion from a table, so that a wrong value gets one message. Tags in <> are left out of
    messages."""
    return "<text>" if isinstance(value, str) else "<table>"


CheckEntry = Annotated[Annotated[AssertionText, Tag("<text>")] | Annotated[Check, Tag("<table>")], Discriminator(_form)]
"""An assertion alone, or a table with more about it."""


class Checks(RootModel[dict[Name, CheckEntry | None]]):
    """Checks by name. Null removes a check that a preset has."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"additionalProperties": False})
