"""Goods: what customers send, drawn from a seed, and what must come of every row of it."""

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from tests.faults.storm.photos import PHOTOS, photo
from tests.support.predictors import POISON

FEWEST_ROWS, MOST_ROWS = 200, 2_000
BAD_ROWS = 5  # in a catalogue that has some
URL_ROWS = 8  # likewise
POPULAR = 50  # titles that are sent again and again, whose answers may be reused
_WORDS = ("chaise", "lampe", "robot", "piscine", "livre", "figurine", "console", "tapis", "perceuse", "vélo")


@dataclass(frozen=True, slots=True)
class Row:
    """One product: a text, the number of a photo, or both; and the error that must come of it, if one must.

    `url` is what it names its photo by, instead of sending it.
    """

    product_id: str
    text: str | None
    photo: int | None = None
    url: str | None = None
    error: str | None = None

    @property
    def photo_hash(self) -> str | None:
        """The SHA-256 of the photo that the service must have for it in the end."""
        return None if self.photo is None or self.error else sha256(photo(self.photo)).hexdigest()


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sent with one request, under a name of its own. `listener` is the number of a webhook that it names."""

    name: str
    rows: Sequence[Row]
    is_catalogue: bool
    key: str | None
    listener: int | None

    def csv(self) -> bytes:
        """The file of a catalogue."""
        out = io.StringIO()
        table = csv.writer(out)
        table.writerow(["product_id", "designation", "image"])
        table.writerows([row.product_id, row.text or "", row.url or ""] for row in self.rows)
        return out.getvalue().encode()


def goods(chance: random.Random, sender: str, site: str) -> Iterator[Goods]:
    """What one customer sends, without an end. Photos that are fetched lie at `site`."""
    for number in count(1):
        name = f"{sender}-{number}"
        is_catalogue = chance.random() < 0.015
        rows = _catalogue(chance, name, site) if is_catalogue else [_product(chance, name, site)]
        key = f"key-{name}" if is_catalogue or chance.random() < 0.85 else None
        listener = chance.randrange(1000) if chance.random() < 0.2 else None
        yield Goods(name, rows, is_catalogue, key, listener)


def _product(chance: random.Random, name: str, site: str) -> Row:
    kind = chance.choices(
        ("text", "popular", "both", "photo", "url", "no photo there", "poison"), (55, 5, 16, 5, 12, 1, 0.3)
    )[0]
    match kind:
        case "popular":
            return Row(name, _popular(chance))
        case "both":
            return Row(name, _title(chance, name), chance.randrange(PHOTOS))
        case "photo":
            return Row(name, None, chance.randrange(PHOTOS))
        case "url":
            return _by_url(chance, name, site)
        case "no photo there":
            return Row(name, _title(chance, name), url=f"{site}/no-photo", error="IMAGE_FETCH_FAILED")
        case "poison":
            return Row(name, f"{POISON} {name}", error="PREDICTION_FAILED")
    return Row(name, _title(chance, name))


def _catalogue(chance: random.Random, name: str, site: str) -> list[Row]:
    """Many rows: in one of three files some have no text, and in one of four some name photos by URL."""
    size = int(FEWEST_ROWS * (MOST_ROWS / FEWEST_ROWS) ** chance.random())
    rows = [
        Row(f"{name}-{row}", _popular(chance) if chance.random() < 0.05 else _title(chance, f"{name}-{row}"))
        for row in range(size)
    ]
    if chance.random() < 1 / 3:
        for row in chance.sample(range(size), BAD_ROWS):
            rows[row] = Row(f"{name}-{row}", None, error="UNKNOWN_PRODUCT")
    if chance.random() < 1 / 4:
        for row in chance.sample(range(size), URL_ROWS):
            rows[row] = _by_url(chance, f"{name}-{row}", site)
    return rows


def _by_url(chance: random.Random, name: str, site: str) -> Row:
    number = chance.randrange(PHOTOS)
    return Row(name, _title(chance, name), number, f"{site}/photos/{number}.png")


def _title(chance: random.Random, name: str) -> str:
    """A title that no other product has."""
    return f"{' '.join(chance.choices(_WORDS, k=chance.randint(2, 6)))} {name}"


def _popular(chance: random.Random) -> str:
    return f"{chance.choice(_WORDS)} {chance.randrange(POPULAR)}"
