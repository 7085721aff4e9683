"""Ask the model about the image or a box of it, and put the answer into the report if it fits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from dicom_io.audit import Event
from dicom_io.errors import DicomProblem
from dicom_io.image.crop import Box
from dicom_io.image.frame import ImageFrame
from dicom_io.image.window import Window
from dicom_io.report.document import Region
from model_backend.folder import ModelFolder
from model_backend.request import ModelError
from plugin._answering import answer_question
from plugin._ask_box import AskBox, Question
from plugin._prompts import suggested_questions
from plugin._reply import Reply
from plugin._seen import Seen, look
from plugin._shown import models_of, tell
from ui.host import Action, Host, Job


def start(host: Host) -> list[Action]:
    """Put the question field below the report."""
    asking = Asking(host)
    host.show_panel(asking.box, "Ask the model")
    return [Action("answer.ask", "Ask", "E", asking.begin, group="Model")]


class Asking:
    """One question at a time, about the frame on the screen."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._job: Job | None = None
        self._preview: Job | None = None
        self._asked_at = 0.0
        self._reply: Reply | None = None
        self.box = AskBox()
        self.box.asked.connect(self.ask)
        self.box.insert_asked.connect(self.insert)
        host.frame_selected.connect(self._frame_changed)
        host.box_drawn.connect(self._box_changed)
        host.study_opened.connect(self._study_changed)
        host.on_step_back(self.cancel)
        host.jobs.start(
            self._questions, on_item=self.box.offer, on_failed=self._leave, pool="model"
        )

    def begin(self) -> None:
        """Put the cursor into the question field."""
        self.box.focus_question()

    def ask(self, question: Question) -> None:
        """Ask about the box drawn, or the whole image."""
        frame = self._host.selected_frame()
        if frame is None:
            self.box.show_problem("Open an image first, then ask about it.")
            return
        self._give_up()
        region = self._host.selected_box()
        self._asked_at = time.monotonic()
        self.box.show_waiting()
        self._host.audit(Event.ACCESSED_BY_MODEL, frame.identity, what="question")
        self._job = self._host.jobs.start(
            partial(self._work, frame, question, box_of(region), self._host.current_window()),
            on_item=partial(self._take, frame),
            on_done=self._end,
            on_failed=self._fail,
            pool="model",
        )

    def cancel(self) -> bool:
        """Stop; the question and the words so far stay. False when nothing was running."""
        if self._job is None or not self._job.is_running:
            return False
        self._give_up()
        self.box.show_stopped()
        return True

    def insert(self) -> None:
        """Make the answer a suggestion among the findings."""
        reply = self._reply
        if reply is None or not reply.is_final or reply.refusal or not reply.text:
            return
        if reply.seen is None:
            return
        asked = (reply.asked,) if reply.asked is not None else ()
        taken = self._host.propose([reply.as_sentence()], reply.seen.frame.identity, asked=asked)
        self.box.show_inserted(taken)

    def _work(
        self,
        frame: ImageFrame,
        question: Question,
        box: Box | None,
        window: Window | None,
        cancelled: Callable[[], bool],
    ) -> Iterator[Reply]:
        """On a pool thread. Raises ModelError and FileProblem."""
        models = models_of(self._host)
        yield from answer_question(
            frame,
            question.text,
            models.ask,
            choices=question.choices,
            box=box,
            window=window,
            model=models.folder("answers"),
            stop=cancelled,
        )

    def _take(self, frame: ImageFrame, reply: Reply) -> None:
        """Show the answer only beside the image that it is about."""
        shown = self._host.selected_frame()
        if shown is None or shown.identity != frame.identity:
            self._give_up()
            return
        self._reply = reply
        if reply.seen is not None:
            self._show_seen(reply.seen, None)
        self.box.show_reply(reply, time.monotonic() - self._asked_at)

    def _end(self) -> None:
        self._job = None
        if self._reply is not None and not self._reply.is_final:
            self.box.show_stopped()

    def _fail(self, error: Exception) -> None:
        self._give_up()
        if isinstance(error, DicomProblem):
            self.box.show_problem(str(error))
        else:
            self.box.show_problem("")
            tell(self._host, error)

    def _give_up(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def _study_changed(self, _: object) -> None:
        self._give_up()
        self._forget()
        self.box.question.clear()

    def _frame_changed(self, frame: ImageFrame | None) -> None:
        """An answer never stands beside an image that it is not about."""
        seen = self._reply.seen if self._reply is not None else None
        if frame is None or (seen is not None and seen.frame.identity != frame.identity):
            self._give_up()
            self._forget()
        if frame is not None:
            self._look(frame, self._host.selected_box())

    def _box_changed(self, region: Region | None) -> None:
        frame = self._host.selected_frame()
        if frame is not None:
            self._look(frame, region)

    def _forget(self) -> None:
        self._reply = None
        self.box.clear_answer()

    def _look(self, frame: ImageFrame, region: Region | None) -> None:
        """Make the picture of what the model would see, on a pool thread."""
        if self._preview is not None:
            self._preview.cancel()
        window = self._host.current_window()

        def work(cancelled: Callable[[], bool]) -> Iterator[tuple[Seen, ModelFolder]]:
            model = models_of(self._host).folder("answers")
            yield look(frame, window, box_of(region), model), model

        def show(made: tuple[Seen, ModelFolder]) -> None:
            shown = self._host.selected_frame()
            if shown is not None and shown.identity == made[0].frame.identity:
                self._show_seen(*made)

        self._preview = self._host.jobs.start(
            work, on_item=show, on_failed=self._leave, pool="disk"
        )

    def _leave(self, error: Exception) -> None:
        """No picture and no offered questions without a model; asking says what is wrong."""
        if not isinstance(error, ModelError | DicomProblem):
            self._host.jobs.failed.emit(error)

    def _show_seen(self, seen: Seen, model: ModelFolder | None) -> None:
        side = model.preprocess.size if model is not None and model.preprocess else 0
        self.box.show_crop(seen.pixels, side)
        if seen.region is not None and side:
            self._host.label_box(f"asked: {side} × {side} of this crop")

    def _questions(self, cancelled: Callable[[], bool]) -> Iterator[tuple[str, ...]]:
        yield suggested_questions(models_of(self._host).folder("answers"))


def box_of(region: Region | None) -> Box | None:
    """The four sides of a region, in stored columns and rows."""
    return (region.x0, region.y0, region.x1, region.y1) if region is not None else None
