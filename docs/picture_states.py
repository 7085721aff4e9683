"""The window's other states for docs/make_pictures.py: cine, prior, MPR, marks, themes, German, …

The volume in these pictures is a phantom of our own, drawn by code; nobody's body.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from PyQt6.QtCore import QElapsedTimer, QPoint, Qt
from PyQt6.QtGui import QColor, QImage, QPixmap
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QDialog

from dicom_io.settings import Settings, WindowSettings
from ui import theme
from ui.preferences import Preferences

HANDS: Any = QTest  # its static functions are typed as methods in PyQt's stubs
SIZE = (1440, 810)
MEANT = ("TEXT", "QUIET", "PLACE", "AI", "PROVEN", "ALARM", "BUTTON")  # drawn as thin letters
SLICES, SIDE, SPACING = 48, 192, 1.9  # number, pixels, mm
CURRENT, PRIOR = "2.25.8100", "2.25.8200"  # StudyInstanceUIDs of the phantom


def phantom(number: int, nodule: float) -> NDArray[np.int16]:
    """(SIDE, SIDE) HU of a slice: a chest with a round nodule of that radius in mm."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] * SPACING - SIDE * SPACING / 2
    z = (number - SLICES / 2) * 5.0
    values = np.full((SIDE, SIDE), -1000.0)
    values[(x / 165) ** 2 + (y / 110) ** 2 < 1] = 40  # soft parts
    wide = 1 - 0.25 * abs(z) / 120
    for side in (-1, 1):
        lung = ((x - side * 75) / (58 * wide)) ** 2 + (y / (80 * wide)) ** 2 < 1
        values[lung] = -850
    values[(x / 28) ** 2 + ((y + 10) / 38) ** 2 < 1] = 50  # heart and vessels
    values[(x / 17) ** 2 + ((y - 78) / 17) ** 2 < 1] = 450  # spine
    ring = np.hypot(x / 160, y / 105)
    values[(abs(ring - 0.9) < 0.03) & (np.sin(np.arctan2(y, x) * 14 + z / 9) > 0.4)] = 380  # ribs
    if nodule:
        values[np.hypot(np.hypot(x + 80, y + 15), z) < nodule] = 30
    noise = np.random.default_rng(number).normal(0, 9, values.shape)
    slice_: NDArray[np.int16] = (values + noise).round().astype(np.int16)
    return slice_


def volume(folder: Path, study: str, date: str, nodule: float) -> list[Path]:
    """The phantom as a CT series on the disk."""
    paths = []
    for number in range(SLICES):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        dataset.SOPClassUID = uid.CTImageStorage
        dataset.SOPInstanceUID = f"{study}.1.{number + 1}"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.1"
        dataset.FrameOfReferenceUID = f"{study}.9"
        dataset.PatientID, dataset.PatientName = "PHANTOM-1", "Phantom^Drawn"
        dataset.PatientBirthDate, dataset.PatientSex = "", "O"
        dataset.Modality, dataset.BodyPartExamined = "CT", "CHEST"
        dataset.StudyDescription, dataset.SeriesDescription = "CT chest", "5.0 soft"
        dataset.StudyDate = dataset.SeriesDate = date
        dataset.StudyTime, dataset.AccessionNumber, dataset.StudyID = "101500", date[-4:], "1"
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.SeriesNumber, dataset.InstanceNumber = 1, number + 1
        half = -SIDE * SPACING / 2
        dataset.ImagePositionPatient = [half, half, number * 5.0]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [SPACING, SPACING], 5
        dataset.Rows = dataset.Columns = SIDE
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 1
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
        dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
        dataset.PixelData = phantom(number, nodule).tobytes()
        paths.append(folder / f"{study}.{number}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def phantoms(folder: Path) -> list[Path]:
    """Both studies of the phantom: the nodule has grown since."""
    folder.mkdir(parents=True, exist_ok=True)
    return [*volume(folder, CURRENT, "20260301", 13.0), *volume(folder, PRIOR, "20250212", 8.0)]


def save_small(picture: QPixmap, path: Path) -> None:
    """Save a picture in few colours."""
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    size, content = (image.width(), image.height()), bits.asstring(image.sizeInBytes())
    whole = Image.frombuffer("RGB", size, content, "raw", "RGB", image.bytesPerLine(), 1)
    whole.quantize(palette=_palette(), dither=Image.Dither.NONE).save(path, optimize=True)


def _palette() -> Image.Image:
    """Greys, and the colours of all themes with what lies between them and their ground."""
    greys = [(grey, grey, grey) for grey in range(0, 256, 2)]
    colours = []
    for values in theme.THEMES.values():
        ground = QColor({**theme.THEMES[theme.DARK], **values}["PANEL"])
        for name, value in values.items():
            one = QColor(value)
            for part in (1.0, 0.6, 0.3) if name in MEANT else (1.0,):
                colours.append(
                    tuple(
                        round(part * a + (1 - part) * b)
                        for a, b in zip(one.getRgb()[:3], ground.getRgb()[:3], strict=True)
                    )
                )
    entries = list(dict.fromkeys([*greys, *colours]))[:256]
    made = Image.new("P", (1, 1))
    made.putpalette([part for entry in entries for part in entry])
    return made


class States:
    """Leads the window from state to state and takes a small picture of each."""

    def __init__(self, photographer: Any) -> None:
        self.of = photographer
        self.window = photographer.window
        self.window.resize(*SIZE)

    def take(self, name: str, above: QDialog | None = None) -> None:
        """A picture of few colours, so that it is small."""
        self.of.rest()
        path = self.of.folder / f"{name}.png"
        save_small(self.of.shot(above), path)
        print(path)

    def do(self, name: str) -> None:
        self.window.table.perform(name)

    def dialogue(self) -> QDialog:
        """The dialogue that stands above the window."""
        self.of.until(lambda: self._open() is not None, "a dialogue")
        found = self._open()
        assert found is not None
        return found

    def _open(self) -> QDialog | None:
        tops = QApplication.topLevelWidgets()
        return next((one for one in tops if isinstance(one, QDialog) and one.isVisible()), None)

    def dialogue_of(self, action: str, name: str) -> None:
        """Open a dialogue, take its picture, close it."""
        self.do(action)
        dialog = self.dialogue()
        self.take(name, dialog)
        dialog.reject()
        self.of.until(lambda: self._open() is None, "the dialogue's end")
        self.window.activateWindow()

    def dress(self, look: str = theme.DARK, font_size: int = theme.FONT_SIZE) -> None:
        self.window.findChild(Preferences).take(WindowSettings(theme=look, font_size=font_size))

    # --- the states ---

    def volumes(self) -> None:
        """Cine, compare, MPR, marks and layouts on the phantom."""
        self.of.open(CURRENT)
        loaded = self.window.session.reading
        self.of.until(
            lambda: len(loaded.frames()) == SLICES and not loaded.is_loading, "the series"
        )
        self.of.key(Qt.Key.Key_F6)
        self.do("layout.1x1")
        self.middle()
        self.mark()
        self.take("marks")
        self.do("cine.toggle")
        self.take("cine")
        self.do("cine.toggle")
        self.middle()
        self.do("compare.prior")
        clock = QElapsedTimer()
        clock.start()
        self.of.until(
            lambda: len({pane.study() and pane.study().identity.study
                         for pane in self.window.grid.panes()}) > 1 or clock.elapsed() > 20_000,
            "the prior",
        )  # fmt: skip
        self.of.rest()
        self.middle(1)
        self.take("prior")
        self.do("compare.prior")
        self.do("mpr.show")
        self.of.rest()
        self.take("mpr")
        self.do("layout.hang")
        self.do("layout.2x2")
        self.take("layout")
        self.do("layout.1x1")

    def middle(self, pane: int = 0) -> None:
        """Scroll to the nodule in the pane of that number, and leave the first in hand."""
        panes = self.window.grid.panes()
        self.window.grid.activate(panes[pane])
        self.do("image.first")
        for _ in range(SLICES // 20):
            self.do("image.forward")
        for _ in range(SLICES // 2 % 10):
            self.do("image.next")
        self.window.grid.activate(panes[0])

    def mark(self) -> None:
        """A length over the nodule and a region beside it."""
        pane = self.window.viewport
        for tool, one, other in (
            ("tool.length", (0.23, 0.48), (0.30, 0.48)),
            ("tool.ellipse", (0.64, 0.40), (0.76, 0.56)),
        ):
            self.do(tool)
            begin, end = (
                QPoint(round(pane.width() * x), round(pane.height() * y)) for x, y in (one, other)
            )
            none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
            HANDS.mousePress(pane, left, none, begin)
            for step in (1, 2, 3, 4):
                HANDS.mouseMove(pane, begin + (end - begin) * step / 4)
            HANDS.mouseRelease(pane, left, none, end)
        self.do("tool.window")

    def dialogues(self) -> None:
        """What stands above the window."""
        self.dialogue_of("help.keys", "keys")
        self.dialogue_of("models.choose", "models")
        self.dialogue_of("model.card", "model-card")
        home, os.environ["HOME"] = os.environ.get("HOME", ""), "/home/reader"
        self.dialogue_of("study.export", "export")
        os.environ["HOME"] = home
        dialog = self.window.findChild(Preferences).open()
        dialog.names.setCurrentRow(dialog.names.count() - 1)
        self.take("settings", dialog)
        dialog.reject()
        self.window.resize(SIZE[0], 1180)
        self.dialogue_of("help.pattern", "test-pattern")
        self.window.resize(*SIZE)

    def looks(self) -> None:
        """The same window in other dress."""
        for name in ("high contrast", "light room"):
            self.dress(name)
            self.take(name.replace(" ", "-"))
        self.dress(font_size=20)
        self.take("large-words")
        self.dress()
        self.do("view.identity")
        self.take("identity-hidden")
        self.do("view.identity")


def german() -> Settings:
    """The settings of a reader who reads German."""
    return Settings(window=WindowSettings(language="de"))


if __name__ == "__main__":
    sys.exit("Run docs/make_pictures.py.")
