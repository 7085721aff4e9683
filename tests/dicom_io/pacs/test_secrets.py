"""Secrets lie in a real keyring, and where there is none that is told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Server

KEYRING = """
gnome-keyring-daemon --foreground --unlock --components=secrets <"$HOME/password" >/dev/null 2>&1 &
daemon=$!
"$@"
code=$?
kill $daemon
exit $code
"""


def with_keyring(home: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program on a session bus of its own, with an unlocked gnome-keyring."""
    for name in ("dbus-run-session", "gnome-keyring-daemon"):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed: apt-get install dbus gnome-keyring")
    home.mkdir(exist_ok=True)
    (home / "password").write_text("only for this test", encoding="utf-8")
    return subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", KEYRING, "bash", *words],
        env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "share")},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def wetread(data: Path, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "plugin", *words, "--home", str(data))


def test_a_secret_from_the_keyring_opens_the_archive_and_stands_nowhere_else(
    dicomweb: Server, tmp_path: Path
) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    node = dicomweb.web.node

    def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return with_keyring(home, *wetread(data, *words), stdin=stdin)

    added = run("node", "add", "site", node.web, "--user", "wetread")
    refused = run("node", "echo", "site")
    kept = run("node", "secret", "site", stdin=f"{dicomweb.password}\n")
    asked = run("node", "echo", "site")
    removed = run("node", "remove", "site")

    assert added.returncode == 0, added.stderr
    assert refused.returncode == 1 and "wetread node secret site" in refused.stderr
    assert kept.returncode == 0 and "keeps it" in kept.stdout
    assert asked.returncode == 0 and "(DICOMweb)" in asked.stdout
    assert removed.returncode == 0
    files = [path for path in data.rglob("*") if path.is_file()]
    assert files and not [p for p in files if dicomweb.password.encode() in p.read_bytes()]


def test_without_a_keyring_the_secret_is_not_kept_and_that_is_said(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"
    }
    environment |= {"HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            wetread(tmp_path / "data", *words),
            env=environment,
            input="secret\n",
            capture_output=True,
            text=True,
            timeout=60,
        )

    run("node", "add", "site", "https://127.0.0.1:1/dicom-web")
    kept = run("node", "secret", "site")

    assert kept.returncode == 1
    assert "no keyring, so the secret was not kept" in kept.stderr
    assert "Traceback" not in kept.stderr
