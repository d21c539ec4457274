"""Pixels to measurements: decode, detect, align, embed. It judges nothing; see `personaforge.identity` for that.

    picture   bytes of an image to pixels, hostile bytes included      packs     finds ONNX models, hashes them
    pose      which way a head is turned
    photo     what a photograph's quality is judged by     duplicates  pictures that are one picture again
    second    a recogniser through OpenCV alone, a second opinion       second_packs  finds its models
    video     bytes of a clip to sampled frames                        analyzer  the seam: what reads faces from pixels
    quality   sharpness and histogram distances                        insight   the only importer of insightface
    landmarks points to scale-free ratios                              measure   all of the above as one JSON value

Importing any of these is cheap: numpy, OpenCV, Pillow and insightface are imported by the functions that need them.
Everywhere: pixels are uint8 (H, W, 3) in BGR order, points are (x, y) in pixels, the origin is the top left corner.
"""
