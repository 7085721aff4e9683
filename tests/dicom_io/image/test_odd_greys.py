"""Attributes of the grey pipeline that make no sense: always a picture, and sentences."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from dicom_io.errors import FileProblem
from dicom_io.image.frame import open_frames
from dicom_io.image.modality import modality_of
from dicom_io.image.overlay_planes import read_overlays
from dicom_io.image.probe import modality_value
from dicom_io.image.render import notices_of, render, windows_of
from dicom_io.image.shutter import hidden, notices_of_shutter, shutter_of

NUMBERS = ["", "0", "-1", "1", "65535", "1e30", "-1e-30", "nan", "inf", "0.5"]
WORDS = ["", "LINEAR", "SIGMOID", "INVERSE", "COLOR", "CIRCULAR", "POLYGONAL", "BITMAP", "x"]
DECIMAL = ["WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"]
CODES = ["VOILUTFunction", "PresentationLUTShape", "PixelPresentation", "ShutterShape"]
WHOLE = ["PixelPaddingValue", "PixelPaddingRangeLimit", "ShutterPresentationValue"]
PLACES = ["ShutterLeftVerticalEdge", "CenterOfCircularShutter", "RadiusOfCircularShutter"]
PLACES += ["VerticesOfThePolygonalShutter", "ShutterRightVerticalEdge"]
TABLES = ["VOILUTSequence", "ModalityLUTSequence", "PresentationLUTSequence"]
OVERLAY = {0x10: "US", 0x11: "US", 0x15: "IS", 0x40: "CS", 0x50: "SS", 0x51: "US", 0x102: "US"}


def put(dataset: Dataset, tag: Any, vr: str, value: Any) -> None:
    """An element as a careless writer leaves it: nothing is checked."""
    element = DataElement(tag, vr, value, validation_mode=config.IGNORE)
    dataset.add(element)


def some(chance: random.Random, vr: str) -> Any:
    """A value of that kind, or several, likely to be wrong."""
    count = chance.choice([1, 1, 1, 2, 3, 7])
    if vr in ("US", "SS"):
        low, high = (0, 65535) if vr == "US" else (-32768, 32767)
        values: list[Any] = [chance.choice([0, 1, 8, 16, low, high]) for _ in range(count)]
    elif vr == "CS":
        values = [chance.choice(WORDS) for _ in range(count)]
    else:
        numbers = NUMBERS if vr == "DS" else ["", "0", "-5", "1", "2147483647", "12"]
        values = [chance.choice(numbers) for _ in range(count)]
    return values[0] if count == 1 else values


def spoilt(dataset: Dataset, chance: random.Random) -> None:
    """A few attributes of the pipeline, set to nonsense."""
    for names, vr in ((DECIMAL, "DS"), (CODES, "CS"), (WHOLE, "US"), (PLACES, "IS")):
        for name in chance.sample(names, chance.randint(0, len(names))):
            put(dataset, name, vr, some(chance, vr))
    for name in chance.sample(TABLES, chance.randint(0, 3)):
        item = Dataset()
        put(item, "LUTDescriptor", "US", some(chance, "US"))
        put(item, "LUTData", "OW", chance.randbytes(2 * chance.randint(0, 40)))
        setattr(dataset, name, chance.choice([[item], [Dataset()], []]))
    for colour in ("Red", "Green", "Blue"):
        if chance.random() < 0.8:
            name = f"{colour}PaletteColorLookupTable"
            sound = chance.random() < 0.8
            put(dataset, f"{name}Descriptor", "US", [9, 5, 8] if sound else some(chance, "US"))
            put(dataset, f"{name}Data", "OW", chance.randbytes(2 * chance.randint(4, 40)))
    for group in (0x6000, 0x6002):
        for element, vr in OVERLAY.items():
            if chance.random() < 0.7:
                put(dataset, (group, element), vr, some(chance, vr))
        put(dataset, (group, 0x100), "US", chance.choice([1, 16]))
        if chance.random() < 0.6:
            put(dataset, (group, 0x3000), "OW", chance.randbytes(2 * chance.randint(0, 30)))
    if chance.random() < 0.3:
        put(dataset, "ICCProfile", "OB", chance.randbytes(200))


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # writing what pydicom would not
@pytest.mark.parametrize("kind", ["grey", "signed", "floating", "palette"])
def test_nonsense_gives_a_picture_and_sentences(
    make_dataset: Callable[..., Dataset], tmp_path: Path, kind: str
) -> None:
    chance = random.Random(kind)
    values = np.random.default_rng(2).integers(0, 100, (12, 10))
    kinds = {"grey": np.uint16, "signed": np.int16, "floating": np.float32, "palette": np.uint8}
    shown = refused = told = 0
    for number in range(60):
        dataset = make_dataset(values.astype(kinds[kind]))
        if kind == "palette":
            dataset.PhotometricInterpretation = "PALETTE COLOR"
        spoilt(dataset, chance)
        path = tmp_path / f"odd-{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)

        try:
            (frame,) = open_frames(path)
            decoded = frame.decoded()
        except FileProblem as problem:
            assert path.name in str(problem)
            refused += 1
            continue
        picture = render(frame, decoded.values)
        _, left_out = read_overlays(frame, decoded)
        shutter = shutter_of(frame)
        sentences = (*notices_of(frame), *left_out, *notices_of_shutter(frame))

        assert picture.dtype == np.uint8 and picture.shape[:2] == (12, 10)
        assert windows_of(frame, decoded.values)
        assert all(text.endswith(".") for text in sentences)
        assert shutter is None or hidden(shutter, 12, 10).shape == (12, 10)
        modality_value(frame, decoded.values, 3, 4)
        modality_of(frame)
        shown, told = shown + 1, told + bool(sentences)

    assert shown + refused == 60 and shown > 5
    assert told >= shown // 2
    assert refused == 0 or kind == "palette"  # a picture without its palette has no colours
