"""The promotion gate: a new bundle takes over only if it is not worse than the active one on the same held-out rows.

The rows are the new bundle's test split. The active bundle may have been trained on some of them, which is to its
advantage: the gate is rather too strict than too lax. One that is damaged cannot be asked, and lets none pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.bundles import active_version
from shared.database import Database
from shared.errors import BundleRefused
from shared.releases import fetch
from shared.store import ObjectStore
from shared.taxonomy import Category
from training.bundle_answers import BundleAnswers, ask
from training.evaluation import macro_f1
from training.progress import Progress


@dataclass(frozen=True, slots=True)
class Verdict:
    """Macro-F1 of what both bundles answer to the same rows as the service would; None where there is none to ask."""

    version: str
    macro_f1: float
    active: str | None
    active_macro_f1: float | None

    @property
    def passes(self) -> bool:
        """Whether the new bundle is known to be at least as good."""
        if self.active is None:
            return True
        return self.active_macro_f1 is not None and self.macro_f1 >= self.active_macro_f1

    @property
    def reason(self) -> str:
        """The verdict in a sentence."""
        found = f"{self.version} has macro-F1 {self.macro_f1:.4f} on its test split"
        if self.active is None:
            return f"{found}, and no bundle is active."
        if self.active == self.version:
            return f"{found}, and is the active bundle already."
        if self.active_macro_f1 is None:
            return f"{found}, and the active {self.active} cannot be asked how good it is."
        word = "not below" if self.passes else "below"
        return f"{found}, {word} the {self.active_macro_f1:.4f} of the active {self.active} on the same rows."

    def to_dict(self) -> dict[str, object]:
        """As the summary of a run says it."""
        return {
            "active": self.active,
            "active_macro_f1": self.active_macro_f1,
            "macro_f1": self.macro_f1,
            "passes": self.passes,
            "reason": self.reason,
        }


def judge(
    version: str,
    answers: BundleAnswers,
    taxonomy: Sequence[Category],
    database: Database,
    store: ObjectStore,
    caches: Path,
    progress: Progress,
    precision: str,
) -> Verdict:
    """Ask the active bundle about the rows that the new one, `version`, has answered, and compare.

    `caches` is the service's folder of caches: bundles and photo features; `precision` is its setting of that name.
    """
    ours = served_macro_f1(answers)
    with database.read() as connection:
        active = active_version(connection)
    if active is None or active == version:
        return Verdict(version, ours, active, None if active is None else ours)
    try:
        bundle = fetch(store, active, caches / "bundles")
        theirs = served_macro_f1(ask(bundle, answers.products, taxonomy, caches / "features", progress, precision))
    except BundleRefused:
        return Verdict(version, ours, active, None)
    return Verdict(version, ours, active, theirs)


def served_macro_f1(answers: BundleAnswers) -> float:
    """Macro-F1 of what the service would answer."""
    return macro_f1(answers.truth, answers.served.argmax(axis=1), len(answers.classes))
