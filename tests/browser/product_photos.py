"""Photos of the demo's products, as files for a page's file chooser."""

from functools import cache

from playwright.sync_api import FilePayload

from training.demo.catalogue import demo_catalogue
from training.photos import PhotoBytes
from training.products import Product


@cache
def products() -> list[Product]:
    """One drawn product of each category that has a photo."""
    return [product for product in demo_catalogue(3, 1) if product.photo is not None]


def photo_file(product: Product, name: str = "photo.jpg") -> FilePayload:
    """The product's photo under a name."""
    assert isinstance(product.photo, PhotoBytes)
    return {"name": name, "mimeType": "image/jpeg", "buffer": product.photo.content}
