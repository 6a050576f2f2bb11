import io
import multiprocessing
import os
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from shared.errors import Unavailable
from shared.settings import load_settings
from shared.store import RETRIES, RETRY_TIME, SILENT_TIME, ObjectStore
from tests.support.web import reply, site
from worker.presence import BEATS_PER_LEASE

BIG = os.urandom(3 * 2**20 + 1)


def as_file(content: bytes, folder: Path) -> Path:
    path = folder / "source"
    path.write_bytes(content)
    return path


def pieces(content: bytes) -> Iterator[bytes]:
    for place in range(0, len(content), 2**16):
        yield content[place : place + 2**16]


@pytest.mark.parametrize("content", [b"", b"x", BIG], ids=["empty", "a byte", "3 MiB"])
@pytest.mark.parametrize(
    "source",
    [lambda content, _: content, lambda content, _: io.BytesIO(content), as_file, lambda content, _: pieces(content)],
    ids=["bytes", "stream", "path", "pieces"],
)
def test_what_was_put_can_be_had_again(
    store: ObjectStore, content: bytes, source: Callable[[bytes, Path], bytes], tmp_path: Path
) -> None:
    store.put("images/ab/abc", source(content, tmp_path))

    assert store.size("images/ab/abc") == len(content)
    assert store.get("images/ab/abc") == content
    assert b"".join(store.chunks("images/ab/abc")) == content


@pytest.mark.parametrize("kind", ["folder", "service"])
def test_of_pieces_that_break_off_nothing_is_stored(store: ObjectStore, tmp_path: Path, kind: str) -> None:
    class BreaksOff(Exception):
        pass

    def broken() -> Iterator[bytes]:
        yield from pieces(BIG)
        raise BreaksOff

    if kind == "service":
        store = ObjectStore("memory:///")
    with pytest.raises(BreaksOff):
        store.put("a/big", broken())

    assert list(store.objects("a")) == []
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_a_large_object_comes_in_pieces(store: ObjectStore) -> None:
    store.put("big", BIG)

    assert len(list(store.chunks("big"))) > 1


@pytest.mark.parametrize("kind", ["folder", "service"])
def test_an_object_is_read_as_a_file_from_anywhere_in_it(store: ObjectStore, kind: str) -> None:
    if kind == "service":
        store = ObjectStore("memory:///")
    store.put("big", BIG)
    store.put("empty", b"")

    with store.open("big") as file, store.open("empty") as empty:
        assert file.seekable()
        assert file.read(3) == BIG[:3]
        assert file.seek(-5, io.SEEK_END) == len(BIG) - 5
        assert file.read() == BIG[-5:]
        assert file.read() == b""
        assert file.seek(2**20 + 7) == file.tell() == 2**20 + 7
        assert file.read(2**20) == BIG[2**20 + 7 : 2**21 + 7]
        assert empty.read() == b""


@pytest.mark.parametrize("kind", ["folder", "service"])
def test_programs_that_jump_about_in_files_can_read_objects(store: ObjectStore, kind: str) -> None:
    if kind == "service":
        store = ObjectStore("memory:///")
    packed, table = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("big", BIG)
    parquet.write_table(pyarrow.table({"x": range(100_000)}), table)
    store.put("zip", packed.getvalue())
    store.put("parquet", table.getvalue())

    with store.open("zip") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("big") == BIG
    with store.open("parquet") as file:
        assert parquet.ParquetFile(file).read()["x"].to_pylist() == list(range(100_000))


def test_a_second_put_replaces_the_first_whole(store: ObjectStore) -> None:
    store.put("key", b"a long first content")
    store.put("key", b"second")

    assert store.get("key") == b"second"


def test_what_is_not_there_has_no_size_and_no_content(store: ObjectStore) -> None:
    assert store.size("nothing") is None
    with pytest.raises(FileNotFoundError):
        store.get("nothing")
    with pytest.raises(FileNotFoundError):
        list(store.chunks("nothing"))
    with pytest.raises(FileNotFoundError):
        store.open("nothing")
    with pytest.raises(FileNotFoundError):
        ObjectStore("memory:///").open("nothing")


def test_a_store_on_the_network_that_is_in_trouble_is_not_asked_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(reply(b"", "503 Slow Down")) as where:
        for name, value in (("ENDPOINT", f"http://127.0.0.1:{where.port}"), ("ALLOW_HTTP", "true"), ("REGION", "here")):
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")

        with pytest.raises(Unavailable):
            ObjectStore("s3://bucket/prefix").size("images/ab/abc")
        asked = len(where.requests)
        with pytest.raises(Unavailable):
            ObjectStore("s3://bucket/prefix").open("images/ab/abc")

    assert asked == 1 + RETRIES


def test_a_store_on_the_network_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(lambda connection: connection.recv(1)) as silent:
        for name, value in (
            ("ENDPOINT", f"http://127.0.0.1:{silent.port}"),
            ("ALLOW_HTTP", "true"),
            ("REGION", "here"),
            ("SKIP_SIGNATURE", "true"),
            ("READ_TIMEOUT", "100ms"),
        ):
            monkeypatch.setenv(f"AWS_{name}", value)

        with pytest.raises(Unavailable):
            ObjectStore("s3://bucket/prefix").get("images/ab/abc")

    assert len(silent.requests) == 1 + RETRIES


def test_a_store_that_says_nothing_is_given_up_before_a_lease_runs_out() -> None:
    left_after_a_heartbeat = timedelta(seconds=load_settings().lease_seconds) * (1 - 1 / BEATS_PER_LEASE)
    given_up_after = RETRY_TIME + SILENT_TIME

    assert given_up_after < left_after_a_heartbeat


def test_a_key_cannot_leave_the_folder(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"\.\."):
        store.put("../../outside", b"x")

    assert not list(tmp_path.parent.glob("**/outside"))


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "mes données à 100% #1?"
    store = ObjectStore(folder.as_uri())

    store.put("a/key", b"x")
    store.sync(["a/key"])

    assert (folder / "a" / "key").read_bytes() == b"x"


def test_sync_flushes_the_objects_and_every_folder_that_holds_their_names(store: ObjectStore, tmp_path: Path) -> None:
    root = tmp_path / "data" / "store"
    store.put("images/ab/abc", b"1")
    store.put("images/cd/cde", b"2")

    flushed = flushes(root, lambda: store.sync(["images/ab/abc", "images/cd/cde"]))

    files, folders = {"images/ab/abc", "images/cd/cde"}, {".", "images", "images/ab", "images/cd"}
    assert set(flushed) == files | folders
    assert set(flushed[:2]) <= files, "a file's content goes to the disk before its name"


def test_what_is_not_there_cannot_be_made_durable(store: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.sync(["nothing"])


@pytest.mark.parametrize("kind", ["folder", "service"])
def test_what_was_deleted_is_gone_and_what_was_not_there_is_no_matter(store: ObjectStore, kind: str) -> None:
    if kind == "service":  # any store that is no folder: it gets all keys at once
        store = ObjectStore("memory:///")
    for key in ("images/ab/abc", "images/ab/abd", "images/ab/abe"):
        store.put(key, b"x")

    store.delete(["images/ab/abc", "nothing", "images/ab/abd"])

    assert [found.key for found in store.objects("images/ab")] == ["images/ab/abe"]


def test_the_objects_below_a_key_are_listed_with_their_sizes(store: ObjectStore) -> None:
    for key, content in (("images/ab/abc", b"12"), ("images/ab/abd", b"123"), ("images/abc", b""), ("other/x", b"")):
        store.put(key, content)

    assert {found.key: found.size for found in store.objects("images/ab")} == {"images/ab/abc": 2, "images/ab/abd": 3}
    assert list(store.objects("nothing")) == []


def test_leftovers_of_killed_puts_go_when_they_are_old(store: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "store"
    killed = multiprocessing.get_context("spawn").Process(target=put_and_be_killed, args=(folder.as_uri(),))
    killed.start()
    killed.join()
    store.put("images/ab/whole", b"x")
    names = sorted(path.name for path in folder.rglob("*") if path.is_file())
    assert names == ["killed#1", "whole"]

    assert store.remove_leftovers(timedelta(days=1)) == 0, "it may be an upload that is under way"
    assert store.remove_leftovers(timedelta(0)) == 1

    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["whole"]


def put_and_be_killed(url: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(20):
            yield bytes(2**20)
        os.kill(os.getpid(), signal.SIGKILL)

    ObjectStore(url).put("images/ab/killed", endless())  # type: ignore[arg-type]  # it takes iterators, too


def test_a_store_that_is_no_folder_has_no_leftovers() -> None:
    assert ObjectStore("memory:///").remove_leftovers(timedelta(0)) == 0


def flushes(root: Path, act: Callable[[], None]) -> list[str]:
    """What lay open below `root` at each call of `os.fsync` that `act` makes, in their order."""
    seen: list[str] = []

    def watch(_frame: object, event: str, called: object) -> None:
        if event == "c_call" and called is os.fsync:
            opened = [os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()]
            seen.extend(os.path.relpath(path, root) for path in opened if Path(path).is_relative_to(root))

    sys.setprofile(watch)
    try:
        act()
    finally:
        sys.setprofile(None)
    return seen


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.get("images/ab/x"),
        lambda store: store.size("images/ab/x"),
        lambda store: store.open("images/ab/x"),
        lambda s: s.put("images/ab/x", b""),
        lambda s: s.delete(["images/ab/x"]),
    ],
    ids=["get", "size", "open", "put", "delete"],
)
def test_a_store_that_fails_says_so_plainly(
    store: ObjectStore, tmp_path: Path, use: Callable[[ObjectStore], object]
) -> None:
    (tmp_path / "data" / "store" / "images").write_text("not a folder")

    with pytest.raises(Unavailable):
        use(store)
