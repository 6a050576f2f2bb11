"""Findings: the figures of a storm, and whatever is not as it should be."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """How many there were of what, and a sentence for everything that must not be."""

    figures: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # by kind

    def add(self, kind: str, sentence: str) -> None:
        """Say what must not be."""
        self.faults[kind].append(sentence)
