"""The table of published figures: every row of it has its values, its recipe, and what it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from model_backend.evaluation.measured import MORE_TITLES
from model_backend.evaluation.published import FINE_TUNED, dataset_of, figures, published_for
from model_backend.request import ANSWER, FINDINGS, SUMMARY
from model_backend.training.recipe import PACKAGED
from model_backend.tuning.objectives import OBJECTIVES
from model_backend.tuning.recipe import AUTO, read_tuning

OWN = {"demo", "wordings"}


@pytest.fixture(scope="module")
def rows(root: Path) -> dict[str, list[str]]:
    """The cells of the table in docs/evaluation.md by the number of their row."""
    text = (root / "docs" / "evaluation.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {line[0]: line[1:] for line in cells}


def test_the_table_has_every_row_of_the_specification(rows: dict[str, list[str]]) -> None:
    assert list(rows) == [str(number) for number in range(1, 28)]
    assert all(len(cells) == 6 for cells in rows.values())


def test_each_row_has_a_recipe_that_can_be_read_and_each_recipe_a_row(
    rows: dict[str, list[str]],
) -> None:
    named = {cells[3].strip("`") for cells in rows.values()}
    tuning = {
        file.name
        for file in PACKAGED.glob("*.toml")
        if "[tuning]" in file.read_text(encoding="utf-8")
    }

    assert named <= tuning
    for name in named:
        recipe = read_tuning(PACKAGED / name)
        for source in recipe.sources:
            assert set(source.objectives) <= {AUTO, *OBJECTIVES}
            assert recipe.tuning.parent and source.rows * recipe.tuning.accumulate >= 128


def test_every_figure_of_base_size_that_we_hold_stands_in_the_table(
    rows: dict[str, list[str]],
) -> None:
    table = " ".join(cells[2] for cells in rows.values())

    for one in figures():
        if one.size == "base" and one.kind == FINE_TUNED:
            for value in one.values.values():
                assert f"{value}" in table, f"{one.dataset}: {value}"


def test_each_row_says_whether_its_data_are_public(rows: dict[str, list[str]]) -> None:
    for cells in rows.values():
        assert re.match(r"public|credentialed|by signed agreement", cells[4]), cells


def test_every_metric_that_is_published_has_a_title() -> None:
    assert {name for one in figures() for name in one.values} <= set(MORE_TITLES)


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("vqa_rad", "vqa_rad"),
        ("path_vqa", "pathvqa"),
        ("sets/mimic_cxr", "mimic_cxr"),
        ("mimic_iii", "mimic_iii"),
        ("cbis_ddsm_mass", "cbis_ddsm_mass"),
        ("trec_trials", "trec_2022"),
        ("organcmnist", "organcmnist"),
        ("my own films", ""),
    ],
)
def test_a_set_is_known_by_the_name_of_its_folder_or_converter(name: str, dataset: str) -> None:
    assert dataset_of(name) == dataset


def test_one_set_of_two_tasks_has_the_figures_of_each() -> None:
    (texts,) = published_for("mimic_cxr", "base", FINDINGS)
    (summaries,) = published_for("mimic_cxr", "base", SUMMARY)

    assert texts.values["meteor"] == 14.2 and summaries.values == {"rouge_l": 44.4}
    assert published_for("slake", "base", ANSWER)[0].values["weighted_f1"] == 85.2
