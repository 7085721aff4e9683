"""A small real server on loopback that speaks the OpenAI-compatible chat API, well or badly."""

from __future__ import annotations

import base64
import io
import json
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model_backend.chat.wording import TASKS
from model_backend.folder import ModelFolder, write_model

MODEL = "radiology-vlm-7b"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@dataclass
class Received:
    """One request, byte for byte."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def words(self) -> str:
        """The text of the one message."""
        content = self.json["messages"][0]["content"]
        return str(content if isinstance(content, str) else content[0]["text"])

    @property
    def png(self) -> bytes:
        """The file of the one picture."""
        url = self.json["messages"][0]["content"][1]["image_url"]["url"]
        return base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True)

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The pixels of the one picture."""
        return np.asarray(Image.open(io.BytesIO(self.png)))


Reply = Callable[[socket.socket, Received], None]


@dataclass
class ChatServer:
    """What it has received, and how it replies: to lists of models, and to questions in turn.

    The last reply stays for all further questions.
    """

    port: int
    scheme: str = "http"
    models: Sequence[str] = (MODEL,)
    received: list[Received] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    listing: Reply | None = None
    sees: bool = True  # tells a black picture from a white one
    was_left: threading.Event = field(default_factory=threading.Event)  # an asker hung up

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"

    @property
    def questions(self) -> list[Received]:
        return [one for one in self.received if one.line.startswith("POST")]

    def reply(self, sock: socket.socket, request: Received) -> None:
        self.received.append(request)
        if request.line.startswith("GET /v1/models "):
            rows = [{"id": name, "object": "model"} for name in self.models]
            listing = self.listing or status(200, {"object": "list", "data": rows})
            listing(sock, request)
        elif request.line.startswith("POST /v1/chat/completions "):
            if "black or white" in request.words and self.sees:
                reply = say("white" if request.picture.mean() > 127 else "black")
            else:
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            reply(sock, request)
        else:
            status(404, {"detail": "Not Found"})(sock, request)


class _Handler(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        sock = self.request
        try:
            if self.server.tls is not None:
                sock = self.server.tls.wrap_socket(sock, server_side=True)
            request = _read(sock)
            if request is not None:
                self.server.chat.reply(sock, request)
            if isinstance(sock, ssl.SSLSocket):
                sock.unwrap()
        except OSError:
            self.server.chat.was_left.set()
        finally:
            sock.close()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 16
    chat: ChatServer
    tls: ssl.SSLContext | None = None


@contextmanager
def chat_server(certificate: Path | None = None) -> Iterator[ChatServer]:
    """A server on a free port of loopback; over https with a certificate (PEM, with its key)."""
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        chat = ChatServer(listener.server_address[1], "https" if certificate else "http")
        chat.replies = [say("It is normal.")]
        listener.chat = chat
        if certificate is not None:
            listener.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            listener.tls.load_cert_chain(certificate)
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield chat
        finally:
            listener.shutdown()
            thread.join()


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    """A server that says that all is normal, unless it is told otherwise."""
    with chat_server() as server:
        yield server


def _read(sock: socket.socket) -> Received | None:
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(65536)
        if not more:
            return None
        head += more
    head, _, body = head.partition(b"\r\n\r\n")
    request = Received(head, body)
    length = int(request.headers.get("content-length", 0))
    while len(request.body) < length:
        request.body += sock.recv(1 << 20)
    return request


def chat_model(path: Path, url: str, **config: Any) -> ModelFolder:
    """A model folder that points to a server, with every task such a model has."""
    prompts = config.pop("prompts", {})
    calibration = config.pop("calibration", {})
    folder = ModelFolder(
        path=path,
        name="vlm",
        model_version=MODEL,
        backend="chat",
        tasks=TASKS,
        config={"url": url, "model": MODEL, "timeout": 20, **config},
        prompts=prompts,
        calibration=calibration,
    )
    path.mkdir(parents=True, exist_ok=True)
    write_model(folder)
    return folder


# --- replies ---


def chunk(text: str | None = None, finish: str | None = None, **delta: Any) -> bytes:
    """One event of a stream; `logprobs` and `choices` override what stands there."""
    logprobs = delta.pop("logprobs", None)
    inner = {"content": text, **delta} if text is not None else delta
    choice = {"index": 0, "delta": inner, "finish_reason": finish, "logprobs": logprobs}
    return event({"object": "chat.completion.chunk", "model": MODEL, "choices": [choice]})


def event(content: Any) -> bytes:
    body = content if isinstance(content, str) else json.dumps(content)
    return f"data: {body}\n\n".encode()


def say(text: str, finish: str | None = "stop", logprobs: Any = None) -> Reply:
    """Stream a text word by word, as the three servers do: role first, [DONE] last."""

    def reply(sock: socket.socket, request: Received) -> None:
        words = [word + " " for word in text.split(" ")]
        words[-1] = words[-1][:-1]
        sock.sendall(STREAM + chunk(role="assistant"))
        for number, word in enumerate(words):
            asked = request.json.get("logprobs") and number == 0
            sock.sendall(chunk(word, logprobs=logprobs if asked else None))
        if finish:
            sock.sendall(chunk(finish=finish) + event({"choices": [], "usage": {}}))
            sock.sendall(event("[DONE]"))

    return reply


def first_token(*alternatives: tuple[str, float]) -> dict[str, Any]:
    """`logprobs` of an answer whose first token is the first of these."""
    rows = [{"token": token, "logprob": score, "bytes": None} for token, score in alternatives]
    return {"content": [{**rows[0], "top_logprobs": rows}]}


def status(code: int, content: Any = None, **headers: str) -> Reply:
    """Answer with a status and JSON."""

    def reply(sock: socket.socket, _: Received) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        lines = [f"HTTP/1.1 {code} Reason", "Content-Type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        sock.sendall("\r\n".join(lines).encode() + body)

    return reply


def raw(*pieces: bytes) -> Reply:
    """Send these bytes and close."""

    def reply(sock: socket.socket, _: Received) -> None:
        for piece in pieces:
            sock.sendall(piece)

    return reply


def hang(server: ChatServer, *pieces: bytes) -> Reply:
    """Send these bytes, then nothing until the asker hangs up."""

    def reply(sock: socket.socket, _: Received) -> None:
        for piece in pieces:
            sock.sendall(piece)
        if not sock.recv(1):
            server.was_left.set()

    return reply


def endless(server: ChatServer, *pieces: bytes) -> Reply:
    """Send the pieces, the last of them again and again, until the asker hangs up."""

    def reply(sock: socket.socket, _: Received) -> None:
        for piece in pieces:
            sock.sendall(piece)
        while True:
            sock.sendall(pieces[-1])

    return reply


# --- certificates ---


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, a server certificate of it, and two that must not be trusted."""

    authority: Path
    trusted: Path
    self_signed: Path
    other_host: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Made anew by the openssl program, which comes with every system's certificates."""
    if shutil.which("openssl") is None:
        pytest.skip("the operating system has no openssl program")
    folder = tmp_path_factory.mktemp("certificates")
    here = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    _make(folder, "authority", "/CN=Hospital CA")
    _make(folder, "self_signed", "/CN=localhost", here)
    _make(folder, "trusted", "/CN=localhost", here, signer="authority")
    _make(folder, "other_host", "/CN=pacs", "subjectAltName=DNS:pacs.invalid", signer="authority")
    return Certificates(
        *(folder / f"{name}.pem" for name in ("authority", "trusted", "self_signed", "other_host"))
    )


def _make(folder: Path, name: str, subject: str, extension: str = "", signer: str = "") -> None:
    """A key and a certificate in one file, valid for a day."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    words = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-days", "1", "-subj", subject, "-keyout", str(key), "-out", str(certificate)),
    ]
    if extension:
        words += ["-addext", extension]
    if signer:
        pem = str(folder / f"{signer}.pem")
        words += ["-CA", pem, "-CAkey", pem, "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(words, check=True, capture_output=True)
    (folder / f"{name}.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
