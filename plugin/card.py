"""The model's card: what it learnt from, and what was measured on held-out cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PyQt6.QtGui import QFontDatabase
from PyQt6.QtWidgets import QDialog, QPlainTextEdit, QVBoxLayout

from plugin._shown import measured, models_of, tell
from ui.host import SPACES, Action, Host, tr

WIDTH, HEIGHT = 860, 720  # logical pixels; a card's lines have at most 100 letters


def start(host: Host) -> list[Action]:
    """Offer the card in the menu."""

    def show() -> None:
        def look(cancelled: Callable[[], bool]) -> Iterator[str]:
            yield measured(models_of(host).folder("answers"))[1]

        host.jobs.start(
            look,
            on_item=lambda text: CardDialog(text, host).open(),
            on_failed=lambda error: tell(host, error),
            pool="disk",
        )

    return [Action("model.card", tr("Model card"), "", show, group="Model")]


class CardDialog(QDialog):
    """The card as text that can be read and copied."""

    def __init__(self, text: str, host: Host) -> None:
        super().__init__(host.window())
        self.setWindowTitle(tr("Model card"))
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACES[3], SPACES[3], SPACES[3], SPACES[3])
        column.addWidget(self.text)
        self.resize(WIDTH, HEIGHT)
