"""A chat server that fails, hangs or lies: one clear sentence, and the process stays alive."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from model_backend.client import ModelClient
from model_backend.folder import ModelFolder
from model_backend.models import load
from model_backend.request import (
    Answer,
    ModelError,
)
from tests.chat_asked import Ask, answer_in, question
from tests.chat_server import (
    STREAM,
    ChatServer,
    Received,
    Reply,
    chat_model,
    chunk,
    endless,
    event,
    hang,
    raw,
    say,
    status,
)

PATIENCE = 20.0  # seconds; far above what anything here takes

# --- servers that fail ---

END = chunk(finish="stop")
FAILURES: dict[str, tuple[Reply, str]] = {
    "bad request": (status(400, {"error": {"message": "context is 4096 tokens"}}), "4096 tokens"),
    "flat error": (status(400, {"object": "error", "message": "no such field"}), "no such field"),
    "key": (status(401, {"error": "Unauthorized"}), "Unauthorized"),
    "not allowed": (status(403, {"detail": "not you"}), "not you"),
    "no such model": (status(404, {"error": {"message": "model not found"}}), "model not found"),
    "large": (status(413), "smaller box"),
    "busy": (status(429, {"error": {"message": "slow down"}}, Retry_After="7"), "in 7 s"),
    "failed": (status(500, {"error": {"message": "CUDA error"}}), "CUDA error"),
    "loading": (status(503, {"error": {"message": "Loading model"}}), "Loading model"),
    "gateway": (raw(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>nginx</html>"), "nginx"),
    "moved": (status(307, Location="http://192.0.2.7/v1"), "http://192.0.2.7/v1"),
    "teapot": (status(418, ["?"]), "418"),
    "no http": (raw(b"220 mail.example ESMTP\r\n"), "web server"),
    "nothing": (raw(), "broke off"),
    "endless head": (raw(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 100_000), "broke off"),
    "many heads": (raw(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 200, b"\r\n"), "broke off"),
    "no json": (raw(STREAM, b"data: {not json\n\n"), "no answer"),
    "deep json": (raw(STREAM, b"data: " + b"[" * 200_000 + b"\n\n"), "no answer"),
    "list": (raw(STREAM, b"data: []\n\n"), "no answer"),
    "odd choices": (raw(STREAM, event({"choices": [7]})), "no answer"),
    "odd text": (raw(STREAM, event({"choices": [{"delta": {"content": 7}}]})), "no answer"),
    "odd delta": (raw(STREAM, event({"choices": [{"delta": "text"}]})), "no answer"),
    "bytes": (raw(STREAM, bytes(range(128, 256)) * 50), "no answer"),
    "prose": (raw(STREAM, b"<html>Log in</html>\n\n"), "no answer"),
    "page": (raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), "cannot be read"),
    "midway": (raw(STREAM, chunk("The heart")), "in the middle"),
    "done early": (raw(STREAM, chunk("The heart"), event("[DONE]")), "in the middle"),
    "abort": (raw(STREAM, chunk("The heart"), chunk(finish="abort")), "abort"),
    "error midway": (
        raw(STREAM, chunk("The"), event({"error": {"message": "out of memory"}}), event("[DONE]")),
        "out of memory",
    ),
    "old llama.cpp": (raw(STREAM, b'error: {"message": "slot died"}\n\n'), "slot died"),
    "short chunk": (
        raw(STREAM.replace(b"Connection", b"Transfer-Encoding: chunked\r\nConnection"), b"zz\r\n"),
        "broke off",
    ),
    "short body": (
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"cho'),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failing_server_is_one_clear_sentence(ask_chat: Ask, chat: ChatServer, name: str) -> None:
    reply, told = FAILURES[name]
    chat.replies = [reply]

    with pytest.raises(ModelError) as caught:
        ask_chat(question())

    sentence = str(caught.value)
    assert told in sentence
    assert "\n" not in sentence and sentence.endswith(".") and len(sentence) < 500
    assert len(chat.questions) == 1


@pytest.mark.parametrize(
    "pieces", [(chunk("word "),), (b"data: ", b"x" * 65536), (b": ping\n\n" * 9000,)]
)
def test_text_without_end_is_cut_off(
    ask_chat: Ask, chat: ChatServer, pieces: tuple[bytes, ...]
) -> None:
    chat.replies = [endless(chat, STREAM, *pieces)]

    with pytest.raises(ModelError, match="cut off"):
        ask_chat(question())

    assert chat.was_left.wait(PATIENCE)


@pytest.mark.parametrize("pieces", [(), (STREAM,), (STREAM, chunk("The heart"))])
def test_silent_server_is_given_up(
    ask_chat: Ask, chat: ChatServer, pieces: tuple[bytes, ...]
) -> None:
    chat.replies = [hang(chat, *pieces)]

    with pytest.raises(ModelError, match="said nothing more within 0.2 s"):
        ask_chat(question(), timeout=0.2)

    assert chat.was_left.wait(PATIENCE)


def test_model_that_the_server_lacks_is_told_with_those_it_has(
    ask_chat: Ask, chat: ChatServer
) -> None:
    chat.models = ("llava:7b", "gemma3:4b")

    with pytest.raises(ModelError, match="llava:7b, gemma3:4b"):
        ask_chat(question())

    assert not chat.questions  # llama.cpp would have answered with what it has


@pytest.mark.parametrize("listing", [status(200, []), status(200, {"data": 3}), status(404, {})])
def test_server_without_a_list_of_models_is_told(
    ask_chat: Ask, chat: ChatServer, listing: Reply
) -> None:
    chat.listing = listing

    with pytest.raises(ModelError) as caught:
        ask_chat(question())

    assert chat.url in str(caught.value)


def test_server_that_is_not_there_is_told(tmp_path: Path, chat: ChatServer) -> None:
    model = load(chat_model(tmp_path / "vlm", "http://127.0.0.1:1"), "cpu")

    with pytest.raises(ModelError, match="cannot be reached"):
        list(model.answer([question()], lambda: False))


# --- the model process ---


def test_process_survives_a_server_that_dies_and_comes_back(
    chat_client: ModelClient, chat: ChatServer
) -> None:
    chat.replies = [raw(STREAM, chunk("The heart")), say("It is normal.")]
    with pytest.raises(ModelError):
        list(chat_client.ask([question()]))
    pid = chat_client.pid

    events = list(chat_client.ask([question()]))

    assert answer_in(events).text == "It is normal."
    assert chat_client.pid == pid


@pytest.mark.parametrize("pieces", [(), (STREAM,), (STREAM, chunk("The heart"))])
def test_cancel_hangs_up_and_leaves_the_model_ready(
    chat_client: ModelClient, chat: ChatServer, pieces: tuple[bytes, ...]
) -> None:
    chat.replies = [hang(chat, *pieces), say("It is normal.")]
    asked, reply = threading.Event(), chat.replies[0]

    def notice(sock: socket.socket, request: Received) -> None:
        asked.set()
        reply(sock, request)

    chat.replies[0] = notice

    stopped = list(chat_client.ask([question()], asked.is_set))

    assert not any(isinstance(one, Answer) for one in stopped)
    assert chat.was_left.wait(PATIENCE)
    assert answer_in(list(chat_client.ask([question()]))).text == "It is normal."


def test_nothing_of_torch_or_qt_is_loaded_to_ask_a_server(root: Path) -> None:
    names = "model_backend.worker, model_backend.models.chat"
    script = f"import sys, {names}; print({{'torch', 'PyQt6', 'pydicom'}} & set(sys.modules))"

    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "set()"


def test_process_connects_to_the_one_address_and_reads_no_proxy(
    tmp_path: Path, chat: ChatServer, root: Path
) -> None:
    folder = chat_model(tmp_path / "vlm", chat.url)
    script = """
import json, sys
from pathlib import Path
places = []
sys.addaudithook(lambda name, args: places.append(args[1]) if name == "socket.connect" else None)
from model_backend.folder import ModelFolder
from model_backend.models import load
from model_backend.request import ENTAILMENT, Request
model = load(ModelFolder.read(Path(sys.argv[1])), "cpu")
events = list(model.answer([Request(ENTAILMENT, text="a", text2="b")], lambda: False))
print(json.dumps([places, len(events)]))
"""
    proxies = {name: "http://127.0.0.1:9" for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY")}

    ran = subprocess.run(
        [sys.executable, "-c", script, str(folder.path)],
        cwd=root,
        env={**os.environ, **proxies},
        capture_output=True,
        text=True,
        check=True,
    )

    places, events = json.loads(ran.stdout)
    assert places == [["127.0.0.1", chat.port]] * 2  # its models, then the question
    assert events == 1


def test_address_is_known_before_the_model_is_loaded(tmp_path: Path, chat: ChatServer) -> None:
    folder: ModelFolder = chat_model(tmp_path / "vlm", chat.url)

    assert folder.identity().address == f"http://127.0.0.1:{chat.port}"
    assert replace(folder, backend="echo").identity().address == ""
