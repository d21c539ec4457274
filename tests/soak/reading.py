"""Every command that only reads, in every state of a checkout that can't be written: `python -m tests.soak.reading`.

The suite runs few of them where nothing is cached, since each composes all personas anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from tests.conftest import ROOT
from tests.readonly.test_reading import closing, differences


def main() -> int:
    """Run them all, and print what differs from the same checkout when it can be written."""
    how, prefix = closing()
    with tempfile.TemporaryDirectory() as root:
        command = [*prefix, sys.executable, "-m", "tests.readonly.driver", root, how, "all"]
        environment = {**os.environ, "FORGE_MODELS": f"{root}/none", "HOME": root, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT, check=True)
    found = json.loads(done.stdout)
    wrong = [text for pair in (("closed", "built"), ("closed-clone", "clone")) for text in differences(found, *pair)]
    wrong += [f"{name}: something was written" for name in found if name != "built" and _moved(found[name])]
    print(f"{sum(len(one['commands']) for one in found.values())} commands, closed by {how}: {len(wrong)} faults")
    print("\n".join(wrong))
    return 1 if wrong else 0


def _moved(state: dict[str, str]) -> bool:
    return state["before"] != state["after"]


if __name__ == "__main__":
    sys.exit(main())
