"""What was found while reading labelled data: how many rows of each kind, and which ones for example."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

EXAMPLES = 5  # of each kind; enough to look the trouble up


class Finding(StrEnum):
    """Something about a row that whoever owns the data may want to know. Rows of LEFT_OUT are not trained on."""

    MALFORMED = "malformed"
    NO_LABEL = "no_label"
    BAD_LABEL = "bad_label"
    EMPTY = "empty"
    DUPLICATE = "duplicate"
    CONFLICTING_ID = "conflicting_id"
    CONFLICTING_CONTENT = "conflicting_content"
    NO_PRODUCT = "no_product"
    NO_ID = "no_id"
    SAME_ID = "same_id"
    NO_TEXT = "no_text"
    NO_DESCRIPTION = "no_description"
    MARKUP = "markup"
    CUT = "cut"
    NO_PHOTO = "no_photo"
    BROKEN_PHOTO = "broken_photo"


_MEANING = {
    Finding.MALFORMED: "with more or fewer fields than the header, or with a field that does not end",
    Finding.NO_LABEL: "without a category code",
    Finding.BAD_LABEL: "whose category code is not a whole number from 0 to 2147483647",
    Finding.EMPTY: "with neither a text nor a photo that can be opened",
    Finding.DUPLICATE: "that repeat another row",
    Finding.CONFLICTING_ID: "whose product id has another category in more or as many rows",
    Finding.CONFLICTING_CONTENT: "whose text and photo have another category in more or as many rows",
    Finding.NO_PRODUCT: "of the label file that are damaged, or whose product is not there",
    Finding.NO_ID: "without a product id, named after their content",
    Finding.SAME_ID: "of an id that other rows have with other content; their ids were numbered",
    Finding.NO_TEXT: "without a text",
    Finding.NO_DESCRIPTION: "with a title but no description",
    Finding.MARKUP: "with HTML in their texts",
    Finding.CUT: "with a text longer than the models use",
    Finding.NO_PHOTO: "without a photo, or whose photo is not there or cannot be opened",
    Finding.BROKEN_PHOTO: "whose photo cannot be opened",
}
LEFT_OUT = (
    Finding.MALFORMED,
    Finding.NO_LABEL,
    Finding.BAD_LABEL,
    Finding.EMPTY,
    Finding.DUPLICATE,
    Finding.CONFLICTING_ID,
    Finding.CONFLICTING_CONTENT,
)


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows had something, and the first of them by name: `products.csv row 17`."""

    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataReport:
    """What there was in labelled data.

    `sources` says how it was read; `categories` counts the usable rows of each code. Photos count as broken when their
    header can't be read or names too many pixels: that one ends too early shows when its features are computed.
    """

    sources: tuple[str, ...]
    categories: Mapping[int, int]
    found: Mapping[Finding, Found]

    @property
    def usable(self) -> int:
        """How many rows there are to train on."""
        return sum(self.categories.values())

    @property
    def rows(self) -> int:
        """How many rows there were: the usable ones and those that were left out."""
        return self.usable + sum(self.count(finding) for finding in LEFT_OUT)

    def count(self, finding: Finding) -> int:
        """How many rows had this."""
        return self.found[finding].count if finding in self.found else 0

    def lines(self) -> list[str]:
        """The report in plain sentences, for a terminal or a page."""
        sizes = sorted(self.categories.values())
        spread = f" in {len(sizes)} categories of {sizes[0]} to {sizes[-1]} rows" if sizes else ""
        lines = [*self.sources, f"{self.rows} rows read, {self.usable} usable{spread}"]
        for finding, found in self.found.items():
            verb = "left out" if finding in LEFT_OUT else "noted"
            lines.append(f"{verb}: {found.count} {_MEANING[finding]} ({', '.join(found.examples)})")
        return lines


class Tally:
    """Counts findings while data is read, and keeps a few examples of each."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self._counts: Counter[Finding] = Counter()
        self._examples: dict[Finding, list[str]] = defaultdict(list)

    def note(self, finding: Finding, where: str) -> None:
        """Count one row."""
        self._counts[finding] += 1
        if len(self._examples[finding]) < EXAMPLES:
            self._examples[finding].append(where)

    @property
    def noted(self) -> list[str]:
        """The first rows of every kind of finding."""
        return [where for examples in self._examples.values() for where in examples]

    def report(self, categories: Mapping[int, int]) -> DataReport:
        """What was counted, beside the usable rows of each category."""
        found = {each: Found(self._counts[each], tuple(self._examples[each])) for each in Finding if self._counts[each]}
        return DataReport(tuple(self.sources), dict(categories), found)
