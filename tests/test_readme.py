"""The README tells the truth: its tree of folders, its commands, its pictures."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from plugin.__main__ import parser


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def tree_of(readme: str) -> dict[str, str]:
    """The folders in the README's tree, each with its line."""
    block = readme.split("## The folders")[1].split("```")[1]
    folders: dict[str, str] = {}
    path: list[str] = []
    for line in block.strip("\n").splitlines():
        match = re.match(r"^( *)(\S+)/ {2,}(\S.*)$", line)
        assert match, f"not a folder with a line of its own: {line}"
        depth = len(match[1]) // 2
        path = [*path[:depth], match[2]]
        folders["/".join(path)] = match[3]
    return folders


def tracked_folders(root: Path) -> set[str]:
    """Every folder of the repository, data and hidden ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    folders = {str(parent) for name in listed for parent in Path(name).parents}
    return {
        name
        for name in folders - {"."}
        if not name.startswith(".") and not name.startswith("tests/")
    }


def test_the_tree_has_every_folder_with_a_line(readme: str, root: Path) -> None:
    if not (root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("the operating system has no git, or this is no checkout")

    tree = tree_of(readme)

    assert set(tree) == tracked_folders(root)
    assert all(len(line) > 10 for line in tree.values())


def test_every_command_of_the_readme_exists(readme: str) -> None:
    actions = [one for one in parser()._subparsers._group_actions if one.choices]  # type: ignore[union-attr]  # argparse offers no other way to list its commands
    known = {name for action in actions for name in action.choices or ()}
    used = set(re.findall(r"^\$? ?(?:\.venv/bin/)?wetread ([a-z]+)", readme, re.MULTILINE))

    assert used
    assert used <= known


def test_every_picture_and_page_of_the_readme_is_there(readme: str, root: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", readme)

    local = [link for link in links if "://" not in link]
    assert any(link.endswith(".png") for link in local)
    for link in local:
        assert (root / link).exists(), link


def test_it_says_research_use_only(readme: str) -> None:
    assert "Research use only" in readme.split("## ")[0]
