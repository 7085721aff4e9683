"""Which protocol fits, and which image is most like another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame
from tests.ui.films import film
from ui.hanging.choosing import Case, alike, choose, hang, likeness, meets, score_of
from ui.hanging.protocol import Place, Protocol, When
from ui.worklist.entries import series_of
from ui.worklist.thumbnails import SeriesEntry

AXIAL = [1, 0, 0, 0, 1, 0]


def image(series: int = 1, instance: int = 1, **header: Any) -> ImageFrame:
    header.setdefault("Modality", "CT")
    return film(np.zeros((4, 4), np.uint8), series=series, instance=instance, **header)


def entry(*frames: ImageFrame) -> SeriesEntry:
    return SeriesEntry(series_of(frames), frames)


def case(*frames: ImageFrame, **more: Any) -> Case:
    return Case(tuple(entry(one) for one in frames), **more)


HEAD = Protocol("head", when=When(("CT",), ("HEAD",)), places=(Place(),))
ANY_CT = Protocol("any CT", when=When(("CT",)), places=(Place(),))
OWN = Protocol("own", when=When(("CT",)), places=(Place(),), is_own=True)


def test_the_more_a_protocol_asks_the_better_it_fits_and_the_readers_own_comes_first() -> None:
    head = case(image(BodyPartExamined="HEAD"))

    assert choose([ANY_CT, HEAD], head) is HEAD
    assert choose([ANY_CT, HEAD, OWN], head) is OWN
    assert choose([ANY_CT, HEAD], case(image(BodyPartExamined="KNEE"))) is ANY_CT
    assert choose([ANY_CT, HEAD, OWN], case(image(Modality="MR"))) is None
    assert choose([ANY_CT], case()) is None


@pytest.mark.parametrize(("least", "most", "fits"), [(2, 0, True), (3, 0, False), (1, 1, False)])
def test_the_number_of_series_counts(least: int, most: int, fits: bool) -> None:
    protocol = Protocol("two", when=When(series=(least, most)), places=(Place(),))

    assert (score_of(protocol, case(image(1), image(2))) is not None) is fits


def test_a_place_that_is_needed_and_not_there_rules_a_protocol_out() -> None:
    needed = Protocol("PA", places=(Place(view=("PA",), needed=True),))

    assert score_of(needed, case(image(ViewPosition="LL"))) is None
    assert score_of(needed, case(image(ViewPosition="PA"))) is not None


def test_a_protocol_with_a_prior_fits_once_there_is_one_or_it_is_on_its_way() -> None:
    place = Place(study="prior", needed=True)
    protocol = Protocol("prior", columns=2, when=When(prior=True), places=(Place(), place))
    now, before = image(1), image(2)

    assert score_of(protocol, case(now)) is None
    assert score_of(protocol, case(now, prior_waits=True)) is not None
    assert score_of(protocol, case(now, prior=(entry(before),))) is not None
    assert [one.entry for one in hang(protocol, case(now))][1] is None


def test_a_place_takes_the_series_with_most_of_its_words_and_none_of_the_forbidden() -> None:
    place = Place(words=("t2", "flair"), without=("adc",))

    assert meets(place, image(SeriesDescription="T2 FLAIR axial")) == 2
    assert meets(place, image(SeriesDescription="T2 tse")) == 1
    assert meets(place, image(SeriesDescription="T1")) is None
    assert meets(place, image(SeriesDescription="T2 ADC")) is None


def test_words_of_the_header_tell_the_view_where_viewposition_is_empty() -> None:
    assert meets(Place(view=("LL",)), image(SeriesDescription="Thorax lateral")) == 0
    assert meets(Place(view=("PA",)), image(SeriesDescription="Chest PA")) == 0
    assert meets(Place(view=("PA",)), image(SeriesDescription="Spaces apart")) is None


def test_the_plane_is_known_of_a_multi_frame_image_too() -> None:
    shared, orientation = Dataset(), Dataset()
    orientation.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    shared.PlaneOrientationSequence = [orientation]
    frame = image(SharedFunctionalGroupsSequence=[shared])

    assert meets(Place(plane="sagittal"), frame) == 0
    assert meets(Place(plane="axial"), frame) is None


def test_places_left_over_take_the_series_left_over_but_no_scout() -> None:
    scout = image(1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SeriesDescription="loc")
    plain, t1 = image(2), image(3, SeriesDescription="t1")

    places = (Place(words=("t1",)), Place(words=("x",)), Place(words=("y",)))
    hung = hang(Protocol("three", columns=3, places=places), case(scout, plain, t1))

    assert [one.entry.frames[0] if one.entry else None for one in hung] == [t1, plain, None]


def test_a_place_that_may_show_again_what_another_shows_does() -> None:
    protocol = Protocol("twice", columns=2, places=(Place(), Place(again=True)))

    first, second = hang(protocol, case(image()))

    assert first.entry is second.entry


def test_another_side_is_less_alike_than_an_unknown_one() -> None:
    left = image(Modality="CR", Laterality="L", BodyPartExamined="KNEE")
    right = image(2, Modality="CR", Laterality="R", BodyPartExamined="KNEE")
    unsaid = image(3, Modality="CR", BodyPartExamined="KNEE")
    other = image(4, Modality="CR", Laterality="L", BodyPartExamined="HAND")

    order = sorted([right, unsaid, other, left], key=lambda one: likeness(left, one))

    assert order == [other, right, unsaid, left]


def test_scouts_alone_are_nothing_to_compare_with() -> None:
    scout = image(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], ImageOrientationPatient=AXIAL)

    assert alike(image(2), [entry(scout)]) is None
