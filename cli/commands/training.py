"""Labelled data, and what is made of it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.commands.options import DataDir, given

if TYPE_CHECKING:
    from cli.labelled_data import LabelledData

commands = typer.Typer()
DataPath = Annotated[Path | None, typer.Option(help="Rakuten's layout, or a CSV with prdtypecode, or its folder.")]
ImagesPath = Annotated[Path | None, typer.Option(help="Folder of the photos. [default: beside the data]")]
TaxonomyPath = Annotated[Path | None, typer.Option(help="CSV with the categories' names: code,name[,name_en].")]
FromService = Annotated[bool, typer.Option("--from-service", help="Take the products and corrections held here.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="With --from-service: what was labelled before.")]
SummaryPath = Annotated[Path | None, typer.Option("--json", help="Write a summary to this file.")]


class ClassWeights(StrEnum):
    """What a row counts by how many rows its category has, in every fit."""

    NONE = "none"
    SQRT = "sqrt"
    BALANCED = "balanced"


class SplitMethod(StrEnum):
    """Whether look-alikes stay together in one part of the data."""

    GROUPED = "grouped"
    RANDOM = "random"


@commands.command()
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
    count_labels(load_settings(**given(data_dir=data_dir)), begin, end, as_json=as_json)


@commands.command("train")
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
    settings = load_settings(**given(data_dir=data_dir))
    train(settings, labelled, wishes, dry_run=dry_run, activate=activate, force=force, summary=summary)


@commands.command("evaluate")
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
    evaluate(load_settings(**given(data_dir=data_dir)), bundle, labelled, out, summary)


def _labelled_data(
    data: Path | None, images: Path | None, taxonomy: Path | None, from_service: bool, until: str | None
) -> "LabelledData":
    from cli.labelled_data import LabelledData
    from cli.times import time_of

    return LabelledData(data, images, taxonomy, from_service, None if until is None else time_of(until, "--until"))
