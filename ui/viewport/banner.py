"""The identity banner: whose images these are, above the pane, never scrolled away."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from dicom_io.charset import meant
from dicom_io.deidentify import burned_in
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.study import Study
from ui import theme
from ui.language import tr
from ui.viewport.grid import Grid
from ui.viewport.habits import Habits
from ui.viewport.overlay import plain
from ui.viewport.pane import Pane
from ui.viewport.viewport import Viewport
from ui.wording import NONE, spoken_date, whole_name

# How many letters of each field stay when the pane is narrow: who it is comes first.
KEPT = {
    "name": 12,
    "doubt": 16,
    "id": 20,
    "born": 24,
    "sex": 12,
    "study": 1,
    "date": 1,
    "accession": 1,
}


class Elided(QLabel):
    """One line of plain text that ends in … when there is no room, and then says all as tooltip.

    A name cut off without a sign could be read as another name.
    """

    def __init__(self, role: str, kept: int = 1, parent: QWidget | None = None) -> None:
        """`kept` is how many letters stay when there is no room."""
        super().__init__(parent)
        self._kept = kept
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def take_what_is_left(self) -> None:
        """Ask for no room of its own; stand at the right of what others leave."""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def minimumSizeHint(self) -> QSize:
        least = self.fontMetrics().horizontalAdvance("n" * self._kept + "…")
        hint = self.sizeHint()
        return QSize(min(least, hint.width()), hint.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width()
        )
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment()), shown)


class Banner(QWidget):
    """Name, ID, birth date, sex; study, date and accession. "–" for what is not known.

    While a frame is shown the banner says what that frame's own header says; before the first one
    arrives, what the study list said.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.BANNER_HEIGHT)
        self.setAccessibleName(tr("Patient and study"))
        self._study: Study | None = None
        self._frame: ImageFrame | None = None
        self._habits: Habits | None = None
        self._hides_identity = False
        self._fields = {
            name: Elided({"name": "strong", "doubt": "alarm"}.get(name, "quiet"), kept)
            for name, kept in KEPT.items()
        }
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACES[3], 0, theme.SPACES[3], 0)
        layout.setSpacing(theme.SPACES[3])
        for name, field in self._fields.items():
            layout.addWidget(field, 1 if name == "study" else 0)
        self._fields["study"].take_what_is_left()
        self._write()

    def follow(self, shown: Grid | Pane) -> None:
        """Always name the patient and study that the pane in hand shows."""
        shown.study_shown.connect(self.show_study)
        shown.frame_selected.connect(self.show_frame)
        if isinstance(shown, Viewport) and (habits := shown.habits()) is not None:
            self.obey(habits)
        self.show_study(shown.study())
        self.show_frame(shown.selected_frame())

    def obey(self, habits: Habits) -> None:
        """Hide whom the film shows while the reader wants it hidden."""
        self._habits = habits
        habits.changed.connect(self._take_habits)  # a method: let go with its window
        self._take_habits()

    def _take_habits(self) -> None:
        self._hides_identity = self._habits is not None and self._habits.hides_identity
        self._write()

    def show_study(self, study: Study | None) -> None:
        """The study that is opened; None when none is."""
        self._study = study
        self._write()

    def show_frame(self, frame: ImageFrame | None) -> None:
        """The frame on the screen; None while there is none."""
        self._frame = frame
        self._write()

    def identity(self) -> Identity | None:
        """Whom the banner names: the frame's identity, else the study's."""
        if self._frame is not None:
            return self._frame.identity
        return self._study.identity if self._study is not None else None

    def texts(self) -> dict[str, str]:
        """What stands in each field."""
        return {name: field.text() for name, field in self._fields.items()}

    def _warning(self) -> str:
        """While identity is hidden: that the picture itself may tell it; "" for no sign of it."""
        risky = self._frame is not None and bool(burned_in(self._frame.header))
        return tr("the picture itself may show a name") if risky else ""

    def _write(self) -> None:
        study = study_of(self._frame) if self._frame is not None else self._study
        if study is None:
            texts = {"name": tr("No study open")}
        else:
            kind = " ".join(part for part in (study.description, *study.modalities) if part)
            texts = {"name": tr("Identity hidden"), "id": self._warning(), "study": kind or NONE}
        if study is not None and not self._hides_identity:
            texts = {
                "name": whole_name(study.patient_name),
                "doubt": tr("other character set?") if meant(study.patient_name) else "",
                "id": tr("ID {id}", id=study.identity.patient_id or NONE),
                "born": tr("born {date}", date=spoken_date(study.birth_date)),
                "sex": tr("sex {sex}", sex=study.sex or NONE),
                "study": kind or NONE,
                "date": spoken_date(study.date),
                "accession": tr("Acc. {accession}", accession=study.accession or NONE),
            }
        for name, field in self._fields.items():
            text = plain(texts.get(name, ""))
            field.setText(text)
            field.setToolTip(text.replace("&", "&amp;").replace("<", "&lt;"))
            field.setVisible(bool(text))
        if study is not None and study.identity.issuer and not self._hides_identity:
            whole = tr(
                "{id}, issued by {issuer}", id=texts["id"], issuer=plain(study.identity.issuer)
            )
            self._fields["id"].setToolTip(whole.replace("&", "&amp;").replace("<", "&lt;"))
        if study is not None and texts.get("doubt"):
            self._fields["doubt"].setToolTip(doubt_of(study.patient_name))
        self.setAccessibleDescription(", ".join(plain(text) for text in texts.values() if text))


def doubt_of(name: str) -> str:
    """Why a name may be another than the file declares, and what to do; "" for no doubt."""
    other = meant(name)
    if other is None:
        return ""
    return tr(
        "The name is shown as its file declares it, but its bytes look like {charset}: {name}. "
        "Ask the sender which is right.",
        charset=other.charset,
        name=whole_name(other.text),
    )


def study_of(frame: ImageFrame) -> Study:
    """The study that a frame's header names."""

    def text(keyword: str) -> str:
        return str(frame.header.get(keyword) or "").strip()

    return Study(
        identity=frame.identity.of_study(),
        patient_name=text("PatientName"),
        birth_date=text("PatientBirthDate"),
        sex=text("PatientSex"),
        date=text("StudyDate"),
        time=text("StudyTime"),
        accession=text("AccessionNumber"),
        description=text("StudyDescription"),
        modalities=(frame.modality,) if frame.modality else (),
    )
