"""Searches find the reference's symbols in the reference's order (goldens/tiny/generation.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.network import BiomedGPT, EncoderOutput
from model_backend.biomedgpt.search import Hypothesis, Search, Step, generate, search, top
from model_backend.request import BadRequest

GOLDENS = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny"
SEARCHES: list[dict[str, Any]] = json.loads((GOLDENS / "generation.json").read_text())
SCORING: dict[str, Any] = json.loads((GOLDENS / "scoring.json").read_text())
ANSWERS: list[list[int]] = SCORING["vqa_all_candidates"]["answer_token_ids"]


def settings_of(golden: dict[str, Any]) -> Search:
    extra: dict[str, Any] = dict(golden["settings"])
    if "crange" in golden:
        low, high = golden["crange"].split(",")
        extra["crange"] = (int(low), int(high))
    extra["zero_shot"] = golden.get("zero_shot", False)
    extra["gen_code"] = golden.get("extra", {}).get("gen_code", False)
    return Search(**extra)


@pytest.fixture(scope="module")
def encoded(tiny: BiomedGPT, inputs: dict[str, Tensor]) -> dict[bool, EncoderOutput]:
    """Encoder outputs with and without the pictures."""
    with torch.no_grad():
        tokens = inputs["src_tokens"]
        pictures = tiny.encode(tokens, inputs["patch_images"], inputs["patch_masks"])
        return {True: pictures, False: tiny.encode(tokens)}


def run(
    golden: dict[str, Any], tiny: BiomedGPT, encoder: EncoderOutput, **options: Any
) -> list[list[Hypothesis]]:
    return generate(
        tiny,
        encoder,
        settings_of(golden),
        source_length=28,
        prefixes=golden.get("prefix_tokens"),
        trie=Trie(ANSWERS) if golden.get("trie") else None,
        **options,
    )


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("golden", SEARCHES, ids=[one["name"] for one in SEARCHES])
def test_every_golden_search_agrees(
    golden: dict[str, Any], cached: bool, tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    found = run(golden, tiny, encoded[golden.get("images", True)], cached=cached)

    assert len(found) == len(golden["hypotheses"])
    for mine, theirs in zip(found, golden["hypotheses"], strict=True):
        assert [list(one.tokens) for one in mine] == [one["tokens"] for one in theirs]
        for one, other in zip(mine, theirs, strict=True):
            assert one.score == pytest.approx(other["score"], abs=1e-4)
            assert one.positional_scores == pytest.approx(other["positional_scores"], abs=1e-4)


def only(encoder: EncoderOutput, row: int) -> EncoderOutput:
    return EncoderOutput(
        encoder.states[row : row + 1], encoder.padding_mask[row : row + 1], encoder.positions
    )


def test_a_batch_finds_what_each_sentence_finds_alone(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    golden = next(one for one in SEARCHES if one["name"] == "beam5")

    for row in range(3):
        alone = run(golden, tiny, only(encoded[True], row))
        tokens = [list(one.tokens) for one in alone[0]]
        assert tokens == [one["tokens"] for one in golden["hypotheses"][row]]


def test_symbols_stream_as_they_are_decoded(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    events = list(search(tiny, only(encoded[True], 0), Search(beam=1, max_len_b=12)))

    steps = [event for event in events if isinstance(event, Step)]
    last = events[-1]
    assert isinstance(last, list)
    assert [len(step.tokens) for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].tokens == last[0][0].tokens[:-1]
    assert last[0][0].cut_off  # this network never ends by itself within twelve symbols


def test_an_end_that_comes_by_itself_is_not_cut_off(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    found = generate(tiny, only(encoded[True], 0), Search(beam=1, max_len_b=10), trie=Trie(ANSWERS))

    assert not found[0][0].cut_off


def test_a_search_stops_when_it_is_told(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    seen: list[object] = []
    for event in search(tiny, only(encoded[True], 0), Search(beam=1), stop=lambda: len(seen) >= 3):
        seen.append(event)

    assert len(seen) == 3
    assert all(isinstance(event, Step) for event in seen)


def test_answers_longer_than_the_limit_are_refused_before_the_search(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    with pytest.raises(BadRequest, match="longest answer needs 4 symbols"):
        generate(tiny, encoded[True], Search(beam=1, max_len_b=3), trie=Trie([[5, 6, 7, 8]]))


def test_an_empty_list_of_answers_is_refused() -> None:
    with pytest.raises(BadRequest, match="empty"):
        Trie([])


def test_one_beam_is_the_greedy_choice_at_every_step(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    encoder = only(encoded[True], 1)
    tokens = torch.tensor([[0]])
    for step in range(10):
        logits = tiny.decode(tokens, encoder)[0, -1]
        logits[1] = float("-inf")  # pad is never said
        if step == 0:
            logits[2] = float("-inf")  # min_len 1
        tokens = torch.cat([tokens, logits.argmax().view(1, 1)], dim=1)

    found = [generate(tiny, encoder, Search(beam=1, max_len_b=10)) for _ in range(2)]

    assert found[0] == found[1]
    assert list(found[0][0][0].tokens[:-1]) == tokens[0, 1:].tolist()


def test_a_search_that_cannot_end_says_so(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    ruled_out = Search(beam=2, max_len_b=6, crange=(100, 200))  # and the only answer is 5

    with pytest.raises(BadRequest, match="within 6 symbols"):
        generate(tiny, only(encoded[True], 0), ruled_out, trie=Trie([[5]]))


def test_a_text_longer_than_the_network_writes_is_refused(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    with pytest.raises(BadRequest, match="1023"):
        generate(tiny, encoded[True], Search(max_len_b=1024))


@pytest.mark.parametrize("beam", [1, 3, 6])
def test_what_has_settled_is_how_every_result_begins(tiny: BiomedGPT, beam: int) -> None:
    tokens = torch.tensor([[0, 90, 120, 300, 2]])
    states = tiny.encode(tokens)
    settings = Search(beam=beam, max_len_b=40, min_len=10)

    *steps, found = search(tiny, states, settings)

    assert isinstance(found, list)
    settled = [step.settled for step in steps if isinstance(step, Step)]
    assert settled == sorted(settled) and settled[-1] > 0
    for step in steps:
        assert isinstance(step, Step)
        for one in found[0]:
            assert one.tokens[: step.settled] == step.tokens[: step.settled]


RULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "one beam": {"beam": 1, "min_len": 12},
    "wide": {"beam": 9, "lenpen": 0.7},
    "no repeats": {"no_repeat_ngram_size": 2, "min_len": 14},
    "warm": {"temperature": 1.7, "unnormalized": True, "unkpen": 3.0},
    "range": {"crange": (200, 900), "unnormalized": True},
    "range after the softmax": {"crange": (200, 900), "zero_shot": True},
    "codes": {"gen_code": True, "min_len": 10},
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("lengths", [(0, 0, 0), (3, 3, 3), (6, 2, 4), (4, 0, 14)])
def test_what_is_remembered_and_read_ahead_changes_no_result(
    name: str, lengths: tuple[int, ...], tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    draw = torch.Generator().manual_seed(sum(lengths))
    prompts = [torch.randint(200, 900, (n,), generator=draw).tolist() for n in lengths]
    rules = Search(**{"beam": 4, "max_len_b": 14, **RULES[name]})

    fast, slow = (
        generate(tiny, encoded[True], rules, prefixes=prompts, cached=cached)
        for cached in (True, False)
    )

    for mine, theirs in zip(fast, slow, strict=True):
        assert [one.tokens for one in mine] == [one.tokens for one in theirs]
        assert [one.cut_off for one in mine] == [one.cut_off for one in theirs]
        for one, other in zip(mine, theirs, strict=True):
            assert one.positional_scores == pytest.approx(other.positional_scores, abs=1e-4)


def test_long_searches_outgrow_their_room_and_lose_nothing(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    rules = Search(beam=3, max_len_b=90, min_len=88)

    fast, slow = (
        generate(tiny, encoded[True], rules, cached=cached)[2][0].tokens for cached in (True, False)
    )

    assert fast == slow


def test_a_prompt_that_repeats_itself_falls_to_the_blocking_of_repeats(
    tiny: BiomedGPT, encoded: dict[bool, EncoderOutput]
) -> None:
    rules = Search(beam=2, max_len_b=12, no_repeat_ngram_size=2)

    for cached in (True, False):
        with pytest.raises(BadRequest, match="n-gram blocking"):
            generate(
                tiny,
                only(encoded[True], 0),
                rules,
                prefixes=[[7, 8, 7, 8]],
                cached=cached,
            )


@pytest.mark.parametrize("length", [3, 300, 5120, 5121, 59_457])
def test_best_of_a_long_row_are_found_block_by_block(length: int) -> None:
    scores = torch.randperm(2 * 3 * length, generator=torch.Generator().manual_seed(1))
    scores = scores.float().view(2, 3, length)

    best, place = top(scores, min(10, length))

    expected = scores.topk(min(10, length), dim=-1)
    assert torch.equal(best, expected.values)
    assert torch.equal(place, expected.indices)


def test_a_row_with_few_numbers_that_are_finite_still_gives_as_many_places() -> None:
    scores = torch.full((1, 1, 59_457), float("-inf"))
    scores[0, 0, 40_000] = -1.0

    best, place = top(scores, 10)

    assert best[0, 0, 0] == -1.0 and place[0, 0, 0] == 40_000
    assert bool((best[0, 0, 1:] == float("-inf")).all())
    assert int(place.max()) < 59_457
