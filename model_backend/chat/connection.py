"""One connection to one address: looked up, checked, encrypted and read without ever waiting long.

http.client parses the answers; this file gives it a stream whose every wait lasts at most 50 ms
before `stop` and the clock are looked at. So a cancel closes the connection at once, whether the
name is being looked up, the connection made, the picture sent or the first word awaited. That, and
sending to one address only, is why this stands on sockets and the standard library: its clients and
those of others block, follow redirects, or ask the environment for proxies. There are none of these
here, and no cookies.
"""

from __future__ import annotations

import errno
import io
import json
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

from model_backend.chat.settings import Address, ChatSettings, is_loopback
from model_backend.request import BadCheckpoint, ModelError

LOOK = 0.05  # seconds between two looks at `stop`
CONNECTING = 10.0  # seconds for looking up, connecting and the handshake
LONGEST_TIME = 900.0  # seconds for one whole answer, however lively it is
MOST_BYTES = 16 * 2**20  # of one answer
_SLICE = 128 * 1024  # bytes written at once
_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", -1))
_Place = tuple[int, tuple[Any, ...]]  # address family, socket address


class Stopped(Exception):
    """The asker has lost interest; caught where the question was asked."""


class Unanswered(ModelError):
    """The server gave a status in place of an answer."""

    def __init__(self, status: int, words: str, retry_after: str = "", location: str = "") -> None:
        super().__init__(f"The server answered with status {status}: {words}")
        self.status = status
        self.words = words  # the server's own, shortened
        self.retry_after = retry_after
        self.location = location


class Answering:
    """The answer of a server while it arrives."""

    def __init__(self, response: HTTPResponse) -> None:
        self.is_stream = "text/event-stream" in (response.getheader("Content-Type") or "").lower()
        self._response = response

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they come, MOST_BYTES of them at most. Raises ModelError beyond."""
        total = 0
        while chunk := self._response.read1(65536):
            total += len(chunk)
            if total > MOST_BYTES:
                raise ModelError("The model's server sends without end, and was cut off.")
            yield chunk

    def json(self) -> Any:
        """The whole answer. Raises ModelError when it is no JSON."""
        try:
            return json.loads(b"".join(self.chunks()))
        except (ValueError, RecursionError) as error:
            raise ModelError(
                "The model's server gave an answer that cannot be read. Check that the address is "
                "that of a server with the OpenAI-compatible API."
            ) from error


class Server:
    """The one server of a model. A connection is made for each question and closed after it."""

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self._context = _context(settings) if settings.address.scheme == "https" else None

    @contextmanager
    def ask(self, path: str, body: bytes | None, stop: Callable[[], bool]) -> Iterator[Answering]:
        """GET, or POST where there is a body; `path` follows the address's own.

        Raises Stopped as soon as `stop()` is true; Unanswered for a status other than 200; and
        ModelError, in a sentence, for a server that cannot be reached, trusted or understood.
        """
        line = _Line(stop, self.settings.timeout)
        try:
            self._connect(line)
            try:
                line.sendall(self._head(path, body) + (body or b""))
            except (BrokenPipeError, ConnectionResetError):
                pass  # a server may refuse what it has read of the picture; its answer says why
            response = HTTPResponse(cast(socket.socket, line), method="POST" if body else "GET")
            response.begin()
            if response.status != 200:
                raise _unanswered(response, self.settings.key)
            yield Answering(response)
        except (HTTPException, OSError) as error:
            raise ModelError(self._told(error, line)) from error
        finally:
            line.close()

    def _told(self, error: HTTPException | OSError, line: _Line) -> str:
        """What went wrong on the way, in a sentence."""
        origin = self.settings.address.origin
        if isinstance(error, ssl.SSLCertVerificationError):
            return _untrusted(origin, error)
        if isinstance(error, ssl.SSLError):
            reason = error.reason or "TLS"
            return f"The server {origin} does not speak https as it must ({reason}). Check it."
        if isinstance(error, TimeoutError):
            return f"The server {origin} {line.waited_for()}. Ask again later."
        if isinstance(error, OSError) and not line.is_connected:
            return (
                f"The server {origin} cannot be reached ({error.strerror or error}). Check that it "
                f"runs and that the address {self.settings.address.url} is right."
            )
        return (
            f"The server {origin} broke off, or did not answer as a web server does "
            f"({type(error).__name__}). Check it and ask again."
        )

    def _head(self, path: str, body: bytes | None) -> bytes:
        address = self.settings.address
        lines = [
            f"{'POST' if body else 'GET'} {address.path}{path} HTTP/1.1",
            f"Host: {address.authority}",
            "Accept: text/event-stream, application/json",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        if self.settings.key:
            lines.append(f"Authorization: Bearer {self.settings.key}")
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    def _connect(self, line: _Line) -> None:
        """Look up, connect and encrypt. Where the name leads is decided now, since it may change,
        and what was looked up is what is connected to."""
        address = self.settings.address
        line.look()
        places = _places(address, line)
        numbers = [str(place[1][0]) for place in places]
        is_abroad = not all(is_loopback(number) for number in numbers)
        if is_abroad and address.scheme != "https":
            raise ModelError(
                f"{address.origin} is not on this computer ({numbers[0]}), and pictures leave it "
                "over https only. Let the server speak https and connect it again."
            )
        if is_abroad and address.is_loopback:
            raise ModelError(
                f"The name {address.host} leads away from this computer, to {numbers[0]}. Correct "
                "the computer's table of names, or connect the model again with that address."
            )
        line.connect(places)
        if self._context is not None:
            line.encrypt(self._context, address.host)


class _Line:
    """A socket that never blocks: it waits in short looks, and HTTPResponse reads from it."""

    def __init__(self, stop: Callable[[], bool], silence: float) -> None:
        self.is_connected = False
        self._stop = stop
        self._silence = min(CONNECTING, silence)  # until connected
        self._silence_later = silence
        self._sock: socket.socket | None = None
        self._work = "could not be reached"
        self._patience = time.monotonic() + self._silence
        self._end = time.monotonic() + max(LONGEST_TIME, silence)

    def look(self) -> None:
        """Raise Stopped when nobody waits any more, TimeoutError when we waited long enough."""
        if self._stop():
            raise Stopped
        if time.monotonic() > min(self._patience, self._end):
            raise TimeoutError

    def waited_for(self) -> str:
        """What had not happened when the time was up."""
        if time.monotonic() > self._end:
            return "had not finished its answer after 15 minutes"
        return f"{self._work} within {self._silence:g} s"

    def connect(self, places: list[_Place]) -> None:
        """Connect to the first place that answers. Raises OSError of the last one."""
        for number, (family, place) in enumerate(places):
            sock = socket.socket(family, socket.SOCK_STREAM)
            self._sock = sock
            sock.setblocking(False)
            code = sock.connect_ex(place)
            if code in _UNDER_WAY:
                self._wait(writing=True)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                self.is_connected = True
                return
            sock.close()
            if number == len(places) - 1:
                raise OSError(code, os.strerror(code))

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """The handshake, with the certificate checked against `host`."""
        self._work = "did not agree on https"
        plain = self._taken()
        secure = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        self._sock = secure
        while True:
            try:
                secure.do_handshake()
                return
            except ssl.SSLWantReadError:
                self._wait()
            except ssl.SSLWantWriteError:
                self._wait(writing=True)

    def sendall(self, content: bytes) -> None:
        """Send everything; the server must take some of it within the time of silence."""
        self._work, self._silence = "took no more of the question", self._silence_later
        sock, left = self._taken(), memoryview(content)
        self._hear()
        while left:
            try:
                sent = sock.send(left[:_SLICE])
            except ssl.SSLWantReadError:
                self._wait()
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait(writing=True)
            else:
                left = left[sent:]
                self._hear()
                self.look()
        self._work = "said nothing more"

    def makefile(self, mode: str) -> io.BufferedReader:
        """What HTTPResponse reads from."""
        return io.BufferedReader(_Readable(self), 65536)

    def receive_into(self, room: memoryview) -> int:
        """Some bytes, 0 at the end. Raises Stopped and TimeoutError."""
        sock = self._taken()
        while True:
            self.look()
            try:
                count = sock.recv_into(room)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait()
            except ssl.SSLWantWriteError:
                self._wait(writing=True)
            except ssl.SSLEOFError:
                return 0  # closed without a farewell; what is missing is noticed where it is read
            else:
                self._hear()
                return count

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()

    def _hear(self) -> None:
        self._patience = time.monotonic() + self._silence

    def _taken(self) -> socket.socket:
        if self._sock is None:
            raise ConnectionError("not connected")
        return self._sock

    def _wait(self, writing: bool = False) -> None:
        sock = self._taken()
        while True:
            self.look()
            # Windows tells of a refused connection in the third list.
            ready = select.select(
                [] if writing else [sock], [sock] if writing else [], [sock], LOOK
            )
            if any(ready):
                return


class _Readable(io.RawIOBase):
    """The reading half of a line, as io.BufferedReader wants it."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        return self._line.receive_into(memoryview(room))


def _places(address: Address, line: _Line) -> list[_Place]:
    """Where the host is, looked up in a thread of its own, since the system's look-up cannot be
    stopped; what it finds is what is connected to. Raises OSError, Stopped, TimeoutError."""
    found: list[list[_Place]] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            found.append([(int(row[0]), row[4]) for row in rows])
        except OSError as error:
            failed.append(error)
        except UnicodeError:
            failed.append(OSError(errno.EINVAL, "the name is too long or empty"))

    thread = threading.Thread(target=look_up, name="look-up", daemon=True)
    thread.start()
    while thread.is_alive():
        line.look()
        thread.join(LOOK)
    if failed or not found[0]:
        raise failed[0] if failed else OSError(errno.EINVAL, "the name leads nowhere")
    return found[0]


def _context(settings: ChatSettings) -> ssl.SSLContext:
    """Certificates are always checked. Not ssl.create_default_context: that one would write the
    keys of the connection to the file that the environment variable SSLKEYLOGFILE names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(settings.ca_file)
    except OSError as error:
        raise BadCheckpoint(
            f"The certificates in {settings.ca_file} cannot be read "
            f"({error.strerror or 'not in PEM form'}). Give another --ca-file.",
            "config.ca_file",
        ) from error
    return context


def _untrusted(origin: str, error: ssl.SSLCertVerificationError) -> str:
    reason = error.verify_message
    advice = "Nothing was sent."
    if "self-signed" in reason or "self signed" in reason or "issuer" in reason:
        advice += " If it is the site's own, connect the model again with --ca-file."
    return f"The certificate of {origin} is not trusted ({reason.rstrip('.')}). {advice}"


def _unanswered(response: HTTPResponse, key: str) -> Unanswered:
    """The status with the server's own words, without the key that some servers repeat."""
    body = b""
    try:
        while len(body) < 65536 and (chunk := response.read1(65536)):
            body += chunk
    except (HTTPException, OSError):
        pass  # the status says enough
    words = _words(body)
    return Unanswered(
        response.status,
        words.replace(key, "(key)") if key else words,
        response.getheader("Retry-After") or "",
        response.getheader("Location") or "",
    )


def _words(body: bytes) -> str:
    """What an error says. vLLM and OpenAI: {"error": {"message"}}, llama.cpp and Ollama the same;
    older vLLM: {"message"}; its key check: {"error": "Unauthorized"}; FastAPI: {"detail"}."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    return error_words(content) or shortened(body.decode("utf-8", "replace"))


def error_words(content: Any) -> str:
    """The message in the JSON of an error, in any of the servers' shapes; "" for none."""
    if isinstance(content, dict):
        for name in ("error", "message", "detail"):
            if inner := content.get(name):
                return error_words(inner) or shortened(json.dumps(inner))
    return shortened(content) if isinstance(content, str) else ""


def shortened(text: str, most: int = 240) -> str:
    """One line of a server's words, fit to be shown."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * most]).split())
    return line if len(line) <= most else f"{line[:most]}…"
