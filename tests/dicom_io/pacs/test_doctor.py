"""The connection check finds each misconfiguration, made on purpose at a real archive."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    BasicTextSRStorage,
    CTImageStorage,
    Verification,
)

from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.doctor import Check, Verdict, accepted_classes, examine
from dicom_io.pacs.node import Node
from tests.certificates import make_certificate
from tests.dicom_io.pacs.conftest import Listen
from tests.servers import Server, free_port, start_dcmqrscp, start_orthanc, stop

OURS = f"W{secrets.token_hex(7).upper()}"


def checked(node: Node, secret: str = "") -> dict[str, Check]:
    """The lines of the check by name."""
    return {check.name: check for check in examine(node, lambda: secret)}


@contextmanager
def running(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        stop(server.process)


def test_a_sound_archive_passes_every_line(
    dicomweb: Server, samples: dict[str, Path], tmp_path: Path
) -> None:
    dicomweb.load([samples["CT_small.dcm"], samples["RG1_UNCR.dcm"]])
    port = free_port()
    us = {"AET": OURS, "Host": "127.0.0.1", "Port": port, "AllowStorageCommitment": True}
    dicomweb.ask("/modalities/us", json.dumps(us).encode(), "PUT")
    web = dicomweb.web.node
    node = replace(dicomweb.node, calling_aet=OURS, listen=port, web=web.web, user=web.user)
    before = dicomweb.ask("/changes?last")

    found = checked(node, dicomweb.password)
    dicomweb.ask("/modalities/us", method="DELETE")

    assert list(found) == [
        "Echo",
        "Search",
        "C-GET",
        "C-MOVE",
        "Reports",
        "Storage commitment",
        "DICOMweb",
        "DICOMweb search",
        "DICOMweb retrieval",
    ]
    assert {check.verdict for check in found.values()} == {Verdict.WORKS}, found
    assert dicomweb.ask("/changes?last") == before  # nothing was stored there


def test_a_wrong_port_is_named_and_the_rest_is_not_tried() -> None:
    found = checked(Node("n", "PACS", "127.0.0.1", free_port(), timeout=2))

    assert found["Echo"].verdict is Verdict.FAILS and "Nothing answers" in found["Echo"].said
    assert {check.verdict for name, check in found.items() if name != "Echo"} == {Verdict.UNTRIED}


def test_a_wrong_title_of_the_archive_is_named(orthanc: Server) -> None:
    found = checked(replace(orthanc.node, aet="WRONG"))

    assert "it is not called WRONG" in found["Echo"].said


def test_a_title_of_ours_that_is_unknown_comes_with_what_to_ask(listen: Listen) -> None:
    node = listen([], [build_context(Verification)], require_calling_aet=["SOMEBODY"])

    echo = checked(replace(node, calling_aet=OURS))["Echo"]

    assert f"does not know our AE title {OURS}" in echo.said
    assert OURS in echo.ask and node.address in echo.ask


@pytest.mark.parametrize("title", [OURS, "SOMEBODY"])
def test_a_destination_that_is_unknown_or_has_another_port_fails(
    title: str, tmp_path: Path, samples: dict[str, Path]
) -> None:
    port = free_port()
    hosts = f"us = ({title}, 127.0.0.1, {free_port()})"
    with running(start_dcmqrscp(tmp_path, hosts=hosts)) as server:
        server.load([samples["CT_small.dcm"]])

        found = checked(replace(server.node, calling_aet=OURS, listen=port))

    assert found["C-GET"].verdict is Verdict.WORKS
    move = found["C-MOVE"]
    assert move.verdict is Verdict.FAILS
    assert OURS in move.ask and str(port) in move.ask
    assert ("as a destination" in move.said) == (title != OURS)


def test_a_missing_get_is_named(tmp_path: Path, samples: dict[str, Path]) -> None:
    with running(start_dcmqrscp(tmp_path, "--disable-get")) as server:
        server.load([samples["CT_small.dcm"]])

        found = checked(server.node)

    assert found["C-GET"].verdict is Verdict.FAILS and "C-GET" in found["C-GET"].said
    assert "`listen`" in found["C-MOVE"].said


def test_tls_to_a_plain_port_is_named(orthanc: Server) -> None:
    echo = checked(replace(orthanc.node, tls=True, timeout=3))["Echo"]

    assert echo.verdict is Verdict.FAILS and "TLS" in echo.said


@contextmanager
def secure(
    folder: Path, days: int = 1, client: Path | None = None
) -> Iterator[tuple[Server, Path]]:
    """Orthanc that speaks TLS alone, with a certificate of its own; it may ask for a client's."""
    crt, key = make_certificate(folder / "tls", days=days)
    server = start_orthanc(
        folder / "orthanc",
        DicomTlsEnabled=True,
        DicomTlsCertificate=str(crt),
        DicomTlsPrivateKey=str(key),
        DicomTlsRemoteCertificateRequired=client is not None,
        DicomTlsTrustedCertificates=str(client or crt),
    )
    with running(server):
        yield server, crt


def test_plain_to_a_tls_port_is_named(tmp_path: Path) -> None:
    with secure(tmp_path) as (server, _):
        echo = checked(replace(server.node, timeout=3))["Echo"]

    assert "speaks TLS" in echo.said


def test_tls_with_the_right_authority_works_in_every_line(
    tmp_path: Path, samples: dict[str, Path]
) -> None:
    with secure(tmp_path) as (server, crt):
        node = replace(server.node, tls=True, authority=str(crt))
        assert [one.status for one in DimseSource(node).store([samples["CT_small.dcm"]])] == [0]

        found = checked(node)

    assert "TLS" in found["Echo"].said
    assert found["Search"].verdict is found["C-GET"].verdict is Verdict.WORKS


@pytest.mark.parametrize(("days", "known"), [(1, False), (-1, True)])
def test_an_untrusted_and_an_expired_certificate_are_named(
    days: int, known: bool, tmp_path: Path
) -> None:
    with secure(tmp_path, days) as (server, crt):
        node = replace(server.node, tls=True, authority=str(crt) if known else "", timeout=3)
        echo = checked(node)["Echo"]

    assert "not to be trusted" in echo.said
    assert ("expired" in echo.said) == known


def test_a_certificate_of_ours_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    mine, key = make_certificate(tmp_path / "mine", "reader")
    both = tmp_path / "both.pem"
    both.write_bytes(mine.read_bytes() + key.read_bytes())
    with secure(tmp_path, client=mine) as (server, crt):
        node = replace(server.node, tls=True, authority=str(crt), timeout=3)

        without = checked(node)["Echo"]
        shown = checked(replace(node, certificate=str(both)))["Echo"]

    assert without.verdict is Verdict.FAILS
    assert shown.verdict is Verdict.WORKS


def test_dicomweb_without_a_password_and_with_a_wrong_root(dicomweb: Server) -> None:
    web = dicomweb.web.node
    refused = checked(web, "wrong")["DICOMweb"]
    lost = checked(replace(web, web=web.web + "x"), dicomweb.password)["DICOMweb"]

    assert "401" in refused.said and "no DICOMweb service" in lost.said
    assert {refused.verdict, lost.verdict} == {Verdict.FAILS}


@pytest.mark.parametrize("takes", [(), (BasicTextSRStorage,)])
def test_classes_that_are_refused_are_named_without_storing_anything(
    listen: Listen, takes: tuple[str, ...]
) -> None:
    contexts = [build_context(one) for one in (Verification, CTImageStorage, *takes)]
    node = listen([], contexts)

    reports = checked(node)["Reports"]

    assert accepted_classes(node) == frozenset(map(str, takes))
    assert reports.verdict is (Verdict.WARNING if takes else Verdict.FAILS)
    assert "Comprehensive 3D SR" in reports.ask


def named(path: Path, film: Path, name: str) -> Path:
    dataset = dcmread(film)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = name
    dataset.save_as(path)
    return path


def test_names_that_a_latin_server_destroys_are_told(
    tmp_path: Path, samples: dict[str, Path]
) -> None:
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    film = named(tmp_path / "a.dcm", samples["CT_small.dcm"], name)
    with running(start_orthanc(tmp_path / "orthanc", DefaultEncoding="Latin1")) as server:
        server.load([film])

        search = checked(server.node)["Search"]

    assert search.verdict is Verdict.WARNING and "letters missing" in search.said
    assert "ISO_IR 192" in search.ask


def test_an_answer_that_is_cut_is_told(tmp_path: Path, samples: dict[str, Path]) -> None:
    with running(start_orthanc(tmp_path, LimitFindResults=1)) as server:
        server.load([samples["CT_small.dcm"], samples["MR_small.dcm"]])

        search = checked(server.node)["Search"]

    assert search.verdict is Verdict.WARNING and "may lack studies" in search.said


def test_an_empty_archive_is_no_fault(orthanc: Server) -> None:
    found = checked(orthanc.node)

    assert found["Search"].verdict is Verdict.WARNING
    assert found["C-GET"].verdict is Verdict.UNTRIED
    assert found["Reports"].verdict is Verdict.WORKS
