"""Bring a fresh Debian machine to a running demo, or to passing tests, with one command.

    python3 installers/bootstrap.py demo     the whole loop on the embedded archive and model
    python3 installers/bootstrap.py test     linter, type checker and all tests

Only the standard library is used here. What is missing is named before it is installed: Debian
packages with apt where that is allowed (else the one line to run is printed), Python packages in
`.venv`, pinned by `installers/constraints.txt`. When nothing is missing nothing is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "wetread-installed.txt"
POLICY = Path("/usr/sbin/policy-rc.d")
NO_START = "#!/bin/sh\n# Put here while Wetread's bootstrap installs packages.\nexit 101\n"
OLDEST_PYTHON = (3, 11)

# Found one by one in an empty Debian 12; none of the first six is brought in by another.
WINDOW = (
    "libegl1",
    "libgl1",
    "libglib2.0-0",
    "libdbus-1-3",
    "libfontconfig1",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "python3-venv",
)
FONTS = ("fonts-noto-core", "fonts-noto-cjk")  # or some names are boxes; 69 MB to fetch
SPELLING = (  # the editor's library and dictionaries
    "libenchant-2-2",
    "hunspell-en-us",
    "hunspell-en-med",
    "hunspell-de-de",
    "hunspell-de-med",
)
PACS_TOOLS = (
    "orthanc",
    "orthanc-dicomweb",
    "dcmtk",
    "dicom3tools",
    "xvfb",
    "xauth",
    "dbus",
    "gnome-keyring",
)
# Runs METEOR's program; any Java that is there will do.
JAVA = () if shutil.which("java") else ("default-jre-headless",)


@dataclass(frozen=True)
class Job:
    """What one of the two commands needs and runs."""

    packages: tuple[str, ...]
    extra: str  # the optional dependencies in pyproject.toml


JOBS = {
    "demo": Job((*WINDOW, *FONTS, *SPELLING), "model"),
    "test": Job((*WINDOW, *FONTS, *SPELLING, *PACS_TOOLS, *JAVA), "dev"),
}


class CannotGoOn(Exception):
    """The machine lacks something that a person must see to; the text says what."""


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in JOBS:
        print("usage: python3 installers/bootstrap.py demo|test [options]", file=sys.stderr)
        return 2
    name, rest = arguments[0], list(arguments[1:])
    job = JOBS[name]
    try:
        check_python()
        install_packages(missing_packages(job.packages))
        install_environment(job.extra)
    except CannotGoOn as problem:
        print(f"bootstrap: {problem}", file=sys.stderr)
        return 1
    return run_demo(rest) if name == "demo" else run_tests(rest)


def check_python() -> None:
    if tuple(sys.version_info[:2]) < OLDEST_PYTHON:
        raise CannotGoOn(
            f"Wetread needs Python 3.11 or later, this is {sys.version.split()[0]}. "
            "Start this script with a newer python3."
        )


def say(text: str) -> None:
    print(f"bootstrap: {text}", flush=True)


# ---- Debian packages ----------------------------------------------------------------------------


def missing_packages(wanted: Sequence[str]) -> list[str]:
    """Those of `wanted` that dpkg does not have; none where there is no dpkg to ask."""
    if shutil.which("dpkg-query") is None:
        say("this is no Debian system; its own libraries for Qt 6 are taken as they are.")
        return []
    return [name for name in wanted if not is_installed(name)]


def is_installed(package: str) -> bool:
    """True when dpkg has the package, under this name or as one that provides it."""
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f=${db:Status-Status} ${Provides}\n", package, f"{package}t64"],
        capture_output=True,
        text=True,
        check=False,
    )
    return any(line.startswith("installed") for line in asked.stdout.splitlines())


def install_packages(packages: Sequence[str]) -> None:
    """Install with apt where it is allowed; otherwise say the one line to run."""
    if not packages:
        return
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    say(f"Debian packages missing: {' '.join(packages)}")
    prefix = root_prefix()
    if prefix is None:
        raise CannotGoOn(f"installing them needs an administrator. Run once:\n    sudo {line}")
    if not agreed(packages):
        raise CannotGoOn(f"not installed, as you chose. To do it yourself:\n    sudo {line}")
    before = enabled_services()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with services_held_back(prefix):
        for command in ("apt-get update", line):
            say(f"running: {command}")
            done = subprocess.run([*prefix, *command.split()], env=environment, check=False)
            if done.returncode != 0:
                raise CannotGoOn(f"this failed: {command}\nSee the lines above it, then try again.")
    disable_services(enabled_services() - before, prefix)


def root_prefix() -> list[str] | None:
    """What to put before a command that needs root: nothing, sudo, or None when neither works."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "--preserve-env=DEBIAN_FRONTEND"]
    return None


def agreed(packages: Sequence[str]) -> bool:
    """Ask before the PACS tools are installed when a person is there to answer."""
    tools = [name for name in packages if name in PACS_TOOLS]
    if not tools or not sys.stdin.isatty() or os.environ.get("CI"):
        return True
    answer = input(f"bootstrap: the tests need {', '.join(tools)}. Install them now? [Y/n] ")
    return answer.strip().lower() in ("", "y", "yes")


@contextlib.contextmanager
def services_held_back(prefix: Sequence[str]) -> Iterator[None]:
    """While packages install, keep their services from starting (Debian's policy-rc.d)."""
    ours = not POLICY.exists()
    if ours:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as script:
            script.write(NO_START)
            script.flush()
            subprocess.run([*prefix, "install", "-m", "755", script.name, str(POLICY)], check=True)
    try:
        yield
    finally:
        if ours:
            subprocess.run([*prefix, "rm", "-f", str(POLICY)], check=True)


def enabled_services() -> set[str]:
    """The names of services that start with the machine."""
    names = {link.stem for link in Path("/etc/systemd/system").glob("*.wants/*.service")}
    return names | {link.name[3:] for link in Path("/etc").glob("rc[2-5].d/S[0-9][0-9]*")}


def disable_services(names: set[str], prefix: Sequence[str]) -> None:
    """Stop and disable what an installation has just switched on."""
    for name in sorted(names):
        say(f"the service {name} came with the packages; it is stopped and disabled.")
        if shutil.which("systemctl") and Path("/run/systemd/system").is_dir():
            subprocess.run([*prefix, "systemctl", "disable", "--now", name], check=False)
        elif shutil.which("update-rc.d"):
            subprocess.run([*prefix, "update-rc.d", name, "disable"], check=False)
    left = enabled_services() & names
    if left:
        say(f"still enabled, please disable by hand: {', '.join(sorted(left))}")


# ---- Python packages ----------------------------------------------------------------------------


def install_environment(extra: str) -> None:
    """Make `.venv` and install Wetread into it, unless that was done with these very files."""
    want = fingerprint()
    if extra in installed_extras(want):
        return
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        say(f"making the environment {ENVIRONMENT.name}")
        call([sys.executable, "-m", "venv", str(ENVIRONMENT)], "the environment was not made")
    say("installing the Python packages (the first time takes a minute or two)")
    call(
        [
            str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "-c", "installers/constraints.txt", "-e", f".[{extra}]",
        ],
        "pip could not install the packages",
    )  # fmt: skip
    extras = {"model", extra} if extra == "dev" else {extra}
    kept = installed_extras(want) | extras
    STAMP.write_text("\n".join([want, *sorted(kept)]) + "\n", encoding="utf-8")


def fingerprint() -> str:
    """Changes when what must be installed changes, or the place or the interpreter does."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for name in ("pyproject.toml", "installers/constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def installed_extras(want: str) -> set[str]:
    if not STAMP.exists():
        return set()
    first, *extras = STAMP.read_text(encoding="utf-8").split()
    return set(extras) if first == want else set()


def call(command: Sequence[str], problem: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise CannotGoOn(f"{problem}. See the lines above, then try again.")


# ---- the two commands ---------------------------------------------------------------------------


def tool(name: str) -> str:
    return str(ENVIRONMENT / "bin" / name)


def run_demo(rest: Sequence[str]) -> int:
    return subprocess.run([tool("wetread"), "demo", *rest], cwd=ROOT, check=False).returncode


def run_tests(rest: Sequence[str]) -> int:
    """Linter, type checker, tests; with arguments only pytest with those."""
    checks = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]]
    if rest:
        checks = []
    for command in [*checks, ["pytest", *rest]]:
        say(f"running: {' '.join(command)}")
        done = subprocess.run([tool(command[0]), *command[1:]], cwd=ROOT, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
