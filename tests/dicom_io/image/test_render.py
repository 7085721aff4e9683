"""The grey pipeline against exact arithmetic: order, polarity, windows, padding."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread, examples
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi_lut
from pydicom.uid import ImplicitVRLittleEndian

from dicom_io.image.frame import ImageFrame, frames_of_dataset, open_frames
from dicom_io.image.lut import LookUpTable
from dicom_io.image.render import (
    Renderer,
    Window,
    apply_table,
    grey_table,
    notices_of,
    render,
    windows_of,
)
from dicom_io.image.window import LINEAR_EXACT, SIGMOID

MakeFrames = Callable[..., tuple[ImageFrame, ...]]

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
TWELVE = {"BitsStored": 12, "HighBit": 11}


def half_up(value: Fraction | float) -> int:
    return math.floor(value + Fraction(1, 2))


def exact_linear(x: int, center: Fraction, width: Fraction) -> int:
    """The pseudo-code of PS3.3 C.11.2.1.2.1, with fractions."""
    middle, reach = center - Fraction(1, 2), (width - 1) / 2
    if x <= middle - reach:
        return 0
    if x > middle + reach:
        return 255
    return half_up(((x - middle) / (width - 1) + Fraction(1, 2)) * 255)


def voi_lut_item(entries: list[int], first: int, bits: int) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", [len(entries) % 65536, first % 65536, bits])
    item.add_new(0x00283006, "OW", np.array(entries, "<u2").tobytes())
    item.LUTExplanation = "Curve"
    return item


CURVE = [x * x // 4095 for x in range(4096)]
VOI: dict[str, dict[str, Any]] = {
    "linear": {"WindowCenter": 1500, "WindowWidth": 1001},
    "sigmoid": {"WindowCenter": 2000, "WindowWidth": 900, "VOILUTFunction": "SIGMOID"},
    "table": {"VOILUTSequence": [voi_lut_item(CURVE, 0, 12)]},
}
EXPECTED = {
    "linear": [exact_linear(x, Fraction(1500), Fraction(1001)) for x in range(4096)],
    "sigmoid": [half_up(255 / (1 + math.exp(-4 * (x - 2000) / 900))) for x in range(4096)],
    "table": [half_up(Fraction(CURVE[x] * 255, 4095)) for x in range(4096)],
}


@pytest.mark.parametrize(
    ("photometric", "voi", "shape", "invert"),
    list(
        itertools.product(
            ("MONOCHROME1", "MONOCHROME2"), VOI, ("IDENTITY", "INVERSE"), (False, True)
        )
    ),
)
def test_a_ramp_comes_out_exactly_in_each_of_24_pipelines(
    make_frames: MakeFrames, photometric: str, voi: str, shape: str, invert: bool
) -> None:
    (frame,) = make_frames(RAMP, PhotometricInterpretation=photometric, **TWELVE, **VOI[voi])

    picture = render(frame, frame.stored(), invert=invert, shape=shape)

    # a presentation state's shape replaces MONOCHROME1's, it does not add to it
    bright = np.array(EXPECTED[voi]).reshape(64, 64)
    expected = 255 - bright if (shape == "INVERSE") != invert else bright
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, expected)


@pytest.mark.parametrize(
    ("photometric", "own", "inverse"),
    [
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME1", "IDENTITY", True),
        ("MONOCHROME1", None, True),
    ],
)
def test_the_image_s_own_polarity_is_applied_once(
    make_frames: MakeFrames, photometric: str, own: str | None, inverse: bool
) -> None:
    extra = {"PresentationLUTShape": own} if own else {}
    (frame,) = make_frames(
        RAMP, PhotometricInterpretation=photometric, **TWELVE, **VOI["linear"], **extra
    )

    picture = render(frame, frame.stored())

    bright = np.array(EXPECTED["linear"]).reshape(64, 64)
    np.testing.assert_array_equal(picture, 255 - bright if inverse else bright)


def test_the_sample_film_shows_bone_white_and_lung_dark() -> None:
    path = Path(str(get_testdata_file("RG1_UNCR.dcm")))
    (frame,) = open_frames(path)
    stored = frame.stored()

    picture = render(frame, stored)

    assert frame.photometric == "MONOCHROME1"
    spine, lung = picture[700:900, 880:940], picture[380:440, 560:640]
    assert spine.mean() > lung.mean() + 40
    # the file's own window is applied before the inversion
    step = np.clip((stored.astype(float) - 14999.5) / 29999 + 0.5, 0, 1) * 255
    assert np.abs(picture - (255 - step)).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(("center", "width"), [(40, 400), (2048, 4096), (0.5, 2), (100, 1), (7, 3)])
def test_window_ends_are_exact(make_frames: MakeFrames, center: float, width: float) -> None:
    values = np.arange(-2048, 2048, dtype=np.int16).reshape(64, 64)
    (frame,) = make_frames(values, BitsStored=12, HighBit=11)

    picture = render(frame, frame.stored(), Window(center, width))

    expected = [exact_linear(x, Fraction(center), Fraction(width)) for x in range(-2048, 2048)]
    np.testing.assert_array_equal(picture.ravel(), expected)


def test_linear_exact_and_linear_differ_as_the_standard_says() -> None:
    values = np.array([-128.0, 0, 126, 127, 128])

    linear, exact = Window(0, 256)(values), Window(0, 256, LINEAR_EXACT)(values)

    assert linear.tolist() == [0, 128, 254, 255, 255]  # x = -0.5 is the middle
    assert exact.tolist() == [0, 128, 253, 254, 255]  # x = 0 is


def test_sigmoid_saturates_without_a_warning() -> None:
    assert Window(0, 1, SIGMOID)(np.array([-1e9, 0, 1e9])).tolist() == [0, 128, 255]


def test_every_window_of_the_file_is_offered_first_one_first(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(
        RAMP,
        WindowCenter=[100, 2000],
        WindowWidth=[200, 4000],
        WindowCenterWidthExplanation=["BONE", "SOFT"],
        **TWELVE,
    )

    windows = windows_of(frame, frame.stored())

    assert [(w.center, w.width, w.explanation) for w in windows[:2]] == [
        (100, 200, "BONE"),
        (2000, 4000, "SOFT"),
    ]
    assert windows[-1].automatic
    assert windows_of(frame) == windows[:2]  # without decoding


def test_a_table_comes_before_the_windows_and_both_are_never_mixed(
    make_frames: MakeFrames,
) -> None:
    (frame,) = make_frames(RAMP, **TWELVE, **VOI["table"], WindowCenter=10, WindowWidth=5)

    windows = windows_of(frame, frame.stored())

    assert windows[0].explanation == "Curve"
    assert windows[0].lut is not None
    assert windows[1].center == 10
    assert windows_of(frame, frame.stored())[0] == windows[0]


def test_a_frame_s_own_window_wins_over_the_shared_and_the_root_one(
    make_frames: MakeFrames,
) -> None:
    def group(center: float) -> Dataset:
        voi = Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 10
        item = Dataset()
        item.FrameVOILUTSequence = [voi]
        return item

    first, second, third = make_frames(
        np.stack([RAMP] * 3),
        WindowCenter=1,
        WindowWidth=1,
        SharedFunctionalGroupsSequence=[group(300)],
        PerFrameFunctionalGroupsSequence=[group(100), group(200), Dataset()],
    )

    centers = [windows_of(frame)[0].center for frame in (first, second, third)]

    assert centers == [100, 200, 300]


def test_a_frame_s_own_table_is_its_window(make_frames: MakeFrames) -> None:
    voi, group = Dataset(), Dataset()
    voi.VOILUTSequence = [voi_lut_item(CURVE, 0, 12)]
    group.FrameVOILUTSequence = [voi]
    frames = make_frames(
        np.stack([RAMP] * 2), **TWELVE, PerFrameFunctionalGroupsSequence=[group, Dataset()]
    )

    own, other = (windows_of(frame, frame.stored())[0] for frame in frames)

    assert own.explanation == "Curve"
    assert other.automatic


def test_without_a_window_the_middle_98_percent_are_spread(make_frames: MakeFrames) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(1000, 200, (64, 64)).astype(np.int16)
    values[0, :10] = -2000
    (frame,) = make_frames(values, PixelPaddingValue=-2000, RescaleSlope=-2, RescaleIntercept=5)

    (window,) = windows_of(frame, frame.stored())

    real = values[values != -2000] * -2 + 5
    low, high = np.percentile(real, [1, 99], method="inverted_cdf")
    assert window.automatic
    assert (window.center - window.width / 2, window.center + window.width / 2) == (low, high)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
def test_a_constant_image_is_shown_without_a_warning(
    make_frames: MakeFrames, dtype: type[np.generic]
) -> None:
    (frame,) = make_frames(np.full((8, 8), 7, dtype))

    assert len(np.unique(render(frame, frame.stored()))) == 1


def test_padding_is_background_and_counts_for_nothing(make_frames: MakeFrames) -> None:
    values = np.array([[63, 64, 70], [80, 100, 200]], np.uint16)
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        (frame,) = make_frames(
            values,
            PhotometricInterpretation=photometric,
            PixelPaddingValue=70,
            PixelPaddingRangeLimit=64,
        )

        stored = frame.stored()
        picture, inverted = render(frame, stored), render(frame, stored, invert=True)

        assert picture[0, 1] == picture[0, 2] == inverted[0, 1] == inverted[0, 2] == 0
        assert sorted((picture[1, 2], inverted[1, 2])) == [0, 255]
        assert windows_of(frame, stored)[0].center == (63 + 200) / 2


def test_a_padding_value_written_with_the_wrong_sign_is_understood(
    make_frames: MakeFrames,
) -> None:
    values = np.array([[-2000, 0, 100]], np.int16)
    (frame,) = make_frames(values)
    frame.header.add_new(0x00280120, "US", 65536 - 2000)

    assert windows_of(frame, frame.stored())[0].width == 100


@pytest.mark.parametrize(
    "numbers",
    [
        {"WindowCenter": 40, "WindowWidth": 0},
        {"WindowCenter": 40, "WindowWidth": -5},
        {"WindowCenter": 40, "WindowWidth": 0.5},
        {"WindowCenter": 40, "WindowWidth": 5, "VOILUTFunction": "NO_SUCH"},
    ],
)
def test_a_senseless_window_gives_the_full_range_and_says_so(
    make_frames: MakeFrames, numbers: dict[str, object]
) -> None:
    (frame,) = make_frames(RAMP, **numbers)
    stored = frame.stored()

    picture = render(frame, stored)

    assert (picture.min(), picture.max()) == (0, 255)
    np.testing.assert_array_equal(
        picture, render(frame, stored, Window(2047.5, 4095, LINEAR_EXACT))
    )
    assert any("window" in notice for notice in notices_of(frame))


def test_a_senseless_window_asked_for_gives_the_full_range(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(RAMP)
    stored = frame.stored()

    for window in (Window(5, 0), Window(math.nan, 5), Window(5, math.inf)):
        assert window.problem()
        assert len(np.unique(render(frame, stored, window))) == 256
        with pytest.raises(ValueError, match="window"):
            grey_table(frame, window)


def test_values_and_windows_at_the_end_of_all_numbers_are_drawn(
    make_frames: Callable[..., tuple[ImageFrame, ...]],
) -> None:
    most = sys.float_info.max
    (frame,) = make_frames(np.array([[-most, 0.0, most]]))

    assert render(frame, frame.stored()).tolist() == [[0, 128, 255]]
    assert render(frame, frame.stored(), Window(most, 300)).tolist() == [[0, 0, 128]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint32])
def test_deep_and_floating_values_take_the_same_steps(
    make_frames: MakeFrames, dtype: type[np.generic]
) -> None:
    values = np.linspace(0, 100_000, 4096).reshape(64, 64).astype(dtype)
    (frame,) = make_frames(values, RescaleSlope=0.5, RescaleIntercept=-10)
    stored = frame.stored()

    picture = render(frame, stored, Window(20_000, 30_001), invert=True)

    np.testing.assert_array_equal(stored, values)
    steps = np.clip((values.astype(float) * 0.5 - 10 - 19_999.5) / 30_000 + 0.5, 0, 1) * 255
    assert np.abs(picture - (255 - steps)).max() <= 0.5 + 1e-6


def test_values_that_are_no_number_are_dark_and_do_not_spoil_the_window(
    make_frames: MakeFrames,
) -> None:
    values = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    values[0, 0] = np.nan
    (frame,) = make_frames(values)

    picture = render(frame, frame.stored())

    assert picture[0, 0] == 0
    assert picture.max() == 255


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
@pytest.mark.parametrize("invert", [False, True])
def test_the_table_and_the_picture_agree(
    make_frames: MakeFrames, dtype: type[np.integer[Any]], invert: bool
) -> None:
    rng = np.random.default_rng(3)
    low, high = int(np.iinfo(dtype).min) // 4, int(np.iinfo(dtype).max) // 4
    values = rng.integers(low, high, (32, 32)).astype(dtype)
    bits = 8 * values.dtype.itemsize - 1
    (frame,) = make_frames(values, BitsStored=bits, HighBit=bits - 1, RescaleSlope=2)
    stored = frame.stored()
    window = Window(3, 77)

    table = grey_table(frame, window, invert)

    assert table.shape == (2**bits,)
    expected = [exact_linear(int(v) * 2, Fraction(3), Fraction(77)) for v in values.ravel()]
    expected = [255 - y for y in expected] if invert else expected
    np.testing.assert_array_equal(apply_table(table, stored).ravel(), expected)
    np.testing.assert_array_equal(Renderer(frame, stored)(window, invert).ravel(), expected)


def test_colour_passes_through_and_can_be_inverted(make_frames: MakeFrames) -> None:
    values = np.random.default_rng(2).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    (frame,) = make_frames(values)
    stored = frame.stored()

    np.testing.assert_array_equal(render(frame, stored, windows_of(frame)[0]), values)
    np.testing.assert_array_equal(render(frame, stored, invert=True), 255 - values)
    with pytest.raises(ValueError, match="grey"):
        Renderer(frame, stored).table()


def test_a_table_in_a_real_file_gives_what_pydicom_s_gives() -> None:
    path = Path(str(get_testdata_file("vlut_04.dcm")))
    dataset = dcmread(path)
    (frame,) = open_frames(path)

    picture = render(frame, frame.stored())

    curve = apply_voi_lut(dataset.pixel_array, dataset)
    top = 2 ** dataset.VOILUTSequence[0].LUTDescriptor[2] - 1
    assert np.abs(picture - curve * 255.0 / top).max() <= 0.5 + 1e-6


def test_a_data_set_in_memory_is_shown_like_its_file(tmp_path: Path) -> None:
    dataset = examples.ct
    before = dataset.to_json()
    path = tmp_path / "ct.dcm"
    dataset.save_as(path)

    (in_memory,) = frames_of_dataset(dataset, Path("memory"))
    (on_disk,) = open_frames(path)

    np.testing.assert_array_equal(
        render(in_memory, in_memory.stored()), render(on_disk, on_disk.stored())
    )
    assert in_memory.identity == on_disk.identity
    assert dataset.to_json() == before
    assert "PixelData" not in in_memory.header


def test_a_table_with_a_negative_first_input_in_an_implicit_file(
    make_dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    values = np.arange(0, 200, dtype=np.uint16).reshape(10, 20)
    entries: NDArray[np.int64] = np.arange(100) * 2
    dataset = make_dataset(
        values,
        RescaleSlope=1,
        RescaleIntercept=-100,
        VOILUTSequence=[voi_lut_item(entries.tolist(), -100, 8)],
    )
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(tmp_path / "implicit.dcm", enforce_file_format=True)

    (frame,) = open_frames(tmp_path / "implicit.dcm")
    picture = render(frame, frame.stored())

    expected = np.minimum(np.arange(200), 99) * 2  # stored 0 is -100, the table's first input
    np.testing.assert_array_equal(picture.ravel(), expected)


@pytest.mark.parametrize(
    ("bits", "base", "slope", "intercept", "first"),
    [
        (3, 0, 2, -770, -996),  # neither sign is an input, and only one has entries for inputs
        (3, 0, 1, -9, -40),
        (16, 0, 2, -20, -16),  # either sign is one
        (16, 65500, 1, 0, 65400),  # a table that runs beyond the inputs
    ],
)
def test_the_sign_of_a_table_s_first_input_is_that_which_inputs_have(
    make_dataset: Callable[..., Dataset],
    tmp_path: Path,
    bits: int,
    base: int,
    slope: int,
    intercept: int,
    first: int,
) -> None:
    stored = np.arange(base, base + 8, dtype=np.uint16).reshape(2, 4)
    dataset = make_dataset(
        stored,
        BitsStored=bits,
        HighBit=bits - 1,
        RescaleSlope=slope,
        RescaleIntercept=intercept,
        VOILUTSequence=[voi_lut_item(list(range(256)), first, 8)],
    )
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian  # which hides the sign
    dataset.save_as(tmp_path / "implicit.dcm", enforce_file_format=True)

    (frame,) = open_frames(tmp_path / "implicit.dcm")

    expected = np.clip(stored * float(slope) + intercept - first, 0, 255)
    np.testing.assert_array_equal(render(frame, frame.stored()), expected)


def test_a_table_after_a_modality_table_begins_where_that_one_s_entries_lie(
    make_dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    first = Dataset()
    first.add_new(0x00283002, "US", [4, 0, 16])
    first.add_new(0x00283006, "OW", np.array([9, 40010, 40020, 8], "<u2").tobytes())
    dataset = make_dataset(
        np.arange(4, dtype=np.uint16).reshape(2, 2),
        ModalityLUTSequence=[first],
        VOILUTSequence=[voi_lut_item(list(range(256)), 40000, 8)],
    )
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(tmp_path / "implicit.dcm", enforce_file_format=True)

    (frame,) = open_frames(tmp_path / "implicit.dcm")

    assert render(frame, frame.stored()).tolist() == [[0, 10], [20, 0]]


# --- presentation look-up tables ---


def curve_item(entries: list[int], first: int = 0, bits: int = 8) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", [len(entries), first, bits])
    item.add_new(0x00283006, "OW", np.array(entries, "<u2").tobytes())
    return item


SQUARES = [min(255, i * i // 256) for i in range(257)]  # one entry more than eight bits have


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("invert", [False, True])
def test_a_presentation_table_takes_the_voi_step_at_its_own_depth(
    make_frames: MakeFrames, photometric: str, invert: bool
) -> None:
    (frame,) = make_frames(
        RAMP,
        PhotometricInterpretation=photometric,
        PresentationLUTSequence=[curve_item(SQUARES)],
        **TWELVE,
    )
    window = Window(2047.5, 4095, LINEAR_EXACT)

    picture = render(frame, frame.stored(), window, invert)

    # 0 to 4095 becomes 0 to 256, then the table; P-Values are dark where low, MONOCHROME1 or not
    places = [half_up(Fraction(x * 256, 4095)) for x in range(4096)]
    expected = np.array([SQUARES[place] for place in places])
    np.testing.assert_array_equal(picture.ravel(), 255 - expected if invert else expected)
    assert notices_of(frame) == ()


def test_a_state_s_table_replaces_the_image_s_shape_and_nothing_is_computed_twice(
    make_frames: MakeFrames,
) -> None:
    (frame,) = make_frames(RAMP, PhotometricInterpretation="MONOCHROME1", **TWELVE, **VOI["linear"])
    stored = frame.stored()
    table = LookUpTable(0, 16, np.arange(65535, -1, -1, dtype=np.uint16).tobytes())

    renderer = Renderer(frame, stored)
    turned = renderer.presented("", table)()

    assert np.abs(turned.ravel() - (255.0 - np.array(EXPECTED["linear"]))).max() <= 1
    np.testing.assert_array_equal(renderer.presented("IDENTITY")().ravel(), EXPECTED["linear"])
    np.testing.assert_array_equal(turned, render(frame, stored, curve=table))
    assert renderer.presented("IDENTITY").stored is stored


@pytest.mark.parametrize(
    "item",
    [curve_item([1, 2, 3], first=5), curve_item([1]), curve_item([1, 2], bits=20), Dataset()],
)
def test_an_unusable_presentation_table_is_named_and_left_out(
    make_frames: MakeFrames, item: Dataset
) -> None:
    (frame,) = make_frames(RAMP, PresentationLUTSequence=[item], **TWELVE, **VOI["linear"])

    picture = render(frame, frame.stored())

    np.testing.assert_array_equal(picture.ravel(), EXPECTED["linear"])
    assert any("presentation look-up table" in notice for notice in notices_of(frame))


# --- palettes that add colours to greys ---


@pytest.mark.parametrize("invert", [False, True])
def test_stored_values_from_the_palette_on_are_colours_and_no_window_moves_them(
    make_frames: MakeFrames, invert: bool
) -> None:
    values = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    palette = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour, table in (("Red", [1, 2, 3]), ("Green", [40, 50, 60]), ("Blue", [9, 8, 7]))
        for part, value in (
            ("Descriptor", [3, 1000, 16]),
            ("Data", (np.array(table, "<u2") * 256).tobytes()),
        )
    }
    (frame,) = make_frames(
        values, BitsStored=10, HighBit=9, PixelPresentation="COLOR", RescaleSlope=2, **palette
    )

    narrow, wide = (
        render(frame, frame.stored(), Window(200, width), invert) for width in (101, 301)
    )

    greys = [exact_linear(2 * x, Fraction(200), Fraction(101)) for x in range(1000)]
    colours = [[1, 40, 9], [2, 50, 8]] + [[3, 60, 7]] * 22
    expected = np.array([[grey] * 3 for grey in greys] + colours)
    found = narrow.reshape(-1, 3)
    np.testing.assert_array_equal(found, 255 - expected if invert else expected)
    np.testing.assert_array_equal(wide.reshape(-1, 3)[1000:], found[1000:])
    automatic = windows_of(frame, frame.stored())[-1]
    assert automatic.center + automatic.width / 2 == 2 * 989  # of the greys, 0 to 999, 99 percent


def test_a_palette_that_is_only_offered_leaves_greys_grey(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(RAMP, RedPaletteColorLookupTableDescriptor=[3, 0, 16], **TWELVE)

    assert render(frame, frame.stored()).ndim == 2


# --- parts, depth, masks ---


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32])
def test_any_part_is_what_the_whole_has_there(
    make_frames: MakeFrames, dtype: type[np.generic]
) -> None:
    values = np.random.default_rng(5).integers(0, 100, (700, 500)).astype(dtype)
    (frame,) = make_frames(values)
    if values.dtype.kind != "f":
        frame.header.PixelPaddingValue = 7

    look = Renderer(frame, frame.stored()).look(Window(40, 61))

    whole = look.pixels
    for rows, columns in ((slice(3, 699), slice(0, 1)), (slice(0, 700), slice(120, 377))):
        np.testing.assert_array_equal(look.part(rows, columns), whole[rows, columns])
        np.testing.assert_array_equal(look.passing(rows, columns), whole[rows, columns])
    assert whole.shape == look.shape == (700, 500)


@pytest.mark.parametrize("low", [-2_000_000_000, 0, 2_000_000_000])
@pytest.mark.parametrize("spread", [200, 40_000, 3_000_000])
def test_deep_integers_come_out_as_exactly_as_few_bits(
    make_frames: MakeFrames, low: int, spread: int
) -> None:
    rng = np.random.default_rng(6)
    values = np.clip(low + rng.integers(0, spread, (40, 50)), -(2**31), 2**31 - 1).astype(np.int32)
    (frame,) = make_frames(values)
    center, width = Fraction(low + spread // 2), Fraction(spread // 2 + 1)

    picture = render(frame, frame.stored(), Window(float(center), float(width)))

    expected = [exact_linear(int(value), center, width) for value in values.ravel()]
    np.testing.assert_array_equal(picture.ravel(), expected)


def test_a_fraction_into_an_integer_table_takes_the_nearest_entry(make_frames: MakeFrames) -> None:
    values = np.arange(40, dtype=np.uint16).reshape(5, 8)
    item = voi_lut_item(list(range(0, 200, 10)), 0, 8)
    (frame,) = make_frames(values, RescaleSlope=0.3, RescaleIntercept=0, VOILUTSequence=[item])

    picture = render(frame, frame.stored())

    expected = [10 * int(np.rint(x * 0.3)) for x in range(40)]
    assert picture.ravel().tolist() == expected


def test_a_mask_that_should_be_subtracted_is_told(make_frames: MakeFrames) -> None:
    mask = Dataset()
    mask.MaskOperation = "AVG_SUB"
    (frame,) = make_frames(RAMP, MaskSubtractionSequence=[mask], **TWELVE, **VOI["linear"])

    np.testing.assert_array_equal(render(frame, frame.stored()).ravel(), EXPECTED["linear"])
    assert any("mask" in notice for notice in notices_of(frame))


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
def test_the_window_s_ends_and_middle_are_the_standard_s(function: str) -> None:
    center, width = 40.0, 400.0
    ends = np.array([center - width / 2, center, center + width / 2])

    found = Window(center, width, function)(ends).tolist()

    if function == "LINEAR":  # centre - 0.5 is the middle, and the last of 400 values is white
        expected = [exact_linear(int(x), Fraction(40), Fraction(400)) for x in ends]
    else:
        expected = [0, 128, 255]
    assert found == expected
