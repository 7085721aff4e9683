"""A CT series from a real archive: our ways beside DCMTK's programs and a plain pynetdicom client.

    python bench/retrieve.py [--count 300] [--repeat 3] [--delay 10] [--quick]

Debian's Orthanc serves; every contender writes the objects to files, in turns, in a process of its
own. "Nagle" is Orthanc as Debian ships it, which holds back the end of each object until it is
acknowledged; "no delay" is the same with TCP_NODELAY=1 for it and for DCMTK's programs. For "far"
a relay adds the round trip of `--delay`. The floor is the same bytes through a loopback socket to
files. Needs Debian's orthanc, orthanc-dicomweb and dcmtk. Exit code 1 when a row misses its mark.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pydicom.dataset import Dataset  # noqa: E402  # after the path is set
from pynetdicom import AE, evt  # noqa: E402
from pynetdicom.presentation import build_role  # noqa: E402
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]  # noqa: E402

from bench.made_series import SERIES, STUDY, write_series  # noqa: E402
from bench.rows import Row, as_markdown, as_text  # noqa: E402
from dicom_io.pacs.dimse import DimseSource  # noqa: E402
from dicom_io.pacs.node import Node  # noqa: E402
from dicom_io.pacs.retrieval import GET  # noqa: E402
from dicom_io.pacs.web import WebSource  # noqa: E402
from tests.servers import Server, free_port, start_orthanc, stop  # noqa: E402

AS_GETSCU, TIMES_PLAIN, TIMES_NAGLE = 1.0, 4.0, 10.0
FAR = 200.0  # MB/s with a delay
MEMORY = 100.0  # MiB of the client beyond what its imports take
PLAIN = "1.2.840.10008.1.2.1"


@dataclass(frozen=True)
class Place:
    """A running Orthanc with the series, and how it is reached."""

    server: Server
    port: int
    http_port: int

    @property
    def node(self) -> Node:
        return replace(self.server.node, port=self.port)

    @property
    def web(self) -> Node:
        root = f"http://127.0.0.1:{self.http_port}/dicom-web"
        return Node("web", web=root, user="wetread")


def ours(source: DimseSource | WebSource, into: Path) -> None:
    last = list(source.fetch(STUDY, into))[-1]
    assert last.failed == 0


def plain(node: Node, into: Path) -> None:
    """The client that pynetdicom's documentation suggests."""

    def store(event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        dataset.save_as(into / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
        return 0

    entity = AE(ae_title="WETREAD")
    entity.add_requested_context(GET)
    entity.add_requested_context(CTImageStorage, PLAIN)
    association = entity.associate(
        node.host,
        node.port,
        ae_title=node.aet,
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, store)],
    )
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "SERIES"
    identifier.StudyInstanceUID, identifier.SeriesInstanceUID = STUDY, SERIES
    for _ in association.send_c_get(identifier, GET):
        pass
    association.release()


def dcmtk(program: str, node: Node, into: Path, no_delay: bool, port: int = 0) -> None:
    """getscu, or movescu with its own port."""
    keys = ["-k", "QueryRetrieveLevel=SERIES", "-k", f"StudyInstanceUID={STUDY}"]
    keys += ["-k", f"SeriesInstanceUID={SERIES}"]
    moving = ["-aem", "BENCHMOVE", "+P", str(port)] if port else ["+B"]
    found = shutil.which(program, path="/usr/bin:/usr/local/bin")  # pynetdicom has some, too
    if found is None:
        raise RuntimeError(f"{program} is missing: apt-get install dcmtk")
    command = [found, "-S", "-aet", "BENCHMOVE", "-aec", node.aet, *moving, "-od", str(into)]
    environment = {**os.environ, **({"TCP_NODELAY": "1"} if no_delay else {})}
    subprocess.run(
        [*command, *keys, node.host, str(node.port)],
        env=environment,
        check=True,
        capture_output=True,
        cwd=into,
    )


def floor(paths: Sequence[Path], into: Path) -> None:
    """The same bytes through a loopback socket into files."""
    contents = [path.read_bytes() for path in paths]
    server = socket.create_server(("127.0.0.1", 0))

    def send() -> None:
        with suppress(OSError), socket.create_connection(server.getsockname()) as line:
            for content in contents:
                line.sendall(content)

    threading.Thread(target=send, daemon=True).start()
    line, _ = server.accept()
    buffer = memoryview(bytearray(2**20))
    with line, server:
        for number, content in enumerate(contents):
            left = len(content)
            with open(into / f"{number}.dcm", "wb", buffering=0) as file:
                while left:
                    count = line.recv_into(buffer[: min(left, len(buffer))])
                    file.write(buffer[:count])
                    left -= count


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """A relay on loopback that hands each piece on after half the round trip, either way."""
    server = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        held: deque[tuple[float, bytes]] = deque()
        ready = threading.Condition()

        def give() -> None:
            with suppress(OSError):
                while True:
                    with ready:
                        while not held:
                            ready.wait()
                        due, piece = held.popleft()
                    time.sleep(max(0.0, due - time.monotonic()))
                    if not piece:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(piece)

        threading.Thread(target=give, daemon=True).start()
        with suppress(OSError):
            while True:
                piece = source.recv(2**18)
                with ready:
                    held.append((time.monotonic() + seconds / 2, piece))
                    ready.notify()
                if not piece:
                    return

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = server.accept()
                far = socket.create_connection(("127.0.0.1", port))
                for one in (near, far):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=pump, args=(near, far), daemon=True).start()
                threading.Thread(target=pump, args=(far, near), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield int(server.getsockname()[1])
    server.close()


def timed(work: Callable[[Path], None], size: int) -> tuple[float, float]:
    """MB/s of one turn, and MiB that the process grew by; in a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="wetread-bench-"))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.monotonic()
        code = 0
        try:
            work(folder)
        except BaseException as error:  # the border of the process
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            code = 1
        took = time.monotonic() - began
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writing, f"{took} {more / 1024}".encode())
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        spent, grown = map(float, pipe.read().split())
    code = os.waitpid(child, 0)[1]
    arrived = len([one for one in folder.iterdir() if one.is_file()])
    shutil.rmtree(folder)
    if code != 0 or not arrived:
        raise RuntimeError("a contender failed")
    return size / spent / 1e6, grown


def start(folder: Path, no_delay: bool, move_port: int) -> Place:
    modality = {"AET": "BENCHMOVE", "Host": "127.0.0.1", "Port": move_port}
    server = start_orthanc(
        folder, DicomModalities={"bench": modality}, DicomAlwaysAllowMove=True, no_delay=no_delay
    )
    return Place(server, server.node.port, server.http_port)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--delay", type=float, default=10.0, help="ms of a round trip")
    parser.add_argument("--quick", action="store_true", help="60 slices, one turn")
    parser.add_argument("--markdown", action="store_true")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.count, chosen.repeat = 60, 1
    rows = measure(chosen.count, chosen.repeat, chosen.delay / 1000)
    print(as_markdown(rows) if chosen.markdown else as_text(rows))
    return 1 if any(row.holds is False for row in rows) else 0


def measure(count: int, repeat: int, delay: float) -> list[Row]:
    """Every contender in turns; the rows that were wanted."""
    before = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="wetread-bench-") as name:
        root = Path(name)
        (root / "series").mkdir()
        paths = write_series(root / "series", count, PLAIN)
        size = sum(path.stat().st_size for path in paths)
        move_port = free_port()
        quick = start(root / "quick", True, move_port)
        nagle = start(root / "nagle", False, move_port)
        try:
            for place in (quick, nagle):
                place.server.load(paths)
            with (
                delayed(quick.port, delay) as far_port,
                delayed(quick.http_port, delay) as far_web,
            ):
                far = Place(quick.server, far_port, far_web)
                rates, grown = turns(quick, nagle, far, paths, size, move_port, repeat)
        finally:
            for place in (quick, nagle):
                stop(place.server.process)
    print(f"{count} slices, {size / 1e6:.0f} MB, {repeat} turns; load before {before[0]:.1f}")
    for name, found in rates.items():
        middle = statistics.median(found)
        share = f"{middle / statistics.median(rates['floor']):.2f} of the floor"
        print(f"  {name:32} {middle:6.0f} MB/s  ({min(found):.0f} to {max(found):.0f})  {share}")
    print(f"load after {os.getloadavg()[0]:.1f}")
    return rows_of({k: statistics.median(v) for k, v in rates.items()}, grown, delay)


def turns(
    quick: Place,
    nagle: Place,
    far: Place,
    paths: Sequence[Path],
    size: int,
    move_port: int,
    repeat: int,
) -> tuple[dict[str, list[float]], float]:
    def secret() -> str:
        return quick.server.password

    contenders: dict[str, Callable[[Path], None]] = {
        "floor": lambda into: floor(paths, into),
        "ours, C-GET": lambda into: ours(DimseSource(quick.node), into),
        "ours, DICOMweb": lambda into: ours(WebSource(quick.web, secret), into),
        "getscu, no delay": lambda into: dcmtk("getscu", quick.node, into, True),
        "movescu, no delay": lambda into: dcmtk("movescu", quick.node, into, True, move_port),
        "plain pynetdicom": lambda into: plain(quick.node, into),
        "ours, C-GET, Nagle": lambda into: ours(DimseSource(nagle.node), into),
        "getscu, Nagle": lambda into: dcmtk("getscu", nagle.node, into, False),
        "ours, C-GET, far": lambda into: ours(DimseSource(far.node), into),
        "ours, DICOMweb, far": lambda into: ours(WebSource(far.web, secret), into),
    }
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    grown = 0.0
    for _ in range(repeat):
        for name, work in contenders.items():
            rate, more = timed(work, size)
            rates[name].append(rate)
            if name.startswith("ours"):
                grown = max(grown, more)
    return rates, grown


def rows_of(rate: dict[str, float], grown: float, delay: float) -> list[Row]:
    best = max(rate["ours, C-GET"], rate["ours, DICOMweb"])
    ratios = (
        ("getscu, no delay", "ours, C-GET", AS_GETSCU),
        ("movescu, no delay", "ours, C-GET", AS_GETSCU),
        ("plain pynetdicom", "ours, C-GET", TIMES_PLAIN),
        ("getscu, Nagle", "ours, C-GET, Nagle", TIMES_NAGLE),
    )
    rows = [
        Row(
            f"{own} beside {other}",
            f"at least {wanted:g} times its rate",
            f"{rate[own] / rate[other]:.1f} times ({rate[own]:.0f} and {rate[other]:.0f} MB/s)",
            rate[own] >= wanted * rate[other],
        )
        for other, own, wanted in ratios
    ]
    far = rate["ours, DICOMweb, far"]
    rows.append(
        Row(
            f"with {delay * 1000:.0f} ms of round trip, by DICOMweb",
            f"at least {FAR:.0f} MB/s",
            f"{far:.0f} MB/s ({far / best:.2f} of the rate nearby); C-GET "
            f"{rate['ours, C-GET, far']:.0f} MB/s",
            far >= FAR,
        )
    )
    rows.append(
        Row("memory of the client", f"under {MEMORY:.0f} MiB", f"{grown:.0f} MiB", grown < MEMORY)
    )
    return rows


if __name__ == "__main__":
    sys.exit(main())
