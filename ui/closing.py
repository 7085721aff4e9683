"""Closing the window: not before everything that was typed is on the disk."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from ui.session import Session

UNSAVED = "The report is not saved. Make room on the disk; closing again loses the last changes."


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
        self._was_asked = False

    def may_close(self) -> bool:
        """True when the window may go now; else it is closed again when all is written."""
        self._session.autosave.flush()
        if self._session.is_settled or self._was_asked:
            return True
        self._was_asked = True
        self._session.settled.connect(self._end)
        return False

    def _end(self) -> None:
        self._session.settled.disconnect(self._end)
        if self._session.autosave.lacks_room:
            self._say(UNSAVED, "alarm")
        else:
            self._close()
