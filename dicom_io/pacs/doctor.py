"""The connection check: each thing that can be wrong between us and an archive, in plain words.

Nothing is stored anywhere: which classes of report an archive takes is learnt by offering them at
an association and hanging up. One object is fetched into a folder that is then deleted.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import pydicom.uid as uids
from pydicom.uid import UID
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StorageCommitmentPushModel,
)

from dicom_io.errors import DicomProblem, FileProblem, NodeProblem, NodeRefused
from dicom_io.identity import Identity
from dicom_io.image.header import read_header
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.association import associate
from dicom_io.pacs.contexts import UNCOMPRESSED
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.fetching import Fetching, Retriever
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.move import MoveRetrieval
from dicom_io.pacs.node import Node
from dicom_io.pacs.relay import Relay
from dicom_io.pacs.retrieval import Retrieval
from dicom_io.pacs.search import searching
from dicom_io.pacs.tls import speaks_tls
from dicom_io.pacs.web import WebSource
from dicom_io.source import Fetched, Query, Stop, never
from dicom_io.study import Study

ENOUGH = 50  # studies looked at

REPORTS = (
    uids.BasicTextSRStorage,
    uids.EnhancedSRStorage,
    uids.ComprehensiveSRStorage,
    uids.Comprehensive3DSRStorage,
    uids.EncapsulatedPDFStorage,
    uids.KeyObjectSelectionDocumentStorage,
    uids.GrayscaleSoftcopyPresentationStateStorage,
)
_NARRATIVE = REPORTS[:3]  # what a signed report can be stored as
# What a server without the name's character set makes of it: nothing, or question marks.
_DESTROYED = re.compile(r"\?{2,}|\N{REPLACEMENT CHARACTER}|=\^*(?:=|$)")


class Verdict(StrEnum):
    """How one check ended."""

    WORKS = "works"
    WARNING = "works in part"
    FAILS = "does not work"
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the connection check. `ask` is what to send to the archive's administrator."""

    name: str  # "Echo", "Search", "C-GET", ...
    verdict: Verdict
    said: str
    ask: str = ""


MARKS = {Verdict.WORKS: "+", Verdict.WARNING: "~", Verdict.FAILS: "-", Verdict.UNTRIED: " "}


def line_of(check: Check) -> str:
    """The check as a person reads it, with what to ask beneath."""
    ask = f"\n    Ask: {check.ask}" if check.ask else ""
    return f"{MARKS[check.verdict]} {check.name}: {check.said}{ask}"


def examine(node: Node, secret: Callable[[], str] = str, stop: Stop = never) -> Iterator[Check]:
    """Every check that the node's settings allow, as it ends. No problem of the node raises.

    Raises Cancelled, BadNode.
    """
    if node.host:
        yield from _dicom(node, stop)
    if node.web:
        yield from _web(node, secret, stop)


def _dicom(node: Node, stop: Stop) -> Iterator[Check]:
    source = DimseSource(node)
    echo = _echo(node, source)
    yield echo
    if echo.verdict is Verdict.FAILS:
        for name in ("Search", "C-GET", "C-MOVE", "Reports", "Storage commitment"):
            yield Check(name, Verdict.UNTRIED, "First the echo must work.")
        return
    search, study = _search(node, source, stop)
    yield search
    if study is None:
        nothing = "There is no study to fetch as a trial."
        yield Check("C-GET", Verdict.UNTRIED, nothing)
        yield Check("C-MOVE", Verdict.UNTRIED, nothing)
    else:
        yield _fetch(node, source, "C-GET", study, partial(Retrieval, node), stop)
        yield _move(node, source, study, stop)
    yield _reports(node)
    yield _commitment(node)


def _echo(node: Node, source: DimseSource) -> Check:
    try:
        seconds = source.echo()
    except NodeProblem as problem:
        if not node.tls and not isinstance(problem, NodeRefused) or "TLS" in str(problem):
            if not node.tls and speaks_tls(node):
                said = f"The port {node.port} of {node.host} speaks TLS. Turn TLS on for it."
                return Check("Echo", Verdict.FAILS, said, _ask(node, "Which port is without TLS?"))
        wish = f"Please allow {node.calling_aet} to connect to {node.aet}."
        return Check("Echo", Verdict.FAILS, str(problem), _ask(node, wish))
    how = "TLS, " if node.tls else ""
    return Check("Echo", Verdict.WORKS, f"{node} answers ({how}{seconds * 1000:.0f} ms).")


def _search(node: Node, source: DimseSource | WebSource, stop: Stop) -> tuple[Check, Study | None]:
    """How searching went, and the smallest study seen."""
    found: list[Study] = []
    cut = ""
    try:
        for event in source.find(Query(limit=ENOUGH), stop):
            if event.study is not None:
                found.append(event.study)
            elif "ended its answer early" in event.incomplete:
                cut = event.incomplete
    except NodeProblem as problem:
        wish = f"Please allow {node.calling_aet} to search (C-FIND, Study Root)."
        return Check("Search", Verdict.FAILS, str(problem), _ask(node, wish)), None
    smallest = min(found, key=lambda one: one.instance_count or 10**9, default=None)
    count = f"{len(found)} studies" if len(found) != 1 else "1 study"
    if any(_DESTROYED.search(study.patient_name) for study in found):
        said = (
            f"Found {count}, but names come with letters missing: the archive answers in a "
            "character set that lacks them."
        )
        wish = "Please let the archive answer in Unicode (ISO_IR 192)."
        return Check("Search", Verdict.WARNING, said, _ask(node, wish)), smallest
    if cut:
        wish = "Please raise the limit of answers to a search."
        return Check("Search", Verdict.WARNING, cut, _ask(node, wish)), smallest
    if not found:
        said = "The search works, but finds no study."
        wish = f"May {node.calling_aet} see the studies?"
        return Check("Search", Verdict.WARNING, said, _ask(node, wish)), None
    return Check("Search", Verdict.WORKS, f"Found {count}."), smallest


def _fetch(
    node: Node,
    source: DimseSource,
    name: str,
    study: Study,
    retriever: Callable[[Intake], Retriever],
    stop: Stop,
) -> Check:
    """Bring one object of the study by one way alone, and compare the patient's name."""
    wish = f"Please allow {node.calling_aet} to retrieve by {name}."
    if name == "C-MOVE":
        wish = (
            f"Please enter us as a destination for C-MOVE: AE title {node.calling_aet}, this "
            f"computer's address, port {node.listen}."
        )
    try:
        one = _first_object(source, study, stop)
        with tempfile.TemporaryDirectory(prefix="wetread-check-") as folder:
            event = _bring(node, study, one, Path(folder), retriever, stop)
            if event.path is None:
                return Check(name, Verdict.FAILS, event.problem, _ask(node, wish))
            told = text_of(read_header(event.path).dataset, "PatientName")
    except (NodeProblem, FileProblem) as problem:
        return Check(name, Verdict.FAILS, str(problem), _ask(node, wish))
    except DicomProblem as problem:  # the study is gone, or our disk is full
        return Check(name, Verdict.UNTRIED, str(problem))
    if told.casefold() != study.patient_name.casefold():
        said = "One object came, but under another name than the search gave: check names."
        return Check(name, Verdict.WARNING, said)
    return Check(name, Verdict.WORKS, f"One object came ({event.bytes / 1000:.0f} kB).")


def _first_object(source: DimseSource, study: Study, stop: Stop) -> Identity:
    uid = study.identity.study
    for series in source.series(uid, stop):
        for instance in source.instances(uid, series.identity.series, stop):
            return replace(instance.identity, study=uid, series=series.identity.series)
    raise NodeRefused(f"{source.node} lists no object of a study.", source.name)


def _bring(
    node: Node,
    study: Study,
    one: Identity,
    folder: Path,
    retriever: Callable[[Intake], Retriever],
    stop: Stop,
) -> Fetched:
    relay: Relay[Fetched] = Relay()
    fetching = Fetching(
        str(node),
        study.identity.study,
        folder,
        relay.put,
        partial(searching, node),
        retriever,
    )
    events = list(relay.items(lambda: fetching.run([one]), stop, fetching.close))
    return events[-1]


def _move(node: Node, source: DimseSource, study: Study, stop: Stop) -> Check:
    if not node.listen:
        said = "No port of ours is set to receive on; without C-GET, set `listen`."
        return Check("C-MOVE", Verdict.UNTRIED, said)
    return _fetch(node, source, "C-MOVE", study, partial(MoveRetrieval, node), stop)


def accepted_classes(node: Node, classes: Sequence[UID] = REPORTS) -> frozenset[str]:
    """The storage classes that the node accepts, learnt by negotiation alone. Raises NodeProblem
    for other reasons than that it accepts none."""
    contexts = [build_context(one, list(UNCOMPRESSED)) for one in classes]
    try:
        with associate(node, contexts) as association:
            return frozenset(str(one.abstract_syntax) for one in association.accepted_contexts)
    except NodeRefused as refused:
        if "none of the services" in str(refused):
            return frozenset()
        raise


def _reports(node: Node) -> Check:
    try:
        accepted = accepted_classes(node)
    except NodeProblem as problem:
        return Check("Reports", Verdict.FAILS, str(problem))
    names = ", ".join(one.name.removesuffix(" Storage") for one in REPORTS if one in accepted)
    missing = ", ".join(one.name for one in REPORTS if one not in accepted)
    wish = f"Please accept from {node.calling_aet}: {missing}."
    if not any(one in accepted for one in _NARRATIVE):
        said = f"No class of report is accepted, so none can be stored. {names}".strip()
        return Check("Reports", Verdict.FAILS, said, _ask(node, wish))
    if missing:
        said = f"Accepted: {names}. Not accepted: {missing}."
        return Check("Reports", Verdict.WARNING, said, _ask(node, wish))
    return Check("Reports", Verdict.WORKS, f"Accepted: {names}.")


def _commitment(node: Node) -> Check:
    try:
        accepted = accepted_classes(node, [UID(StorageCommitmentPushModel)])
    except NodeProblem as problem:
        return Check("Storage commitment", Verdict.FAILS, str(problem))
    if accepted:
        return Check("Storage commitment", Verdict.WORKS, "It is offered.")
    said = "It is not offered; that a report is kept is proved by fetching it back."
    return Check("Storage commitment", Verdict.WARNING, said)


def _web(node: Node, secret: Callable[[], str], stop: Stop) -> Iterator[Check]:
    source = WebSource(node, secret)
    try:
        seconds = source.echo()
    except DicomProblem as problem:
        wish = "Please tell us the address of your DICOMweb root, and what we must present."
        yield Check("DICOMweb", Verdict.FAILS, str(problem), _ask(node, wish))
        return
    yield Check("DICOMweb", Verdict.WORKS, f"{node.web} answers ({seconds * 1000:.0f} ms).")
    search, study = _search(node, source, stop)
    yield replace(search, name="DICOMweb search")
    if study is None:
        return
    with tempfile.TemporaryDirectory(prefix="wetread-check-") as folder:
        yield _web_fetch(node, source, study, Path(folder), stop)


def _web_fetch(node: Node, source: WebSource, study: Study, folder: Path, stop: Stop) -> Check:
    name = "DICOMweb retrieval"
    uid = study.identity.study
    try:
        series = source.series(uid)[0].identity.series
        one = source.instances(uid, series)[0].identity
        wanted = replace(one, study=uid, series=series)
        event = list(source.fetch(uid, folder, stop, [wanted]))[-1]
    except (NodeProblem, IndexError) as problem:
        said = str(problem) if isinstance(problem, NodeProblem) else "It lists no object."
        return Check(name, Verdict.FAILS, said, _ask(node, "Please allow WADO-RS."))
    if event.path is None:
        return Check(name, Verdict.FAILS, event.problem, _ask(node, "Please allow WADO-RS."))
    return Check(name, Verdict.WORKS, f"One object came ({event.bytes / 1000:.0f} kB).")


def _ask(node: Node, wish: str) -> str:
    """A text to paste into a message to the administrator."""
    own = f"Our AE title: {node.calling_aet}."
    listening = f" We listen on port {node.listen}." if node.listen else ""
    return f"{wish} {own}{listening} Your archive: {node.address}."
