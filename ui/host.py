"""Host: all that a plug-in may see of the viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from threading import Lock
from typing import Any, Literal, Protocol, TypeVar, cast

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from dicom_io.audit import Event, Outcome
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.window import Window
from dicom_io.report.document import Asked, Region, ReportDocument, SectionKind, Sentence
from dicom_io.settings import Settings
from dicom_io.storage import DataRoot
from ui import theme
from ui.actions import Action
from ui.jobs import Job, Jobs
from ui.language import later, tr
from ui.report.ledger import Ledger
from ui.report.pdf import write_pdf
from ui.report.sentence_row import set_property
from ui.report.words import probability_words

__all__ = [
    "SPACES",
    "Action",
    "Audit",
    "Desk",
    "Host",
    "Job",
    "Jobs",
    "Plugin",
    "PluginModule",
    "Started",
    "State",
    "later",
    "probability_words",
    "set_property",
    "tr",
    "write_pdf",
]

State = Literal["quiet", "ai", "proven", "alarm"]
SPACES = theme.SPACES  # pixels; distances in a plug-in's widget, so that all stand on one grid
Part = TypeVar("Part")


class PluginModule(Protocol):
    """A plug-in: a module with `start`, and `stop` if it must."""

    def start(self, host: Host) -> list[Action]:
        """Connect to what is needed and give the actions. Runs once, on the Qt thread."""
        ...


@dataclass(frozen=True)
class Plugin:
    """A plug-in found but not yet imported; `load` may raise whatever its author forgot."""

    name: str
    load: Callable[[], PluginModule]


class Audit(Protocol):
    """Where what was done is recorded; see `dicom_io.audit.AuditLog.record`. Never waits."""

    def __call__(
        self,
        event: Event,
        identity: Identity | None = None,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        **details: str | int | float,
    ) -> None: ...


class Desk(Protocol):
    """What the host shows of the window: the picture in hand and the places for widgets."""

    def selected_frame(self) -> ImageFrame | None: ...

    def selected_box(self) -> Region | None: ...

    def current_window(self) -> Window | None: ...

    def open_identity(self) -> Identity | None: ...

    def show_panel(self, widget: QWidget, title: str) -> None: ...

    def say(self, text: str, state: State = "quiet") -> None: ...

    def show_state(self, place: str, text: str, state: State, explanation: str) -> None: ...

    def label_box(self, text: str) -> None: ...

    def show_places(self, places: Sequence[tuple[Region, str]]) -> None: ...

    def add_step_back(self, step: Callable[[], bool]) -> None: ...


class Host(QObject):
    """The face of the viewer.

    `frame_selected` carries the ImageFrame that the reader has chosen, `study_opened` the study's
    Identity (None when none is open), `box_drawn` the Region or None, `settings_changed` the part
    of the settings that is another one now.
    """

    frame_selected = pyqtSignal(object)  # ImageFrame | None
    study_opened = pyqtSignal(object)  # Identity | None
    box_drawn = pyqtSignal(object)  # Region | None
    settings_changed = pyqtSignal(object)  # a part of Settings, such as ModelSettings

    def __init__(
        self,
        desk: Desk,
        ledger: Ledger,
        jobs: Jobs,
        *,
        window: QWidget,
        audit: Audit,
        settings: Settings,
        root: DataRoot,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._window = window
        self._ledger = ledger
        self._settings = settings
        self._wanted: dict[str, Any] = {}  # the newest value of each part that was changed
        self._writing = Lock()
        self.jobs = jobs
        self.audit = audit
        self.root = root

    def selected_frame(self) -> ImageFrame | None:
        """The frame on the screen; None while none is shown."""
        return self._desk.selected_frame()

    def selected_box(self) -> Region | None:
        """The box drawn on that frame, in stored pixels; None when there is none."""
        return self._desk.selected_box()

    def current_window(self) -> Window | None:
        """The grey window on the screen; None for the file's own first one."""
        return self._desk.current_window()

    def report(self) -> ReportDocument | None:
        """The report of the open study as it is now."""
        return self._ledger.document

    def propose(
        self,
        suggestion: ReportDocument | Sequence[Sentence],
        identity: Identity,
        *,
        section: SectionKind = SectionKind.FINDINGS,
        asked: Sequence[Asked] = (),
        complete: bool = True,
    ) -> bool:
        """Put suggestions before the reader, who decides about each.

        A document is a stage of a draft and replaces the undecided sentences of the one before;
        single sentences are added to `section`, `asked` are the requests behind them. Until a
        draft is `complete` its last sentence cannot be decided about. What belongs to another
        study than the open one is dropped and audited; then False comes back.
        """
        shown = self._desk.open_identity()
        document = self._ledger.document
        belongs = (
            shown is not None
            and document is not None
            and identity.same_study(shown)
            and document.identity.same_study(shown)
        )
        if isinstance(suggestion, ReportDocument):
            belongs = belongs and suggestion.identity.same_study(identity)
        if not belongs or not self._ledger.is_open:
            self.audit(
                Event.ACCESSED_BY_MODEL,
                identity,
                outcome=Outcome.MINOR_FAILURE,
                reason="the suggestion came for a study that is not open any more",
            )
            return False
        if isinstance(suggestion, ReportDocument):
            self._ledger.merge_draft(suggestion, complete=complete)
        else:
            self._ledger.merge_sentences(suggestion, section, asked)
        return True

    def window(self) -> QWidget:
        """The window, as the parent of a plug-in's dialogue."""
        return self._window

    def show_panel(self, widget: QWidget, title: str) -> None:
        """Give the plug-in's widget its place below the report."""
        self._desk.show_panel(widget, title)

    def say(self, text: str, state: State = "quiet") -> None:
        """One sentence to the reader, where the eye is; it stays until the next, "" takes it away.

        `state` is alarm for what needs the reader, else quiet.
        """
        self._desk.say(text, state)

    def show_state(
        self, place: str, text: str, state: State = "quiet", explanation: str = ""
    ) -> None:
        """A lasting text in the bottom line; the same `place` replaces it, "" takes it away."""
        self._desk.show_state(place, text, state, explanation)

    def label_box(self, text: str) -> None:
        """A few words at the box on the film: what the model sees of it."""
        self._desk.label_box(text)

    def show_places(self, places: Sequence[tuple[Region, str]]) -> None:
        """Boxes that a model found, each with a label, over the frames that they lie on; none
        takes them away. They go with the series that is shown."""
        self._desk.show_places(places)

    def mark(self, checked: ReportDocument, marks: Mapping[str, str]) -> bool:
        """What a check says of sentences, by their ids: a line below each, until the report's words
        change. It replaces the marks before. False when the open report no longer says what was
        `checked`; then nothing is marked."""
        return self._ledger.mark(checked, marks)

    def on_step_back(self, step: Callable[[], bool]) -> None:
        """Have `step` called when Esc is pressed; it answers whether it had something to stop."""
        self._desk.add_step_back(step)

    def settings(self, part: type[Part]) -> Part:
        """The part of the settings that is of this type. Raises LookupError when none is."""
        value = getattr(self._settings, _name_of(self._settings, part))
        return cast(Part, value)

    def change_settings(self, part: Any) -> None:
        """Write this part into the settings file, and use it from then on.

        What else stands in the file stays. A file that cannot be read or written is told where
        known problems are told, and nothing changes.
        """
        path, name = self.root.settings, _name_of(self._settings, type(part))

        self._wanted[name] = part

        def write(cancelled: Callable[[], bool]) -> Iterator[None]:
            with self._writing:  # two changes at once must not undo each other in the file
                replace(Settings.read(path), **{name: self._wanted[name]}).write(path)
            yield None

        def take(_: None) -> None:
            self._settings = replace(self._settings, **{name: part})
            self.settings_changed.emit(part)

        self.jobs.start(write, on_item=take, pool="disk")


def _name_of(settings: Settings, part: type[Any]) -> str:
    """The field of the settings that is of this type. Raises LookupError when none is."""
    for one in fields(settings):
        if isinstance(getattr(settings, one.name), part):
            return one.name
    raise LookupError(f"The settings have no part {part.__name__}.")


@dataclass(frozen=True)
class Started:
    """A plug-in that runs: its module, and the actions that it gave."""

    module: PluginModule
    actions: list[Action]


def start_plugins(
    host: Host, plugins: Sequence[Plugin]
) -> Iterator[tuple[Plugin, Started | Exception]]:
    """Import and start each plug-in; gives what it became, or what it raised.

    Whatever a stranger's code raises is caught here, and only here, because one plug-in must not
    keep the viewer from opening.
    """
    names: set[str] = set()
    for plugin in plugins:
        if plugin.name in names:
            yield plugin, ValueError(f"a plug-in called {plugin.name} is there already")
            continue
        try:
            module = plugin.load()
            actions = list(module.start(host))
            wrong = [one for one in actions if not isinstance(one, Action)]
            if wrong:
                raise TypeError(f"start gave {type(wrong[0]).__name__} where an Action is expected")
        except Exception as error:
            yield plugin, error
        else:
            names.add(plugin.name)
            yield plugin, Started(module, actions)
