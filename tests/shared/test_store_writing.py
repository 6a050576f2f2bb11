"""Objects that are written piece by piece: there whole, or not at all."""

import asyncio
import os
from pathlib import Path

import pytest

from shared.errors import Unavailable
from shared.store import ObjectStore

PIECE = os.urandom(100_000)


def write(store: ObjectStore, key: str, pieces: int, then: BaseException | None = None) -> None:
    async def writing() -> None:
        async with store.writing(key) as write_piece:
            for _ in range(pieces):
                await write_piece(PIECE)
            if then is not None:
                raise then

    asyncio.run(writing())


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("pieces", [0, 1, 50])
@pytest.mark.parametrize("kind", ["folder", "service"])
def test_what_was_written_is_there(store: ObjectStore, kind: str, pieces: int) -> None:
    if kind == "service":
        store = ObjectStore("memory:///")

    write(store, "catalogues/a", pieces)

    assert store.get("catalogues/a") == PIECE * pieces


@pytest.mark.parametrize("error", [KeyError("it broke off"), OSError("so did this"), asyncio.CancelledError()])
@pytest.mark.parametrize("pieces", [1, 50])
def test_a_block_that_raises_leaves_nothing(
    store: ObjectStore, tmp_path: Path, pieces: int, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        write(store, "catalogues/a", pieces, error)

    assert store.size("catalogues/a") is None
    assert "a" not in files(tmp_path)
    assert "a#1" not in files(tmp_path)


def test_a_block_that_is_canceled_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    async def cancel_in_the_middle() -> None:
        written = asyncio.Event()

        async def endless() -> None:
            async with store.writing("catalogues/a") as write_piece:
                for _ in range(50):
                    await write_piece(PIECE)
                assert "a#1" in files(tmp_path)
                written.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(endless())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_in_the_middle())

    assert not {"a", "a#1"} & set(files(tmp_path))


def test_what_cannot_be_written_is_told_plainly(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "data" / "store" / "catalogues").write_bytes(b"a file where a folder should be")

    with pytest.raises(Unavailable):
        write(store, "catalogues/a", 50)
