"""The model process: it streams, stops when told, dies and comes back, and leaves no orphan."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model_backend import wire
from model_backend.client import ModelClient
from model_backend.folder import ModelFolder
from model_backend.request import (
    ANSWER,
    CHOICE,
    Answer,
    BadCheckpoint,
    BadRequest,
    ImageInput,
    ModelDied,
    ModelError,
    NoModel,
    Refusal,
    Request,
    Token,
)

LONG = " ".join(["word"] * 500)  # a hundred seconds of the slow echo
SOON = 20.0  # far below that, far above a busy machine's hiccup

MakeFolder = Callable[..., ModelFolder]


def words(count: int) -> Request:
    return Request(ANSWER, text=" ".join(f"w{n}" for n in range(count)))


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    tick = threading.Event()
    while not is_true():
        assert time.monotonic() < end, "waited in vain"
        tick.wait(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_pieces_arrive_in_order_and_join_to_the_answer(echo: ModelClient) -> None:
    first, second = words(3), words(2)

    events = list(echo.ask([first, second]))

    assert [type(event) for event in events] == [Token] * 3 + [Answer] + [Token] * 2 + [Answer]
    assert [event.request for event in events] == [first.id] * 4 + [second.id] * 3
    assert "".join(e.text for e in events[:3] if isinstance(e, Token)) == "w0 w1 w2"
    assert isinstance(events[3], Answer) and events[3].text == "w0 w1 w2"
    assert events[3].model == echo.identity
    assert echo.identity.device == "cpu"


def test_first_piece_comes_before_the_answer_is_complete(slow_echo: ModelClient) -> None:
    begun = time.monotonic()

    first = next(slow_echo.ask([Request(ANSWER, text=LONG)]))

    assert isinstance(first, Token)
    assert time.monotonic() - begun < SOON


def test_process_stays_loaded_between_questions(echo: ModelClient) -> None:
    list(echo.ask([words(1)]))
    pid = echo.pid

    list(echo.ask([words(1)]))

    assert pid is not None
    assert echo.pid == pid


def test_nothing_starts_before_the_first_question(echo: ModelClient) -> None:
    assert echo.pid is None
    assert echo.identity.name == "echo"
    assert list(echo.ask([])) == []
    assert echo.pid is None


def test_cancel_ends_long_before_the_answer_would(slow_echo: ModelClient) -> None:
    list(slow_echo.ask([words(1)]))
    seen: list[object] = []
    begun = time.monotonic()

    for event in slow_echo.ask([Request(ANSWER, text=LONG)], lambda: len(seen) >= 2):
        seen.append(event)

    assert len(seen) == 2
    assert time.monotonic() - begun < SOON


def test_late_events_of_a_cancelled_question_never_reach_the_next(slow_echo: ModelClient) -> None:
    for _ in range(3):
        cancelled = Request(ANSWER, text=LONG)
        next(slow_echo.ask([cancelled]))  # abandoned after its first word
        wanted = words(2)

        events = list(slow_echo.ask([wanted]))

        assert {event.request for event in events} == {wanted.id}
        assert isinstance(events[-1], Answer) and events[-1].text == "w0 w1"


def test_cancelled_model_is_still_loaded(slow_echo: ModelClient) -> None:
    next(slow_echo.ask([Request(ANSWER, text=LONG)]))
    pid = slow_echo.pid

    list(slow_echo.ask([words(1)]))

    assert slow_echo.pid == pid


def test_death_in_the_middle_is_told_and_the_next_question_is_answered(
    slow_echo: ModelClient,
) -> None:
    events = slow_echo.ask([Request(ANSWER, text=LONG)])
    next(events)
    first = slow_echo.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    with pytest.raises(ModelDied, match="Ask again"):
        list(events)

    answer = list(slow_echo.ask([words(1)]))[-1]
    assert isinstance(answer, Answer) and answer.text == "w0"
    assert slow_echo.pid not in (None, first)


def test_death_while_idle_is_mended_in_silence(echo: ModelClient) -> None:
    list(echo.ask([words(1)]))
    pid = echo.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: echo.pid is None)

    answer = list(echo.ask([words(1)]))[-1]

    assert isinstance(answer, Answer)


def test_threads_take_turns(echo: ModelClient) -> None:
    texts: dict[int, str] = {}

    def work(number: int) -> None:
        answer = list(echo.ask([Request(ANSWER, text=f"question {number}")]))[-1]
        assert isinstance(answer, Answer)
        texts[number] = answer.text

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)

    assert texts == {n: f"question {n}" for n in range(8)}


def test_waiting_for_a_turn_can_be_cancelled(slow_echo: ModelClient) -> None:
    events = slow_echo.ask([Request(ANSWER, text=LONG)])
    next(events)
    results: list[list[object]] = []
    stop = threading.Event()
    waiting = threading.Thread(
        target=lambda: results.append(list(slow_echo.ask([words(1)], stop.is_set)))
    )
    waiting.start()

    stop.set()
    waiting.join(SOON)

    assert results == [[]]


def test_asking_within_an_answer_is_a_bug_and_not_a_standstill(echo: ModelClient) -> None:
    events = echo.ask([words(5)])
    next(events)

    with pytest.raises(RuntimeError, match="under way"):
        next(echo.ask([words(1)]))


def test_closing_ends_the_process(echo_folder: MakeFolder) -> None:
    client = ModelClient(echo_folder())
    list(client.ask([words(1)]))
    pid = client.pid
    assert pid is not None

    client.close()

    assert not is_alive(pid)
    with pytest.raises(ModelDied, match="closed"):
        next(client.ask([words(1)]))


def test_closing_from_another_thread_ends_the_asker_with_a_sentence(
    slow_echo: ModelClient,
) -> None:
    events = slow_echo.ask([Request(ANSWER, text=LONG)])
    next(events)
    closing = threading.Thread(target=slow_echo.close)
    closing.start()

    with pytest.raises(ModelDied, match="closed"):
        list(events)
    closing.join(SOON)


def test_no_orphan_is_left_when_the_program_is_killed(echo_folder: MakeFolder, root: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from model_backend.client import ModelClient\n"
        "from model_backend.folder import ModelFolder\n"
        "from model_backend.request import ANSWER, Request\n"
        "client = ModelClient(ModelFolder.read(Path(sys.argv[1])))\n"
        "for _ in client.ask([Request(ANSWER, text='w ' * 500)]):\n"
        "    print(client.pid, flush=True)\n"
    )
    folder = echo_folder(0.2)
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(folder.path)], cwd=root, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)

    parent.kill()
    parent.wait(SOON)
    parent.stdout.close()

    wait_until(lambda: not is_alive(child))


def test_problem_of_the_request_is_told_and_the_model_lives_on(echo: ModelClient) -> None:
    with pytest.raises(BadRequest, match="answer list is empty"):
        list(echo.ask([Request(CHOICE, text="Is it?")]))

    assert isinstance(list(echo.ask([words(1)]))[-1], Answer)


def test_unknown_task_is_refused_with_the_models_name(echo: ModelClient) -> None:
    (refusal,) = echo.ask([Request("segment", text="Where?")])

    assert isinstance(refusal, Refusal)
    assert "segment" in refusal.reason
    assert refusal.model.name == "echo"


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4, 4), np.uint8),
        np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (30_000, 30_000), (0, 0)),
    ],
)
def test_impossible_pictures_are_refused_before_they_are_sent(
    echo: ModelClient, pixels: np.ndarray
) -> None:
    with pytest.raises(BadRequest):
        list(echo.ask([Request(ANSWER, (ImageInput(pixels),), "What?")]))

    assert echo.pid is None


def test_question_beyond_all_limits_is_refused(echo: ModelClient) -> None:
    with pytest.raises(BadRequest, match="too long"):
        list(echo.ask([Request(ANSWER, text="x" * (wire.LONGEST_LINE + 1))]))

    assert isinstance(list(echo.ask([words(1)]))[-1], Answer)


def test_folder_that_vanished_is_told_as_no_model(echo_folder: MakeFolder) -> None:
    folder = echo_folder()
    (folder.path / "model.json").unlink()

    with ModelClient(folder) as client, pytest.raises(NoModel, match="model.json"):
        list(client.ask([words(1)]))


def test_backend_that_does_not_exist_is_named(echo_folder: MakeFolder) -> None:
    with (
        ModelClient(echo_folder(backend="crystal_ball")) as client,
        pytest.raises(BadCheckpoint, match="crystal_ball"),
    ):
        list(client.ask([words(1)]))


def test_interpreter_that_does_not_exist_is_named(echo_folder: MakeFolder) -> None:
    with (
        ModelClient(echo_folder(), "/nowhere/python") as client,
        pytest.raises(ModelDied, match="/nowhere/python"),
    ):
        list(client.ask([words(1)]))


def test_frozen_program_starts_itself(
    echo_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    folder = echo_folder()

    client = ModelClient(folder, threads=3, device="cpu", precision="bf16")

    assert client.command == [
        sys.executable,
        "--model-worker",
        "--folder",
        str(folder.path),
        "--threads",
        "3",
        "--device",
        "cpu",
        "--precision",
        "bf16",
    ]


def test_command_line_of_the_frozen_program_answers(echo_folder: MakeFolder, root: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "plugin",
        "--model-worker",
        "--folder",
        str(echo_folder().path),
    ]

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        wire.write(process.stdin, wire.Batch("b", (words(2),)))
        read = [wire.read(process.stdout) for _ in range(5)]
        process.stdin.close()

    assert isinstance(read[0], wire.Hello)
    assert [type(one.event) for one in read if isinstance(one, wire.Happened)] == [
        Token,
        Token,
        Answer,
    ]
    assert read[4] == wire.Finished("b")
    assert process.returncode == 0


# --- a second environment, played by a script that starts our own interpreter ---

ODD = '''"""A backend that misbehaves as its prompt says."""
import dataclasses, logging, os, sys, threading
from model_backend.request import Answer, Token

class OutOfMemoryError(RuntimeError):
    pass

class Odd:
    def __init__(self, identity):
        self.identity = identity

    def answer(self, requests, stop):
        for request in requests:
            print("a stray print")
            os.write(1, b"and one below Python\\n")
            logging.getLogger("odd").warning("a record of the model")
            if request.text.startswith("fail"):
                raise KeyError(request.text)
            if request.text == "full card" and self.identity.device == "cuda":
                raise OutOfMemoryError
            if request.text == "memory":
                raise MemoryError
            if request.text == "garbage":
                for fd in range(3, 20):
                    try:
                        os.write(fd, b"{]\\n")
                    except OSError:
                        pass
            if request.text == "exit":
                os._exit(3)
            if request.text == "deaf":
                while True:
                    pass
            yield Token(request.id, request.text)
            yield Answer(request.id, request.text, None, False, self.identity)

def load(folder, device, precision):
    print("a stray print while loading")
    if folder.config.get("missing"):
        import a_package_that_nobody_has
    if folder.config.get("forever"):
        print("loading", flush=True)
        threading.Event().wait()
    device = "cuda" if device == "cuda" else "cpu"
    return Odd(dataclasses.replace(folder.identity(device), precision=precision))
'''


@pytest.fixture
def other_python(tmp_path: Path) -> str:
    """An interpreter whose `model_backend.models` has one backend more: `odd`."""
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "odd.py").write_text(ODD)
    script = tmp_path / "python"
    script.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "assert sys.argv[1:3] == ['-P', '-c']\n"
        "code, sys.argv = sys.argv[3], ['-c', *sys.argv[4:]]\n"
        f"code = code.replace('runpy.run', 'import model_backend.models as m;"
        f' m.__path__.append("{extra}"); runpy.run\')\n'
        "exec(code)\n"
    )
    script.chmod(0o755)
    return str(script)


def test_stray_prints_are_harmless_and_records_reach_our_log(
    echo_folder: MakeFolder, other_python: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with ModelClient(echo_folder(backend="odd"), other_python) as client:
        events = list(client.ask([Request(ANSWER, text="hello")]))

    assert [type(event) for event in events] == [Token, Answer]
    assert "a stray print while loading" in caplog.text
    assert "and one below Python" in caplog.text
    warned = [record for record in caplog.records if record.getMessage() == "a record of the model"]
    assert [record.levelno for record in warned] == [logging.WARNING]


@pytest.mark.parametrize(
    ("text", "told"), [("fail for ZZCANARY", "KeyError"), ("memory", "memory was not enough")]
)
def test_failure_nobody_foresaw_is_one_sentence_and_the_model_lives_on(
    echo_folder: MakeFolder,
    other_python: str,
    caplog: pytest.LogCaptureFixture,
    text: str,
    told: str,
) -> None:
    caplog.set_level(logging.DEBUG)

    with ModelClient(echo_folder(backend="odd"), other_python) as client:
        with pytest.raises(ModelError, match=told):
            list(client.ask([Request(ANSWER, text=text)]))
        pid = client.pid
        answer = list(client.ask([Request(ANSWER, text="hello")]))[-1]

        assert isinstance(answer, Answer)
        assert client.pid == pid
    assert "odd.py" in caplog.text
    assert "ZZCANARY" not in caplog.text


def test_damaged_message_is_told_and_the_next_question_is_answered(
    echo_folder: MakeFolder, other_python: str
) -> None:
    with ModelClient(echo_folder(backend="odd"), other_python) as client:
        with pytest.raises(ModelError, match="unreadable"):
            list(client.ask([Request(ANSWER, text="garbage")]))

        assert isinstance(list(client.ask([Request(ANSWER, text="hello")]))[-1], Answer)


def test_process_that_leaves_by_itself_is_told_with_its_code(
    echo_folder: MakeFolder, other_python: str
) -> None:
    with (
        ModelClient(echo_folder(backend="odd"), other_python) as client,
        pytest.raises(ModelDied, match="exit code 3"),
    ):
        list(client.ask([Request(ANSWER, text="exit")]))


def test_full_graphics_card_is_left_and_the_same_requests_are_answered(
    echo_folder: MakeFolder, other_python: str
) -> None:
    requests = [Request(ANSWER, text="hello"), Request(ANSWER, text="full card")]
    with ModelClient(
        echo_folder(backend="odd"), other_python, device="cuda", precision="bf16"
    ) as client:
        list(client.ask(requests[:1]))
        before, pid = client.identity, client.pid

        events = list(client.ask(requests))

        answers = [event for event in events if isinstance(event, Answer)]
        assert (before.device, before.precision, before.note) == ("cuda", "bf16", "")
        assert [one.text for one in answers] == ["hello", "full card"]
        assert [one.model.device for one in answers] == ["cuda", "cpu"]
        assert "processor" in answers[1].model.note
        assert client.identity == answers[1].model
        assert client.pid == pid


def test_closing_while_the_model_loads_lets_the_process_end_itself_at_once(
    echo_folder: MakeFolder, other_python: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = configured(echo_folder(backend="odd"), "forever")
    client = ModelClient(folder, other_python)
    asking = threading.Thread(
        target=lambda: list(client.ask([words(1)], lambda: "loading" in caplog.text))
    )
    asking.start()
    asking.join(SOON)
    child = client._child
    assert child is not None and child.process.poll() is None

    client.close()

    assert child.process.returncode == 0  # not killed after its farewell


def configured(folder: ModelFolder, key: str) -> ModelFolder:
    """The same folder with a configuration that asks for something odd."""
    text = (folder.path / "model.json").read_text().replace('"pause": 0.0', f'"{key}": true')
    (folder.path / "model.json").write_text(text)
    return folder


def test_missing_package_is_named_with_the_way_to_install_it(
    echo_folder: MakeFolder, other_python: str
) -> None:
    folder = configured(echo_folder(backend="odd"), "missing")

    with (
        ModelClient(folder, other_python) as client,
        pytest.raises(NoModel, match="a_package_that_nobody_has.*pip install"),
    ):
        list(client.ask([words(1)]))


def test_model_deaf_to_a_cancel_is_replaced(
    echo_folder: MakeFolder, other_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_backend.client.PATIENCE", 0.5)
    with ModelClient(echo_folder(backend="odd"), other_python) as client:
        list(client.ask([Request(ANSWER, text="hello")]))
        deaf = client.pid
        begun = time.monotonic()
        stopped = list(
            client.ask([Request(ANSWER, text="deaf")], lambda: time.monotonic() > begun + 0.2)
        )

        answer = list(client.ask([Request(ANSWER, text="hello")]))[-1]

        assert stopped == []
        assert isinstance(answer, Answer)
        assert client.pid != deaf
