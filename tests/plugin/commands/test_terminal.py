"""`sign` at a terminal: it asks about each sentence, then who signs, and hides the credential."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from dicom_io.pacs.samples import chest_film
from dicom_io.report import sr
from dicom_io.report.document import Origin
from dicom_io.report.drafts import Drafts
from dicom_io.storage import DataRoot
from tests.commands import Wetread

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no terminals"),
    pytest.mark.usefixtures("echo_home"),
]

SECRET = "correct horse"
CONTROLLING = """
import fcntl, signal, sys, termios
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from plugin.__main__ import main
sys.exit(main())
"""  # the terminal becomes the process's own, as in a shell


class Terminal:
    """A program at a terminal: what it prints is waited for, and answered."""

    def __init__(self, command: list[str], root: Path) -> None:
        self._end, other = os.openpty()
        self.shown = ""
        self._looked = 0
        self.process = subprocess.Popen(
            command, cwd=root, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)

    def await_text(self, text: str, seconds: float = 30.0) -> None:
        """Wait until `text` stands behind what was waited for before."""
        until = time.monotonic() + seconds
        while (place := self.shown.find(text, self._looked)) < 0:
            assert time.monotonic() < until, f"waited in vain for {text!r} in {self.shown!r}"
            if select.select([self._end], [], [], 0.1)[0]:
                self.shown += self._read()
        self._looked = place + len(text)

    def say(self, line: str) -> None:
        os.write(self._end, f"{line}\n".encode())

    def leave(self, key: bytes) -> None:
        """Press Ctrl+C or Ctrl+D, again where it came in the moment before the program listened."""
        until = time.monotonic() + 30.0
        while self.process.poll() is None:
            assert time.monotonic() < until, f"still there: {self.shown!r}"
            os.write(self._end, key)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(3)

    def wait(self) -> int:
        """The exit code, once everything that it printed was read."""
        while select.select([self._end], [], [], 30)[0] and (piece := self._read()):
            self.shown += piece
        return self.process.wait(30)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._end)

    def _read(self) -> str:
        try:
            return os.read(self._end, 4096).decode("utf-8", "replace")
        except OSError:  # the program has ended (EIO)
            return ""


@pytest.fixture
def at_terminal(root: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: object) -> Terminal:
        command = [sys.executable, "-c", CONTROLLING, *(str(word) for word in words)]
        opened.append(Terminal(command, root))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def draft(wetread: Wetread) -> dict[str, Any]:
    return wetread("draft", chest_film(), "--json").objects[0]


def test_each_sentence_reader_and_credential_is_asked_for(
    at_terminal: Callable[..., Terminal], draft: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "report.dcm"
    terminal = at_terminal("sign", draft["draft"], "--out", out)

    for number, sentence in enumerate(draft["sentences"]):
        terminal.await_text(sentence["text"])
        terminal.await_text("[r]eject?")
        if number == 0:
            terminal.say("perhaps")  # no answer: it is asked again
            terminal.await_text("[r]eject?")
            terminal.say("e")
            terminal.await_text("your words:")
            terminal.say("Round opacities in both lungs.")
        else:
            terminal.say("r" if number == 1 else "a")
    terminal.await_text("Reader (Family^Given):")
    terminal.say("Doe^Jane")
    terminal.await_text("Organisation:")
    terminal.say("Hospital")
    terminal.await_text("Choose a credential for Doe^Jane:")
    terminal.say(SECRET)
    terminal.await_text("Once more:")
    terminal.say(SECRET)

    assert terminal.wait() == 0, terminal.shown
    assert SECRET not in terminal.shown
    report = sr.read(pydicom.dcmread(out))
    texts = [one.text for one in report.sentences()]
    assert texts[0] == "Round opacities in both lungs."
    assert report.sentences()[0].origin is Origin.AI_EDITED
    assert draft["sentences"][1]["text"] not in texts
    assert report.reader is not None and report.reader.name == "Doe^Jane"


def test_what_was_decided_is_kept_when_the_credentials_differ(
    at_terminal: Callable[..., Terminal], draft: dict[str, Any], tmp_path: Path
) -> None:
    words = ("--out", tmp_path / "r.dcm", "--reader", "Doe^Jane", "--organization", "Hospital")
    terminal = at_terminal("sign", draft["draft"], *words)

    for _ in draft["sentences"]:
        terminal.await_text("[r]eject?")
        terminal.say("a")
    terminal.await_text("Choose a credential")
    terminal.say(SECRET)
    terminal.await_text("Once more:")
    terminal.say("another horse")

    assert terminal.wait() == 1
    assert "differ" in terminal.shown and "Traceback" not in terminal.shown
    assert not (tmp_path / "r.dcm").exists()
    assert Drafts(DataRoot.choose().drafts).load(draft["draft"]).undecided() == ()


@pytest.mark.parametrize(("key", "code"), [(b"\x03", 130), (b"\x04", 1)])
def test_leaving_the_terminal_signs_nothing(
    at_terminal: Callable[..., Terminal],
    draft: dict[str, Any],
    tmp_path: Path,
    key: bytes,
    code: int,
) -> None:
    terminal = at_terminal("sign", draft["draft"], "--out", tmp_path / "r.dcm")

    terminal.await_text("[r]eject?")
    terminal.leave(key)

    assert terminal.wait() == code
    assert "Traceback" not in terminal.shown
    assert terminal.shown.count("wetread: ") == 1
    assert not (tmp_path / "r.dcm").exists()
