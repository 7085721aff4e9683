"""Gathers the window's texts, and compiles what translators wrote.

    python docs/make_translations.py            new texts into every ui/translations/*.ts
    python docs/make_translations.py compile    and every .ts into its .qm, by Qt's own lrelease

A text is a literal in `tr("...")` or `later("...")` anywhere in ui and plugin. Qt's `pylupdate6`
finds these calls too, but files each under the class that it stands in, while `tr` looks them up in
one context; hence this. lrelease comes with Debian's qt6-l10n-tools.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "ui" / "translations"
CONTEXT = "Wetread"
CALLS = ("tr", "later")
PLACES = ("lrelease", "/usr/lib/qt6/bin/lrelease")


def sources(root: Path = ROOT) -> dict[str, list[str]]:
    """Every text, and the files that say it; raises ValueError for a call without a literal."""
    found: dict[str, list[str]] = {}
    for folder in ("ui", "plugin"):
        for file in sorted((root / folder).rglob("*.py")):
            name = file.relative_to(root).as_posix()
            for text in texts(ast.parse(file.read_text(encoding="utf-8"))):
                places = found.setdefault(text, [])
                if name not in places:
                    places.append(name)
    return found


def texts(tree: ast.AST) -> Iterator[str]:
    """The literals that a file gives to `tr` and `later`, and the menus that it names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in CALLS and node.args:
                yield from literals(node.args[0])


def literals(node: ast.expr) -> Iterator[str]:
    """A literal, or both of a choice; a name stands for what was marked where it was made."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def translations(path: Path) -> dict[str, str]:
    """What a .ts file says of each text; "" where it is not finished."""
    return {
        message.findtext("source", ""): ""
        if (told := message.find("translation")) is None or told.get("type") == "unfinished"
        else told.text or ""
        for message in ET.parse(path).iter("message")
    }


def update(path: Path, wanted: dict[str, list[str]], known: dict[str, str]) -> tuple[int, int]:
    """Write a .ts file with exactly those texts, sorted; gives how many there are and are open."""
    language = path.stem.rpartition("_")[2]
    top = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(top, "context")
    ET.SubElement(context, "name").text = CONTEXT
    left = 0
    for text in sorted(wanted):
        message = ET.SubElement(context, "message")
        for place in wanted[text]:
            ET.SubElement(message, "location", filename=f"../../{place}")
        ET.SubElement(message, "source").text = text
        told = ET.SubElement(message, "translation")
        if known.get(text):
            told.text = known[text]
        else:
            told.set("type", "unfinished")
            left += 1
    ET.indent(top, " " * 4)
    body = ET.tostring(top, encoding="unicode")
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8"
    )
    return len(wanted), left


def release(path: Path) -> None:
    """Compile a .ts file. Raises FileNotFoundError without lrelease."""
    tool = next((found for place in PLACES if (found := shutil.which(place))), None)
    if tool is None:
        raise FileNotFoundError("lrelease is missing; install Debian's qt6-l10n-tools")
    made = path.with_suffix(".qm")
    subprocess.run([tool, "-silent", str(path), "-qm", str(made)], check=True)


def main() -> int:
    """Gather, and compile if asked. Returns the exit code."""
    wanted = sources()
    for path in sorted(FOLDER.glob("wetread_*.ts")):
        count, left = update(path, wanted, translations(path))
        print(f"{path.name}: {count} texts, {left} to be translated")
        if sys.argv[1:] == ["compile"]:
            release(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
