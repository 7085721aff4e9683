"""C-MOVE: the node is told to send a series to us, and we listen only while it does.

Who may send: the node that was asked, by its address, to our title, objects of the study that was
asked for. Everything else is refused (spec D.2). Source: DICOM PS3.4 C.4.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from dicom_io.errors import OperationFailed
from dicom_io.pacs.association import MAX_PDU, application_entity, associate, cut
from dicom_io.pacs.contexts import (
    STORAGE_CLASSES,
    UNCOMPRESSED,
    syntaxes_of_class,
)
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.listener import listening
from dicom_io.pacs.node import Node
from dicom_io.pacs.retrieval import identifiers, said_of
from dicom_io.study import Instance, Series

MOVE = StudyRootQueryRetrieveInformationModelMove
MOST_ASSOCIATIONS = 4


class MoveRetrieval:
    """C-MOVEs of one node to our own port `node.listen`."""

    def __init__(self, node: Node, intake: Intake) -> None:
        self._node = node
        self._intake = intake
        self._association: Association | None = None

    def whole(self, series: Series) -> list[str]:
        """Retrieve a series; see `fetching.Retriever`."""
        return self.get(series, (), whole=True)

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances; see `fetching.Retriever`."""
        asked = identifiers(self._intake.study, series, wanted, whole)
        contexts = [build_context(MOVE, list(UNCOMPRESSED))]
        said: list[str] = []
        with (
            receiving(self._node, self._intake),
            associate(self._node, contexts, service=MOVE) as association,
        ):
            self._association = association
            for identifier in asked:
                if self._intake.is_closed:
                    break
                answers = association.send_c_move(identifier, self._node.calling_aet, MOVE)
                try:
                    said += said_of(self._node, answers, self._intake)
                except OperationFailed as failure:
                    said.append(str(failure))
        return said

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        self._intake.close()
        if self._association is not None:
            cut(self._association)


@contextmanager
def receiving(node: Node, intake: Intake) -> Iterator[None]:
    """Take what the node sends to `node.listen` until the end of the block. Raises
    NodeUnreachable."""
    with listening(node, _entity(node), [(evt.EVT_C_STORE, intake.store)]):
        yield


def _entity(node: Node) -> AE:
    entity = application_entity(node.calling_aet)
    entity.require_called_aet = True
    entity.maximum_associations = MOST_ASSOCIATIONS
    entity.maximum_pdu_size = MAX_PDU
    entity.acse_timeout = 5
    entity.dimse_timeout = node.answer_timeout
    entity.network_timeout = node.answer_timeout
    entity.add_supported_context(Verification)
    for sop_class in STORAGE_CLASSES:
        entity.add_supported_context(sop_class, list(syntaxes_of_class(sop_class)))
    return entity
