"""Where a fit stands, in one file that is replaced as a whole: a process that is killed leaves the one before."""

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.disk import to_disk

Arrays = list[NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file at `path` for the state of what `fingerprint` describes; the state of anything else is not taken up."""

    path: Path
    fingerprint: str

    def bound_to(self, *parts: bytes) -> "Checkpoint":
        """The same file, bound to these descriptions too."""
        digest = sha256(self.fingerprint.encode())
        for part in parts:
            digest.update(sha256(part).digest())
        return replace(self, fingerprint=digest.hexdigest())

    def save(self, facts: Mapping[str, Any], arrays: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        """Replace the file; on disk when this returns. `facts` is anything that JSON can say."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        entries = {f"{name}-{place}": each for name, group in arrays.items() for place, each in enumerate(group)}
        about = json.dumps({"fingerprint": self.fingerprint, "facts": facts})
        with unfinished.open("wb") as file:
            np.savez(file, about=np.array(about), **entries)  # type: ignore[arg-type]  # its stubs expect allow_pickle
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)
        to_disk(self.path.parent)

    def load(self) -> tuple[dict[str, Any], dict[str, Arrays]] | None:
        """Facts and arrays as they were saved, None when there is no such file or it belongs to something else."""
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                about = json.loads(str(stored["about"]))
                if about["fingerprint"] != self.fingerprint:
                    return None
                arrays: dict[str, Arrays] = {}
                for entry in stored.files[1:]:
                    arrays.setdefault(entry.rpartition("-")[0], []).append(stored[entry])
                return dict(about["facts"]), arrays
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return None
