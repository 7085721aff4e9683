"""Settings as a TOML file: what changed is written, comments and unknown keys stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from dicom_io.hands import plain_value
from dicom_io.pacs.node import Node


def written(
    path: Path,
    version: int,
    parts: Mapping[str, Any],
    nodes: Sequence[Node],
    node_keys: Sequence[str],
) -> bytes:
    """The file's next content. Raises ValueError when the existing file is damaged."""
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ValueError(str(error)) from error
    document["version"] = version
    _put_nodes(document, nodes, node_keys)
    for name, part in parts.items():
        _put_part(document, name, part)
    return tomlkit.dumps(document).encode("utf-8")


def _put_part(document: tomlkit.TOMLDocument, name: str, part: Any) -> None:
    for one in fields(part):
        value = getattr(part, one.name)
        table = document.get(name)
        if value == one.default and (not isinstance(table, Table) or one.name not in table):
            continue
        if table is None:
            document.add(tomlkit.nl())
            document[name] = table = tomlkit.table()
        _put(table, one.name, plain_value(str(one.type), value))


def _put_nodes(
    document: tomlkit.TOMLDocument, nodes: Sequence[Node], node_keys: Sequence[str]
) -> None:
    table = document.get("nodes")
    if table is None:
        if not nodes:
            return
        document["nodes"] = table = tomlkit.table(is_super_table=True)
    for name in [key for key in table if key not in {node.name for node in nodes}]:
        del table[name]
    known = {one.name: one for one in fields(Node)}
    for node in nodes:
        if node.name not in table:
            table[node.name] = tomlkit.table()
        for key in node_keys:
            value = getattr(node, key)
            if (
                known[key].default is MISSING
                or value != known[key].default
                or key in table[node.name]
            ):
                _put(table[node.name], key, value)


def _put(table: Any, key: str, value: object) -> None:
    """Set a value only when it differs, so that its comment and its form stay."""
    if key not in table or table[key] != value:
        table[key] = value
