"""Warnings of libraries become notices, and nothing else does."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import UID
from pydicom.valuerep import validate_value

from dicom_io.image.frame import open_frames
from dicom_io.image.notices import gathered


def test_a_library_s_warning_is_gathered_once() -> None:
    with gathered() as texts:
        for _ in range(3):
            validate_value("CS", "not a code", 1)
            UID("1..2")

    assert texts == ["The header has values that break the rules of DICOM."]


def test_a_warning_of_our_own_code_is_passed_on() -> None:
    with pytest.warns(UserWarning, match="ours"), gathered() as texts:
        warnings.warn("ours", stacklevel=1)

    assert texts == []


def test_a_failure_inside_leaves_the_filters_as_they_were() -> None:
    before = list(warnings.filters)

    with pytest.raises(KeyError), gathered():
        raise KeyError("x")

    assert list(warnings.filters) == before


def test_opening_a_file_logs_nothing_of_its_header(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    frames = open_frames(Path(str(get_testdata_file("badVR.dcm"))))

    assert frames[0].notices
    assert caplog.records == []
