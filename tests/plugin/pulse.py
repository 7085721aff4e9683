"""How long the Qt thread works at a time, in CPU time, so that a busy machine does not count."""

from __future__ import annotations

import time

from PyQt6.QtCore import QObject, QTimer


class Pulse(QObject):
    """A timer that beats every millisecond; `longest` is the most work between two beats, in s."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self.beats = 0
        self._last = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now
        self.beats += 1
