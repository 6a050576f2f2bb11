"""The service on this machine: run it, show it, save it, examine it."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import DataDir, given

commands = typer.Typer()


@commands.command()
def up(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. [default: 8000]")] = None,
) -> None:
    """Run the whole service on this machine until Ctrl-C."""
    from cli.up import run_service
    from shared.settings import load_settings

    run_service(load_settings(**given(data_dir=data_dir, host=host, port=port)))


@commands.command()
def prepare(data_dir: DataDir = None) -> None:
    """Make what `up` makes before it starts the parts, and end: for containers, which start one part each."""
    from cli.prepare import prepare as prepare_service
    from shared.settings import load_settings

    prepare_service(load_settings(**given(data_dir=data_dir)))


@commands.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Folder of the demo's own service and results.")] = Path("demo"),
) -> None:
    """Start the service in a folder of its own, classify a sample catalogue with photos, and show the answers."""
    from cli.demo import run_demo

    run_demo(folder)


@commands.command("backup")
def back_up(
    file: Annotated[Path, typer.Argument(help="The backup, a tar file.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write the database and the files of the service to one file. The service may run meanwhile."""
    from cli.backup import back_up as write_backup
    from shared.settings import load_settings

    write_backup(load_settings(**given(data_dir=data_dir)), file, force=force)


@commands.command("restore")
def restore_backup(
    file: Annotated[Path, typer.Argument(help="What `shelfwise backup` has written.", exists=True, dir_okay=False)],
    force: Annotated[bool, typer.Option("--force", help="Move aside what is there already.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Put a backup's database and files into a data folder, in which nothing may run."""
    from cli.restore import restore
    from shared.settings import load_settings

    restore(load_settings(**given(data_dir=data_dir)), file, force=force)


@commands.command()
def doctor(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address of the service. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the service. [default: 8000]")] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also load TensorFlow, read the whole database, and look for every file.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
) -> None:
    """Say what is configured, what answers and what is wrong; exit status 1 if something is."""
    from cli.doctor import examine

    examine(given(data_dir=data_dir, host=host, port=port), deep=deep, as_json=as_json)
