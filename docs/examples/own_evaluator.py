"""An evaluator of one's own in place of a face pack: what it reads of pixels is scored, judged and kept as ever.

This one finds no faces at all: it takes the middle of a picture for the face and its grey values for the embedding. A
real one calls a model there.

python docs/examples/own_evaluator.py studio
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

import personaforge as pf


class GreyValues:
    """Compares the grey values of two pictures' middles. A `pf.FaceAnalyzer`."""

    identity = pf.AnalyzerIdentity(
        backend="grey-values",
        backend_version="1",  # raise it when the same picture would give other numbers: they are kept under this
        pack="grey",
        pack_digest="0" * 64,  # of a model's file, where there is one
        detector_size="none",
    )

    def read(self, pixels: NDArray[np.uint8]) -> tuple[pf.Face, ...]:
        """Return one face: `pixels` is (H, W, 3), BGR, 0 to 255; points are (x, y) in pixels from the top left."""
        height, width = pixels.shape[:2]
        box = np.array([0.25 * width, 0.2 * height, 0.75 * width, 0.8 * height], dtype=np.float32)
        x1, y1, x2, y2 = box.astype(int)
        grey = pixels[y1:y2, x1:x2].mean(axis=2)
        rows = np.linspace(0, grey.shape[0] - 1, 24).astype(int)
        columns = np.linspace(0, grey.shape[1] - 1, 16).astype(int)
        values = grey[np.ix_(rows, columns)].ravel()
        values = (values - values.mean()).astype(np.float32)
        eyes_nose_mouth = np.array([[0.35, 0.4], [0.65, 0.4], [0.5, 0.55], [0.4, 0.7], [0.6, 0.7]])
        points = (eyes_nose_mouth * [width, height]).astype(np.float32)
        return (pf.Face(box, 1.0, values / max(float(np.linalg.norm(values)), 1e-6), points),)


def main(folder: str = ".") -> None:
    """Evaluate a built persona's pictures with it."""
    with pf.open(folder, analyzer=GreyValues()) as space:
        persona = space.load([])[0].settings.id
        evaluation = pf.evaluate(space, persona=persona)
        for picture in evaluation.pictures:
            print(f"{picture.path}: {picture.judged.decision}, {picture.judged.reason}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except pf.PersonaForgeError as error:
        sys.exit(f"{error}\n{error.hint}\nwhole_persona.py builds what this program shows")
