"""Whatever is wrong, a command ends with one sentence and a code; no traceback is ever shown."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StudyRootQueryRetrieveInformationModelFind as FIND,
)

from dicom_io.pacs.samples import chest_film
from model_backend.folder import write_model
from tests.commands import Ran, Wetread
from tests.plugin.commands.conftest import ECHO
from tests.servers import Server, await_true, start_orthanc, stop

COMMANDS = ["demo", "find", "fetch", "send", "draft", "sign", "ask", "render"]
COMMANDS += ["train", "evaluate", "model", "window", "export"]
STUDY = "1.3.6.1.4.1.5962.1.2.9.20040826185059.5457"


def is_one_sentence(ran: Ran) -> bool:
    return ran.err.startswith("wetread: ") and ran.err.count("\n") == 1 and ran.out == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_is_for(
    wetread: Wetread, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        wetread(command, "--help")

    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert f"usage: wetread {command}" in shown
    assert "--home" in shown and "--json" in shown


@pytest.mark.parametrize(
    "words",
    [
        ["bogus"],
        ["--bogus"],
        ["fetch"],
        ["sign"],
        ["render", "film.dcm"],
        ["find", "--limit", "many"],
        ["find", "--limit", "0", "--node", "A@127.0.0.1:1"],
        ["find", "--date", "yesterday", "--node", "A@127.0.0.1:1"],
        ["fetch", "", "--node", "A@127.0.0.1:1"],
        ["fetch", "*", "--node", "A@127.0.0.1:1"],
        ["fetch", "1.2\\1.3", "--node", "A@127.0.0.1:1"],
        ["fetch", "1" * 65, "--node", "A@127.0.0.1:1"],
        ["render", chest_film(), "--out", "."],
        ["render", chest_film(), "--out", "no-such-folder/film.png"],
        ["render", chest_film(), "--out", chest_film()],
        ["window", "--picture", "no-such-folder/window.png"],
    ],
)
def test_a_wrong_command_is_one_sentence(wetread: Wetread, words: list[object]) -> None:
    ran = wetread(*words)

    assert ran.code == 2 and is_one_sentence(ran)


def test_a_wrong_command_is_an_object_for_a_program(wetread: Wetread) -> None:
    ran = wetread("sign", "--json")

    assert ran.code == 2
    assert list(ran.objects[0]) == ["error"]


def test_without_a_screen_the_window_says_so(
    wetread: Wetread, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")

    for words in ([], ["window"]):
        ran = wetread(*words)

        assert ran.code == 2 and is_one_sentence(ran)
        assert "no screen" in ran.err


@pytest.mark.parametrize(
    "content", [b"nonsense", b"version = 99", b"\xff\xfe", b"[model]\nname = 3", b"[nodes.a]\n"]
)
def test_broken_settings_are_one_sentence_that_names_them(
    wetread: Wetread, own_home: Path, content: bytes
) -> None:
    own_home.mkdir()
    (own_home / "settings.toml").write_bytes(content)

    ran = wetread("model", "list")

    assert ran.code == 1 and is_one_sentence(ran)
    assert "settings.toml" in ran.err
    assert (own_home / "settings.toml").read_bytes() == content


def test_an_unknown_setting_is_named_and_does_no_harm(wetread: Wetread, own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "settings.toml").write_text("[model]\nnmae = 'typing error'\n")

    ran = wetread("model", "list")

    assert ran.code == 0
    assert "model.nmae" in ran.err


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_home_that_cannot_be_made_is_one_sentence(
    wetread: Wetread, tmp_path: Path, where: str
) -> None:
    (tmp_path / "letter").write_text("Dear colleague")
    home = ["--home", tmp_path / "letter"]

    ran = wetread(*home, "model", "list") if where == "before" else wetread("model", "list", *home)

    assert ran.code == 1 and is_one_sentence(ran)
    assert "WETREAD_HOME" in ran.err


@pytest.mark.parametrize("fault", ["garbage", "pages", "tables", "newer"])
def test_a_damaged_index_is_one_sentence(wetread: Wetread, echo_home: Path, fault: str) -> None:
    index = echo_home / "index.sqlite"
    assert wetread("draft", chest_film()).code == 0
    body = index.read_bytes()
    if fault == "garbage":
        index.write_bytes(b"garbage" * 1000)
    elif fault == "pages":
        index.write_bytes(body[:4096] + b"\xff" * (len(body) - 4096))
    else:
        index.unlink()
        with closing(sqlite3.connect(index)) as other:
            other.execute("CREATE TABLE recipes (name TEXT)")
            other.execute(f"PRAGMA user_version = {1 if fault == 'tables' else 99}")
            other.commit()

    ran = wetread("draft", STUDY)

    assert ran.code == 1 and is_one_sentence(ran)
    assert "index.sqlite" in ran.err


def test_a_name_from_the_archive_cannot_steer_the_terminal(
    wetread: Wetread, listen_to_find: Callable[[str], str]
) -> None:
    node = listen_to_find("Doe^\x9b2J\x07Jane")

    ran = wetread("find", "--node", node)

    assert ran.code == 0
    assert "Jane" in ran.out
    assert "\x9b" not in ran.out and "\x07" not in ran.out


@pytest.fixture
def listen_to_find() -> Iterator[Callable[[str], str]]:
    """Starts a node that answers a search with one patient of the given name."""
    servers = []

    def start(name: str) -> str:
        def answer(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
            study = Dataset()
            study.SpecificCharacterSet = "ISO_IR 192"
            study.StudyInstanceUID = STUDY
            study.PatientName = name
            study.PatientID = "1"
            yield 0xFF00, study

        entity = AE(ae_title="NAMES")
        entity.supported_contexts = [build_context(FIND)]
        handlers: list[evt.EventHandlerType] = [(evt.EVT_C_FIND, answer)]
        server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        assert server is not None
        servers.append(server)
        return f"NAMES@127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()


# --- in a process of its own ---


def test_any_name_can_be_printed_in_any_locale(
    child: Callable[..., subprocess.Popen[str]],
) -> None:
    for encoding in ("ascii", "utf-8"):
        process = child(
            *("render", "ünï结\udc80.dcm", "--out", "film.png"), PYTHONIOENCODING=encoding
        )
        _, said = process.communicate(timeout=60)

        assert process.returncode == 1
        assert said.startswith("wetread: ") and said.count("\n") == 1


def test_warnings_of_libraries_do_not_come_before_the_person(
    child: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    path = get_testdata_file("CT_small.dcm")
    odd = tmp_path / "odd.dcm"
    odd.write_bytes(Path(str(path)).read_bytes().replace(b"1CT1", b"1\\T1", 1))

    process = child("render", odd, "--out", tmp_path / "film.png")
    _, said = process.communicate(timeout=60)

    assert (process.returncode, said) == (0, "")


def test_a_reader_that_leaves_is_no_error(
    child: Callable[..., subprocess.Popen[str]], root: Path
) -> None:
    process = child("model", "list")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()

    assert process.stderr.read() == ""
    process.wait(30)


def test_ctrl_c_ends_an_answer_with_one_sentence(
    child: Callable[..., subprocess.Popen[str]], own_home: Path
) -> None:
    slow = own_home / "models" / "slow"
    slow.mkdir(parents=True)
    write_model(replace(ECHO, path=slow, name="slow", config={"pause": 0.5}))
    (own_home / "settings.toml").write_text("[model]\nname = 'slow'\n")
    process = child("ask", chest_film(), "what " * 30)
    assert process.stderr is not None
    assert process.stderr.readline() == "Asking slow.\n"

    process.send_signal(signal.SIGINT)

    assert process.stderr.read() == "wetread: Stopped.\n"
    assert process.wait(30) == 130


def test_ctrl_c_ends_a_retrieval_that_hangs(child: Callable[..., subprocess.Popen[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = child("fetch", STUDY, "--node", f"SILENT@127.0.0.1:{silent.getsockname()[1]}")
        silent.settimeout(30)
        accepted, _ = silent.accept()
        with accepted:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)

    assert said == "wetread: Stopped.\n"
    assert process.returncode == 130


def test_an_archive_that_dies_in_the_middle_is_one_sentence(
    wetread: Wetread, orthanc_of_its_own: Server, tmp_path: Path
) -> None:
    """Its process is ended when the first object has arrived."""
    study, into = load_many(orthanc_of_its_own, 40), tmp_path / "here"

    def end() -> None:
        await_true(lambda: into.is_dir() and any(into.glob("*.dcm")), "the first object", 30)
        orthanc_of_its_own.process.kill()

    ending = threading.Thread(target=end)
    ending.start()
    ran = wetread("fetch", study, "--to", into, "--node", orthanc_of_its_own.node.address, "--json")
    ending.join(30)

    assert ran.code == 1
    assert ran.err.startswith("wetread: ") and ran.err.count("\n") == 1
    assert "error" in ran.objects[-1]
    arrived = [one for one in ran.objects if one.get("path")]
    assert 0 < len(arrived) < 40
    assert all(json.dumps(one) for one in arrived)


@pytest.fixture
def orthanc_of_its_own(tmp_path: Path) -> Iterator[Server]:
    server = start_orthanc(tmp_path / "orthanc")
    yield server
    stop(server.process)


def load_many(server: Server, count: int) -> str:
    """A study of so many large objects."""
    film = pydicom.dcmread(chest_film())
    for number in range(count):
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        film.InstanceNumber = number + 1
        path = server.folder / "film.dcm"
        film.save_as(path)
        server.ask("/instances", path.read_bytes())
    return str(film.StudyInstanceUID)
