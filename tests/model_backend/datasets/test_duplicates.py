"""The same picture in two parts is found, however it was saved."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from model_backend.datasets.duplicates import NEAR, SAME_FILE, SAME_PIXELS, SAME_TEXT
from model_backend.datasets.picture import look_of, marks_of, near_pairs, prepared
from model_backend.evaluation.labelled import BadRow
from tests.dataset_miniature import Miniature, drawn


def saved(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def copies(picture: bytes) -> dict[str, bytes]:
    """The same picture as other files."""
    image = Image.open(io.BytesIO(picture))
    return {
        SAME_FILE: picture,
        SAME_PIXELS: saved(image, "PNG", compress_level=1),
        "smaller": saved(image.resize((36, 36), Image.Resampling.BICUBIC)),
        "lossy": saved(image, "JPEG", quality=60),
        "brighter": saved(ImageEnhance.Brightness(image).enhance(1.15)),
        "another": drawn(99),
    }


def rows_of(miniature: Miniature, other: bytes) -> Miniature:
    """Two patients of whom the second has `other` instead of a picture of its own."""
    miniature.draw("images/a.png", 1)
    miniature.put("images/b.png", other)
    rows = [
        {"image": "a.png", "question": "what?", "answer": "a", "patient": "1", "split": "train"},
        {"image": "b.png", "question": "where?", "answer": "b", "patient": "2", "split": "test"},
        {"image": "a.png", "question": "whose?", "answer": "c", "patient": "1", "split": "train"},
    ]
    miniature.put("rows.jsonl", "\n".join(json.dumps(row) for row in rows))
    return miniature


@pytest.mark.parametrize(
    ("copy", "kind"),
    [
        (SAME_FILE, SAME_FILE),
        (SAME_PIXELS, SAME_PIXELS),
        ("smaller", NEAR),
        ("lossy", NEAR),
        ("brighter", NEAR),
        ("another", ""),
    ],
)
def test_a_copy_is_told_once_as_the_closest_kind(
    miniature: Miniature, copy: str, kind: str
) -> None:
    rows_of(miniature, copies(drawn(1))[copy]).convert("jsonl", split="official")

    assert miniature.converted is not None
    repeats = miniature.converted.repeats
    found = [name for name, pairs in repeats.items() for _ in pairs]
    assert found == ([kind] if kind else [])
    if kind:
        assert {repeats[kind][0].one.split()[0], repeats[kind][0].other} & {"test 2"}


def test_the_same_text_in_two_parts_is_found(miniature: Miniature) -> None:
    rows = [
        {"text": "A long text.", "summary": "Short.", "split": "train"},
        {"text": "a long  text.", "summary": "Brief.", "split": "test"},
        {"text": "Another text.", "summary": "Short.", "split": "test"},
    ]
    miniature.put("rows.jsonl", "\n".join(json.dumps(row) for row in rows))

    miniature.convert("jsonl", split="official")

    assert miniature.converted is not None
    assert len(miniature.converted.repeats[SAME_TEXT]) == 1


def test_a_grey_picture_is_the_same_in_colour() -> None:
    grey, pixels = prepared(drawn(1))
    coloured, more = prepared(saved(Image.open(io.BytesIO(grey)).convert("RGB")))

    assert marks_of(grey, pixels).pixels == marks_of(coloured, more).pixels


def test_near_pairs_are_those_that_counting_bits_finds() -> None:
    chance = np.random.default_rng(3)
    bits = chance.integers(0, 2, (60, 256), dtype=np.uint8)
    others = bits[::-1].copy()
    for row in range(len(others)):
        others[row, : row % 30] ^= 1
    ones = [np.packbits(row).tobytes() for row in bits]
    twos = [np.packbits(row).tobytes() for row in others]

    found = near_pairs(ones, twos, 12)

    counted = (bits[:, None] != others[None]).sum(axis=2)
    likest = counted.argmin(axis=0)
    expected = [(int(likest[j]), j, int(counted[likest[j], j])) for j in range(60)]
    assert 10 < len(found) < 60
    assert found == [one for one in expected if one[2] <= 12]


def test_films_of_different_patients_do_not_look_the_same(shared: Path) -> None:
    with zipfile.ZipFile(shared / "data" / "cxr_nih_64" / "images.zip") as archive:
        names = archive.namelist()[::9]
        looks = [look_of(prepared(archive.read(name))[1]) for name in names]

    assert len(looks) > 50
    for place, look in enumerate(looks):
        assert near_pairs(looks[:place] + looks[place + 1 :], [look]) == []


def test_sixteen_bits_are_stretched_over_eight() -> None:
    values = np.linspace(1000, 5000, 64 * 64).reshape(64, 64).astype(np.uint16)

    picture, pixels = prepared(saved(Image.fromarray(values)))

    assert (pixels.min(), pixels.max()) == (0, 255)
    assert Image.open(io.BytesIO(picture)).mode == "L"


def test_large_pictures_are_shrunk_and_small_ones_left_alone() -> None:
    large, small = drawn(1, side=300), drawn(1, side=90)

    assert max(prepared(large, 100)[1].shape) == 100
    assert prepared(small, 100)[0] == small


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF"])
def test_other_formats_become_png(kind: str) -> None:
    picture, _ = prepared(drawn(1, kind))

    assert picture.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("picture", "reason"),
    [(b"", "no format"), (b"no picture", "no format"), (drawn(1)[:200], "damaged")],
)
def test_what_is_no_picture_is_told(picture: bytes, reason: str) -> None:
    with pytest.raises(BadRow, match=reason):
        prepared(picture)
