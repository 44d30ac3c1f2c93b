"""Two-dimensional codes in pictures that anybody may have sent: every picture is taken for hostile."""

from __future__ import annotations

from io import BytesIO

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MOST_PIXELS = 50_000_000
"""More than any phone takes by default; a file of some kilobytes can claim a thousand times as many."""
LONG_SIDE = 3000
"""A code takes a tenth of a photographed page: this leaves it some pixels a module."""
ENLARGED_BELOW = 1200
MOST_CODES = 20


class NotAPicture(ValueError):
    """It is none of the formats that we read, is broken, or claims to be larger than any photo."""


def codes_in(content: bytes) -> list[str]:
    """What the QR codes in a picture say, in no order and each once; takes the processor for up to seconds.

    Raises `NotAPicture`.
    """
    picture = _opened(content)
    found: dict[str, None] = {}
    for view in _views(picture):
        for code in zxingcpp.read_barcodes(view, formats=QR):
            if code.valid and code.text:
                found[code.text] = None
        if found:
            break
    return list(found)[:MOST_CODES]


def _opened(content: bytes) -> Image.Image:
    """The picture in shades of grey, upright, and small enough to look through."""
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NotAPicture("too many pixels")
            # a large JPEG is made smaller while it is decoded, which costs a fraction of the time and memory
            opened.draft("L", (LONG_SIDE, LONG_SIDE))
            return _grey(ImageOps.exif_transpose(opened))
    except NotAPicture:
        raise
    except Exception as error:
        # decoders of damaged files raise nearly anything
        raise NotAPicture(type(error).__name__) from error


def _grey(picture: Image.Image) -> Image.Image:
    picture.thumbnail((LONG_SIDE, LONG_SIDE))
    if picture.mode in ("RGBA", "LA", "PA", "P"):
        # what is transparent was white where the person saw it
        clear = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return picture.convert("L")


def _views(picture: Image.Image) -> list[Image.Image]:
    """The picture, and what helps where nothing is found: contrast, sharper edges, more pixels or less noise."""
    views = [picture, ImageOps.autocontrast(picture, cutoff=2), picture.filter(ImageFilter.UnsharpMask(4, 300, 0))]
    longest = max(picture.size)
    if longest < ENLARGED_BELOW:
        views.append(picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC))
    else:
        views.append(picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX))
    return views
