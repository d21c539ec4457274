"""`forge eval` on real photographs with real weights, and on whatever else may carry a picture's name."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from personaforge.drift.timelines import drift
from personaforge.identity.decision import Decision
from personaforge.identity.score import Unmeasured
from personaforge.measuring.evaluation import evaluate
from personaforge.measuring.photos import score_photos
from personaforge.media.webm import encode_webm
from personaforge.report.drift.console import print_drift
from personaforge.report.evaluation.console import print_evaluation
from personaforge.report.evaluation.sheet import evaluation_sheet
from personaforge.testing import ColorAnalyzers, png, write_project
from personaforge.warehouse.projection import opened
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

PHOTO_ANCHOR = ("--anchor", "anchor.png", "--identity", "insightface")


@pytest.fixture(scope="module")
def photos() -> dict[str, bytes]:
    """Photographs that come with dependencies: one woman, six people, one man."""
    import insightface
    import skimage

    people = Path(insightface.__file__).parent / "data/images"
    return {
        "astronaut": (Path(skimage.__file__).parent / "data/astronaut.png").read_bytes(),
        "six": (people / "t1.jpg").read_bytes(),
        "hanks": (people / "Tom_Hanks_54745.png").read_bytes(),
    }


def varied(data: bytes, change: Callable[[object], object]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    change(Image.open(io.BytesIO(data)).convert("RGB")).save(out, "JPEG", quality=80)  # type: ignore[attr-defined]
    return out.getvalue()


def huge_png() -> bytes:
    """A PNG that says 20,000 by 20,000 and holds a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(4096))) + chunk(b"IEND", b"")
    )


@pytest.mark.pack
def test_photographs_and_what_only_looks_like_one(photos: dict[str, bytes], tmp_path: Path, forge: Forge) -> None:
    from PIL import ImageOps

    pixel = io.BytesIO()
    from PIL import Image

    Image.new("RGB", (1, 1)).save(pixel, "PNG")
    files = {
        "mirrored.jpg": varied(photos["astronaut"], lambda image: ImageOps.mirror(image)),  # type: ignore[arg-type]
        "cropped.jpg": varied(photos["astronaut"], lambda image: image.crop((120, 20, 340, 260))),  # type: ignore[attr-defined]
        "dark.jpg": varied(photos["astronaut"], lambda image: image.point(lambda value: value * 0.6)),  # type: ignore[attr-defined]
        "hanks.png": photos["hanks"],
        "six.jpg": photos["six"],
        "nobody.jpg": varied(photos["astronaut"], lambda image: image.crop((400, 400, 512, 512))),  # type: ignore[attr-defined]
        "cut.png": photos["astronaut"][: len(photos["astronaut"]) // 2],
        "cut.jpg": photos["six"][: len(photos["six"]) // 2],
        "pixel.png": pixel.getvalue(),
        "words.png": b"I am not a picture at all.\n",
        "nothing.png": b"",
        "huge.png": huge_png(),
    }
    (tmp_path / "anchor.png").write_bytes(photos["astronaut"])
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    done = forge("eval", *files, *PHOTO_ANCHOR, "--json", cwd=tmp_path, check=1)
    found = {one["path"]: one for one in json.loads(done.stdout)["pictures"]}
    assert found.keys() == files.keys()
    for same in ("mirrored.jpg", "cropped.jpg", "dark.jpg"):
        assert found[same]["composite"] > 0.85 and found[same]["decision"] == "ACCEPT", found[same]
    for other in ("hanks.png", "six.jpg"):
        assert found[other]["cosine"] < 0.25 and found[other]["decision"] != "ACCEPT", found[other]
    assert found["six.jpg"]["faces"] == 6 and found["hanks.png"]["faces"] == 1
    assert found["nobody.jpg"]["status"] == "no_face" and found["nobody.jpg"]["composite"] is None
    assert found["pixel.png"]["status"] == "no_face"
    for broken in ("cut.png", "cut.jpg", "words.png", "nothing.png", "huge.png"):
        assert found[broken]["status"] == "unreadable" and found[broken]["composite"] is None, found[broken]
        assert found[broken]["decision"] == "REJECT" and "the file can't be read: " in found[broken]["reason"], broken
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*files, "anchor.png"]), (
        "it leaves nothing behind"
    )


@pytest.mark.pack
def test_a_huge_header_costs_no_memory(tmp_path: Path, photos: dict[str, bytes]) -> None:
    import subprocess
    import sys

    (tmp_path / "huge.png").write_bytes(huge_png())
    (tmp_path / "a.png").write_bytes(photos["astronaut"])
    code = (
        "from personaforge.cli.main import run\nfrom tests.memory import peak_kib\n"
        "print(run(['eval', 'huge.png', '--anchor', 'a.png', '--identity', 'insightface']), peak_kib())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    exit_code, kilobytes = map(int, done.stdout.split()[-2:])
    assert exit_code == 1, done.stderr
    assert kilobytes / 1024 < 600, "decoded it would be 1,200 MB of pixels alone"


@pytest.mark.pack
def test_fail_under_sets_the_exit_code(photos: dict[str, bytes], tmp_path: Path, forge: Forge) -> None:
    (tmp_path / "anchor.png").write_bytes(photos["astronaut"])
    (tmp_path / "same.jpg").write_bytes(varied(photos["astronaut"], lambda image: image))
    (tmp_path / "words.png").write_bytes(b"words")
    passed = forge("eval", "same.jpg", *PHOTO_ANCHOR, "--fail-under", "0.8", cwd=tmp_path, check=0)
    assert "same.jpg" in passed.stdout and "all reach 0.8." in passed.stdout and "buffalo_s_dev" in passed.stdout
    failed = forge("eval", "same.jpg", "words.png", *PHOTO_ANCHOR, "--fail-under", "0.8", cwd=tmp_path, check=1)
    assert "1 of 2 don't reach 0.8." in failed.stdout
    unread = forge("eval", "same.jpg", "words.png", *PHOTO_ANCHOR, cwd=tmp_path, check=1)
    assert "1 of 2 files can't be read." in unread.stdout and "RETRY" not in unread.stdout
    assert "there is no file nope*.png" in forge("eval", "nope*.png", *PHOTO_ANCHOR, cwd=tmp_path, check=2).stderr


@pytest.mark.pack
def test_an_anchor_that_is_no_face_measures_nothing(tmp_path: Path, photos: dict[str, bytes], forge: Forge) -> None:
    (tmp_path / "anchor.png").write_bytes(b"words")
    (tmp_path / "a.png").write_bytes(photos["astronaut"])
    done = forge("eval", "a.png", *PHOTO_ANCHOR, "--json", cwd=tmp_path, check=1)
    (one,) = json.loads(done.stdout)["pictures"]
    assert one["composite"] is None and one["unmeasured"]["code"] == "anchor"


def test_missing_files_and_packs_are_said_plainly(tmp_path: Path, forge: Forge, no_pack: None) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    done = forge("eval", "a.png", "--anchor", "a.png", "--identity", "insightface", cwd=tmp_path, check=2)
    assert "nothing can measure faces here" in done.stderr and "FORGE_MODELS" in done.stderr


@pytest.mark.pack
def test_eval_and_drift_of_a_persona(tmp_path: Path, photos: dict[str, bytes], forge: Forge) -> None:
    from tests.cli.conftest import FILES, PICTURES

    persona = PICTURES.replace("require_measurement: false, ", "").replace(
        "width: 256, height: 320", "width: 512, height: 640"
    )
    root = write_project(tmp_path / "p", {"ben": persona}, FILES)
    forge("build", "ben", cwd=root, check=0)
    built = json.loads(forge("eval", "--persona", "ben", "--json", cwd=root, check=0).stdout)
    assert [Path(one["path"]).name for one in built["pictures"]] == ["02-smiling.png"]
    assert '"decision":"ACCEPT"' in (root / "personas/ben.lock.yaml").read_text(), "the build stands by its thresholds"
    assert built["pictures"][0]["unmeasured"]["code"] == "out_of_domain", "they are for photographs"
    marked = json.loads(forge("eval", "--persona", "ben", "--out-of-domain", "--json", cwd=root, check=0).stdout)
    assert marked["pictures"][0]["composite"] > 0.55 and marked["pictures"][0]["out_of_domain"] is True
    stranger = root / "stranger.png"
    stranger.write_bytes(photos["hanks"])
    for _ in range(2):  # the second time it is known
        forge("eval", "stranger.png", "--persona", "ben", "--record", "--out-of-domain", cwd=root, check=0)
    drift = json.loads(forge("drift", "ben", "--json", cwd=root, check=0).stdout)
    (face,) = [line for line in drift["timelines"] if line["modality"] == "face"]
    assert face["records"] == 2 and face["points"][0]["value"] > face["points"][1]["value"]
    assert face["verdict"] == face["linear"]["trend"] == "insufficient" and face["n"] == 2
    text = forge("drift", "ben", "--last", "1", cwd=root, check=0).stdout
    assert "face" in text and "buffalo_s_dev" in text
    rows = json.loads(
        forge("query", "select count(*) n from evaluations where step = 'eval'", "--json", cwd=root, check=0).stdout
    )
    assert rows == [{"n": 1}]


class OtherIdentity:
    """An analyzer's identity, but for one field that of `ColorAnalyzers`."""

    def __init__(self, field: str, value: str) -> None:
        self._changed = {field: value}

    def as_json(self) -> dict[str, str]:
        return {**ColorAnalyzers().identity.as_json(), **self._changed}


@pytest.fixture
def colors(tmp_path: Path) -> Path:
    """A project with an anchor and two pictures in it."""
    root = write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    for name, color in (("anchor", (200, 100, 90)), ("a", (190, 110, 90)), ("b", (60, 110, 200))):
        (root / f"{name}.png").write_bytes(png(color))
    return root


def evaluated(root: Path, analyzers: ColorAnalyzers, name: str) -> None:
    """Evaluate a picture as the persona's, and keep the result."""
    with Workspace.open((), str(root)) as space:
        space.analyzers = analyzers
        evaluate(space, [str(root / name)], persona="ana", anchor=str(root / "anchor.png"), record=True)


def test_what_eval_keeps_names_its_weights(colors: Path) -> None:
    persona = colors / "personas/ana.yaml"
    for weights in ("", "identity: {weights: {embedding: 0.6, geometric: 0.4}}\n"):
        persona.write_text(f"id: ana\nbrief: A calm gardener.\n{weights}")
        evaluated(colors, ColorAnalyzers(), "b.png")
    with Workspace.open((), str(colors)) as space, opened(space.store) as connection:
        sql = """
            select embedding_weight, abs(
                embedding_weight * cosine + (1 - embedding_weight) * (1 - error) - score
            ) < 2e-6 from evaluations order by 1
        """
        assert connection.execute(sql).fetchall() == [(0.6, True), (0.7, True)]


@pytest.mark.parametrize("field", ["backend_version", "pack_digest", "detector_size"])
def test_a_timeline_never_joins_unlike_measurements(
    colors: Path, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ColorAnalyzers()
    other.identity = OtherIdentity(field, "640")  # type: ignore[assignment]
    for analyzers in (ColorAnalyzers(), other):
        for name in ("a.png", "b.png"):
            evaluated(colors, analyzers, name)
    with Workspace.open((), str(colors)) as space:
        found = drift(space, "ana", last=None, modality=None)
    lines = [line for line in found.timelines if line.modality == "face"]
    assert [(len(line.values), line.current) for line in lines] == [(2, True), (2, False)]
    one, two = (line.as_json()["analyzer"] for line in lines)
    assert {name for name in one if one[name] != two[name]} == {
        {"backend_version": "version", "pack_digest": "digest"}.get(field, field)
    }
    print_drift(found)
    said = capsys.readouterr().out
    names = {line.split()[1] for line in said.splitlines() if line.startswith("face composite")}
    assert names == {"composite", "composite*"} and "640" in said
    assert "Unlike measurements don't compare, so they have timelines of their own (*: earlier ones)." in said


def test_a_measurement_by_another_analyzer_is_never_compared(colors: Path) -> None:
    evaluated(colors, ColorAnalyzers(), "a.png")
    kept = [path for path in (colors / ".forge/records/actions").rglob("*.json") if b'"measure"' in path.read_bytes()]
    records = [path for path in kept if b'"appearance"' not in path.read_bytes()]
    assert (len(records), len(kept)) == (2, 4), "the two pictures, and what is beside their faces"
    record = json.loads(records[0].read_bytes())
    record["parts"]["request"]["analyzer"]["detector_size"] = "640"
    records[0].write_text(json.dumps(record))
    with Workspace.open((), str(colors)) as space:
        space.analyzers = ColorAnalyzers()
        found = evaluate(space, [str(colors / "a.png")], persona=None, anchor=str(colors / "anchor.png"), record=False)
    score = found.as_json()["pictures"][0]
    assert score["composite"] is None and score["probability"] is None and score["decision"] == "REJECT"
    assert score["unmeasured"]["code"] == "analyzers" and "detector_size" in score["unmeasured"]["reason"]


def test_a_project_without_calibration_says_so_in_json_alone(colors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from personaforge.report.evaluation.console import print_evaluation

    with Workspace.open((), str(colors)) as space:
        space.analyzers = ColorAnalyzers()
        found = evaluate(space, [str(colors / "a.png")], persona=None, anchor=str(colors / "anchor.png"), record=False)
    said = found.as_json()
    assert said["calibration"] is None and "forge calibrate PAIRS.csv" in said["calibration_reason"]
    assert said["pictures"][0]["probability"] is None
    print_evaluation(found, None)
    assert "P(same)" not in capsys.readouterr().out


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A project with a persona, an anchor and an analyzer that reads colours; the process is in its folder."""
    root = write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    (root / "anchor.png").write_bytes(png((200, 110, 90)))
    monkeypatch.chdir(root)
    with Workspace.open((), str(root)) as space:
        space.analyzers = ColorAnalyzers()
        yield space


def test_a_jpeg_without_its_end_is_measured_and_marked(studio: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 110, 90)).save(out, "JPEG")
    for name, data in (("whole.jpg", out.getvalue()), ("endless.jpg", out.getvalue()[:-2])):
        Path(name).write_bytes(data)
    found = evaluate(studio, ["whole.jpg", "endless.jpg"], anchor="anchor.png")
    whole, endless = found.as_json()["pictures"]
    assert whole["damage"] is None and endless["damage"] == "the JPEG lacks its end marker"
    assert endless["composite"] == whole["composite"] and endless["decision"] == "ACCEPT" and not found.unreadable
    print_evaluation(found, None)
    assert "the JPEG lacks its end marker; composite " in capsys.readouterr().out
    photos = score_photos(studio, ["endless.jpg"]).photos
    assert photos[0].measurement["damage"] == "the JPEG lacks its end marker"


def test_what_an_older_version_could_not_read_is_read_again(studio: Workspace) -> None:
    from PIL import Image

    from personaforge.digest import digest_bytes
    from personaforge.run.records import keep_record
    from personaforge.steps.measurement import measure_action

    out = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 110, 90)).save(out, "JPEG")
    Path("endless.jpg").write_bytes(out.getvalue()[:-2])
    action = measure_action("measure", ColorAnalyzers().identity.as_json(), digest_bytes(out.getvalue()[:-2]))
    before = {"status": "unreadable", "code": "truncated", "reason": "the JPEG picture can't be decoded"}
    keep_record(studio.store, action, before, started=0.0, seconds=0.0, persona="ana")
    (one,) = evaluate(studio, ["endless.jpg"], anchor="anchor.png").pictures
    assert one.judged.decision == "ACCEPT" and one.measurement["damage"] == "the JPEG lacks its end marker"


def test_a_file_is_measured_once_however_often_it_is_named(studio: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from personaforge.faces import measure

    Path("copy.png").write_bytes(Path("anchor.png").read_bytes())
    Path("other.png").write_bytes(png((10, 200, 90)))
    seen = []
    real = measure.measure_image
    monkeypatch.setattr(measure, "measure_image", lambda data, analyzer: seen.append(data) or real(data, analyzer))
    names = ["other.png", "copy.png", "./other.png", ".", str(Path("copy.png").absolute())]
    found = evaluate(studio, names, anchor="anchor.png")
    assert [one.path for one in found.pictures] == ["other.png", "copy.png", "anchor.png"]
    assert len(seen) == 2, "of the three files two are equal"
    assert found.pictures[1].score == found.pictures[2].score


STRANGE = [b"a\xff.png", b"b\n::error::c.png", b"d\x1b[31m.png"]


def test_any_file_name_is_shown_and_kept(studio: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    from personaforge.cli.options import print_json
    from personaforge.report.photos import print_photos

    for name in STRANGE:
        Path(os.fsdecode(name)).write_bytes(png((200, 110, 90)))
    names = [os.fsdecode(name) for name in STRANGE]
    found = evaluate(studio, names, persona="ana", anchor=names[1], record=True)
    print_json(found.as_json())
    said = json.loads(capsys.readouterr().out.encode())
    assert [one["path"] for one in said["pictures"]] == ["a\\udcff.png", names[1], names[2]], (
        "JSON that any reader takes"
    )
    assert said["anchor"] == names[1]
    print_evaluation(found, None)
    print_photos(score_photos(studio, names), None, ())
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if ".png" in line]
    assert not any(line.startswith("::") for line in lines) and len(rows) == 2 * 3 + 1
    assert rows[0].startswith("a\\udcff.png ") and rows[1].startswith("b\\n::error::c.png ")
    assert rows[3].startswith("Anchor: b\\n::error::c.png. Measured")
    with opened(studio.store) as connection:
        slots = [slot for (slot,) in connection.execute("select slot from evaluations order by slot").fetchall()]
    assert slots == ["a\\udcff.png", names[1], names[2]]


def test_a_name_in_an_error_is_one_line(tmp_path: Path, forge: Forge) -> None:
    (tmp_path / "d\n::error::z").mkdir()
    said = forge("eval", "--anchor", "d\n::error::z", cwd=tmp_path, check=2).stderr
    assert "::error::z" in said and not any(line.startswith("::") for line in said.splitlines())
    said = forge("eval", "--anchor", "x\n::error::y", cwd=tmp_path, check=2).stderr
    assert said.splitlines()[0] == "error: x\\n::error::y can't be read: No such file or directory"


def test_clips_are_measured_beside_pictures(colors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder's, too. The worst stretch is named, with whether it decides."""
    skin, blue = (90, 100, 200), (255, 0, 0)  # BGR
    (colors / "clips").mkdir()
    for name, parts in (("whole", (skin, skin)), ("half", (skin, blue))):
        frames = [np.full((64, 64, 3), color, dtype=np.uint8) for color in parts for _ in range(8)]
        (colors / f"clips/{name}.webm").write_bytes(encode_webm(frames, 64, 64, 8))
    (colors / "clips/none.mp4").write_bytes(b"a letter")
    (colors / "clips/b.png").write_bytes((colors / "b.png").read_bytes())
    anchor, ana = str(colors / "anchor.png"), "id: ana\nbrief: A calm gardener.\nidentity: {accept_threshold: 0.7%s}\n"
    (colors / "personas/ana.yaml").write_text(ana % "")
    with Workspace.open((), str(colors)) as space:
        space.analyzers = ColorAnalyzers()
        found = evaluate(space, [str(colors / "clips")], persona="ana", anchor=anchor, record=True)
        drifted = drift(space, "ana", last=None, modality="video")
    picture, half, none, whole = found.pictures
    assert picture.clip is None and picture.remarks == ()
    assert whole.clip is not None and half.clip is not None and none.clip is None
    assert whole.remarks == ("the person in 100% of the time, and nothing else for 0.5 s or more",)
    assert half.remarks[0].startswith("worst stretch: another person from 1 to 2 s, cosine 0.3")
    # Its mean passes, and it is the other person for half of the time: neither accepted nor let through by a bound.
    assert half.score.composite > 0.7 and half.judged.decision is Decision.RETRY  # type: ignore[union-attr]
    assert half.judged.reason == half.stretch_fault == half.clip.over_time.worst.text  # type: ignore[union-attr]
    assert (half.reaches(0.7), whole.reaches(0.7)) == (False, True)
    assert half.as_json()["clip"]["over_time"]["coverage"] == 0.5
    assert [one.as_json()["damage"] for one in found.pictures] == [None] * 4, "of pictures only"
    print_evaluation(found, 0.7)
    table = capsys.readouterr().out
    assert "2 of 4 don't reach 0.7, 1 of them clips by their worst stretch." in table
    assert "{" not in table and f"{half.judged.reason}; {half.remarks[0]}" in table
    assert isinstance(none.score, Unmeasured) and "found no clip" in none.score.reason
    assert (found.passes(0.1), whole.score.composite > 0.99) == (False, True)  # type: ignore[union-attr]
    assert {line.metric.name for line in drifted.timelines} >= {"composite", "coverage", "switches"}
    assert [line.state for line in evaluation_sheet(found, 0.7).lines] == ["pass", "fail", "fail", "pass"]
    with Workspace.open((), str(colors)) as space:  # by the published policies the mean decides, as it was published
        space.analyzers = ColorAnalyzers()
        (colors / "personas/ana.yaml").write_text(ana % ", policy: composite")
        (by_mean,) = evaluate(space, [str(colors / "clips/half.webm")], persona="ana", anchor=anchor).pictures
    assert (by_mean.judged.decision, by_mean.reaches(0.7)) == (Decision.ACCEPT, True)
    assert by_mean.remarks[0].endswith("; this decides nothing, the mean does")
