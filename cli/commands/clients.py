"""Clients of a running service."""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import LOCAL, Url, UserName
from shared.catalogues.source import Format
from shared.lifecycle import JobStatus

commands = typer.Typer()


@commands.command()
def predict(
    text: Annotated[str | None, typer.Option(help="Title of the product.")] = None,
    description: Annotated[str | None, typer.Option(help="Description of the product.")] = None,
    image: Annotated[Path | None, typer.Option(help="Photo of the product.", exists=True, dir_okay=False)] = None,
    url: Url = LOCAL,
    user: UserName = "admin",
) -> None:
    """Classify one product through a running service. The password comes from SHELFWISE_PASSWORD or a prompt."""
    from cli.predict import predict_product

    predict_product(url, user, text, description, image)


@commands.command()
def classify(
    catalogue: Annotated[
        Path,
        typer.Argument(
            exists=True, help="A .csv, .tsv, .txt, .ndjson, .jsonl (also .gz), .parquet, .xlsx, .zip, a folder."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The results: .csv, .ndjson, .parquet or .xlsx. [default: *.results.csv]"),
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(help="The rows that have errors, if any. [default: *.errors.csv beside the results]")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the job. [default: that of the file]")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="Which of the file's columns is which of ours; may be repeated."),
    ] = None,
    format: Annotated[Format | None, typer.Option(help="Kind of file. [default: by its name]")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file. [default: found out]")] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(help="What stands between the cells of a CSV: a character, or tab. [default: found out]"),
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Send it, and leave the rest to `shelfwise jobs`.")
    ] = False,
    url: Url = LOCAL,
    user: UserName = "admin",
) -> None:
    """Classify a whole catalogue through a running service, and write the results beside it.

    The password comes from SHELFWISE_PASSWORD or a prompt. Exit status 0 says that every row has a prediction.
    """
    from cli.classify import Outputs, Told, classify_catalogue, columns_named

    told = Told(name, format, encoding, delimiter, columns_named(columns or []))
    classify_catalogue(url, user, catalogue, told, Outputs.beside(catalogue, output, errors), wait=not no_wait)


@commands.command()
def jobs(
    job_id: Annotated[str | None, typer.Argument(metavar="ID", help="A job. [default: the newest ones]")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show how it comes on, until it ends.")] = False,
    status: Annotated[JobStatus | None, typer.Option(help="Only jobs of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many jobs at most.")] = 20,
    cancel: Annotated[bool, typer.Option("--cancel", help="End the job now; rows that are done stay.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Run its failed rows again, as a new job.")] = False,
    rerun: Annotated[bool, typer.Option("--rerun", help="Run all of its rows again, as a new job.")] = False,
    results: Annotated[Path | None, typer.Option(help="Write every row with its prediction to this file.")] = None,
    errors: Annotated[Path | None, typer.Option(help="Write the rows that have errors to this file.")] = None,
    url: Url = LOCAL,
    user: UserName = "admin",
) -> None:
    """Show the newest jobs, or one, and do something with it.

    The password comes from SHELFWISE_PASSWORD or a prompt. With an ID and --watch, exit status 0 says that every row
    has a prediction.
    """
    actions = [name for name, wanted in (("cancel", cancel), ("retry", retry), ("rerun", rerun)) if wanted]
    if len(actions) > 1:
        raise typer.BadParameter(f"--{actions[0]} and --{actions[1]} exclude each other.")
    if job_id is None:
        if actions or results or errors:
            raise typer.BadParameter("Say which job: `shelfwise jobs` lists them.")
        from cli.job_list import list_jobs

        list_jobs(url, user, status, limit, watch=watch)
    else:
        from cli.jobs import Wanted, one_job

        one_job(url, user, job_id, Wanted(actions[0] if actions else None, watch, results, errors))
