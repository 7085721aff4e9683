"""The bootstrap says what it lacks, asks where it must, and is quick the second time."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bootstrap(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "wetread_bootstrap", root / "installers" / "bootstrap.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_it_needs_the_standard_library_only(root: Path) -> None:
    script = root / "installers" / "bootstrap.py"

    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "demo|test" in done.stderr


def test_a_package_that_no_debian_has_is_missing(bootstrap: ModuleType) -> None:
    assert bootstrap.missing_packages(["wetread-no-such-package"]) == ["wetread-no-such-package"]


def test_without_rights_it_prints_the_one_line_to_run(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "root_prefix", lambda: None)

    with pytest.raises(bootstrap.CannotGoOn) as problem:
        bootstrap.install_packages(["orthanc", "dcmtk"])

    line = "sudo apt-get install -y --no-install-recommends orthanc dcmtk"
    assert line in str(problem.value)


def test_the_stamp_counts_only_for_the_files_it_was_made_from(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stamp = tmp_path / "stamp.txt"
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    want = bootstrap.fingerprint()
    stamp.write_text(f"{want}\nmodel\n", encoding="utf-8")

    assert bootstrap.installed_extras(want) == {"model"}
    assert bootstrap.installed_extras("0" * 64) == set()


def test_ci_runs_the_command_of_the_readme(root: Path) -> None:
    command = "python3 installers/bootstrap.py test"

    assert command in (root / ".ci" / "run").read_text(encoding="utf-8")
    assert command in (root / "README.md").read_text(encoding="utf-8")
    assert "python3 installers/bootstrap.py demo" in (root / "README.md").read_text("utf-8")
