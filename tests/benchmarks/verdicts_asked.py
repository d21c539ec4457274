"""What was asked of drawings beside what came: turn, tilt, framing and people, and how far off each is.

    python -m tests.benchmarks.verdicts_asked [--random N] [--scale S]

Five described people and N random ones whom the pack was not trained on, each at every position, reference and utility
position of matrix/heia_20, drawn at S times the preset's size against their own anchor and measured with the pack that
comes with forge. The bounds of conf/delivered for drawings come from these tables. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from personaforge.embedded.training.people import person
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.measure import measure_image
from personaforge.identity.posture import Framing, Posture, posture_demands, posture_of
from personaforge.providers.embedded_images import EmbeddedImages
from tests.benchmarks.verdicts_clips import embedded_pack
from tests.embedded.painter.subjects import OTHERS, draw_request, subject

CONF = Path(__file__).resolve().parents[2] / "conf"
UNSEEN = 900_001
"""The first of the random people: the pack's training drew from lower numbers."""
_FIELDS = ("distance", "yaw", "pitch", "expression", "gaze", "light")
Case = tuple[Framing, dict[str, Any], Posture]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=int, default=6, help="random people")
    parser.add_argument("--scale", type=float, default=0.5, help="of the preset's size")
    arguments = parser.parse_args()
    cases = list(measured(people(arguments.random), arguments.scale))
    bounds = yaml.safe_load((CONF / "delivered/default.yaml").read_text())["drawings"]
    print(f"{len(cases)} drawings; people found: {counted(one['faces'] for _, one, _ in cases)}")
    print(f"\n{'asked yaw':16}{'drawings':>9}{'median off':>12}{'95 %':>8}{'largest':>9}   degrees")
    for low, high in ((0, 5), (5, 20), (20, 40), (40, 91)):
        off = [found.turn_error for asked, _, found in cases if low <= abs(asked.yaw) < high]
        row(f"{low} to {high}", [one for one in off if one is not None])
    print(f"\n{'tilt':16}{'drawings':>9}{'median off':>12}{'95 %':>8}{'largest':>9}   degrees, against the anchor's")
    row("all", [found.tilt_error for _, _, found in cases if found.tilt_error is not None])
    print(f"\n{'distance':16}{'drawings':>9}{'median':>12}{'least':>8}{'most':>9}   face over the picture's height")
    for distance in ("headshot", "bust", "half", "full"):
        shares = [found.face_height for asked, _, found in cases if asked.distance == distance]
        print(f"{distance:16}{len(shares):9}{statistics.median(shares):12.3f}{min(shares):8.3f}{max(shares):9.3f}")
    missed = [one.name for asked, one, _ in cases for one in posture_demands(asked, one, None, bounds) if not one.met]
    print(f"\nmissed by the bounds in conf/delivered: {counted(missed)}")


def people(extra: int) -> list[dict[str, Any]]:
    """Return subjects: five that are described, and random ones."""
    found = [subject(), *(subject(dna, age, gender) for dna, age, gender in OTHERS)]
    for index in range(UNSEEN, UNSEEN + extra):
        drawn = person(index)
        one = subject(age=int(drawn.face.age), gender=drawn.gender)
        found.append({**one, "dna": {**one["dna"], **dict(drawn.dna)}})
    return found


def measured(subjects: Sequence[dict[str, Any]], scale: float) -> Iterable[Case]:
    """Yield what was asked of each drawing, its measurement, and how they compare."""
    matrix = yaml.safe_load((CONF / "matrix/heia_20.yaml").read_text())
    preset = yaml.safe_load((CONF / "image/embedded.yaml").read_text())
    positions = [*matrix["positions"].values(), *matrix["references"].values(), *matrix["utility"].values()]
    painter, analyzer = EmbeddedImages(), InsightAnalyzer(embedded_pack())
    for number, who in enumerate(subjects):
        reference, anchor = None, None
        for position in positions:
            width, height = (round(position.get(side, preset[side]) * scale) for side in ("width", "height"))
            scene = {"name": position["scene"], "colors": matrix["scenes"][position["scene"]]["colors"]}
            shown = {**who, "position": {name: position[name] for name in _FIELDS}, "scene": scene}
            request = draw_request(shown, reference, width=width, height=height, seed=100 * number + 7)
            blob = painter.submit(request).blob
            assert blob is not None
            one = measure_image(blob.data, analyzer)
            reference, anchor = reference or blob.data, anchor or one
            asked = Framing(position["yaw"], position["pitch"], position["distance"])
            yield asked, one, posture_of(asked, one, anchor)


def row(name: str, off: Sequence[float]) -> None:
    """Print a line of errors."""
    at = sorted(off)
    print(f"{name:16}{len(at):9}{statistics.median(at):12.2f}{at[int(0.95 * (len(at) - 1))]:8.2f}{at[-1]:9.2f}")


def counted(values: Iterable[Any]) -> str:
    """Return how often each value occurs."""
    found: dict[Any, int] = defaultdict(int)
    for value in values:
        found[value] += 1
    return ", ".join(f"{value} in {count}" for value, count in sorted(found.items())) or "nothing"


if __name__ == "__main__":
    main()
