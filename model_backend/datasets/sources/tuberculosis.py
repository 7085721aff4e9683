"""MC-CXR and SZ-CXR: chest films of Montgomery County and Shenzhen, normal or with tuberculosis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from model_backend.datasets.draft import Found, Origin, Source
from model_backend.datasets.picture import file_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.texts import classified

CLASSES = ("normal", "tuberculosis")
# `Patient's Sex: F` and `Patient's Age: 027Y`, or `male 45yrs`.
_SEX = re.compile(r"(?:sex:\s*([FM])\b)|\b(fe)?male\b", re.IGNORECASE)
_AGE = re.compile(r"age:\s*0*(\d+)Y|\b(\d+)\s*yrs?\b", re.IGNORECASE)


def read(prefix: str, origin: Origin) -> Iterator[Found]:
    """The films of one hospital, one a patient; the end of a name says what it is."""
    names = re.compile(rf"{prefix}_\d+_([01])")
    folder = origin.path / "CXR_png"
    files = sorted(folder.glob(f"{prefix}_*.png"))
    if not files:
        raise DatasetProblem(f"The folder {folder} has no {prefix}_NNNN_0.png or _1.png.")
    for file in files:
        named = names.fullmatch(file.stem)
        if named:
            label = CLASSES[int(named[1])]
            yield classified(
                file.stem,
                file.stem,
                label,
                CLASSES,
                file_of(file),
                place=file.name,
                attributes=_reading(origin.path / "ClinicalReadings" / f"{file.stem}.txt"),
            )


def _reading(file: Path) -> dict[str, str]:
    """Sex and age in the reading of a film; nothing where there is none."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    sex, age = _SEX.search(text), _AGE.search(text)
    said = (sex[1] or ("F" if sex[2] else "M")).upper() if sex else ""
    return {"sex": said, "age": (age[1] or age[2]) if age else "", "view": "PA"}


def _source(name: str, title: str, prefix: str) -> Source:
    return Source(
        name,
        title,
        "free to use for research; cite the paper and name the hospital",
        f"the folder with CXR_png/{prefix}_NNNN_0.png (normal) and _1.png, and ClinicalReadings/",
        "lhncbc.nlm.nih.gov, Tuberculosis Chest X-ray Image Data Sets; Jaeger et al., QIMS 2014, "
        "doi:10.3978/j.issn.2223-4292.2014.11.20",
        "film (one a patient)",
        partial(read, prefix),
        "There is no official split.",
    )


MONTGOMERY = _source("mc_cxr", "MC-CXR (Montgomery County)", "MCUCXR")
SHENZHEN = _source("sz_cxr", "SZ-CXR (Shenzhen)", "CHNCXR")
