"""Converts MediaPipe's face mesh: python -m personaforge.packs.mesh face_landmark.tflite face_landmark.onnx."""

from __future__ import annotations

import sys
from pathlib import Path

from personaforge.digest import digest_bytes
from personaforge.packs.mesh.convert import SOURCE_SHA256, convert


def main(arguments: list[str]) -> int:
    """Write the second file from the first. Returns the exit code: 2 for a wrong call or another source."""
    if len(arguments) != 2:
        sys.stderr.write("expected two files: face_landmark.tflite face_landmark.onnx\n")
        return 2
    data = Path(arguments[0]).read_bytes()
    if digest_bytes(data) != SOURCE_SHA256:
        text = f"{arguments[0]} has the SHA-256 {digest_bytes(data)}, expected {SOURCE_SHA256}"
        sys.stderr.write(f"{text}: it is not the mesh that this script was written for\n")
        return 2
    made = convert(data)
    Path(arguments[1]).write_bytes(made)
    sys.stdout.write(f"{arguments[1]}: {len(made)} bytes, SHA-256 {digest_bytes(made)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
