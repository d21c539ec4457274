"""The named fashion contexts of a project: all of them, and one.

python docs/examples/fashion_contexts.py studio
"""

from __future__ import annotations

import sys

import personaforge as pf


def main(folder: str = ".") -> None:
    """Print what a project's fashion contexts are, and what one has people wear."""
    with pf.open(folder) as space:
        for name, context in pf.contexts(space).items():
            print(f"{name}: {context.style}")
        one = pf.context(space, "dark_academia")
        print(f"dark_academia: {', '.join((*one.garments, *one.accessories))}; {' '.join(one.palette)}")
        try:
            pf.context(space, "dark_academy")
        except pf.SpecError as error:
            print(error)


if __name__ == "__main__":
    main(*sys.argv[1:2])
