"""Our figures agree with the libraries', and the libraries' are theirs."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
import sacrebleu
import sklearn.metrics
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from rouge_score.rouge_scorer import RougeScorer

from model_backend.evaluation import meteor as meteor_file
from model_backend.evaluation.asked import Said
from model_backend.evaluation.bleu import bleu_measure
from model_backend.evaluation.captions import cider, cleaned, rouge_l
from model_backend.evaluation.classified import auc_measure, classes_auc_measure, f1_measure
from model_backend.evaluation.labelled import LabelledProblem
from model_backend.evaluation.measured import as_entry, measured, sides_of
from model_backend.evaluation.problems import needed
from model_backend.evaluation.rouge import rouge
from model_backend.request import CLASSIFY, FINDINGS, SUMMARY
from tests.model_backend.evaluation.answers import said, yes_no_cases

WORDS = "the lungs are clear no pleural effusion heart is enlarged on left small nodule".split()


def texts(count: int, seed: int, longest: int = 14) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randint(1, longest))) for _ in range(count)]


def classes(count: int = 60) -> list[Said]:
    chance = np.random.default_rng(4)
    names = ("normal", "viral", "bacterial")
    cases = []
    for place in range(count):
        right = names[int(chance.integers(3))]
        shares = chance.dirichlet([3 if one == right else 1 for one in names])
        given = names[int(shares.argmax())]
        cases.append(
            said(CLASSIFY, right, given, shares=tuple(shares), candidates=names, line=place)
        )
    return cases


def test_the_area_under_the_curve_is_scikit_learns_on_all_cases_and_on_any_draw() -> None:
    positive, shares = sides_of(yes_no_cases(80))
    measure = auc_measure(positive, np.round(shares, 1))  # with ties

    for seed in range(5):
        drawn = np.random.default_rng(seed).integers(0, 80, 80)
        theirs = sklearn.metrics.roc_auc_score(positive[drawn], np.round(shares, 1)[drawn])
        assert measure.exact(drawn) == pytest.approx(100 * theirs)
        assert measure.quick(drawn) == pytest.approx(100 * theirs)
    assert np.isnan(measure.exact(np.flatnonzero(positive > 0)))
    assert np.isnan(measure.quick(np.flatnonzero(positive > 0)))


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_f1_is_scikit_learns_on_all_cases_and_on_any_draw(average: str) -> None:
    cases = classes()
    truth = np.array([one.case.answer for one in cases])
    given = np.array([one.answer.text for one in cases])
    measure = f1_measure(cases, average)

    for seed in range(5):
        drawn = np.random.default_rng(seed).integers(0, len(cases), len(cases))
        theirs = sklearn.metrics.f1_score(truth[drawn], given[drawn], average=average)
        assert measure.exact(drawn) == pytest.approx(100 * theirs)
        assert measure.quick(drawn) == pytest.approx(100 * theirs)


def test_the_area_of_several_classes_is_scikit_learns_one_against_the_rest() -> None:
    cases = classes()
    names = list(cases[0].case.candidates)
    truth = np.array([names.index(one.case.answer) for one in cases])
    shares = np.array([one.answer.probabilities for one in cases])

    measure = classes_auc_measure(cases)

    assert measure is not None
    theirs = sklearn.metrics.roc_auc_score(truth, shares, multi_class="ovr", average="macro")
    assert measure.exact(np.arange(len(cases))) == pytest.approx(100 * theirs)
    assert measure.quick(np.arange(len(cases))) == pytest.approx(100 * theirs)


def test_cider_and_rouge_l_are_those_of_the_coco_toolkit() -> None:
    ours, theirs = texts(40, 1), texts(40, 2)
    references = {place: [text] for place, text in enumerate(theirs)}
    hypotheses = {place: [text] for place, text in enumerate(ours)}

    toolkit_cider, each = Cider().compute_score(references, hypotheses)
    toolkit_rouge, _ = Rouge().compute_score(references, hypotheses)

    split = [text.split() for text in ours], [[text.split()] for text in theirs]
    assert cider(*split) == pytest.approx(each.tolist())
    assert float(np.mean(cider(*split))) == pytest.approx(toolkit_cider)
    mean = np.mean([rouge_l(a, b) for a, b in zip(*split, strict=True)])
    assert float(mean) == pytest.approx(toolkit_rouge)


def test_rouge_of_summaries_is_that_of_the_package_rouge_score() -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)

    for mine, other in zip(texts(40, 3), texts(40, 4), strict=True):
        theirs = scorer.score(other, mine)
        ours = rouge(mine, other)
        assert ours["rouge_1"] == pytest.approx(theirs["rouge1"].fmeasure)
        assert ours["rouge_2"] == pytest.approx(theirs["rouge2"].fmeasure)
        assert ours["rouge_l"] == pytest.approx(theirs["rougeL"].fmeasure)


@pytest.mark.parametrize("order", [1, 4])
def test_bleu_of_a_draw_is_sacrebleus_of_the_same_texts(order: int) -> None:
    ours = [*texts(30, 5, 30), ""]
    theirs = [[*ours[:10], *texts(21, 6, 30)][place] for place in range(31)]
    measure = bleu_measure(ours, [[one] for one in theirs], order)

    for seed in range(3):
        drawn = np.random.default_rng(seed).integers(0, 31, 31)
        metric = sacrebleu.BLEU(tokenize="none", smooth_method="none", max_ngram_order=order)
        whole = metric.corpus_score([ours[p] for p in drawn], [[theirs[p] for p in drawn]])
        assert measure(drawn) == pytest.approx(whole.score)


def test_meteor_is_that_of_its_authors_program() -> None:
    if reason := meteor_file.why_not():
        pytest.skip(f"METEOR cannot be computed: {reason}")

    same, none, near = meteor_file.meteor(
        ["the lungs are clear", "", "a big heart"],
        [["the lungs ||| are\nclear"], ["x"], ["the heart is enlarged", "large heart"]],
    )

    assert (same, none) == (1.0, 0.0) and 0.3 < near < 1.0


def test_meteor_without_its_package_or_java_is_not_computed_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    cases = [said(FINDINGS, "clear lungs", "clear lungs", line=n) for n in range(3)]

    found = measured(cases, 10)

    assert found.not_computed == {"meteor": meteor_file.NO_JAVA}
    monkeypatch.setattr(meteor_file, "find_spec", lambda name: None)
    assert meteor_file.why_not() == meteor_file.NO_PACKAGE


def test_a_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)

    with pytest.raises(LabelledProblem, match="scikit-learn, which is not installed"):
        needed("sklearn.metrics", "scikit-learn")


def test_questions_have_accuracy_f1_and_area_with_intervals_of_patients() -> None:
    cases = yes_no_cases(60)

    scores = {one.name: one for one in measured(cases, 200).scores}

    assert scores.keys() == {"overall", "weighted_f1", "macro_f1", "auc"}
    assert all(one.low <= one.value <= one.high for one in scores.values())
    assert as_entry(scores["auc"])["title"] == "area under the curve"
    # Two cases a patient: drawing patients gives a wider interval than drawing cases would.
    assert scores["overall"].high - scores["overall"].low > 15


def test_texts_have_the_captions_figures_and_summaries_theirs() -> None:
    cases = [
        said(task, "The lungs are clear.", text, line=n)
        for task in (FINDINGS, SUMMARY)
        for n, text in enumerate(["the lungs are clear", "a heart", "clear lungs"])
    ]

    captions = {one.name: one.value for one in measured(cases[:3], 20, False).scores}
    summaries = {one.name: one.value for one in measured(cases[3:], 20, False).scores}

    assert captions.keys() == {"rouge_1", "rouge_2", "rouge_l", "cider", "bleu_1", "bleu_4"}
    assert summaries.keys() == {"rouge_1", "rouge_2", "rouge_l", "bleu_1", "bleu_4"}
    assert 33 < captions["rouge_l"] < 67 and cleaned("A.") == ["a"]
    assert measured(cases[:3], 20, False).not_computed == {"meteor": "not asked for"}
