"""A template is filled in by keys alone, and what it says stands in the report, undoable."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from dicom_io.pacs.samples import sample_files
from dicom_io.report.document import Origin, SectionKind
from dicom_io.report.template.mrrt_reading import template_of
from tests.plugin.desk import Desk
from tests.reports import film
from tests.ui.hands import CTRL, KEYS, NONE
from ui.report.template_form import TemplateForm

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path) -> Iterator[Desk]:
    """A window on a folder with one CT slice."""
    path = next(path for path in sample_files() if path.name == "CT_small.dcm")
    (tmp_path / "study").mkdir()
    shutil.copy(path, tmp_path / "study")
    opened = Desk(qtbot, own_home, [FolderSource(tmp_path / "study")], plugins=())
    yield opened
    opened.close()


def form_of(desk: Desk) -> TemplateForm:
    """The form, opened by its key over a CT slice."""
    path = next(path for path in sample_files() if path.name == "CT_small.dcm")
    desk.search("")
    desk.open(str(dcmread(path, stop_before_pixels=True).StudyInstanceUID))
    desk.key(KEY.Key_T, CTRL)
    desk.wait(lambda: desk.window.templates.form is not None)
    form = desk.window.templates.form
    assert form is not None
    desk.wait(form.isVisible)
    return form


def choose(form: TemplateForm, title: str) -> None:
    form.choice.setCurrentIndex(form.choice.findText(title))


def test_what_was_filled_in_stands_in_the_report_as_the_templates(desk: Desk) -> None:
    form = form_of(desk)
    assert form.template() is not None and form.choice.count() >= 7
    choose(form, "CT of the chest")
    form.widget("indication").setFocus()
    desk.type("Cough.")
    nodule = form.widget("nodule")
    assert isinstance(nodule, QComboBox)
    nodule.setFocus()
    KEYS.keyClick(nodule, KEY.Key_Down, NONE)
    KEYS.keyClick(nodule, KEY.Key_Down, NONE)
    KEYS.keyClick(nodule, KEY.Key_Tab, NONE)
    assert QApplication.focusWidget() is form.widget("nodule-size")
    desk.type("7")
    KEYS.keyClick(form.widget("nodule-size"), KEY.Key_Return, NONE)

    desk.wait(lambda: desk.window.templates.form is None)
    report = desk.report()
    assert report is not None
    said = {one.text: one.origin for one in report.sentences()}
    assert set(said) == {
        "Cough.",
        "Contrast agent: ISOVUE300/100.",
        "Slice thickness: 5 mm.",
        "There is a pulmonary nodule.",
        "Largest nodule: 7 mm.",
    }
    assert set(said.values()) == {Origin.TEMPLATE}
    assert [one.text for one in report.section(SectionKind.INDICATION).sentences] == ["Cough."]

    desk.viewer.session.ledger.undo()
    report = desk.report()
    assert report is not None and len(report.sentences()) == 4


def test_a_number_out_of_its_range_is_told_and_nothing_is_inserted(desk: Desk) -> None:
    form = form_of(desk)
    choose(form, "CT of the chest")
    size = form.widget("nodule-size")
    assert isinstance(size, QLineEdit)

    for wrong in ("seven", "900"):
        size.setText(wrong)
        KEYS.keyClick(size, KEY.Key_Return, NONE)
        assert "takes a number" in form.problem()
        assert desk.sentences() == ()

    size.setText("7,5")
    KEYS.keyClick(size, KEY.Key_Return, NONE)
    desk.wait(lambda: desk.window.templates.form is None)
    assert any("7,5 mm" in one.text for one in desk.sentences())


def test_one_key_fills_in_the_rest_as_normal_and_keeps_what_was_chosen(qtbot: QtBot) -> None:
    html = (
        '<select id="a"><option value="">-</option><option>Normal.</option><option>Bad.</option>'
        '</select><select id="b"><option value="">-</option><option>Fine.</option></select>'
        '<input id="c" type="checkbox" checked><label for="c">Seen</label>'
        '<h2>Technique</h2><select id="d"><option value="">-</option><option>A.</option></select>'
    )
    form = TemplateForm([template_of(html.encode(), Path("a.html"))], film())
    qtbot.addWidget(form)
    first, check = form.widget("a"), form.widget("c")
    assert isinstance(first, QComboBox) and isinstance(check, QCheckBox)
    first.setCurrentIndex(2)

    form.normal.click()

    assert form.values() == {"a": "Bad.", "b": "Fine.", "c": "Seen", "d": ""}
    check.setChecked(False)
    assert form.values()["c"] == ""


def test_the_form_goes_with_its_study(desk: Desk) -> None:
    form = form_of(desk)

    desk.window.session.close()

    assert desk.window.templates.form is None
    assert not form.isVisible()
    assert desk.report() is None


def test_a_signed_report_takes_no_template(desk: Desk) -> None:
    assert not desk.window.table.entry("report.template").isEnabled()
