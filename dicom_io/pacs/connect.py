"""From a node's settings to the Source that reaches it."""

from __future__ import annotations

from functools import partial

from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node, checked_node
from dicom_io.pacs.secrets import secret_of
from dicom_io.pacs.web import WebSource

NodeSource = DimseSource | WebSource
"""A Source over the network: it has a `node`, a `way` and an `echo`, and lists series."""


def source_for(node: Node) -> NodeSource:
    """The Source for a configured or written node. Raises BadNode; nothing is connected yet.

    A node with a DICOMweb address is asked over DICOMweb: one stream brings a whole series, where
    C-GET waits for a round trip after each object. Its password or token is the keyring's.
    """
    node = checked_node(node)
    return WebSource(node, partial(secret_of, node.name)) if node.web else DimseSource(node)
