"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

LOCAL = "http://127.0.0.1:8000"
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept. [default: SHELFWISE_DATA_DIR or var]")]
Url = Annotated[str, typer.Option(envvar="SHELFWISE_URL", help="Where the service answers.")]
UserName = Annotated[str, typer.Option(envvar="SHELFWISE_USER", help="Who you are.")]


def given(**options: object) -> dict[str, object]:
    """The options that were given; the others are left to the environment and the defaults."""
    return {name: value for name, value in options.items() if value is not None}
