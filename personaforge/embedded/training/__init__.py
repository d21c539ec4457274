"""Trains the embedded face pack on drawings: `python -m personaforge.embedded.training`. Needs PyTorch, forge does not.

    draw      people and shots, with the truth about each: landmarks, box, the face's numbers
    train     detector, landmarks, recogniser, on those drawings
    export    three ONNX files in the formats that insightface reads, and what they were trained on

No photograph is used in the training, and no answer of another model is a target, so we may give the pack away. The
weights of the traits were once measured with a recogniser of photographs (`recognise.SENSITIVITY`).
"""
