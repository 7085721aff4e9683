"""The templates that are here: those that come along, and those that were imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from pydicom.dataset import Dataset

from dicom_io.anatomy import kind_of, region_of
from dicom_io.errors import NothingFound, TemplateUnreadable
from dicom_io.report.template.mrrt_reading import read_template, template_of
from dicom_io.report.template.mrrt_writing import as_html
from dicom_io.report.template.template import Template
from dicom_io.storage import write_safely

SUFFIXES = (".html", ".htm", ".xhtml")


class Shelf:
    """Templates by their identifier; an imported one stands before one that comes along."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def templates(self) -> tuple[Template, ...]:
        """All that can be read, by title."""
        found = {one.identifier: one for one in builtin()}
        found |= {one.identifier: one for one, _ in self._imported()}
        return tuple(sorted(found.values(), key=lambda one: one.title.casefold()))

    def problems(self) -> tuple[str, ...]:
        """A sentence for each imported file that cannot be read."""
        found = []
        for path in self._files():
            try:
                read_template(path)
            except TemplateUnreadable as problem:
                found.append(str(problem))
        return tuple(found)

    def template(self, identifier: str) -> Template:
        """One of them. Raises NothingFound."""
        for one in self.templates():
            if one.identifier == identifier:
                return one
        raise NothingFound(
            f"There is no template {identifier}. wetread template list names those that are here."
        )

    def take(self, path: Path) -> Template:
        """Import a file as it is. Raises TemplateUnreadable, StorageProblem."""
        template = read_template(path)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_safely(self.folder / f"{template.identifier}.html", path.read_bytes())
        return template

    def export(self, identifier: str, path: Path) -> None:
        """Write a template as MRRT: an imported one as it came, else as we write it.

        Raises NothingFound, StorageProblem.
        """
        for one, source in self._imported():
            if one.identifier == identifier:
                write_safely(path, source.read_bytes())
                return
        write_safely(path, as_html(self.template(identifier)).encode("utf-8"))

    def _imported(self) -> Iterator[tuple[Template, Path]]:
        for path in self._files():
            try:
                yield read_template(path), path
            except TemplateUnreadable:
                continue  # `problems` names it

    def _files(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [one for one in sorted(self.folder.iterdir()) if one.suffix in SUFFIXES]


def builtin() -> tuple[Template, ...]:
    """The templates that come along."""
    place = files(__package__) / "builtin"
    names = sorted(one.name for one in place.iterdir() if one.name.endswith(".html"))
    return tuple(template_of((place / name).read_bytes(), Path(name)) for name in names)


def fitting(templates: Sequence[Template], header: Dataset, language: str = "") -> list[Template]:
    """Those that are for such an image, the narrowest first; of equals the reader's language."""
    ranked = []
    for one in templates:
        score = _score(one, header)
        if score is not None:
            ranked.append((score, one.language.split("-")[0] == language.split("-")[0], one))
    ranked.sort(key=lambda item: (-item[0], not item[1], item[2].title.casefold()))
    return [one for _, _, one in ranked]


def _score(template: Template, header: Dataset) -> int | None:
    """How narrowly a template fits; None when it is for something else."""
    score = 0
    texts = [
        str(header.get(keyword) or "")
        for keyword in ("BodyPartExamined", "StudyDescription", "SeriesDescription")
    ]
    if template.modalities:
        modality = str(header.get("Modality") or "")
        if kind_of(modality) not in {kind_of(one) for one in template.modalities}:
            return None
        score += 2
    if template.body_part:
        region = region_of(*texts)
        if region and region != template.body_part:
            return None
        score += 2 if region else 0
    if template.procedures:
        said = " ".join(texts).casefold()
        if any(word.casefold() in said for word in template.procedures):
            score += 3
    if template.ages != (0, 200):
        years = age_in_years(header)
        if years is not None and not template.ages[0] <= years <= template.ages[1]:
            return None
        score += 1 if years is not None else 0
    return score


def age_in_years(header: Dataset) -> int | None:
    """The patient's age at the study, in whole years; None when the image does not say."""
    stated = str(header.get("PatientAge") or "").strip()
    if len(stated) == 4 and stated[:3].isdigit():
        return int(stated[:3]) if stated[3] == "Y" else 0
    born, taken = (str(header.get(key) or "") for key in ("PatientBirthDate", "StudyDate"))
    if len(born) == 8 and len(taken) == 8 and (born + taken).isdigit():
        return max((int(taken) - int(born)) // 10_000, 0)
    return None
