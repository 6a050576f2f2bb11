"""The `shelfwise` command: its subcommands, each a shell over one call. Imports wait until they are needed."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from shared.errors import ShelfwiseError
from shared.users import Role

app = typer.Typer(
    name="shelfwise",
    help="Puts every product of a marketplace catalogue on the right shelf.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
users = typer.Typer(help="Accounts, on the machine that has the database.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(users, name="users")

DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept. [default: SHELFWISE_DATA_DIR or var]")]
Url = Annotated[str, typer.Option(envvar="SHELFWISE_URL", help="Where the service answers.")]
OfUser = Annotated[str, typer.Argument(help="Name of the account.")]
UserName = Annotated[str, typer.Option(envvar="SHELFWISE_USER", help="Who you are.")]


def main() -> None:
    """Run the command; an error of the service's own kind is one sentence and exit status 1."""
    try:
        app()
    except ShelfwiseError as error:
        _fail(error.message)
    except OSError as error:
        _fail(f"{error.strerror or type(error).__name__}: {error.filename or 'the network'}")
    except Exception as error:
        if not type(error).__module__.startswith("sqlalchemy."):  # which is not imported for every command
            raise
        _fail("The database cannot be used; SHELFWISE_DATABASE_URL says which one it is.")


def _fail(sentence: str) -> NoReturn:
    print(f"shelfwise: {sentence}", file=sys.stderr)
    sys.exit(1)


@app.command()
def up(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. [default: 8000]")] = None,
) -> None:
    """Run the whole service on this machine until Ctrl-C."""
    from cli.up import run_service
    from shared.settings import load_settings

    run_service(load_settings(**_given(data_dir=data_dir, host=host, port=port)))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Folder of the demo's own service and results.")] = Path("demo"),
) -> None:
    """Start the service in a folder of its own, classify a sample catalogue with photos, and show the answers."""
    from cli.demo import run_demo

    run_demo(folder)


@app.command()
def predict(
    text: Annotated[str | None, typer.Option(help="Title of the product.")] = None,
    description: Annotated[str | None, typer.Option(help="Description of the product.")] = None,
    image: Annotated[Path | None, typer.Option(help="Photo of the product.", exists=True, dir_okay=False)] = None,
    url: Url = "http://127.0.0.1:8000",
    user: UserName = "admin",
) -> None:
    """Classify one product through a running service. The password comes from SHELFWISE_PASSWORD or a prompt."""
    from cli.predict import predict_product

    predict_product(url, user, text, description, image)


@users.command("add")
def add(
    username: Annotated[str, typer.Argument(help="1 to 64 letters, digits, dots, hyphens, underscores or @ signs.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.USER,
    generate: Annotated[bool, typer.Option(help="Make up a password and show it once.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Make an account. The password comes from SHELFWISE_NEW_PASSWORD, a prompt, or --generate."""
    from cli.users import add_account
    from shared.settings import load_settings

    add_account(load_settings(**_given(data_dir=data_dir)), username, role, generate)


@users.command("list")
def list_users(data_dir: DataDir = None) -> None:
    """Show every account."""
    from cli.users import list_accounts
    from shared.settings import load_settings

    list_accounts(load_settings(**_given(data_dir=data_dir)))


@users.command("passwd")
def passwd(
    username: OfUser,
    generate: Annotated[bool, typer.Option(help="Make up a password and show it once.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Change a password; whoever is signed in with the old one must sign in again.

    The new one comes from SHELFWISE_NEW_PASSWORD, a prompt, or --generate.
    """
    from cli.users import change_password
    from shared.settings import load_settings

    change_password(load_settings(**_given(data_dir=data_dir)), username, generate)


@users.command("disable")
def disable(username: OfUser, data_dir: DataDir = None) -> None:
    """Bar an account at once; what is its own stays."""
    from cli.users import disable_account
    from shared.settings import load_settings

    disable_account(load_settings(**_given(data_dir=data_dir)), username, disabled=True)


@users.command("enable")
def enable(username: OfUser, data_dir: DataDir = None) -> None:
    """Let a disabled account in again."""
    from cli.users import disable_account
    from shared.settings import load_settings

    disable_account(load_settings(**_given(data_dir=data_dir)), username, disabled=False)


@app.command()
def doctor(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address of the service. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the service. [default: 8000]")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also load TensorFlow and read a large database.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
) -> None:
    """Say what is configured, what answers and what is wrong; exit status 1 if something is."""
    from cli.doctor import examine

    examine(_given(data_dir=data_dir, host=host, port=port), deep=deep, as_json=as_json)


def _given(**options: object) -> dict[str, object]:
    """The options that were given; the others are left to the environment and the defaults."""
    return {name: value for name, value in options.items() if value is not None}
