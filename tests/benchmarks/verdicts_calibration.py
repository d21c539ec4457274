"""What thresholds are worth on photographs: error rates of every gate, P(same) on other people, and whether intervals
hold.

    python -m tests.benchmarks.verdicts_calibration [--splits 100] [--draws 400]
    python -m tests.benchmarks.verdicts_calibration --write personaforge/faces/calibrations/buffalo_s_dev.json

The second form fits the calibration of the development pack that comes with forge. Both read a table of numbers, no
pictures: `images.csv` and `pairs.csv` beside the folder that FORGE_MODELS names, in `reference/pairs`; it is not in
this repository. Its 914 public research photographs of 260 people were measured with `buffalo_s_dev`, detector size
auto.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import yaml

from personaforge.digest import digest_bytes
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.parts import embedding_version
from personaforge.identity.calibration import LIBRARIES, Calibration, Pair, fit
from personaforge.identity.evidence import Evidence
from personaforge.identity.gates import Gates, gates_of
from personaforge.identity.policy import Policy, calibrated
from personaforge.identity.roc import drawn_interval, equal_error
from personaforge.identity.score import PROBABILITY, Score, clamp, composite, error_bound

PACK = "buffalo_s_dev"
ROOT = Path(__file__).resolve().parents[2]


class Table(NamedTuple):
    """The photographs as numbers."""

    pairs: list[Pair]
    pairs_digest: str
    pictures_digest: str


def folder() -> Path | None:
    """Return where the table lies; None where it isn't there."""
    models = os.environ.get("FORGE_MODELS", "").split(os.pathsep)[0]
    found = Path(models).resolve().parent / "reference/pairs" if models else None
    return found if found is not None and (found / "pairs.csv").is_file() else None


def settings() -> dict[str, Any]:
    """Return `identity` as it is packaged for photographs."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "conf/identity/insightface.yaml").read_text())
    return found


def read_table(where: Path, policy: Policy) -> Table:
    """Return the table's pairs with their evidence, and their scores by a policy."""
    images, pairs = (where / name for name in ("images.csv", "pairs.csv"))
    rows = {row["image"]: row for row in csv.DictReader(images.read_text().splitlines())}
    found = [
        _pair(row, rows[row["image_a"]], rows[row["image_b"]], policy)
        for row in csv.DictReader(pairs.read_text().splitlines())
    ]
    return Table(found, digest_bytes(pairs.read_bytes()), digest_bytes(images.read_bytes()))


def _pair(row: dict[str, str], one: dict[str, str], other: dict[str, str], policy: Policy) -> Pair:
    def of(name: str) -> tuple[float, float]:
        return float(one[name]), float(other[name])

    turn = max(abs(a - b) for a, b in (of("yaw"), of("pitch")))
    far = {name: max(abs(value) for value in of(name)) for name in ("yaw", "pitch", "roll")}
    cosine, error = float(row["cosine"]), float(row["error"])
    found = Evidence(cosine, error, round(turn, 2), min(of("embedding_norm")), min(of("face_diagonal_px")), **far)
    # A picture whose diagonal is 1 and a face of its share: all that the bound on the error reads.
    seen = {"box": (0.0, 0.0, float(other["face_share"]), 0.0), "width": 1, "height": 0}
    score = Score(
        cosine=round(clamp(cosine), 6),
        error=error,
        error_bound=round(error_bound(seen, policy, turn), 6),
        composite=round(composite(clamp(cosine), error, policy), 6),
        faces=int(other["faces"]),
        ratio_set="106",
        turn=round(turn, 2),
    )
    return Pair(cosine, row["same"] == "1", (int(row["person_a"]), int(row["person_b"])), found, score)


def fit_table(table: Table) -> Calibration:
    """Return the calibration of the development pack. Raises SystemExit where the pack isn't here."""
    pack = find_pack(PACK)
    if isinstance(pack, PackMissing):
        raise SystemExit(f"{pack.reason}: {pack.hint}")
    from personaforge.faces.insight import insight_identity

    # The table doesn't say with which versions of the libraries it was measured; see `calibration.mismatch`.
    identity = insight_identity(pack, "auto").as_json()
    return fit(
        table.pairs,
        analyzer={name: value for name, value in identity.items() if name != LIBRARIES},
        measuring=embedding_version(),
        pairs_digest=table.pairs_digest,
        pictures_digest=table.pictures_digest,
        unmeasured={},
    )


def gates(table: Table, calibration: Calibration) -> Gates:
    """Return the rates of all gates at the packaged thresholds."""
    bounds = calibrated(calibration.weights, settings()["calibrated"], PACK)
    assert not isinstance(bounds, str), bounds
    weights = bounds.weights
    scored = []
    for pair in table.pairs:
        assert pair.evidence is not None and pair.score is not None
        found = weights.probability(pair.evidence)
        assert not isinstance(found, str), found
        score = pair.score.__class__(**{**_fields(pair.score), **dict(zip(PROBABILITY, found, strict=False))})
        scored.append(pair._replace(score=score))
    return gates_of(scored, Policy.from_settings(settings(), None, bounds))


def _fields(score: Score) -> dict[str, Any]:
    return {name: getattr(score, name) for name in score.__slots__}


class Coverage(NamedTuple):
    """In how many halves of the people the 95 % interval holds the other half's EER."""

    held: int
    drawn: int
    """The same of an interval by draws of people alone, as it was before exact bounds were added."""
    halves: int
    width: float
    """Mean width of the interval."""
    drawn_width: float


def coverage(table: Table, number: str, splits: int, draws: int) -> Coverage:
    """Split the people into halves again and again, and compare each half's interval with the other's EER."""
    scores = np.array([pair.cosine if number == "cosine" else _score(pair).composite for pair in table.pairs])
    same = np.array([pair.same for pair in table.pairs])
    people = np.array([pair.people for pair in table.pairs])
    random = np.random.RandomState(1)
    held, by_draws, widths, drawn_widths = 0, 0, [], []
    for _ in range(splits):
        half = random.permutation(int(people.max()) + 1) % 2 == 0
        ends, alone = [], []
        for side in (half, ~half):
            inside = side[people].all(axis=1)
            accepted, rejected = inside & same, inside & ~same
            mine: Sequence[tuple[int, int]] = [(int(a), int(b)) for a, b in people[rejected]]
            who = list(people[accepted][:, 0])
            ends.append(equal_error(scores[accepted], scores[rejected], who, mine, draws=draws))
            alone.append(drawn_interval(scores[accepted], scores[rejected], who, mine, draws=draws))
        held += sum(a.low <= b.rate <= a.high for a, b in (ends, ends[::-1]))
        by_draws += sum(low <= b.rate <= high for (low, high), b in zip(alone, ends[::-1], strict=True))
        widths += [one.high - one.low for one in ends]
        drawn_widths += [high - low for low, high in alone]
    return Coverage(held, by_draws, 2 * splits, float(np.mean(widths)), float(np.mean(drawn_widths)))


def _score(pair: Pair) -> Score:
    assert pair.score is not None
    return pair.score


def main(arguments: list[str]) -> int:
    """Print the tables, or write the calibration."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--draws", type=int, default=400, help="of people, for each interval")
    parser.add_argument("--write", type=Path, metavar="FILE")
    told = parser.parse_args(arguments)
    where = folder()
    if where is None:
        print("FORGE_MODELS names no folder with reference/pairs beside it")
        return 2
    table = read_table(where, Policy.from_settings(settings()))
    calibration = fit_table(table)
    if told.write is not None:
        data = orjson.dumps(calibration.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
        told.write.write_bytes(data)
        print(f"written to {told.write}")
        return 0
    from personaforge.measuring.calibration import Calibrated
    from personaforge.report.calibration import print_calibration

    same, different = (tuple(pair.cosine for pair in table.pairs if pair.same is kind) for kind in (True, False))
    print_calibration(Calibrated(calibration, None, False, same, different, (), gates(table, calibration)))
    print()
    for number in ("cosine", "composite"):
        found = coverage(table, number, told.splits, told.draws)
        print(
            f"{number}: one half's 95 % interval of the EER holds the other half's in {found.held} of {found.halves} "
            f"halves ({found.held / found.halves:.1%}); mean width {found.width:.2%}; by {told.draws} draws of people "
            f"alone in {found.drawn} ({found.drawn / found.halves:.1%}), {found.drawn_width:.2%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
