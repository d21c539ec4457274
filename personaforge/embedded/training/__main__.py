"""Trains the embedded face pack: `python -m personaforge.embedded.training --work FOLDER --out FOLDER`.

Draws what is missing in the work folder, trains what has no weights there, and exports. About 25 minutes on two cores
with bfloat16 matrix units, some hours without. The same seeds draw the same pictures on one machine; the weights depend
on the order in which a processor adds up, so another one comes to others that are as good.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from personaforge.embedded.training.detect import train_detector
from personaforge.embedded.training.drawings import IDENTITY, draw, load
from personaforge.embedded.training.export import export
from personaforge.embedded.training.landmarks import train_landmarks
from personaforge.embedded.training.log import Log
from personaforge.embedded.training.networks import Detector, Landmarks, Recogniser
from personaforge.embedded.training.recognise import train_recogniser
from personaforge.faces.opencv import opencv

cv2 = opencv()

SEED: Final = 7
_STEPS: Final = {"detector": 3000, "landmarks": 2500, "recogniser": 2500}


def main() -> None:
    """Draw, train and export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for drawings and weights, some 4 GB")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack")
    parser.add_argument("--people", type=int, default=1200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that draw, threads that train")
    parser.add_argument(
        "--only", choices=sorted(_STEPS), help="train this one, and export nothing: to train side by side"
    )
    parser.add_argument("--quick", type=float, default=1.0, help="share of the steps, to try things out")
    told = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(told.jobs)
    told.work.mkdir(parents=True, exist_ok=True)
    log = Log(told.work / f"{told.only or 'training'}.log")
    log.say(f"{told.people} people, seed {SEED}, PyTorch {torch.__version__}, OpenCV {cv2.__version__}")
    parts = draw(told.work / "drawings", told.people, 0, told.jobs, log.say)
    data = load(parts)
    log.say(f"{len(data['crops'])} faces, {len(data['scenes'])} whole pictures")
    nets: dict[str, nn.Module] = {
        "detector": Detector(), "landmarks": Landmarks(), "recogniser": Recogniser(len(IDENTITY))
    }  # fmt: skip
    trainers: dict[str, Callable[[dict[str, np.ndarray[Any, Any]], int, int, Log], nn.Module]] = {
        "detector": train_detector, "landmarks": train_landmarks, "recogniser": train_recogniser
    }  # fmt: skip
    for name, net in nets.items():
        if told.only not in (None, name):
            continue
        path = told.work / f"{name}.pt"
        if not path.exists():
            trained = trainers[name](data, max(1, round(_STEPS[name] * told.quick)), SEED, log)
            torch.save(trained.state_dict(), path)
        net.load_state_dict(torch.load(path, weights_only=True))
    if told.only:
        return
    export(told.out, nets["detector"], nets["landmarks"], nets["recogniser"])
    logs = [told.work / f"{name}.log" for name in (*nets, "training")]
    (told.out / "training.log").write_text("".join(path.read_text() for path in logs if path.exists()))
    log.say(f"written to {told.out}")


if __name__ == "__main__":
    main()
