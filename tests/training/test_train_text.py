from dataclasses import replace

from shared.taxonomy import Category
from training.config import TrainingConfig
from training.demo.catalogue import demo_catalogue
from training.progress import Silent
from training.split import Split
from training.train_text import train_text


def test_the_tokeniser_and_its_weights_know_training_texts_only() -> None:
    products = [replace(product, photo=None) for product in demo_catalogue(4, 12)]
    codes = sorted({product.code for product in products})[:3]
    chosen = [product for product in products if product.code in codes]
    unseen = [replace(product, designation="zyxwvq " * 20) for product in chosen]
    classes = tuple(Category(code, str(code)) for code in codes)

    trained = train_text(Split(chosen, unseen, unseen), classes, TrainingConfig.tiny(), Silent())

    assert not [token for token in trained.tokenizer.get_vocab() if "zyx" in token]
