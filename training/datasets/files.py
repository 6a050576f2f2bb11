"""Opens labelled data in files, whichever of the known layouts it has."""

from pathlib import Path

from shared.errors import InvalidInput
from training.datasets.dataset import Dataset
from training.datasets.gather import gathered
from training.datasets.names import read_taxonomy
from training.datasets.photo_files import PhotoFolder
from training.datasets.rakuten import is_rakuten, rakuten_rows
from training.datasets.report import Tally
from training.datasets.single_csv import single_csv_rows, the_csv
from training.progress import Progress, Silent

TAXONOMY = "taxonomy.csv"


def open_dataset(
    path: Path, images: Path | None = None, taxonomy: Path | None = None, progress: Progress | None = None
) -> Dataset:
    """Read a folder in Rakuten's layout, or one CSV (or the folder it is in), and look at every photo once.

    `images` is the folder of the photos when they are not beside the data; `taxonomy` a CSV with names of categories,
    by default the `taxonomy.csv` beside the data if there is one.
    Whatever is wrong with a row is counted in the report. Raises InvalidInput when the layout is none of the known
    ones, a column is missing, or no row can be used.
    """
    tally = Tally()
    folder = path if path.is_dir() else path.parent
    if taxonomy is None and (folder / TAXONOMY).is_file():
        taxonomy = folder / TAXONOMY
    names = () if taxonomy is None else read_taxonomy(taxonomy, tally)
    if path.is_dir():
        photos = PhotoFolder(path, images)
        rows = rakuten_rows(path, photos, tally) if is_rakuten(path) else single_csv_rows(the_csv(path), photos, tally)
    elif path.is_file():
        rows = single_csv_rows(path, PhotoFolder(path.parent, images), tally)
    else:
        raise InvalidInput(f"There is nothing at {path}.", where="data")
    name = path.resolve().name if path.is_dir() else path.stem
    return gathered(name, rows, names, tally, progress if progress is not None else Silent())
