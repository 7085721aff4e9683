"""T9: nine names from nine files are right on the screen, every character with a glyph."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from PyQt6.QtGui import QFont, QFontMetrics
from PyQt6.QtWidgets import QListView, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.study import Study
from tests.ui.films import SECONDARY_CAPTURE
from ui import theme
from ui.viewport.banner import Banner, study_of
from ui.worklist.study_rows import Listed, StudyDelegate, StudyRows

# What is declared, and the name; as a reader finds it on the screen.
NAMES = {
    "cyrillic": ("ISO_IR 144", "Люкceмбypг^Анна", "Люкceмбypг, Анна"),
    "greek": ("ISO_IR 126", "Διονυσιος^Ελενη", "Διονυσιος, Ελενη"),
    "arabic": ("ISO_IR 127", "قباني^لنزار", "قباني, لنزار"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう",
                 "Yamada, Tarou · 山田, 太郎 · やまだ, たろう"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동",
               "Hong, Gildong · 洪, 吉洞 · 홍, 길동"),
    "gb18030": ("GB18030", "Wang^XiaoDong=王^小东", "Wang, XiaoDong · 王, 小东"),
    "latin 1": ("ISO_IR 100", "Müller^Bärbel", "Müller, Bärbel"),
    "utf-8": ("ISO_IR 192", "Þór^Łucja Ğ", "Þór, Łucja Ğ"),
    "declared wrongly": ("ISO_IR 100", "张^三".encode("gbk").decode("latin-1"), "ÕÅ, Èý"),
}  # fmt: skip
FAMILIES = {"zh": "张", "ja": "や", "ko": "홍", "ar": "ق"}


def written(place: Path, name: str) -> ImageFrame:
    """A file of one pixel with that name, on the disk and read again."""
    declared, patient, _ = NAMES[name]
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = declared
    dataset.SOPClassUID = SECONDARY_CAPTURE
    dataset.PatientName = patient
    dataset.StudyDescription = "≤ 5 µm" if declared == "ISO_IR 192" else "Chest"
    for number, keyword in enumerate(("Study", "Series", "SOP"), start=1):
        setattr(dataset, f"{keyword}InstanceUID", f"2.25.77.{number}")
    dataset.Modality = "OT"
    dataset.Rows = dataset.Columns = dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = b"\0\0"
    path = place / "name.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return open_frames(path)[0]


def listed(study: Study) -> str:
    """What the study list says of a study."""
    rows = StudyRows()
    rows.add(Listed(study, "PACS"))
    return str(rows.index(0).data())


def without_glyph(font: QFont, text: str) -> set[str]:
    """The characters for which neither the font nor one that stands in for it has a glyph."""
    metrics = QFontMetrics(font)
    return {sign for sign in text if not sign.isspace() and not metrics.inFontUcs4(ord(sign))}


@pytest.fixture(scope="module")
def fonts() -> None:
    """The operating system's fonts for the names' writing systems, as fontconfig tells."""
    tool = shutil.which("fc-list")
    if tool is None:
        pytest.skip("the operating system has no fontconfig to ask for fonts")
    for language, sign in FAMILIES.items():
        asked = [tool, f":lang={language}", "family"]
        if not subprocess.run(asked, capture_output=True, check=True).stdout.strip():
            pytest.skip(f"the operating system has no such fonts: none for {sign}")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_in_banner_and_list_as_the_file_means_it(
    qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    frame = written(tmp_path, name)

    banner.show_frame(frame)

    assert banner.texts()["name"] == NAMES[name][2]
    assert listed(study_of(frame)).startswith(f"{NAMES[name][2]}, ")


def test_a_name_declared_wrongly_is_doubted_aloud(qtbot: QtBot, tmp_path: Path) -> None:
    banner = Banner()
    qtbot.addWidget(banner)

    banner.show_frame(written(tmp_path, "declared wrongly"))

    assert banner.texts()["doubt"] == "other character set?"
    told = [field.toolTip() for field in banner.findChildren(type(banner._fields["doubt"]))]
    assert any("GB18030: 张, 三" in words for words in told)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "declared wrongly"])
def test_a_name_declared_rightly_is_not_doubted(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    banner = Banner()
    qtbot.addWidget(banner)

    banner.show_frame(written(tmp_path, name))

    assert banner.texts()["doubt"] == ""


@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize("name", NAMES)
def test_every_character_has_a_glyph_in_banner_list_and_overlay(qtbot: QtBot, name: str) -> None:
    banner, view = Banner(), QListView()
    for widget in (banner, view):
        qtbot.addWidget(widget)
        widget.setStyleSheet(theme.style_sheet())
        widget.ensurePolished()
    option = QStyleOptionViewItem()
    StudyDelegate(view).initStyleOption(option, StudyRows().index(0))
    field = banner._fields["name"]
    field.ensurePolished()

    for font in (field.font(), view.font(), option.font, theme.overlay_font()):
        assert without_glyph(font, NAMES[name][2]) == set()


@pytest.mark.usefixtures("fonts")
def test_a_character_that_no_font_has_is_found_out(qtbot: QtBot) -> None:
    assert without_glyph(theme.overlay_font(), "\U0010fffd") == {"\U0010fffd"}
