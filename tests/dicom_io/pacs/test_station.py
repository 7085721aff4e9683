"""The standing listener, with DCMTK's storescu and echoscu, and with peers that misbehave."""

from __future__ import annotations

import random
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_io.errors import BadNode, StorageProblem
from dicom_io.identity import Identity
from dicom_io.pacs import status
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.station import Limits, Listening, Sender, Station, Visit
from tests.servers import await_true

HOW = Listening(
    "STATION",
    0,
    (Sender("CT1", "127.0.0.1"),),
    address="127.0.0.1",
    limits=Limits(spare_bytes=0, patience=2.0, first_patience=1.0),
)


class Open:
    """A station that listens, and what it said."""

    def __init__(self, folder: Path, how: Listening) -> None:
        self.folder = folder
        self.kept: list[Identity] = []
        self.visits: list[Visit] = []
        self.alarms: list[str] = []
        self.station = Station(
            how,
            lambda study: folder,
            lambda identity, path: self.kept.append(identity),
            over=self.visits.append,
            alarmed=self.alarms.append,
        )

    def source(self, calling: str = "CT1", called: str = "STATION") -> DimseSource:
        return DimseSource(
            Node("station", called, "127.0.0.1", self.station.port, calling_aet=calling)
        )

    def run(
        self, program: str, *words: object, calling: str = "CT1", called: str = "STATION"
    ) -> int:
        """One of DCMTK's programs as the client. Returns its exit status."""
        found = shutil.which(program)
        if found is None:
            pytest.skip(f"{program} is not installed: apt-get install dcmtk")
        address = ("127.0.0.1", str(self.station.port))
        command = [found, "-aet", calling, "-aec", called, *address, *map(str, words)]
        return subprocess.run(command, capture_output=True, timeout=20).returncode

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.station.port), timeout=10)


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[..., Open]]:
    """Opens stations, closed with the test."""
    with ExitStack() as stack:

        def start(how: Listening = HOW) -> Open:
            folder = tmp_path / "received"
            folder.mkdir(exist_ok=True)
            opened = Open(folder, how)
            stack.enter_context(opened.station.listening())
            return opened

        yield start


def closes(connection: socket.socket) -> bool:
    """True when the other side ends the connection."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


def test_a_listed_sender_stores_what_it_has(
    listen: Callable[..., Open], samples: dict[str, Path]
) -> None:
    station = listen()
    film = samples["CT_small.dcm"]

    assert station.run("echoscu") == 0
    assert station.run("storescu", film) == 0

    (file,) = station.folder.iterdir()
    assert dcmread(file).PixelData == dcmread(film).PixelData
    await_true(lambda: bool(station.visits), "the end of the visit")
    (visit,) = station.visits
    assert visit.sender == Sender("CT1", "127.0.0.1") and visit.refused == 0
    assert [count for _, count in visit.received] == [1]


def test_a_stranger_is_refused_by_title_and_called_title(
    listen: Callable[..., Open], samples: dict[str, Path]
) -> None:
    station = listen()
    film = samples["CT_small.dcm"]

    assert station.run("storescu", film, calling="OTHER") != 0
    assert station.run("storescu", film, called="OTHER") != 0

    assert not list(station.folder.iterdir())
    assert station.alarms


def test_an_address_that_is_not_listed_is_hung_up_on(listen: Callable[..., Open]) -> None:
    station = listen(replace(HOW, senders=(Sender("CT1", "192.0.2.1"),)))

    assert station.run("echoscu") != 0

    assert any("from that address" in alarm for alarm in station.alarms)


def test_a_title_counts_only_at_its_own_address(
    listen: Callable[..., Open], samples: dict[str, Path]
) -> None:
    senders = (Sender("CT1", "127.0.0.1"), Sender("CT2", "192.0.2.1"))
    station = listen(replace(HOW, senders=senders))

    (stored,) = station.source(calling="CT2").store([samples["CT_small.dcm"]])

    assert stored.status == status.NOT_AUTHORIZED
    assert not list(station.folder.iterdir())


def test_a_study_that_was_not_asked_for_is_refused(
    listen: Callable[..., Open], samples: dict[str, Path]
) -> None:
    asked = samples["CT_small.dcm"]
    station = listen(replace(HOW, studies=frozenset({str(dcmread(asked).StudyInstanceUID)})))

    first, second = station.source().store([asked, samples["693_UNCI.dcm"]])

    assert (first.status, second.status) == (0, status.NOT_AUTHORIZED)


def test_a_full_disk_is_told_as_such(listen: Callable[..., Open], samples: dict[str, Path]) -> None:
    station = listen(replace(HOW, limits=replace(HOW.limits, spare_bytes=1 << 62)))

    (stored,) = station.source().store([samples["CT_small.dcm"]])

    assert stored.status == status.OUT_OF_RESOURCES == 0xA700
    assert not list(station.folder.iterdir())


def test_the_same_object_comes_twice_and_another_one_in_its_name_is_refused(
    listen: Callable[..., Open], samples: dict[str, Path], tmp_path: Path
) -> None:
    station = listen()
    film = samples["CT_small.dcm"]
    changed = dcmread(film)
    changed.PatientName = "Other^Person"
    changed.save_as(tmp_path / "changed.dcm")

    outcomes = [station.source().store([one])
                for one in (film, film, tmp_path / "changed.dcm")]  # fmt: skip

    assert [one.status for outcome in outcomes for one in outcome] == [0, 0, status.DUPLICATE]


@pytest.mark.filterwarnings("ignore")  # pydicom warns of what the peer sends
def test_a_uid_that_climbs_folders_becomes_no_path(
    listen: Callable[..., Open], samples: dict[str, Path], tmp_path: Path
) -> None:
    station = listen()
    content = samples["CT_small.dcm"].read_bytes()
    uid = str(dcmread(samples["CT_small.dcm"]).SOPInstanceUID).encode()
    climbing = b"../../../tmp/climbed"[: len(uid)].ljust(len(uid), b"x")
    (tmp_path / "climbing.dcm").write_bytes(content.replace(uid, climbing))

    station.run("storescu", tmp_path / "climbing.dcm")

    assert not list(station.folder.iterdir()) and not station.kept
    await_true(lambda: bool(station.visits), "the end of the visit")
    assert station.visits[0].refused == 1


def test_a_message_beyond_the_limit_ends_the_connection_before_it_is_whole(
    listen: Callable[..., Open], samples: dict[str, Path]
) -> None:
    station = listen(replace(HOW, limits=replace(HOW.limits, object_bytes=20_000)))

    station.run("storescu", samples["CT_small.dcm"])  # 38 kB

    await_true(lambda: station.run("echoscu") == 0, "the station to go on")
    assert not list(station.folder.iterdir()) and not station.kept


def test_a_pdu_that_claims_four_gibibytes_is_not_awaited(listen: Callable[..., Open]) -> None:
    station = listen()

    with station.connect() as connection:
        connection.sendall(b"\x01\x00" + struct.pack(">I", 0xFFFFFFF0) + b"x" * 100)
        assert closes(connection)

    assert station.run("echoscu") == 0


@pytest.mark.parametrize("begun", [b"", b"\x01", b"\x01\x00\x00\x00\x00\xcd\x00\x01"])
def test_a_connection_that_is_left_half_open_is_closed(
    listen: Callable[..., Open], begun: bytes
) -> None:
    station = listen()

    with station.connect() as connection:
        connection.sendall(begun)
        assert closes(connection)  # else the time-out of the socket fails the test


def test_one_address_cannot_take_all_connections(listen: Callable[..., Open]) -> None:
    station = listen(replace(HOW, limits=replace(HOW.limits, associations_each=2)))

    with station.connect() as first, station.connect() as second, station.connect() as third:
        assert closes(third)
        assert closes(first) and closes(second)

    await_true(lambda: station.run("echoscu") == 0, "the station to be free again")


@pytest.mark.filterwarnings("ignore")  # pydicom warns of what the peer sends
def test_mutated_requests_neither_stop_nor_fill_the_station(
    listen: Callable[..., Open], samples: dict[str, Path]
) -> None:
    station = listen(replace(HOW, limits=replace(HOW.limits, associations_each=8)))
    good = recorded(station, samples["CT_small.dcm"])
    chance = random.Random(7)
    threads = threading.active_count()

    for _ in range(60):
        spoilt = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            spoilt[chance.randrange(min(len(spoilt), 600))] = chance.randrange(256)
        with station.connect() as connection:
            try:
                connection.sendall(spoilt[: chance.randrange(1, len(spoilt))])
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                continue  # it hung up first

            closes(connection)

    await_true(lambda: threading.active_count() <= threads, "the connections to end")
    assert station.run("echoscu") == 0
    assert all(file.suffix == ".dcm" for file in station.folder.iterdir())


def recorded(station: Open, film: Path) -> bytes:
    """The bytes that storescu sends for one object, caught on the way."""
    sent = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pump(source: socket.socket, sink: socket.socket, keep: bool) -> None:
            while piece := source.recv(65536):
                if keep:
                    sent.extend(piece)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

        def relay() -> None:
            client, _ = server.accept()
            with client, station.connect() as onward:
                back = threading.Thread(target=pump, args=(onward, client, False))
                back.start()
                pump(client, onward, True)
                back.join()

        thread = threading.Thread(target=relay)
        thread.start()
        port = int(server.getsockname()[1])
        source = DimseSource(Node("relay", "STATION", "127.0.0.1", port, calling_aet="CT1"))
        list(source.store([film]))
        thread.join()
    for file in station.folder.iterdir():
        file.unlink()
    return bytes(sent)


def test_a_port_that_is_taken_and_a_host_that_is_unknown_are_told(
    listen: Callable[..., Open], tmp_path: Path
) -> None:
    taken = replace(HOW, port=listen().station.port)

    with (
        pytest.raises(StorageProblem, match="another port"),
        Open(tmp_path, taken).station.listening(),
    ):
        pass
    with pytest.raises(BadNode, match=r"nowhere\.invalid"):
        Open(tmp_path, replace(HOW, senders=(Sender("CT1", "nowhere.invalid"),)))
