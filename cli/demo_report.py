"""What the demo shows: each answer beside what is right, the totals, and the bundle's figures."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.bundle import Manifest
from shared.taxonomy import RAKUTEN
from training.products import Product

_NAMES = {category.code: category.name for category in RAKUTEN}
_COLUMNS = ("product_id", "designation", "expected_code", "expected_name", "status", "code", "name", "confidence")
_OPINIONS = ("text_code", "text_score", "image_code", "image_score", "modality", "needs_review", "model_version")


def show_answers(console: Console, products: Sequence[Product], jobs: Sequence[dict[str, Any]]) -> None:
    """A row per product: its title, the answer, how sure, and what the text and the photo alone said."""
    table = Table(box=None, pad_edge=False)
    for header, width in (("product", 10), ("title", 34), ("answer", 30), ("sure", 5), ("text", 27), ("photo", 27)):
        table.add_column(header, width=width, no_wrap=True)
    for product, job in zip(products, jobs, strict=True):
        prediction = job["prediction"]
        number = product.product_id.removeprefix("demo-")
        title = product.designation or "(photo only)"
        if not prediction["category"]:
            table.add_row(number, title, f"[red]{job['status']}[/]")
            continue
        right = prediction["category"]["code"] == product.code
        answer = ("[green]✓[/] " if right else "[red]✗[/] ") + prediction["category"]["name"]
        opinions = (_opinion(prediction["text"]), _opinion(prediction["image"]))
        table.add_row(number, title, answer, f"{prediction['confidence']:.0%}", *opinions)
    console.print(table)


def show_totals(console: Console, products: Sequence[Product], jobs: Sequence[dict[str, Any]], seconds: float) -> None:
    """How many were answered, how fast, how many rightly, and how many a person should look at."""
    predictions = [job["prediction"] for job in jobs if job["status"] == "succeeded"]
    right = sum(_code(job) == product.code for product, job in zip(products, jobs, strict=True))
    review = sum(prediction["needs_review"] for prediction in predictions)
    console.print(
        f"\n{len(predictions)} of {len(products)} products answered in {seconds:.1f} s; "
        f"{right} rightly, {review} marked for review"
    )
    for modality in ("text+image", "text", "image"):
        answered = [pair for pair in zip(products, jobs, strict=True) if pair[1]["prediction"]["modality"] == modality]
        good = sum(_code(job) == product.code for product, job in answered)
        console.print(f"  {modality:>10}: {good} of {len(answered)} rightly")
    console.print(
        "(The makers' names in these titles occur nowhere in training, which makes the texts harder than below.)"
    )


def show_bundle(console: Console, manifest: Manifest) -> None:
    """The figures that training measured on products it had held out."""
    metrics = manifest.metrics
    console.print(f"\nbundle {manifest.version}, on {metrics.rows} drawn products that were held out of its training:")
    for name, figures in (("text alone", metrics.text), ("photo alone", metrics.image), ("fused", metrics.fused)):
        console.print(f"  {name:>11}: accuracy {figures.accuracy:.3f}, macro-F1 {figures.macro_f1:.3f}")


def write_results(path: Path, products: Sequence[Product], jobs: Sequence[dict[str, Any]]) -> None:
    """Every answer as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((*_COLUMNS, *_OPINIONS))
        for product, job in zip(products, jobs, strict=True):
            prediction = job["prediction"]
            category = prediction["category"] or {"code": "", "name": ""}
            expected = (product.code, _NAMES[product.code])
            answer = (job["status"], category["code"], category["name"], prediction["confidence"])
            text, image = _best(prediction["text"]), _best(prediction["image"])
            rest = (prediction["modality"], _as_json(prediction["needs_review"]), prediction["model_version"])
            writer.writerow((product.product_id, product.designation, *expected, *answer, *text, *image, *rest))


def _code(job: dict[str, Any]) -> int | None:
    category = job["prediction"]["category"]
    return category["code"] if category else None


def _as_json(flag: bool | None) -> str:
    return "" if flag is None else str(flag).lower()


def _best(side: dict[str, Any] | None) -> tuple[object, object]:
    return (side["top"][0]["code"], side["top"][0]["score"]) if side else ("", "")


def _opinion(side: dict[str, Any] | None) -> str:
    return f"{side['top'][0]['score']:4.0%} {side['top'][0]['name']}" if side else "-"
