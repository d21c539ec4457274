"""The kinds of values that specs are made of, and the base of spec models: frozen, strict about unknown keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A step, a section or an entry of a table: lower case, digits and underscores."""
Slot = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,31}$")]
TemplateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*\.j2$", max_length=200)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Unit = Annotated[float, Field(ge=0, le=1)]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Degrees = Annotated[float, Field(ge=-90, le=90)]
Distance = Literal["headshot", "bust", "half", "full"]
Pixels = Annotated[int, Field(ge=16, le=4096)]


class Model(BaseModel):
    """Base of all spec models: frozen, strict about keys, tuples instead of lists."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=(), allow_inf_nan=False
    )


# --- pipeline ---------------------------------------------------------------------------------------------------------
