"""The `shelfwise` command: its subcommands, each a shell over one call. Imports wait until they are needed."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from cli.terminal import sentence_of
from shared.catalogues.source import Format
from shared.errors import ShelfwiseError
from shared.lifecycle import JobStatus
from shared.users import Role

if TYPE_CHECKING:
    from cli.labelled_data import LabelledData

app = typer.Typer(
    name="shelfwise",
    help="Puts every product of a marketplace catalogue on the right shelf.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
users = typer.Typer(help="Accounts, on the machine that has the database.", no_args_is_help=True, rich_markup_mode=None)
models = typer.Typer(help="Published bundles, and which one answers.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(users, name="users")
app.add_typer(models, name="models")

LOCAL = "http://127.0.0.1:8000"
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept. [default: SHELFWISE_DATA_DIR or var]")]
Url = Annotated[str, typer.Option(envvar="SHELFWISE_URL", help="Where the service answers.")]
OfUser = Annotated[str, typer.Argument(help="Name of the account.")]
OfVersion = Annotated[str, typer.Argument(help="Version of the bundle.")]
DataPath = Annotated[Path | None, typer.Option(help="Rakuten's layout, or a CSV with prdtypecode, or its folder.")]
ImagesPath = Annotated[Path | None, typer.Option(help="Folder of the photos. [default: beside the data]")]
TaxonomyPath = Annotated[Path | None, typer.Option(help="CSV with the categories' names: code,name[,name_en].")]
FromService = Annotated[bool, typer.Option("--from-service", help="Take the products and corrections held here.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="With --from-service: what was labelled before.")]
SummaryPath = Annotated[Path | None, typer.Option("--json", help="Write a summary to this file.")]
UserName = Annotated[str, typer.Option(envvar="SHELFWISE_USER", help="Who you are.")]


class ClassWeights(StrEnum):
    """What a row counts by how many rows its category has, in every fit."""

    NONE = "none"
    SQRT = "sqrt"
    BALANCED = "balanced"


class SplitMethod(StrEnum):
    """Whether look-alikes stay together in one part of the data."""

    GROUPED = "grouped"
    RANDOM = "random"


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
    url: Url = LOCAL,
    user: UserName = "admin",
) -> None:
    """Classify one product through a running service. The password comes from SHELFWISE_PASSWORD or a prompt."""
    from cli.predict import predict_product

    predict_product(url, user, text, description, image)


@app.command()
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


@app.command()
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


@models.command("list")
def list_releases(data_dir: DataDir = None) -> None:
    """Show every published bundle, newest first."""
    from cli.models import list_models
    from shared.settings import load_settings

    list_models(load_settings(**_given(data_dir=data_dir)))


@models.command("show")
def show_release(version: OfVersion, data_dir: DataDir = None) -> None:
    """Show what a bundle was made of, and how good it is."""
    from cli.models import show_model
    from shared.settings import load_settings

    show_model(load_settings(**_given(data_dir=data_dir)), version)


@models.command("activate")
def activate_release(version: OfVersion, data_dir: DataDir = None) -> None:
    """Have workers answer with a bundle, and wait until they do, 15 seconds at most."""
    from cli.models import activate_model
    from shared.settings import load_settings

    activate_model(load_settings(**_given(data_dir=data_dir)), version)


@app.command()
def labels(
    since: Annotated[str | None, typer.Option(help="Count what came from this time on.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option(help="Count what came before this time.", metavar="TIME")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say it as JSON.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Say how many labelled products and corrections are new or changed, and how many there are to train on."""
    from cli.labels import count_labels
    from cli.times import time_of
    from shared.settings import load_settings

    begin = None if since is None else time_of(since, "--since")
    end = None if until is None else time_of(until, "--until")
    count_labels(load_settings(**_given(data_dir=data_dir)), begin, end, as_json=as_json)


@app.command("train")
def train_bundle(
    data: DataPath = None,
    images: ImagesPath = None,
    taxonomy: TaxonomyPath = None,
    from_service: FromService = False,
    until: Until = None,
    name: Annotated[str | None, typer.Option(help="Name of the data. [default: that of the folder or file]")] = None,
    vgg16_weights: Annotated[
        str, typer.Option(metavar="imagenet|none|FILE", help="What VGG16 starts from; imagenet is downloaded by Keras.")
    ] = "imagenet",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of each fit, at most.")] = None,
    fine_tune: Annotated[int, typer.Option(min=0, max=5, help="Blocks of VGG16 that learn too; wants a GPU.")] = 0,
    split: Annotated[SplitMethod, typer.Option(help="Keep look-alikes together, or not.")] = SplitMethod.GROUPED,
    validation: Annotated[float | None, typer.Option(help="Share of the rows to validate on.")] = None,
    test: Annotated[float | None, typer.Option(help="Share of the rows to test on.")] = None,
    class_weights: Annotated[
        ClassWeights | None, typer.Option(help="Rows count the same, or more in small categories.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="Decides all that is random.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be trained on and for how long.")] = False,
    activate: Annotated[bool, typer.Option("--activate", help="Activate the bundle if it passes the gate.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Activate it even if it does not.")] = False,
    summary: SummaryPath = None,
    data_dir: DataDir = None,
) -> None:
    """Train on labelled products, measure, and publish the bundle."""
    from cli.train import Wishes, train
    from shared.settings import load_settings

    weighing: Literal["none", "sqrt", "balanced"] | None = class_weights.value if class_weights else None
    wishes = Wishes(name, vgg16_weights, epochs, fine_tune, split.value, validation, test, seed, weighing)
    labelled = _labelled_data(data, images, taxonomy, from_service, until)
    settings = load_settings(**_given(data_dir=data_dir))
    train(settings, labelled, wishes, dry_run=dry_run, activate=activate, force=force, summary=summary)


@app.command("evaluate")
def evaluate_bundle(
    bundle: Annotated[str, typer.Option(metavar="VERSION|FOLDER", help="The bundle to ask.")],
    data: DataPath = None,
    images: ImagesPath = None,
    taxonomy: TaxonomyPath = None,
    from_service: FromService = False,
    until: Until = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report. [default: evaluations/… in the data folder]")
    ] = None,
    summary: SummaryPath = None,
    data_dir: DataDir = None,
) -> None:
    """Measure a bundle on labelled products."""
    from cli.evaluate import evaluate
    from shared.settings import load_settings

    labelled = _labelled_data(data, images, taxonomy, from_service, until)
    evaluate(load_settings(**_given(data_dir=data_dir)), bundle, labelled, out, summary)


@app.command("backup")
def back_up(
    file: Annotated[Path, typer.Argument(help="The backup, a tar file.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write the database and the files of the service to one file. The service may run meanwhile."""
    from cli.backup import back_up as write_backup
    from shared.settings import load_settings

    write_backup(load_settings(**_given(data_dir=data_dir)), file, force=force)


@app.command("restore")
def restore_backup(
    file: Annotated[Path, typer.Argument(help="What `shelfwise backup` has written.", exists=True, dir_okay=False)],
    force: Annotated[bool, typer.Option("--force", help="Move aside what is there already.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Put a backup's database and files into a data folder, in which nothing may run."""
    from cli.restore import restore
    from shared.settings import load_settings

    restore(load_settings(**_given(data_dir=data_dir)), file, force=force)


@app.command()
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

    examine(_given(data_dir=data_dir, host=host, port=port), deep=deep, as_json=as_json)


def _labelled_data(
    data: Path | None, images: Path | None, taxonomy: Path | None, from_service: bool, until: str | None
) -> "LabelledData":
    from cli.labelled_data import LabelledData
    from cli.times import time_of

    return LabelledData(data, images, taxonomy, from_service, None if until is None else time_of(until, "--until"))


def _given(**options: object) -> dict[str, object]:
    """The options that were given; the others are left to the environment and the defaults."""
    return {name: value for name, value in options.items() if value is not None}
