"""Slides: every pixel of a pyramid where it belongs, out of tiles in any organisation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from bench.made_slide import Plan, colours, write_slide
from dicom_io.errors import DamagedFile, FileProblem, UnsafeImage
from dicom_io.export import picture_of
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.geometry import spacing_of
from dicom_io.image.pyramid import Bytes, Pyramid, crop_of, nearest_level
from dicom_io.image.slide import slides_of
from dicom_io.image.stack import stacks_of
from dicom_io.image.thumbnail import thumbnail

CLOSE = 8  # levels by which JPEG and halving may change a slow wave
SMALL = Plan(columns=2048, rows=1536, levels=3)


def slide_of(paths: list[Path]) -> ImageFrame:
    """The one slide in these files."""
    (slide,) = slides_of(frame for path in paths for frame in open_frames(path))
    return slide


def pyramid_of(paths: list[Path]) -> Pyramid:
    pyramid = slide_of(paths).pyramid
    assert pyramid is not None
    return pyramid


def expected(plan: Plan, factor: int, x: int, y: int, width: int, height: int) -> Bytes:
    """The colours of a region of a level, from the formula that the slide was drawn by."""
    across = np.arange(x, x + width) * factor + (factor - 1) / 2
    down = np.arange(y, y + height) * factor + (factor - 1) / 2
    return colours(plan, across[None, :], down[:, None])


def difference(one: Bytes, other: Bytes) -> int:
    return int(np.abs(one.astype(int) - other).max())


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_region_across_tiles_has_the_colours_that_belong_there(
    tmp_path: Path, level: int
) -> None:
    pyramid = pyramid_of(write_slide(tmp_path, SMALL))

    region = pyramid.region(level, 100, 60, 300, 280)

    assert difference(region, expected(SMALL, 2**level, 100, 60, 300, 280)) <= CLOSE
    assert difference(region, expected(SMALL, 2**level, 160, 60, 300, 280)) > CLOSE


def test_uncompressed_tiles_give_the_very_values(tmp_path: Path) -> None:
    plan = Plan(columns=600, rows=500, levels=1, jpeg=False)  # the last tiles reach beyond

    pyramid = pyramid_of(write_slide(tmp_path, plan))

    assert pyramid.levels()[0].columns == 600
    assert np.array_equal(pyramid.region(0, 0, 0, 600, 500), expected(plan, 1, 0, 0, 600, 500))


def test_parts_of_a_concatenation_are_one_level(tmp_path: Path) -> None:
    plan = Plan(columns=2048, rows=1536, levels=2, parts=3)
    paths = write_slide(tmp_path, plan)

    slide = slide_of(paths[::-1])

    assert len(paths) == 4 and slide.pyramid is not None
    whole = slide.pyramid.region(0, 0, 0, 2048, 1536)
    assert difference(whole, expected(plan, 1, 0, 0, 2048, 1536)) <= CLOSE
    assert slide.identity.instance.endswith(".1.1.1"), "the first part"


def test_tiles_that_were_not_scanned_are_white(tmp_path: Path) -> None:
    plan = Plan(columns=1024, rows=1024, levels=1, sparse=True)

    pyramid = pyramid_of(write_slide(tmp_path, plan))

    there, missing = pyramid.region(0, 0, 512, 500, 500), pyramid.region(0, 600, 600, 300, 300)
    assert difference(there, expected(plan, 1, 0, 512, 500, 500)) <= CLOSE
    assert np.all(missing == 255)


def test_what_lies_beyond_the_slide_is_white(tmp_path: Path) -> None:
    pyramid = pyramid_of(write_slide(tmp_path, SMALL))

    region = pyramid.region(2, -10, -20, 60, 70)

    assert np.all(region[:20] == 255) and np.all(region[:, :10] == 255)
    assert difference(region[20:, 10:], expected(SMALL, 4, 0, 0, 50, 50)) <= CLOSE
    assert np.all(pyramid.region(0, 10_000, 0, 5, 5) == 255)


def test_levels_that_the_files_lack_are_made_of_finer_ones(tmp_path: Path) -> None:
    plan = Plan(columns=4096, rows=2048, levels=1)

    pyramid = pyramid_of(write_slide(tmp_path, plan))

    levels = pyramid.levels()
    assert [level.is_stored for level in levels] == [True, False, False]
    assert max(levels[-1].columns, levels[-1].rows) <= 1024
    made = pyramid.region(2, 300, 100, 400, 300)
    assert difference(made, expected(plan, 4, 300, 100, 400, 300)) <= CLOSE


def test_the_sample_of_a_scanner_lies_as_its_tiles_say(shared: Path) -> None:
    path = shared / "data" / "dicom_misc" / "sm_tiled_rgb.dcm"
    tiles = open_frames(path)

    pyramid = pyramid_of([path])

    whole = pyramid.region(0, 0, 0, 50, 50)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, 5)
        there = whole[10 * row : 10 * row + 10, 10 * column : 10 * column + 10]
        assert np.array_equal(there, tile.stored())


def test_a_slide_is_one_picture_and_its_tiles_stay_within_reach(tmp_path: Path) -> None:
    frames = [f for path in write_slide(tmp_path, SMALL) for f in open_frames(path)]

    stacks = stacks_of(frames)

    assert [stack.name.split(",")[0] for stack in stacks] == ["slide", *["tile by tile"] * 3]
    (slide,) = stacks[0].frames
    assert (slide.columns, slide.rows, slide.identity.frame) == (2048, 1536, 0)
    assert spacing_of(slide).between_columns == pytest.approx(0.00025)
    assert frames[0].columns == 256, "the tiles' own header is as it was"
    assert stacks_of(frames)[0].frames == stacks[0].frames, "sorted again, the same slide"


def test_label_and_overview_are_no_part_of_the_slide(tmp_path: Path) -> None:
    paths = write_slide(tmp_path, SMALL)
    label = dcmread(paths[2])
    label.ImageType = ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
    label.SOPInstanceUID += ".5"
    label.save_as(tmp_path / "label.dcm")

    slides = slides_of(f for p in (*paths, tmp_path / "label.dcm") for f in open_frames(p))

    assert len(slides) == 1 and slides[0].pyramid is not None
    assert slides[0].columns == 2048
    assert len(slides_of(open_frames(tmp_path / "label.dcm"))) == 0


def test_nobody_gets_all_pixels_at_once(tmp_path: Path) -> None:
    slide = slide_of(write_slide(tmp_path, SMALL))
    assert slide.pyramid is not None

    with pytest.raises(UnsafeImage, match="Ask for a region"):
        slide.stored()
    with pytest.raises(ValueError, match="at once"):
        slide.pyramid.region(0, 0, 0, 100_000, 100_000)


def test_a_crop_says_where_its_pixels_lie_in_the_whole(tmp_path: Path) -> None:
    pyramid = pyramid_of(write_slide(tmp_path, SMALL))

    fine = crop_of(pyramid, (500, 300, 700, 400))
    coarse = crop_of(pyramid, (0, 0, 2048, 1536), side=600)

    assert fine.pixels.shape == (100, 200, 3) and fine.affine == (1, 0, 500, 0, 1, 300)
    assert difference(fine.pixels, expected(SMALL, 1, 500, 300, 200, 100)) <= CLOSE
    assert coarse.pixels.shape == (384, 512, 3) and coarse.affine == (4, 0, 0, 0, 4, 0)
    for nonsense in ((0, 0, 0, 5), (-9, -9, -1, -1), (0, 0, float("nan"), 1)):
        with pytest.raises(ValueError, match="box"):
            crop_of(pyramid, nonsense)


def test_lists_and_exports_show_a_coarse_level(tmp_path: Path) -> None:
    slide = slide_of(write_slide(tmp_path, SMALL))

    assert thumbnail(slide, 116).shape == (87, 116, 3)
    assert picture_of(slide).shape == (1536, 2048, 3)


def test_the_level_shown_is_the_one_nearest_to_the_screen(tmp_path: Path) -> None:
    levels = pyramid_of(write_slide(tmp_path, SMALL)).levels()

    chosen = [nearest_level(levels, factor) for factor in (0.1, 1, 1.3, 1.5, 2.7, 3, 4, 50)]

    assert chosen == [0, 0, 0, 1, 1, 2, 2, len(levels) - 1]


def test_threads_read_side_by_side(tmp_path: Path) -> None:
    pyramid = pyramid_of(write_slide(tmp_path, SMALL))
    corners = [(x, y) for x in range(0, 2048, 256) for y in range(0, 1536, 256)] * 2

    with ThreadPoolExecutor(6) as pool:
        regions = list(pool.map(lambda at: pyramid.region(0, at[0], at[1], 256, 256), corners))

    for (x, y), region in zip(corners, regions, strict=True):
        assert difference(region, expected(SMALL, 1, x, y, 256, 256)) <= CLOSE


def test_damaged_slides_are_told_in_one_sentence(tmp_path: Path) -> None:
    paths = write_slide(tmp_path, SMALL)
    frames = [frame for path in paths for frame in open_frames(path)]
    content = paths[0].read_bytes()
    paths[0].write_bytes(content[: len(content) // 3])
    (cut,) = slides_of(frames)
    assert cut.pyramid is not None

    with pytest.raises(FileProblem, match="tile by tile"):
        cut.pyramid.region(0, 1800, 1300, 200, 200)

    noise = bytearray(content)
    noise[len(content) // 2 : -9] = bytes(len(content) - len(content) // 2 - 9)
    paths[0].write_bytes(noise)
    (torn,) = slides_of([f for path in paths for f in open_frames(path)])
    assert torn.pyramid is not None
    with pytest.raises(DamagedFile, match="damaged"):
        torn.pyramid.region(0, 0, 0, 2048, 1536)


def test_a_claim_of_a_gigantic_matrix_allocates_nothing(tmp_path: Path) -> None:
    (path,) = write_slide(tmp_path, Plan(columns=512, rows=512, levels=1))
    header = dcmread(path)
    for side, slides in ((2**31, 0), (2**24, 1)):
        header.TotalPixelMatrixColumns = header.TotalPixelMatrixRows = side
        header.save_as(path)

        found = slides_of(open_frames(path))

        assert len(found) == slides
        for slide in found:
            assert slide.pyramid is not None
            with pytest.raises(FileProblem):
                slide.pyramid.region(0, 2**23, 2**23, 256, 256)
