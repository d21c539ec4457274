"""`forge photos score` on real photographs, spoilt in one way each, and on whatever else may carry a photo's name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personaforge.cli.main import COMMANDS, run
from personaforge.errors import PersonaForgeError, SpecError
from personaforge.identity.score import Cause, Unmeasured
from personaforge.measuring.photo_score import SCORES, PhotoVerdict
from personaforge.measuring.photos import Scored, score_photos
from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loader
from personaforge.spec.project import Project, packaged
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace


@pytest.fixture(scope="module")
def photos() -> dict[str, bytes]:
    import insightface
    import skimage

    people = Path(insightface.__file__).parent / "data/images"
    return {
        "astronaut": (Path(skimage.__file__).parent / "data/astronaut.png").read_bytes(),
        "six": (people / "t1.jpg").read_bytes(),
        "hanks": (people / "Tom_Hanks_54745.png").read_bytes(),
    }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    (root / "photos").mkdir()
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def space(project: Path) -> Iterator[Workspace]:
    with Workspace.open() as opened:
        yield opened


@pytest.fixture
def photos_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make sure that the command line knows the command."""
    monkeypatch.setitem(COMMANDS, "photos", ("photos", "Score photographs before training on them."))


def pixels_of(data: bytes) -> np.ndarray:
    from personaforge.faces.picture import read_picture

    return read_picture(data).pixels


def png(pixels: np.ndarray) -> bytes:
    import cv2

    done, data = cv2.imencode(".png", np.ascontiguousarray(pixels))
    assert done
    return bytes(data)


def blurred(pixels: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.GaussianBlur(pixels, (0, 0), 2)


def shrunk(pixels: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.resize(pixels, (256, 256), interpolation=cv2.INTER_AREA)


def half_covered(pixels: np.ndarray) -> np.ndarray:
    """The astronaut's face lies at (183, 69) to (271, 174); a plain colour covers it from the nose down."""
    covered = pixels.copy()
    covered[121:180, 178:276] = (120, 150, 200)
    return covered


SPOILT: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "blurred": ("sharpness", blurred),
    "darkened": ("lighting", lambda pixels: (pixels * 0.15).astype(np.uint8)),
    "overexposed": ("lighting", lambda pixels: np.clip(pixels * 1.6, 0, 255).astype(np.uint8)),
    "shrunk": ("resolution", shrunk),
    "half covered": ("occlusion", half_covered),
}


def scores_of(space: Workspace, path: Path) -> dict[str, float]:
    (photo,) = score_photos(space, [str(path)]).photos
    values = photo.score.scores
    assert not any(isinstance(value, Unmeasured) for value in values.values()), values
    return {name: value for name, value in values.items() if not isinstance(value, Unmeasured)}


@pytest.mark.pack
@pytest.mark.parametrize("how", SPOILT)
def test_one_fault_lowers_just_its_score(how: str, space: Workspace, project: Path, photos: dict[str, bytes]) -> None:
    name, spoil = SPOILT[how]
    clear, spoilt = project / "photos/clear.png", project / "photos/spoilt.png"
    clear.write_bytes(photos["astronaut"])
    spoilt.write_bytes(png(spoil(pixels_of(photos["astronaut"]))))
    before, after = scores_of(space, clear), scores_of(space, spoilt)
    assert before == {**dict.fromkeys(SCORES, 100.0), "resolution": 60.0}
    assert after[name] <= before[name] - 30, after
    for other in set(SCORES) - {name}:
        assert after[other] >= before[other] - 6, (other, after)


@pytest.mark.pack
def test_six_people_are_no_portrait(space: Workspace, project: Path, photos: dict[str, bytes]) -> None:
    (project / "photos/six.jpg").write_bytes(photos["six"])
    found = score_photos(space, ["photos"])
    (photo,) = found.photos
    assert photo.score.scores["occlusion"] == 0 and photo.score.verdict is PhotoVerdict.POOR
    assert "6 faces: crop it to one person" in photo.score.advice
    others = {name: value for name, value in photo.score.scores.items() if name != "occlusion"}
    assert all(isinstance(value, float) and value > 85 for value in others.values()), others
    assert found.summary.ready is False


def test_a_folder_has_the_same_pictures_for_photos_and_for_eval(project: Path, space: Workspace) -> None:
    from PIL import Image, features

    from personaforge.faces.picture import SUFFIXES
    from personaforge.measuring.files import _named
    from personaforge.measuring.photos import _files

    for name in ("a.avif", "b.JPE", "c.tif", "d.heic", "e.txt"):
        (project / "photos" / name).write_bytes(b"x")
    pictures = ["photos/a.avif", "photos/b.JPE", "photos/c.tif"]
    assert _files(["photos"]) == (pictures, ["photos/d.heic", "photos/e.txt"])
    assert list(_named(["photos"], SUFFIXES)) == pictures
    if not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    Image.new("RGB", (64, 64), (90, 90, 90)).save(project / "photos/a.avif")
    first = score_photos(space, ["photos"]).photos[0]
    assert first.path == "photos/a.avif" and first.measurement["status"] == "measured"


@pytest.mark.pack
def test_a_mixed_folder(space: Workspace, project: Path, photos: dict[str, bytes]) -> None:
    import cv2

    woman = pixels_of(photos["astronaut"])
    large = cv2.resize(woman, (1100, 1100), interpolation=cv2.INTER_CUBIC)
    files = {
        "a/large.png": png(large),
        "b/again.png": png(large),
        "b/jpeg.jpg": cv2.imencode(".jpg", woman, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes(),
        "hanks.png": photos["hanks"],
        "nobody.png": png(large[800:, 500:]),
        "cut.png": photos["astronaut"][:100_000],
        "cut.jpg": photos["six"][: len(photos["six"]) // 2],
        "words.jpeg": b"I am not a picture at all.\n",
        "nothing.png": b"",
        "notes.txt": b"left out",
        "IMG_1.HEIC": b"left out, and said so",
        ".hidden/x.png": photos["hanks"],
    }
    for name, data in files.items():
        path = project / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = score_photos(space, ["photos"])
    by_name = {photo.path.removeprefix("photos/"): photo for photo in found.photos}
    assert by_name.keys() == files.keys() - {"notes.txt", "IMG_1.HEIC", ".hidden/x.png"}
    assert set(found.skipped) == {"photos/notes.txt", "photos/IMG_1.HEIC"}
    codes = {"cut.png": "truncated", "cut.jpg": "truncated", "words.jpeg": "not_an_image", "nothing.png": "empty"}
    for name, code in codes.items():
        photo = by_name[name]
        assert (photo.measurement["status"], photo.measurement["code"]) == ("unreadable", code)
        assert photo.score.overall is None and photo.score.verdict is PhotoVerdict.UNREADABLE
    assert by_name["nobody.png"].score.verdict is PhotoVerdict.NO_FACE
    assert by_name["nobody.png"].score.as_json()["unmeasured"]["face_detection"]["code"] == "no_face"
    # The largest of the copies stands, and each of the others names it.
    assert by_name["a/large.png"].twin_of is None
    assert by_name["a/large.png"].score.verdict is PhotoVerdict.USABLE
    assert (by_name["b/again.png"].twin_of, by_name["b/again.png"].distance) == ("photos/a/large.png", 0)
    assert by_name["b/jpeg.jpg"].twin_of == "photos/a/large.png"
    assert by_name["hanks.png"].twin_of is None
    summary = found.summary
    assert (summary.photos, summary.duplicates, summary.ready) == (9, 2, False)
    assert summary.verdicts == {"usable": 1, "poor": 3, "no_face": 1, "unmeasured": 0, "unreadable": 4}
    assert summary.angles is not None and summary.angles.frontal == 3


@pytest.mark.usefixtures("no_pack")
def test_without_a_pack_the_rest_is_scored(space: Workspace, project: Path, photos: dict[str, bytes]) -> None:
    (project / "photos/a.png").write_bytes(photos["astronaut"])
    found = score_photos(space, ["photos"])
    (photo,) = found.photos
    scores = photo.score.scores
    assert [name for name, value in scores.items() if isinstance(value, Unmeasured)] == ["face_detection", "occlusion"]
    assert (scores["resolution"], scores["sharpness"], scores["lighting"]) == (60, 100, 100)
    assert (photo.score.verdict, photo.score.complete) == (PhotoVerdict.UNMEASURED, False)
    assert {value.code for value in scores.values() if isinstance(value, Unmeasured)} == {Cause.OUT_OF_DOMAIN}
    assert found.analyzer is not None and found.analyzer["pack"] == "embedded", "which knows no photographs"
    assert "no face pack" in found.no_analyzer[0] and found.no_analyzer[1]
    assert found.below(70) == (photo,), "a gate that can't measure has not passed"
    assert found.below(70, allow_unmeasured=True) == ()
    assert photo.score.overall == 91.43 and found.below(92, allow_unmeasured=True) == (photo,)


def unmeasurable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a picture is decoded again")

    monkeypatch.setattr("personaforge.faces.picture.read_picture", refuse)
    monkeypatch.setattr("personaforge.faces.photo.measure_photo", refuse)


def records(root: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in (root / ".forge/records/actions").rglob("*.json")]


@pytest.mark.pack
def test_a_second_run_measures_nothing(
    project: Path, photos: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "b.png"):
        (project / "photos" / name).write_bytes(photos["astronaut"])
    (project / "photos/c.png").write_bytes(photos["hanks"])
    (project / "photos/d.png").write_bytes(b"words")

    def scored() -> Scored:
        with Workspace.open() as space:
            return score_photos(space, ["photos"])

    first = scored()
    assert first.measured == 3, "equal files are one"
    unmeasurable(monkeypatch)
    second = scored()
    assert second.measured == 0 and second.as_json() == first.as_json()
    shutil.move(project / "photos/a.png", project / "photos/renamed.png")
    assert scored().measured == 0
    # Another bound judges anew and measures nothing.
    own = project / "conf/photos/default.yaml"
    own.parent.mkdir(parents=True)
    text = (packaged("conf") / "photos/default.yaml").read_text()
    assert text.count("at_minimum: 60") == 1
    own.write_text(text.replace("at_minimum: 60", "at_minimum: 40"))
    third = scored()
    assert third.measured == 0
    assert {photo.path: photo.score.scores["resolution"] for photo in third.photos}["photos/b.png"] == 40


@pytest.mark.pack
def test_a_record_tells_nobody_who_is_shown(
    space: Workspace, project: Path, photos: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "photos/anna-smith.png").write_bytes(photos["astronaut"])
    score_photos(space, ["photos"])
    (record,) = records(project)
    parts = record["parts"]
    assert (parts["kind"], parts["provider"]) == ("score_photo", "insightface@1")
    assert parts["request"]["analyzer"]["pack"] == "buffalo_s_dev" and list(parts["inputs"]) == ["artifact"]
    assert "anna" not in json.dumps(record) and "embedding" not in record["value"]["face"]
    assert not list((project / ".forge").glob("blobs/*/*")), "the photograph itself is not kept"
    # Without the pack it is another measurement.
    monkeypatch.setenv("FORGE_MODELS", str(project))
    with Workspace.open() as poorer:
        assert score_photos(poorer, ["photos"]).measured == 1
    asked = [record["parts"]["request"]["analyzer"] for record in records(project)]
    assert {analyzer["pack"] for analyzer in asked} == {"buffalo_s_dev", "embedded"}


@pytest.mark.usefixtures("no_pack")
def test_photos_from_elsewhere_leave_no_trace(
    space: Workspace, project: Path, tmp_path: Path, photos: dict[str, bytes]
) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "a.png").write_bytes(photos["hanks"])
    assert [score_photos(space, [str(outside)]).measured for _ in range(2)] == [1, 1]
    assert not (project / ".forge/records").exists() and [path.name for path in outside.iterdir()] == ["a.png"]


@pytest.mark.usefixtures("no_pack")
def test_bad_arguments_are_said_plainly(space: Workspace, project: Path) -> None:
    with pytest.raises(PersonaForgeError, match=r"no file photos/nope\*\.png"):
        score_photos(space, ["photos/nope*.png"])
    with pytest.raises(PersonaForgeError, match="no picture in photos: found nothing"):
        score_photos(space, ["photos"])
    (project / "photos/a.heic").write_bytes(b"x")
    with pytest.raises(PersonaForgeError, match=r"only 1 files of other kinds, such as photos/a\.heic"):
        score_photos(space, ["photos"])


# Settings


def settings_of(root: Path, text: str) -> dict[str, Any]:
    (root / "conf/photos").mkdir(parents=True, exist_ok=True)
    (root / "conf/photos/default.yaml").write_text(text)
    return group_of(root)


def group_of(root: Path, *overrides: str) -> dict[str, Any]:
    return Loader(Project(root), domains=KNOWN).group("photos", overrides)


SHIPPED = (packaged("conf") / "photos/default.yaml").read_text()


def test_a_project_without_its_own_has_the_shipped_settings(project: Path) -> None:
    shipped = group_of(project)
    assert shipped["usable"] == {"min_overall": 70, "min_score": 25}
    (project / "conf").mkdir()
    assert group_of(project) == shipped
    assert settings_of(project, SHIPPED) == shipped


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("minimum: 512", "minimum: many", "resolution.minimum", "found 'many', expected a number"),
        ("minimum: 512", "minimum: '512'", "resolution.minimum", "found '512', expected a number"),
        ("minimum: 512", "minimum: .nan", "resolution.minimum", "found nan, expected "),
        ("minimum: 512", "minimum: true", "resolution.minimum", "found True, expected a number"),
        ("minimum: 512", "minimum: -1", "resolution.minimum", "found -1, expected at least 0"),
        ("minimum: 512", "minimum: 2048", "resolution", "found minimum 2048, expected it between 0 and recommended"),
        ("at_minimum: 60", "at_minimum: 600", "resolution.at_minimum", "found 600, expected at most 100"),
        ("recommended_from: 10", "recommended_from: 30", "count", "recommended_from no larger than recommended_to"),
        ("sharpness: 0.25", "sharpnes: 0.25", "weights.sharpnes", "is not a setting"),
        ("min_overall: 70", "min_overall: 170", "usable.min_overall", "at most 100"),
        ("sharpness: 0.25, ", "", "weights.sharpness", "is missing"),
        ("{resolution: 0.15", "{gloss: 1, resolution: 0.15", "weights.gloss", "is not a setting"),
        ("formats: [jpeg, png]", "formats: jpeg", "file.formats", "found 'jpeg', expected a list"),
        (
            "face_detection: {zero: 0.50, full: 0.65}",
            "face_detection: 3",
            "face_detection",
            "found 3, expected keys and values",
        ),
        ("{zero: 0.50, full: 0.65}", "{zero: 0.65, full: 0.50}", "face_detection", "expected full above zero"),
        ("{zero: 0.78, full: 0.52}", "{zero: 0.5, full: 0.5}", "sharpness.face", "expected full below zero"),
    ],
)
def test_wrong_settings_are_named_with_their_line(project: Path, old: str, new: str, path: str, says: str) -> None:
    assert SHIPPED.count(old) == 1
    with pytest.raises(SpecError) as caught:
        settings_of(project, SHIPPED.replace(old, new))
    problem = caught.value.problems[0]
    assert (problem.path, says in problem.message) == (f"photos.{path}", True), caught.value.problems
    number = int(problem.where.removeprefix("conf/photos/default.yaml:"))
    line = (project / "conf/photos/default.yaml").read_text().splitlines()[number - 1]
    assert any(f"{part}:" in line for part in path.split(".")), line


def test_every_problem_is_named_at_once(project: Path) -> None:
    with pytest.raises(SpecError) as caught:
        settings_of(
            project, SHIPPED.replace("minimum: 512", "minimum: x").replace("max_distance: 5", "max_distance: y")
        )
    assert [problem.path for problem in caught.value.problems] == [
        "photos.resolution.minimum",
        "photos.duplicates.max_distance",
    ]


def test_weights_of_nothing_are_refused(project: Path) -> None:
    import re

    line = next(line for line in SHIPPED.splitlines() if line.startswith("weights:"))
    with pytest.raises(SpecError, match="weigh nothing"):
        settings_of(project, SHIPPED.replace(line, re.sub(r"0\.\d+", "0", line)))


def test_what_forge_photos_has_always_taken_is_still_taken(project: Path) -> None:
    odd = SHIPPED.replace("minimum: 5,", "minimum: 5.5,").replace("max_distance: 5", "max_distance: 0")
    odd = odd.replace("{below: 70", "{below: 700").replace("formats: [jpeg, png]", "formats: []")
    found = settings_of(project, odd)
    assert (found["count"]["minimum"], found["duplicates"]["max_distance"], found["advice"]["below"]) == (5.5, 0, 700)
    assert found["file"]["formats"] == []


def test_settings_are_composed_and_overridden_as_others_are(project: Path) -> None:
    assert group_of(project, "photos.usable.min_overall=60")["usable"] == {"min_overall": 60, "min_score": 25}
    strict = SHIPPED.replace("min_overall: 70", "min_overall: 90")
    (project / "conf/photos").mkdir(parents=True)
    (project / "conf/photos/strict.yaml").write_text(strict)
    assert group_of(project, "photos=strict")["usable"]["min_overall"] == 90
    (project / "conf/project").mkdir()
    settings = project / "conf/project/settings.yaml"
    settings.write_text("photos: {usable: {min_score: 30}}\n")
    assert group_of(project)["usable"] == {"min_overall": 70, "min_score": 30}
    settings.write_text("locked: [photos.usable.min_score]\n")
    assert group_of(project, "photos.usable.min_overall=60")["usable"]["min_overall"] == 60
    with pytest.raises(SpecError, match="but the project locks it to 25"):
        group_of(project, "photos.usable.min_score=1")


def test_a_projects_own_list_of_groups_may_choose_this_one_or_not(project: Path) -> None:
    (project / "conf/photos").mkdir(parents=True)
    (project / "conf/photos/strict.yaml").write_text(SHIPPED.replace("min_overall: 70", "min_overall: 90"))
    older = (packaged("conf") / "config.yaml").read_text()
    persona = project / "personas/ana.yaml"
    for text, usual in ((older, 70), (older.replace("  - motion:", "  - photos: strict\n  - motion:"), 90)):
        (project / "conf/config.yaml").write_text(text)
        shipped = Loader(Project(project), domains=KNOWN).load(persona).settings.value("photos")
        assert shipped == group_of(project) and shipped["usable"]["min_overall"] == usual
        assert group_of(project, "photos.usable.min_overall=60")["usable"]["min_overall"] == 60
        assert group_of(project, "photos=default")["usable"]["min_overall"] == 70


@pytest.mark.parametrize(
    ("override", "path", "says"),
    [
        ("photos.usable.min_overal=60", "photos.usable.min_overal", "isn't there to override"),
        ("photos.usable.min_overall=much", "photos.usable.min_overall", "found 'much', expected a number"),
        ("photos.usable.min_overall=${oc.env:HOME}", "photos.usable.min_overall", "may not call a resolver"),
        ("photos=none", "photos", "Could not find 'photos/none'"),
    ],
)
def test_wrong_overrides_are_said_to_be_of_the_command_line(project: Path, override: str, path: str, says: str) -> None:
    with pytest.raises(SpecError) as caught:
        group_of(project, override)
    [problem] = caught.value.problems
    assert (problem.where, problem.path) == ("command line", path) and says in problem.message


@pytest.mark.usefixtures("photos_command", "no_pack")
def test_an_override_is_told_from_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    Image.new("RGB", (64, 64), (90, 90, 90)).save(project / "photos.a=b.png")
    assert run(["photos", "score", "photos.a=b.png", "photos.advice.below=0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["path"] for one in found["photos"]] == ["photos.a=b.png"]
    assert run(["photos", "score", "photos.advice.below=0"]) == 2
    assert run(["photos", "score", "photos.a=b.png", "photos.advice.bellow=0"]) == 2
    assert "did you mean photos.advice.below?" in capsys.readouterr().err


def test_settings_stay_data_and_in_the_project(project: Path, tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        settings_of(project, SHIPPED + "evil: ${oc.env:HOME}\n")
    (tmp_path / "outside.yaml").write_text(SHIPPED)
    (project / "conf/photos/default.yaml").unlink()
    (project / "conf/photos/default.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(SpecError, match="leads out of the project"):
        group_of(project)


# The command


@pytest.mark.pack
@pytest.mark.usefixtures("photos_command")
def test_the_command_prints_a_table_and_a_summary(
    project: Path, photos: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "photos/six.jpg").write_bytes(photos["six"])
    (project / "photos/a.png").write_bytes(photos["astronaut"])
    (project / "photos/words.png").write_bytes(b"words")
    assert run(["photos", "score", "photos"]) == 0
    lines = capsys.readouterr().out.splitlines()
    head, astronaut, six, words, *summary = lines
    assert head.split()[:3] == ["photo", "overall", "resolution"] and head.split()[-1] == "advice"
    assert astronaut.split()[:8] == ["photos/a.png", "94", "60", "100", "100", "100", "100", "100"]
    assert "only 512 x 512: 1024 is recommended" in astronaut
    assert "6 faces: crop it to one person" in six and "unreadable" in words
    assert summary[0].startswith("3 photos: 1 usable, 1 poor, 1 unreadable; mean overall ")
    assert "Too few: 1 usable photo; at least 5 are needed, and 10 to 20 are best." in summary
    assert any(line.startswith("Measured with buffalo_s_dev") for line in summary)
    assert run(["photos", "score", "photos/a.png", "--fail-under", "90"]) == 0
    assert "All reach 90." in capsys.readouterr().out
    assert run(["photos", "score", "photos", "--fail-under", "90"]) == 1
    assert "2 of 3 don't reach 90." in capsys.readouterr().out


@pytest.mark.pack
@pytest.mark.usefixtures("photos_command")
def test_json_and_the_filter(project: Path, photos: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    (project / "photos/a.png").write_bytes(photos["astronaut"])
    verdicts = []
    for bound in ("90", "95"):
        assert run(["photos", "score", "photos", "--json", "--min-overall", bound]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["schema"] == 1 and found["set"]["photos"] == 1 and found["analyzer"]["pack"] == "buffalo_s_dev"
        (one,) = found["photos"]
        assert one["path"] == "photos/a.png" and len(one["sha256"]) == 64 and list(one["scores"]) == list(SCORES)
        verdicts.append((one["overall"], one["verdict"]))
    assert verdicts == [(94.0, "usable"), (94.0, "poor")]


@pytest.mark.usefixtures("photos_command", "no_pack")
def test_exit_codes_without_a_pack(project: Path, photos: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    (project / "photos/a.png").write_bytes(photos["astronaut"])
    assert run(["photos", "score", "photos"]) == 0
    out = capsys.readouterr().out
    assert "91*" in out and "as embedded knows drawings by forge only: no face pack" in out and "unmeasured" in out
    assert run(["photos", "score", "photos", "--fail-under", "70"]) == 1
    assert "1 only because face scores are missing; --allow-unmeasured does without" in capsys.readouterr().out
    assert run(["photos", "score", "photos", "--fail-under", "70", "--allow-unmeasured"]) == 0
    for wrong in (["nope.png"], ["photos", "--fail-under", "101"], ["photos", "--allow-unmeasured"], []):
        assert run(["photos", "score", *wrong]) == 2, wrong
    assert "there is no file nope.png" in capsys.readouterr().err
