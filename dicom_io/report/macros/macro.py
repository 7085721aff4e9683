"""Macro: a short code and the words that it stands for, read from TOML and written back."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dicom_io.errors import BadMacro

LARGEST = 1 << 20  # bytes of a file
LONGEST = 10_000  # characters of one macro's words
_CODE = re.compile(r"[^\s\[\]{}]{2,32}")


@dataclass(frozen=True, slots=True)
class Macro:
    """`text` may hold `{StudyDate}` (merged), `{macro:code}` and `[places]` to fill in."""

    code: str
    text: str
    language: str = ""  # RFC 5646; "" for any


def read_macros(path: Path) -> tuple[Macro, ...]:
    """The macros of a file. Raises BadMacro."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadMacro(
            f"The macros in {path} cannot be read ({error.strerror}). Check the file's permissions."
        ) from error
    return macros_of(content, path)


def macros_of(content: bytes, path: Path) -> tuple[Macro, ...]:
    """The macros in the bytes of a file. Raises BadMacro."""
    if len(content) > LARGEST:
        raise BadMacro(f"{path} is larger than 1 MiB. Divide it into several files.")
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadMacro(
            f"The macros in {path} cannot be read ({error}). Mend the file or move it away."
        ) from error
    rows = table.get("macro", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadMacro(f"{path} holds no list of macros. Begin each with [[macro]].")
    macros = tuple(_macro(row, path) for row in rows)
    twice = [
        one for number, one in enumerate(macros) if _names(one) in map(_names, macros[:number])
    ]
    if twice:
        raise BadMacro(f"{path} has two macros {twice[0].code}. Take one of them out.")
    return macros


def _names(macro: Macro) -> tuple[str, str]:
    return macro.code, macro.language


def _macro(row: dict[str, object], path: Path) -> Macro:
    values = [row.get(name, "") for name in ("code", "text", "language")]
    code, text, language = (one if isinstance(one, str) else "" for one in values)
    problem = problem_of(code, text)
    if problem:
        raise BadMacro(f"A macro in {path} cannot be used: {problem}")
    return Macro(code, " ".join(text.split()), language)


def problem_of(code: str, text: str) -> str:
    """Why a macro of these words cannot be used, in a sentence; "" when it can."""
    if not _CODE.fullmatch(code):
        return "A code has 2 to 32 characters, without spaces and brackets."
    if not text.strip():
        return f"{code} stands for no words. Write them."
    if len(text) > LONGEST:
        return f"{code} stands for more than {LONGEST} characters. Divide it into several."
    return ""


def as_toml(macros: Sequence[Macro]) -> str:
    """A file of macros."""
    parts = []
    for one in macros:
        lines = ["[[macro]]", f"code = {_quoted(one.code)}", f"text = {_quoted(one.text)}"]
        lines += [f"language = {_quoted(one.language)}"] if one.language else []
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _quoted(text: str) -> str:
    """A basic string of TOML: that of JSON, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
