"""What a model has to beat: TF-IDF of words and logistic regression, trained on the same rows.

Term weights are 1 + ln(tf) times a smoothed inverse document frequency, over words and pairs of words, each row of
length 1 (Salton and Buckley, 1988); classes are told apart by multinomial logistic regression with an L2 penalty.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from shared.fusion import Scores
from shared.taxonomy import Category
from training.evaluation import Labels
from training.look_alikes import look_alike_groups
from training.products import Product, labels

MOST_TERMS = 50_000  # the most frequent ones; the others are in next to no other row
ITERATIONS = 200  # enough for a few hundred rows to converge; on tens of thousands the last ones change little
FOLDS = 5


def baseline_scores(train: Sequence[Product], test: Sequence[Product], classes: Sequence[Category]) -> Scores:
    """Probabilities (n, classes), float32, for the test products' texts.

    A product without text, and any where the training texts have no word or only one class, gets the classes' shares
    of the training texts. A class that they lack has probability 0.
    """
    known = [product for product in train if product.text is not None]
    truth = labels(known, classes)
    shares = np.bincount(truth, minlength=len(classes)) / max(1, len(known))
    found = np.tile(shares.astype(np.float32), (len(test), 1))
    rows = [row for row, product in enumerate(test) if product.text is not None]
    if rows and np.count_nonzero(shares) > 1:
        answers = _answers([each.text or "" for each in known], truth, [test[row].text or "" for row in rows])
        if answers is not None:
            found[np.array(rows)[:, np.newaxis], np.unique(truth)] = answers
    return found


def cross_validated_scores(products: Sequence[Product], classes: Sequence[Category], seed: int) -> Scores | None:
    """Like `baseline_scores`, where each product is answered by a model that was trained on the other folds.

    Look-alikes are in one fold. None where there are too few products of some sort to divide them.
    """
    truth = labels(products, classes)
    groups = np.empty(len(products), dtype=int)
    for number, members in enumerate(look_alike_groups(products)):
        groups[members] = number
    if len(np.unique(groups)) < FOLDS or len(np.unique(truth)) < 2 or np.bincount(truth).max() < FOLDS:
        return None
    found = np.zeros((len(products), len(classes)), dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer rows than folds is in fewer of them
        folds = list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(truth, truth, groups))
    for others, fold in folds:
        known, asked = ([products[row] for row in rows.tolist()] for rows in (others, fold))
        found[fold] = baseline_scores(known, asked, classes)
    return found


def _answers(train: Sequence[str], truth: Labels, test: Sequence[str]) -> Scores | None:
    """Probabilities (n, classes that occur in `truth`); None when no training text has a word."""
    terms = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=MOST_TERMS, dtype=np.float32)
    try:
        weighted = terms.fit_transform(train)
    except ValueError:  # "empty vocabulary"
        return None
    model = LogisticRegression(C=10.0, max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(weighted, truth)
    return np.asarray(model.predict_proba(terms.transform(test)), dtype=np.float32)
