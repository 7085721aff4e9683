"""The page of tasks says what really comes out of its examples."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from model_backend.tasks import TASKS
from plugin.__main__ import parser

TRIED = ("matching", "entailment")  # tasks whose command is run, one with and one without a picture


@pytest.fixture(scope="module")
def script(root: Path) -> Iterator[ModuleType]:
    """docs/make_tasks.py, which makes the page."""
    spec = importlib.util.spec_from_file_location("make_tasks", root / "docs" / "make_tasks.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.syspath_prepend(str(root))
        spec.loader.exec_module(module)
        yield module


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "tasks.md").read_text(encoding="utf-8")


def consoles(page: str) -> dict[str, str]:
    """What the page says that each command prints."""
    shown = {}
    for body in re.findall(r"```console\n(.*?)```\n", page, re.DOTALL):
        for match in re.finditer(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", body, re.MULTILINE):
            shown[match[1]] = match[2]
    return shown


def test_every_task_has_its_example_in_python_and_on_the_command_line(page: str) -> None:
    asked = set(re.findall(r"ask\(['\"](\w+)['\"]", page))
    typed = {line.split()[2] for line in consoles(page)}
    sections = re.findall(r"^## (\w+):", page, re.MULTILINE)

    assert asked == typed == set(TASKS)
    assert sections == list(TASKS)


def test_the_page_says_which_wordings_are_the_papers(page: str) -> None:
    for task in TASKS.values():
        row = next(line for line in page.splitlines() if line.startswith(f"| [{task.name}]"))
        assert ("| published |" in row) == task.is_published
        assert ("| ours |" in row) != task.is_published


def test_the_lines_of_python_print_what_the_page_shows(script: ModuleType, page: str) -> None:
    shown = consoles(page)

    again, session = script.made(page, lambda line: shown[line])

    assert again == page
    assert len(session["objects"].places) == len(script.phantom().things)


def test_the_commands_are_ones_that_the_program_knows(script: ModuleType, page: str) -> None:
    for line in consoles(page):
        given = parser().parse_args(script.words_of(line))

        assert given.task in TASKS and given.model == "wetread-practice"


@pytest.mark.parametrize("task", TRIED)
def test_a_command_prints_what_the_page_shows(script: ModuleType, page: str, task: str) -> None:
    (line, printed), *_ = [
        (line, printed) for line, printed in consoles(page).items() if f"task {task} " in line
    ]

    assert script.run_in_shell(line) == printed


def test_the_pictures_are_those_that_the_script_draws(script: ModuleType, root: Path) -> None:
    folder = root / "docs" / "pictures" / "tasks"

    for name, phantom in (("phantom", script.phantom()), ("band", script.band())):
        assert np.array_equal(np.asarray(Image.open(folder / f"{name}.png")), phantom.pixels)
    assert all(path.stat().st_size < 20_000 for path in folder.glob("*.png"))


def test_a_page_that_says_something_else_is_noticed(script: ModuleType, page: str) -> None:
    wrong = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"

    again, _ = script.made(wrong, str)

    assert again == wrong.replace("\n3\n", "\n2\n")
