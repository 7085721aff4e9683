"""Running `wetread` as a person would: in this process, or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from model_backend.folder import EMBEDDED, Finding, ModelFolder, Preprocess, write_model
from plugin.__main__ import main
from plugin._commands import line
from plugin._model import close_models
from tests.commands import Ran, Wetread

Child = Callable[..., "subprocess.Popen[str]"]

ECHO = ModelFolder(
    path=Path(),
    name="echo",
    model_version="1.0.0",
    backend="echo",
    tasks=("answer", "choice", "findings"),
    preprocess=Preprocess(64),
    findings=(
        Finding("normal", "is it normal?", "It is normal.", "It is not normal."),
        Finding("effusion", "is there an effusion?", "There is an effusion.", "No effusion."),
    ),
    manufacturer="Wetread",
)
# As `python -m plugin`, though a shell's background job would ignore Ctrl+C.
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("plugin", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def wetread(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Wetread]:
    """The command line, in this process; `stdin` is what the input holds.

    The model stays loaded from one command to the next, as it does from one click to the next.
    """
    monkeypatch.setattr(line, "close_models", lambda: None)

    def run(*words: object, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", StringIO(stdin))
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    yield run


@pytest.fixture(scope="session", autouse=True)
def _models_closed_at_the_end() -> Iterator[None]:
    yield
    close_models()


@pytest.fixture
def child(root: Path, own_home: Path) -> Iterator[Child]:
    """Starts `wetread` in a process of its own, which is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *words: object, script: str = "", stdin: int | None = None, **environment: str
    ) -> subprocess.Popen[str]:
        process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-c", script or PROGRAM, *(str(word) for word in words)],
            cwd=root,
            env={**os.environ, "WETREAD_HOME": str(own_home), **environment},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def echo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that repeats the question; it starts in a moment."""
    folder = replace(ECHO, path=tmp_path_factory.mktemp("echo"))
    write_model(folder)
    return folder.path


@pytest.fixture
def echo_home(own_home: Path, echo_folder: Path) -> Path:
    """A data root whose settings choose the echo model."""
    own_home.mkdir(mode=0o700, exist_ok=True)
    settings = own_home / "settings.toml"
    settings.write_text(f"version = 1\n[model]\nname = '{echo_folder}'\n", encoding="utf-8")
    return own_home


@pytest.fixture
def embedded() -> None:
    """Skips the test where the embedded model is missing."""
    if not (EMBEDDED / "model.json").exists():
        pytest.skip("the embedded model is missing")
