"""The data folder: whether it can be used, whether others can look into it, and whether there is room."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cli.checks.findings import Finding, Patient, fail, ok, warn
from shared.settings import refuse_weak_secret

GIB = 2**30
OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECRET_KEY = "secret_key"  # noqa: S105  # a file's name
FLOWER_SECRETS = ("flower_password", "flower_cookie_secret")


def up_is_running(data_dir: Path) -> bool:
    """Whether a `shelfwise up` holds this data folder."""
    try:
        with (data_dir / "up.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # and given back at once
    except BlockingIOError:
        return True
    except OSError:  # there is none, or it is not ours to open
        return False
    return False


def check_data_folder(patient: Patient) -> Iterator[Finding]:
    """Existence, writability and mode of the data folder."""
    folder = patient.settings.data_dir
    subject, shown = "data folder", folder.resolve()
    if not folder.exists():
        yield warn(subject, f"{shown} does not exist yet: `shelfwise up` makes it.")
        return
    if not folder.is_dir():
        yield fail(subject, f"{shown} is not a folder: move it away, or set SHELFWISE_DATA_DIR.")
        return
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        yield fail(subject, f"Nothing can be written to {shown} ({error.strerror}): run as its owner, or change it.")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & OTHERS:
        yield warn(subject, f"Others can look into {shown} (mode {mode:o}): `chmod 700 {shown}`.")
    else:
        yield ok(subject, f"{shown} can be written, by its owner only.")


def check_disk(patient: Patient) -> Iterator[Finding]:
    """Free space against the reserve, below which nothing new is accepted."""
    folder, reserve = patient.settings.data_dir.resolve(), patient.settings.disk_reserve_bytes
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    room = f"{free / GIB:.1f} GiB are free, {reserve / GIB:.1f} GiB of them in reserve"
    if free < reserve:
        yield fail("disk", f"{room}: new products are answered 507 until some space is freed.")
    elif free < 2 * reserve:
        yield warn("disk", f"{room}: free some space soon.")
    else:
        yield ok("disk", f"{room}.")


def check_secrets(patient: Patient) -> Iterator[Finding]:
    """The files of secrets in the data folder; a key from the environment was checked when the settings were read."""
    folder = patient.settings.data_dir
    if patient.settings.secret_key is not None:
        yield ok("secret key", "SHELFWISE_SECRET_KEY is strong.")
    elif (folder / SECRET_KEY).exists():
        yield _kept("secret key", folder / SECRET_KEY, strong=True)
    else:
        yield ok("secret key", "There is none yet: `shelfwise up` makes one.")
    for name in FLOWER_SECRETS:
        if patient.settings.flower_port and (folder / name).exists():
            yield _kept(name.replace("_", " "), folder / name, strong=False)


def _kept(subject: str, path: Path, *, strong: bool) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        return fail(subject, f"{path} can be read by others (mode {mode:o}): delete it, or `chmod 600 {path}`.")
    if not os.access(path, os.R_OK):
        return fail(subject, f"{path} cannot be read: run as its owner.")
    secret = path.read_text(encoding="ascii", errors="replace").strip()
    if not secret:
        return fail(subject, f"{path} is empty: delete it.")
    if strong:
        try:
            refuse_weak_secret(secret)
        except ValueError as weakness:
            return fail(subject, f"{path}: {weakness}: delete it, which ends every access token.")
    return ok(subject, f"{path} can be read by its owner only.")
