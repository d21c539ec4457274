"""`forge calibrate` on real photographs with real weights, and on pairs files that are wrong."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import PersonaForgeError, SpecError
from personaforge.identity.calibration import Calibration, probability
from personaforge.measuring.calibration import calibrate
from personaforge.spec.project import Project
from personaforge.testing import ColorAnalyzers, png, write_project
from personaforge.workspace import calibrations
from personaforge.workspace.calibrations import Applying, NoneApplies, calibration_for, file_name
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

RED, BLUE = (200, 30, 30), (30, 30, 200)


def shades(folder: Path, name: str, color: tuple[int, int, int], count: int) -> list[str]:
    """Write pictures of nearly one colour, which `ColorAnalyzers` takes for one person."""
    names = []
    for number in range(count):
        names.append(f"{name}-{number}.png")
        shade = tuple(min(255, value + 3 * number * (place + 1)) for place, value in enumerate(color))
        (folder / names[-1]).write_bytes(png(shade))  # type: ignore[arg-type]
    return names


def write_pairs(folder: Path, rows: list[tuple[str, str, object]], name: str = "pairs.csv") -> str:
    path = folder / name
    path.write_text("".join(f"{a},{b},{c}\n" for a, b, c in [("path_a", "path_b", "same"), *rows]))
    return str(path)


def colored_pairs(folder: Path) -> str:
    """6 red and 6 blue pictures: 30 same pairs, 36 different ones, and four with a picture that shows nobody."""
    folder.mkdir(exist_ok=True)
    (folder / "black.png").write_bytes(png((0, 0, 0)))
    (folder / "words.png").write_bytes(b"words")
    red, blue = shades(folder, "red", RED, 6), shades(folder, "blue", BLUE, 6)
    rows: list[tuple[str, str, object]] = [(a, b, "yes") for side in (red, blue) for a in side for b in side if a < b]
    rows += [(a, b, 0) for a in red for b in blue]
    rows += [("black.png", red[0], 0), (red[1], "black.png", 0), ("black.png", "words.png", 0)]
    return write_pairs(folder, [*rows, ("words.png", blue[0], "FALSE")])


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    """A project whose pictures are measured by their colour."""
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    with Workspace.open((), str(root)) as opened:
        opened.analyzers = ColorAnalyzers()
        yield opened


def problems(space: Workspace, path: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        calibrate(space, path)
    return [str(problem).removeprefix(f"{os.path.dirname(path)}/") for problem in caught.value.problems]


def test_every_pair_counts_once_or_is_left_out_by_its_cause(space: Workspace, tmp_path: Path) -> None:
    found = calibrate(space, colored_pairs(tmp_path / "pictures"))
    about = found.calibration
    assert (about.same.n, about.different.n, about.people) == (30, 36, 2)
    assert about.unmeasured == {"no_face": 3, "unreadable": 1}, "the first picture's cause where both have one"
    assert {(one.path, one.cause) for one in found.skipped} == {("black.png", "no_face"), ("words.png", "not_an_image")}
    assert about.same.mean > 0.95 > about.different.mean
    assert about.equal_error.rate == 0 and about.equal_error.drawn == "pairs"
    assert "too few people" in about.equal_error.note
    assert all(point.threshold is None and "36 different pairs" in point.reason for point in about.operating_points)
    assert probability(about.different.mean, about) < 0.1 < 0.9 < probability(about.same.mean, about)


def test_a_picture_is_measured_once_ever(space: Workspace, tmp_path: Path) -> None:
    pairs = colored_pairs(tmp_path / "pictures")
    calibrate(space, pairs)
    seen = space.analyzers.measured  # type: ignore[attr-defined]
    assert seen == 17, "12 faces, and one picture without, which is looked at turned, too; words are no picture"
    again = calibrate(space, pairs)
    assert space.analyzers.measured == seen and not again.changed  # type: ignore[attr-defined]


def test_the_file_is_the_same_wherever_the_pairs_lie(space: Workspace, tmp_path: Path) -> None:
    first = calibrate(space, colored_pairs(tmp_path / "pictures"))
    assert first.file is not None and first.file == f"calibration/{file_name(first.calibration.analyzer)}"
    kept = space.project.root / first.file
    data = kept.read_bytes()
    assert str(tmp_path).encode() not in data and b".png" not in data and data.endswith(b"}\n")
    kept.unlink()
    assert calibrate(space, colored_pairs(tmp_path / "elsewhere")).changed
    assert kept.read_bytes() == data
    assert Calibration.from_json(json.loads(data)) == first.calibration
    assert first.calibration.pairs == digest_bytes((tmp_path / "pictures/pairs.csv").read_bytes())


def test_other_pictures_under_the_same_names_are_told_apart(space: Workspace, tmp_path: Path) -> None:
    pairs = colored_pairs(tmp_path / "pictures")
    first = calibrate(space, pairs, write=False)
    (tmp_path / "pictures/red-0.png").write_bytes(png((210, 30, 35)))
    second = calibrate(space, pairs, write=False)
    assert first.calibration.pairs == second.calibration.pairs
    assert first.calibration.pictures != second.calibration.pictures
    assert first.file is None and not (space.project.root / "calibration").exists()


def test_every_bad_line_is_named_at_once(space: Workspace, tmp_path: Path) -> None:
    shades(tmp_path, "red", RED, 4)
    (tmp_path / "copy.png").write_bytes((tmp_path / "red-0.png").read_bytes())
    (tmp_path / "folder").mkdir()
    rows: list[tuple[str, str, object]] = [
        ("red-0.png", "red-1.png", 1),
        ("red-1.png", "red-2.png", "true"),
        ("red-0.png", "red-2.png", "no"),
        ("red-1.png", "red-0.png", "1"),
        ("red-1.png", "red-0.png", "0"),
        ("red-0.png", "copy.png", 1),
        ("red-0.png", "red-3.png", "maybe"),
        ("red-0.png", "", 1),
        ("nobody.png", "folder", 0),
        ("red-0.png", "red-3.png", "0,1"),
    ]
    path = write_pairs(tmp_path, rows)
    assert problems(space, path) == [
        "pairs.csv:4 same: says different, but other lines link the two pictures as the same person",
        "pairs.csv:5: repeats the pair of line 2",
        "pairs.csv:6: repeats the pair of line 2, and contradicts it",
        "pairs.csv:7: red-0.png and copy.png are the same file, byte for byte",
        "pairs.csv:8 same: found 'maybe', expected 1, true, yes, 0, false or no",
        "pairs.csv:9 path_b: is empty, expected a picture's path",
        f"pairs.csv:10: there is no file {tmp_path}/nobody.png",
        f"pairs.csv:10: there is no file {tmp_path}/folder",
        "pairs.csv:11: found 4 columns, expected 3",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "has no pairs"),
        (b"path_a,path_b,same\n\n", "has no pairs"),
        (b"a,b,same\n", "expected path_a, path_b, same (make the first line path_a,path_b,same)"),
        (
            b"path_a;path_b;same\n",
            "path_a, path_b, same (the file is separated by semicolons: save it separated by commas",
        ),
        (
            b"path_a\tpath_b\tsame\n",
            "(the file is separated by tabs: save it separated by commas, as path_a,path_b,same)",
        ),
        (b"path_a,path_a,path_b,same\n", "expected path_a, path_b, same"),
        ("path_a,path_b,same\nm\u00fcller.png,b.png,1\n".encode("latin-1"), "pairs.csv:2: is not UTF-8"),
        (b'path_a,path_b,same\n"a.png,b.png,1\n', "pairs.csv:2: is no CSV"),
        (b"path_a,path_b,same\na\0.png,b.png,1\n", "pairs.csv:2 path_a: holds a zero byte"),
    ],
)
def test_what_is_no_pairs_file(space: Workspace, tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "pairs.csv").write_bytes(data)
    assert said in problems(space, str(tmp_path / "pairs.csv"))[0]


def test_columns_in_any_order_and_more_of_them(space: Workspace, tmp_path: Path) -> None:
    plain = Path(colored_pairs(tmp_path / "pictures"))
    lines = [line.split(",") for line in plain.read_text().splitlines()]
    turned = "\r\n".join(f'{same},"{b}",a note,{a}' for a, b, same in lines)
    (plain.parent / "turned.csv").write_bytes(b"\xef\xbb\xbf" + turned.encode())
    one, other = calibrate(space, str(plain)), calibrate(space, str(plain.parent / "turned.csv"), write=False)
    assert one.calibration.logistic == other.calibration.logistic
    assert one.calibration.pairs != other.calibration.pairs and one.calibration.pictures == other.calibration.pictures


def test_a_pipe_in_place_of_a_picture_does_not_hang(space: Workspace, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    shades(tmp_path, "red", RED, 1)
    path = write_pairs(tmp_path, [("pipe.png", "red-0.png", 1)])
    assert problems(space, path) == [f"pairs.csv:2: there is no file {tmp_path}/pipe.png"]


def test_too_few_pairs_and_labels_the_wrong_way_round_are_refused(space: Workspace, tmp_path: Path) -> None:
    pairs = Path(colored_pairs(tmp_path / "pictures"))
    lines = pairs.read_text().splitlines()
    few = [line for line in lines if not line.endswith("yes")] + [line for line in lines if line.endswith("yes")][:9]
    (pairs.parent / "few.csv").write_text("\n".join(few))
    with pytest.raises(PersonaForgeError, match="9 same pairs were measured, expected 10 or more") as caught:
        calibrate(space, str(pairs.parent / "few.csv"))
    assert "3 no_face" in caught.value.hint
    with pytest.raises(PersonaForgeError, match="prior is 1"):
        calibrate(space, str(pairs), prior=1.0)
    with pytest.raises(PersonaForgeError, match="is the pairs file itself"):
        calibrate(space, str(pairs), output=str(pairs))
    assert not (space.project.root / "calibration").exists()
    # One face under unlike names, and unlike faces under one: no label contradicts another here.
    folder = tmp_path / "wrong"
    folder.mkdir()
    red, blue = shades(folder, "red", RED, 10), shades(folder, "blue", BLUE, 10)
    rows: list[tuple[str, str, object]] = [(a, b, 1) for a, b in zip(red, blue, strict=True)]
    rows += [(a, b, 0) for a, b in zip(red, red[1:] + red[:1], strict=True)]
    with pytest.raises(PersonaForgeError, match="wrong way round"):
        calibrate(space, write_pairs(folder, rows))


def test_only_a_calibration_of_this_very_measurement_applies(space: Workspace, tmp_path: Path) -> None:
    project = space.project
    made = calibrate(space, colored_pairs(tmp_path / "pictures"))
    analyzer = made.calibration.analyzer
    assert made.file is not None
    assert calibration_for(project, analyzer) == Applying(made.calibration, made.file)
    for field, value in (
        ("backend_version", "2"),
        ("pack_digest", "0" * 64),
        ("detector_size", "640"),
        ("pack", "other"),
        ("backend", "other"),
    ):
        none = calibration_for(project, {**analyzer, field: value})
        assert isinstance(none, NoneApplies) and none.exist
        assert f"{made.file} does not apply: it was made with {field.replace('_', ' ')} " in none.reason
    raw = json.loads((project.root / made.file).read_bytes())
    (project.root / made.file).write_text(json.dumps({**raw, "measuring": "0"}))
    older = calibration_for(project, analyzer)
    assert isinstance(older, NoneApplies) and "measuring 0, not" in older.reason


def test_a_broken_file_never_applies_and_is_named(space: Workspace, tmp_path: Path) -> None:
    made = calibrate(space, colored_pairs(tmp_path / "pictures"))
    folder, analyzer = space.project.root / "calibration", made.calibration.analyzer
    own = folder / file_name(analyzer)
    raw = json.loads(own.read_bytes())
    (folder / "other-prior.json").write_text(json.dumps(raw))
    found = calibration_for(space.project, analyzer)
    assert isinstance(found, Applying) and found.file.endswith(own.name), "its own name counts"
    own.rename(folder / "renamed.json")
    several = calibration_for(space.project, analyzer)
    assert isinstance(several, NoneApplies) and "all apply" in several.reason
    (folder / "renamed.json").unlink()
    for change, said in (
        ({"schema": 3}, "schema: found 3, expected 1 or 2"),
        ({"weights": None}, "weights: found NoneType, expected an object"),
        ({"weights": {**raw["weights"], "prior": 1}}, "weights.prior: found 1, expected a number between 0 and 1"),
        ({"weights": {**raw["weights"], "covariance": [[1]]}}, "weights.covariance: expected"),
        ({"weights": {**raw["weights"], "centre": ["x"]}}, "weights.centre: expected"),
        ({"weights": {**raw["weights"], "features": ["error"]}}, "weights.features: found ['error']"),
        ({"logistic": {**raw["logistic"], "slope": -1}}, "logistic.slope: found -1, expected more than 0"),
        ({"logistic": {**raw["logistic"], "slope": "steep"}}, "logistic.slope: found 'steep', expected float"),
        ({"equal_error": []}, "equal_error: found list, expected an object"),
        ({"extra": 1}, "extra: is unknown"),
        ({"same": {}}, "same.max: is missing"),
    ):
        (folder / "other-prior.json").write_text(json.dumps({**raw, **change}))
        none = calibration_for(space.project, analyzer)
        assert isinstance(none, NoneApplies) and f"other-prior.json can't be read: {said}" in none.reason
    (folder / "other-prior.json").write_text("not json")
    assert "can't be read" in str(calibration_for(space.project, analyzer))


def test_a_folder_that_leads_out_of_the_project_is_neither_read_nor_written(space: Workspace, tmp_path: Path) -> None:
    made = calibrate(space, colored_pairs(tmp_path / "pictures"))
    folder = space.project.root / "calibration"
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    none = calibration_for(space.project, made.calibration.analyzer)
    assert isinstance(none, NoneApplies) and "symbolic link" in none.reason
    with pytest.raises(SpecError, match="symbolic link"):
        calibrate(space, str(tmp_path / "pictures/pairs.csv"))
    assert isinstance(calibration_for(Project(tmp_path / "none"), made.calibration.analyzer), NoneApplies)


FACES = ((464, 266, 573, 415), (56, 261, 169, 398), (906, 59, 1011, 206), (745, 342, 847, 480), (270, 145, 372, 270),
         (1130, 273, 1227, 401))  # fmt: skip
"""The six faces of t1.jpg: x1, y1, x2, y2 in pixels."""


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight people in five pictures each: six out of one photograph, and two with one of their own. Returns the pairs
    file: every two pictures of a person, and every two of different people."""
    import insightface
    import skimage
    from PIL import Image, ImageEnhance, ImageOps

    people = Path(insightface.__file__).parent / "data/images"
    group = Image.open(people / "t1.jpg").convert("RGB")
    faces = [group.crop((x1 - 60, y1 - 60, x2 + 60, y2 + 60)) for x1, y1, x2, y2 in FACES]
    faces.append(Image.open(Path(skimage.__file__).parent / "data/astronaut.png").convert("RGB"))
    faces.append(ImageOps.expand(Image.open(people / "Tom_Hanks_54745.png").convert("RGB"), 40))
    changes: dict[str, Callable[[Any], Any]] = {
        "plain": lambda image: image,
        "mirrored": ImageOps.mirror,
        "small": lambda image: image.resize((image.width * 2 // 3, image.height * 2 // 3)),
        "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.5),
        "tilted": lambda image: image.rotate(12),
    }
    folder = tmp_path_factory.mktemp("album")
    names: list[tuple[int, str]] = []
    for number, face in enumerate(faces):
        for quality, (change, made) in zip((95, 80, 60, 40, 70), changes.items(), strict=True):
            names.append((number, f"{number}-{change}.jpg"))
            made(face).save(folder / names[-1][1], "JPEG", quality=quality)
    (folder / "nobody.jpg").write_bytes(_jpeg_of_nothing())
    rows: list[tuple[str, str, object]] = [
        (a, b, int(one == other)) for i, (one, a) in enumerate(names) for other, b in names[i + 1 :]
    ]
    return Path(write_pairs(folder, [*rows, ("nobody.jpg", names[0][1], 0)]))


def _jpeg_of_nothing() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (200, 200), (90, 120, 90)).save(out, "JPEG")
    return out.getvalue()


def run_calibrate(project: Path, *arguments: str) -> Any:
    from click.testing import CliRunner

    from personaforge.cli.calibrate import calibrate_command

    return CliRunner().invoke(calibrate_command, list(arguments), obj=str(project), standalone_mode=False)


PHOTOGRAPHS = {"conf/project/settings.yaml": "# @package _global_\ndefaults: [{override /identity: insightface}]\n"}
"""A project that works with photographs."""


@pytest.mark.pack
@pytest.mark.slow
def test_photographs_give_what_is_known_of_this_pack(
    album: Path, tmp_path: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A calm gardener.\n"}, PHOTOGRAPHS)
    said = run_calibrate(root, str(album))
    assert said.exception is None, said.exception
    (file,) = (root / "calibration").iterdir()
    about = Calibration.from_json(json.loads(file.read_bytes()))
    assert file.name == file_name(about.analyzer) and about.analyzer["pack"] == "buffalo_s_dev"
    assert (about.same.n, about.different.n, about.people, about.unmeasured) == (80, 700, 8, {"no_face": 1})
    # On photographs of this pack, different pairs are known to lie at .011 to .020, spread .07, 99 % below .18.
    assert abs(about.different.mean) < 0.08 and about.different.std < 0.12 and about.different.min < 0
    assert about.same.mean > 0.75 and about.equal_error.rate < 0.02 and about.equal_error.drawn == "people"
    assert about.equal_error.low <= about.equal_error.rate < about.equal_error.high
    hundredth, thousandth = about.operating_points
    assert hundredth.threshold is not None and 0.1 < hundredth.threshold < 0.4
    assert hundredth.tar == 1.0 and hundredth.far is not None and hundredth.far <= 0.01
    assert thousandth.threshold is None and "takes 3000 or more" in thousandth.reason
    assert probability(0.05, about) < 0.02 and probability(0.75, about) > 0.95
    for text in (
        "780 pairs of 8 people measured; 1 more left out: 1 no_face",
        "EER ",
        "So many people support no P(same) below 0.42",
        "In force: calibrated.",
        f"calibration/{file.name} doesn't take the place of forge's own calibration of the pack buffalo_s_dev: "
        f"calibration/{file.name} supports a FAR of ",
    ):
        assert text in said.output, text

    # It speaks for pictures that it has not seen, beside the raw cosine, and for this very measurement alone.
    folder = album.parent
    pictures = [str(folder / name) for name in ("0-mirrored.jpg", "1-plain.jpg", "nobody.jpg")]
    anchor = ("--anchor", str(folder / "0-plain.jpg"))
    ours = "forge's own calibration of the pack buffalo_s_dev"
    shown = json.loads(forge("eval", *pictures, *anchor, "--json", cwd=root, check=0).stdout)
    assert shown["calibration"] == ours and f"doesn't take the place of {ours}" in shown["calibration_reason"]
    assert shown["policy"] == "calibrated" and shown["pictures"][0]["probability"] > 0.99, (
        "a small one switches nothing off"
    )
    text = forge("eval", *pictures, *anchor, cwd=root, check=0).stdout
    assert f"calibration/{file.name} doesn't take the place of {ours}: " in text
    forges = calibrations.OURS
    monkeypatch.setattr(calibrations, "OURS", tmp_path)
    shown = json.loads(forge("eval", *pictures, *anchor, "--json", cwd=root, check=0).stdout)
    assert shown["calibration"] == f"calibration/{file.name}" and shown["calibration_reason"] is None
    same, other, nobody = shown["pictures"]
    assert about.weights is not None and len(about.weights.features) == 5
    assert same["probability"] == about.weights.at(9) == 0.802007, "8 people support no more"
    assert other["probability"] == about.weights.at(-9) < 0.43, "and no less"
    assert nobody["probability"] is None
    text = forge("eval", *pictures, *anchor, cwd=root, check=0).stdout
    assert f"P(same) is by calibration/{file.name}, from cosine, error, turn, norm, size, at a prior of 0.5." in text
    assert "identity.calibrated.far is 0.001: it takes more different pairs" in text, "so it shows, and doesn't decide"
    monkeypatch.setattr(calibrations, "OURS", forges)
    raw = json.loads(file.read_bytes())
    raw["analyzer"]["detector_size"] = "320"
    file.write_text(json.dumps(raw))
    shown = json.loads(forge("eval", *pictures, *anchor, "--json", cwd=root, check=0).stdout)
    assert shown["calibration"] == ours, "where the project's doesn't apply"
    assert shown["policy"] == "calibrated" and [one["decision"] for one in shown["pictures"][:2]] == [
        "ACCEPT",
        "REJECT",
    ]
    monkeypatch.setattr(calibrations, "OURS", tmp_path)
    shown = json.loads(forge("eval", *pictures, *anchor, "--json", cwd=root, check=0).stdout)
    assert shown["calibration"] is None and all(one["probability"] is None for one in shown["pictures"])
    assert "does not apply: it was made with detector size 320, not auto" in shown["calibration_reason"]
    text = forge("eval", *pictures, *anchor, cwd=root, check=0).stdout
    assert "P(same)" not in text.splitlines()[0] and "No P(same): " in text and "detector size 320, not auto" in text


@pytest.mark.pack
def test_detector_sizes_have_a_file_each(album: Path, tmp_path: Path) -> None:
    root = write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A calm gardener.\n"}, PHOTOGRAPHS)
    few = album.parent / "few.csv"  # three pictures each of four people
    kept = [f"{number}-{change}.jpg" for number in range(4) for change in ("plain", "mirrored", "small")]
    lines = [line for line in album.read_text().splitlines() if all(name in kept for name in line.split(",")[:2])]
    few.write_text("\n".join(["path_a,path_b,same", *lines]))
    found = {}
    for size in ("320", "auto"):
        said = run_calibrate(root, str(few), "--detector-size", size, "--json")
        assert said.exception is None, said.exception
        found[size] = json.loads(said.output)
        assert found[size]["schema"] == 1
        assert found[size]["calibration"]["analyzer"]["detector_size"] == size
    assert found["320"]["file"] != found["auto"]["file"] and len(list((root / "calibration").iterdir())) == 2
    assert found["320"]["calibration"]["same"]["mean"] != found["auto"]["calibration"]["same"]["mean"]
    named = tmp_path / "named.json"
    assert run_calibrate(root, str(few), "-o", str(named), "--prior", "0.1").exception is None
    logistic = json.loads(named.read_bytes())["logistic"]
    assert logistic["prior"] == 0.1 and logistic["intercept"] < found["auto"]["calibration"]["logistic"]["intercept"]


@pytest.mark.pack
def test_what_the_command_refuses(album: Path, tmp_path: Path) -> None:
    root = write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A calm gardener.\n"}, PHOTOGRAPHS)
    for arguments, said in (
        (("--pack", "nothing_like_it"), "nothing can measure faces here: no face pack nothing_like_it"),
        (("--detector-size", "100"), "expected auto or a multiple of 32"),
        (("--prior", "0"), "0.0 is not in the range"),
        (("--no-write", "-o", "x.json"), "not both"),
    ):
        error = run_calibrate(root, str(album), *arguments).exception
        assert error is not None and said in (getattr(error, "message", "") or str(error)), (arguments, error)
    assert not (root / "calibration").exists()


def test_the_gates_are_those_of_the_packs_own_kind_of_pictures(
    space: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A project of drawings that tries a pack for photographs was shown how the gates of drawings do on those."""
    from personaforge.measuring import calibration
    from personaforge.report.calibration import print_calibration

    assert space.defaults(())["identity"]["pack"] == "embedded"
    for pack, rules, accept, cosine in (("buffalo_s_dev", "insightface", 0.55, 0.55), ("embedded", "", 0.8, 0.78)):
        measures = {"pack": pack, "backend": "insightface"}
        with monkeypatch.context() as patch:
            patch.setattr(calibration, "identity_of", lambda space, settings, measures=measures: measures)
            settings, said = calibration._rules_for(space, None, pack, None)
        assert (said, settings.value("identity.pack")) == (rules, pack)
        assert settings.value("identity.accept_threshold") == accept
        assert settings.value("identity.embedding")["min_cosine"] == cosine
    found = calibrate(space, colored_pairs(tmp_path / "pictures"), identity="insightface", write=False)
    rules = {one.gate: one.rule for one in found.gates.gates}
    assert rules["composite"] == "accept 0.55; retry 0.35" and "cosine 0.55" in rules["strict"]
    assert found.as_json()["identity"] == "insightface"
    print_calibration(found)
    assert "The gates are those of `identity: insightface`." in capsys.readouterr().out
    own = calibrate(space, colored_pairs(tmp_path / "pictures"), write=False)
    assert own.as_json()["identity"] is None and own.gates.gates[0].rule == "accept 0.8; retry 0.45"
