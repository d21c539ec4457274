"""The HTML pages: what they say in every state, that they load nothing, and that no stranger's text becomes markup."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from personaforge.brief.remark import LOOK
from personaforge.errors import PlanError, SpecError, StoreError
from personaforge.providers.protocols import Blob, Reply, Request
from personaforge.report.card import print_card
from personaforge.report.pages.album import RUNGS, Album
from personaforge.report.pages.gather import gather
from personaforge.report.pages.pages import MAX_BYTES, Reports, persona_page, report
from personaforge.store.pages import page_name
from personaforge.testing import Scripted, scripted_images
from tests.report.reading import Page
from tests.run.conftest import MATRIX, PERSONA, PIPELINE, SKIN, Studio, answer
from tests.run.test_attempts import BLACK, FAR, FIVE, NEAR, STRICT_PERSONA, by_attempt
from tests.run.test_checking import studio_with

SOUNDS = tuple(f"data:audio/{kind};base64," for kind in ("mpeg", "ogg", "wav"))
Make = Callable[..., Studio]
WITHOUT_PACK = PERSONA.replace("identity: {", "identity: {require_measurement: false, ")


class NobodyMeasures:
    """A machine without a face pack."""

    def of(self, settings: Any) -> Any:
        from personaforge.steps.context import AnalyzerRef

        return AnalyzerRef(None)

    def analyzer(self, identity: Mapping[str, str]) -> Any:
        raise AssertionError("there is nobody to measure")


def write(studio: Studio, *personas: str, out: Path | None = None, standalone: bool = False) -> Reports:
    with studio.open() as space:
        return report(space, personas, out, standalone=standalone)


def page_of(studio: Studio, persona: str = "ana") -> Page:
    write(studio, persona)
    return Page(studio.root / "reports" / page_name(persona))


def check_self_contained(page: Page, links: set[str], *, standalone: bool = False) -> None:
    """Assert that a page loads nothing but the files beside it, runs nothing but a script of ours, and leads nowhere
    but to itself and its neighbours."""
    scripts = re.findall("<script>(.*?)</script>", page.source, re.DOTALL)
    is_index = "index.html" not in links
    beside = "files/" in page.source
    assert len(scripts) == is_index and not (standalone and beside)
    allowed = {
        "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "article",
        "div", "p", "span", "small", "b", "br", "a", "img", "h1", "h2", "h3", "h4", "ul", "ol", "li", "dl", "dt", "dd",
        "figure", "figcaption", "blockquote", "details", "summary", "code", "table", "thead", "tbody", "tr", "th", "td",
        "svg", "line", "text", "rect", "circle", "polyline", "audio", "video",
    }  # fmt: skip
    if is_index:
        allowed |= {"script", "label", "input", "select", "option"}
    for tag, attributes in page.tags:
        assert tag in allowed or (tag == "title"), tag
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} {name}"
            assert name not in ("srcset", "action", "formaction", "background", "data", "ping", "style"), name
            if name == "src":
                kinds = ("data:image/webp;base64,",) if tag == "img" else SOUNDS
                assert tag in ("img", "audio", "video")
                known = re.fullmatch(r"files/[a-z0-9-]+-[0-9a-f]{16}\.[a-z0-9]+", value)
                assert value.startswith(kinds) or known, value[:60]
            if name == "poster":
                assert tag == "video" and value.startswith("data:image/webp;base64,")
            if name in ("href", "xlink:href"):
                assert tag == "a" and (value.startswith("#") or value in links), value
    for word in ("url(", "@import", "expression(", "src:"):
        assert word not in page.style, word
    policy = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    # Addresses within the page's own folder are all that CSP can name; no scheme that reaches a network is among them.
    source = " 'self' file:" if beside and not is_index else ""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    script = "".join(f" script-src 'sha256-{digest}';" for digest in digests)
    assert policy == [
        f"default-src 'none'; img-src data:{source}; media-src data:{source}; style-src 'unsafe-inline';{script} "
        "base-uri 'none'; form-action 'none'"
    ]


def check_sound(page: Page) -> None:
    """Assert what every page owes its readers: one heading, named pictures, links that lead somewhere."""
    assert len(page.all("h1")) == 1 and page.all("html") == [{"lang": "en"}]
    ids = [one["id"] for _, one in page.tags if "id" in one]
    assert len(ids) == len(set(ids))
    for one in page.all("a"):
        assert not one["href"].startswith("#") or one["href"][1:] in ids, one
    for one in page.all("img"):
        assert one["alt"] and int(one["width"]) > 0 and int(one["height"]) > 0
    assert all(one.get("aria-label") for one in page.all("svg"))


def test_a_built_persona_has_a_page_that_stands_for_itself(studio: Studio) -> None:
    studio.build()
    written = write(studio)
    assert [one.path.name for one in written.pages] == ["ana.html"] and written.project.name == "index.html"
    page, project = Page(studio.root / "reports/ana.html"), Page(written.project)
    for one, links in ((page, {"index.html"}), (project, {"ana.html"})):
        check_self_contained(one, links)
        check_sound(one)
    assert written.pages[0].size == len(page.source.encode())
    for text in ("Ana", "A calm gardener", "02 smiling", "to be left in peace with her roses", "4 of 4", "candidate 2"):
        assert text in page.text, text
    assert {"anchor", "sheet", "clips", "timelines", "persona", "cost", "provenance"} <= {
        one["id"] for one in page.all("section")
    }
    # Every picture decodes, and the sheet's show the colour that was drawn.
    for one in page.all("img"):
        if not one["src"].startswith("data:"):
            with Image.open(studio.root / "reports" / one["src"]) as picture:  # its size is that of the small one
                assert abs(picture.width / picture.height - int(one["width"]) / int(one["height"])) < 0.02
            continue
        with Image.open(io.BytesIO(base64.b64decode(one["src"].partition(",")[2]))) as picture:
            assert picture.size == (int(one["width"]), int(one["height"]))
            if one["alt"].startswith("02 smiling"):
                pixel: Any = picture.convert("RGB").getpixel((5, 5))
                assert np.allclose(pixel, SKIN, atol=6)


def test_equal_stores_give_equal_bytes(studio: Studio, tmp_path: Path) -> None:
    studio.build()
    for name in ("one", "two"):
        write(studio, out=tmp_path / name)
    for file in ("ana.html", "index.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_an_accepted_retry_shows_every_attempt(make_studio: Make) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(NEAR, SKIN))
    studio.build("+image/02")
    page = page_of(studio)
    assert "2 attempts" in page.text and "RETRY" in page.text and "is below 0.95" in page.text
    shown = [one["alt"] for one in page.all("img") if one["alt"].startswith("Attempt")]
    assert shown == ["Attempt 1 of 02 smiling", "Attempt 2 of 02 smiling"]


def test_what_was_asked_stands_beside_what_came(make_studio: Make) -> None:
    studio = make_studio(f"{PERSONA}delivered: {{size: {{action: flag}}, aspect: {{action: advice}}}}\n")
    studio.images = scripted_images(
        lambda request: SKIN, lambda request: (16, 24) if "smile" in request.fields["prompt"] else (64, 64)
    ).register()
    studio.build("+image/02", "+image/04")
    page = page_of(studio)
    bound = "0.94 to 1.06 times as large"
    assert f"asked 64x64, delivered 16x24; not as asked ({bound}): ships flagged" in page.text
    assert "asked 64x64, delivered 16x24; not as asked (at most 7 % off): a hint that decides nothing" in page.text
    assert "asked 64x64, delivered 64x64; as asked" in page.text and "asked 1, delivered 1; as asked" in page.text


def test_attempts_of_an_earlier_spec_are_counted_apart(make_studio: Make) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(NEAR, SKIN))
    studio.build("+image/02")
    studio.edit("conf/matrix/few.yaml", ("expression: smile", "expression: a wide smile"))
    studio.build("+image/02")
    assert len(studio.images.calls) == 2 + 4
    page = page_of(studio)
    assert "2 attempts" in page.text and "2 more on record, judged for an earlier spec, take or anchor." in page.text
    studio.edit("personas/ana.yaml", ("accept_threshold: 0.95", "accept_threshold: 0.9"))
    studio.build("+image/02")
    assert len(studio.images.calls) == 2 + 4, "what is pinned is only judged again"
    assert "2 attempts" in page_of(studio).text, "and its first attempt is not forgotten"


def test_a_rejected_picture_is_shown_with_its_reason(make_studio: Make) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(FAR))
    studio.build()
    page = page_of(studio)
    assert "1 rejected." in page.text and "is below 0.6" in page.text
    assert {"class": "badge rejected"} in page.all("span")
    assert "3 of 4" in page.text
    assert "1 rejected" in Page(studio.root / "reports/index.html").text


def test_a_picture_without_a_face_has_no_number(make_studio: Make) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(BLACK))
    studio.build()
    page = page_of(studio)
    assert "no face was measured here" in page.text and "Unmeasured:" in page.text
    tile = page.text.partition("02 smiling")[2].partition("03 turned")[0]
    assert "0.0" not in tile.partition("3 attempts")[0]


def test_where_nobody_measures_the_page_says_so_and_shows_no_score(make_studio: Make) -> None:
    studio = make_studio(WITHOUT_PACK)
    studio.analyzers = NobodyMeasures()
    studio.build()
    page = page_of(studio)
    assert "Nobody has checked that these 5 of 5 show one person" in page.text
    assert "no face pack is here" in page.text and "mean score, pictures unmeasured" in page.text
    assert "Nobody: no picture of this persona has been measured" in page.text
    assert "No frame of this clip has been measured" in page.text
    assert "score unmeasured" in Page(studio.root / "reports/index.html").text
    assert "The anchor" in [one["alt"] for one in page.all("img")], "the anchor stands beside each all the same"


def test_a_second_recognisers_doubt_is_flagged(make_studio: Make) -> None:
    studio = studio_with(make_studio, "contradicts")
    studio.build()
    page = page_of(studio)
    assert "flagged" in page.text and "two recognisers disagree" in page.text
    assert "second recogniser second contradicts" in page.text


def test_out_of_domain_is_said_plainly(studio: Studio) -> None:
    studio.build()
    with studio.open() as space:
        names = [name for _, kind, name in space.store.index.since(0) if kind == "evaluations"]
        records = [(name, space.store.records.get("evaluations", name)) for name in names]
        [record] = [one for _, one in records if one is not None and one["node"] == "image/02"]
        space.store.keep("evaluations", "f" * 64, {**record, "out_of_domain": True, "time": record["time"] + 1})
    page = page_of(studio)
    assert "Out of domain. 1 of 5 pictures and clips are of a kind that the face pack was not made for" in page.text
    assert {"class": "badge rejected"} in page.all("span")


def test_embedded_means_are_named(make_studio: Make) -> None:
    studio = make_studio(label="embedded")
    studio.build()
    page = page_of(studio)
    assert "Made by embedded means. 5 of 5 pictures and clips were drawn" in page.text
    assert "colors was trained on photographs" in page.text


def test_what_is_not_built_yet_is_said(studio: Studio) -> None:
    studio.build("+image/02")
    page = page_of(studio)
    assert "partly built" in page.text and "have not been built" in page.text and "3 missing" in page.text
    assert "no picture" in page.text


def test_a_changed_spec_is_said(studio: Studio) -> None:
    studio.build()
    studio.edit("conf/matrix/few.yaml", ("expression: smile", "expression: a wide smile"))
    page = page_of(studio)
    assert "Not the present spec." in page.text and "outdated" in page.text


def test_a_persona_without_clips_and_without_a_document(make_studio: Make) -> None:
    lines = [line for line in PIPELINE.replace(", video, ", ", ").splitlines() if 'model: "${video.model}"' not in line]
    steps = [line for line in lines if not line.startswith(("  video:", "  repair:", "  document:"))]
    studio = make_studio(files={"conf/pipeline/small.yaml": "\n".join(steps) + "\n"})
    studio.build()
    page = page_of(studio)
    check_sound(page)
    assert "clips" not in {one["id"] for one in page.all("section")} and "3 of 3" in page.text
    assert "built" in page.text and "A calm gardener" in page.text


def test_lost_artifacts_are_named_and_the_build_folder_helps_out(studio: Studio) -> None:
    studio.build()
    with studio.open() as space:
        plan = space.plan(["ana"])
        facts = gather(space, plan.personas[0])
        places = {place.node: place for _, group in facts.groups for place in group}
        places |= {one.position.node: one.position for one in facts.clips}
        gone, kept, film = (places[name].now for name in ("image/02", "image/03", "video/wave"))
        assert gone is not None and kept is not None and film is not None
        for one in (gone, kept, film):
            os.unlink(space.store.blobs.path(one.digest))
        for one in (gone, film):
            (studio.root / "build/ana" / one.path).unlink()
    page = page_of(studio)
    check_sound(page)
    assert f"artifact {gone.digest[:12]} is not in the store" in page.text and "this picture is gone" in page.text
    assert f"artifact {film.digest[:12]} is not in the store" in page.text
    assert any(one["alt"].startswith("03 turned") for one in page.all("img")), "the build folder still holds it"
    assert str(studio.root) not in page.source, "no page names a folder of the machine that wrote it"


def test_a_damaged_blob_is_not_shown(studio: Studio) -> None:
    studio.build()
    with studio.open() as space:
        now = gather(space, space.plan(["ana"]).personas[0]).groups[0][1][0].now
        assert now is not None
        path = Path(space.store.blobs.path(now.digest))
    path.chmod(0o644)
    path.write_bytes(b"not the picture")
    page = page_of(studio)
    assert "is damaged" in page.text


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(99)>'
SVG = "</title></style><svg onload=alert(3)>&lt;b&gt;"


def test_a_strangers_text_stays_text(make_studio: Make) -> None:
    def said(request: Request) -> str:
        import json

        scores = dict.fromkeys(("coherence", "depth", "cultural_fidelity", "voice_distinctiveness", "realism"), 4.0)
        return json.dumps(
            {
                "soul": {"desire": EVIL},
                "surface": {"name": SVG, "age": 44},
                "dna": {"eyes": "brown"},
                "audit": {"scores": scores, "findings": []},
            }[request.fields["section"]]
        )

    persona = PERSONA.replace("brief: A calm gardener who talks to her roses.", f"brief: '{EVIL}'")
    persona += f"owner: '{SVG}'\ndescription: '{EVIL}'\n"
    matrix = MATRIX.replace("name: smiling", f"name: '{EVIL}'")
    studio = make_studio(
        persona.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.95"),
        files={"conf/matrix/few.yaml": matrix},
        color=by_attempt(NEAR),
        label=SVG,
    )
    from personaforge.testing import scripted_text

    scripted_text(said, label=EVIL).register()
    studio.build()
    with studio.open() as space:
        space.store.index.put_failure("ana/image/03", persona="ana", build="b", error=EVIL, failed=1.0)
    page = page_of(studio)
    check_self_contained(page, {"index.html"})
    check_sound(page)
    check_self_contained(Page(studio.root / "reports/index.html"), {"ana.html"})
    assert page.text.count("<script>alert(1)</script>") >= 5, "it is shown, as text"
    assert "</style><svg onload=alert(3)>&lt;b&gt;" in page.text
    assert "<script" not in page.source and "<svg onload" not in page.source


def test_signs_that_turn_the_text_around_are_shown_as_unknown(make_studio: Make) -> None:
    from personaforge.report.pages.pages import _seen

    assert _seen("a\u202eb\x00c\u2066d") == "a\ufffdb\ufffdc\ufffdd" and _seen("Ñandú 漢字 שלום") == "Ñandú 漢字 שלום"


def test_per_frame_scores_agree_with_the_clips_own(studio: Studio) -> None:
    studio.build()
    with studio.open() as space:
        facts = gather(space, space.plan(["ana"]).personas[0])
    [one] = facts.clips
    values = [frame.composite for frame in one.frames]
    assert len(values) == 3 and all(value is not None for value in values)
    assert one.position.now is not None
    assert one.position.now.composite == pytest.approx(sum(value or 0 for value in values) / 3, abs=2e-6)
    assert one.worst in one.key_frames and dict(one.figures)["frames measured"] == "3 of 3"
    page = page_of(studio)
    assert len([tag for tag in page.all("img") if tag["alt"].startswith("Frame")]) == 3


def noise(request: Request) -> bytes:
    """A picture of 768 x 1024 that compresses as badly as a grainy photograph, and worse."""
    generator = np.random.default_rng(request.fields["seed"] % 2**32)
    coarse = generator.integers(60, 200, (256, 192, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((768, 1024), Image.Resampling.BILINEAR).save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.mark.slow
def test_24_pictures_and_4_clips_stay_under_three_megabytes(make_studio: Make) -> None:
    positions = "".join(f'  "{number:02}": {{<<: *p, name: picture {number}}}\n' for number in range(5, 26))
    motions = "types:\n" + "".join(
        f"""  wave{number}: {{description: wave {number}, seconds: 1, aspect: "9:16", distance: bust, scene: plain,
    wardrobe: 1,
    keys: [{{at: 0, yaw: 0, pitch: 0, expression: neutral}}, {{at: 1, yaw: 0, pitch: 0, expression: smile}}]}}\n"""
        for number in range(4)
    )
    matrix = MATRIX.replace("references:\n", positions + "references:\n")
    large = f"{PERSONA}delivered: {{size: {{action: advice}}, aspect: {{action: advice}}}}\n"  # than was asked for
    studio = make_studio(large, files={"conf/matrix/few.yaml": matrix, "conf/motion/one.yaml": motions})
    reads = frozenset({"prompt", "seed", "attempt", "reference", "width", "height"})
    Scripted(lambda request: Reply(blob=Blob(noise(request), "image/png")), "image", reads).register()
    studio.build()
    [page] = write(studio).pages
    read = Page(page.path)
    shown = [one for one in read.all("img") if one["alt"][:1].isdigit() and one["src"].startswith("data:")]
    assert len(shown) == 24 and len([one for one in read.all("img") if one["alt"].startswith("Frame")]) == 12
    assert page.size < MAX_BYTES and min(int(one["width"]) for one in shown) >= RUNGS[-1].whole


def test_a_small_budget_takes_smaller_pictures(studio: Studio) -> None:
    big = Scripted(
        lambda request: Reply(blob=Blob(noise(request), "image/png")), "image", frozenset({"prompt", "seed"})
    )
    big.register()
    studio.build()
    with studio.open() as space:
        facts = gather(space, space.plan(["ana"]).personas[0])
        album = Album(space.store, "ana")
        roomy = persona_page(facts, album)
        tight = persona_page(facts, album, len(roomy) // 2)
        least = persona_page(facts, album, 1000)
    assert len(least) <= len(tight) <= len(roomy) // 2
    assert f'width="{RUNGS[0].whole}"' in roomy.decode() and f'width="{RUNGS[-1].whole}"' in least.decode()


def test_the_projects_page_lists_everyone(studio: Studio) -> None:
    studio.build()
    other = PERSONA.replace("id: ana", "id: bea")
    (studio.root / "personas/bea.yaml").write_text(other)
    (studio.root / "personas/cy.yaml").write_text("id: cy\nbrief: [not a text]\n")
    write(studio, "ana")
    project = Page(studio.root / "reports/index.html")
    assert "forge build bea" in project.text and "bea" in project.text and "cy" not in project.text.split()
    assert [one["href"] for one in project.all("a")] == ["ana.html"]
    (studio.root / "personas/cy.yaml").unlink()
    studio.build(personas=["bea"])
    write(studio, "bea")
    assert [one["href"] for one in Page(studio.root / "reports/index.html").all("a")] == ["ana.html", "bea.html"]


def test_a_persona_called_index_does_not_take_the_projects_place(make_studio: Make) -> None:
    studio = make_studio(PERSONA.replace("id: ana", "id: index"))
    studio.build()
    written = write(studio)
    assert written.pages[0].path.name == "index_.html" != written.project.name
    assert [one["href"] for one in Page(written.project).all("a")] == ["index_.html"]


def test_nothing_built_and_nobody_of_that_name(studio: Studio) -> None:
    with pytest.raises(PlanError, match="ana has not been built") as error:
        write(studio)
    assert error.value.hint == "forge build ana"
    with pytest.raises(SpecError, match="neither a persona file nor a persona id"):
        write(studio, "anna")


def test_a_link_out_of_the_project_is_refused_unless_asked_for(studio: Studio, tmp_path: Path) -> None:
    studio.build()
    (tmp_path / "elsewhere").mkdir()
    (studio.root / "reports").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="leads out of the project"):
        write(studio)
    write(studio, out=tmp_path / "elsewhere")
    assert {path.name for path in (tmp_path / "elsewhere").iterdir()} == {"ana.html", "index.html", "files"}
    (studio.root / "reports").unlink()
    (studio.root / "reports").mkdir()
    (studio.root / "reports/files").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is a symbolic link"):
        write(studio)


def test_paid_and_unknown_costs_are_told_apart(make_studio: Make) -> None:
    studio = make_studio(paid=True, cost_usd=0.25)
    studio.build("+image/02")
    page = page_of(studio)
    assert "paid calls" in page.text and "in all" in page.text
    spent = sum(len(provider.calls) for provider in (studio.text, studio.images)) * 0.25
    assert f"${spent:,.2f}" in page.text
    lost = make_studio(name="lost", paid=True, cost_usd=None)
    lost.build("+image/02")
    assert "calls of unknown cost" in page_of(lost).text


def test_what_the_audit_found_worth_a_look_is_shown_as_no_fault(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    look = {"section": "soul", "problem": f"{LOOK}the fear is <b>short</b>", "advice": "say more of it"}
    marks = dict.fromkeys(FIVE, 4.5)
    studio.text.answer = lambda request: Reply(
        text=json.dumps({"scores": marks, "findings": [look]})
        if request.fields["section"] == "audit"
        else answer(request)
    )
    studio.build()
    page = page_of(studio)
    check_sound(page)
    assert "worth a look" in page.text and "of the audit, no fault: the fear is <b>short</b>" in page.text
    print_card(json.loads((studio.root / "build/ana/persona.json").read_text("utf-8")))
    assert "worth a look (audit): the fear is <b>short</b>" in capsys.readouterr().out
