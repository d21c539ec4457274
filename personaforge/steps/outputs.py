"""A node's outputs, whatever its kind: what a call made of an attempt, bytes to keep, the ending of a file's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.digest import digest_bytes
from personaforge.steps.action import Action, Outcome, Output, Procedure, Result
from personaforge.steps.attempts import Made
from personaforge.steps.context import Context
from personaforge.store.artifact import SUFFIXES, Artifact


def write(
    context: Context, name: str, path: str, content: bytes, media_type: str, facts: Mapping[str, Any] | None = None
) -> Procedure:
    """Keep bytes that the procedure has computed itself, as the node's only output."""
    result = yield write_action(content, media_type)
    return Outcome(
        "accepted", {name: Output(result.outputs["content"], path)}, dict(facts or {}), result.key, context.take
    )


def write_action(content: bytes, media_type: str) -> Action:
    """Return the action that keeps bytes."""
    request = {"digest": digest_bytes(content), "media_type": media_type}
    return Action("write", "forge@1", request, content=content)


def made_by(context: Context, result: Result, output: str, name: str) -> Made:
    """Return what a call made: its result's output `name` as the attempt's `output`, or nothing when it was blocked."""
    facts = how(context, result)
    if result.passed_over:
        facts["passed_over"] = list(result.passed_over)
    if result.blocked:
        return Made({}, facts, result.blocked)
    return Made({output: result.outputs[name]}, facts)


def how(context: Context, result: Result) -> dict[str, Any]:
    """Return how an artifact was made, for the lock and for reports."""
    action = result.action
    facts: dict[str, Any] = {"provider": action.provider.partition("@")[0]}
    if result.value.get("truncated"):
        facts["truncated"] = True
    facts["model"] = str(result.details.get("model") or action.request.get("model", ""))
    if "seed" in action.request:
        facts["seed"] = action.request["seed"]
    if result.details.get("label"):
        facts["label"] = str(result.details["label"])
    return facts


def suffix_of(artifact: Artifact) -> str:
    """Return the file name ending of an artifact."""
    return SUFFIXES[artifact.media_type]
