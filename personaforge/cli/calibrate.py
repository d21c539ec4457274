"""`forge calibrate`."""

from __future__ import annotations

import click

from personaforge.cli.options import FiniteRange, OwnFile, json_option, print_json
from personaforge.workspace.workspace import Workspace


@click.command("calibrate", short_help="Fit thresholds and P(same) on labelled pairs of pictures.")
@click.argument("pairs", type=click.Path(exists=True, dir_okay=False), metavar="PAIRS.csv")
@click.option("--pack", metavar="NAME", help="Measure with this face pack; else with the project's.")
@click.option("--identity", metavar="NAME", help="Measure by conf/identity/NAME.yaml, and tell how its gates do.")
@click.option("--detector-size", metavar="N", help="Detect at this size, or auto; else as the project does.")
@click.option(
    "--prior",
    type=FiniteRange(1e-6, 1 - 1e-6),
    default=0.5,
    show_default=True,
    metavar="P",
    help="How likely a pair is the same person before it is measured.",
)
@click.option(
    "-o",
    "--save",
    "--output",
    "output",
    type=OwnFile(),
    metavar="FILE",
    help="Write here; else to calibration/PACK-DIGEST-SIZE.json, where forge eval looks.",
)
@click.option("--no-write", is_flag=True, help="Print the figures and write nothing.")
@json_option
@click.pass_obj
def calibrate_command(
    folder: str | None,
    pairs: str,
    pack: str | None,
    identity: str | None,
    detector_size: str | None,
    prior: float,
    output: str | None,
    no_write: bool,
    as_json: bool,
) -> int:
    """Measure labelled pairs of pictures, and fit thresholds and P(same) on them.

    PAIRS.csv has the columns path_a, path_b and same (1 or 0), with paths relative to its own folder, and at least 10
    pairs of either sort; a threshold at FAR 1e-2 takes 300 different pairs, at 1e-3 3,000. The result holds error rates
    of every gate in force, the equal error rate, thresholds, and P(same) from cosine, error, turn, norm and size, for
    one face pack at one detector size. Commit the file: with identity.policy auto or calibrated it decides about
    pictures.
    """
    from personaforge.measuring.calibration import calibrate
    from personaforge.measuring.measurements import project_settings
    from personaforge.measuring.peers import peers_of
    from personaforge.packs.catalog import read_catalog
    from personaforge.report.calibration import print_calibration
    from personaforge.report.peers import print_peers
    from personaforge.report.terminal import echo
    from personaforge.workspace.licences import licence_remarks

    if no_write and output is not None:
        raise click.UsageError("say --no-write or --save FILE, not both")
    with Workspace.open((), folder) as space:
        found = calibrate(
            space,
            pairs,
            pack=pack,
            identity=identity,
            detector_size=detector_size,
            prior=prior,
            output=output,
            write=not no_write,
        )
        measured_by = project_settings(space, pack=pack, detector_size=detector_size)
        licences = licence_remarks(space.project, space.analyzers, measured_by)
        peers = peers_of(space.project, found.calibration, read_catalog(space.project, {}).composed)
    if as_json:
        print_json({**found.as_json(), "peers": peers.as_json(), "licences": list(licences)})
    else:
        print_calibration(found)
        print_peers(peers, pairs)
        for text in licences:
            echo(f"{text}.")
    return 0
