"""Which earlier studies are worth comparing with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dicom_io.errors import NodeTimedOut
from dicom_io.identity import Identity
from dicom_io.priors import Prior, find_priors, may_be_same_patient, ranked, to_compare
from dicom_io.source import Found, Query, Stop, never
from dicom_io.study import Series, Study

NOW = Study(Identity("P1", "EAST", "1"), date="20240503", time="101500", modalities=("CR",))


def study(uid: str, date: str = "20200101", modality: str = "CR", **more: Any) -> Study:
    issuer = more.pop("issuer", "EAST")
    return replace(
        NOW, identity=Identity("P1", issuer, uid), date=date, modalities=(modality,), **more
    )


class Shelf:
    """A source that answers from a list."""

    name = "shelf"

    def __init__(self, *studies: Study, problem: Exception | None = None) -> None:
        self.studies, self.problem = studies, problem
        self.asked: list[str] = []

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        for count, one in enumerate(self.studies, 1):
            yield Found(one, count)
        if self.problem is not None:
            raise self.problem

    def series(self, study: str, stop: Stop = never) -> Sequence[Series]:
        self.asked.append(study)
        return (Series(Identity("P1", "EAST", study, "1"), body_part="KNEE"),)


def found(*studies: Study, region: str = "CHEST", here: Sequence[Study] = ()) -> list[Prior]:
    source = Shelf(*studies)
    return list(find_priors(NOW, region, [source], here, never))  # type: ignore[list-item]  # no store


def test_the_same_part_counts_more_than_the_date_and_the_date_more_than_nothing() -> None:
    priors = found(
        study("old chest", "20190101", description="Chest"),
        study("new chest", "20230101", description="Thorax p.a."),
        study("chest CT", "20240101", "CT", description="CT Chest"),
        study("hand", "20240301", description="Hand"),
        study("later", "20250101", description="Chest"),
    )

    order = ranked(NOW, priors)

    assert [one.study.identity.study for one in order] == [
        "new chest", "old chest", "chest CT", "hand", "later",
    ]  # fmt: skip
    assert [one.relevance for one in order] == [3, 3, 2, 1, 3]
    best = to_compare(NOW, order)
    assert best is not None and best.study.identity.study == "new chest"


def test_a_study_of_the_same_part_later_on_the_same_day_is_no_prior() -> None:
    priors = ranked(NOW, found(study("later", "20240503", time="120000", description="Chest")))

    assert to_compare(NOW, priors) is None


def test_another_part_is_offered_and_never_taken_by_itself() -> None:
    priors = ranked(NOW, found(study("hand", description="Hand")))

    assert len(priors) == 1
    assert to_compare(NOW, priors) is None


def test_where_nothing_names_a_part_the_same_kind_will_do() -> None:
    plain = Prior(study("plain"), relevance=1)

    assert to_compare(NOW, [plain]) is plain


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        (Identity("P1", "EAST", "2"), True),
        (Identity("P1", "", "2"), True),  # the files will tell
        (Identity("P1", "WEST", "2"), False),
        (Identity("P2", "EAST", "2"), False),
        (Identity("p1", "EAST", "2"), False),
    ],
)
def test_the_same_number_of_another_issuer_is_another_person(answer: Identity, same: bool) -> None:
    assert may_be_same_patient(answer, NOW.identity) is same


def test_a_named_issuer_is_not_the_unnamed_one_and_no_number_is_nobodys() -> None:
    assert not may_be_same_patient(Identity("P1", "WEST", "2"), Identity("P1", "", "1"))
    assert not may_be_same_patient(Identity("", "", "2"), Identity("", "", "1"))


def test_reports_alone_and_the_study_itself_are_no_priors() -> None:
    assert found(study("report", modality="SR"), NOW) == []


def test_the_series_are_asked_only_where_the_study_says_nothing() -> None:
    source = Shelf(study("mute"), study("told", description="Chest"))

    priors = list(find_priors(NOW, "KNEE", [source], (), never))  # type: ignore[list-item]  # no store

    assert source.asked == ["mute"]
    assert [one.region for one in priors] == ["KNEE", "CHEST"]


def test_another_birth_date_is_a_doubt_and_keeps_it_from_being_taken() -> None:
    now = replace(NOW, birth_date="19500101")
    other = study("chest", description="Chest", birth_date="19510101")
    priors = list(find_priors(now, "CHEST", [Shelf(other)], (), never))  # type: ignore[list-item]  # no store

    assert [one.doubt for one in priors] == ["another birth date"]
    assert to_compare(now, priors) is None


def test_a_source_that_fails_is_told_only_when_nothing_else_was_found() -> None:
    broken = Shelf(problem=NodeTimedOut("The PACS did not answer.", "shelf"))

    with pytest.raises(NodeTimedOut):
        list(find_priors(NOW, "", [broken], (), never))  # type: ignore[list-item]  # no store
    on_disk = list(find_priors(NOW, "", [broken], [study("here")], never))  # type: ignore[list-item]  # no store
    assert [one.on_disk for one in on_disk] == [True]


def test_what_is_on_the_disk_and_in_the_pacs_comes_once() -> None:
    unnamed = study("both", description="Chest", issuer="")

    (one,) = found(unnamed, here=[study("both")])

    assert one.on_disk and one.source == "shelf"
    assert one.study.identity.issuer == "EAST"  # the file knows what the answer did not say
