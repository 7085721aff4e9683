"""TLS to a node, for DICOM and HTTPS alike (PS3.15 B.12, the profile of BCP 195)."""

from __future__ import annotations

import socket
import ssl

from dicom_io.errors import BadNode, NodeRefused
from dicom_io.pacs.node import Node

# TLS 1.2 at least; in 1.2 only suites with forward secrecy and AES-GCM.
_SUITES = "ECDHE+AESGCM"


def tls_of(node: Node) -> ssl.SSLContext:
    """How the node's certificate is trusted, by the system's authorities or its `authority`; and
    our own `certificate`, where it asks for one.

    There is no way to leave a certificate or a host's name unchecked. Raises BadNode when a file
    cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=node.authority or None)
    except (OSError, ssl.SSLError) as error:
        raise BadNode(
            f"{node.authority} holds no certificates that can be read. Give the authority behind "
            f"{node.name} as a PEM file.",
            node.name,
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    if node.certificate:
        try:
            context.load_cert_chain(node.certificate)
        except (OSError, ssl.SSLError) as error:
            raise BadNode(
                f"{node.certificate} is no PEM file with a certificate of ours and its key. Give "
                f"one that {node.name} knows.",
                node.name,
            ) from error
    return context


class Wrapping:
    """A context that remembers the sockets which it made, so that they can be closed; pynetdicom
    loses the one whose handshake failed."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._made: list[ssl.SSLSocket] = []

    def wrap_socket(
        self, plain: socket.socket, server_side: bool, server_hostname: str
    ) -> ssl.SSLSocket:
        """As the context itself."""
        made = self._context.wrap_socket(
            plain, server_side, do_handshake_on_connect=True, server_hostname=server_hostname
        )
        self._made.append(made)
        return made

    def close(self) -> None:
        """Close what is still open."""
        for made in self._made:
            made.close()


def why_untrusted(node: Node, error: ssl.SSLError) -> NodeRefused:
    """A handshake that failed, in a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NodeRefused(
            f"The certificate of {node} is not to be trusted: {error.verify_message}. Ask its "
            "administrator for the site's authority, and name that file as `authority`.",
            node.name,
        )
    reason = (error.reason or "no agreement").replace("_", " ").lower()
    if "certificate" in reason or "handshake failure" in reason or "unknown ca" in reason:
        return NodeRefused(
            f"{node} does not accept our certificate ({reason}). Give one that its administrator "
            "made for us as `certificate`.",
            node.name,
        )
    return NodeRefused(
        f"{node} does not speak TLS at this port ({reason}). Check the port, or turn TLS off for "
        "it.",
        node.name,
    )


def handshake_problem(node: Node) -> NodeRefused | None:
    """Why a TLS connection to the node's DICOM port fails; None where it does not, or where
    nothing listens. pynetdicom does not tell."""
    try:
        plain = socket.create_connection((node.host, node.port), timeout=node.timeout)
    except OSError:
        return None
    try:
        with plain, tls_of(node).wrap_socket(plain, server_hostname=node.host) as secure:
            secure.recv(1)  # in TLS 1.3 a refusal of our certificate comes only now
    except ssl.SSLError as error:
        return why_untrusted(node, error)
    except TimeoutError:
        return None  # it waits for us to speak, as it should
    except OSError:
        return NodeRefused(
            f"{node} hung up at our TLS greeting. Check the port, or turn TLS off for it.",
            node.name,
        )
    return None


def speaks_tls(node: Node) -> bool:
    """True when the node's DICOM port answers a TLS greeting. Nothing else is sent to it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((node.host, node.port), timeout=node.timeout) as plain,
            context.wrap_socket(plain, server_hostname=node.host),
        ):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")  # it answered in TLS, to refuse
    except OSError:
        return False
