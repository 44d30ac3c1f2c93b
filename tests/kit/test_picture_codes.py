"""Codes are found in the pictures that people take, and nothing that somebody sends does harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hub.kit.pictures import NotAPicture, codes_in
from tests.pictures import DIGITAL, PAPER, code, hostile, page, saved

TAKEN = {
    "straight": page(DIGITAL),
    "askew": page(DIGITAL, turned=12),
    "on its side": page(DIGITAL, turned=90),
    "upside down": page(DIGITAL, turned=200),
    "from far away": page(DIGITAL, module=2),
    "out of focus": page(DIGITAL, blurred=2),
    "far out of focus": page(DIGITAL, blurred=3),
    "squeezed by a messenger": page(DIGITAL, module=8).resize((900, 600)),
    "by a camera of 48 megapixels": page(DIGITAL, module=14, size=(8000, 6000)),
    "nothing but the code": code(DIGITAL, 3),
}


@pytest.mark.parametrize("picture", TAKEN.values(), ids=TAKEN.keys())
def test_a_code_is_found(picture: Image.Image) -> None:
    assert codes_in(saved(picture)) == [DIGITAL]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP"])
def test_in_every_format(kind: str) -> None:
    assert codes_in(saved(code(DIGITAL), kind)) == [DIGITAL]


def test_a_code_on_a_transparent_ground() -> None:
    drawn = code(DIGITAL).convert("RGBA")
    clear = Image.new("RGBA", drawn.size, (0, 0, 0, 0))
    for x in range(drawn.width):
        for y in range(drawn.height):
            if drawn.getpixel((x, y)) == (0, 0, 0, 255):
                clear.putpixel((x, y), (0, 0, 0, 255))
    assert codes_in(saved(clear, "PNG")) == [DIGITAL]


def test_several_codes() -> None:
    assert set(codes_in(saved(page(DIGITAL, "https://example.cn/", PAPER)))) == {
        DIGITAL, PAPER, "https://example.cn/",
    }  # fmt: skip


def test_no_code() -> None:
    assert codes_in(saved(page())) == []


@pytest.mark.parametrize("content", hostile())
def test_what_no_camera_makes(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        codes_in(content)


@given(st.binary(max_size=300), st.integers(0, 2000))
def test_damage_is_never_anything_else(noise: bytes, place: int) -> None:
    content = bytearray(saved(code(DIGITAL, 2), "PNG"))
    content[place : place + len(noise)] = noise
    for one in (bytes(content), noise):
        try:
            codes_in(one)
        except NotAPicture:
            continue
