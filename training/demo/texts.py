"""Writes a demo product's title and description from the word lists, sometimes so that siblings can't be told apart."""

import html
from dataclasses import dataclass

import numpy as np

from training.demo.siblings import SIBLINGS, Siblings
from training.demo.words import WORDINGS

DESCRIBED_SHARE = 0.55
MARKUP_SHARE = 0.15  # of the descriptions: real sellers paste HTML
CAPITALS_SHARE = 0.06
_SIBLINGS_OF: dict[int, Siblings] = {code: siblings for siblings in SIBLINGS for code in siblings.codes}


@dataclass(frozen=True, slots=True)
class Listing:
    """What a seller wrote."""

    designation: str
    description: str | None


def write_listing(code: int, generator: np.random.Generator, *, ambiguous: bool, sample: bool = False) -> Listing:
    """A title and perhaps a description for a product of category `code`.

    An `ambiguous` one could be any sibling's. Every title names an invented maker or work; `sample` takes it
    from names that no other listing has.
    """
    siblings = _SIBLINGS_OF[code]
    name = _one(siblings.sample_names if sample else siblings.names, generator)
    if ambiguous:
        sentences = siblings.sentences
        words = [_one(siblings.phrases, generator), name, _one(siblings.details, generator)]
    else:
        wording = WORDINGS[code]
        sentences = wording.sentences
        noun, traits = wording.goods[int(generator.integers(len(wording.goods)))]
        trait = _one(traits, generator)
        words = [noun, name, trait] if generator.random() < 0.6 else [name, noun, trait]
        if generator.random() < 0.5:
            words.append(_one(siblings.details, generator))
    title = _sentence_case(" ".join(words))
    if generator.random() < CAPITALS_SHARE:
        title = title.upper()
    return Listing(title, _description(sentences, siblings, generator))


def _description(sentences: tuple[str, ...], siblings: Siblings, generator: np.random.Generator) -> str | None:
    if generator.random() >= DESCRIBED_SHARE:
        return None
    chosen = [_one(sentences, generator)]
    general = _one(siblings.sentences, generator)
    if general not in chosen:
        chosen.append(general)
    if generator.random() < MARKUP_SHARE:
        escaped = [html.escape(sentence).replace("é", "&eacute;") for sentence in chosen]
        return "<p>" + "<br />".join(escaped) + "</p>"
    return " ".join(chosen)


def _one(choices: tuple[str, ...], generator: np.random.Generator) -> str:
    return choices[int(generator.integers(len(choices)))]


def _sentence_case(words: str) -> str:
    return words[0].upper() + words[1:]
