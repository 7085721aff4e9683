"""A hub on loopback: listing, HEAD and GET with ETag, redirect to another host, Range, refusals.

What it answers is what the hub's own documentation and the library's source say that a hub
answers. The files kept with Git LFS lie on a second server, as on the hub's delivery network.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    server: str  # hub or store
    path: str
    range: str | None
    authorization: str | None
    agent: str


@dataclass
class Hub:
    """One repository and how it is given out."""

    files: dict[str, bytes]
    name: str = "owner/model"
    token: str = ""  # needed to see the repository
    gated: bool = False
    cuts: list[int] = field(default_factory=list)  # the next bodies end after so many bytes
    failures: list[int] = field(default_factory=list)  # status codes of the next answers
    gone: set[str] = field(default_factory=set)  # listed, but not given
    surplus: dict[str, int] = field(default_factory=dict)  # bytes that follow a file's own
    is_deaf: bool = False  # connections are closed without an answer
    ignores_range: bool = False
    listing: bytes | None = None  # instead of the true one
    sha256: dict[str, str] = field(default_factory=dict)  # other than the true ones
    licence: str = "apache-2.0"
    asked: list[Asked] = field(default_factory=list)
    endpoint: str = ""
    store: str = ""

    def is_large(self, name: str) -> bool:
        """Whether the file is kept with Git LFS."""
        return not name.endswith((".json", ".txt", ".md", ".py"))

    def digest(self, name: str) -> str:
        return self.sha256.get(name, hashlib.sha256(self.files[name]).hexdigest())

    def bodies(self, name: str) -> list[Asked]:
        """The requests for that file's bytes."""
        wanted = self.digest(name) if self.is_large(name) else name
        return [one for one in self.asked if one.method == "GET" and one.path.endswith(wanted)]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub
    server_name = "hub"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the error stream."""

    def _answer(self) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        header = self.headers.get
        hub.asked.append(
            Asked(
                self.command,
                self.server_name,
                path,
                header("Range"),
                header("Authorization"),
                header("User-Agent", ""),
            )
        )
        if hub.is_deaf:
            self.close_connection = True
        elif hub.failures:
            self._send(hub.failures.pop(0), b"not now")
        elif self.server_name == "store":
            self._send_file(next(n for n in hub.files if path.endswith(hub.digest(n))))
        elif hub.token and header("Authorization") != f"Bearer {hub.token}":
            self._send(401, b"{}", **{"X-Error-Code": "RepoNotFound"})
        elif path.startswith("/api/models/"):
            self._list(path.removeprefix("/api/models/"))
        else:
            self._resolve(path)

    def _list(self, path: str) -> None:
        hub = self.hub
        if path.split("/revision/")[0] != hub.name:
            self._send(404, b"{}", **{"X-Error-Code": "RepoNotFound"})
        elif path.endswith("/revision/absent"):
            self._send(404, b"{}", **{"X-Error-Code": "RevisionNotFound"})
        else:
            self._send(200, hub.listing or _listing(hub), **{"Content-Type": "application/json"})

    def _resolve(self, path: str) -> None:
        hub, name = self.hub, path.rpartition("/")[2]
        if (
            path != f"/{hub.name}/resolve/{COMMIT}/{name}"
            or name not in hub.files.keys() - hub.gone
        ):
            self._send(404, b"", **{"X-Error-Code": "EntryNotFound"})
        elif hub.gated:
            self._send(403, b"", **{"X-Error-Code": "GatedRepo"})
        elif hub.is_large(name):
            self._send(
                302,
                b"",
                **{
                    "Location": f"{hub.store}/lfs/{hub.digest(name)}?signature=secret",
                    "X-Repo-Commit": COMMIT,
                    "X-Linked-Size": str(len(hub.files[name])),
                    "X-Linked-ETag": f'"{hub.digest(name)}"',
                },
            )
        else:
            self._send_file(name)

    def _send_file(self, name: str) -> None:
        body = self.hub.files[name] + bytes(self.hub.surplus.get(name, 0))
        headers = {"ETag": f'"{self.hub.digest(name)}"', "X-Repo-Commit": COMMIT}
        span = None if self.hub.ignores_range else self.headers.get("Range")
        if not span:
            self._send(200, body, **headers)
            return
        start = int(span.removeprefix("bytes=").split("-")[0])
        place = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self._send(206, body[start:], **headers, **{"Content-Range": place})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.server_name == "store" and self.hub.cuts:
            body = body[: self.hub.cuts.pop(0)]
            self.close_connection = True
        with contextlib.suppress(ConnectionError):  # the asker has left
            self.wfile.write(body)


def _listing(hub: Hub) -> bytes:
    files: list[dict[str, Any]] = []
    for name, body in hub.files.items():
        one: dict[str, Any] = {"rfilename": name, "size": len(body), "blobId": "0" * 40}
        if hub.is_large(name):
            one["lfs"] = {"sha256": hub.digest(name), "size": len(body), "pointerSize": 130}
        files.append(one)
    card = {"license": hub.licence}
    listed = {"id": hub.name, "modelId": hub.name, "sha": COMMIT, "private": False, "tags": []}
    listed |= {"siblings": files, "cardData": card, "downloads": 0, "likes": 0}
    return json.dumps(listed).encode()


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """The hub and its store on free ports, until the context ends."""
    servers = []
    for name in ("hub", "store"):
        handler = type("Answer", (_Answer,), {"hub": hub, "server_name": name})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        servers.append((server, thread))
    hub.endpoint, hub.store = (f"http://127.0.0.1:{one.server_port}" for one, _ in servers)
    try:
        yield hub
    finally:
        for server, thread in servers:
            server.shutdown()
            thread.join()
            server.server_close()
