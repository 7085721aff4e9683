"""Kinds: what an object is when it is no picture to look at, and the sentence that says so.

Some of these hold pixels (segmentations, doses); drawn as an image they would be mistaken for one.
Source: DICOM PS3.4 B.5, PS3.6 annex A.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydicom.dataset import Dataset

from dicom_io.image.header import read_header
from dicom_io.raw import text_of

_ROOT = "1.2.840.10008.5.1.4.1.1."
_KEPT = "It is kept and exported with the study, but not shown here."
_MARKS = "which marks parts of other images and is none itself"
_THERAPY = "of a radiation treatment, which is no image to read"

# After the root; the first that begins the UID counts.
_KINDS: Mapping[str, str] = {
    "66.4": f"a segmentation, {_MARKS}",
    "66.5": f"a surface segmentation, {_MARKS}",
    "66.6": f"a tractography, {_MARKS}",
    "66.7": f"a segmentation by labels, {_MARKS}",
    "66.8": f"a height map, {_MARKS}",
    "66.1": "a spatial registration, which says how other images lie",
    "66.2": "a set of spatial fiducials, which marks places in other images",
    "66.3": "a deformable registration, which says how other images lie",
    "66": "raw data, which only the device that made it can read",
    "481.2": f"the dose {_THERAPY}",
    "481.3": f"the structure set {_THERAPY}",
    "481.5": f"the plan {_THERAPY}",
    "481": f"an object {_THERAPY}",
    "104.1": "a PDF document",
    "104.2": "a CDA document",
    "104.3": "a model for a 3D printer (STL)",
    "104.4": "a model for a 3D printer (OBJ)",
    "104.5": "the material of a model for a 3D printer (MTL)",
    "104": "a document in another format",
    "9": "a recording of signals (a waveform, such as an ECG)",
    "91.1": "a set of annotations of a slide (microscopy bulk annotations)",
}
IMAGES = ("481.1",)  # RT Image: an X-ray
ENCLOSED = "104"


def what_it_is(header: Dataset) -> str:
    """What the object is, in words after "is"; "" for an image and for what is read elsewhere
    (reports, presentation states, key objects)."""
    uid = text_of(header, "SOPClassUID")
    if not uid.startswith(_ROOT):
        return ""
    end = uid.removeprefix(_ROOT)
    if any(_begins(end, one) for one in IMAGES):
        return ""
    return next((words for start, words in _KINDS.items() if _begins(end, start)), "")


def why_not_shown(header: Dataset, name: str) -> str:
    """One sentence about an object that is no image; "" for images. `name` is that of the file."""
    words = what_it_is(header)
    if not words:
        return ""
    end = str(header.get("SOPClassUID")).removeprefix(_ROOT)
    if _begins(end, ENCLOSED):
        return f"{name} is {words}. Save it with Save document, and open it in its own program."
    return f"{name} is {words}. {_KEPT}"


def why_file_not_shown(path: Path) -> str:
    """The same of a file without pixels. Raises FileProblem."""
    return why_not_shown(read_header(path).dataset, path.name)


def _begins(end: str, start: str) -> bool:
    return end == start or end.startswith(f"{start}.")
