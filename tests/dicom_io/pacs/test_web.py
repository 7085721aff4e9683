"""DICOMweb: what Orthanc does with names and pages, and every way in which a server fails."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from dicom_io.errors import (
    BadNode,
    Cancelled,
    NodeRefused,
    NodeTimedOut,
    NodeUnreachable,
    OperationFailed,
)
from dicom_io.identity import Identity
from dicom_io.pacs import web as web_module
from dicom_io.pacs.connect import source_for
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node, parse_node
from dicom_io.pacs.web import WebSource
from dicom_io.source import Query
from dicom_io.study import Study
from tests.servers import Server, free_port

NAMES = ("Яковлев^Пётр", "Müller^Jürgen", "山田^太郎", "O'Neil^Ann Marie")


def found(source: WebSource, query: Query) -> list[Study]:
    return [event.study for event in source.find(query) if event.study is not None]


def made(path: Path, film: Path, name: str, number: int) -> Path:
    """A copy of a film as a study of somebody else's."""
    dataset = dcmread(film)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = name, f"P{number}"
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(dataset, keyword, generate_uid())
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path)
    return path


@pytest.fixture
def people(dicomweb: Server, samples: dict[str, Path], tmp_path: Path) -> Server:
    """Orthanc with a study of each of NAMES."""
    film = samples["CT_small.dcm"]
    dicomweb.load([made(tmp_path / f"{n}.dcm", film, name, n) for n, name in enumerate(NAMES)])
    return dicomweb


@pytest.mark.parametrize("name", NAMES)
def test_names_are_found_in_any_script(people: Server, name: str) -> None:
    by_name = found(people.web, Query(patient_name=name))
    by_text = found(people.web, Query(text=name.split("^")[0]))

    assert [study.patient_name for study in by_name] == [name]
    assert [study.patient_name for study in by_text] == [name]


def test_more_studies_than_a_page_are_all_found(
    people: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "PAGE", 3)

    assert {study.patient_name for study in found(people.web, Query())} == set(NAMES)


def test_a_limit_is_told(people: Server) -> None:
    events = list(people.web.find(Query(limit=2)))

    assert [event.study is not None for event in events] == [True, True, False]
    assert "More than 2" in events[-1].incomplete


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (Query(patient_id="P1"), 1),
        (Query(modality="CT"), 4),
        (Query(modality="MR"), 0),
        (Query(date="20040101-20041231"), 4),
        (Query(date="-20031231"), 0),
    ],
)
def test_keys_are_those_of_a_search(people: Server, query: Query, count: int) -> None:
    assert len(found(people.web, query)) == count


def test_a_wrong_password_says_how_to_give_the_right_one(dicomweb: Server) -> None:
    source = WebSource(dicomweb.web.node, lambda: "wrong")

    with pytest.raises(NodeRefused, match="wetread node secret orthanc-web"):
        list(source.find(Query()))


def test_a_wrong_root_is_named(dicomweb: Server) -> None:
    root = dicomweb.web.node.web.replace("dicom-web", "wado")
    source = WebSource(Node("o", web=root, user="wetread"), lambda: dicomweb.password)

    with pytest.raises(NodeRefused, match="no DICOMweb service at this address"):
        source.echo()


def test_tls_to_a_plain_port_is_named(dicomweb: Server) -> None:
    root = dicomweb.web.node.web.replace("http:", "https:")

    with pytest.raises(NodeRefused, match="does not speak TLS"):
        WebSource(Node("o", web=root)).echo()


def test_a_refused_object_is_not_stored(dicomweb: Server, tmp_path: Path) -> None:
    junk = tmp_path / "junk.dcm"
    junk.write_bytes(bytes(200))

    (outcome,) = dicomweb.web.store([junk])

    assert outcome.status == 0xC000 and "no DICOM file" in outcome.problem


Answer = tuple[int, Mapping[str, str], bytes]
Serve = Callable[[Callable[[str, str, Mapping[str, str]], Answer]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server on loopback that answers as the test says; gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str, str, Mapping[str, str]], Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        self.rfile.read(size + 2)
                    self.rfile.readline()
                self.rfile.read(length)
                code, headers, body = answer(self.command, self.path, dict(self.headers.items()))
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(body)
                except ConnectionError:
                    pass  # the client had enough
                self.close_connection = True

            do_GET = do_POST = answer

            def log_message(self, *args: Any) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/dicom-web"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def node_at(root: str, **more: Any) -> Node:
    return Node("web", web=root, timeout=2.0, answer_timeout=2.0, **more)


JSON = {"Content-Type": "application/dicom+json"}


def test_a_token_goes_along_and_nowhere_else(serve: Serve) -> None:
    seen: list[str] = []

    def answer(method: str, path: str, headers: Mapping[str, str]) -> Answer:
        seen.append(headers.get("Authorization", ""))
        return 302, {"Location": "http://127.0.0.1:1/elsewhere"}, b""

    with pytest.raises(NodeRefused, match="sends us to another address"):
        WebSource(node_at(serve(answer)), lambda: "token").echo()

    assert seen == ["Bearer token"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>"), NodeRefused, "not as DICOMweb does"),
        ((200, JSON, b"{"), OperationFailed, "cannot be read"),
        ((200, JSON, b'{"a": 1}'), NodeRefused, "not answer as DICOMweb"),
        ((403, {}, b""), NodeRefused, "does not allow"),
        ((500, {}, b""), OperationFailed, "status 500"),
        ((200, {**JSON, "Content-Length": "500"}, b"["), NodeUnreachable, "broke off"),
    ],
)
def test_answers_that_are_none_are_told_in_a_sentence(
    serve: Serve, answer: Answer, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        list(WebSource(node_at(serve(lambda *_: answer))).find(Query()))


def test_an_endless_answer_is_cut(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicom_io.pacs.http.MOST_JSON", 1000)
    root = serve(lambda *_: (200, JSON, b"[" + b"1," * 5000))

    with pytest.raises(OperationFailed, match="endless"):
        WebSource(node_at(root)).echo()


def test_nobody_there_and_a_silent_server_are_told(serve: Serve) -> None:
    release = threading.Event()

    def silent(*_: object) -> Answer:
        release.wait(20)
        return 200, JSON, b"[]"

    slow = Node("web", web=serve(silent), timeout=0.3, answer_timeout=0.3)
    try:
        with pytest.raises(NodeTimedOut):
            WebSource(slow).echo()
    finally:
        release.set()
    with pytest.raises(NodeUnreachable, match="Nothing answers"):
        WebSource(node_at(f"http://127.0.0.1:{free_port()}/dicom-web")).echo()


def test_a_server_that_ignores_paging_is_not_asked_for_ever(serve: Serve) -> None:
    asked: list[str] = []
    study = {"0020000D": {"vr": "UI", "Value": ["1.2.3"]}}

    def answer(method: str, path: str, headers: Mapping[str, str]) -> Answer:
        asked.append(path)
        return 200, JSON, json.dumps([study]).encode()

    source = WebSource(node_at(serve(answer)))

    assert [one.identity.study for one in found(source, Query())] == ["1.2.3"]
    assert len(asked) == 2


def holding(film: Path, body: bytes, headers: Mapping[str, str]) -> Callable[..., Answer]:
    """Answers as a server that lists one film and sends `body` for it."""
    header = dcmread(film, stop_before_pixels=True)
    uids = {
        "0020000D": {"vr": "UI", "Value": [header.StudyInstanceUID]},
        "0020000E": {"vr": "UI", "Value": [header.SeriesInstanceUID]},
        "00080018": {"vr": "UI", "Value": [header.SOPInstanceUID]},
    }

    def answer(method: str, path: str, asked: Mapping[str, str]) -> Answer:
        if "multipart" in asked.get("Accept", ""):
            return 200, headers, body
        return 200, JSON, json.dumps([uids]).encode()

    return answer


PARTS = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=cut'}


def part(content: bytes) -> bytes:
    return b"--cut\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n"


def test_an_object_of_another_study_is_not_kept(
    serve: Serve, samples: dict[str, Path], tmp_path: Path
) -> None:
    film, stranger = samples["CT_small.dcm"], samples["MR_small.dcm"]
    root = serve(holding(film, part(stranger.read_bytes()) + b"--cut--", PARTS))
    study = str(dcmread(film, stop_before_pixels=True).StudyInstanceUID)

    (event,) = WebSource(node_at(root)).fetch(study, tmp_path / "here")

    assert event.path is None and "belongs to another study" in event.problem
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "ended in the middle"),
        (part(b"junk") + b"--cut--", "cannot be read"),
        (part(b"x" * 5000)[:3000], "ended in the middle"),
        (b"--cut--", "did not send this object"),
    ],
)
def test_a_broken_stream_leaves_no_file_and_a_sentence(
    serve: Serve, samples: dict[str, Path], tmp_path: Path, body: bytes, words: str
) -> None:
    film = samples["CT_small.dcm"]
    root = serve(holding(film, body, PARTS))
    study = str(dcmread(film, stop_before_pixels=True).StudyInstanceUID)

    (event,) = WebSource(node_at(root)).fetch(study, tmp_path / "here")

    assert event.path is None and event.failed == 1 and words in event.problem
    assert list((tmp_path / "here").iterdir()) == []


def test_a_stream_that_breaks_is_gone_on_with_one_by_one(
    serve: Serve, samples: dict[str, Path], tmp_path: Path
) -> None:
    film = samples["CT_small.dcm"]
    study = str(dcmread(film, stop_before_pixels=True).StudyInstanceUID)
    whole = holding(film, part(film.read_bytes()) + b"--cut--", PARTS)

    def answer(method: str, path: str, asked: Mapping[str, str]) -> Answer:
        code, headers, body = whole(method, path, asked)
        return code, headers, body if "/instances/" in path or body[:1] == b"[" else body[:900]

    (event,) = WebSource(node_at(serve(answer))).fetch(study, tmp_path / "here")

    assert event.path is not None and event.path.read_bytes() == film.read_bytes()


def test_a_stopped_retrieval_leaves_no_part_of_a_file(
    dicomweb: Server, samples: dict[str, Path], tmp_path: Path
) -> None:
    film = samples["RG1_UNCR.dcm"]
    dicomweb.load([film])
    study = str(dcmread(film, stop_before_pixels=True).StudyInstanceUID)

    with pytest.raises(Cancelled):
        list(dicomweb.web.fetch(study, tmp_path / "here", stop=lambda: True))

    assert not [path for path in tmp_path.glob("here/*") if not path.name.endswith(".part")]


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ({}, 0xC000, "take it as not stored"),
        ({"00081199": "mine"}, 0, ""),
        ({"00081199": "mine", "warning": 0xB000}, 0xB000, "warns"),
        ({"00081198": 0x0110}, 0x0110, "did not store it"),
    ],
)
def test_only_an_object_that_is_named_as_stored_is_stored(
    serve: Serve,
    samples: dict[str, Path],
    answer: dict[str, Any],
    status: int,
    words: str,
) -> None:
    film = samples["CT_small.dcm"]
    uid = str(dcmread(film, stop_before_pixels=True).SOPInstanceUID)
    item: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [uid]}}
    body: dict[str, Any] = {}
    if "00081199" in answer:
        if "warning" in answer:
            item["00081196"] = {"vr": "US", "Value": [answer["warning"]]}
        body["00081199"] = {"vr": "SQ", "Value": [item]}
    if "00081198" in answer:
        item["00081197"] = {"vr": "US", "Value": [answer["00081198"]]}
        body["00081198"] = {"vr": "SQ", "Value": [item]}
    root = serve(lambda *_: (200, JSON, json.dumps(body).encode()))

    (outcome,) = WebSource(node_at(root)).store([film])

    assert outcome.status == status and words in outcome.problem


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of our own for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    crt, key = folder / "crt.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-keyout", str(key), "-out", str(crt), "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    return crt, key


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[str]:
    """A DICOMweb server without studies behind TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a handshake that fails
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/dicom-web"
    server.shutdown()
    server.server_close()


def test_a_certificate_is_trusted_through_its_authority_alone(
    secure: str, certificate: tuple[Path, Path]
) -> None:
    with pytest.raises(NodeRefused, match="not to be trusted"):
        WebSource(node_at(secure)).echo()

    assert WebSource(node_at(secure, authority=str(certificate[0]))).echo() > 0


def test_a_certificate_for_another_host_is_refused(
    secure: str, certificate: tuple[Path, Path]
) -> None:
    elsewhere = secure.replace("127.0.0.1", "localhost")

    with pytest.raises(NodeRefused, match="not to be trusted"):
        WebSource(node_at(elsewhere, authority=str(certificate[0]))).echo()


def test_plain_to_a_tls_port_is_told(secure: str) -> None:
    with pytest.raises((NodeUnreachable, NodeRefused)):
        WebSource(node_at(secure.replace("https:", "http:"))).echo()


def test_an_authority_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    node = node_at("https://127.0.0.1:1/x", authority=str(tmp_path / "empty.pem"))

    with pytest.raises(BadNode, match="holds no certificates"):
        WebSource(node).echo()


def test_a_node_is_asked_over_the_way_that_its_address_is() -> None:
    assert isinstance(source_for(parse_node("https://pacs.example/dicom-web/")), WebSource)
    assert isinstance(source_for(parse_node("PACS@127.0.0.1:104")), DimseSource)
    both = Node("both", "PACS", "127.0.0.1", 104, web="https://pacs.example/dicom-web")
    assert source_for(both).way == "DICOMweb"


@pytest.mark.parametrize("address", ["https://", "https://u:p@host/x", "https://host/x?key=1"])
def test_an_address_that_cannot_be_right_is_refused(address: str) -> None:
    with pytest.raises(BadNode, match="cannot be right"):
        parse_node(address)


def test_identities_are_those_of_the_files(dicomweb: Server, samples: dict[str, Path]) -> None:
    film = samples["CT_small.dcm"]
    dicomweb.load([film])
    own = Identity.of(dcmread(film, stop_before_pixels=True))

    (series,) = dicomweb.web.series(own.study)
    (instance,) = dicomweb.web.instances(own.study, own.series)

    assert (series.identity.series, instance.identity.instance) == (own.series, own.instance)
    assert series.instance_count == 1
