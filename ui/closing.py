"""Closing the window: not before everything that was typed is on the disk."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from ui.language import later, tr
from ui.session import Session

UNSAVED = later(
    "The report is not saved. Make room on the disk; closing again loses the last changes."
)


class Closing(QObject):
    """Holds the window open while the session writes, then closes it by itself.

    When something cannot be written the person is told, and decides by closing again.
    """

    def __init__(
        self,
        session: Session,
        *,
        close: Callable[[], bool],
        say: Callable[[str, str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._close = close
        self._say = say
        self._is_waiting = False
        self._was_told = False
        self._is_decided = False

    def may_close(self) -> bool:
        """True when the window may go now; else it is closed again when all is written."""
        if self._is_decided:
            return True
        self._session.flush()
        if self._session.is_settled and not self._session.lacks_room:
            return True
        if not self._is_waiting:
            self._is_waiting = True
            self._session.settled.connect(self._end)
        return False

    def _end(self) -> None:
        self._session.settled.disconnect(self._end)
        self._is_waiting = False
        if self._session.lacks_room and not self._was_told:
            self._was_told = True
            self._say(tr(UNSAVED), "alarm")
        else:
            self._is_decided = True
            self._close()
