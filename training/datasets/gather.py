"""From the rows of any reader to a data set."""

from collections import Counter
from collections.abc import Iterable, Sequence

from shared.errors import InvalidInput
from shared.taxonomy import Category
from training.datasets.dataset import Dataset
from training.datasets.names import named_categories
from training.datasets.photo_checks import check_photos
from training.datasets.report import Tally
from training.datasets.rows import LabelledRow, note_inputs
from training.datasets.settle import settled
from training.progress import Progress


def gathered(
    name: str, rows: Iterable[LabelledRow], names: Sequence[Category], tally: Tally, progress: Progress
) -> Dataset:
    """The data set that rows from any reader make: photos checked, contradictions settled, categories named.

    Raises InvalidInput when no row can be used.
    """
    progress.stage("reading rows")
    checked = check_photos(list(rows), tally, progress)
    usable = settled(checked, tally)
    for row in usable:
        note_inputs(row.product, row.where, tally)
    categories = Counter(row.product.code for row in usable)
    report = tally.report({code: categories[code] for code in sorted(categories)})
    if not usable:
        raise InvalidInput(f"There is no labelled product to use: {'; '.join(report.lines())}.", where="data")
    return Dataset(name, [row.product for row in usable], named_categories(usable, names), report)
