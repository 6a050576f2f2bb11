"""The object store on an S3: what it does there as in a folder, and what it must say of a network."""

import asyncio
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.errors import Unavailable
from shared.store import NETWORK_PART, ObjectStore
from tests.support.s3 import Bucket

LARGE = os.urandom(NETWORK_PART + 1)
PIECE = 2**16


@pytest.fixture
def store(bucket: Bucket) -> ObjectStore:
    return ObjectStore(bucket.url)


def as_file(content: bytes, folder: Path) -> Path:
    path = folder / "source"
    path.write_bytes(content)
    return path


def pieces(content: bytes) -> Iterator[bytes]:
    for place in range(0, len(content), PIECE):
        yield content[place : place + PIECE]


async def write(store: ObjectStore, key: str, content: bytes, then: Exception | None = None) -> None:
    async with store.writing(key) as write_piece:
        for piece in pieces(content):
            await write_piece(piece)
        if then is not None:
            raise then


@pytest.mark.parametrize("content", [b"", b"x", LARGE], ids=["empty", "a byte", "large"])
@pytest.mark.parametrize(
    "source",
    [lambda content, _: content, lambda content, _: io.BytesIO(content), as_file, lambda content, _: pieces(content)],
    ids=["bytes", "stream", "path", "pieces"],
)
def test_what_was_put_can_be_had_again(
    store: ObjectStore, bucket: Bucket, content: bytes, source: Callable[[bytes, Path], bytes], tmp_path: Path
) -> None:
    store.put("images/ab/abc", source(content, tmp_path))
    store.sync(["images/ab/abc"])

    assert store.size("images/ab/abc") == len(content)
    assert store.get("images/ab/abc") == content
    assert b"".join(store.chunks("images/ab/abc")) == content
    assert bucket.keys("images/ab") == {"images/ab/abc"}


def test_what_was_written_piece_by_piece_is_there_in_parts(store: ObjectStore, bucket: Bucket) -> None:
    asyncio.run(write(store, "catalogues/a", LARGE))

    assert store.get("catalogues/a") == LARGE
    assert bucket.parts("catalogues/a") == 2


@pytest.mark.parametrize("length", [1, len(LARGE)])
def test_writing_that_breaks_off_leaves_nothing_also_no_parts(store: ObjectStore, bucket: Bucket, length: int) -> None:
    with pytest.raises(KeyError):
        asyncio.run(write(store, "catalogues/broken", LARGE[:length], KeyError("it broke off")))

    assert store.size("catalogues/broken") is None
    assert bucket.unfinished() == []


def test_pieces_that_break_off_leave_nothing_also_no_parts(store: ObjectStore, bucket: Bucket) -> None:
    def broken() -> Iterator[bytes]:
        yield from pieces(LARGE)
        raise KeyError("it broke off")

    with pytest.raises(KeyError):
        store.put("images/ab/broken", broken())

    assert store.size("images/ab/broken") is None
    assert bucket.unfinished() == []


def test_an_object_is_read_as_a_file_from_anywhere_in_it(store: ObjectStore) -> None:
    store.put("large", LARGE)

    with store.open("large") as file:
        assert file.read(3) == LARGE[:3]
        assert file.seek(-5, io.SEEK_END) == len(LARGE) - 5
        assert file.read() == LARGE[-5:]
        assert file.seek(2**20 + 7) == 2**20 + 7
        assert file.read(2**20) == LARGE[2**20 + 7 : 2**21 + 7]


def test_what_is_not_there_is_told_from_a_store_that_fails(store: ObjectStore) -> None:
    assert store.size("nothing") is None
    for read in (store.get, store.open, lambda key: list(store.chunks(key))):
        with pytest.raises(FileNotFoundError):
            read("nothing")
    assert list(store.objects("nothing")) == []


def test_what_was_deleted_is_gone_and_what_was_not_there_is_no_matter(store: ObjectStore, bucket: Bucket) -> None:
    for number in range(3):
        store.put(f"gone/{number}", b"x")

    store.delete([])
    store.delete(["gone/0", "gone/nothing", "gone/2"])

    assert bucket.keys("gone") == {"gone/1"}
    assert [(found.key, found.size) for found in store.objects("gone")] == [("gone/1", 1)]


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.get("images/ab/x"),
        lambda store: store.open("images/ab/x"),
        lambda store: list(store.chunks("images/ab/x")),
        lambda store: list(store.objects("images/ab")),
        lambda store: store.put("images/ab/x", b"x"),
        lambda store: store.put("images/ab/x", pieces(LARGE)),
        lambda store: store.delete(["images/ab/x"]),
        lambda store: asyncio.run(write(store, "images/ab/x", LARGE)),
    ],
    ids=["get", "open", "chunks", "objects", "put", "put in parts", "delete", "write"],
)
@pytest.mark.parametrize("trouble", ["a missing bucket", "a broken line"])
def test_no_object_is_said_to_be_missing_where_the_store_is(
    bucket: Bucket, use: Callable[[ObjectStore], object], trouble: str
) -> None:
    if trouble == "a missing bucket":
        with pytest.raises(Unavailable):
            use(ObjectStore("s3://another/production"))
        return
    with bucket.line.cut(), pytest.raises(Unavailable):
        use(ObjectStore(bucket.url))
