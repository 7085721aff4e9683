"""Draft the report of the image on the screen: words as they come, each sentence to be decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from dicom_io.audit import Event, Outcome
from dicom_io.errors import DicomProblem
from dicom_io.image.frame import ImageFrame
from dicom_io.image.window import Window
from dicom_io.report.document import ReportDocument, ReportState
from dicom_io.report.monitoring import REFUSED
from dicom_io.report.template.shelf import Shelf
from dicom_io.settings import ModelSettings
from model_backend.request import ModelIdentity
from plugin._drafting import DraftRefused, draft_report
from plugin._form_drafting import best_template, draft_from_template
from plugin._reply import UNCALIBRATED
from plugin._shown import models_of, show_identity, tell
from plugin._stop_rule import watched
from plugin._trust import trusted
from ui.host import Action, Host, Job, later, tr

DRAFTING = later("Drafting. Esc stops and keeps what is written.")
READY = later("Draft ready, Shift+E")  # says nothing of what is in it, nor how much


def start(host: Host) -> list[Action]:
    """Offer the draft."""
    drafting = Drafting(host)
    return [
        Action(
            "draft.start",
            tr("Draft"),
            "Shift+E",
            drafting.begin,
            enabled=drafting.may_begin,
            group="Model",
        ),
        Action(
            "draft.template",
            tr("Draft from the template"),
            "Shift+T",
            drafting.begin_from_template,
            enabled=drafting.may_begin,
            group="Model",
        ),
    ]


class Drafting:
    """At most one draft at a time, of the study that was open when it was asked for.

    With `on_open` in the settings the first image of a study is drafted at once. Such a draft is
    hidden until a person asks for it: nothing tells what is in it, so that the film is read first.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._job: Job | None = None
        self._frame: ImageFrame | None = None
        self._last: ReportDocument | None = None
        self._is_hidden = False
        self._ready: tuple[ImageFrame, ReportDocument | None] | None = None  # hidden, and whole
        self._foreseen = ""  # the study that was drafted when it opened
        host.study_opened.connect(self._discard)
        host.frame_selected.connect(self._foresee)
        host.on_step_back(self.cancel)

    def may_begin(self) -> bool:
        """True while an image is shown whose report is open."""
        report = self._host.report()
        return (
            self._host.selected_frame() is not None
            and report is not None
            and report.state is ReportState.DRAFT
        )

    def begin(self) -> None:
        """Draft from the image on the screen, as it is windowed there; or show what is ready."""
        if not self._reveal():
            self._begin(self._work)

    def begin_from_template(self) -> None:
        """The same, with the questions of the template that fits the image."""
        self._begin(self._work_from_template)

    def _begin(self, work: Callable[..., Iterator[ReportDocument]]) -> None:
        frame = self._host.selected_frame()
        if frame is None or not self.may_begin():
            return
        self._give_up()
        self._host.say(tr(DRAFTING))
        self._run(work, frame)

    def _run(self, work: Callable[..., Iterator[ReportDocument]], frame: ImageFrame) -> None:
        self._frame, self._last = frame, None
        self._host.audit(Event.ACCESSED_BY_MODEL, frame.identity, what="draft")
        self._job = self._host.jobs.start(
            partial(work, frame, self._host.current_window()),
            on_item=partial(self._take, frame),
            on_done=partial(self._end, frame),
            on_failed=self._fail,
            pool="model",
        )

    def _foresee(self, frame: ImageFrame | None) -> None:
        """Draft the first image of a study where the settings wish it; nothing is shown."""
        if frame is None or not self._host.settings(ModelSettings).on_open:
            return
        if self._foreseen == frame.identity.study or self._job is not None:
            return
        self._foreseen = frame.identity.study
        self._is_hidden = True
        self._run(self._work, frame)

    def _reveal(self) -> bool:
        """Show the hidden draft, whole or as far as it is; False when there is none."""
        if not self.may_begin():
            return False
        if self._ready is not None:
            (frame, document), self._ready = self._ready, None
            self._frame, self._last = frame, document
            self._end(frame)
            return True
        if self._job is None or not self._is_hidden or self._frame is None:
            return False
        self._is_hidden = False
        self._host.say(tr(DRAFTING))
        if self._last is not None:
            self._host.propose(self._last, self._frame.identity, complete=False)
        return True

    def _discard(self, _: object = None) -> None:
        """Another study was opened: a draft that nobody has seen goes, and is audited."""
        frame = self._frame if self._job is not None else self._ready[0] if self._ready else None
        self._foreseen = ""
        self._give_up()
        if frame is not None:
            self._host.audit(
                Event.ACCESSED_BY_MODEL,
                frame.identity,
                outcome=Outcome.MINOR_FAILURE,
                what="draft",
                reason="the draft was discarded, since its study is not open any more",
            )

    def cancel(self) -> bool:
        """Stop; the words that came so far stay as suggestions. False when nothing was running."""
        if self._job is None or self._frame is None:
            return False
        frame, last = self._frame, None if self._is_hidden else self._last
        self._give_up()
        if last is not None:
            self._host.propose(cut_off(last), frame.identity)
        self._host.say(tr("The draft was stopped.") if last is None else
                       tr("The draft was stopped; its last sentence may be cut off."))  # fmt: skip
        return True

    def _work(
        self, frame: ImageFrame, window: Window | None, cancelled: Callable[[], bool]
    ) -> Iterator[ReportDocument]:
        """On a pool thread. Raises ModelError and FileProblem."""
        models = models_of(self._host)
        model = models.folder("reports")
        ask = models.asker("reports")
        stages = draft_report(frame, ask, model=model, window=window, stop=cancelled)
        stages = trusted(stages, frame.header)
        yield from watched(stages, model, models.root, models.settings)

    def _work_from_template(
        self, frame: ImageFrame, window: Window | None, cancelled: Callable[[], bool]
    ) -> Iterator[ReportDocument]:
        """On a pool thread. Raises ModelError and FileProblem."""
        models = models_of(self._host)
        template = best_template(Shelf(self._host.root.templates).templates(), frame)
        model = models.folder("answers")
        stages = draft_from_template(
            frame,
            models.asker("answers"),
            model=model,
            template=template,
            window=window,
            stop=cancelled,
        )
        stages = trusted(stages, frame.header)
        yield from watched(stages, model, models.root, models.settings)

    def _take(self, frame: ImageFrame, document: ReportDocument) -> None:
        self._last = document
        if not self._is_hidden:
            self._host.propose(document, frame.identity, complete=False)

    def _end(self, frame: ImageFrame) -> None:
        last = self._last
        if self._is_hidden:
            self._give_up()
            self._ready = (frame, last)
            self._host.say(tr(READY))
            return
        self._give_up()
        if last is None or not last.sentences():
            self._host.say(tr("The model has no finding to suggest for this image."))
            return
        self._host.propose(last, frame.identity)
        self._host.say("")
        for algorithm in last.algorithms()[:1]:
            self._host.audit(
                Event.CREATED, frame.identity, model=algorithm.name, sha256=algorithm.sha256
            )
        self._show_device()

    def _show_device(self) -> None:
        """The device is known once the model has been loaded."""

        def look(cancelled: Callable[[], bool]) -> Iterator[ModelIdentity]:
            yield models_of(self._host).identity("reports")

        self._host.jobs.start(
            look, on_item=lambda model: show_identity(self._host, model), pool="model"
        )

    def _fail(self, error: Exception) -> None:
        """What the model will not do is told quietly; what went wrong needs the reader."""
        frame, last = self._frame, None if self._is_hidden else self._last
        self._give_up()
        if frame is not None and last is not None:
            self._host.propose(cut_off(last), frame.identity)
        if isinstance(error, DraftRefused):
            self._host.audit(
                Event.ACCESSED_BY_MODEL,
                frame.identity if frame is not None else None,
                outcome=Outcome.MINOR_FAILURE,
                what=REFUSED,
                model=error.model,
                version=error.version,
            )
            self._host.say(str(error), "ai")
        elif isinstance(error, DicomProblem):
            self._host.say(str(error), "alarm")
        else:
            tell(self._host, error)

    def _give_up(self, _: object = None) -> None:
        """Forget the draft under way; nothing of it is told any more."""
        job, self._job = self._job, None
        self._frame = self._last = self._ready = None
        self._is_hidden = False
        if job is not None and job.is_running:
            job.cancel()
            self._host.say("")


def cut_off(document: ReportDocument) -> ReportDocument:
    """The draft as far as it came; its last sentence says that it may lack its end."""
    sentences = document.sentences()
    if not sentences:
        return document
    last = sentences[-1]
    if last.probability is not None or UNCALIBRATED in last.note:
        return document  # it is complete
    note = ", ".join(part for part in (last.note, "cut off") if part)
    return document.with_sentence(replace(last, note=note))
