"""Whether this code works on the database's schema: `python -m migrations.current` exits 1 unless it does.

An older `up` asks the newer code so, when it is told to renew its parts: the name is to stay.
"""

import sys
from contextlib import closing

from shared.database import Database
from shared.schema import is_usable
from shared.settings import load_settings

if __name__ == "__main__":
    with closing(Database(load_settings().database)) as database:
        sys.exit(0 if is_usable(database) else 1)
