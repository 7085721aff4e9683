"""The line under a node that lies: what it claims is bounded, and ends in a sentence."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom.presentation import build_context

from dicom_io.errors import NodeProblem, NodeRefused, NodeTimedOut, NodeUnreachable
from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.contexts import UNCOMPRESSED
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.line import Line, open_line
from dicom_io.pacs.node import Node
from dicom_io.pacs.retrieval import GET, Retrieval
from dicom_io.study import Instance, Series
from tests.servers import free_port

Script = Callable[[socket.socket], None]
Speak = Callable[[Script], Node]


@pytest.fixture
def speak() -> Iterator[Speak]:
    """Starts a server that does as a script says with each connection; gives its node."""
    servers: list[socket.socket] = []

    def start(script: Script) -> Node:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    script(connection)

        threading.Thread(target=serve, daemon=True).start()
        port = int(server.getsockname()[1])
        return Node("liar", "LIAR", "127.0.0.1", port, timeout=1.0, answer_timeout=1.0)

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def greet(node: Node) -> None:
    with open_line(node, [build_context(GET, list(UNCOMPRESSED))], []):
        pass


def answering(content: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return script


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", NodeUnreachable, "broke off"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NodeUnreachable, "no DICOM"),
        (struct.pack(">BBL", 2, 0, 0xFFFFFFFF), NodeUnreachable, "more than we offered"),
        (struct.pack(">BBL", 2, 0, 100) + bytes(100), NodeUnreachable, "made no sense"),
        (struct.pack(">BBLBBBB", 3, 0, 4, 0, 1, 1, 7), NodeRefused, "it is not called LIAR"),
        (struct.pack(">BBLBBBB", 7, 0, 4, 0, 0, 0, 0), NodeUnreachable, "at the greeting"),
        (struct.pack(">BB", 2, 0), NodeUnreachable, "broke off"),
    ],
)
def test_a_greeting_that_is_none_is_told(
    speak: Speak, content: bytes, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        greet(speak(answering(content)))


def test_silence_is_told(speak: Speak) -> None:
    release = threading.Event()

    def wait(_: socket.socket) -> None:
        release.wait(5)

    try:
        with pytest.raises(NodeTimedOut, match="did not answer"):
            greet(speak(wait))
    finally:
        release.set()


def test_nobody_there_is_told() -> None:
    with pytest.raises(NodeUnreachable, match="Nothing answers"):
        greet(Node("n", "N", "127.0.0.1", free_port(), timeout=1))


def pdu(*pdvs: bytes) -> bytes:
    body = b"".join(struct.pack(">L", len(one)) + one for one in pdvs)
    return struct.pack(">BBL", 4, 0, len(body)) + body


@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">BBL", 4, 0, 5) + bytes(5),  # shorter than a PDV's head
        struct.pack(">BBLL", 4, 0, 10, 0xFFFF) + bytes(6),  # longer than its PDU
        struct.pack(">BBLL", 4, 0, 6, 1) + bytes(2),  # no room for its own head
        pdu(b"\1\1" + bytes(100_000)) * 2,  # a command without an end
        pdu(b"\1\3" + b"no command"),
        pdu(b"\1\2" + b"data before any command"),
        struct.pack(">BBL", 9, 0, 4) + bytes(4),  # no type of PDU
        struct.pack(">BBL", 4, 0, 2**31),
    ],
    ids=["short", "long", "empty", "endless", "junk", "data first", "type", "length"],
)
def test_messages_that_are_none_end_the_retrieval_in_a_sentence(
    content: bytes, archive: Archive, speak: Speak, tmp_path: Path
) -> None:
    """The greeting is the embedded archive's, what follows is not."""

    def script(connection: socket.socket) -> None:
        with socket.create_connection((archive.node.host, archive.node.port)) as real:
            real.settimeout(5)
            real.sendall(connection.recv(65536))
            connection.sendall(real.recv(65536))
        connection.recv(65536)
        connection.sendall(content)
        with suppress(OSError):
            while connection.recv(65536):
                pass

    into = tmp_path / "here"
    into.mkdir()
    liar = speak(script)
    node = Node("liar", archive.node.aet, "127.0.0.1", liar.port, timeout=2, answer_timeout=2)
    identity = Identity("p", "", "1.2", "1.2.3", "1.2.3.4")
    one = Instance(identity, "1.2.840.10008.5.1.4.1.1.2")
    retrieval = Retrieval(node, Intake(into, "1.2", lambda *_: None))

    with pytest.raises(NodeUnreachable, match="broke off"):
        retrieval.get(Series(identity, modality="CT"), [one], whole=True)

    assert not list(into.iterdir())


def test_a_network_that_is_cut_anywhere_loses_and_doubles_nothing(
    archive: Archive, samples: dict[str, Path], speak: Speak, tmp_path: Path
) -> None:
    """A relay that hangs up after a random number of bytes; then the study is fetched again."""
    paths = []
    film = dcmread(samples["CT_small.dcm"])
    for number in range(6):
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = type(film.SOPClassUID)(
            f"2.25.{number + 1}"
        )
        paths.append(tmp_path / f"{number}.dcm")
        film.save_as(paths[-1])
    archive.add(paths)
    chance = random.Random(3)
    left = [0]

    def script(connection: socket.socket) -> None:
        budget = left[0]
        with socket.create_connection((archive.node.host, archive.node.port)) as real:

            def up() -> None:
                with suppress(OSError):
                    while piece := connection.recv(65536):
                        real.sendall(piece)
                with suppress(OSError):
                    real.shutdown(socket.SHUT_WR)

            threading.Thread(target=up, daemon=True).start()
            while budget > 0 and (piece := real.recv(min(budget, 4096))):
                connection.sendall(piece)
                budget -= len(piece)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    relay = speak(script)
    node = Node("relay", archive.node.aet, "127.0.0.1", relay.port, timeout=5, answer_timeout=5)
    study = str(film.StudyInstanceUID)
    for turn in range(40):
        into = tmp_path / f"here-{turn}"
        left[0] = chance.randint(1, 260_000)
        with suppress(NodeProblem):
            list(DimseSource(node).fetch(study, into))
        arrived = [path for path in into.glob("*")]

        assert all(dcmread(path).PixelData == film.PixelData for path in arrived)
        assert len({dcmread(path).SOPInstanceUID for path in arrived}) == len(arrived)
    left[0] = 2**30
    assert list(DimseSource(node).fetch(study, tmp_path / "all"))[-1].completed == 6


def test_a_long_identifier_is_sent_in_pieces_that_the_node_takes() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Line(Node("n", "N", "h", 1), ours)
        line._most = 100 + 6  # as the greeting would have said

        line.send(3, bytes(range(250)), is_command=False)
        content = theirs.recv(65536)

    gathered, flags = b"", []
    while content:
        _, _, length, _, context, flag = struct.unpack_from(">BBLLBB", content)
        assert context == 3 and length <= 128 + 6
        gathered += content[12 : 6 + length]
        flags.append(flag)
        content = content[6 + length :]
    assert gathered == bytes(range(250))
    assert flags == [0, 2]
