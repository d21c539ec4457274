"""A provider of one's own: it plays a tone for every letter, as a job that has to be asked for twice.

A provider translates one request and holds no retry, file or download: forge journals, polls, checks and keeps.

python docs/examples/own_provider.py studio
"""

from __future__ import annotations

import io
import math
import struct
import sys
import wave

import personaforge as pf

RATE = 8000
PRESET = """\
provider: tones
model: tones-1
voice: sine
format: wav
prices: {}
"""


class Tones:
    """Speaks in tones. A `pf.Provider`."""

    def submit(self, request: pf.Request, key: str = "") -> pf.Reply | pf.Job:
        """Take a text on. `key` is the same whenever the same call is sent again, so that a service can charge once."""
        return pf.Job(id=str(request.fields["text"]), wait_seconds=0.0)

    def poll(self, job: pf.Job) -> pf.Reply | pf.Job:
        """Return the sound of a text that was taken on, maybe by another process: what it takes is in the job."""
        sound = io.BytesIO()
        with wave.open(sound, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            for letter in job.id.lower():
                tone = 220 * 2 ** ((ord(letter) % 24) / 12) if letter.isalpha() else 0
                samples = (int(8000 * math.sin(2 * math.pi * tone * i / RATE)) for i in range(RATE // 20))
                file.writeframes(struct.pack(f"<{RATE // 20}h", *samples))
        return pf.Reply(blob=pf.Blob(sound.getvalue(), "audio/wav"), cost_usd=0.0)


def main(folder: str = ".") -> None:
    """Have the first persona of a project say its greeting."""
    capability = pf.Capability(
        name="tones",
        modality="speech",
        reads=frozenset({"text"}),  # what reaches it, and so what a change of makes it speak again
        paid=False,
        deterministic=True,
        immediate=False,
    )
    pf.register_provider(pf.ProviderEntry(capability, lambda options: Tones()))
    with pf.open(folder) as space:
        preset = space.project.root / "conf/speech/tones.yaml"
        preset.parent.mkdir(parents=True, exist_ok=True)
        preset.write_text(PRESET)
        persona = space.load([])[0].settings.id
        asked = pf.PlanRequest(overrides=("speech=tones",), select=("+speech",))
        report = pf.build(space, pf.plan(space, persona, asked))
        for node in report.failed:
            print(f"{node.id} {node.end}: {node.error}")
        for file in sorted((space.project.build / persona / "audio").glob("*")):
            print(f"{file}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:2])
