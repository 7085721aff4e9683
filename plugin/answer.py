"""Ask the model about the image or a box of it, and put the answer into the report if it fits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dicom_io.audit import Event
from dicom_io.errors import DicomProblem
from dicom_io.image.crop import Box
from dicom_io.image.frame import ImageFrame
from dicom_io.image.window import Window
from dicom_io.report.document import Region
from dicom_io.settings import ModelSettings
from model_backend.folder import ModelFolder
from model_backend.request import ANSWER, CHOICE, FINDINGS, BadRequest, ModelError
from model_backend.tasks import TASKS
from plugin._answering import answer_question
from plugin._ask_box import AskBox, Question
from plugin._prompts import suggested_questions
from plugin._reply import Reply
from plugin._roles import role_of
from plugin._seen import Seen, look
from plugin._shown import models_of, show_identity, tell
from plugin._tasks import Given, ask_task
from ui.host import Action, Host, Job, tr

ELSEWHERE = (ANSWER, CHOICE, FINDINGS)  # a question is one of the first two; drafting the third


@dataclass(frozen=True)
class Offered:
    """What can be asked of the models that are chosen."""

    tasks: tuple[str, ...]  # beside questions
    questions: tuple[str, ...]


def start(host: Host) -> list[Action]:
    """Put the question field below the report."""
    asking = Asking(host)
    host.show_panel(asking.box, tr("Ask the model"))
    return [Action("answer.ask", tr("Ask"), "E", asking.begin, group="Model")]


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
        self.box.task_changed.connect(self._task_changed)
        host.settings_changed.connect(self._settings_changed)
        self._has_places = False
        host.frame_selected.connect(self._frame_changed)
        host.box_drawn.connect(self._box_changed)
        host.study_opened.connect(self._study_changed)
        host.on_step_back(self.cancel)
        self._look_what_can_be_asked()

    def begin(self) -> None:
        """Put the cursor into the question field."""
        self.box.focus_question()

    def ask(self, question: Question) -> None:
        """Ask about the box drawn, or the whole image; a task of texts alone needs none."""
        frame = self._host.selected_frame()
        if question.task and not TASKS[question.task].has_image:
            frame = None
        elif frame is None:
            self.box.show_problem(tr("Open an image first, then ask about it."))
            return
        self._give_up()
        self._clear_places()
        region = self._host.selected_box() if frame is not None else None
        self._asked_at = time.monotonic()
        self.box.show_waiting()
        report = self._host.report()
        about = report.identity if report is not None else None
        if frame is not None:
            about = frame.identity
        self._host.audit(Event.ACCESSED_BY_MODEL, about, what=question.task or "question")
        self._job = self._host.jobs.start(
            partial(self._work, frame, question, box_of(region), self._host.current_window()),
            on_item=partial(self._take, frame),
            on_done=self._end,
            on_failed=self._fail,
            pool="model",
        )

    def cancel(self) -> bool:
        """Stop; the question and the words so far stay. With nothing under way, take what was
        found off the film. False when there was neither."""
        if self._job is None or not self._job.is_running:
            return self._clear_places()
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
        frame: ImageFrame | None,
        question: Question,
        box: Box | None,
        window: Window | None,
        cancelled: Callable[[], bool],
    ) -> Iterator[Reply]:
        """On a pool thread. Raises ModelError and FileProblem."""
        models = models_of(self._host)
        if question.task or frame is None:
            yield from ask_task(
                question.task,
                Given(question.text, question.text2, question.choices, box),
                models.ask,
                frame=frame,
                window=window,
                model=models.folder(role_of(question.task)),
                stop=cancelled,
            )
            return
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

    def _take(self, frame: ImageFrame | None, reply: Reply) -> None:
        """Show the answer only beside the image that it is about."""
        shown = self._host.selected_frame()
        if frame is not None and (shown is None or shown.identity != frame.identity):
            self._give_up()
            return
        self._reply = reply
        if reply.seen is not None:
            self._show_seen(reply.seen, None)
        self.box.show_reply(reply, time.monotonic() - self._asked_at)
        if reply.places:
            self._has_places = True
            self._host.show_places([(one.region, one.label) for one in reply.places])
        if reply.is_final and reply.model is not None:
            show_identity(self._host, reply.model)

    def _end(self) -> None:
        self._job = None
        if self._reply is not None and not self._reply.is_final:
            self.box.show_stopped()

    def _fail(self, error: Exception) -> None:
        self._give_up()
        if isinstance(error, DicomProblem | BadRequest):
            self.box.show_problem(str(error))
        else:
            self.box.show_problem("")
            tell(self._host, error)

    def _give_up(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def _clear_places(self) -> bool:
        """Take what was found off the film; False when there was nothing."""
        had, self._has_places = self._has_places, False
        if had:
            self._host.show_places(())
        return had

    def _study_changed(self, _: object) -> None:
        self._give_up()
        self._forget()
        self.box.question.clear()
        self.box.second.clear()

    def _frame_changed(self, frame: ImageFrame | None) -> None:
        """An answer never stands beside an image that it is not about."""
        seen = self._reply.seen if self._reply is not None else None
        if frame is None or (seen is not None and seen.frame.identity != frame.identity):
            self._give_up()
            self._forget()
        if frame is not None:
            self._look(frame, self._host.selected_box())
        else:  # nor does the picture of another patient beside an empty film
            if self._preview is not None:
                self._preview.cancel()
            self.box.clear_crop()

    def _box_changed(self, region: Region | None) -> None:
        frame = self._host.selected_frame()
        if frame is not None:
            self._look(frame, region)

    def _task_changed(self, _: str) -> None:
        """The answer to another task goes; what was typed stays."""
        self._give_up()
        self._forget()
        frame = self._host.selected_frame()
        if frame is not None:
            self._look(frame, self._host.selected_box())

    def _settings_changed(self, part: object) -> None:
        if isinstance(part, ModelSettings):
            self._look_what_can_be_asked()

    def _forget(self) -> None:
        self._reply = None
        self._clear_places()
        self.box.clear_answer()

    def _look(self, frame: ImageFrame, region: Region | None) -> None:
        """Make the picture of what the model would see, on a pool thread."""
        if self._preview is not None:
            self._preview.cancel()
        window = self._host.current_window()
        task = TASKS.get(self.box.task())
        is_place = task is not None and task.has_box  # of the whole image, which is not cut

        def work(cancelled: Callable[[], bool]) -> Iterator[tuple[Seen, ModelFolder]]:
            model = models_of(self._host).folder("answers")
            yield look(frame, window, None if is_place else box_of(region), model), model

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
        if seen.region is not None and not seen.is_crop:
            self._host.label_box(tr("asked: this place in the whole image"))
        elif seen.region is not None and side:
            self._host.label_box(tr("asked: {side} × {side} of this crop", side=side))

    def _look_what_can_be_asked(self) -> None:
        def look(cancelled: Callable[[], bool]) -> Iterator[Offered]:
            models = models_of(self._host)
            tasks = tuple(name for name in models.tasks() if name not in ELSEWHERE)
            yield Offered(tasks, suggested_questions(models.folder("answers")))

        def offer(offered: Offered) -> None:
            self.box.offer_tasks(offered.tasks)
            self.box.offer(offered.questions)

        self._host.jobs.start(look, on_item=offer, on_failed=self._leave, pool="model")


def box_of(region: Region | None) -> Box | None:
    """The four sides of a region, in stored columns and rows."""
    return (region.x0, region.y0, region.x1, region.y1) if region is not None else None
