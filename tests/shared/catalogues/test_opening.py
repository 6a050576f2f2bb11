"""While a file is being opened, somebody hears of it again and again, and may call it off; the disk stays free."""

import gzip
import io
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from shared.catalogues.reading import Position, open_catalogue
from shared.catalogues.source import Format, keys_of
from shared.disk import DiskGuard
from shared.errors import StorageFull
from shared.store import ObjectStore
from tests.shared.catalogues.reading import KEY, LIMITS, put
from tests.shared.catalogues.zips import packed

ROWS = 40_000
NOISE = random.Random(6).randbytes(20 * ROWS).hex()
TEXT = "title\n" + "".join(f"{NOISE[40 * row : 40 * row + 40]}\n" for row in range(ROWS))
PLACE: Position = {"offset": len(TEXT) - len(TEXT.splitlines(keepends=True)[-1]), "row": ROWS - 1}
NOTHING_FREE = 2**62


def in_parquet() -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table({"title": TEXT.splitlines()[1:]}), out)
    return out.getvalue()


PARQUET = in_parquet()
FILES = {
    "gzip": (Format.CSV, gzip.compress(TEXT.encode())),
    "UTF-16": (Format.CSV, TEXT.encode("utf-16")),
    "ZIP": (Format.ZIP, packed({"t.csv": TEXT.encode()})),
    "Parquet": (Format.PARQUET, PARQUET),
    "Parquet in a ZIP": (Format.ZIP, packed({"t.parquet": PARQUET})),
}


class Called:
    """Counts how often it is called, and raises when that has been so many times."""

    def __init__(self, most: int | None = None) -> None:
        self.times = 0
        self._most = most

    def __call__(self) -> None:
        self.times += 1
        if self.times == self._most:
            raise Stopped


class Stopped(Exception):
    """What whoever opens a file ends it with."""


@pytest.mark.parametrize("name", FILES)
def test_it_is_heard_of_until_the_first_row_is_there(store: ObjectStore, name: str) -> None:
    form, content = FILES[name]
    source, short, long = put(store, content, form), Called(), Called()
    with open_catalogue(store, source, LIMITS, None, short) as catalogue:
        rows = catalogue.rows()
        next(rows)
        at_first = short.times
        assert len(list(rows)) == ROWS - 1
        source = source.model_copy(update={"layout": catalogue.layout})
    assert short.times == at_first

    with open_catalogue(store, source, LIMITS, PLACE, long) as catalogue:
        assert [row.number for row in catalogue.rows()] == [ROWS - 1]
    assert long.times > 4


@pytest.mark.parametrize("name", FILES)
def test_whoever_hears_of_it_may_call_it_off(store: ObjectStore, name: str) -> None:
    form, content = FILES[name]
    source, counting = put(store, content, form), Called()
    with open_catalogue(store, source, LIMITS, PLACE, counting) as catalogue:
        list(catalogue.rows())
    for most in range(1, counting.times + 1):
        store.delete(keys_of(KEY)[1:])
        with pytest.raises(Stopped), open_catalogue(store, source, LIMITS, PLACE, Called(most)) as catalogue:
            list(catalogue.rows())


@pytest.mark.parametrize("made", [lambda noise: {"t.parquet": noise}, lambda noise: {"t.xlsx": noise}])
def test_nothing_is_unpacked_onto_a_full_disk(
    store: ObjectStore, tmp_path: Path, made: Callable[[bytes], dict[str, bytes]]
) -> None:
    source = put(store, packed(made(bytes(range(256)) * 2**15), method=0), Format.ZIP)
    limits = replace(LIMITS, disk=DiskGuard(tmp_path, NOTHING_FREE))

    with pytest.raises(StorageFull), open_catalogue(store, source, limits):
        pass

    assert [found.key for found in store.objects("catalogues")] == [KEY]
