"""Cases as the network reads and says them: one prompt for each task (spec 8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_backend import request as names
from model_backend.biomedgpt import locations
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.prompts import LABEL_OF, Asked, Example, Prompter
from model_backend.biomedgpt.tokenizer import BOS, Tokenizer
from model_backend.practice.drawing import SIDE, Box, without_middle
from model_backend.practice.examples import Case
from model_backend.request import Place


class CaseEncoder:
    """Encodes cases for one network."""

    def __init__(self, config: OFAConfig) -> None:
        self.config = config
        self.tokenizer = Tokenizer(config)
        self._prompter = Prompter(self.tokenizer)

    def encode(self, case: Case) -> Example:
        """Source and target of a case."""
        bins = self.bins_of(case.box) if case.box else ()
        source = self._prompter.source_of(Asked(case.task, case.text, case.text2, bins))
        if case.task == names.ENTAILMENT:  # one symbol, no eos
            return Example(source, tuple(self.said(case)), (BOS,))
        example = self._prompter.plain(source, self.said(case))
        if case.task == names.INFILL_IMAGE:
            return Example(source, example.target, example.previous, is_code=True)
        return example

    def said(self, case: Case) -> list[int]:
        """The symbols of the right answer, without eos."""
        if case.task == names.INFILL_IMAGE:
            return [self.tokenizer.first_code + code for code in case.codes]
        if case.task == names.ENTAILMENT:
            return self.tokenizer.encode(f" {LABEL_OF[case.answer]}")
        if case.task == names.SUMMARY:  # alone begins without a blank
            return self.tokenizer.encode(case.answer)
        symbols = self.tokenizer.encode(f" {case.answer}") if case.answer else []
        for box, label in case.boxes:
            symbols += self._prompter.bins(self.bins_of(box))
            if case.task == names.DETECTION:
                symbols += self.tokenizer.encode(f" {label}")
        return symbols

    def bins_of(self, box: Box) -> tuple[int, ...]:
        """The numbers of the location symbols of a box in a picture of SIDE pixels."""
        return locations.bins_of(Place(*box), SIDE, SIDE, self.config)

    def rivals(self, case: Case, target: tuple[int, ...]) -> list[list[int]]:
        """For each place of a class name the symbols that continue some class (spec 9.5).

        Captions and classes have the same prompt, so classes compete among themselves alone.
        """
        trie = Trie([self.tokenizer.encode(f" {one}") for one in case.candidates])
        return [trie.allowed(target[:place]) for place in range(len(target))]


def seen_pixels(case: Case) -> NDArray[np.uint8]:
    """The picture as the network sees it: for infilling without its middle."""
    assert case.phantom
    if case.task == names.INFILL_IMAGE:
        return without_middle(case.phantom.pixels)
    return case.phantom.pixels
