"""Who is asked for a picture, a clip or a sound: the step's provider and model, then its fallbacks, with what the
preset declares for each model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from personaforge.modalities import ACTIONS
from personaforge.providers.capability import Capability
from personaforge.spec.settings import View
from personaforge.steps.action import Action
from personaforge.steps.context import Context
from personaforge.steps.prices import price_of


class Choice(NamedTuple):
    """One provider and model."""

    provider: str
    model: str


def choices(step: Callable[[str], Any], group: Callable[[str], Any]) -> list[Choice]:
    """Return the providers and models to ask, in order. `step` and `group` give a step's and a group's values by name.

    Without fallbacks of its own a step has the group's.
    """
    declared = step("fallbacks")
    if declared is None:
        declared = group("fallbacks")
    others = [Choice(one["provider"], one["model"]) for one in declared or ()]
    return [Choice(step("provider"), step("model")), *others]


def asked(
    context: Context,
    modality: str,
    fields: Callable[[Capability, str, View], Mapping[str, Any]],
    *,
    inputs: Mapping[str, str],
    attempt: int,
    sources: Mapping[str, str],
) -> list[Action]:
    """Return an action for each provider and model that may be asked, in turn.

    `fields` gives the request's fields for a capability and model, reading settings through the view that it is handed;
    only those enter that the capability reads. `inputs` are digests by name, `sources` the templates that it rendered.
    """
    settings = context.settings.scope()
    base = f"pipeline.steps.{context.node.step}"
    who = choices(lambda name: settings.get(f"{base}.{name}"), lambda name: settings.get(f"{modality}.{name}"))
    prices = settings[f"{modality}.prices"]
    options = settings.get(f"{modality}.options") or {}
    own = who[0].provider
    account = settings.get(f"{modality}.key") or ""
    found = []
    for provider, model in who:
        capability = context.capability(modality, provider)
        everything = fields(capability, model, settings)
        request = {name: value for name, value in everything.items() if name in capability.reads}
        if options.get(model) and "options" in capability.reads:
            request["options"] = dict(options[model])
        found.append(
            Action(
                kind=ACTIONS[modality],
                provider=capability.maker,
                request={**request, "model": model},
                inputs={name: digest for name, digest in inputs.items() if name in capability.reads},
                take=context.take,
                attempt=attempt,
                deterministic=capability.deterministic,
                price=price_of(capability.paid, prices.get(model), ACTIONS[modality], {**everything, **request}),
                account=account if provider == own else "",
            )
        )
    reads = {path: value for path, value in settings.reads.items() if not path.endswith(_QUIET)}
    about = {"settings": reads, "templates": dict(sources), "needs": context.texts_read()}
    return [replace(action, sources=about) for action in found]


_QUIET = (".prices", ".key", ".options", ".fallbacks")
"""Settings that shape no request, or that are in it already."""
