"""Accounts."""

from typing import Annotated

import typer

from cli.commands.options import DataDir, given
from shared.users import Role

commands = typer.Typer(
    help="Accounts, on the machine that has the database.", no_args_is_help=True, rich_markup_mode=None
)
OfUser = Annotated[str, typer.Argument(help="Name of the account.")]


@commands.command("add")
def add(
    username: Annotated[str, typer.Argument(help="1 to 64 letters, digits, dots, hyphens, underscores or @ signs.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.USER,
    generate: Annotated[bool, typer.Option(help="Make up a password and show it once.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Make an account. The password comes from SHELFWISE_NEW_PASSWORD, a prompt, or --generate."""
    from cli.users import add_account
    from shared.settings import load_settings

    add_account(load_settings(**given(data_dir=data_dir)), username, role, generate)


@commands.command("list")
def list_users(data_dir: DataDir = None) -> None:
    """Show every account."""
    from cli.users import list_accounts
    from shared.settings import load_settings

    list_accounts(load_settings(**given(data_dir=data_dir)))


@commands.command("passwd")
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

    change_password(load_settings(**given(data_dir=data_dir)), username, generate)


@commands.command("disable")
def disable(username: OfUser, data_dir: DataDir = None) -> None:
    """Bar an account at once; what is its own stays."""
    from cli.users import disable_account
    from shared.settings import load_settings

    disable_account(load_settings(**given(data_dir=data_dir)), username, disabled=True)


@commands.command("enable")
def enable(username: OfUser, data_dir: DataDir = None) -> None:
    """Let a disabled account in again."""
    from cli.users import disable_account
    from shared.settings import load_settings

    disable_account(load_settings(**given(data_dir=data_dir)), username, disabled=False)
