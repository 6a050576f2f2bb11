"""Which of a file's columns is which of ours."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.catalogues.source import DESCRIPTION, DESIGNATION, IMAGE, IMAGE_ID, LABEL, PRODUCT_ID
from shared.errors import UnreadableCatalogue

# Names under which a column of ours is found where the sender says nothing, the best one first.
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    PRODUCT_ID: ("productid", "product_id"),
    IMAGE_ID: ("imageid", "image_id"),
    DESIGNATION: ("designation", "title", "name"),
    DESCRIPTION: ("description",),
    IMAGE: ("image", "image_url", "image_path"),
    LABEL: ("prdtypecode",),
}
USABLE: Final = frozenset({PRODUCT_ID, DESIGNATION, DESCRIPTION, IMAGE})  # a file needs one of them
LONGEST_NAME = 500  # characters; a longer one is a row that was taken for the header
_SHOWN = 20
_SHOWN_CHARACTERS = 60


def found_columns(header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Ours to the file's names, in the order of ours; `chosen` is the sender's word on some of them.

    Where names differ in nothing but case and blanks, the first counts.
    """
    names: dict[str, str] = {}
    for name in header:
        names.setdefault(_plain(name), name)
    found = {}
    for ours, aliases in ALIASES.items():
        if ours in chosen:
            theirs = chosen[ours] if chosen[ours] in header else names.get(_plain(chosen[ours]))
        else:
            theirs = next((names[alias] for alias in aliases if alias in names), None)
        if theirs is not None:
            found[ours] = theirs
    return found


def required_columns(header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """The same of a table whose columns are all known. Raises UnreadableCatalogue unless each is there, and once."""
    found = found_columns(header, chosen)
    for ours, theirs in chosen.items():
        if ours not in ALIASES:
            raise UnreadableCatalogue(
                f"`columns` speaks of {_short(ours)}; it may name {', '.join(ALIASES)}.", code="UNKNOWN_COLUMN"
            )
        if ours not in found:
            raise UnreadableCatalogue(
                f"`columns` says that {ours} is in {_short(theirs)}; {_there(header)}", code="COLUMN_NOT_FOUND"
            )
    counts = Counter(_plain(name) for name in header)
    for theirs in found.values():
        if counts[_plain(theirs)] > 1 and not _is_told_apart(theirs, header, chosen):
            raise UnreadableCatalogue(f"The file has the column {_short(theirs)} twice.", code="DUPLICATE_COLUMN")
    require_usable(found, header)
    return found


def require_usable(found: Iterable[str], header: Sequence[str]) -> None:
    """Raise UnreadableCatalogue, naming what is there and what is looked for, unless the columns say something."""
    if USABLE.isdisjoint(found):
        wanted = ", ".join("|".join(ALIASES[ours]) for ours in ALIASES if ours in USABLE)
        raise UnreadableCatalogue(
            f"None of the columns is known: {_there(header)} It needs one of {wanted}; "
            "`columns=` says which of its columns is which.",
            code="NO_KNOWN_COLUMN",
        )


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of columns without blanks around them, each once: the second `price` becomes `price_2`."""
    stripped = [name.strip().replace("\0", "\ufffd") for name in names]
    taken, unique = set(stripped), []
    seen: Counter[str] = Counter()
    for name in stripped:
        seen[name] += 1
        other = name
        if seen[name] > 1:
            while other in taken:
                other = f"{name}_{seen[name]}"
                seen[name] += other in taken
            taken.add(other)
        unique.append(other)
    return tuple(unique)


def checked_header(names: Sequence[str], most: int) -> tuple[str, ...]:
    """A table's names of columns as they are kept. Raises UnreadableCatalogue for too many, or too long ones."""
    if len(names) > most:
        raise UnreadableCatalogue(
            f"The file has {len(names)} columns; at most {most} are read.", code="TOO_MANY_COLUMNS"
        )
    if any(len(name) > LONGEST_NAME for name in names):
        raise UnreadableCatalogue(
            f"A column's name has more than {LONGEST_NAME} characters; the first row must name the columns.",
            code="BROKEN_HEADER",
        )
    return unique_names(names)


def _plain(name: str) -> str:
    return name.strip().casefold()


def _is_told_apart(theirs: str, header: Sequence[str], chosen: Mapping[str, str]) -> bool:
    """Whether the sender has named exactly this one of names that differ in case."""
    return theirs in chosen.values() and list(header).count(theirs) == 1


def _there(header: Sequence[str]) -> str:
    shown = ", ".join(_short(name) for name in header[:_SHOWN])
    return f"the file has {shown}{', …' if len(header) > _SHOWN else ''}." if header else "the file has none."


def _short(name: str) -> str:
    """A name from outside, fit to be shown."""
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in name.strip()[:_SHOWN_CHARACTERS])
    return plain or "(no name)"
