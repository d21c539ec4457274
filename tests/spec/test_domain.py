"""Who draws and who measures have to fit each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from personaforge.providers.table import KNOWN
from personaforge.spec.domain import domain_problems, domain_remark
from personaforge.spec.project import packaged

from .given import ANA, composed, project, texts


def steps(provider: str) -> dict[str, Any]:
    return {
        "soul": {"kind": "draft", "provider": "litellm"},
        "image": {"kind": "image", "provider": provider},
        "video": {"kind": "video", "provider": provider},
    }


def test_who_draws_and_who_measures_have_to_fit() -> None:
    ours, photos = {"pack": "embedded", "out_of_domain": "refuse"}, {"pack": "auto", "out_of_domain": "refuse"}
    [(path, message, hint, maker)] = domain_problems(steps("fal"), ours, KNOWN)
    assert (
        path == ["identity", "pack"]
        and maker == ["image", "provider"]
        and "image, video are made by fal" in message
        and "insightface" in hint
    )
    assert not list(domain_problems(steps("embedded"), ours, KNOWN)) and not list(
        domain_problems(steps("fal"), photos, KNOWN)
    )
    assert not list(domain_problems(steps("fal"), {**ours, "out_of_domain": "allow"}, KNOWN))
    assert not list(domain_problems({"soul": {"kind": "draft", "provider": "litellm"}}, ours, KNOWN))
    assert "by what pack is here (auto), which was made for photographs" in domain_remark(
        steps("embedded"), photos, KNOWN
    )
    assert not domain_remark(steps("embedded"), ours, KNOWN) and not domain_remark(steps("fal"), photos, KNOWN)


def test_drawings_are_judged_by_their_own_pack_unless_a_persona_or_project_chooses(tmp_path: Path) -> None:
    assert composed(project(tmp_path / "a"))["identity"]["pack"] == "embedded"
    chosen = composed(project(tmp_path / "b", ANA + "identity: insightface\n"))["identity"]
    assert (chosen["pack"], chosen["accept_threshold"], chosen["retry_threshold"]) == ("auto", 0.55, 0.35)
    settings = {"conf/project/settings.yaml": "# @package _global_\ndefaults: [{override /identity: insightface}]\n"}
    whole = project(tmp_path / "c", {"ana": ANA, "bea": ANA + "identity: embedded\n"}, settings)
    assert (
        composed(whole)["identity"]["pack"] == "auto" and composed(whole, stem="bea")["identity"]["pack"] == "embedded"
    )
    # What a project changes for photographs holds for drawings, too, but for what is the drawings' own.
    text = (packaged("conf") / "identity/insightface.yaml").read_text().replace("max_attempts: 3", "max_attempts: 5")
    own = composed(project(tmp_path / "d", ANA, {"conf/identity/insightface.yaml": text}))["identity"]
    assert own["max_attempts"] == 5 and own["pack"] == "embedded"


def test_the_old_name_is_an_error_that_names_the_new_ones(tmp_path: Path) -> None:
    [said] = texts(lambda: composed(project(tmp_path / "a", ANA + "identity: default\n")))
    assert "identity: Could not find 'identity/default'" in said
    assert "it is called insightface now, and is for photographs; embedded is for" in said
    left = project(tmp_path / "b", ANA, {"conf/identity/default.yaml": "pack: buffalo_l\n"})
    [said] = texts(lambda: composed(left))
    assert said.startswith("conf/identity/default.yaml: identity: default is no option any more"), said
    assert "it is called insightface now" in said, "it would be passed over without a word"
