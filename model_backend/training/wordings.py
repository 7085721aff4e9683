"""Our own wordings of the labels: one question and one pair of sentences for each finding."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model_backend.training.problems import TrainingProblem

YES, NO = "yes", "no"
THRESHOLD = 0.5  # of the calibrated probability of "yes", from which on a finding is present


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its question, other ways to ask it, and the sentence for either answer."""

    name: str
    question: str
    present: str
    absent: str
    others: tuple[str, ...] = ()
    opposites: tuple[str, ...] = ()  # questions whose "yes" means that the finding is absent
    after: str = ""  # only worth asking when that finding is present
    drafted: bool = False  # enough cases to make a draft sentence of it

    def sentence(self, present: bool) -> str:
        """The sentence that one answer to the question supports."""
        return self.present if present else self.absent

    def as_json(self, is_calibrated: bool) -> dict[str, Any]:
        """The form it takes in `model.json`; only what could be calibrated is drafted."""
        return {
            "name": self.name,
            "question": self.question,
            "sentence_present": self.present,
            "sentence_absent": self.absent,
            "after": self.after,
            "drafted": self.drafted and is_calibrated,
            "threshold": THRESHOLD,
        }


@dataclass(frozen=True, slots=True)
class Wordings:
    """All findings in the order of a report, and the prompt that asks for all of them."""

    prompt: str
    findings: tuple[Finding, ...]

    def __getitem__(self, name: str) -> Finding:
        return next(finding for finding in self.findings if finding.name == name)

    def describe(self, labels: Mapping[str, bool]) -> str:
        """The findings text that a picture's labels support, and nothing beyond them.

        What is present is said of every known label; what is absent only of a normal picture.
        """
        known = [finding for finding in self.findings if finding.name in labels]
        said = [finding for finding in known if labels[finding.name] and finding.name != "normal"]
        if labels.get("normal"):
            said = [finding for finding in known if finding.drafted]
        elif any(finding.name == "bacterial" for finding in known):
            said = [finding for finding in known if finding.name in ("pneumonia", "bacterial")]
        sentences = [finding.sentence(labels[finding.name]) for finding in said]
        return " ".join(sentences) or self["normal"].absent


def read_wordings(path: Path) -> Wordings:
    """Read the wordings file; raises TrainingProblem with the entry at fault."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise TrainingProblem(f"The wordings {path} cannot be read: {error}.") from error
    known = set(Finding.__dataclass_fields__)
    findings = []
    for entry in content.get("finding", []):
        unknown = sorted(set(entry) - known)
        if unknown or not {"name", "question", "present", "absent"} <= set(entry):
            name = entry.get("name", "without a name")
            fault = (
                f"has the unknown key {unknown[0]}" if unknown else "lacks a question or sentence"
            )
            raise TrainingProblem(f"The finding {name} in {path} {fault}.")
        lists = {key: tuple(entry[key]) for key in ("others", "opposites") if key in entry}
        findings.append(Finding(**{**entry, **lists}))
    if not findings:
        raise TrainingProblem(f"The wordings {path} hold no finding.")
    return Wordings(str(content.get("prompt", "what does the image describe?")), tuple(findings))


def wordings_as_dict(wordings: Wordings) -> dict[str, Any]:
    """A plain form, so that a checkpoint can tell whether the wordings changed."""
    return asdict(wordings)
