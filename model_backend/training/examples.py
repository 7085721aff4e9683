"""From pictures to examples: a prompt, an answer and the answers it competes with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_backend.biomedgpt.prompts import question_text
from model_backend.training.facts import (
    MODALITIES,
    ORGANS,
    YES_NO,
    Example,
    fact_example,
    modality_example,
    modality_of,
    organ_example,
)
from model_backend.training.pictures import NIH, VQA_RAD, Picture, RadQuestion
from model_backend.training.split import TRAINING
from model_backend.training.teacher import Teacher
from model_backend.training.wordings import NO, YES, Finding, Wordings

MODALITY_SHARE = 0.4  # of the images of VQA-RAD in a step that are asked for their modality


class ExampleMaker:
    """Draws examples for a picture from its labels and questions."""

    def __init__(
        self,
        pictures: Sequence[Picture],
        wordings: Wordings,
        *,
        rad_questions: int = 4,
        teacher: Teacher | None = None,
        taught: int = 0,
        borrowed: int = 0,
        modalities: bool = False,
        causes: float = 0.6,
    ) -> None:
        self._pictures = pictures
        self._wordings = wordings
        self._rad_questions = rad_questions
        self._teacher = teacher
        self._taught = taught
        self._borrowed = borrowed
        self._causes = causes
        self._lent = open_questions(pictures)
        self._modality = {
            index: known
            for index, picture in enumerate(pictures)
            if modalities and picture.part == TRAINING and (known := modality_of(picture))
        }

    def draw(
        self,
        index: int,
        chance: np.random.Generator,
        facts: float = 0.0,
        described: float | None = None,
    ) -> list[Example]:
        """The examples of one picture in one step.

        `facts` of the films are asked what they are, `described` of them for a findings text.
        """
        picture = self._pictures[index]
        if picture.source == VQA_RAD:
            return self._rad(index, picture, chance)
        film, share = (self._nih, 0.3) if picture.source == NIH else (self._child, 0.15)
        examples = film(index, picture, chance)
        if chance.random() < (share if described is None else described):
            examples.append(self._described(index))
        if facts and chance.random() < facts:
            examples.append(fact_example(index, chance))
        return examples

    def _child(self, index: int, picture: Picture, chance: np.random.Generator) -> list[Example]:
        names = ["normal" if chance.random() < 0.5 else "pneumonia"]
        if "bacterial" in picture.labels and chance.random() < self._causes:
            names.append("bacterial")
        return [self._asked(index, self._wordings[name], chance) for name in names]

    def _nih(self, index: int, picture: Picture, chance: np.random.Generator) -> list[Example]:
        present = [name for name, there in picture.labels.items() if there and name != "normal"]
        absent = [name for name, there in picture.labels.items() if not there and name != "normal"]
        names = ["normal"]
        if "pneumonia" in picture.labels and chance.random() < 0.6:
            names.append("pneumonia")
        if present:
            names.append(present[chance.integers(len(present))])
        names.append(absent[chance.integers(len(absent))])
        return [self._asked(index, self._wordings[name], chance) for name in names]

    def _rad(self, index: int, picture: Picture, chance: np.random.Generator) -> list[Example]:
        count = min(self._rad_questions, len(picture.questions))
        chosen = chance.choice(len(picture.questions), count, replace=False)
        examples = [self._rad_example(index, picture.questions[i]) for i in chosen]
        if chance.random() < 0.3:
            examples.append(organ_example(index, picture.organ, chance))
        if index in self._modality and chance.random() < MODALITY_SHARE:
            examples.append(modality_example(index, self._modality[index], chance))
        examples += self._from_others(index, picture.organ, chance)
        return examples + self._made_up(index, picture.organ, chance)

    def _from_others(self, index: int, organ: str, chance: np.random.Generator) -> list[Example]:
        """Open questions about other images of the same part of the body, with their answers.

        What 168 images have in common can be learnt; what each shows alone is learnt by heart.
        """
        lent = self._lent.get(organ, [])
        if not (lent and self._borrowed):
            return []
        places = chance.integers(len(lent), size=self._borrowed)
        return [Example(index, lent[place].text, lent[place].answer.lower()) for place in places]

    def _made_up(self, index: int, organ: str, chance: np.random.Generator) -> list[Example]:
        """Reworded questions with what the teacher thinks of them."""
        if self._teacher is None or not self._taught:
            return []
        texts = [self._teacher.reworded(chance) for _ in range(self._taught)]
        likely = self._teacher.chance_of_yes([(text, organ) for text in texts])
        return [
            Example(index, text, YES, YES_NO, float(share))
            for text, share in zip(texts, likely, strict=True)
        ]

    def _rad_example(self, index: int, question: RadQuestion) -> Example:
        answer = question.answer.lower()
        if answer in YES_NO:
            return Example(index, question.text, answer, YES_NO)
        return Example(index, question.text, answer)

    def _asked(self, index: int, finding: Finding, chance: np.random.Generator) -> Example:
        present = self._pictures[index].labels[finding.name]
        draw, opposite = chance.random(), False
        text = finding.question
        if draw < 0.3 and finding.others:
            text = finding.others[chance.integers(len(finding.others))]
        elif draw < 0.4 and finding.opposites:
            text = finding.opposites[chance.integers(len(finding.opposites))]
            present, opposite = not present, True
        answer = YES if present else NO
        return Example(index, text, answer, YES_NO, finding=finding.name, opposite=opposite)

    def _described(self, index: int) -> Example:
        text = self._wordings.describe(self._pictures[index].labels)
        return Example(index, self._wordings.prompt, text)


def open_questions(pictures: Sequence[Picture]) -> dict[str, list[RadQuestion]]:
    """The open questions of the training part, by part of the body."""
    lent: dict[str, list[RadQuestion]] = {}
    for picture in pictures:
        if picture.part == TRAINING:
            asked = [question for question in picture.questions if not question.closed]
            lent.setdefault(picture.organ, []).extend(asked)
    return lent


def all_texts(
    pictures: Sequence[Picture], wordings: Wordings, modalities: bool = False
) -> list[str]:
    """Every text that training can show, as it is shown, to choose the dictionary from."""
    texts = [question_text(wordings.prompt)]
    for finding in wordings.findings:
        asked_as = (finding.question, *finding.others, *finding.opposites)
        texts += [*map(question_text, asked_as), finding.present, finding.absent]
    for organ in ORGANS.values():
        texts.append(f"is this an image of the {organ}? does this image show? is this a {organ}")
    if modalities:
        texts += [f"is this an {name}? is this a" for name in MODALITIES]
    for picture in pictures:
        for asked in picture.questions:
            texts += [question_text(asked.text), asked.answer.lower()]
    return texts
