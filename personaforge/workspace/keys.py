"""What a plan says of keys that its paid calls need and that are not set: before a build stops at the first of them.

Which variables exist is all that is looked at: no key is read, and nobody is asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from personaforge.errors import SpecError
from personaforge.http.secrets import allowed_name, beside_name
from personaforge.listing import listed
from personaforge.plan.plan import PersonaPlan
from personaforge.providers.table import capability
from personaforge.providers.vendors import is_known, vendor_keys, vendor_of
from personaforge.steps.choices import Choice


def key_notices(personas: Sequence[PersonaPlan]) -> Iterator[str]:
    """Yield a sentence for each key that is missing, with the steps whose calls may need it. Fallbacks are left out."""
    missing: dict[tuple[str, str], dict[str, None]] = {}
    for persona in personas:
        settings = persona.loaded.settings
        for node in persona.nodes.values():
            if node.state not in ("run", "maybe") or not node.estimate.calls_max or not node.shape.kind.modality:
                continue
            modality, step = node.shape.kind.modality, node.shape.declaration
            group = settings.get(node.shape.kind.preset) or {}
            own = step["provider"] == group.get("provider")
            choice = Choice(str(step["provider"]), str(step["model"]))
            for variable in unset_keys(modality, choice, str(group.get("key") or "") if own else ""):
                missing.setdefault((choice.provider, variable), {})[node.shape.step] = None
    for (provider, variable), steps in missing.items():
        yield key_notice(variable, provider, f"{listed(steps, 4)}: a build stops there")


def key_notice(variable: str, provider: str, what: str) -> str:
    """Return what is said of a key that is not set, and of what stops without it."""
    return (
        f"{variable} is not set, which {provider} needs for {what} "
        f"(export {variable}=..., never in a config file; forge doctor)"
    )


def unset_keys(modality: str, choice: Choice, named: str) -> tuple[str, ...]:
    """Return the variables of a provider's key that are not set; none where it needs none, or it isn't known which."""
    try:
        fixed = capability(modality, choice.provider)
        if fixed.model_accounts:
            house = vendor_of(choice.model)
            if not is_known(house):
                return ()
            fixed = fixed._replace(name=house, keys=vendor_keys(house))
        if not fixed.keys:
            return ()
        name = allowed_name(fixed, named)
    except SpecError:
        return ()  # an unknown provider or a name that isn't allowed is another's to report
    return tuple(one for one in (name, beside_name(fixed, name)) if one and not os.environ.get(one, "").strip())
