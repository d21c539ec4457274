"""Trains the embedded face pack, on drawings only: `python -m personaforge.embedded.training`. Needs PyTorch, forge does not.

    draw      people and shots, with the truth about each: landmarks, box, the face's numbers
    train     detector, landmarks, recogniser, on those drawings
    export    three ONNX files in the formats that insightface reads, and what they were trained on

No photograph goes into the training, and no answer of another model is a target: the pack is ours to give away. Which
traits count how much was once measured with a recogniser of photographs (`recognise.SENSITIVITY`).
"""
