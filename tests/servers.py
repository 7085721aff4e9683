"""Real PACS programs for tests: Debian's Orthanc and DCMTK's dcmqrscp, each with its own folder
on free ports, ended by its process id. Loaded as a plug-in by `tests/conftest.py`."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.web import WebSource

DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_START = 20.0  # seconds that a server may take to answer


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_true(condition: Callable[[], bool], what: str, seconds: float = _START) -> None:
    """Wait until `condition` holds. Raises AssertionError naming `what` when it never does."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.02)  # the pause between two looks, not a guess at how long it takes


def accepts(port: int) -> bool:
    """True when something listens on that port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@dataclass(frozen=True)
class Server:
    """A running PACS program: how DICOM reaches it, and its REST interface where it has one."""

    node: Node
    process: subprocess.Popen[bytes]
    folder: Path
    http_port: int = 0
    password: str = ""

    @property
    def source(self) -> DimseSource:
        return DimseSource(self.node)

    @property
    def web(self) -> WebSource:
        """The same archive over DICOMweb."""
        root = f"http://127.0.0.1:{self.http_port}/dicom-web"
        return WebSource(Node("orthanc-web", web=root, user="wetread"), lambda: self.password)

    def load(self, paths: Sequence[Path]) -> None:
        """Store files into it by C-STORE; all must be taken."""
        problems = [one.problem for one in self.source.store(paths) if one.status != 0]
        assert not problems

    def ask(self, path: str, body: bytes | None = None, method: str = "") -> bytes:
        """Orthanc's REST interface: GET, or POST with a body."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}", data=body, method=method or None
        )
        token = base64.b64encode(f"wetread:{self.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            content: bytes = answer.read()
        return content

    def clear(self) -> None:
        """Delete everything that Orthanc holds."""
        for study in json.loads(self.ask("/studies")):
            self.ask(f"/studies/{study}", method="DELETE")


def start_orthanc(folder: Path, *, no_delay: bool = True, **settings: object) -> Server:
    """Debian's Orthanc, unprivileged, in `folder`; `settings` override its configuration.

    Its DICOM port listens on all interfaces whatever it is told, so its AE title is random and
    checked: a stranger in the network cannot associate. Skips the test without the program.
    """
    program = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("Orthanc is not installed: apt-get install orthanc")
    aet = f"O{secrets.token_hex(7).upper()}"
    password = secrets.token_urlsafe(12)
    dicom_port, http_port = free_port(), free_port()
    for name in ("database", "temporary"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    configuration = {
        "Name": "TEST",
        "StorageDirectory": str(folder / "database"),
        "IndexDirectory": str(folder / "database"),
        "TemporaryDirectory": str(folder / "temporary"),
        "Plugins": [str(DICOMWEB)] if DICOMWEB.is_file() else [],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "HttpPort": http_port,
        "DicomPort": dicom_port,
        "DicomAet": aet,
        "DicomCheckCalledAet": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {"wetread": password},
        "DefaultEncoding": "Utf8",
        "SaveJobs": False,
        "StableAge": 1,
        "LimitFindResults": 0,
        "LimitFindInstances": 0,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        **settings,
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration), encoding="utf-8")
    process = _run([program, str(folder / "orthanc.json")], folder, no_delay)
    server = Server(
        Node("orthanc", aet, "127.0.0.1", dicom_port), process, folder, http_port, password
    )
    try:
        await_true(lambda: _is_ready(server), "Orthanc to answer")
    except AssertionError:
        stop(process)
        raise
    return server


def _is_ready(server: Server) -> bool:
    assert server.process.poll() is None, (server.folder / "log").read_text(errors="replace")
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        return bool(server.ask("/system")) and accepts(server.node.port)
    return False


def start_dcmqrscp(folder: Path, *options: str, hosts: str = "") -> Server:
    """DCMTK's dcmqrscp, a second archive with other habits. Skips without the program.

    `hosts` are lines of its HostTable, where C-MOVE may send: `name = (AET, host, port)`.
    """
    program = shutil.which("dcmqrscp")
    if program is None:
        pytest.skip("dcmqrscp is not installed: apt-get install dcmtk")
    aet, port = f"Q{secrets.token_hex(7).upper()}", free_port()
    (folder / "database").mkdir(parents=True, exist_ok=True)
    (folder / "dcmqrscp.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 16\n"
        f"HostTable BEGIN\n{hosts}\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\n{aet} {folder / 'database'} RW (500, 1024mb) ANY\nAETable END\n",
        encoding="utf-8",
    )
    command = [program, *options, "--config", str(folder / "dcmqrscp.cfg")]
    process = _run(command, folder)
    try:
        await_true(lambda: accepts(port), "dcmqrscp to listen")
    except AssertionError:
        stop(process)
        raise
    return Server(Node("dcmqrscp", aet, "127.0.0.1", port), process, folder)


def _run(command: list[str], folder: Path, no_delay: bool = True) -> subprocess.Popen[bytes]:
    # Debian's DCMTK leaves Nagle's algorithm on, which costs 45 ms an object (spec B.1).
    environment = {**os.environ, **({"TCP_NODELAY": "1"} if no_delay else {})}
    with open(folder / "log", "wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server by its process id, at once: Orthanc takes seconds to end by itself, and what it
    holds is thrown away."""
    process.kill()
    process.wait(timeout=5)


@pytest.fixture(scope="session")
def orthanc_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Orthanc for the whole run."""
    server = start_orthanc(tmp_path_factory.mktemp("orthanc"))
    yield server
    stop(server.process)


@pytest.fixture
def orthanc(orthanc_process: Server) -> Iterator[Server]:
    """Orthanc, empty at the start of each test."""
    orthanc_process.clear()
    yield orthanc_process


@pytest.fixture
def dicomweb(orthanc: Server) -> Server:
    """Orthanc, empty, with its DICOMweb plug-in. Skips without that."""
    if not DICOMWEB.is_file():
        pytest.skip("Orthanc's DICOMweb is not installed: apt-get install orthanc-dicomweb")
    return orthanc


@pytest.fixture
def dicomweb_open(tmp_path: Path) -> Iterator[Server]:
    """An Orthanc with DICOMweb that asks nobody for a password. Skips without the plug-in."""
    if not DICOMWEB.is_file():
        pytest.skip("Orthanc's DICOMweb is not installed: apt-get install orthanc-dicomweb")
    server = start_orthanc(tmp_path / "orthanc", AuthenticationEnabled=False)
    yield server
    stop(server.process)


@pytest.fixture
def dcmqrscp(tmp_path: Path) -> Iterator[Server]:
    """DCMTK's archive, empty."""
    server = start_dcmqrscp(tmp_path / "dcmqrscp")
    yield server
    stop(server.process)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """The embedded archive, empty."""
    with Archive(tmp_path / "archive") as running:
        yield running
