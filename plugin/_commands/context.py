"""What every command is given: the data root, the settings, and a way to print."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicom_io.storage import DataRoot

if TYPE_CHECKING:  # the window's command has no time for them
    import argparse

    from dicom_io.audit import AuditLog
    from dicom_io.pacs.connect import NodeSource
    from dicom_io.pacs.node import Node
    from dicom_io.settings import Settings
    from plugin._model import Models

NODE_TEXT = "a node's name in the settings, AET@HOST:PORT, or a DICOMweb address"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a PACS could steer the terminal


class UsageProblem(Exception):
    """The command cannot be carried out as it was written; the text says what to write instead."""


@dataclass(frozen=True)
class Printer:
    """Prints lines for a person, or one JSON object a line for a program."""

    as_json: bool

    def say(self, text: str, **fields: Any) -> None:
        """One result: `text` for a person, `fields` for a program."""
        if self.as_json:
            print(_as_json(fields), flush=True)
        elif text:
            print(_printable(text), flush=True)

    def progress(self, text: str) -> None:
        """Something to watch while waiting; never mixed into the results."""
        if not self.as_json:
            print(_printable(text), file=sys.stderr, flush=True)

    def fail(self, sentence: str) -> None:
        """The one sentence of a failure."""
        if self.as_json:
            print(_as_json({"error": sentence}), flush=True)
        print(f"wetread: {_printable(sentence)}", file=sys.stderr, flush=True)


def _as_json(fields: Mapping[str, Any]) -> str:
    import json  # for whoever asks for it; the window would wait for the import

    return json.dumps(fields, ensure_ascii=False)


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


@dataclass(frozen=True)
class Context:
    """The surroundings of one command."""

    root: DataRoot
    printer: Printer
    open_window: Callable[..., int]  # only the front door may know the window
    given: Settings | None = None  # instead of those of the root

    @cached_property
    def settings(self) -> Settings:
        """All settings; a key that nothing here knows is told. Raises what `Settings.read` does."""
        from dicom_io.settings import Settings

        if self.given is not None:
            return self.given
        settings = Settings.read(self.root.settings)
        for key in settings.unknown:
            self.printer.progress(f"settings.toml has a key that nothing here knows: {key}")
        return settings

    @cached_property
    def audit(self) -> AuditLog:
        from dicom_io.audit import AuditLog

        return AuditLog(self.root.audit)

    def node(self, arguments: argparse.Namespace) -> Node:
        """The node that --node names, else the only one in the settings."""
        from dicom_io.pacs.node import parse_node

        if arguments.node:
            return parse_node(arguments.node, self.settings.nodes)
        if len(self.settings.nodes) == 1:
            return self.settings.nodes[0]
        known = ", ".join(node.name for node in self.settings.nodes) or "none"
        raise UsageProblem(
            "Say which archive: --node NAME, --node AET@HOST:PORT or --node with a DICOMweb "
            f"address (in the settings: {known})."
        )

    def source(self, arguments: argparse.Namespace) -> NodeSource:
        """The archive that --node names. Nothing is connected yet."""
        from dicom_io.pacs.connect import source_for

        return source_for(self.node(arguments), self.root.ways)

    def sources(self, arguments: argparse.Namespace) -> list[NodeSource]:
        """The archive that --node names, else all in the settings. Nothing is connected yet."""
        from dicom_io.pacs.connect import source_for

        several = not arguments.node and len(self.settings.nodes) > 1
        nodes = self.settings.nodes if several else (self.node(arguments),)
        return [source_for(node, self.root.ways) for node in nodes]

    def models(self) -> Models:
        """The models that the settings choose."""
        from plugin._model import Models

        return Models(self.root, self.settings.model)


def require_place(path: Path) -> None:
    """Raise UsageProblem unless a file can be put at `path`: looked at before the work begins."""
    if path.is_dir():
        raise UsageProblem(f"{path} is a folder. Give --out the name of a file.")
    if not path.parent.is_dir():
        raise UsageProblem(f"The folder {path.parent} does not exist. Make it, or change --out.")


def made_folder(path: Path) -> Path:
    """The folder, made when it is missing. Raises UsageProblem."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageProblem(
            f"The folder {path} cannot be made ({error.strerror}). Choose another one."
        ) from error
    return path


def several(count: int, one: str, many: str = "") -> str:
    """`1 study`, `2 studies`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
