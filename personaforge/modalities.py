"""The modalities in which something is made, each with the kind of action that makes it. The only list of both."""

from __future__ import annotations

from typing import Final

ACTIONS: Final = {"text": "complete", "image": "draw", "video": "film", "speech": "speak"}
"""Action kind by modality, in the order in which they are shown. A modality is also the name of a settings group."""
MODALITIES: Final = tuple(ACTIONS)
MODALITY_OF: Final = {action: modality for modality, action in ACTIONS.items()}
"""Modality by action kind."""
SHAPES_NOTHING: Final = (
    rf"({'|'.join((*MODALITIES, 'reader'))})\.(prices|key|limits|timeout_seconds)(\.|$)|reader\.picture_tokens$"
)
"""A regular expression for settings that decide how a call is paid and limited: no result depends on them."""
