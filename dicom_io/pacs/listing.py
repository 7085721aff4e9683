"""What a search finds: each study once, only those that match, up to a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from dicom_io.pacs.matching import matches_query
from dicom_io.pacs.relay import Relay
from dicom_io.source import Found, Query
from dicom_io.study import Series, Study


class StudyListing:
    """What a search has found: each study once, those that match, up to the limit."""

    def __init__(self, query: Query, relay: Relay[Found]) -> None:
        self._query = query
        self._relay = relay
        self._seen: set[str] = set()
        self._unsure: dict[str, Study] = {}

    @property
    def count(self) -> int:
        return len(self._seen)

    def take(self, study: Study) -> bool:
        """Report the study if it is a new one that matches. False when the limit is reached."""
        uid = study.identity.study
        if not uid or uid in self._seen or not matches_query(self._query, study):
            return True
        if self._query.modality and not study.modalities:
            self._unsure[uid] = study
            return True
        if self._query.limit and self.count >= self._query.limit:
            more = f"More than {self._query.limit} studies match. Narrow the search."
            self._relay.put(Found(None, self.count, more))
            return False
        self._seen.add(uid)
        self._relay.put(Found(study, self.count))
        return True

    def settle(self, series_of: Callable[[str], Iterable[Series]]) -> bool:
        """Ask for the series of studies that match but for their modalities, which the node does
        not tell. False when the limit is reached, or nobody wants to know any more."""
        for study in tuple(self._unsure.values()):
            modalities = {one.modality for one in series_of(study.identity.study)} - {""}
            told = replace(study, modalities=tuple(sorted(modalities)))
            if self._relay.stopped or not self.take(told):
                return False
        return True
