"""How long a key holds the window while somebody types into a list of many studies.

    python bench/study_list.py [--studies 100000]

The list is the real one with its field, view and delegate, filled by its own job with made studies
as a disk would list them. Each key is a real key event; its time goes from the event until the list
is filtered, laid out and painted anew: by the clock, and as what the Qt thread computed, since
others use the machine at the same time. Beside it in the same run: the usual way (Qt's
QSortFilterProxyModel over the same texts and a view like ours), and the floor (one pass of Python's
`in` over all texts). Also told: the longest turn of the event loop while all the studies came in.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PyQt6.QtCore import QSortFilterProxyModel, QStringListModel, Qt  # noqa: E402
from PyQt6.QtTest import QTest  # noqa: E402
from PyQt6.QtWidgets import QListView  # noqa: E402

from dicom_io.identity import Identity  # noqa: E402
from dicom_io.study import Study  # noqa: E402
from ui import theme  # noqa: E402
from ui.application import application  # noqa: E402
from ui.jobs import Jobs  # noqa: E402
from ui.worklist.study_list import StudyList  # noqa: E402
from ui.worklist.study_rows import text_of  # noqa: E402

WANTED = 50.0  # ms for each key
WORDS = ("schneider, an", "p0012", "maria", "a0099")
FAMILIES = ("Schneider", "Yilmaz", "Nguyen", "Andersen", "Rossi", "Kowalska", "Okafor", "Ivanova")
GIVEN = ("Anna", "Maria", "Peter", "Jonas", "Aylin", "Chiara", "Ngozi", "Olga", "Andreas")
KEYS: Any = QTest  # its static functions are typed as methods in PyQt's stubs


class Took(NamedTuple):
    """ms by the clock, and ms that the Qt thread computed; others use this machine as well."""

    wall: float
    thread: float


class Clock:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._wall, self._thread = time.perf_counter(), time.thread_time()

    def read(self) -> Took:
        """What has passed."""
        wall, thread = time.perf_counter() - self._wall, time.thread_time() - self._thread
        return Took(wall * 1000, thread * 1000)


def made(count: int) -> tuple[Study, ...]:
    """Studies as an archive lists them."""
    return tuple(
        Study(
            identity=Identity(f"P{number % 70_000:06d}", "", f"2.25.{10**20 + number}"),
            patient_name=f"{FAMILIES[number % 8]}^{GIVEN[number % 9]}{number % 211}",
            birth_date="19700102",
            sex="F",
            date=f"20{number % 27:02d}0{number % 9 + 1}11",
            accession=f"A{number:07d}",
            description="Chest",
            modalities=("CR",),
        )
        for number in range(count)
    )


def typed(key: Callable[[str], None], settle: Callable[[], None]) -> list[Took]:
    """What each key of `WORDS`, and each backspace, took until all was painted."""
    times = []
    for word in WORDS:
        for sign in (*word, *("\b" * len(word))):
            clock = Clock()
            key(sign)
            settle()
            times.append(clock.read())
    return times


def longest_turn(turn: Callable[[], None], is_done: Callable[[], bool]) -> tuple[Took, Took]:
    """The longest turn of the event loop until it is done, and the whole."""
    longest, whole = Took(0.0, 0.0), Clock()
    while not is_done():
        clock = Clock()
        turn()
        longest = max(longest, clock.read(), key=lambda took: took.thread)
    return longest, whole.read()


def ours(studies: Sequence[Study]) -> tuple[list[Took], Took, Took]:
    """Keys, longest turn and whole time of filling, in our list."""
    app = application()
    jobs = Jobs()
    shown = threading.Event()  # the window's own first paint is not the studies' matter

    def on_disk() -> Sequence[Study]:
        shown.wait()
        return studies

    view = StudyList(jobs, (), on_disk)
    view.resize(theme.LEFT_WIDTH, 900)
    view.show()
    for _ in range(3):
        app.processEvents()
    shown.set()
    turn, filling = longest_turn(app.processEvents, lambda: view.rows.count() == len(studies))

    def settle() -> None:
        app.processEvents()
        view.list.viewport().repaint()  # type: ignore[union-attr]  # every list has one

    def key(sign: str) -> None:
        if sign == "\b":
            KEYS.keyClick(view.field, Qt.Key.Key_Backspace)
        else:
            KEYS.keyClicks(view.field, sign)

    settle()
    times = typed(key, settle)
    view._pause.stop()
    view.close()
    jobs.close()
    return times, turn, filling


def usual_way(texts: Sequence[str]) -> list[Took]:
    """The same keys through Qt's own filter."""
    app = application()
    source, proxy, view = QStringListModel(list(texts)), QSortFilterProxyModel(), QListView()
    proxy.setSourceModel(source)
    view.setUniformItemSizes(True)
    view.setModel(proxy)
    view.resize(theme.LEFT_WIDTH, 900)
    view.show()
    app.processEvents()
    words = ""

    def key(sign: str) -> None:
        nonlocal words
        words = words[:-1] if sign == "\b" else words + sign
        proxy.setFilterFixedString(words)

    def settle() -> None:
        app.processEvents()
        view.viewport().repaint()  # type: ignore[union-attr]  # every list has one

    return typed(key, settle)


def one_pass(texts: Sequence[str]) -> float:
    """ms for one look at every text."""
    times = []
    for _ in range(9):
        begun = time.perf_counter()
        found = sum("schneider" in text for text in texts)
        times.append((time.perf_counter() - begun) * 1000)
        assert found
    return min(times)


def told(times: Sequence[Took]) -> str:
    """Median and longest, in ms of the Qt thread and by the clock."""
    thread, wall = [took.thread for took in times], [took.wall for took in times]
    return (
        f"median {median(thread):6.1f} ms, longest {max(thread):6.1f} ms of the Qt thread "
        f"(by the clock {median(wall):.1f} and {max(wall):.1f})"
    )


def main() -> int:
    """Print the figures; 1 when a key took too long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=100_000)
    count = parser.parse_args().studies
    studies = made(count)
    texts = [text_of(study) for study in studies]
    times, turn, filling = ours(studies)
    usual, floor = usual_way(texts), one_pass(texts)
    worst, theirs = max(took.thread for took in times), max(took.thread for took in usual)
    verdict = "yes" if worst < WANTED else "NO"
    print(f"{count} studies, {len(times)} keys; load {os.getloadavg()[0]:.1f}")
    print(f"a key, ours       {told(times)}   wanted {WANTED:.0f} ms  [{verdict}]")
    print(
        f"a key, usual way  {told(usual)}   QSortFilterProxyModel; {theirs / worst:.1f} times ours"
    )
    print(
        f"floor             one pass over all texts {floor:.1f} ms; ours {worst / floor:.1f} times"
    )
    print(f"filling the list  {filling.wall / 1000:.2f} s, the longest turn of the event loop "
          f"{turn.thread:.1f} ms of the Qt thread ({turn.wall:.1f} ms by the clock)")  # fmt: skip
    return 0 if worst < WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
