"""MIMIC-CXR and MIMIC-CXR-JPG: chest radiographs with their reports, official split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from model_backend.datasets.draft import Draft, Fault, Found, Origin, Source
from model_backend.datasets.files import found_in, table_rows
from model_backend.datasets.parting import official_part
from model_backend.datasets.picture import file_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.sections import FINDINGS, IMPRESSION, sections_of
from model_backend.datasets.texts import caption, summary
from model_backend.evaluation.labelled import BadRow

SPLIT = "mimic-cxr-2.0.0-split.csv"
METADATA = "mimic-cxr-2.0.0-metadata.csv"
CHEXPERT = "mimic-cxr-2.0.0-chexpert.csv"
_REPORTS = ("reports", "mimic-cxr-reports")  # as mimic-cxr-reports.zip is unpacked
_UNSURE = ("", "-1.0", "-1")


@dataclass(frozen=True, slots=True)
class _Study:
    subject: str
    study: str
    part: str
    images: tuple[str, ...]


def read(origin: Origin) -> Iterator[Found]:
    """For each study its findings as a caption of its images, and its impression as a summary.

    Frontal images alone where the metadata is there; the option `views=all` takes every one.
    """
    split = found_in(origin.path, SPLIT)
    views = _views(origin.path) if origin.options.get("views", "frontal") != "all" else {}
    labels = _labels(origin.path)
    for study in _studies(split):
        yield from _rows(origin, study, views, labels.get(study.study, {}))


def _studies(split: Path) -> Iterator[_Study]:
    """The studies of the split, whose images stand below one another in it."""
    studies: dict[str, _Study] = {}
    for _, row in table_rows(split, ("dicom_id", "study_id", "subject_id", "split")):
        study = row["study_id"]
        before = studies[study].images if study in studies else ()
        part = official_part(row["split"])
        studies[study] = _Study(row["subject_id"], study, part, (*before, row["dicom_id"]))
    yield from studies.values()


def _rows(
    origin: Origin, study: _Study, views: dict[str, str], labels: dict[str, bool]
) -> Iterator[Found]:
    below = Path(f"p{study.subject[:2]}") / f"p{study.subject}" / f"s{study.study}"
    text = _report(origin.path, below)
    if text is None:
        yield Fault(f"study {study.study}", "its report is missing")
        return
    found = sections_of(text)
    taken = [one for one in study.images if views.get(one, "PA") in ("PA", "AP")]
    pictures = tuple(_picture(origin, below, one) for one in taken)
    place = f"study {study.study}"
    if taken:
        yield caption(
            f"s{study.study}",
            study.subject,
            found.get(FINDINGS, ""),
            pictures,
            official=study.part,
            place=place,
            attributes={"view": views.get(taken[0], "")},
            labels=labels,
        )
    yield _impression(study, found, place)


def _impression(study: _Study, found: dict[str, str], place: str) -> Draft | Fault:
    if FINDINGS not in found or IMPRESSION not in found:
        return Fault(place, "its report has no findings with an impression")
    name = f"s{study.study} impression"
    texts = found[FINDINGS], found[IMPRESSION]
    return summary(name, study.subject, *texts, official=study.part, place=place)


def _report(root: Path, below: Path) -> str | None:
    for folder in (root / "files", *(root / name / "files" for name in _REPORTS)):
        try:
            return (folder / below.parent / f"{below.name}.txt").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return None


def _picture(origin: Origin, below: Path, name: str) -> partial[bytes]:
    return partial(_image, origin, below, name)


def _image(origin: Origin, below: Path, name: str) -> bytes:
    """The image as JPEG, else as DICOM. Raises BadRow."""
    folder = origin.path / "files" / below
    dicom = folder / f"{name}.dcm"
    if not (folder / f"{name}.jpg").exists() and dicom.exists():
        if origin.read_dicom is None:
            raise BadRow(f"its image '{dicom.name}' is DICOM, which is not read here")
        return origin.read_dicom(dicom)
    return file_of(folder / f"{name}.jpg")()


def _views(root: Path) -> dict[str, str]:
    try:
        file = found_in(root, METADATA)
    except DatasetProblem:
        return {}
    rows = table_rows(file, ("dicom_id", "ViewPosition"))
    return {row["dicom_id"]: row["ViewPosition"] or "unknown" for _, row in rows}


def _labels(root: Path) -> dict[str, dict[str, bool]]:
    """The CheXpert labels by study; what is unsure or not mentioned is left out."""
    try:
        file = found_in(root, CHEXPERT)
    except DatasetProblem:
        return {}
    return {
        row["study_id"]: {
            name.lower(): float(value) > 0
            for name, value in row.items()
            if name not in ("subject_id", "study_id") and value not in _UNSURE
        }
        for _, row in table_rows(file, ("subject_id", "study_id"))
    }


SOURCE = Source(
    "mimic_cxr",
    "MIMIC-CXR",
    "PhysioNet Credentialed Health Data License 1.5.0",
    f"the folder with files/pNN/pSUBJECT/sSTUDY/IMAGE.jpg (or .dcm), sSTUDY.txt beside (or in "
    f"reports/files), {SPLIT} and, if at hand, {METADATA} and {CHEXPERT} (.csv or .csv.gz)",
    "physionet.org/content/mimic-cxr-jpg/2.0.0 and physionet.org/content/mimic-cxr/2.0.0",
    "patient",
    read,
)
