"""Whether the database has the schema that this code expects: `python -m migrations.current` exits 1 unless it has."""

import sys
from contextlib import closing

from shared.database import Database
from shared.schema import is_current
from shared.settings import load_settings

if __name__ == "__main__":
    with closing(Database(load_settings().database)) as database:
        sys.exit(0 if is_current(database) else 1)
