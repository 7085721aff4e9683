"""A signed report as a PDF: the words on A4, with whose they are and what they may be used for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF
from PyQt6.QtGui import QGuiApplication, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from dicom_io.report.export.letter import Letter
from dicom_io.report.pages.reading import moment, name
from dicom_io.storage import write_safely

MARGIN = 20.0  # mm
SIZE = 11  # points

_application: list[QGuiApplication] = []  # kept: Qt ends with the last reference to it


def write_pdf(letter: Letter, path: Path) -> None:
    """Write the PDF, safely. Raises StorageProblem."""
    write_safely(path, as_pdf(letter))


def as_pdf(letter: Letter) -> bytes:
    """The PDF. Its properties name no patient. Works without a window and without a screen."""
    if QGuiApplication.instance() is None:
        if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _application.append(QGuiApplication(["wetread"]))
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(letter.title.meaning)
    writer.setCreator("Wetread")
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN), QPageLayout.Unit.Millimeter)
    page = QTextDocument()
    font = page.defaultFont()
    font.setPointSize(SIZE)
    page.setDefaultFont(font)
    page.setHtml("".join(_parts(letter)))
    page.print(writer)
    del writer  # it writes the end of the file when it goes
    buffer.close()
    return bytes(content.data())


def _parts(letter: Letter) -> Iterator[str]:
    """Headings and paragraphs. All words are escaped: nothing in a report is mark-up."""
    yield f"<h2>{escape(letter.title.meaning)}</h2>"
    yield f"<p><b>{escape(letter.notice())}</b></p>"
    facts = (
        ("Patient", name(letter.patient_name)),
        ("Born", moment(letter.birth_date)),
        ("Patient ID", letter.patient_id),
        ("Study", letter.study_description),
        ("Study date", moment(letter.study_date)),
        ("Accession number", letter.accession),
        ("Referring physician", name(letter.referring)),
    )
    said = [f"{label}: {escape(value)}" for label, value in facts if value]
    yield f"<p>{'<br/>'.join(said)}</p>"
    for kind, texts in letter.sections():
        yield f"<h3>{escape(kind.value)}</h3>"
        for text in texts:
            lines = escape(text).replace("\n", "<br/>")
            yield f"<p>{lines}</p>"
    signed = f"{letter.signed_at:%Y-%m-%d %H:%M:%S%z}"
    organization = f" ({letter.reader.organization})" if letter.reader.organization else ""
    yield f"<p>Signed by {escape(name(letter.reader.name) + organization)}, {signed}</p>"
    for model in letter.models():
        yield f"<p>With help of the model {escape(model)}</p>"
    yield f"<p>Document {escape(letter.uid)}</p>"
