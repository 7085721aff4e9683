"""Presentation states and key images reach the archive unsigned, and are proved to be there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_io.errors import ReportProblem
from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.frame import open_frames
from dicom_io.image.gsps import read_state
from dicom_io.image.presentation import Presentation
from dicom_io.image.window import Window
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Outbox, State
from dicom_io.report.header import Software
from dicom_io.report.key_objects import build_key_objects, read_key_objects
from dicom_io.report.presentation_state import build_presentation, encoded
from tests.dicom_io.pacs.conftest import Pacs

NODE = Node("hospital", "PACS", "127.0.0.1", 104)


@pytest.fixture
def film(samples: dict[str, Path]) -> Path:
    return samples["CT_small.dcm"]


def made(film: Path) -> tuple[Dataset, Dataset, Annotation]:
    """A state with a mark, and a key image, of one film."""
    (frame,) = open_frames(film)
    points = ((10.125, 20.3), (30.7, 44.4))
    mark = Annotation("mark-1", frame.identity, Kind.LENGTH, points, "Größe")
    seen = Presentation((frame.identity.of_frame(0),), Window(40, 400), annotations=(mark,))
    software = Software.installed()
    state = build_presentation(seen, [frame.header], software, texts={mark.id: "31.2 mm"})
    return state, build_key_objects([frame.identity], [frame.header], software), mark


def test_both_are_stored_and_found_again_in_every_archive(
    pacs: Pacs, film: Path, tmp_path: Path
) -> None:
    pacs.load([film])
    outbox = Outbox(tmp_path / "outbox")
    state, keys, mark = made(film)
    identity = Identity.of(dcmread(film, stop_before_pixels=True))

    items = [outbox.put(encoded(one), identity, pacs.source.node) for one in (state, keys)]
    ends = [list(outbox.deliver(item, pacs.source))[-1] for item in items]

    assert [end.state for end in ends] == [State.VERIFIED] * 2, [end.problem for end in ends]
    assert not any(end.is_report for end in outbox.items())
    back = tmp_path / "back"
    back.mkdir()
    paths = [one.path for one in pacs.source.fetch(identity.study, back) if one.path]
    found = {str(one.SOPInstanceUID): one for one in map(dcmread, paths)}
    assert read_state(found[str(state.SOPInstanceUID)]).annotations() == (mark,)
    assert read_key_objects(found[str(keys.SOPInstanceUID)]).images == (identity,)


def test_a_state_of_another_study_than_the_film_is_refused(film: Path, tmp_path: Path) -> None:
    state, _, _ = made(film)
    state.PatientID = "another"
    identity = Identity.of(dcmread(film, stop_before_pixels=True))
    outbox = Outbox(tmp_path / "outbox")

    with pytest.raises(ReportProblem, match="another patient"):
        outbox.put(encoded(state), identity, NODE)
    assert outbox.items() == ()


def test_an_item_of_the_first_version_is_a_report(film: Path, tmp_path: Path) -> None:
    state, _, _ = made(film)
    outbox = Outbox(tmp_path / "outbox")
    item = outbox.put(encoded(state), Identity.of(state), NODE)
    path = item.folder / "item.json"
    content = json.loads(path.read_text())
    del content["sop_class"]
    path.write_text(json.dumps({**content, "version": 1}))

    (found,) = outbox.items()

    assert found.is_report
    assert found.uid == item.uid
