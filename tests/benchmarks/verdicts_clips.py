"""What is found in clips that don't show their person throughout, how well it is dated, and what looking through costs.

    python -m tests.benchmarks.verdicts_clips [--offsets N] [--size WxH]

Clips of 5 s at 24 frames a second of a drawn person, into which a stretch of another person, of nobody or of black is
cut, or another person is faded in, each at several offsets; measured with the pack that comes with forge. For each
kind and length: the share of stretches that are found with the right kind, the mean and largest error of their dates
in seconds (of a fade against the middle of its second), and the verdict by the mean and by the worst stretch. Then the
time of the sampled frames and of the looks, of a clip that shows nothing but its person and of one with cuts. Nothing
here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.looks import look_through
from personaforge.faces.measure import measure_clip, measure_image
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.identity.clip import ClipScore, compare_clip
from personaforge.identity.policy import Gate, Policy, Quality
from personaforge.identity.stretches import judge_clip
from personaforge.media.frames import open_clip
from personaforge.media.webm import encode_webm
from personaforge.providers.embedded_clips import EmbeddedVideos
from personaforge.providers.embedded_images import EmbeddedImages
from tests.embedded.painter.subjects import OTHERS, draw_request, film_request, subject

FPS, SECONDS = 24, 5
Frames = list[Any]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offsets", type=int, default=6, help="places at which a stretch of each kind is planted")
    parser.add_argument("--size", default="216x384", help="pixels of the clips")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    analyzer = InsightAnalyzer(embedded_pack())
    policy, quality = judging()
    mine, others = people(width, height)
    anchor = measure_image(anchor_png(), analyzer)
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}; {width} x {height}, {FPS}/s, {SECONDS} s")
    heads = f"{'planted':10}{'seconds':>8}{'found':>8}{'mean err':>10}{'max err':>9}"
    print(f"\n{heads}{'mean: ACCEPT':>14}{'worst: ACCEPT':>15}")
    for kind, seconds, plant in planted(mine, others):
        hits, errors, decisions = 0, list[float](), list[tuple[bool, bool]]()
        for index in range(arguments.offsets):
            start = round((0.3 + index * (SECONDS - seconds - 0.6) / max(1, arguments.offsets - 1)) * FPS)
            stop = start + round(seconds * FPS)
            data = encode_webm(plant(start, stop, index), width, height, FPS)
            measured = {**measure_clip(data, analyzer, frames=8), **look_through(data, analyzer)}
            score = compare_clip(anchor, measured, policy, quality)
            assert isinstance(score, ClipScore) and score.over_time is not None
            begin, end = (start / FPS, stop / FPS) if "fade" not in kind else (start / FPS - 0.5, stop / FPS + 0.5)
            near = [one for one in score.over_time.stretches if one.kind == kind.split()[-1]]
            best = max(near, key=lambda one: one.seconds, default=None)
            if best is not None and min(best.end, end) > max(best.start, begin):
                hits += 1
                errors += [abs(best.start - max(0.0, begin)), abs(best.end - min(end, SECONDS))]
            verdicts = [
                judge_clip(score.score, score.over_time.shown, replace(policy, gate=gate), require_measurement=True)
                for gate in Gate
            ]
            decisions.append(tuple(one.decision == "ACCEPT" for one in verdicts))  # type: ignore[arg-type]
        mean, worst = (statistics.fmean(one[at] for one in decisions) for at in (0, 1))
        found = f"{hits}/{arguments.offsets}"
        low, high = (f"{statistics.fmean(errors):.3f}", f"{max(errors):.3f}") if errors else ("-", "-")
        print(f"{kind:10}{seconds:8.2f}{found:>8}{low:>10}{high:>9}{mean:14.0%}{worst:15.0%}")
    alarms([mine, *others], analyzer, width, height)
    costs(mine, others, analyzer, width, height)


def embedded_pack() -> Any:
    """Return the pack that comes with forge."""
    pack = find_pack("embedded")
    if isinstance(pack, PackMissing):
        raise SystemExit(f"{pack.reason}; {pack.hint}")
    return pack


def judging() -> tuple[Policy, Quality]:
    """Return how the pack `embedded` is judged by, as conf/ says."""
    conf = Path(__file__).resolve().parents[2] / "conf"
    photographs, drawings, quality = (
        yaml.safe_load((conf / name).read_text())
        for name in ("identity/insightface.yaml", "identity/embedded.yaml", "quality/default.yaml")
    )
    geometric = {**photographs["geometric"], **drawings["geometric"]}
    return Policy.from_settings({**photographs, **drawings, "geometric": geometric}), Quality.from_settings(quality)


def anchor_png(who: dict[str, Any] | None = None) -> bytes:
    """Return the anchor of a person, by default of the one whom the clips are of."""
    blob = EmbeddedImages().submit(draw_request(who or subject(), width=768, height=1024)).blob
    assert blob is not None
    return blob.data


def filmed(who: dict[str, Any], width: int, height: int) -> Frames:
    """Return the frames of a person who turns and smiles for 5 s, drawn 12 times a second."""
    blob = EmbeddedVideos().submit(film_request(who, width=width, height=height, fps=FPS, seconds=SECONDS)).blob
    assert blob is not None
    with open_clip(blob.data) as clip:
        return list(clip.frames)


def people(width: int, height: int) -> tuple[Frames, list[Frames]]:
    """Return the person's frames, and those of others."""
    others = [filmed(subject(dna, age, gender), width, height) for dna, age, gender in OTHERS]
    return filmed(subject(), width, height), others


Plant = Callable[[int, int, int], Frames]


def planted(mine: Frames, others: list[Frames]) -> Iterator[tuple[str, float, Plant]]:
    """Yield what is planted, for how long, and a function that plants it: (first frame, end, number of the clip)."""

    def cut(instead: Callable[[int, int], Any]) -> Plant:
        return lambda start, stop, index: [
            instead(number, index) if start <= number < stop else frame for number, frame in enumerate(mine)
        ]

    def faded(start: int, stop: int, index: int) -> Frames:
        """Fade into another person within a second before the stretch, and back within one after it."""
        return [
            np.clip(frame * (1 - share) + others[index % len(others)][number] * share, 0, 255).astype(np.uint8)
            for number, frame in enumerate(mine)
            for share in (min(1.0, max(0.0, 1 - max(start - number, number - stop + 1) / FPS)),)
        ]

    def person(number: int, index: int) -> Any:
        return others[index % len(others)][number]

    for seconds in (0.5, 0.75, 2.0):
        yield "other", seconds, cut(person)
    for seconds in (0.5, 2.0):
        yield "black", seconds, cut(lambda number, index: np.zeros_like(mine[0]))
        yield "no_face", seconds, cut(lambda number, index: np.full_like(mine[0], (90, 110, 100)))
    yield "fade other", 1.0, faded


def alarms(filmed_people: list[Frames], analyzer: Any, width: int, height: int) -> None:
    """Print how often a clip that shows nothing but its person has another stretch."""
    policy, quality = judging()
    people = [subject(), *(subject(dna, age, gender) for dna, age, gender in OTHERS)]
    coverages, accepted = list[float](), 0
    for who, frames in zip(people, filmed_people, strict=True):
        data = encode_webm(frames, width, height, FPS)
        measured = {**measure_clip(data, analyzer, frames=8), **look_through(data, analyzer)}
        score = compare_clip(measure_image(anchor_png(who), analyzer), measured, policy, quality)
        assert isinstance(score, ClipScore) and score.over_time is not None
        strict = replace(policy, gate=Gate.WORST_STRETCH)
        verdict = judge_clip(score.score, score.over_time.shown, strict, require_measurement=True)
        accepted += verdict.decision == "ACCEPT"
        coverages.append(score.over_time.coverage)
    share = f"coverage {min(coverages):.3f} or more"
    print(f"\nnothing planted, {len(people)} people: worst stretch ACCEPT {accepted} of {len(people)}, {share}")


def costs(mine: Frames, others: list[Frames], analyzer: Any, width: int, height: int) -> None:
    """Print processor times of the sampled frames and of the looks."""
    cuts = [(mine if number // FPS % 2 == 0 else others[0])[number] for number in range(len(mine))]
    print(f"\n{'ms':34}{'8 frames':>10}{'looks':>8}{'looked at':>11}{'together':>10}")
    for name, frames in (("nothing but the person", mine), ("another person every other second", cuts)):
        data = encode_webm(frames, width, height, FPS)
        works = (partial(measure_clip, data, analyzer, frames=8), partial(look_through, data, analyzer))
        sampled, looked = (min(_spent(work) for _ in range(3)) for work in works)
        looks = len(look_through(data, analyzer)["looks"])
        print(f"{name:34}{sampled:10.0f}{looked:8.0f}{looks:11}{(sampled + looked) / sampled:9.1f}x")


def _spent(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1e3


if __name__ == "__main__":
    main()
