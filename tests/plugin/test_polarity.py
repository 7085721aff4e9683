"""A model gets a film the way round that the screen shows it (trap T1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import frames_of_dataset
from plugin._seen import look
from tests.ui.films import film
from ui.jobs import Jobs
from ui.viewport.viewport import Viewport

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def table_item() -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", [256, 0, 8])
    item.add_new(0x00283006, "OW", np.sqrt(np.arange(256) * 255).astype("<u2").tobytes())
    return item


VOI: dict[str, dict[str, Any]] = {
    "linear": {},
    "sigmoid": {"VOILUTFunction": "SIGMOID"},
    "table": {"VOILUTSequence": [table_item()]},
}


@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE", None])
@pytest.mark.parametrize("voi", VOI)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_the_model_s_picture_is_the_screen_s_picture(
    qtbot: QtBot, photometric: str, voi: str, shape: str | None
) -> None:
    said: dict[str, Any] = {} if shape is None else {"PresentationLUTShape": shape}
    frame = film(RAMP, PhotometricInterpretation=photometric, **VOI[voi], **said)
    jobs = Jobs()
    viewport = Viewport(jobs)
    qtbot.addWidget(viewport)
    viewport.show_series([frame])
    qtbot.waitUntil(lambda: viewport.selected_frame() is frame, timeout=5000)

    sent, shown = look(frame, viewport.current_window()).pixels, viewport.rendered()

    assert shown is not None and np.array_equal(sent, shown)
    is_bright_first = photometric == "MONOCHROME1" or shape == "INVERSE"
    assert (sent[0, 0] > sent[-1, -1]) == is_bright_first
    viewport.invert()  # what the reader does by hand, a model trained on films does not get
    assert np.array_equal(look(frame, viewport.current_window()).pixels, sent)
    viewport.clear()
    assert jobs.close()


def test_colours_reach_the_model_as_the_screen_has_them() -> None:
    values = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    header = film(np.zeros((8, 8), np.uint8)).header
    dataset = Dataset()
    dataset.update(header)
    dataset.file_meta = header.file_meta
    dataset.set_original_encoding(False, True)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration = 0
    dataset.PixelData = values.tobytes()
    (frame,) = frames_of_dataset(dataset, Path("colour.dcm"))

    assert np.array_equal(look(frame).pixels, values)
