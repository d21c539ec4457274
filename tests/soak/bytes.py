"""Whether what is drawn and finished has the same bytes along every way through the libraries.

    python -m tests.soak.bytes

Draws some forty works in each environment of `tests.embedded.painter.digests.paths`, with one and four threads, and
prints what differs from this process's own; exits with 1 if anything does.
"""

from __future__ import annotations

import sys

from tests.embedded.painter.digests import answer, paths, start


def main() -> int:
    """Print a line for each environment."""
    ours = answer(start({}, "--all"))
    print(f"{len(ours)} works")
    wrong = 0
    for name, environment in {"as it is": {}, **paths()}.items():
        for threads in (1, 4):
            found = answer(start(environment, "--all", "--threads", str(threads)))
            differing = [work for work in ours if found.get(work) != ours[work]]
            wrong += len(differing)
            print(
                f"{name}, {threads} threads: {'differs: ' + ', '.join(differing) if differing else 'equal'}", flush=True
            )
    print(f"{wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
