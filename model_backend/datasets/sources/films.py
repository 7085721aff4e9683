"""The two sets of chest films that the embedded model learns from: labels.csv and images."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from model_backend.datasets.draft import Draft, Fault, Found, Origin, Source
from model_backend.datasets.files import found_in, inside, table_rows
from model_backend.datasets.picture import file_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import Row
from model_backend.datasets.texts import classified
from model_backend.evaluation.labelled import BadRow
from model_backend.request import CLASSIFY
from model_backend.training.pictures import NIH_NAMES

CHILD_CLASSES = ("normal", "bacterial pneumonia", "viral pneumonia")
_CHILD = {("normal", ""): 0, ("pneumonia", "bacteria"): 1, ("pneumonia", "virus"): 2}
NIH_FINDINGS = {**NIH_NAMES, "Hernia": "hernia", "Pneumonia": "pneumonia"}


def read_child(origin: Origin) -> Iterator[Found]:
    """Films of children: normal, bacterial or viral pneumonia."""
    columns = ("file", "label", "cause", "patient")
    images = _Images(origin.path)
    for place, row in table_rows(found_in(origin.path, "labels.csv"), columns):
        cause = row["cause"] if row["label"] == "pneumonia" else ""
        number = _CHILD.get((row["label"], cause))
        if number is None:
            said = f"{row['label'][:30]} {row['cause'][:30]}".strip()
            yield Fault(place, f"its label '{said}' is none that the set has")
            continue
        sick = number > 0
        labels = {"normal": not sick, "pneumonia": sick}
        if sick:
            labels["bacterial"] = number == 1
        yield classified(
            row["file"],
            row["patient"],
            CHILD_CLASSES[number],
            CHILD_CLASSES,
            partial(images.read, row["file"]),
            place=place,
            labels=labels,
        )


def read_nih(origin: Origin) -> Iterator[Found]:
    """Films of adults with the 14 findings, of which one film may have several."""
    images = _Images(origin.path)
    for place, row in table_rows(
        found_in(origin.path, "labels.csv"), ("file", "findings", "patient")
    ):
        found = {one for one in row["findings"].split("|") if one}
        unknown = sorted(found - {"No Finding", *NIH_FINDINGS})
        if unknown or not found:
            said = unknown[0][:40] if unknown else ""
            yield Fault(place, f"its label '{said}' is none that the set has")
            continue
        yield _nih_film(row, found, place, images)


def _nih_film(row: dict[str, str], found: set[str], place: str, images: _Images) -> Draft:
    normal = found == {"No Finding"}
    labels = {ours: theirs in found for theirs, ours in NIH_FINDINGS.items()}
    said = "normal" if normal else "abnormal"
    attributes = {name: row.get(name, "") for name in ("sex", "age", "view", "follow_up")}
    film = Row(
        row["file"],
        CLASSIFY,
        "",
        row["patient"],
        answer=said,
        references={said: 1.0},
        candidates=("normal", "abnormal"),
        labels={"normal": normal, **labels},
        attributes={key: value for key, value in attributes.items() if value},
    )
    return Draft(film, (partial(images.read, row["file"]),), "", place)


class _Images:
    """Reads pictures by name, out of the folder `images` or the archive `images.zip`, which stays
    open while any row may still read from it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "images"
        self._archive: zipfile.ZipFile | None = None
        if not self._folder.is_dir():
            try:
                self._archive = zipfile.ZipFile(folder / "images.zip")
            except (OSError, zipfile.BadZipFile) as error:
                raise DatasetProblem(
                    f"The folder {folder} has no images/ and no images.zip that can be read."
                ) from error

    def read(self, name: str) -> bytes:
        """One picture file. Raises BadRow."""
        if self._archive is None:
            return file_of(inside(self._folder, name))()
        try:
            return self._archive.read(name)
        except (KeyError, OSError, zipfile.BadZipFile, io.UnsupportedOperation) as error:
            raise BadRow(f"its image '{name[:80]}' is not in images.zip") from error


CHILD = Source(
    "cxr_pneumonia",
    "Chest radiographs of children, normal or pneumonia",
    "CC BY 4.0",
    "the folder with labels.csv (file, label, cause, patient) and images/ or images.zip",
    "Kermany et al., doi:10.17632/rscbjbr9sj; the labels as this project's recipes read them",
    "patient",
    read_child,
    "The official split of the set is not in these labels; the hash parts it by patient.",
)
NIH = Source(
    "cxr_nih",
    "NIH ChestX-ray14, labelled films",
    "no restriction; cite Wang et al., CVPR 2017, and name the NIH Clinical Center",
    "the folder with labels.csv (file, findings, patient) and images/ or images.zip",
    "nihcc.app.box.com/v/ChestXray-NIHCC; the labels as this project's recipes read them",
    "patient",
    read_nih,
    "The labels were mined from reports and are noisy; a finding that is not named is absent.",
)
