"""Catalogues as tests write and read them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any, cast

from shared.catalogues.products import ProductRow, RowReader
from shared.catalogues.reading import CatalogueRow, Limits, OpenCatalogue, Position, open_catalogue
from shared.catalogues.source import Format, Source
from shared.ledger.finish import RowError
from shared.settings import Settings
from shared.store import ObjectStore

KEY = "catalogues/x"
SETTINGS = Settings(data_dir=Path(gettempdir()))
LIMITS = Limits.of(SETTINGS)


def put(store: ObjectStore, content: bytes, form: Format = Format.CSV, **said: Any) -> Source:
    """Store a file and describe it as its sender would."""
    store.put(KEY, content)
    return Source(key=KEY, size=len(content), sha256="", format=form, **said)


@contextmanager
def opened(
    store: ObjectStore, content: bytes, form: Format = Format.CSV, *, limits: dict[str, int] | None = None, **said: Any
) -> Iterator[OpenCatalogue]:
    source = put(store, content, form, **said)
    with open_catalogue(store, source, replace(LIMITS, **cast(dict[str, Any], limits or {}))) as catalogue:
        yield catalogue


def read(
    store: ObjectStore, content: bytes, form: Format = Format.CSV, *, limits: dict[str, int] | None = None, **said: Any
) -> list[list[Any] | str]:
    """Each row's cells, or its problem's code."""
    with opened(store, content, form, limits=limits, **said) as catalogue:
        return [seen(row) for row in catalogue.rows()]


def seen(row: CatalogueRow) -> list[Any] | str:
    return list(row.cells) if row.problem is None else row.problem.code


def products(
    store: ObjectStore,
    content: bytes,
    form: Format = Format.CSV,
    *,
    labelled: bool = False,
    settings: Settings = SETTINGS,
    **said: Any,
) -> list[ProductRow | RowError]:
    with opened(store, content, form, **said) as catalogue:
        reader = RowReader(catalogue.layout, settings, labelled=labelled)
        return [reader.read(row) for row in catalogue.rows()]


def read_in_turns(store: ObjectStore, source: Source, limits: Limits = LIMITS) -> list[tuple[int, list[Any] | str]]:
    """All rows, each read by somebody who opens the file anew where the last one left off."""
    found, position, last = list[tuple[int, list[Any] | str]](), None, object()
    while last is not None:
        with open_catalogue(store, source, limits, position) as catalogue:
            source = Source.model_validate_json(
                source.model_copy(update={"layout": catalogue.layout}).model_dump_json()
            )
            last = next(catalogue.rows(), None)
            if last is not None:
                found.append((last.number, seen(last)))
                source = source.model_copy(update={"layout": catalogue.layout})
                position = as_stored(catalogue.position())
    return found


def as_stored(position: Position) -> Position:
    """A position after it has been in the database; it is small."""
    text = json.dumps(position)
    assert len(text) < 200
    stored: Position = json.loads(text)
    return stored
