"""Encryption, loopback, keys and cancels: what a question may and may not be sent through."""

from __future__ import annotations

import itertools
import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_backend.chat.connection import Server, Stopped, Unanswered
from model_backend.chat.settings import ChatSettings
from model_backend.client import ModelClient
from model_backend.models import load
from model_backend.request import ENTAILMENT, Answer, BadCheckpoint, ModelError, Request
from tests.chat_server import Certificates, ChatServer, chat_model, chat_server, say, status
from tests.test_architecture import first_names, imported_modules

PATIENCE = 20.0
KEY = "sk-hospital-0123456789"
LARGE = b"x" * 2**26  # bytes; more than any system buffers
ASKED = Request(ENTAILMENT, text="a", text2="b")


def never() -> bool:
    return False


def server(folder: Path, url: str, **config: Any) -> Server:
    settings = {"url": url, "model": "vlm", "timeout": 20, **config}
    return Server(ChatSettings.read(settings, folder))


def after(looks: int) -> Callable[[], bool]:
    """A `stop` that turns true at that many looks: somebody cancels in the middle."""
    left = itertools.count(looks, -1)
    return lambda: next(left) <= 0


@contextmanager
def serving(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does one thing, once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def get(one: Server, stop: Callable[[], bool] = never) -> Any:
    with one.ask("/models", None, stop) as answering:
        return answering.json()


# --- encryption ---


def test_certificate_of_the_sites_authority_is_trusted_when_it_is_named(
    tmp_path: Path, certificates: Certificates
) -> None:
    with chat_server(certificates.trusted) as chat:
        chat.replies = [say("entailed")]
        folder = chat_model(tmp_path / "vlm", chat.url, ca_file=str(certificates.authority))
        with ModelClient(folder) as client:
            (answer,) = client.ask([ASKED])

    assert isinstance(answer, Answer) and answer.text == "entailed"
    assert answer.model.address == f"https://127.0.0.1:{chat.port}"


@pytest.mark.parametrize(
    ("which", "ca_file", "told"),
    [
        ("self_signed", "", "self-signed"),
        ("trusted", "", "issuer"),
        ("self_signed", "authority", "self-signed"),
        ("other_host", "authority", "127.0.0.1"),
    ],
)
def test_certificate_that_proves_nothing_is_refused_before_anything_is_sent(
    tmp_path: Path, certificates: Certificates, which: str, ca_file: str, told: str
) -> None:
    trust = {"ca_file": str(getattr(certificates, ca_file))} if ca_file else {}
    with (
        chat_server(getattr(certificates, which)) as chat,
        pytest.raises(ModelError) as caught,
    ):
        get(server(tmp_path, chat.url, **trust))

    assert "is not trusted" in str(caught.value)
    assert told.replace("-", "") in str(caught.value).replace("-", "").replace("self ", "self")
    assert not chat.received


def test_server_that_speaks_no_https_is_told(tmp_path: Path) -> None:
    def refuse(listening: socket.socket) -> None:
        sock, _ = listening.accept()
        sock.recv(100)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        sock.close()

    with serving(refuse) as port, pytest.raises(ModelError, match="does not speak https"):
        get(server(tmp_path, f"https://127.0.0.1:{port}"))


def test_keys_of_the_connection_are_written_nowhere(
    tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))

    with chat_server(certificates.trusted) as chat:
        get(server(tmp_path, chat.url, ca_file=str(certificates.authority)))

    assert not (tmp_path / "keys.log").exists()


def test_old_encryption_is_refused(tmp_path: Path) -> None:
    context = server(tmp_path, "https://127.0.0.1:1")._context

    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_unreadable_authority_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)

    with pytest.raises(BadCheckpoint, match="ca.pem"):
        server(tmp_path, "https://127.0.0.1:1", ca_file="ca.pem")


# --- this computer, and others ---


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1:8000", "http://0.0.0.0:8000", "http://[2001:db8::1]"]
)
def test_pictures_leave_this_computer_over_https_only(tmp_path: Path, url: str) -> None:
    with pytest.raises(ModelError, match="over https only"):
        get(server(tmp_path, url))


@pytest.mark.parametrize(
    ("url", "model"),
    [("https://192.0.2.1", "vlm"), ("http://127.0.0.1:11434", "glm-5.2:cloud")],
)
def test_model_elsewhere_needs_an_acknowledgement(tmp_path: Path, url: str, model: str) -> None:
    folder = chat_model(tmp_path / "vlm", url, model=model)

    with pytest.raises(BadCheckpoint, match="--acknowledge-export") as caught:
        load(folder, "cpu")

    assert caught.value.key == "acknowledged"
    load(replace(folder, acknowledged="2026-11-23 W. Roentgen"), "cpu")


def test_name_is_judged_by_where_it_leads_when_it_is_used(
    tmp_path: Path, chat: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    leads_to = ["127.0.0.1"]

    def look_up(host: str, port: int, **options: Any) -> list[Any]:
        return [row for number in leads_to for row in real(number, port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)  # nobody can change a test machine's DNS
    named = server(tmp_path, f"http://gpu.hospital:{chat.port}")

    assert get(named)["object"] == "list"
    leads_to.append("192.0.2.1")
    with pytest.raises(ModelError, match="over https only"):
        get(named)
    with pytest.raises(ModelError, match="leads away"):
        get(server(tmp_path, f"https://localhost:{chat.port}"))
    assert len(chat.received) == 1
    assert chat.received[0].headers["host"] == f"gpu.hospital:{chat.port}"


def test_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be reached"):
        get(server(tmp_path, "https://no-such-host.invalid"))


def test_redirect_is_followed_nowhere(tmp_path: Path, chat: ChatServer) -> None:
    with chat_server() as other:
        chat.replies = [status(302, Location=other.url + "/chat/completions")]
        model = load(chat_model(tmp_path / "vlm", chat.url), "cpu")

        with pytest.raises(ModelError, match="one address only"):
            list(model.answer([ASKED], never))

    assert not other.received


# --- the key ---


def test_key_goes_to_the_server_and_nowhere_else(
    tmp_path: Path, chat: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "key").write_text(KEY + "\n")
    chat.replies = [status(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})]
    folder = chat_model(tmp_path / "vlm", chat.url, key_file=str(tmp_path / "key"))

    with ModelClient(folder) as client, pytest.raises(ModelError) as caught:
        list(client.ask([ASKED]))

    assert chat.questions[0].headers["authorization"] == f"Bearer {KEY}"
    assert "Incorrect API key provided: (key)" in str(caught.value)
    assert KEY not in caplog.text
    assert KEY not in (folder.path / "model.json").read_text()


# --- cancels ---


@pytest.mark.skipif(sys.platform != "linux", reason="the operating system accepts what waits")
def test_cancel_ends_a_connection_that_is_being_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))

        with pytest.raises(Stopped):
            get(server(tmp_path, f"http://127.0.0.1:{port}"), after(5))

        for one in waiting:
            one.close()


def test_cancel_ends_a_look_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        done.wait(PATIENCE)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)  # a DNS server that does not answer

    with pytest.raises(Stopped):
        get(server(tmp_path, "https://gpu.hospital"), after(5))

    done.set()


def test_cancel_ends_a_handshake(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = server(tmp_path, f"https://127.0.0.1:{silent.getsockname()[1]}")

        with pytest.raises(Stopped):
            get(one, after(5))


def test_cancel_ends_a_picture_that_is_being_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        one = server(tmp_path, f"http://127.0.0.1:{deaf.getsockname()[1]}")

        with pytest.raises(Stopped), one.ask("/chat/completions", LARGE, after(60)):
            pytest.fail("nobody took the picture")


def test_server_that_takes_no_picture_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        one = server(tmp_path, f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.2)

        with (
            pytest.raises(ModelError, match="took no more"),
            one.ask("/chat/completions", LARGE, never),
        ):
            pytest.fail("nobody took the picture")


def test_server_that_refuses_a_picture_while_it_is_sent_is_understood(tmp_path: Path) -> None:
    def refuse(listening: socket.socket) -> None:
        sock, _ = listening.accept()
        sock.recv(100)
        sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        sock.close()

    with (
        serving(refuse) as port,
        pytest.raises(Unanswered) as caught,
        server(tmp_path, f"http://127.0.0.1:{port}").ask("/chat/completions", LARGE, never),
    ):
        pytest.fail("it was refused")

    assert caught.value.status == 413


# --- who else might ---


def test_no_other_file_of_the_models_floor_reaches_for_the_network(root: Path) -> None:
    network = {
        "socket",
        "socketserver",
        "ssl",
        "http",
        "urllib",
        "asyncio",
        "requests",
        "httpx",
        "httpx2",
    }
    found = {
        str(file.relative_to(root / "model_backend").as_posix()): names
        for file in sorted((root / "model_backend").rglob("*.py"))
        if (names := network & first_names(imported_modules(file)))
    }

    assert found.pop("chat/connection.py") == {"socket", "ssl", "http"}
    assert found.pop("chat/settings.py") == {"urllib"}  # parses addresses and opens nothing
    assert {name for name in found if not name.startswith("importing/")} == set()
