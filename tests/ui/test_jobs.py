"""Slow work runs elsewhere, arrives here, in order, and never after it was cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from ui.jobs import THREADS, Jobs

Cancelled = Callable[[], bool]


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    runner = Jobs()
    yield runner
    assert runner.close()


def test_items_and_the_end_arrive_in_order_on_the_qt_thread(jobs: Jobs, qtbot: QtBot) -> None:
    seen: list[object] = []
    threads: set[int] = set()

    def work(cancelled: Cancelled) -> Iterator[int]:
        threads.add(threading.get_ident())
        yield from range(500)

    def on_item(item: int) -> None:
        assert threading.current_thread() is threading.main_thread()
        seen.append(item)

    jobs.start(work, on_item=on_item, on_done=lambda: seen.append("done"))

    qtbot.waitUntil(lambda: bool(seen) and seen[-1] == "done", timeout=5000)
    assert seen[:-1] == list(range(500))
    assert threading.get_ident() not in threads


def test_nothing_is_delivered_after_cancel(jobs: Jobs, qtbot: QtBot) -> None:
    seen: list[int] = []
    stopped = threading.Event()

    def work(cancelled: Cancelled) -> Iterator[int]:
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            stopped.set()

    job = jobs.start(work, on_item=seen.append, on_done=lambda: seen.append(-1))
    qtbot.waitUntil(lambda: len(seen) > 3, timeout=5000)
    job.cancel()
    count = len(seen)

    assert stopped.wait(5)
    after: list[int] = []
    jobs.start(lambda cancelled: iter([1]), on_item=after.append)
    qtbot.waitUntil(lambda: after == [1], timeout=5000)
    assert len(seen) == count
    assert not job.is_running


def test_a_job_cancelled_by_its_own_item_delivers_no_more(jobs: Jobs, qtbot: QtBot) -> None:
    seen: list[int] = []

    def on_item(item: int) -> None:
        seen.append(item)
        job.cancel()

    job = jobs.start(lambda cancelled: iter(range(50)), on_item=on_item)
    after: list[int] = []
    qtbot.waitUntil(lambda: bool(seen), timeout=5000)
    jobs.start(lambda cancelled: iter([1]), on_item=after.append)

    qtbot.waitUntil(lambda: after == [1], timeout=5000)
    assert seen == [0]


def test_a_failure_goes_to_its_handler_with_what_came_before(jobs: Jobs, qtbot: QtBot) -> None:
    seen: list[object] = []

    def work(cancelled: Cancelled) -> Iterator[int]:
        yield 1
        raise OSError("gone")

    jobs.start(work, on_item=seen.append, on_failed=seen.append)

    qtbot.waitUntil(lambda: len(seen) == 2, timeout=5000)
    assert seen[0] == 1
    assert isinstance(seen[1], OSError)


def test_a_failure_that_nobody_takes_is_told(jobs: Jobs, qtbot: QtBot) -> None:
    def work(cancelled: Cancelled) -> Iterator[int]:
        raise ValueError("nobody asked")
        yield 0

    with qtbot.waitSignal(jobs.failed, timeout=5000) as told:
        jobs.start(work)

    assert str(told.args[0]) == "nobody asked"


def test_a_dead_network_does_not_stop_the_disk(jobs: Jobs, qtbot: QtBot) -> None:
    release = threading.Event()
    seen: list[int] = []

    def hang(cancelled: Cancelled) -> Iterator[int]:
        release.wait(10)
        yield 0

    for _ in range(THREADS["network"] + 3):
        jobs.start(hang, pool="network")
    jobs.start(lambda cancelled: iter([7]), on_item=seen.append, pool="disk")

    qtbot.waitUntil(lambda: seen == [7], timeout=5000)
    release.set()


def test_urgent_work_comes_before_what_waits(jobs: Jobs, qtbot: QtBot) -> None:
    release = threading.Event()
    order: list[str] = []

    def hang(cancelled: Cancelled) -> Iterator[int]:
        release.wait(10)
        yield 0

    jobs.start(hang, pool="model")
    jobs.start(lambda cancelled: iter(["first"]), on_item=order.append, pool="model")
    jobs.start(lambda cancelled: iter(["second"]), on_item=order.append, pool="model")
    jobs.start(lambda cancelled: iter(["now"]), on_item=order.append, pool="model", urgent=True)
    release.set()

    qtbot.waitUntil(lambda: len(order) == 3, timeout=5000)
    assert order == ["now", "first", "second"]


def test_closing_waits_no_longer_than_its_limit(qtbot: QtBot) -> None:
    jobs = Jobs()
    release = threading.Event()
    started = threading.Event()
    seen: list[int] = []

    def deaf(cancelled: Cancelled) -> Iterator[int]:
        started.set()
        release.wait(10)
        yield 1

    job = jobs.start(deaf, on_item=seen.append)
    assert started.wait(5)
    before = time.monotonic()

    assert not jobs.close(limit=0.1)
    assert time.monotonic() - before < 1
    assert job.is_cancelled
    release.set()
    assert jobs.close(limit=5)
    assert seen == []


def test_a_closed_runner_takes_no_work(qtbot: QtBot) -> None:
    jobs = Jobs()
    jobs.close()

    job = jobs.start(lambda cancelled: iter([1]))

    assert job.is_cancelled
