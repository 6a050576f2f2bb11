"""Names for the categories of a data set: classes come from the data, names from wherever there are some."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from shared.errors import InvalidInput
from shared.taxonomy import RAKUTEN, Category
from training.datasets.report import Tally
from training.datasets.rows import LabelledRow, code_of
from training.datasets.tables import Table

MAX_NAME = 200


def named_categories(rows: Iterable[LabelledRow], given: Sequence[Category]) -> tuple[Category, ...]:
    """One category for each code of these rows, in the order of the codes.

    Its name is the one in `given`, or else what most of its rows call it, or else Rakuten's, or else its code.
    """
    said: dict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        said[row.product.code].update([row.category] if row.category else [])
    named = {category.code: category for category in RAKUTEN}
    for code, names in said.items():
        if names:
            named[code] = Category(code, min(names, key=lambda name: (-names[name], name))[:MAX_NAME])
    named.update({category.code: category for category in given})
    return tuple(named.get(code, Category(code, str(code))) for code in sorted(said))


def read_taxonomy(path: Path, tally: Tally) -> tuple[Category, ...]:
    """The categories of a CSV `code,name[,name_en]`.

    Raises InvalidInput when a column is missing, a row is damaged, or a code has two names.
    """
    table = Table.open(path, ("code", "name", "name_en"), ("code", "name"))
    categories: dict[int, Category] = {}
    here = Tally()
    for row in table.rows(here):
        code = code_of(row["code"], row.where, here)
        if code is None or not row["name"]:
            raise InvalidInput(f"{row.where} has no code that is a whole number, or no name.", where="taxonomy")
        category = Category(code, row["name"][:MAX_NAME], row["name_en"][:MAX_NAME] or None)
        if categories.setdefault(code, category) != category:
            raise InvalidInput(f"{row.where} names category {code} a second time.", where="taxonomy")
    if here.noted:
        raise InvalidInput(f"{path.name} has damaged rows: {', '.join(here.noted)}.", where="taxonomy")
    tally.sources.extend(here.sources)
    return tuple(categories.values())
