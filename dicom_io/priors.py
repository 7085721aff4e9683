"""Priors: earlier studies of the same patient, and which of them is worth comparing with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from dicom_io.anatomy import kind_of, region_of
from dicom_io.errors import DicomProblem
from dicom_io.identity import Identity
from dicom_io.source import Query, Source, Stop, never
from dicom_io.study import Series, Study

LOOKED_INTO = 20  # studies, at most, whose series are asked for when the study says no region
NO_PICTURES = frozenset(("SR", "PR", "KO", "DOC", "AU", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE"))


@dataclass(frozen=True)
class Prior:
    """Another study of the patient: where it is, and what is known of it."""

    study: Study
    source: str = ""  # name of the source that holds it; "" for the disk alone
    on_disk: bool = False
    region: str = ""  # see `dicom_io.anatomy`; "" when nothing says so
    relevance: int = 0  # 3 same kind and region, 2 same region, 1 same kind, 0 neither
    doubt: str = ""  # why it may be another person's; "" for no doubt

    @property
    def moment(self) -> str:
        """Date and time, sortable; "" when the study has no date."""
        return f"{self.study.date}{self.study.time}" if self.study.date else ""


@runtime_checkable
class ListsSeries(Protocol):
    """A source that can say which series a study has."""

    def series(self, study: str, stop: Stop = never) -> Sequence[Series]: ...


def find_priors(
    current: Study, region: str, sources: Iterable[Source], here: Iterable[Study], stop: Stop
) -> Iterator[Prior]:
    """Other studies of the patient of `current`, unsorted; `here` are the studies on the disk.

    Each study comes once. A study counts when its patient ID is the same and its issuer too; an
    answer without an issuer counts for now, and the files settle it. Raises what the last source
    raised when no source answered and the disk had nothing.
    """
    known: dict[str, Prior] = {}
    for study in here:
        if may_be_same_patient(study.identity, current.identity) and _is_other(study, current):
            known[study.identity.study] = Prior(study, on_disk=True)
    problem: DicomProblem | None = None
    for source in sources:
        try:
            for found in source.find(Query(patient_id=current.identity.patient_id), stop):
                one = found.study
                if one is None or not _is_other(one, current):
                    continue
                if may_be_same_patient(one.identity, current.identity):
                    known[one.identity.study] = _joined(one, source, known, stop)
        except DicomProblem as error:
            problem = error
    if problem is not None and not known:
        raise problem
    for prior in known.values():
        yield _weighed(prior, current, region)


def may_be_same_patient(answer: Identity, current: Identity) -> bool:
    """True for the same patient ID, unless the answer names another issuer."""
    if not current.patient_id or answer.patient_id != current.patient_id:
        return False
    return answer.issuer in ("", current.issuer)


def ranked(current: Study, priors: Iterable[Prior]) -> tuple[Prior, ...]:
    """The most relevant first, then the newest; those later than the current study last."""
    now = f"{current.date}{current.time}" or "9"

    def rank(prior: Prior) -> tuple[bool, int, str]:
        return not is_later(prior, now), prior.relevance, prior.moment

    return tuple(sorted(priors, key=rank, reverse=True))


def is_later(prior: Prior, now: str) -> bool:
    """True for a study made after that moment (date and time in DICOM's form)."""
    return bool(prior.moment) and prior.moment > now


def to_compare(current: Study, priors: Sequence[Prior]) -> Prior | None:
    """The newest relevant one of `ranked` priors, earlier than the current study, undoubted."""
    now = f"{current.date}{current.time}" or "9"
    fitting = [
        one for one in priors if one.relevance >= 2 and not one.doubt and not is_later(one, now)
    ]
    if not fitting:  # where nothing says which part of the body, the same kind will do
        fitting = [
            one
            for one in priors
            if one.relevance == 1 and not one.region and not one.doubt and not is_later(one, now)
        ]
    return fitting[0] if fitting else None


def _is_other(study: Study, current: Study) -> bool:
    """Another study than the current one, with pictures as far as is known."""
    if study.identity.study == current.identity.study:
        return False
    return not study.modalities or not set(study.modalities) <= NO_PICTURES


def _joined(study: Study, source: Source, known: dict[str, Prior], stop: Stop) -> Prior:
    """What the source says, with what is on the disk; the region from its series if need be."""
    before = known.get(study.identity.study)
    prior = Prior(study, source.name, before is not None and before.on_disk)
    if before is not None and before.study.identity.issuer and not study.identity.issuer:
        prior = replace(prior, study=replace(study, identity=before.study.identity))
    told = region_of(study.description)
    if not told and len(known) <= LOOKED_INTO and isinstance(source, ListsSeries):
        texts = [
            text
            for one in source.series(study.identity.study, stop)
            for text in (one.body_part, one.description)
        ]
        told = region_of(*texts)
    return replace(prior, region=told)


def _weighed(prior: Prior, current: Study, region: str) -> Prior:
    """With its relevance, and a doubt when the birth dates differ."""
    kinds = {kind_of(one) for one in prior.study.modalities}
    same_kind = bool(kinds & {kind_of(one) for one in current.modalities})
    its = prior.region or region_of(prior.study.description)
    same_region = bool(region) and its == region
    relevance = {(True, True): 3, (False, True): 2, (True, False): 1}.get(
        (same_kind, same_region), 0
    )
    born = (prior.study.birth_date, current.birth_date)
    doubt = "" if not all(born) or born[0] == born[1] else "another birth date"
    return replace(prior, region=its, relevance=relevance, doubt=doubt)
