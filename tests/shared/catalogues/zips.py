"""Archives for tests: good ones, and each kind that is refused."""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping

TABLE = b"product_id,image_id,title,image\n1,9,a coat,\n2,8,,photos/x.jpg\n"


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def patched(files: Mapping[str, bytes], name: str, change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    """An archive whose directory says something else of an entry than `zipfile` would write."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
        change(archive.getinfo(name))
    return out.getvalue()


def link() -> bytes:
    entry = zipfile.ZipInfo("images/x.jpg")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("t.csv", TABLE)
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


def encrypted() -> bytes:
    def change(entry: zipfile.ZipInfo) -> None:
        entry.flag_bits |= 1

    return patched({"t.csv": TABLE}, "t.csv", change)


def overlapping() -> bytes:
    """Entries of the directory that all lead to the same bytes: the way to hold petabytes in kilobytes."""
    content = packed({"t.csv": TABLE, "images/a.jpg": b"x" * 999}, zipfile.ZIP_STORED)
    start = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", start + 4)
    end = content.index(b"PK\x05\x06")
    entries = [content[start:second]] + [content[second:end].replace(b"a.jpg", b"%d.jpg" % n) for n in range(9)]
    directory = b"".join(entries)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), start, 0)
    return content[:start] + directory + tail


def many_entries(count: int) -> bytes:
    """A directory of so many entries, all of one empty file."""
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(one) * count, 31, 0)
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"x" + one * count + tail


REFUSED = {
    "a link": (link(), "ARCHIVE_LINK"),
    "a name above": (packed({"t.csv": TABLE, "../x.jpg": b""}), "ARCHIVE_PATH"),
    "a name above, within": (packed({"t.csv": TABLE, "a/../../x.jpg": b""}), "ARCHIVE_PATH"),
    "an absolute name": (packed({"t.csv": TABLE, "/etc/x.jpg": b""}), "ARCHIVE_PATH"),
    "a drive": (packed({"t.csv": TABLE, "C:x.jpg": b""}), "ARCHIVE_PATH"),
    "a backslash": (packed({"t.csv": TABLE, "a\\x.jpg": b""}), "ARCHIVE_PATH"),
    "a ZIP in it": (packed({"t.csv": TABLE, "more.zip": packed({})}), "ARCHIVE_NESTED"),
    "a gzip in it": (packed({"t.csv.gz": TABLE}), "ARCHIVE_NESTED"),
    "a ZIP named .csv": (packed({"t.csv": packed({"t.csv": TABLE})}), "ARCHIVE_NESTED"),
    "encrypted": (encrypted(), "ARCHIVE_ENCRYPTED"),
    "overlapping": (overlapping(), "ARCHIVE_OVERLAP"),
    "beyond belief": (packed({"t.csv": TABLE, "x.jpg": bytes(5 * 2**20)}), "ARCHIVE_RATIO"),
    "packed otherwise": (packed({"t.csv": TABLE}, zipfile.ZIP_LZMA), "ARCHIVE_METHOD"),
    "many files": (many_entries(250_001), "ARCHIVE_TOO_MANY_FILES"),
    "nothing": (packed({}), "NO_TABLE"),
    "no table": (packed({"x.jpg": b"", "README.md": b""}), "NO_TABLE"),
    "two tables": (packed({"t.csv": TABLE, "u/t.parquet": b""}), "TWO_TABLES"),
    "a workbook": (packed({"xl/workbook.xml": b""}), "WRONG_FORMAT"),
    "cut off": (packed({"t.csv": TABLE})[:-30], "BROKEN_ARCHIVE"),
    "a directory that is none": (packed({"t.csv": TABLE}).replace(b"PK\x01\x02", b"PK\x01\x03"), "BROKEN_ARCHIVE"),
    "no ZIP": (TABLE, "WRONG_FORMAT"),
    "empty": (b"", "EMPTY_CATALOGUE"),
}
