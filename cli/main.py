"""The `shelfwise` command."""

import sys
from typing import NoReturn

import typer

from cli.commands import clients, models, service, training, users
from cli.terminal import sentence_of
from shared.errors import ShelfwiseError

app = typer.Typer(
    name="shelfwise",
    help="Puts every product of a marketplace catalogue on the right shelf.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in (service, clients, training):
    app.add_typer(group.commands)
app.add_typer(users.commands, name="users")
app.add_typer(models.commands, name="models")


def main() -> None:
    """Run the command; an error of the service's own kind is one sentence and exit status 1."""
    try:
        app()
    except (ShelfwiseError, OSError) as error:
        _fail(sentence_of(error))
    except Exception as error:
        if not type(error).__module__.startswith("sqlalchemy."):  # which is not imported for every command
            raise
        _fail("The database cannot be used; SHELFWISE_DATABASE_URL says which one it is.")


def _fail(sentence: str) -> NoReturn:
    print(f"shelfwise: {sentence}", file=sys.stderr)
    sys.exit(1)
