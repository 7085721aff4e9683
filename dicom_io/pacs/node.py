"""A node of the network: its address, its name, and how a person writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dicom_io.errors import BadNode

_WEB = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
# AET@HOST:PORT; an IPv6 host stands in square brackets.
_WRITTEN = re.compile(r"(?P<aet>[^@]+)@(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s@:\[\]]+):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class Node:
    """One archive: a DICOM application entity, a DICOMweb server, or both at once.

    `aet` is its own title, `calling_aet` is the one we present to it. Both are at most 16
    characters (PS3.5 section 6.2, VR AE). Times are in seconds. A secret never stands here.
    """

    name: str  # what a person calls it
    aet: str = ""
    host: str = ""
    port: int = 0
    calling_aet: str = "WETREAD"
    timeout: float = 10.0  # for the connection and the association, each
    answer_timeout: float = 30.0  # for one message of an answer
    listen: int = 0  # our port to which it sends at a C-MOVE; 0: we do not listen
    web: str = ""  # the root of its DICOMweb service: https://host/dicom-web
    user: str = ""  # of DICOMweb; "": the secret, if there is one, is a bearer token
    authority: str = ""  # PEM file of the authority behind its certificate; "": the system's
    tls: bool = False  # for DICOM associations; DICOMweb says it by https
    certificate: str = ""  # PEM file of our own certificate and key, where it asks for one
    charset: str = ""  # of its C-FIND answers, like "ISO_IR 100", whatever they declare

    def __str__(self) -> str:
        """`name (AET@HOST:PORT)`, or the address alone when that is its name."""
        return self.address if self.name in ("", self.address) else f"{self.name} ({self.address})"

    @property
    def address(self) -> str:
        """AET@HOST:PORT, else the address of its DICOMweb service; `parse_node` reads both."""
        if not self.host:
            return self.web
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.aet}@{host}:{self.port}"


def parse_node(text: str, nodes: Iterable[Node] = ()) -> Node:
    """The configured node of that name, or the one that AET@HOST:PORT or a DICOMweb address
    describes.

    Raises BadNode with a sentence that says what is wrong and which names there are.
    """
    wanted = text.strip()
    known = {node.name: node for node in nodes}
    if wanted in known:
        return known[wanted]
    if wanted.startswith(("http://", "https://")):
        return checked_node(Node(wanted, web=wanted.rstrip("/")))
    written = _WRITTEN.fullmatch(wanted)
    if written is None:
        names = ", ".join(known) if known else "none are configured"
        raise BadNode(
            f"{text!r} is neither the name of a node ({names}) nor of the form AET@HOST:PORT, "
            "for example PACS@192.168.1.10:104, or https://pacs.example/dicom-web.",
            text,
        )
    host = written["host"].strip("[]")
    return checked_node(Node(wanted, written["aet"].strip(), host, int(written["port"])))


def checked_node(node: Node) -> Node:
    """The node itself, when it can be called. Raises BadNode when a part cannot be right."""
    if node.web and not _WEB.fullmatch(node.web):
        raise BadNode(
            f"The DICOMweb address {node.web} of {node.name} cannot be right: it is like "
            "https://pacs.example/dicom-web, without a user or a query.",
            node.name,
        )
    if node.web and not (node.aet or node.host or node.port):
        return node
    for title in (node.aet, node.calling_aet):
        if not title.strip() or len(title) > 16 or "\\" in title or not _is_printable(title):
            raise BadNode(
                f"The AE title {title!r} of {node.name} cannot be right: it has 1 to 16 plain "
                "characters and no backslash.",
                node.name,
            )
    if not 1 <= node.port <= 65535:
        raise BadNode(
            f"The port {node.port} of {node.name} cannot be right: it is 1 to 65535.", node.name
        )
    if not 0 <= node.listen <= 65535:
        raise BadNode(
            f"The port {node.listen} on which to listen for {node.name} cannot be right: it is 1 "
            "to 65535, or 0 for none.",
            node.name,
        )
    if not node.host or any(character.isspace() for character in node.host):
        raise BadNode(f"The node {node.name} has no usable host name.", node.name)
    return node


def _is_printable(title: str) -> bool:
    return title.isascii() and title.isprintable()
