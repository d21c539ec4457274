"""What a build says while it runs. One stream of events; the console, the JSON lines and the build record listen.

Names for personas, images and videos are those of the persona generation service that this grew out of:
`persona_spec_started`, `persona_spec_complete`, `persona_image_started`, `persona_image_progress`,
`persona_image_complete`, `persona_video_started`, `persona_video_complete`, `persona_video_failed`, `persona_failed`.
Our own: `build_started`, `build_finished`, `node_started`, `node_finished`, `action_started`, `action_finished`,
`action_waiting`, `notice`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = 1


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    type: str
    persona: str = ""
    node: str = ""
    message: str = ""
    progress: int | None = None
    """Percent of the persona's images."""
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    time: float = field(default_factory=time.time)

    def as_json(self, job: str) -> dict[str, Any]:
        """Return the event as a JSON line holds it; `job` is the build's id."""
        fields: dict[str, Any] = {"schema": SCHEMA, "type": self.type, "time": round(self.time, 3), "jobId": job}
        for name in ("persona", "node", "message", "error"):
            value = getattr(self, name)
            if value:
                fields[name] = value
        if self.progress is not None:
            fields["progress"] = self.progress
        if self.result:
            fields["result"] = dict(self.result)
        return fields


class Events:
    """Passes every event to every listener, one at a time, from whatever thread it comes."""

    def __init__(self, *listeners: Callable[[Event], None]) -> None:
        self._listeners = listeners
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            for listener in self._listeners:
                listener(event)
