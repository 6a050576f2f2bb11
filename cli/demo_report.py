"""What the demo shows: each answer beside what is right, the totals, and the bundle's figures."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from rich.console import Console
from rich.table import Table

from shared.bundle import Manifest
from training.products import Product

Predictions: TypeAlias = Sequence[dict[str, Any]]


def show_answers(console: Console, products: Sequence[Product], predictions: Predictions) -> None:
    """A row per product: its title, the answer, how sure, and what the text and the photo alone said."""
    table = Table(box=None, pad_edge=False)
    for header, width in (("product", 10), ("title", 34), ("answer", 30), ("sure", 5), ("text", 27), ("photo", 27)):
        table.add_column(header, width=width, no_wrap=True)
    for product, prediction in zip(products, predictions, strict=True):
        number = product.product_id.removeprefix("demo-")
        title = product.designation or "(photo only)"
        if not prediction["category"]:
            table.add_row(number, title, f"[red]{prediction['status']}[/]")
            continue
        right = prediction["category"]["code"] == product.code
        answer = ("[green]✓[/] " if right else "[red]✗[/] ") + prediction["category"]["name"]
        opinions = (_opinion(prediction["text"]), _opinion(prediction["image"]))
        table.add_row(number, title, answer, f"{prediction['confidence']:.0%}", *opinions)
    console.print(table)


def show_totals(console: Console, products: Sequence[Product], predictions: Predictions, seconds: float) -> None:
    """How many were answered, how fast, how many rightly, and how many a person should look at."""
    answered = [pair for pair in zip(products, predictions, strict=True) if pair[1]["category"]]
    review, known = (sum(prediction[name] for _, prediction in answered) for name in ("needs_review", "reused"))
    console.print(
        f"\n{len(answered)} of {len(products)} products answered in {seconds:.1f} s; "
        f"{_right(answered)} rightly, {review} marked for review"
        + (f"; {known} were known from an earlier run" if known else "")
    )
    for modality in ("text+image", "text", "image"):
        alike = [pair for pair in answered if pair[1]["modality"] == modality]
        console.print(f"  {modality:>10}: {_right(alike)} of {len(alike)} rightly")
    console.print(
        "(The makers' names in these titles occur nowhere in training, which makes the texts harder than below.)"
    )


def show_bundle(console: Console, manifest: Manifest) -> None:
    """The figures that training measured on products it had held out."""
    metrics = manifest.metrics
    console.print(f"\nbundle {manifest.version}, on {metrics.rows} drawn products that were held out of its training:")
    for name, figures in (("text alone", metrics.text), ("photo alone", metrics.image), ("fused", metrics.fused)):
        console.print(f"  {name:>11}: accuracy {figures.accuracy:.3f}, macro-F1 {figures.macro_f1:.3f}")


def _right(answered: Sequence[tuple[Product, dict[str, Any]]]) -> int:
    return sum(prediction["category"]["code"] == product.code for product, prediction in answered)


def _opinion(side: dict[str, Any] | None) -> str:
    return f"{side['top'][0]['score']:4.0%} {side['top'][0]['name']}" if side else "-"
