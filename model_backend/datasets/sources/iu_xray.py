"""IU X-ray (Open-i): chest radiographs of Indiana University with their reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.picture import file_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.texts import caption, summary

REPORTS = "ecgen-radiology"


def read(origin: Origin) -> Iterator[Found]:
    """For each report its findings as a caption of its images, and its impression as a summary.

    The option `sections` takes the caption from `findings`, `impression` or `both`.
    """
    folder = origin.path / REPORTS
    if not folder.is_dir():
        raise DatasetProblem(f"The folder {origin.path} has no folder {REPORTS} with reports.")
    images = {path.stem: path for path in sorted(origin.path.rglob("*.png"))}
    for file in sorted(folder.glob("*.xml"), key=lambda one: (len(one.name), one.name)):
        try:
            tree = ElementTree.parse(file).getroot()
        except (ElementTree.ParseError, OSError) as error:
            yield Fault(file.name, f"the report cannot be read ({type(error).__name__})")
            continue
        yield from _rows(tree, file, images, origin.options.get("sections", "findings"))


def _rows(
    tree: ElementTree.Element, file: Path, images: dict[str, Path], wanted: str
) -> Iterator[Found]:
    texts = {one.get("Label", "").upper(): one.text or "" for one in tree.iter("AbstractText")}
    findings, impression = texts.get("FINDINGS", ""), texts.get("IMPRESSION", "")
    uid = tree.find("uId")
    name = (uid.get("id") if uid is not None else None) or file.stem
    tags = [one.text or "" for one in tree.iter("major")]
    attributes = {"tags": "; ".join(tag for tag in tags if tag)}
    shown = {"findings": findings, "impression": impression, "both": f"{impression} {findings}"}
    if wanted not in shown:
        raise DatasetProblem(f"The option sections is one of {', '.join(shown)}, not {wanted!r}.")
    named = [one.get("id") or "" for one in tree.iter("parentImage")]
    pictures = tuple(
        file_of(images.get(one, file.parent.parent / f"{one}.png")) for one in named if one
    )
    if named:
        text = shown[wanted]
        yield caption(name, name, text, pictures, place=file.name, attributes=attributes)
    if findings.strip() and impression.strip():
        yield summary(f"{name} impression", name, findings, impression, place=file.name)


SOURCE = Source(
    "iu_xray",
    "IU X-ray (Open-i)",
    "CC BY-NC-ND 4.0, as each report says",
    f"the folder with {REPORTS}/N.xml (NLMCXR_reports.tgz) and the PNG files anywhere below it",
    "openi.nlm.nih.gov/faq; Demner-Fushman et al., JAMIA 2016, doi:10.1093/jamia/ocv080",
    "report (one a patient)",
    read,
    "There is no official split, and no age or sex.",
)
