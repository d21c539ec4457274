"""One completion: what a text step asks of a text model, as a list of actions (the model, then its fallbacks)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from personaforge.brief.told import told_beside
from personaforge.digest import derive_seed
from personaforge.spec.kinds import kind_named
from personaforge.steps.action import Action, Price, Result
from personaforge.steps.context import Context
from personaforge.steps.material import brief_of, summary_of, texts_of
from personaforge.steps.phrasing import told_language
from personaforge.store.artifact import Artifact

BAD_ANSWER = "bad_answer"
"""Name of the input that only a repair has, among completions."""
_ASSUMED_PROMPT_TOKENS = 1_500
"""For estimates before a prompt exists: our longest packaged prompt (audit) has about 3,000, the shortest about 400."""
_CHARACTERS_PER_TOKEN = 4
"""The usual rule of thumb for English."""


class BadAnswer(NamedTuple):
    """An answer that is handed back to be mended."""

    artifact: Artifact
    text: str
    model: str
    """The model that gave it, and has to mend it."""


def completion(
    context: Context,
    step: str,
    sections: Mapping[str, Any],
    *,
    findings: Sequence[Mapping[str, Any]] = (),
    problems: Sequence[str] = (),
    attempt: int = 0,
    stream: str = "",
    bad: BadAnswer | None = None,
) -> list[Action]:
    """Return the actions of one completion for a prompted step: its model's, then its fallbacks'.

    `findings` are a second reader's, `problems` say why the last attempt's answer was refused. `stream` distinguishes
    completions of the same step and attempt, such as the rounds of a review. With a `bad` answer it is one action: the
    model that gave it is asked to mend it, and the answer's digest is among the action's inputs.
    """
    settings = context.settings.scope()
    base = f"pipeline.steps.{step}"
    section = settings[f"{base}.section"]
    schema = settings[f"schema.{settings[f'{base}.schema']}"]
    pinned = settings.get("pinned", {}).get(section, {})
    brief, texts = brief_of(context, settings), texts_of(context, settings)
    uses = _tree({path: settings[path] for path in settings[f"{base}.uses"]})
    variables = {
        "fashion": {"contexts": {}},
        **uses,
        "brief": brief,
        "persona_id": context.node.origin,
        "section": section,
        "pinned": pinned,
        "sections": dict(sections),
        "schema": schema,
        "findings": [dict(finding) for finding in findings],
        "problems": list(problems),
    }
    if texts:
        variables["material"] = texts
    reader = kind_named(context.node.kind).role == "review" and step == context.node.step
    fixed = dict(settings.get("pinned", {})) if reader else None
    if fixed is not None:
        variables["pins"] = fixed  # a reader judges all sections, so it has to know what is fixed in any of them
    if bad is not None:
        variables["answer"] = bad.text
    capability = context.capability("text", settings[f"{base}.provider"])
    max_tokens = settings[f"{base}.max_tokens"]
    fields: dict[str, Any] = {"section": section, "schema": schema}
    sources: dict[str, str] = {}
    asks = f"{base}.repair" if bad is not None else f"{base}.template"
    for name, template in (("system", f"{base}.system"), ("prompt", asks)):
        if name in capability.reads:
            rendered = context.render(settings[template], variables)
            fields[name] = rendered.text
            sources.update(rendered.sources)
    fields["temperature"] = settings[f"{base}.temperature"]
    fields["max_tokens"] = max_tokens
    node = f"{context.origin(step)}{stream}"
    fields["seed"] = derive_seed(context.node.origin, node, context.take, attempt, settings["seed"])
    fields["context"] = {
        "brief": brief,
        "pinned": pinned,
        "sections": dict(sections),
        "findings": [dict(finding) for finding in findings],
        "fashion": variables["fashion"],
        **({"pins": fixed} if fixed is not None else {}),
        **({"material": texts} if texts else {}),
    }
    if (
        "facts" in capability.reads
        and not texts
        and (facts := told_beside(str(settings["brief"]), summary_of(context)))
    ):
        fields["facts"] = facts
    if "language" in capability.reads and (language := told_language(settings, schema)):
        fields["language"] = language
    request = {name: value for name, value in fields.items() if name in capability.reads}
    models = [settings[f"{base}.model"], *settings[f"{base}.fallbacks"]] if bad is None else [bad.model]
    prices = settings["text.prices"]
    account = settings.get("text.key") or ""
    quiet = ("schema.", "text.prices", "text.key")
    reads = {path: value for path, value in settings.reads.items() if not path.startswith(quiet)}
    size = len(request.get("prompt", "")) + len(request.get("system", ""))
    return [
        Action(
            kind="complete",
            provider=capability.maker_of(section),
            request={**request, "model": model},
            inputs={BAD_ANSWER: bad.artifact.digest} if bad is not None else {},
            take=context.take,
            attempt=attempt,
            deterministic=capability.deterministic,
            price=token_price(capability.paid, prices.get(model), max_tokens, size // _CHARACTERS_PER_TOKEN),
            account=account,
            sources={"settings": dict(reads), "templates": sources, "needs": context.texts_read()},
        )
        for model in models
    ]


def reply_of(result: Result) -> Artifact:
    """Return the artifact that holds the answer."""
    return result.outputs["reply"]


def token_price(paid: bool, price: Mapping[str, float | None] | None, max_tokens: int, prompt_tokens: int = 0) -> Price:
    """Return what a completion may cost at most: the whole allowance of output at the declared price."""
    if not paid:
        return Price(False, 0.0)
    if price is None:
        return Price(True, None)
    tokens_in = prompt_tokens or _ASSUMED_PROMPT_TOKENS
    tariff = {name: rate for name, rate in price.items() if rate is not None}
    return Price(True, (tokens_in * tariff["input"] + max_tokens * tariff["output"]) / 1_000_000, tariff)


def _tree(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"fashion.contexts": x} as {"fashion": {"contexts": x}}."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *parents, last = path.split(".")
        branch = tree
        for name in parents:
            branch = branch.setdefault(name, {})
        branch[last] = value
    return tree
