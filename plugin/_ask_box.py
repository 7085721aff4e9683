"""The question field: what the model gets, the answer, and a bar for each candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QStringListModel, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QPixmap
from PyQt6.QtWidgets import (
    QComboBox,
    QCompleter,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from model_backend.tasks import TASKS
from plugin._reply import Reply
from ui.host import SPACES, later, probability_words, set_property, tr

CROP = 96  # logical pixels, the side of the preview
BARS = 6  # candidates that get a bar


QUESTION = later("Question")  # what the list of tasks calls an open or closed question
ANY = later("Ask about the image, or draw a box first (B)")


@dataclass(frozen=True)
class Question:
    """What was typed, and what it is to be: `task` is "" for a question, open or closed."""

    text: str
    choices: tuple[str, ...] = ()
    task: str = ""
    text2: str = ""

    @classmethod
    def typed(cls, line: str) -> Question:
        """`question | answer, answer` as it was typed.

        >>> Question.typed("Which side? | left, right")
        Question(text='Which side?', choices=('left', 'right'), task='', text2='')
        """
        text, _, answers = line.partition("|")
        return cls(text.strip(), listed(answers))

    @classmethod
    def for_task(cls, name: str, first: str, second: str) -> Question:
        """What the two fields say to a task: its texts in their order, then its candidates."""
        task = TASKS[name]
        written = [first, second]
        texts = [written.pop(0).strip() for _ in task.texts]
        choices = listed(written[0]) if written and task.has_candidates else ()
        return cls(texts[0] if texts else "", choices, name, texts[1] if len(texts) > 1 else "")


def listed(line: str) -> tuple[str, ...]:
    """`a, b` as two."""
    return tuple(part.strip() for part in line.split(",") if part.strip())


def hints(name: str) -> tuple[str, str]:
    """What stands in the two empty fields of a task; "" for a field that it does not need."""
    if not name:
        return tr(ANY), ""
    task = TASKS[name]
    wanted = [f"{text[:1].upper()}{text[1:]}" for text in task.texts]
    wanted += [tr("Answers to choose from: a, b, c")] if task.has_candidates else []
    return (*wanted, "", "")[0], (*wanted, "", "")[1]


class AskBox(QWidget):
    """A question about the image or the box drawn on it, and what came back."""

    asked = pyqtSignal(object)  # Question
    task_changed = pyqtSignal(str)
    insert_asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.crop = QLabel()
        self.tasks = QComboBox()
        self.question = QLineEdit()
        self.second = QLineEdit()
        self._answer = QLabel()
        self._certainty = QLabel()
        self._order = QLabel()
        self._below = QLabel()
        self.insert_button = QPushButton(tr("Insert as finding"))
        self._bars = [_Bar() for _ in range(BARS)]
        self._offered = QStringListModel([], self)
        self._nothing = QStringListModel([], self)
        self._lay_out()
        for field in (self.question, self.second):
            field.returnPressed.connect(self._give)
        self.tasks.currentIndexChanged.connect(self._show_fields)
        self.offer_tasks(())
        self.insert_button.clicked.connect(self.insert_asked)
        self.clear_answer()

    def focus_question(self) -> None:
        """Put the cursor into the field."""
        self.question.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.question.selectAll()

    def offer(self, questions: tuple[str, ...]) -> None:
        """Questions that the model knows, completed while a person types."""
        self._offered.setStringList(list(questions))

    def offer_tasks(self, names: tuple[str, ...]) -> None:
        """The tasks beside the question; without any there is nothing to choose."""
        before = self.task()
        self.tasks.blockSignals(True)
        self.tasks.clear()
        self.tasks.addItem(tr(QUESTION), "")
        for name in names:
            self.tasks.addItem(TASKS[name].title, name)
        self.tasks.setCurrentIndex(max(0, self.tasks.findData(before)))
        self.tasks.blockSignals(False)
        self.tasks.setVisible(bool(names))
        self._show_fields()

    def task(self) -> str:
        """The task in hand, "" for a question."""
        return str(self.tasks.currentData() or "")

    def _show_fields(self) -> None:
        """The fields that the task in hand needs, with what belongs into them."""
        name = self.task()
        first, second = hints(name)
        task = TASKS.get(name)
        nothing = tr("Draw a box (B), then Enter") if task and task.has_box else tr("Enter asks")
        self.question.setPlaceholderText(first or nothing)
        self.question.setReadOnly(not first)
        self.second.setPlaceholderText(second)
        self.second.setVisible(bool(second))
        self.crop.setVisible(task is None or task.has_image)
        completer = self.question.completer()
        if completer is not None:
            completer.setModel(self._offered if not name else self._nothing)
        self.task_changed.emit(name)

    def answer(self) -> str:
        """The answer on the screen, "" while there is none."""
        return self._answer.text()

    def said(self) -> str:
        """The line below the answer."""
        return self._below.text()

    def clear_crop(self) -> None:
        """No image is there that could be asked about."""
        self.crop.clear()
        self.crop.setToolTip("")

    def show_crop(self, pixels: NDArray[np.uint8], side: int) -> None:
        """What the model gets: `pixels`, squeezed to `side` x `side` as the model does it."""
        ratio = self.devicePixelRatioF()
        size = round(CROP * ratio)
        image = _image(pixels)
        smooth = Qt.TransformationMode.SmoothTransformation
        ignore = Qt.AspectRatioMode.IgnoreAspectRatio
        if side:
            image = image.scaled(side, side, ignore, smooth)
        shown = QPixmap.fromImage(image.scaled(size, size, ignore, smooth))
        shown.setDevicePixelRatio(ratio)
        self.crop.setPixmap(shown)
        rows, columns = pixels.shape[:2]
        squeezed = tr(", squeezed to {side} × {side}", side=side) if side else ""
        self.crop.setToolTip(
            tr(
                "What the model gets: {columns} × {rows} pixels{squeezed}",
                columns=columns,
                rows=rows,
                squeezed=squeezed,
            )
        )

    def show_waiting(self) -> None:
        """A question is under way."""
        self.clear_answer()
        self._say(tr("Asking. Esc stops."))

    def show_stopped(self) -> None:
        self._say(tr("Stopped."))

    def show_problem(self, sentence: str) -> None:
        """Why there is no answer."""
        self.clear_answer()
        self._say(sentence, "alarm")

    def show_reply(self, reply: Reply, seconds: float) -> None:
        """The answer as it grows; `seconds` since it was asked."""
        self._answer.setText(reply.text or found_words(reply))
        if reply.refusal:
            self._say(reply.refusal, "ai")
            return
        if not reply.is_final:
            return
        known = reply.probability
        self._certainty.setText(probability_words(known) if known is not None else "")
        self._show_order(reply)
        ranked = sorted(reply.probabilities, key=lambda pair: -pair[1])
        for bar, pair in zip(self._bars, ranked, strict=False):
            bar.show_candidate(*pair)
        notes = ", ".join(tr(note) for note in reply.note.split(", "))  # kept in English
        parts = [notes, f"{seconds * 1000:.0f} ms"]
        self._say(" · ".join(part for part in parts if part))
        self.insert_button.setVisible(bool(reply.text) and reply.seen is not None)
        self.insert_button.setEnabled(True)

    def order(self) -> str:
        """The candidates in their order, where no probability may be shown."""
        return self._order.text()

    def _show_order(self, reply: Reply) -> None:
        shown = reply.ranked[:BARS] if not reply.probabilities else ()
        left = len(reply.ranked) - len(shown)
        more = tr(" and {count} more", count=left) if shown and left else ""
        self._order.setText(
            tr("In order: {answers}{more}", answers=", ".join(shown), more=more) if shown else ""
        )
        self._order.setVisible(bool(shown))

    def show_inserted(self, taken: bool) -> None:
        """The answer stands in the report now, to be decided there."""
        self.insert_button.setEnabled(not taken)

    def clear_answer(self) -> None:
        """Nothing was asked; the question that was typed stays."""
        for label in (self._answer, self._certainty, self._order):
            label.clear()
        self._order.hide()
        for bar in self._bars:
            bar.hide()
        self.insert_button.hide()
        self._say("")

    def _say(self, text: str, role: str = "quiet") -> None:
        set_property(self._below, "role", role)
        self._below.setText(text)
        self._below.setVisible(bool(text))

    def _give(self) -> None:
        question = Question.typed(self.question.text())
        if name := self.task():
            question = Question.for_task(name, self.question.text(), self.second.text())
        completer = self.question.completer()
        popup = completer.popup() if completer is not None else None
        if popup is not None:
            popup.hide()
        if question.text or question.task:
            self.asked.emit(question)

    def _lay_out(self) -> None:
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACES[3], SPACES[2], SPACES[3], SPACES[2])
        line.setSpacing(SPACES[2])
        self.crop.setFixedSize(CROP, CROP)
        self.crop.setObjectName("crop")
        self.crop.setAccessibleName(tr("What the model gets"))
        line.addWidget(self.crop, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(SPACES[0] + 2)
        self.question.setObjectName("question")
        self.question.setToolTip(
            tr("Enter asks. Answers to choose from may follow a bar: … | a, b")
        )
        completer = QCompleter(self._offered, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.question.setCompleter(completer)
        self.tasks.setAccessibleName(tr("What to ask"))
        self.tasks.setToolTip(tr("What to ask: a question, or another task of the model"))
        self.tasks.setProperty("small", True)
        self.tasks.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        column.addWidget(self.tasks, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.question)
        self.second.setAccessibleName(tr("Second text, or answers to choose from"))
        self.second.hide()
        column.addWidget(self.second)
        said = QHBoxLayout()
        self._answer.setProperty("role", "text")
        self._answer.setWordWrap(True)
        self._answer.setTextFormat(Qt.TextFormat.PlainText)
        self._certainty.setProperty("role", "quiet")
        said.addWidget(self._answer)
        said.addWidget(self._certainty)
        said.addStretch(1)
        column.addLayout(said)
        for bar in self._bars:
            column.addWidget(bar)
        self._order.setProperty("role", "quiet")
        self._order.setProperty("small", True)
        self._order.setWordWrap(True)
        self._order.setTextFormat(Qt.TextFormat.PlainText)
        column.addWidget(self._order)
        foot = QHBoxLayout()
        self._below.setProperty("small", True)
        self._below.setWordWrap(True)
        self.insert_button.setProperty("role", "plain")
        self.insert_button.setToolTip(tr("Put the answer among the findings, to be decided there"))
        foot.addWidget(self._below, 1)
        foot.addWidget(self.insert_button)
        column.addLayout(foot)
        column.addStretch(1)
        line.addLayout(column, 1)


class _Bar(QWidget):
    """One candidate: its words, a bar, its share."""

    def __init__(self) -> None:
        super().__init__()
        self._words = QLabel()
        self._share = QLabel()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setProperty("role", "ai")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACES[1])
        grid.setColumnMinimumWidth(0, 4 * SPACES[3])
        grid.setColumnMinimumWidth(2, 2 * SPACES[3])
        grid.setColumnStretch(1, 1)
        for column, part in enumerate((self._words, self._bar, self._share)):
            part.setProperty("small", True)
            grid.addWidget(part, 0, column)
        for label in (self._words, self._share):
            label.setProperty("role", "quiet")
            label.setTextFormat(Qt.TextFormat.PlainText)

    def show_candidate(self, words: str, probability: float) -> None:
        self._words.setText(words)
        self._share.setText(f"{probability:.2f}")
        self._bar.setValue(round(probability * 1000))
        self.setAccessibleName(f"{words}: {probability:.2f}")
        self.show()


def found_words(reply: Reply) -> str:
    """What was found, where the answer is no text."""
    if reply.codes:
        return tr("{count} codes", count=len(reply.codes))
    if not reply.is_final or reply.refusal or reply.scores:
        return ""
    labels = [found.label or tr("here") for found in reply.places]
    return ", ".join(labels) or tr("Nothing was found.")


def _image(pixels: NDArray[np.uint8]) -> QImage:
    """A copy of grey or RGB pixels as an image of Qt's."""
    kept = np.ascontiguousarray(pixels)
    rows, columns = kept.shape[:2]
    is_grey = kept.ndim == 2
    form = QImage.Format.Format_Grayscale8 if is_grey else QImage.Format.Format_RGB888
    return QImage(kept.tobytes(), columns, rows, kept.strides[0], form).copy()
