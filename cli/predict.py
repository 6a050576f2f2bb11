"""`shelfwise predict`: one product through a running service."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.client import Client
from cli.passwords import asked_password
from shared.errors import InvalidInput, ShelfwiseError


def predict_product(url: str, user: str, text: str | None, description: str | None, image: Path | None) -> None:
    """Submit a product, wait, and show the five likeliest categories with what text and photo alone say."""
    if not (text or description or image):
        raise InvalidInput("Give a --text, a --description or an --image.")
    product = {name: value for name, value in (("designation", text), ("description", description)) if value}
    with Client(url, user, asked_password(user)) as client:
        job = client.wait(client.submit(product, image.read_bytes() if image else None)["id"])
    show_prediction(Console(), job["prediction"])


def show_prediction(console: Console, prediction: dict[str, Any]) -> None:
    """Print a prediction. Raises ShelfwiseError when it is a row error."""
    if prediction["error"]:
        raise ShelfwiseError(prediction["error"]["message"], code=prediction["error"]["code"])
    category = prediction["category"]
    console.print(
        f"[bold]{category['name']}[/] ({category['code']}), confidence {prediction['confidence']:.0%}"
        + (", worth a look by a person" if prediction["needs_review"] else "")
    )
    table = Table("category", "fused", "text alone", "photo alone", box=None)
    alone = {
        side: {entry["code"]: entry["score"] for entry in (prediction[side] or {}).get("top", [])}
        for side in ("text", "image")
    }
    for entry in prediction["top"]:
        scores = (entry["score"], alone["text"].get(entry["code"]), alone["image"].get(entry["code"]))
        table.add_row(f"{entry['name']} ({entry['code']})", *("" if s is None else f"{s:.1%}" for s in scores))
    console.print(table)
    console.print(f"model {prediction['model_version']}, {prediction['modality']}")
