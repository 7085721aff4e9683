"""From a node's settings to the Source that reaches it."""

from __future__ import annotations

from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node, checked_node


def source_for(node: Node) -> DimseSource:
    """The Source for a configured or written node. Raises BadNode; nothing is connected yet."""
    return DimseSource(checked_node(node))
