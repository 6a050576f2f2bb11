"""A disk of a few megabytes that a test may fill to the last byte, and free again."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from errno import ENOSPC
from pathlib import Path

import pytest

MIB = 2**20
_PAGE = 4096  # the least that such a disk has free, if it has anything


class SmallDisk:
    """A mounted disk. What fills it up is one file, as another program's would be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "somebody-elses.file"

    @property
    def free_bytes(self) -> int:
        """How much there is room for."""
        return shutil.disk_usage(self.path).free

    def fill(self, leave: int = 0) -> None:
        """Leave so many bytes free, and none where nothing is said; what has been freed meanwhile goes, too."""
        with self._filler.open("ab", buffering=0) as filler:
            while (room := self.free_bytes - leave) >= _PAGE:
                try:
                    filler.write(bytes(min(room, MIB)))
                except OSError as error:  # somebody else was quicker
                    if error.errno != ENOSPC:
                        raise

    def free(self) -> None:
        """Give back what was filled."""
        self._filler.unlink(missing_ok=True)


class CannotMount(Exception):
    """This user may not mount: root may, anybody may under `unshare -rm`, and whom sudo asks no password."""


@contextmanager
def small_disk(path: Path, size: int = 32 * MIB) -> Iterator[SmallDisk]:
    """A mounted disk; skips the test where none can be mounted."""
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(mounted_disk(path, size))
        except CannotMount as reason:
            pytest.skip(str(reason))
        yield disk


@contextmanager
def mounted_disk(path: Path, size: int) -> Iterator[SmallDisk]:
    """Mount a disk of so many bytes at `path`, and take it away at the end, whatever still uses it.

    Raises CannotMount.
    """
    path.mkdir(parents=True, exist_ok=True)
    options = f"size={size},mode=0700,uid={os.getuid()},gid={os.getgid()}"
    privilege = _mounted(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)])
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run([*privilege, "umount", "--lazy", str(path)], check=True)


def _mounted(command: list[str]) -> list[str]:
    """Run the command; returns what must stand before it so that it works."""
    said = ""
    for privilege in ([], ["sudo", "-n"]):
        with suppress(OSError):  # no such program
            done = subprocess.run([*privilege, *command], capture_output=True, text=True)
            if done.returncode == 0:
                return privilege
            said = said or done.stderr.strip()
    raise CannotMount(f"no disk can be mounted here, other than as root or under `unshare -rm` ({said})")
