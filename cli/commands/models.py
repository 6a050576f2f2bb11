"""Releases."""

from typing import Annotated

import typer

from cli.commands.options import DataDir, given

commands = typer.Typer(help="Published bundles, and which one answers.", no_args_is_help=True, rich_markup_mode=None)
OfVersion = Annotated[str, typer.Argument(help="Version of the bundle.")]


@commands.command("list")
def list_releases(data_dir: DataDir = None) -> None:
    """Show every published bundle, newest first."""
    from cli.models import list_models
    from shared.settings import load_settings

    list_models(load_settings(**given(data_dir=data_dir)))


@commands.command("show")
def show_release(version: OfVersion, data_dir: DataDir = None) -> None:
    """Show what a bundle was made of, and how good it is."""
    from cli.models import show_model
    from shared.settings import load_settings

    show_model(load_settings(**given(data_dir=data_dir)), version)


@commands.command("activate")
def activate_release(version: OfVersion, data_dir: DataDir = None) -> None:
    """Have workers answer with a bundle, and wait until they do, 60 seconds at most."""
    from cli.models import activate_model
    from shared.settings import load_settings

    activate_model(load_settings(**given(data_dir=data_dir)), version)
