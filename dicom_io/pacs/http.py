"""HTTP to one DICOMweb server: TLS, credentials, time-outs, and every failure in one sentence."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx2

from dicom_io.errors import (
    BadNode,
    NodeProblem,
    NodeRefused,
    NodeTimedOut,
    NodeUnreachable,
    OperationFailed,
)
from dicom_io.pacs.node import Node
from dicom_io.pacs.tls import tls_of, why_untrusted

MOST_JSON = 256 * 2**20  # bytes of one answer that is not images
PIECE = 2**18  # bytes read at once


class Web:
    """Requests to one node's DICOMweb service, whose root is `node.web`.

    Redirects are not followed, and proxies of the environment are not used: patient data and
    credentials go to the configured address alone.
    """

    def __init__(self, node: Node, secret: str = "") -> None:
        self.node = node
        self._root = node.web.rstrip("/")
        # Images hardly shrink, and a server that tries sends 10 MB a second.
        headers = {"Accept-Encoding": "identity"}
        if secret and not node.user:
            headers["Authorization"] = f"Bearer {secret}"
        self._client = httpx2.Client(
            # Without TLS nobody needs the list of authorities, which takes 20 ms to read.
            verify=tls_of(node)
            if self._root.startswith("https:")
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=httpx2.Timeout(node.answer_timeout, connect=node.timeout),
            auth=(node.user, secret) if node.user else None,
            headers=headers,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def json(self, path: str) -> object:
        """What the server answers at `path` (with its query), decoded; None where it has nothing.

        Raises NodeProblem.
        """
        accept = {"Accept": "application/dicom+json"}
        with self.request("GET", path, accept) as response:
            return None if response.status_code == 204 else self.decoded(response)

    def decoded(self, response: httpx2.Response) -> object:
        """The JSON of an answer. Raises OperationFailed for anything else, or too much of it."""
        content = bytearray()
        for piece in response.iter_bytes(PIECE):
            content += piece
            if len(content) > MOST_JSON:
                raise OperationFailed(
                    f"{self.node} sent an endless answer. Narrow the search.",
                    self.node.name,
                    response.status_code,
                )
        kind = response.headers.get("content-type", "")
        if "json" not in kind:
            raise NodeRefused(
                f"{self.node} answers at this address, but not as DICOMweb does "
                f"({kind.split(';')[0][:60] or 'no type'}). Check the address of its DICOMweb "
                "root.",
                self.node.name,
            )
        try:
            return httpx2.Response(200, content=bytes(content)).json()
        except (ValueError, RecursionError) as error:
            raise OperationFailed(
                f"{self.node} sent JSON that cannot be read. Ask its administrator.",
                self.node.name,
                response.status_code,
            ) from error

    @contextmanager
    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Iterator[bytes] | None = None,
        *,
        allowed: tuple[int, ...] = (),
    ) -> Iterator[httpx2.Response]:
        """A streamed answer of success, or with one of the statuses `allowed`; closed after use.

        Raises NodeUnreachable, NodeRefused, NodeTimedOut, OperationFailed.
        """
        with (
            _told(self.node),
            self._client.stream(
                method, f"{self._root}{path}", headers=dict(headers), content=body
            ) as response,
        ):
            if not response.is_success and response.status_code not in allowed:
                raise refusal(self.node, response.status_code, path)
            yield response


def refusal(node: Node, code: int, path: str) -> NodeProblem:
    """Why a server said no, by its HTTP status."""
    if code == 401:
        said = (
            f"{node} asks who we are (401). Store the password or token that its administrator "
            f"gave you: wetread node secret {node.name}."
        )
        return NodeRefused(said, node.name)
    if code == 403:
        return NodeRefused(
            f"{node} knows us but does not allow this (403). Ask its administrator.", node.name
        )
    if code in (404, 405) and path.startswith("/studies?"):
        return NodeRefused(
            f"{node} has no DICOMweb service at this address ({code}). Check the address of its "
            "DICOMweb root.",
            node.name,
        )
    if 300 <= code < 400:
        return NodeRefused(
            f"{node} sends us to another address ({code}), where we do not go. Give the address "
            "that it names.",
            node.name,
        )
    if code == 413:
        return OperationFailed(f"{node} finds the answer too large (413).", node.name, code)
    return OperationFailed(
        f"{node} answered with HTTP status {code}. Try again, or ask its administrator.",
        node.name,
        code,
    )


@contextmanager
def _told(node: Node) -> Iterator[None]:
    """Failures of the connection as problems of the node."""
    try:
        yield
    except httpx2.TimeoutException as error:
        if isinstance(error, httpx2.ConnectTimeout):
            raise NodeUnreachable(
                f"Nothing answers at {node}. Check the address, that the server is running, and "
                "that no firewall stands between.",
                node.name,
            ) from error
        raise NodeTimedOut(
            f"{node} accepted the connection and then did not answer. Try again.", node.name
        ) from error
    except httpx2.ConnectError as error:
        raise _unconnected(node, error) from error
    except (httpx2.TransportError, httpx2.StreamError, httpx2.DecodingError) as error:
        raise NodeUnreachable(
            f"{node} broke off the connection. Try again; what had arrived is kept.", node.name
        ) from error
    except httpx2.InvalidURL as error:
        raise BadNode(f"The address {node.web} of {node.name} is none: {error}.", node.name) from (
            error
        )


def _unconnected(node: Node, error: httpx2.ConnectError) -> NodeProblem:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return why_untrusted(node, cause)
        cause = cause.__cause__ or cause.__context__
    return NodeUnreachable(
        f"Nothing answers at {node}. Check the address, that the server is running, and that no "
        "firewall stands between.",
        node.name,
    )
