"""CBIS-DDSM: mammograms, each abnormality with its pathology."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.files import table_rows
from model_backend.datasets.picture import file_of
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
_SHOWN = {"crop": "cropped image file path", "film": "image file path"}


def read(origin: Origin) -> Iterator[Found]:
    """A row an abnormality; the option `picture` takes the `crop` of it or the whole `film`."""
    shown = origin.options.get("picture", "crop")
    if shown not in _SHOWN:
        raise DatasetProblem(f"The option picture is crop or film, not {shown!r}.")
    tables = [
        (kind, part, origin.path / f"{kind}_case_description_{word}_set.csv")
        for kind in ("mass", "calc")
        for part, word in ((TRAIN, "train"), (TEST, "test"))
    ]
    tables = [one for one in tables if one[2].is_file()]
    if not tables:
        raise DatasetProblem(
            f"The folder {origin.path} has none of the tables mass_case_description_train_set.csv, "
            "calc_..., ..._test_set.csv."
        )
    for kind, part, file in tables:
        for place, row in table_rows(file, COLUMNS):
            yield _abnormality(origin, row, (kind, part, place), _SHOWN[shown])


def _abnormality(
    origin: Origin, row: dict[str, str], where: tuple[str, str, str], column: str
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
        partial(_picture, origin, row[column].strip()),
        official=part,
        place=place,
        attributes={
            "kind": "mass" if kind == "mass" else "calcification",
            "view": row["image view"],
            "side": row["left or right breast"].lower(),
            "density": row.get("breast_density") or row.get("breast density") or "",
        },
    )


def _picture(origin: Origin, name: str) -> bytes:
    """The picture at the path that the table states, as PNG, JPEG or DICOM. Raises BadRow."""
    stated = PurePosixPath(name)
    if stated.is_absolute() or ".." in stated.parts or not stated.parts:
        raise BadRow("its image lies outside the folder of the set")
    for suffix in (".png", ".jpg", ".jpeg"):
        if (path := origin.path / stated.with_suffix(suffix)).is_file():
            return file_of(path)()
    dicom = origin.path / stated
    if not dicom.is_file():
        raise BadRow("its image is missing")
    if origin.read_dicom is None:
        raise BadRow("its image is DICOM, which is not read here")
    return origin.read_dicom(Path(dicom))


SOURCE = Source(
    "cbis_ddsm",
    "CBIS-DDSM",
    "CC BY 3.0",
    "the folder with the four ..._case_description_..._set.csv and the images at the paths that "
    "these state (.dcm, or .png or .jpg in its place)",
    "doi:10.7937/k9/tcia.2016.7o02s9cy; "
    "tensorflow.org/datasets/catalog/curated_breast_imaging_ddsm",
    "patient",
    read,
    "A patient with a mass and a calcification can be in both official parts: then the hash "
    "decides, unless one kind is taken alone (--only kind=mass).",
)
