"""Ways: how a study comes to the screen, from this disk and from where it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from dicom_io.errors import NothingFound
from dicom_io.identity import Identity
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.connect import NodeSource
from dicom_io.source import Fetched, Source, Stop
from dicom_io.study import Study
from ui.reading import Way


class Ways:
    """The cache of this workstation and the sources by name. All it does runs on pool threads."""

    def __init__(self, cache: Cache, sources: Sequence[Source]) -> None:
        self._cache = cache
        self.sources: Mapping[str, Source] = {source.name: source for source in sources}

    def to(self, study: str, source: str) -> Way:
        """How that study comes here; `source` is "" for what is on the disk alone."""
        holder = self.sources.get(source)
        fetch = partial(self._fetch, holder, study) if holder is not None else None
        return Way(partial(self._files, study), fetch)

    def here(self) -> Sequence[Study]:
        """The studies that were fetched before; for a pool thread."""
        return self._cache.studies()

    def _files(self, study: str) -> Sequence[Path]:
        try:
            return self._cache.files(study)
        except NothingFound:
            return ()

    def _fetch(self, source: Source, study: str, stop: Stop) -> Iterator[Fetched]:
        """What is not on the disk yet. Raises what the source raises."""
        missing: tuple[Identity, ...] = ()
        here = {one.identity.instance for one in self._cache.instances(study)}
        if here and isinstance(source, NodeSource):
            missing = tuple(
                instance.identity
                for series in source.series(study, stop)
                for instance in source.instances(study, series.identity.series, stop)
                if instance.identity.instance not in here
            )
            if not missing:
                return
        yield from self._cache.fetch(source, study, stop, missing)
