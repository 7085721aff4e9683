"""The banner says whose images these are, as their own header says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.study import Study
from tests.ui.films import film, sample
from ui.viewport.banner import Banner
from ui.viewport.viewport import Viewport
from ui.wording import spoken_date

Show = Callable[[Sequence[ImageFrame]], Viewport]


@pytest.fixture
def banner(qtbot: QtBot) -> Banner:
    made = Banner()
    qtbot.addWidget(made)
    return made


def test_it_follows_the_pane(showing: Show, viewport: Viewport, banner: Banner) -> None:
    banner.follow(viewport)
    assert banner.texts()["name"] == "No study open"

    showing(sample("RG1_UNCR.dcm"))
    assert banner.texts()["name"] == "CompressedSamples, RG1"
    assert banner.texts()["id"] == "ID 9RG1"

    viewport.clear()
    assert banner.texts()["name"] == "No study open"
    assert banner.texts()["id"] == ""


def test_before_the_first_frame_the_study_list_speaks(banner: Banner) -> None:
    study = Study(Identity("77", "Ward", "1.2"), "Curie^Marie", "18671107", "F", accession="A1")

    banner.show_study(study)

    texts = banner.texts()
    assert (texts["name"], texts["id"], texts["sex"]) == ("Curie, Marie", "ID 77", "sex F")
    assert texts["born"] == f"born {spoken_date('18671107')}" and "1867" in texts["born"]
    assert texts["accession"] == "Acc. A1"
    assert any("Ward" in field.toolTip() for field in banner.findChildren(QLabel))


def test_the_frame_overrules_the_list(banner: Banner) -> None:
    frame = film(np.zeros((2, 2), np.uint8), study=5)
    banner.show_study(Study(Identity("other", "", "9.9"), "Other^Name"))

    banner.show_frame(frame)

    assert banner.texts()["id"] == "ID P5"
    assert banner.identity() == frame.identity


def test_what_is_not_known_is_a_dash(banner: Banner) -> None:
    banner.show_study(Study(Identity("", "", "1.2")))

    texts = banner.texts()
    assert texts["name"] == "–"
    assert texts["id"] == "ID –"
    assert texts["born"] == "born –"
    assert texts["accession"] == "Acc. –"


def test_markup_and_line_ends_in_a_name_are_only_text(banner: Banner) -> None:
    banner.show_study(Study(Identity("<b>1</b>", "", "1.2"), "Evil\n^<i>Marie</i>"))

    assert banner.texts()["name"] == "Evil, <i>Marie</i>"
    assert banner.texts()["id"] == "ID <b>1</b>"


def test_a_name_too_long_for_the_window_ends_in_a_sign(banner: Banner, qtbot: QtBot) -> None:
    banner.show_study(Study(Identity("1", "", "1.2"), "Long" * 40))
    banner.resize(400, banner.height())
    banner.show()

    assert banner.width() == 400
    assert banner.minimumSizeHint().width() <= 400


def test_in_a_narrow_pane_the_person_is_named_before_the_study(
    banner: Banner, qtbot: QtBot
) -> None:
    who = Identity("4711-0815", "", "1.2")
    study = Study(who, "Curie^Marie", "18671107", "F", "20240102", description="Chest " * 20)
    banner.show_study(study)
    banner.resize(528, banner.height())
    banner.show()

    fields = {field.text(): field for field in banner.findChildren(QLabel)}
    for name in ("name", "id", "born", "sex"):
        field = fields[banner.texts()[name]]
        assert field.width() >= field.fontMetrics().horizontalAdvance(field.text())
