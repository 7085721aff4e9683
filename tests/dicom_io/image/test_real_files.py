"""Every file there is: shown, or refused with one named problem; never anything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_files

from dicom_io.errors import DamagedFile, FileProblem, NoPixels, NotDicom
from dicom_io.image.frame import open_frames
from dicom_io.image.geometry import edges_of, spacing_of
from dicom_io.image.render import notices_of, render

TWO_MEGAPIXELS = 2_000_000  # larger ones add time and no new case


def shown_or_problem(path: Path) -> type[FileProblem] | None:
    """None when the file's first and last frame are shown, else the kind of problem."""
    try:
        frames = open_frames(path)
        for frame in {frames[0], frames[-1]}:
            edges_of(frame)
            spacing_of(frame)
            assert all(notice.endswith(".") for notice in notices_of(frame))
            if frame.rows * frame.columns < TWO_MEGAPIXELS:
                picture = render(frame, frame.stored())
                assert picture.dtype == np.uint8
                assert picture.shape[:2] == (frame.rows, frame.columns)
    except FileProblem as problem:
        sentence = str(problem)
        assert path.name in sentence
        assert sentence.endswith(".")
        return type(problem)
    return None


# pydicom's files that may be refused, and why; all others without an image are NoPixels
REFUSED = {
    "JPEG2000-embedded-sequence-delimiter.dcm": DamagedFile,  # its stream claims 3.7e9 columns
    "MR_truncated.dcm": DamagedFile,
    "chrJapMulti.dcm": DamagedFile,  # these three describe an image that is not there
    "chrJapMultiExplicitIR6.dcm": DamagedFile,
    "chrKoreanMulti.dcm": DamagedFile,
    "meta_missing_tsyntax.dcm": DamagedFile,  # pixels without rows and columns
    "nested_priv_SQ.dcm": DamagedFile,
    "no_meta.dcm": NotDicom,
}


def test_every_file_of_pydicom_is_shown_or_refused() -> None:
    paths = [Path(str(name)) for name in get_testdata_files()]
    texts = (".txt", ".gz", ".icc", ".dump", ".py", ".json")
    paths = [path for path in paths if path.is_file() and path.suffix not in texts]
    outcomes: dict[Path, type[FileProblem] | None] = {}

    for path in paths:
        outcomes[path] = shown_or_problem(path)

    shown = [path for path, outcome in outcomes.items() if outcome is None]
    refused = {path.name: kind for path, kind in outcomes.items() if kind not in (None, NoPixels)}
    assert len(shown) > 100
    assert refused.items() <= {**REFUSED, "README": NotDicom}.items()


@pytest.mark.parametrize("folder", ["dicom_misc", "cxr_hannover"])
def test_every_real_file_is_shown_or_holds_no_image(shared: Path, folder: str) -> None:
    paths = sorted((shared / "data" / folder).rglob("*.dcm"))

    outcomes = {path.name: shown_or_problem(path) for path in paths}

    assert outcomes
    assert {name for name, kind in outcomes.items() if kind} <= {"no_meta_length.dcm"}


def test_the_dog_s_film_shows_bone_white(shared: Path) -> None:
    (frame,) = open_frames(shared / "data" / "dicom_misc" / "dx_dog_thorax_monochrome1.dcm")
    stored = frame.stored()

    picture = render(frame, stored)

    assert frame.photometric == "MONOCHROME1"
    assert np.corrcoef(picture.ravel(), stored.ravel())[0, 1] < -0.9
