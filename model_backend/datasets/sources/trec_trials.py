"""TREC Clinical Trials 2021 and 2022: does a described patient fit a trial."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from model_backend.datasets.draft import Draft, Fault, Found, Origin, Source
from model_backend.datasets.files import text_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import TEST, TRAIN, Row
from model_backend.request import TRIAL
from model_backend.tasks import TASKS

JUDGED = {"0": "irrelevant", "1": "excluded", "2": "eligible"}
PARTS = {"2021": TRAIN, "2022": TEST}
_NAME = re.compile(r"NCT\d{8}")


def read(origin: Origin) -> Iterator[Found]:
    """Each judged pair of a topic and a trial: the trial's title, summary and criteria."""
    years = [year for year in PARTS if (origin.path / f"qrels{year}.txt").is_file()]
    if not years:
        raise DatasetProblem(f"The folder {origin.path} has no qrels2021.txt or qrels2022.txt.")
    with _Trials(origin.path) as trials:
        for year in years:
            yield from _pairs(origin.path, year, trials)


def _pairs(folder: Path, year: str, trials: _Trials) -> Iterator[Found]:
    topics = _topics(folder / f"topics{year}.xml")
    with text_of(folder / f"qrels{year}.txt") as lines:
        for number, line in enumerate(lines, 1):
            place = f"line {number} of qrels{year}.txt"
            cells = line.split()
            if len(cells) != 4 or cells[3] not in JUDGED:
                yield Fault(place, "it is no judgement: topic 0 trial 0, 1 or 2")
                continue
            topic, trial, said = cells[0], cells[2], JUDGED[cells[3]]
            text = trials.text(trial)
            if text is None or topic not in topics:
                yield Fault(place, "its trial is missing" if topic in topics else "no such topic")
                continue
            row = Row(
                f"{year}-{topic}-{trial}",
                TRIAL,
                "",
                f"{year}-{topic}",
                text=topics[topic],
                text2=text,
                answer=said,
                references={said: 1.0},
                candidates=TASKS[TRIAL].candidates,
            )
            yield Draft(row, official=PARTS[year], place=place)


def _topics(file: Path) -> dict[str, str]:
    try:
        root = ElementTree.parse(file).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise DatasetProblem(f"{file} cannot be read ({error}).") from error
    return {
        one.get("number", ""): " ".join("".join(one.itertext()).split())
        for one in root.iter("topic")
    }


class _Trials:
    """The trials, in their zip archives or unpacked. A context."""

    def __init__(self, folder: Path) -> None:
        self._archives: list[zipfile.ZipFile] = []
        self._members: dict[str, tuple[zipfile.ZipFile, str]] = {}
        self._files = {path.stem: path for path in folder.rglob("NCT*.xml")}
        for path in sorted(folder.glob("*.zip")):
            try:
                archive = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                raise DatasetProblem(f"{path} is no archive that can be read ({error}).") from error
            self._archives.append(archive)
            for member in archive.namelist():
                if named := _NAME.search(Path(member).name):
                    self._members[named[0]] = archive, member

    def __enter__(self) -> _Trials:
        return self

    def __exit__(self, *_: object) -> None:
        for archive in self._archives:
            archive.close()

    def text(self, name: str) -> str | None:
        """Title, summary and criteria of a trial; None when it is missing or damaged."""
        try:
            if name in self._files:
                root = ElementTree.fromstring(self._files[name].read_bytes())
            elif name in self._members:
                archive, member = self._members[name]
                root = ElementTree.fromstring(archive.read(member))
            else:
                return None
        except (OSError, ElementTree.ParseError, zipfile.BadZipFile):
            return None
        places = ("brief_title", "brief_summary/textblock", "eligibility/criteria/textblock")
        texts = [root.findtext(place) or "" for place in places]
        return " ".join(" ".join(texts).split()) or None


SOURCE = Source(
    "trec_trials",
    "TREC Clinical Trials 2021 and 2022",
    "of NIST and ClinicalTrials.gov: free to use, name them",
    "the folder with topicsYEAR.xml, qrelsYEAR.txt and the trials (.zip archives or NCT*.xml)",
    "trec.nist.gov/data/trials2021.html and trials2022.html; ir-datasets.com/clinicaltrials.html",
    "topic",
    read,
    "Parts by year: 2021 is trained on, 2022 is tested, as the article names the 2022 track.",
)
