"""`forge config`: every value with the file and line, or the command line, that it came from."""

from __future__ import annotations

from pathlib import Path

from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loader
from personaforge.spec.provenance import config_rows

from .given import ANA, file_of, small


def test_every_row_says_where_its_value_came_from(tmp_path: Path) -> None:
    text = ANA + "tags: [a, b]\nimage:\n  width: 64\npinned:\n  soul: {desire: a garden of her own}\n"
    where = small(tmp_path, text, {"conf/project/settings.yaml": "# @package _global_\nseed: 9\n"})
    overrides = ["image.height=32", "++image.prices={a: 1.5}"]
    rows = config_rows(where, Loader(where, domains=KNOWN).load(file_of(where), overrides), overrides)
    found = {row["path"]: (row["value"], row["where"]) for row in rows}
    assert found["id"] == ("ana", "personas/ana.yaml:1")
    assert found["tags"] == (["a", "b"], "personas/ana.yaml:3")
    assert found["image.width"] == (64, "personas/ana.yaml:5")
    assert found["pinned.soul.desire"] == ("a garden of her own", "personas/ana.yaml:7")
    assert found["seed"] == (9, "conf/project/settings.yaml:2")
    assert found["image.height"] == (32, "command line")
    assert found["image.prices.a"] == (1.5, "command line")
    assert found["description"][1].startswith("packaged conf/config.yaml:")
    assert found["pipeline.steps.soul.retries"] == (2, "default")
    assert found["pipeline.steps.soul.provider"][0] == "embedded"
    assert found["matrix.positions.01.yaw"][1].startswith("conf/matrix/heia_20.yaml:")
    paths = [row["path"].partition(".")[0] for row in rows]
    assert paths.index("seed") < paths.index("pipeline") < paths.index("image") < paths.index("motion")
