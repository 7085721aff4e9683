"""From a node's settings to the Source that reaches it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dicom_io.pacs.choosing import KeptChoice
from dicom_io.pacs.combined import CombinedSource
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node, checked_node
from dicom_io.pacs.secrets import secret_of
from dicom_io.pacs.web import WebSource

NodeSource = DimseSource | WebSource | CombinedSource
"""A Source over the network: it has a `node`, a `way` and an `echo`, and lists series."""


def source_for(node: Node, kept: Path | None = None) -> NodeSource:
    """The Source for a configured or written node. Raises BadNode; nothing is connected yet.

    A node with both addresses is tried over DICOMweb first, where one stream brings a series and
    C-GET waits for a round trip after each object; what worked is remembered in the file `kept`.
    The password or token is the keyring's.
    """
    node = checked_node(node)
    choice = KeptChoice(node, kept)
    web = WebSource(node, partial(secret_of, node.name))
    if node.web and not node.host:
        return web
    dimse = DimseSource(node, choice)
    return CombinedSource(web, dimse, choice) if node.web else dimse
