"""A report template as a form: Tab leads through its fields, and what was filled in is inserted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from dicom_io.report.document import SectionKind
from dicom_io.report.template.filling import defaults, sentences
from dicom_io.report.template.template import Field, FieldKind, Template
from ui import theme
from ui.language import tr

Widget = QLineEdit | QPlainTextEdit | QComboBox | QCheckBox


class TemplateForm(QDialog):
    """One template at a time, chosen above; empty fields say nothing."""

    inserted = pyqtSignal(object, object)  # Template, dict[SectionKind, list[str]]

    def __init__(
        self, templates: Sequence[Template], header: Dataset, parent: QWidget | None = None
    ) -> None:
        """`templates`: those that fit the image first. `header` is that of the image."""
        super().__init__(parent)
        self.setWindowTitle(tr("Fill in a template"))
        self.setModal(True)
        self._templates = tuple(templates)
        self._header = header
        self._widgets: dict[str, Widget] = {}
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Template"))
        self.normal = QPushButton(tr("Fill in the rest as normal"))
        self._insert = QPushButton(tr("Insert"))
        self._cancel = QPushButton(tr("Cancel"))
        self._problem = QLabel()
        self._scroll = QScrollArea()
        self._lay_out()
        for one in self._templates:
            self.choice.addItem(one.title)
        self.choice.currentIndexChanged.connect(self._show)
        self.normal.clicked.connect(self.fill_in_normal)
        self._insert.clicked.connect(self._give)
        self._cancel.clicked.connect(self.reject)
        self._show()

    def template(self) -> Template | None:
        """The one that is shown."""
        at = self.choice.currentIndex()
        return self._templates[at] if 0 <= at < len(self._templates) else None

    def widget(self, field: str) -> Widget:
        """What a field is filled in with, by the field's id. Raises KeyError."""
        return self._widgets[field]

    def values(self) -> Mapping[str, str]:
        """What is filled in, by the fields' ids."""
        template = self.template()
        fields = template.fields() if template is not None else ()
        return {one.id: self._value(one) for one in fields}

    def problem(self) -> str:
        """What was not right with the last try; "" while nothing is known to be wrong."""
        return self._problem.text()

    def fill_in_normal(self) -> None:
        """Choose the first thing that can be said in every pick list of findings and impression
        where nothing is chosen. How the images were made, and what they were compared with, is
        never guessed."""
        template = self.template()
        judged = (SectionKind.FINDINGS, SectionKind.IMPRESSION)
        sections = template.sections if template is not None else ()
        for one in (one for part in sections if part.kind in judged for one in part.fields):
            widget = self._widgets[one.id]
            if isinstance(widget, QComboBox) and not widget.currentData():
                said = next((n for n, option in enumerate(one.options) if option.value), -1)
                widget.setCurrentIndex(max(said, widget.currentIndex()))

    def _show(self, _: object = None) -> None:
        """Another template was chosen: its form, with what is known filled in."""
        template = self.template()
        self._widgets = {}
        self._say("")
        body = QWidget()
        column = QVBoxLayout(body)
        column.setSpacing(theme.SPACES[2])
        if template is not None:
            known = defaults(template, self._header)
            for section in template.sections:
                heading = QLabel(section.title)
                heading.setProperty("role", "heading")
                heading.setTextFormat(Qt.TextFormat.PlainText)
                column.addWidget(heading)
                form = QFormLayout()
                form.setSpacing(theme.SPACES[2])
                for one in section.fields:
                    self._add(form, one, known.get(one.id, ""))
                column.addLayout(form)
            for notice in template.notices:
                label = QLabel(notice)
                label.setProperty("role", "alarm")
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setWordWrap(True)
                column.addWidget(label)
        column.addStretch(1)
        self._scroll.setWidget(body)

    def _add(self, form: QFormLayout, one: Field, value: str) -> None:
        widget = _made(one, value)
        widget.setAccessibleName(one.label)
        self._widgets[one.id] = widget
        if isinstance(widget, QCheckBox):
            form.addRow("", widget)
            return
        label = QLabel(f"{one.label} ({one.unit})" if one.unit else one.label)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setBuddy(widget)
        form.addRow(label, widget)

    def _value(self, one: Field) -> str:
        widget = self._widgets[one.id]
        if isinstance(widget, QComboBox):
            return str(widget.currentData() or "")
        if isinstance(widget, QCheckBox):
            return (one.default or one.label) if widget.isChecked() else ""
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()
        return widget.text()

    def _give(self) -> None:
        template = self.template()
        if template is None:
            return
        values = self.values()
        for one in template.fields():
            if problem := _wrong(one, values[one.id]):
                self._say(problem)
                self._widgets[one.id].setFocus()
                return
        self.inserted.emit(template, sentences(template, values))
        self.accept()

    def _say(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def _lay_out(self) -> None:
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._problem.setProperty("role", "alarm")
        self._problem.setWordWrap(True)
        self._problem.hide()
        foot = QHBoxLayout()
        foot.addWidget(self.normal)
        foot.addStretch(1)
        for button in (self.normal, self._cancel):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        self._insert.setProperty("role", "main")
        self._insert.setDefault(True)
        foot.addWidget(self._cancel)
        foot.addWidget(self._insert)
        column = QVBoxLayout(self)
        column.setSpacing(theme.SPACES[2])
        column.addWidget(self.choice)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._problem)
        column.addLayout(foot)
        self.resize(2 * theme.RIGHT_WIDTH, 2 * theme.RIGHT_WIDTH)


def _made(one: Field, value: str) -> Widget:
    """The widget of a field with its first value."""
    if one.kind is FieldKind.PICK:
        pick = QComboBox()
        if not any(not option.value for option in one.options):
            pick.addItem("–", "")
        for option in one.options:
            pick.addItem(option.text or "–", option.value)
        pick.setCurrentIndex(max(pick.findData(value), 0))
        return pick
    if one.kind is FieldKind.CHECK:
        check = QCheckBox(one.label)
        check.setChecked(bool(value))
        return check
    if one.kind is FieldKind.LONG_TEXT:
        area = QPlainTextEdit(value)
        area.setTabChangesFocus(True)
        area.setFixedHeight(4 * area.fontMetrics().lineSpacing())
        return area
    return QLineEdit(value)


def _wrong(one: Field, value: str) -> str:
    """What is wrong with a value, in a sentence; "" for nothing."""
    if one.kind is not FieldKind.NUMBER or not value.strip():
        return ""
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        return tr("“{label}” takes a number.", label=one.label)
    low, high = one.low, one.high
    if (low is not None and number < low) or (high is not None and number > high):
        return tr(
            "“{label}” takes a number from {low} to {high}.",
            label=one.label,
            low="–" if low is None else f"{low:g}",
            high="–" if high is None else f"{high:g}",
        )
    return ""
