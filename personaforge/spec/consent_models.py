"""The consent record of a real person, `consent/ID.yaml`: what is agreed with whom, in which limits, since when.

The items and restrictions are those that users of such personas know from elsewhere; the parts follow ISO/IEC TS
27560:2023: a header (version, record, subject, created), what is processed and by whom, and events. Times have a time
zone. What is absent is not agreed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from personaforge.spec.project import ID_PATTERN
from personaforge.spec.sentences import Described
from personaforge.spec.values import Line, Model


class ConsentItems(Model):
    """What is agreed to; absent means no."""

    facial_recognition: bool = False
    """Whether the face may be measured."""
    ai_training: bool = False
    """Whether models may be trained on it."""
    likeness_usage: bool = False
    """Whether pictures and clips of the likeness may be made."""
    data_retention: bool = False
    """Whether what is given may be kept."""


class Restrictions(Model):
    """What is agreed to only within limits."""

    no_commercial_use: bool = False
    """Whether nothing may earn money."""
    no_third_party: bool = False
    """Whether nothing may be handed to anybody else."""
    time_limit_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """Days from `signed_at`; null for no limit."""


class ConsentEvent(Model):
    """Something that happened to the consent."""

    event: Literal["requested", "given", "refused", "withdrawn", "expired"]
    """What happened."""
    at: AwareDatetime
    """When, with the time zone."""
    by: Line
    """Who did it: the subject, or somebody for them."""


class ConsentRecord(Model):
    """A consent record."""

    schema_version: Literal[1]
    record_id: Line
    """The record's own id."""
    subject: Annotated[str, StringConstraints(pattern=ID_PATTERN)]
    """The id by which personas name the person, and the file's name."""
    created: AwareDatetime
    """When the record was made, with the time zone."""
    controller: Line
    """Who may do what is agreed."""
    jurisdiction: Line | None = None
    """The law that it is under; null where nobody has said."""
    notice: Line | None = None
    """Where what the person was told can be read."""
    agreed_terms: Line
    """Which terms were agreed to, with their version."""
    consent_items: ConsentItems
    restrictions: Restrictions = Restrictions()
    signed_at: AwareDatetime
    """When it was signed, with the time zone; `time_limit_days` counts from here."""
    events: Annotated[tuple[ConsentEvent, ...], Field(min_length=1, max_length=1000)]
    """Oldest first."""

    @model_validator(mode="after")
    def _ordered(self) -> ConsentRecord:
        times = [event.at for event in self.events]
        if times != sorted(times):
            raise ValueError("found events in another order, expected the oldest first")
        return self


def consent_schema() -> dict[str, Any]:
    """Return the JSON Schema of a consent record."""
    schema = ConsentRecord.model_json_schema(schema_generator=Described)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "consent/ID.yaml"}
