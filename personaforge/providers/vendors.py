"""The house that a text model's id names, and the variables that hold its key: `anthropic/...` is of `anthropic`.

Names as litellm 1.106.2 knows them (`validate_environment` in its utils.py). A house that is not listed here, such as a
gateway, has its key in <HOUSE>_API_KEY.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "cohere": ("COHERE_API_KEY",),
    "deepinfra": ("DEEPINFRA_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "ollama": (),
    "ollama_chat": (),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY",),
    "xai": ("XAI_API_KEY",),
}


def vendor_of(model: str) -> str:
    """Return the house of a model id; `openai` for an id without one, which litellm takes for OpenAI's."""
    house, slash, _ = model.partition("/")
    return house if slash else "openai"


def vendors() -> tuple[str, ...]:
    """Return the houses that are listed here."""
    return tuple(_KEYS)


def is_known(house: str) -> bool:
    """Tell whether it is known for certain in which variables a house's key may be."""
    return house in _KEYS


def vendor_keys(house: str) -> tuple[str, ...]:
    """Return the variables that may hold a house's key, the usual one first; none where it needs no key."""
    return _KEYS.get(house, (f"{house.upper().replace('-', '_')}_API_KEY",))
