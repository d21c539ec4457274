"""`forge photos`."""

from __future__ import annotations

import os
import re

import click

from personaforge.cli.options import FiniteRange, json_option, print_json
from personaforge.workspace.workspace import Workspace

_OVERRIDE = re.compile(r"(\+{0,2}photos(\.[\w.]+)?=|~photos\.)")


@click.group("photos", short_help="Score photographs before training on them.")
def photos_command() -> None:
    """Score photographs before training on them."""


@photos_command.command("score")
@click.argument("pictures", nargs=-1, required=True, metavar="DIR|FILE... [OVERRIDE]...")
@click.option(
    "--fail-under", type=FiniteRange(0, 100), metavar="X", help="Exit with 1 when a photo's overall is below X."
)
@click.option("--min-overall", type=FiniteRange(0, 100), metavar="X", help="Usable from X up; else usable.min_overall.")
@click.option("--allow-unmeasured", is_flag=True, help="With --fail-under: do without face scores where no pack is.")
@json_option
@click.pass_obj
def score_command(
    folder: str | None,
    pictures: tuple[str, ...],
    fail_under: float | None,
    min_overall: float | None,
    allow_unmeasured: bool,
    as_json: bool,
) -> int:
    """Score photographs from 0 to 100, say what is wrong with each, and whether they make a set.

    Resolution, sharpness, lighting, face detection, occlusion and duplicates, by the bounds of the settings group
    `photos` (conf/photos/default.yaml); photos.advice.turned=20 changes one for this once. Without a face pack the
    scores of faces are missing, and an overall without them does not reach --fail-under.
    """
    from personaforge.measuring.photos import score_photos
    from personaforge.report.photos import print_photos

    if allow_unmeasured and fail_under is None:
        raise click.UsageError("--allow-unmeasured needs --fail-under")
    overrides = tuple(text for text in pictures if _is_override(text))
    files = tuple(text for text in pictures if text not in overrides)
    if not files:
        raise click.UsageError("name the pictures, or a folder of them")
    with Workspace.open(files, folder) as space:
        found = score_photos(space, files, overrides, min_overall=min_overall)
    low = () if fail_under is None else found.below(fail_under, allow_unmeasured=allow_unmeasured)
    if as_json:
        print_json(found.as_json())
    else:
        print_photos(found, fail_under, low)
    return 1 if low else 0


def _is_override(text: str) -> bool:
    """Tell an override of the group from a file, which may have a `=` in its name."""
    return bool(_OVERRIDE.match(text)) and not os.path.lexists(text)
