"""The demo's sample studies: files that come with pydicom and pydicom-data, as they are.

Only files on disk are used; nothing is downloaded. Files without patient or study are left out,
because no report could be written back to them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pydicom

from dicom_io.errors import NothingFound

CHEST_FILM = "RG1_UNCR.dcm"

# In pydicom-data first, then in pydicom itself. Each object once: several files are the same
# object in another encoding.
_NAMES = (
    CHEST_FILM,  # CR chest, 1955 x 1841
    "RG3_J2KR.dcm",  # CR tibia, JPEG 2000 lossless
    "693_J2KR.dcm",  # CT head, JPEG 2000 lossless
    "693_UNCI.dcm",  # CT head, the same study
    "CT_small.dcm",
    "eCT_Supplemental.dcm",  # enhanced CT, two frames, shared functional groups
    "MR2_J2KR.dcm",  # MR shoulder, JPEG 2000 lossless
    "MR_small.dcm",
    "US1_UNCR.dcm",  # ultrasound, colour
    "examples_ybr_color.dcm",  # ultrasound, 30 frames, JPEG baseline
    "OBXXXX1A_rle.dcm",  # ultrasound, RLE
)


def sample_files() -> tuple[Path, ...]:
    """The files of the sample studies, the chest film first. Raises NothingFound without them."""
    folders = _folders()
    found = [path for name in _NAMES if (path := _first(folders, name)) is not None]
    if not found or found[0].name != CHEST_FILM:
        raise NothingFound(
            f"The sample studies are missing ({CHEST_FILM} of the package pydicom-data). "
            "Install them with: pip install pydicom-data"
        )
    return tuple(found)


def chest_film() -> Path:
    """The demo's chest film: both lungs hold round opacities. Raises NothingFound."""
    return sample_files()[0]


def _folders() -> tuple[Path, ...]:
    places = [Path(pydicom.__file__).parent / "data" / "test_files"]
    package = importlib.util.find_spec("data_store")  # pydicom-data's import name
    if package is not None:
        places = [
            Path(place) / "data" for place in package.submodule_search_locations or ()
        ] + places
    return tuple(places)


def _first(folders: tuple[Path, ...], name: str) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_file()), None)
