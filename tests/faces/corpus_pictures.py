"""Files that are no pictures, or bombs, or pictures cut off, damaged and odd; see `corpus`."""

import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin, features

from tests.faces.corpus import CUT, FINE, Case, data_of_length, encoded, noise


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, bits: int, colour: int, rows: bytes, *others: bytes) -> bytes:
    """Return a PNG of compressed rows, with other chunks before them."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(others) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def black(width: int, height: int) -> bytes:
    """Return a whole one-bit PNG, a few KB however large."""
    squeeze, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    return png(width, height, 1, 0, b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush())


def tiff(entries: dict[int, tuple[int, int, int]], tail: bytes = b"", following: int = 0) -> bytes:
    """Return a little-endian TIFF of one directory: tag -> (type, count, value)."""
    directory = struct.pack("<H", len(entries))
    for tag, (kind, count, value) in sorted(entries.items()):
        directory += struct.pack("<HHII", tag, kind, count, value)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", following) + tail


def _strip(**changes: int) -> dict[int, tuple[int, int, int]]:
    values = {"width": 4, "height": 4, "bits": 8, "compression": 1, "offset": 200, "rows": 4, "bytes": 16, **changes}
    names = {"width": 256, "height": 257, "bits": 258, "compression": 259, "offset": 273, "rows": 278, "bytes": 279}
    return {names[name]: (4, 1, value) for name, value in values.items()} | {262: (3, 1, 1)}


def exif(tag: int, kind: int, count: int, value: bytes, tail: bytes = b"") -> bytes:
    """Return an EXIF block of one entry."""
    head = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return head + bytes(4) + tail


def scans(width: int, height: int, count: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated so often."""
    data = encoded(Image.new("L", (width, height), 90), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def pictures() -> Iterator[Case]:
    """Yield the cases for `measure_image`."""
    image = noise()
    kinds = {
        "PNG": encoded(image, "PNG"),
        "JPEG": encoded(image, "JPEG"),
        "progressive JPEG": encoded(image, "JPEG", progressive=True),
        "WebP": encoded(image, "WEBP"),
        "GIF": encoded(image, "GIF"),
        "BMP": encoded(image, "BMP"),
        "TIFF": encoded(image, "TIFF", compression="tiff_lzw"),
    }
    if features.check("avif"):
        kinds["AVIF"] = encoded(image, "AVIF")
    dice = random.Random(0)
    for kind, data in kinds.items():
        yield Case(f"{kind}, whole", data, FINE)
        for percent in (2, 50, 95):
            yield Case(f"{kind}, cut at {percent} %", data[: len(data) * percent // 100], CUT)
        yield Case(f"{kind}'s first 16 bytes, then random ones", data[:16] + dice.randbytes(3000), CUT)
    yield from _no_pictures()
    yield from _bombs()
    yield from _odd_pictures(image)
    yield from _odd_metadata(image)
    yield from _odd_tiffs(image)


def _no_pictures() -> Iterator[Case]:
    other = ("not_an_image",)
    yield Case("nothing", b"", ("empty",))
    yield Case("one byte", b"x", other)
    yield Case("one zero", b"\0", other)
    yield Case("the first byte of a PNG", b"\x89", ("truncated",))
    yield Case("zeros", bytes(5000), other)
    yield Case("a letter, named portrait.png", b"Dear Sofia,\n" * 50, other)
    yield Case("HTML, named portrait.jpg", b"<!DOCTYPE html><html><body>404 Not Found</body></html>", other)
    yield Case("SVG", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', other)
    yield Case("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n", other)
    yield Case("PDF", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n", other)
    yield Case("ZIP", b"PK\x03\x04" + bytes(200), other)
    yield Case("JSON of an API error", b'{"error": {"message": "content policy"}}', other)
    yield Case("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), ("unsupported",))
    yield Case("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200), ("unsupported",))
    yield Case("JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(200), ("unsupported",))
    yield Case("a clip", b"\0\0\0\x20ftypisom" + bytes(200), other)


def _bombs() -> Iterator[Case]:
    large = ("too_large",)
    rows = zlib.compress(bytes(100))
    yield Case("PNG header of 20,000 x 20,000", png(20_000, 20_000, 8, 2, rows), large)
    yield Case("PNG header of 2^31 - 1 squared", png(2**31 - 1, 2**31 - 1, 16, 6, rows), large)
    yield Case("whole PNG of 20,000 x 20,000", black(20_000, 20_000), large)
    yield Case("whole PNG of 7,000 x 8,000", black(7_000, 8_000), FINE)
    head = struct.pack("<IiiHHIIiiII", 40, 20_000, 20_000, 1, 24, 0, 0, 0, 0, 0, 0)
    yield Case("BMP header of 20,000 x 20,000", b"BM" + struct.pack("<IHHI", 99, 0, 0, 54) + head, large)
    gif = bytearray(encoded(Image.new("P", (4, 4)), "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    yield Case("GIF screen of 65,535 x 65,535", bytes(gif), large)
    jpeg = bytearray(encoded(noise(), "JPEG"))
    place = jpeg.index(b"\xff\xc0") + 5
    jpeg[place : place + 4] = struct.pack(">HH", 65_000, 65_000)
    yield Case("JPEG header of 65,000 x 65,000", bytes(jpeg), large)
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_382).to_bytes(3, "little") * 2
    lossless = b"VP8L" + struct.pack("<I", 8) + b"\x2f" + struct.pack("<I", 16_382 | 16_382 << 14) + bytes(3)
    for name, body in (("canvas", canvas + lossless), ("lossless", lossless)):
        yield Case(
            f"WebP {name} of 16,383 x 16,383", b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body, large + CUT
        )
    yield Case("TIFF header of 20,000 x 20,000", tiff(_strip(width=20_000, height=20_000)), large)
    deflated = zlib.compress(bytes(200 << 20), 9)
    text = b"Comment\0\0" + deflated
    yield Case("PNG with 200 MB of compressed text", png(1, 1, 8, 0, rows, chunk(b"zTXt", text)), ("broken", ""))
    profile = b"icc\0\0" + deflated
    yield Case("PNG with 200 MB of colour profile", png(1, 1, 8, 0, rows, chunk(b"iCCP", profile)), ("broken", ""))
    yield Case("PNG whose rows go on for 200 MB", png(64, 64, 8, 0, deflated), ("broken", ""))
    yield Case("JPEG of 20,000 scans", scans(2000, 2000, 20_000), large)


def _odd_pictures(image: Image.Image) -> Iterator[Case]:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    several = {"save_all": True, "append_images": frames[1:]}
    yield Case("one pixel", encoded(Image.new("RGB", (1, 1)), "PNG"), FINE)
    yield Case("one row", encoded(Image.new("RGB", (5000, 1)), "PNG"), FINE)
    yield Case("a PNG of no width", png(0, 9, 8, 2, zlib.compress(b"")), CUT)
    yield Case("animated GIF", encoded(frames[0], "GIF", **several), FINE)
    yield Case("animated WebP", encoded(frames[0], "WEBP", **several), FINE)
    yield Case("animated PNG", encoded(frames[0], "PNG", **several), FINE)
    yield Case("animated WebP, cut", encoded(frames[0], "WEBP", **several)[:-40], FINE + CUT)
    yield Case("CMYK JPEG", encoded(image.convert("CMYK"), "JPEG"), FINE)
    yield Case("CMYK TIFF", encoded(image.convert("CMYK"), "TIFF"), FINE)
    yield Case("greyscale JPEG", encoded(image.convert("L"), "JPEG"), FINE)
    yield Case("RGBA", encoded(image.convert("RGBA"), "PNG"), FINE)
    yield Case("grey with alpha", encoded(image.convert("LA"), "PNG"), FINE)
    yield Case("one bit", encoded(image.convert("1"), "PNG"), FINE)
    palette = image.convert("P")
    yield Case("palette with a transparent entry", encoded(palette, "PNG", transparency=3), FINE)
    yield Case("palette with transparent entries", encoded(palette, "PNG", transparency=bytes(range(200))), FINE)
    wide = Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16)
    yield Case("16-bit greyscale PNG", encoded(wide, "PNG"), FINE)
    yield Case("16-bit greyscale TIFF", encoded(wide, "TIFF"), FINE)
    yield Case("16-bit RGB PNG", png(2, 2, 16, 2, zlib.compress((b"\0" + bytes(range(12))) * 2)), FINE)
    yield Case("16-bit RGBA PNG", png(2, 2, 16, 6, zlib.compress((b"\0" + bytes(range(16))) * 2)), FINE)
    yield Case("floating point TIFF", encoded(Image.new("F", (9, 9), float("nan")), "TIFF"), ("unsupported",))
    yield Case("Lab TIFF", encoded(Image.new("LAB", (9, 9)), "TIFF"), ("unsupported",))
    data = encoded(image, "PNG")
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 0xFF
    yield Case("PNG with a flipped byte", bytes(flipped), CUT)
    yield Case("PNG without pixels", data[: data.index(b"IDAT") - 4] + chunk(b"IEND", b""), CUT)
    yield Case("PNG with a page of HTML behind it", data + b"<html>" * 1000, FINE)
    jpeg = encoded(image, "JPEG")
    yield Case("JPEG without its end", jpeg[:-2], FINE + CUT)
    yield Case("JPEG with zeros in the middle", jpeg[:2000] + bytes(500) + jpeg[2500:], FINE + CUT)
    yield Case("JPEG of nothing but a start", b"\xff\xd8\xff", CUT)
    yield Case("a WebP that says it is longer", data_of_length(encoded(image, "WEBP"), 1 << 30), CUT)


def _odd_metadata(image: Image.Image) -> Iterator[Case]:
    nan = struct.pack("<II", 0, 0)
    blocks = {
        "orientation 0": exif(0x0112, 3, 1, b"\0\0"),
        "orientation 9": exif(0x0112, 3, 1, b"\x09\0"),
        "orientation 65,535": exif(0x0112, 3, 1, b"\xff\xff"),
        "an orientation in words": exif(0x0112, 2, 4, b"six\0"),
        "an orientation of 0/0": exif(0x0112, 5, 1, struct.pack("<I", 26), nan),
        "an orientation of infinity": exif(0x0112, 11, 1, struct.pack("<f", float("inf"))),
        "an orientation that is not a number": exif(0x0112, 11, 1, struct.pack("<f", float("nan"))),
        "a thousand orientations": exif(0x0112, 3, 1000, struct.pack("<I", 26), bytes(2000)),
        "an entry of 4 billion values": exif(0x0112, 4, 2**32 - 1, struct.pack("<I", 26)),
        "an offset far outside": exif(0x8769, 4, 1, struct.pack("<I", 2**32 - 1)),
        "a directory that contains itself": exif(0x8769, 4, 1, struct.pack("<I", 8)),
        "60 KB of zeros": b"Exif\0\0II*\0\x08\0\0\0" + bytes(60_000),
        "garbage": b"Exif\0\0" + random.Random(1).randbytes(500),
    }
    for name, block in blocks.items():
        yield Case(f"JPEG whose EXIF has {name}", encoded(image, "JPEG", exif=block), FINE)
    for kind in ("PNG", "WEBP"):
        yield Case(f"{kind} whose EXIF is garbage", encoded(image, kind, exif=blocks["garbage"]), FINE)
        yield Case(f"{kind} with a broken colour profile", encoded(image, kind, icc_profile=b"\xff" * 300), FINE)
    yield Case("JPEG with a broken colour profile", encoded(image, "JPEG", icc_profile=b"\xff" * 300), FINE)
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta tiff:Orientation='6'" + "<a>" * 10_000)
    yield Case("PNG with broken XMP", encoded(image, "PNG", pnginfo=notes), FINE)


def _odd_tiffs(image: Image.Image) -> Iterator[Case]:
    frames = [Image.new("L", (8, 8), shade % 256) for shade in range(500)]
    yield Case("TIFF of 500 pages", encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:]), FINE)
    yield Case("TIFF whose strip lies outside", tiff(_strip(offset=2**31)), CUT)
    yield Case("TIFF whose strip has 4 GB", tiff(_strip(bytes=2**32 - 1), bytes(300)), FINE + CUT)
    yield Case("TIFF whose directory follows itself", tiff(_strip(), bytes(300), following=8), FINE)
    yield Case("TIFF with 65,535 entries", b"II*\0\x08\0\0\0\xff\xff" + bytes(100), CUT)
    yield Case("TIFF whose directory is not there", b"MM\0*\x7f\xff\xff\xff", CUT)
    tiles = {322: (4, 1, 2**30), 323: (4, 1, 2**30), 324: (4, 1, 200), 325: (4, 1, 16)}
    yield Case("TIFF with tiles of 2^30", tiff(_strip(compression=5) | tiles, bytes(300)), ("too_large", *CUT))
    yield Case("TIFF of an unknown compression", tiff(_strip(compression=9999), bytes(300)), ("not_an_image", *CUT))
    yield Case("TIFF of 64-bit samples", tiff(_strip(bits=64), bytes(300)), ("unsupported", *CUT))
    turned = TiffImagePlugin.ImageFileDirectory_v2()
    turned[0x0112] = 6
    yield Case("TIFF that lies on its side", encoded(image, "TIFF", tiffinfo=turned), FINE)
