"""Pictures as people take them: pages with the codes of invoices, held askew, out of focus, from far away."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from zlib import crc32

import segno
from PIL import Image, ImageDraw, ImageFilter

DIGITAL = "01,32,,26322000000000001130,1130.00,20260903,,74AE,"
"""The code of an invoice that the sandbox of the inspection platform knows, with its right amount."""
PAPER = "01,10,011001900211,12345678,2000.00,20220308,84567890123456173205,0816,"
RAIL = "01,51,,26119110000000006001,553.50,20260501,,219a"


def code(words: str, module: int = 6) -> Image.Image:
    """A QR code with modules of so many pixels."""
    content = BytesIO()
    segno.make(words, error="m", micro=False).save(content, kind="png", scale=module)
    content.seek(0)
    return Image.open(content).convert("RGB")


def page(
    *words: str, module: int = 6, size: tuple[int, int] = (2400, 1600), turned: float = 0.0, blurred: float = 0.0
) -> Image.Image:
    """A printed page on a table, its codes side by side at the top."""
    sheet = Image.new("RGB", size, (236, 232, 225))
    lines = ImageDraw.Draw(sheet)
    for height in range(size[1] // 2, size[1], 60):
        lines.line((100, height, size[0] - 100, height), fill=(150, 60, 50), width=3)
    for place, one in enumerate(words):
        sheet.paste(code(one, module), (120 + place * size[0] // max(1, len(words)), 110))
    if turned:
        sheet = sheet.rotate(turned, expand=True, fillcolor=(90, 80, 70), resample=Image.Resampling.BICUBIC)
    return sheet.filter(ImageFilter.GaussianBlur(blurred)) if blurred else sheet


def saved(picture: Image.Image, kind: str = "JPEG") -> bytes:
    """As a phone saves and a messenger squeezes it."""
    content = BytesIO()
    picture.save(content, kind, **({"quality": 75} if kind == "JPEG" else {}))
    return content.getvalue()


def photo(*words: str) -> bytes:
    """A good photo of a page with these codes."""
    return saved(page(*words))


def claiming(width: int, height: int) -> bytes:
    """A PNG of some bytes that claims to be so large."""
    content = bytearray(saved(Image.new("L", (1, 1)), "PNG"))
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return with_checksums(bytes(content))


def with_checksums(content: bytes) -> bytes:
    """The PNG with the checksum of its head put right."""
    return content[:29] + crc32(content[12:29]).to_bytes(4, "big") + content[33:]


def hostile() -> Sequence[bytes]:
    """What no camera makes."""
    good = saved(page(DIGITAL, size=(600, 400)))
    return [
        b"", b"\x00", b"<svg onload='alert(1)'/>", b"%PDF-1.7", b"\xff\xd8\xff", good[:40], good[: len(good) // 3],
        claiming(60_000, 60_000), claiming(2**31 - 1, 2**31 - 1), b"GIF89a" + b"\xff" * 40, b"BM" + b"\x7f" * 60,
    ]  # fmt: skip
