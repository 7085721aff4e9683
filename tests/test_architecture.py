"""The house stands: imports run downhill, and what is slow to import stays where it belongs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

BELOW = {
    "dicom_io": set(),
    "model_backend": set(),
    "ui": {"dicom_io"},
    "plugin": {"ui", "dicom_io", "model_backend"},
}
NO_TORCH = {
    "request.py",
    "wire.py",
    "client.py",
    "folder.py",
    "tasks.py",
    "calibration.py",
    "footprint.py",
    "models/chat.py",
    "controls/comparison.py",
    "controls/kept.py",
    "controls/margin.py",
    "controls/phrases.py",
    "controls/pictures.py",
    "controls/runs.py",
    "controls/sides.py",
    "gate/features.py",
    "gate/gate.py",
    "evaluation/labelled.py",
    "evaluation/rows.py",
    "evaluation/films.py",
    "evaluation/reading.py",
    "evaluation/record.py",
    "evaluation/published.py",
    "evaluation/stored.py",
    "evaluation/facts.py",
    "evaluation/statements.py",
    "evaluation/page.py",
    "evaluation/plots.py",
    "evaluation/card_figures.py",
}  # model_backend's, without Qt or torch


def imported_modules(file: Path) -> set[str]:
    """The full names of all modules that a file imports, at any depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def first_names(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def files_of(root: Path, folder: str) -> list[Path]:
    return sorted((root / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", sorted(BELOW))
def test_folders_import_only_downhill(root: Path, folder: str) -> None:
    assert files_of(root, folder)

    for file in files_of(root, folder):
        seen = first_names(imported_modules(file)) & BELOW.keys()
        assert seen <= BELOW[folder] | {folder}, f"{file} looks uphill"


def test_qt_is_imported_only_in_the_two_upper_floors(root: Path) -> None:
    for folder in ("dicom_io", "model_backend"):
        for file in files_of(root, folder):
            assert "PyQt6" not in first_names(imported_modules(file)), file


def test_torch_is_imported_only_behind_the_model_process(root: Path) -> None:
    for folder in ("dicom_io", "ui", "plugin"):
        for file in files_of(root, folder):
            assert "torch" not in first_names(imported_modules(file)), file
    files = [root / "model_backend" / name for name in NO_TORCH]
    for file in files + files_of(root, "model_backend/datasets"):
        assert "torch" not in first_names(imported_modules(file)), file


def test_plug_ins_see_the_viewer_through_its_face_alone(root: Path) -> None:
    for file in files_of(root, "plugin"):
        seen = {name for name in imported_modules(file) if name.split(".")[0] == "ui"}
        allowed = {"ui", "ui.host"}
        if file.name == "__main__.py":
            allowed.add("ui.opening")
        modules = {".".join(name.split(".")[:2]) for name in seen}
        assert modules <= allowed, f"{file} reaches past ui.host"


def test_no_circle_among_the_files_of_a_folder(root: Path) -> None:
    graph: dict[str, set[str]] = {}
    for folder in BELOW:
        for file in files_of(root, folder):
            name = ".".join(file.relative_to(root).with_suffix("").parts)
            graph[name.removesuffix(".__init__")] = imported_modules(file)
    for name, seen in graph.items():
        graph[name] = {other for other in seen if other in graph and other != name}

    done: set[str] = set()
    for start in graph:
        path: list[str] = []
        assert_no_circle(graph, start, path, done)


def assert_no_circle(
    graph: dict[str, set[str]], name: str, path: list[str], done: set[str]
) -> None:
    assert name not in path, " -> ".join([*path[path.index(name) :], name])
    if name in done:
        return
    for other in graph[name]:
        assert_no_circle(graph, other, [*path, name], done)
    done.add(name)
