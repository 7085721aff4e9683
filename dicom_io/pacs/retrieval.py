"""C-GET of one series, with every class and transfer syntax that its objects may have."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StudyRootQueryRetrieveInformationModelGet,
)

from dicom_io.errors import Cancelled, OperationFailed
from dicom_io.pacs import status
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.association import associate, cut, lost
from dicom_io.pacs.contexts import classes_of_modality, offers, receiving_roles
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.node import Node
from dicom_io.study import Instance, Series

MOST_UIDS = 400  # in one identifier: a UI value of explicit VR holds 64 KiB
GET = StudyRootQueryRetrieveInformationModelGet

_UID = re.compile(r"[0-9.]{1,64}")
_LAST = Tag("SeriesInstanceUID")


class Retrieval:
    """C-GETs to one node, whose answers go into `intake`."""

    def __init__(self, node: Node, intake: Intake) -> None:
        self._node = node
        self._intake = intake
        self._association: Association | None = None

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances of a series; `whole` says that these are all it has.

        Returns a sentence for each failure that the node reported; what did not arrive then,
        `missing` says. Raises NodeProblem when the connection fails, StorageProblem.
        """
        classes = {one.sop_class for one in wanted}
        told = [] if "" in classes else sorted(classes)
        said: list[str] = []
        for contexts in offers(told or classes_of_modality(series.modality), GET):
            offered = {str(context.abstract_syntax) for context in contexts}
            rest = [one for one in self.missing(wanted) if not told or one.sop_class in offered]
            if rest and not self._intake.is_closed:
                entire = whole and len(rest) == len(wanted)
                try:
                    said += self._ask(
                        contexts, identifiers(self._intake.study, series, rest, entire)
                    )
                except OperationFailed as failure:  # another offer may hold the right class
                    said.append(str(failure))
        return said

    def _ask(
        self, contexts: list[PresentationContext], identifiers: Iterable[Dataset]
    ) -> list[str]:
        handlers = [(evt.EVT_C_STORE, self._intake.store)]
        roles = receiving_roles(contexts)
        with associate(
            self._node, contexts, service=GET, roles=roles, handlers=handlers
        ) as association:
            self._association = association
            if self._intake.is_closed:  # while we were connecting
                raise Cancelled("Stopped.")
            return [said for one in identifiers for said in self._responses(association, one)]

    def missing(self, wanted: Sequence[Instance]) -> list[Instance]:
        """Those of `wanted` that have not arrived."""
        return self._intake.missing(wanted)

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        self._intake.close()
        if self._association is not None:
            cut(self._association)

    def _responses(self, association: Association, identifier: Dataset) -> Iterator[str]:
        responses = association.send_c_get(identifier, GET)
        return said_of(self._node, responses, self._intake)


def identifiers(
    study: str, series: Series, wanted: Sequence[Instance], whole: bool
) -> Iterator[Dataset]:
    """What to ask for: SERIES level for all of it, as every node understands; else IMAGE level
    lists."""
    for first in range(0, 1 if whole else len(wanted), MOST_UIDS):
        identifier = Dataset()
        identifier.QueryRetrieveLevel = "SERIES" if whole else "IMAGE"
        identifier.StudyInstanceUID = study
        identifier.SeriesInstanceUID = series.identity.series
        if not whole:
            some = wanted[first : first + MOST_UIDS]
            identifier.SOPInstanceUID = [one.identity.instance for one in some]
        yield identifier


def said_of(
    node: Node, responses: Iterable[tuple[Dataset, Dataset | None]], intake: Intake
) -> Iterator[str]:
    """Read the answers to a C-GET or C-MOVE to the last; a sentence for each warning.

    Raises OperationFailed, NodeTimedOut, NodeUnreachable, StorageProblem.
    """
    since = time.monotonic()
    for response, _failed in responses:
        if intake.problem is not None:
            raise intake.problem
        code = response.get("Status")
        if code is None:
            raise lost(node, "while sending images", since)
        since = time.monotonic()
        if status.is_pending(code) or code == status.SUCCESS:
            continue
        said = status.meaning(code, text_of(response, "ErrorComment"))
        if status.is_warning(code):
            failed = text_of(response, "NumberOfFailedSuboperations") or "some"
            yield f"{node} could not send all of a series ({failed} objects failed)."
        else:
            raise OperationFailed(
                f"{node} could not send the images: {said}. Try again, or ask its administrator.",
                node.name,
                code,
            )
