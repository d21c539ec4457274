"""Who draws and who measures have to fit each other."""

from __future__ import annotations

from typing import Any

from personaforge.spec.domain import domain_problems, domain_remark


def steps(provider: str) -> dict[str, Any]:
    return {
        "soul": {"kind": "draft", "provider": "litellm"},
        "image": {"kind": "image", "provider": provider},
        "video": {"kind": "video", "provider": provider},
    }


def test_who_draws_and_who_measures_have_to_fit() -> None:
    ours, photos = {"pack": "embedded", "out_of_domain": "refuse"}, {"pack": "auto", "out_of_domain": "refuse"}
    [(path, message, hint)] = domain_problems(steps("fal"), ours)
    assert path == ["identity", "pack"] and "image, video are made by fal" in message and "insightface" in hint
    assert not list(domain_problems(steps("embedded"), ours)) and not list(domain_problems(steps("fal"), photos))
    assert not list(domain_problems(steps("fal"), {**ours, "out_of_domain": "allow"}))
    assert not list(domain_problems({"soul": {"kind": "draft", "provider": "litellm"}}, ours))
    assert "the pack auto, which was made for photographs" in domain_remark(steps("embedded"), photos)
    assert not domain_remark(steps("embedded"), ours) and not domain_remark(steps("fal"), photos)
