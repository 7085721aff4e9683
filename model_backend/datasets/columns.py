"""Rows as columns of a parquet file and back; pyarrow is imported only when one is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import LabelledBox, Row

# A question's picture stands in each of its rows; a page of different values holds it once.
DICTIONARY_BYTES = 64 * 2**20
_PACKED = "zstd"
_PICTURES = "images.list.element"  # compressed already


def arrow() -> Any:
    """The library of the parquet files. Raises DatasetProblem when it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DatasetProblem(
            "Data sets need pyarrow, which is not installed here. Install it with: "
            'pip install "wetread[train]"'
        ) from error
    return pyarrow


def schema() -> Any:
    """The columns of every file, in the order of the fields of `Row` (its part is the file's)."""
    pa = arrow()
    box = pa.struct(
        [*((side, pa.float64()) for side in ("x0", "y0", "x1", "y1")), ("label", pa.string())]
    )
    kinds = {
        "images": pa.list_(pa.binary()),
        "references": pa.map_(pa.string(), pa.float64()),
        "candidates": pa.list_(pa.string()),
        "labels": pa.map_(pa.string(), pa.bool_()),
        "boxes": pa.list_(box),
        "codes": pa.list_(pa.int32()),
        "is_closed": pa.bool_(),
        "attributes": pa.map_(pa.string(), pa.string()),
    }
    names = [one.name for one in fields(Row) if one.name != "part"]
    return pa.schema([(name, kinds.get(name, pa.string())) for name in names])


def table_of(rows: Sequence[Row]) -> Any:
    """Rows as a table."""
    columns = schema()
    cells = {name: [_cell(getattr(row, name)) for row in rows] for name in columns.names}
    return arrow().Table.from_pydict(cells, schema=columns)


def _cell(value: Any) -> Any:
    if hasattr(value, "items"):
        return list(value.items())
    if isinstance(value, tuple) and value and isinstance(value[0], LabelledBox):
        names = ("x0", "y0", "x1", "y1", "label")
        return [{name: getattr(box, name) for name in names} for box in value]
    return list(value) if isinstance(value, tuple) else value


def rows_of(table: Any, part: str) -> list[Row]:
    """A table's rows."""
    return [_row(cells, part) for cells in table.to_pylist()]


def _row(cells: dict[str, Any], part: str) -> Row:
    return Row(
        **{
            **cells,
            "part": part,
            "images": tuple(cells["images"]),
            "references": dict(cells["references"]),
            "candidates": tuple(cells["candidates"]),
            "labels": dict(cells["labels"]),
            "boxes": tuple(LabelledBox(**box) for box in cells["boxes"]),
            "codes": tuple(cells["codes"]),
            "attributes": dict(cells["attributes"]),
        }
    )


def writer_of(file: Any) -> Any:
    """A parquet writer into an open binary file."""
    columns = schema()
    return arrow().parquet.ParquetWriter(
        file,
        columns,
        compression=_packing(columns),
        dictionary_pagesize_limit=DICTIONARY_BYTES,
        write_statistics=False,
    )


def _packing(columns: Any) -> dict[str, str]:
    """How each leaf of the columns is packed; a leaf that is not named would not be packed."""
    leaves: list[str] = []
    for column in columns:
        if column.name in ("references", "labels", "attributes"):
            leaves += [f"{column.name}.key_value.{side}" for side in ("key", "value")]
        elif column.name == "boxes":
            leaves += [f"boxes.list.element.{box.name}" for box in column.type.value_type]
        elif column.name in ("images", "candidates", "codes"):
            leaves.append(f"{column.name}.list.element")
        else:
            leaves.append(column.name)
    return {leaf: "none" if leaf == _PICTURES else _PACKED for leaf in leaves}
