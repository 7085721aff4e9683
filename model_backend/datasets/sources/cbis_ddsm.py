"""CBIS-DDSM: mammograms, each abnormality with its pathology."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.files import table_rows
from model_backend.datasets.picture import file_of, prepared
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import TEST, TRAIN
from model_backend.datasets.texts import classified
from model_backend.evaluation.labelled import BadRow

CLASSES = {
    "BENIGN": "benign",
    "BENIGN_WITHOUT_CALLBACK": "benign without callback",
    "MALIGNANT": "malignant",
}
COLUMNS = ("patient_id", "left or right breast", "image view", "abnormality id") + (
    *("abnormality type", "pathology", "image file path", "cropped image file path"),
)
# What is shown: the columns where it may be stated, and what the list of JPEG files calls it. The
# tables state some crops where the mask should be, and the other way about.
_SHOWN = {
    "crop": (("cropped image file path", "ROI mask file path"), "cropped images"),
    "film": (("image file path",), "full mammogram images"),
}
_LIST = "dicom_info.csv"


def read(origin: Origin) -> Iterator[Found]:
    """A row an abnormality; the option `picture` takes the `crop` of it or the whole `film`."""
    shown = origin.options.get("picture", "crop")
    if shown not in _SHOWN:
        raise DatasetProblem(f"The option picture is crop or film, not {shown!r}.")
    folder = origin.path / "csv" if (origin.path / "csv").is_dir() else origin.path
    tables = [
        (kind, part, folder / f"{kind}_case_description_{word}_set.csv")
        for kind in ("mass", "calc")
        for part, word in ((TRAIN, "train"), (TEST, "test"))
    ]
    tables = [one for one in tables if one[2].is_file()]
    if not tables:
        raise DatasetProblem(
            f"The folder {folder} has none of the tables mass_case_description_train_set.csv, "
            "calc_..., ..._test_set.csv."
        )
    columns, kind_of_picture = _SHOWN[shown]
    listed = _listed(folder / _LIST, kind_of_picture)
    for kind, part, file in tables:
        for place, row in table_rows(file, COLUMNS):
            stated = tuple(row.get(column, "").strip() for column in columns)
            yield _abnormality(row, (kind, part, place), partial(_picture, origin, stated, listed))


def _listed(file: Path, kind: str) -> dict[str, str]:
    """The JPEG files of one kind by the UID of their series, where the set has a list of them."""
    if not file.is_file():
        return {}
    return {
        PurePosixPath(row["image_path"]).parent.name: row["image_path"]
        for _, row in table_rows(file, ("image_path", "SeriesDescription"))
        if row["SeriesDescription"].strip().lower() == kind
    }


def _abnormality(
    row: dict[str, str], where: tuple[str, str, str], picture: Callable[[], bytes]
) -> Found:
    kind, part, place = where
    if row["pathology"] not in CLASSES:
        return Fault(place, f"its pathology '{row['pathology'][:40]}' is none that is known")
    sides = "_".join(row[name] for name in ("patient_id", "left or right breast", "image view"))
    return classified(
        f"{kind} {sides} {row['abnormality id']}",
        row["patient_id"],
        CLASSES[row["pathology"]],
        tuple(CLASSES.values()),
        picture,
        official=part,
        place=place,
        attributes={
            "kind": "mass" if kind == "mass" else "calcification",
            "view": row["image view"],
            "side": row["left or right breast"].lower(),
            "density": row.get("breast_density") or row.get("breast density") or "",
        },
    )


def _picture(origin: Origin, stated: tuple[str, ...], listed: Mapping[str, str]) -> bytes:
    """The picture at one of the stated paths that is no mask. Raises BadRow."""
    problem = "its image is missing"
    for name in stated:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            problem = "its image lies outside the folder of the set"
            continue
        if path.parent.name in listed:
            return file_of(origin.path / "jpeg" / _below_jpeg(listed[path.parent.name]))()
        picture = _at(origin, path)
        if picture is None:
            continue
        if len(stated) == 1 or not _is_mask(picture):
            return picture
        problem = "its crop is a mask"
    raise BadRow(problem)


def _below_jpeg(path: str) -> PurePosixPath:
    """`CBIS-DDSM/jpeg/SERIES/NAME.jpg` from the folder `jpeg` on."""
    return PurePosixPath(*PurePosixPath(path).parts[-2:])


def _at(origin: Origin, stated: PurePosixPath) -> bytes | None:
    """The picture at a stated path, as PNG, JPEG or DICOM; None when there is none."""
    for suffix in (".png", ".jpg", ".jpeg"):
        if (path := origin.path / stated.with_suffix(suffix)).is_file():
            return file_of(path)()
    if not (origin.path / stated).is_file():
        return None
    if origin.read_dicom is None:
        raise BadRow("its image is DICOM, which is not read here")
    return origin.read_dicom(origin.path / stated)


def _is_mask(picture: bytes) -> bool:
    """Black and white alone."""
    return len(np.unique(prepared(picture)[1])) <= 2


SOURCE = Source(
    "cbis_ddsm",
    "CBIS-DDSM",
    "CC BY 3.0",
    "the folder with the four ..._case_description_..._set.csv and the images at the paths that "
    "these state (.dcm, .png or .jpg); or with csv/, which holds dicom_info.csv too, and jpeg/",
    "doi:10.7937/k9/tcia.2016.7o02s9cy; "
    "tensorflow.org/datasets/catalog/curated_breast_imaging_ddsm",
    "patient",
    read,
    "A patient with a mass and a calcification can be in both official parts: then the hash "
    "decides, unless one kind is taken alone (--only kind=mass).",
)
