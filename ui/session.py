"""One reader at work: the study that is open, its report, what is saved and what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from pydicom.dataset import Dataset
from PyQt6.QtCore import QObject, pyqtBoundSignal, pyqtSignal

from dicom_io.audit import AuditLog, Event, Outcome
from dicom_io.errors import BadNode, DicomProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.connect import NodeSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Item, Outbox
from dicom_io.report.beside import Beside
from dicom_io.report.document import ReportDocument, ReportState
from dicom_io.report.drafts import Drafts
from dicom_io.report.finish import Credential
from dicom_io.report.signing import Readers
from dicom_io.source import Source, Stop
from dicom_io.storage import DataRoot
from dicom_io.study import Study
from ui.hanging.priors import Priors
from ui.jobs import Jobs
from ui.language import tr
from ui.reading import Reading
from ui.report.autosave import Autosave
from ui.report.filing import Filed, Filing
from ui.report.ledger import Act, Ledger
from ui.trail import Trail
from ui.ways import Ways
from ui.worklist.study_rows import Listed, Mark


@dataclass(frozen=True)
class Standing:
    """How the open report stands, for the badge beside its title."""

    text: str
    state: str  # quiet, ai, proven or alarm
    reason: str = ""  # why it is not stored, and what to do
    may_retry: bool = False


class Writer(Protocol):
    """Who writes files of its own while a study is read."""

    settled: pyqtBoundSignal

    @property
    def is_settled(self) -> bool: ...

    @property
    def lacks_room(self) -> bool: ...

    def flush(self) -> None: ...


class Session(QObject):
    """Joins reading, report, drafts and outbox; knows no widget."""

    standing_changed = pyqtSignal(object)  # Standing | None
    marks_changed = pyqtSignal(object)  # dict[str, Mark], by StudyInstanceUID
    waiting_changed = pyqtSignal(object)  # tuple[Item, ...]
    settled = pyqtSignal()  # nothing is left to write
    problem = pyqtSignal(object)  # DicomProblem, for one sentence where the report is

    def __init__(
        self,
        jobs: Jobs,
        root: DataRoot,
        cache: Cache,
        sources: Sequence[Source],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.root = root
        self._drafts = Drafts(root.drafts)
        self._seen: list[Identity] = []  # images of the open study that were on the screen
        self._looks_up = False  # the open study's report is being looked for
        self.ways = Ways(cache, sources)
        self._source = ""  # name of the open study's
        self._drafted: set[str] = set()  # studies with a draft on the disk
        self.writers: list[Writer] = []
        self.reports: dict[str, Path] = {}  # files of the open study's reports, by UID
        self.beside: Callable[[], Beside] = Beside  # what the reader left on the open study's films
        self.trail = Trail(jobs, AuditLog(root.audit), self)
        self.ledger = Ledger(self)
        self.reading = Reading(jobs, self)
        self.priors = Priors(jobs, self.ways, self.trail, self)
        self.autosave = Autosave(jobs, self._drafts, self)
        readers = Readers(root.folder / "readers.json")
        self.filing = Filing(jobs, Outbox(root.outbox), readers, sources, self)
        self.reading.study_opened.connect(self._study_changed)
        self.reading.frames_arrived.connect(self._frames_arrived)
        self.ledger.document_changed.connect(self._document_changed)
        self.ledger.reader_acted.connect(self._reader_acted)
        self.autosave.saved.connect(self._saved)
        self.autosave.failed.connect(self._not_saved)
        self.autosave.settled.connect(self._tell_settled)
        self.trail.settled.connect(self._tell_settled)
        self.filing.filed.connect(self._filed)
        self.filing.released.connect(self._released)
        self.filing.item_changed.connect(self._item_changed)

    @property
    def is_settled(self) -> bool:
        """True when nothing is left to write."""
        writers = all(writer.is_settled for writer in self.writers)
        return self.autosave.is_settled and self.trail.is_settled and writers

    @property
    def lacks_room(self) -> bool:
        """True while something could not be written: closing now would lose it."""
        return self.autosave.lacks_room or any(one.lacks_room for one in self.writers)

    def add_writer(self, writer: Writer) -> None:
        """Something else that must be on the disk before the window closes."""
        self.writers.append(writer)
        writer.settled.connect(self._tell_settled)

    def flush(self) -> None:
        """Write now what waits to be written."""
        self.autosave.flush()
        for writer in self.writers:
            writer.flush()

    def start(self) -> None:
        """Look what is on the disk: drafts, and reports that wait to be stored."""
        self.trail(Event.APPLICATION_START)
        self.filing.read_outbox()
        self._jobs.start(self._list_drafts, on_item=self._draft_found, pool="disk")

    def on_disk(self) -> Sequence[Study]:
        """The studies that were fetched before; for a pool thread."""
        return self.ways.here()

    def note_search(self, count: int) -> None:
        """A search of the sources has ended with so many studies."""
        self.trail(Event.QUERY, studies=count)

    def open(self, listed: Listed) -> None:
        """Open a study: what is here at once, what is missing from its source."""
        self.autosave.flush()
        self._source = listed.source
        way = self.ways.to(listed.study.identity.study, listed.source)
        self.reading.open(listed.study, way)

    def close(self) -> None:
        """Close the open study; its report is kept."""
        self.autosave.flush()
        self.reading.close()

    def look_at(self, frame: ImageFrame | None) -> None:
        """The reader sees this image: it becomes evidence of the report.

        An image of a prior does not: the report is about the open study alone. Nor does a picture
        that lies in no archive: nobody could look it up.
        """
        identity = self.reading.identity
        if frame is None or frame.made_up or identity is None:
            return
        if not frame.identity.same_study(identity):
            return
        seen = frame.identity.of_frame(0)
        if seen not in self._seen:
            self._seen.append(seen)
            self._note_evidence()

    def sign(self, credential: Credential, preliminary: bool = False) -> None:
        """Sign the open report, or release it unsigned, and bring it to the PACS."""
        document = self.ledger.document
        if document is None:
            return
        try:
            node = self._target()
        except BadNode as error:
            self.filing.refused.emit(error)
            return
        before = self.path_of_report(document.before) if document.before else None
        if preliminary:
            headers = self._headers(document, frozenset())
            self.filing.release(document, credential, headers, node, before)
            return
        beside = Beside() if document.predecessor else self.beside()
        headers = self._headers(document, beside.images())
        self.filing.sign(document, credential, headers, node, beside, before)

    def path_of_report(self, uid: str) -> Path | None:
        """The file of a signed report: in the outbox, or among those of the open study."""
        for item in self.filing.items():
            if item.uid == uid:
                return item.path
        return self.reports.get(uid)

    def target(self) -> Node:
        """The PACS that what is made here goes to. Raises BadNode without one."""
        return self._target()

    def standing(self) -> Standing | None:
        """How the open report stands; None while there is none."""
        document = self.ledger.document
        if document is None:
            return None
        if document.state is ReportState.DRAFT:
            if document.preliminary:
                return self._released_standing(document)
            addendum = bool(document.predecessor)
            return Standing(tr("addendum, unsigned") if addendum else tr("draft, unsigned"), "ai")
        item = self.filing.item_of(document.identity)
        if item is None:
            return Standing(
                tr("signed"), "ai", tr("It is not known whether the PACS holds this report.")
            )
        if item.is_stored:
            when = clock(item.verified_at)
            proof = tr("In PACS, verified, {time}", time=when)
            if item.is_committed:
                proof = tr("In PACS, verified, {time} (committed)", time=when)
            notes = (coerced(item), item.commitment, self._beside_left(document))
            return Standing(
                proof,
                "proven",
                " ".join(note for note in notes if note),
            )
        if self.filing.is_under_way(item):
            return Standing(tr("signed, being stored"), "ai")
        return Standing(tr("not stored, waiting"), "alarm", item.problem, may_retry=True)

    def _released_standing(self, document: ReportDocument) -> Standing:
        """How the preliminary report stands while its draft is still open."""
        item = self.filing.item_of(document.identity, preliminary=True)
        if item is not None and not item.is_stored and not self.filing.is_under_way(item):
            words = tr("preliminary, not stored, waiting")
            return Standing(words, "alarm", item.problem, may_retry=True)
        reason = tr("A preliminary report was released. Sign to make it final.")
        return Standing(tr("preliminary, unsigned"), "ai", reason)

    def _beside_left(self, document: ReportDocument) -> str:
        """What beside the report is not stored yet, in a sentence; "" for nothing."""
        waiting = self.filing.waiting()
        left = [one for one in waiting if one.identity.same_study(document.identity)]
        if not left:
            return ""
        return tr("{count} objects beside it are not stored yet.", count=len(left))

    def marks(self) -> dict[str, Mark]:
        """What became of the report of each study."""
        marks = {study: Mark(tr("draft"), "ai") for study in self._drafted}
        waiting: dict[str, int] = {}
        for item in self.filing.items():
            if not item.is_report and item.is_stored:
                continue
            study = item.identity.study
            if not item.is_stored:
                waiting[study] = waiting.get(study, 0) + 1
                words = tr("not stored, {count} waiting", count=waiting[study])
                marks[study] = Mark(words, "alarm")
            elif item.preliminary:
                marks[study] = Mark(tr("preliminary"), "ai")
            elif study not in waiting:
                marks[study] = Mark(tr("in PACS"), "proven")
        return marks

    # --- what happens ---

    def _study_changed(self, study: Study | None) -> None:
        self.autosave.give_up_look_up()
        self._seen.clear()
        self.reports.clear()
        self._looks_up = False
        self.priors.close()
        self.ledger.open(None)

    def _frames_arrived(self, frames: tuple[ImageFrame, ...]) -> None:
        if self.ledger.document is None and not self._looks_up:
            self._looks_up = True
            self.trail(Event.ACCESSED, frames[0].identity.of_study())
            found = partial(self._report_found, frames[0].identity.of_frame(0))
            self.autosave.look_up(frames[0].identity, found)

    def _report_found(self, film: Identity, document: ReportDocument | None) -> None:
        """The report of the open study as it was left, or an empty one."""
        open_now = self.reading.identity
        if open_now is None or not film.same_study(open_now):
            return
        self.ledger.open(document or ReportDocument(film))
        self._note_evidence()

    def _note_evidence(self) -> None:
        document = self.ledger.document
        if document is None or not self.ledger.is_open:
            return
        fresh = tuple(one for one in self._seen if one not in document.evidence)
        if fresh:
            self.ledger.replace(replace(document, evidence=(*document.evidence, *fresh)))

    def _document_changed(self, document: ReportDocument | None) -> None:
        self.autosave.note(document)
        self.standing_changed.emit(self.standing())

    def _reader_acted(self, act: Act) -> None:
        document = self.ledger.document
        if document is not None:
            self.trail(
                Event.EDITED,
                document.identity,
                section=act.section.value,
                origin=act.after.origin.value,
                decision=act.after.state.value,
            )

    def _draft_found(self, document: ReportDocument) -> None:
        if document.state is ReportState.DRAFT:
            self._drafted.add(document.identity.study)
            self.marks_changed.emit(self.marks())

    def _saved(self, document: ReportDocument) -> None:
        study = document.identity.study
        is_draft = document.state is ReportState.DRAFT
        if is_draft != (study in self._drafted):
            (self._drafted.add if is_draft else self._drafted.discard)(study)
            self.marks_changed.emit(self.marks())

    def _tell_settled(self) -> None:
        if self.is_settled:
            self.settled.emit()

    def _not_saved(self, document: ReportDocument, error: Exception) -> None:
        if isinstance(error, DicomProblem):
            self.problem.emit(error)
        else:
            self._jobs.failed.emit(error)

    def _filed(self, filed: Filed) -> None:
        """The signed report is safe; show it, if its study is still on the screen."""
        reader = filed.document.reader
        self.trail.user = reader.name if reader else ""
        self.trail(Event.VERIFIED, filed.item.identity)
        document = self.ledger.document
        if document is not None and document.id == filed.document.id:
            self.ledger.replace(filed.document)
        else:
            self.autosave.note(filed.document)
        self.autosave.flush()

    def _released(self, filed: Filed) -> None:
        """A preliminary report is safe: its draft remembers it, whatever was typed since."""
        self.trail(Event.EDITED, filed.item.identity, what="released")
        document = self.ledger.document
        if document is not None and document.id == filed.document.id:
            self.ledger.replace(replace(document, preliminary=filed.document.preliminary))
        else:
            self.autosave.note(filed.document)
        self.autosave.flush()

    def _item_changed(self, item: Item) -> None:
        if not self.filing.is_under_way(item):
            outcome = Outcome.SUCCESS if item.is_stored else Outcome.MINOR_FAILURE
            if item.attempts:
                self.trail(Event.SENT, item.identity, outcome=outcome, node=item.node)
        self.marks_changed.emit(self.marks())
        self.waiting_changed.emit(self.filing.waiting())
        self.standing_changed.emit(self.standing())

    def _target(self) -> Node:
        """Where the report goes: the open study's PACS, else the first there is."""
        own = self.ways.sources.get(self._source)
        for source in (own, *self.ways.sources.values()):
            if isinstance(source, NodeSource):
                return source.node
        raise BadNode(
            "No PACS is set up to store the report in. Name one under [nodes] in the settings; "
            "the draft stays as it is.",
            self._source,
        )

    def _headers(self, document: ReportDocument, more: frozenset[str]) -> list[Dataset]:
        """The headers of the images that the report rests on, and of some `more`."""
        wanted = {document.identity.instance, *more}
        wanted |= {one.instance for one in document.evidence}
        wanted |= {image.instance for asked in document.asked for image in asked.images}
        wanted |= {link.identity.instance for one in document.sentences() for link in one.links}
        by_uid = {frame.identity.instance: frame.header for frame in self.reading.frames()}
        return [header for uid, header in by_uid.items() if uid in wanted]

    # --- on pool threads ---

    def _list_drafts(self, cancelled: Stop) -> Iterator[ReportDocument]:
        yield from self._drafts.list()


def clock(moment: str) -> str:
    """The time of day, HH:MM:SS, of a moment in ISO 8601; "" when it is none."""
    try:
        return f"{datetime.fromisoformat(moment):%H:%M:%S}"
    except ValueError:
        return ""


def coerced(item: Item) -> str:
    """What the PACS changed within its rights, in a sentence; "" for nothing."""
    if item.instead:
        return item.instead
    if not item.coerced:
        return tr("{node} gave back the same report.", node=item.node)
    return tr(
        "{node} changed {attributes} and nothing else.",
        node=item.node,
        attributes=", ".join(item.coerced),
    )
