"""Live links: a measurement or a key image in a sentence, which follows it until it is signed."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QApplication

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.measure import dimensions
from dicom_io.report.document import Link, SectionKind
from ui.actions import Action
from ui.keeping import Keeping
from ui.language import tr
from ui.report.editor import Editor
from ui.report.report_side import ReportSide
from ui.report.sentence_row import SentenceRow
from ui.session import Session
from ui.viewport.grid import Grid
from ui.viewport.mark_actions import Marking
from ui.viewport.mark_words import text_of


class Links(QObject):
    """Puts the mark in hand into a sentence, and keeps sentences and marks together."""

    def __init__(
        self, session: Session, side: ReportSide, grid: Grid, marking: Marking, keeping: Keeping
    ) -> None:
        super().__init__(side)
        self._session = session
        self._ledger = session.ledger
        self._side = side
        self._grid = grid
        self._marking = marking
        self._marks = marking.annotations
        self._keeping = keeping
        self._marks.changed.connect(self._mark_changed)
        self._marks.key_images_changed.connect(self._key_image_changed)
        self._ledger.document_opened.connect(self._catch_up)
        keeping.found.connect(self._catch_up)
        session.reading.frames_arrived.connect(self._catch_up)

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "report.link",
            tr("Put the measurement or key image into the sentence"),
            "Ctrl+D",
            self.insert,
            lambda: self._ledger.is_open,
            group="Report",
        )

    def insert(self) -> None:
        """The mark in hand, else the key image on the screen, goes where the reader writes."""
        link = self._chosen()
        if link is not None and self._ledger.is_open:
            editor = self._editor()
            editor.insert_link(link)
            editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _chosen(self) -> Link | None:
        pane, document = self._grid.active(), self._ledger.document
        frame, mark = pane.selected_frame(), self._marking.layer(pane).selected()
        if frame is None or document is None:
            return None
        if frame.derivation or frame.made_up or not frame.identity.same_study(document.identity):
            self._side.say(
                tr("Only marks on images of the open study can stand in its report."), "alarm"
            )
            return None
        if mark is not None:
            words = text_of(dimensions(mark, frame))
            if words:
                return Link(frame.identity, words, mark.id)
            self._side.say(tr("This mark measures no length, area or angle."), "alarm")
        elif self._marks.is_key_image(frame.identity):
            return Link(frame.identity, key_words(frame))
        else:
            self._side.say(
                tr("Take a mark in hand, or make the image a key image; then put it in."), "alarm"
            )
        return None

    def _editor(self) -> Editor:
        """Where the reader writes: the open editor, the row in hand, else a new finding."""
        panel, focus = self._side.panel, QApplication.focusWidget()
        if isinstance(focus, Editor) and panel.isAncestorOf(focus):
            return focus
        if isinstance(focus, SentenceRow) and not self._ledger.is_locked(focus.sentence.id):
            panel.edit(focus.sentence.id)
            editor = focus.editor()
            if editor is not None:
                editor.go_to_end()
                return editor
        document = self._ledger.document
        follows = document is not None and bool(document.predecessor)
        return panel.field_of((SectionKind.ADDENDUM if follows else SectionKind.FINDINGS).value)

    # --- what happens to marks ---

    def _mark_changed(self, name: str) -> None:
        for link in self._links():
            if link.mark == name:
                self._follow(link)

    def _key_image_changed(self, image: Identity) -> None:
        for link in self._links():
            if not link.mark and link.identity == image:
                self._follow(link)

    def _catch_up(self, *_: object) -> None:
        """A report, its marks or its images have come: say what the marks measure now."""
        for link in self._links():
            if self._keeping.is_ready(link.identity.of_study()):
                self._follow(link)

    def _links(self) -> list[Link]:
        document = self._ledger.document
        if document is None or not self._ledger.is_open:
            return []
        return [one for one in self._ledger.links() if one.identity.same_study(document.identity)]

    def _follow(self, link: Link) -> None:
        frames = self._session.reading.frames()
        frame = next((one for one in frames if one.identity == link.identity), None)
        if link.mark:
            mark = self._marks.get(link.mark)
            if mark is None or mark.identity != link.identity:
                self._ledger.follow(link.target, None)
            elif frame is not None:
                self._ledger.follow(link.target, text_of(dimensions(mark, frame)) or None)
        elif not self._marks.is_key_image(link.identity):
            self._ledger.follow(link.target, None)
        else:
            self._ledger.follow(link.target, link.words)


def key_words(frame: ImageFrame) -> str:
    """How a sentence names a key image."""
    series = str(frame.header.get("SeriesNumber") or "–")
    image = str(frame.header.get("InstanceNumber") or "–")
    if int(frame.header.get("NumberOfFrames") or 1) > 1:
        image = f"{image}.{frame.index + 1}"
    return tr("(series {series}, image {image})", series=series, image=image)
