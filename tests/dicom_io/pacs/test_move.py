"""C-MOVE to a port of our own, from Orthanc and from a dcmqrscp without C-GET."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]  # made at import

from dicom_io.errors import BadNode, Cancelled, NodeUnreachable
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.move import receiving
from dicom_io.pacs.node import Node, checked_node
from dicom_io.source import Fetched
from tests.servers import Server, accepts, free_port, start_dcmqrscp, stop

OURS = f"W{secrets.token_hex(7).upper()}"


def study_uid(path: Path) -> str:
    return str(dcmread(path, stop_before_pixels=True).StudyInstanceUID)


@pytest.fixture
def port() -> int:
    return free_port()


@contextmanager
def without_get(folder: Path, sends_to: int, title: str = OURS) -> Iterator[Server]:
    """A dcmqrscp that has no C-GET and knows us at the port `sends_to`."""
    folder.mkdir()
    server = start_dcmqrscp(folder, "--disable-get", hosts=f"us = ({title}, 127.0.0.1, {sends_to})")
    try:
        yield server
    finally:
        stop(server.process)


def mover(server: Server, port: int) -> DimseSource:
    return DimseSource(replace(server.node, calling_aet=OURS, listen=port))


def test_a_node_without_get_moves_the_study_to_us(
    tmp_path: Path, samples: dict[str, Path], port: int
) -> None:
    films = [samples["693_UNCI.dcm"], samples["CT_small.dcm"]]
    with without_get(tmp_path / "q", port) as server:
        server.load(films)
        source = mover(server, port)
        assert source.way == "C-GET"

        events = list(source.fetch(study_uid(films[0]), tmp_path / "here"))

    (event,) = events
    assert (event.completed, event.failed, event.remaining) == (1, 0, 0)
    assert event.path is not None
    assert dcmread(event.path).PixelData == dcmread(films[0]).PixelData
    assert source.way == "C-MOVE"
    assert not accepts(port)


def test_without_a_port_of_ours_the_missing_get_is_told(
    tmp_path: Path, samples: dict[str, Path], port: int
) -> None:
    film = samples["CT_small.dcm"]
    with without_get(tmp_path / "q", port) as server:
        server.load([film])

        with pytest.raises(Exception, match="C-GET"):
            list(server.source.fetch(study_uid(film), tmp_path / "here"))


def test_orthanc_that_forbids_get_moves_the_study_to_us(
    orthanc: Server, tmp_path: Path, samples: dict[str, Path], port: int
) -> None:
    film = samples["CT_small.dcm"]
    orthanc.load([film])
    us = {"AET": OURS, "Host": "127.0.0.1", "Port": port, "AllowGet": False, "AllowMove": True}
    orthanc.ask("/modalities/us", json.dumps(us).encode(), "PUT")
    source = mover(orthanc, port)

    (event,) = source.fetch(study_uid(film), tmp_path / "here")

    assert event.path is not None and event.failed == 0
    orthanc.ask("/modalities/us", method="DELETE")


def test_an_unknown_destination_is_told_with_what_to_ask_for(
    tmp_path: Path, samples: dict[str, Path], port: int
) -> None:
    film = samples["CT_small.dcm"]
    with without_get(tmp_path / "q", port, "SOMEBODY") as server:
        server.load([film])

        (event,) = mover(server, port).fetch(study_uid(film), tmp_path / "here")

    assert event.path is None
    assert "does not know us as a destination" in event.problem


def test_a_destination_with_the_wrong_port_brings_nothing_and_says_so(
    tmp_path: Path, samples: dict[str, Path], port: int
) -> None:
    film = samples["CT_small.dcm"]
    with without_get(tmp_path / "q", free_port()) as server:
        server.load([film])

        (event,) = mover(server, port).fetch(study_uid(film), tmp_path / "here")

    assert event.path is None and event.failed == 1 and event.problem


def test_a_port_that_another_program_has_is_named(tmp_path: Path, port: int) -> None:
    node = Node("n", "PACS", "127.0.0.1", 104, calling_aet=OURS, listen=port)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(NodeUnreachable, match=f"port {port}"):
            with receiving(node, Intake(tmp_path, "1.2", lambda *_: None)):
                pass


@pytest.mark.parametrize(("title", "accepted"), [(OURS, True), ("SOMEBODYELSE", False)])
def test_only_who_calls_us_by_our_title_is_let_in(
    tmp_path: Path, port: int, title: str, accepted: bool
) -> None:
    node = Node("n", "PACS", "127.0.0.1", 104, calling_aet=OURS, listen=port)
    with receiving(node, Intake(tmp_path, "1.2", lambda *_: None)):
        entity = AE()
        entity.add_requested_context(CTImageStorage)
        association = entity.associate("127.0.0.1", port, ae_title=title)

        assert association.is_established == accepted
        association.abort()


@pytest.fixture
def calling(tmp_path: Path, port: int) -> Callable[[Path, str], int]:
    """Sends a file to our open port; gives the status that we answer."""

    def send(film: Path, study: str) -> int:
        node = Node("n", "PACS", "127.0.0.1", 104, calling_aet=OURS, listen=port)
        with receiving(node, Intake(tmp_path, study, lambda *_: None)):
            us = Node("us", OURS, "127.0.0.1", port)
            (outcome,) = DimseSource(us).store([film])
        return outcome.status

    return send


def test_what_was_not_asked_for_is_refused(
    calling: Callable[[Path, str], int], samples: dict[str, Path], tmp_path: Path
) -> None:
    film = samples["CT_small.dcm"]

    assert calling(film, "1.2.3") == 0x0124
    assert not list(tmp_path.glob("*.dcm"))
    assert calling(film, study_uid(film)) == 0
    assert len(list(tmp_path.glob("*.dcm"))) == 1


def test_a_stopped_move_leaves_no_part_of_a_file_and_no_open_port(
    tmp_path: Path, samples: dict[str, Path], port: int
) -> None:
    film = dcmread(samples["693_UNCI.dcm"])
    paths = []
    for number in range(20):
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.{number + 1}")
        paths.append(tmp_path / f"{number}.dcm")
        film.save_as(paths[-1])
    arrived: list[Fetched] = []
    into = tmp_path / "here"
    with without_get(tmp_path / "q", port) as server:
        server.load(paths)
        source = mover(server, port)

        with pytest.raises(Cancelled):
            for event in source.fetch(str(film.StudyInstanceUID), into, lambda: bool(arrived)):
                arrived.append(event)
        left = sorted(into.iterdir())

    assert 1 <= len(left) < 20
    assert all(dcmread(path).PixelData for path in left)


def test_a_port_that_cannot_be_is_refused() -> None:
    with pytest.raises(BadNode, match="port 70000"):
        checked_node(Node("n", "PACS", "127.0.0.1", 104, listen=70000))


def is_hung_up(connection: socket.socket) -> bool:
    """True when the other side ended the connection; False when it leaves it open."""
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_a_connection_that_says_nothing_does_not_hold_the_port_open(
    tmp_path: Path, port: int
) -> None:
    node = Node("n", "PACS", "127.0.0.1", 104, calling_aet=OURS, listen=port)
    silent = socket.socket()
    with silent:
        with receiving(node, Intake(tmp_path, "1.2", lambda *_: None)):
            silent.connect(("127.0.0.1", port))

        assert not accepts(port)
        assert is_hung_up(silent)


def test_a_stranger_is_not_listened_to(tmp_path: Path, port: int) -> None:
    node = Node("n", "PACS", "127.0.0.1", 104, calling_aet=OURS, listen=port)
    with (
        receiving(node, Intake(tmp_path, "1.2", lambda *_: None)),
        socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0)) as stranger,
    ):
        assert is_hung_up(stranger)
