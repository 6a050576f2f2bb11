"""Reuse: a product that its owner has sent before gets the answer that the same bundle gave then.

An earlier answer is found by a number made of owner and input (`reuse_key`), because an index of numbers stays small;
two products that share one are told apart by the input's whole hash. Only answers that came from a model are found, so
there is one for each product and bundle, however often the product was sent.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, bindparam, select

from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Answer
from shared.tables import Prediction


def reuse_key(owner_id: str, input_hash: str) -> int:
    """A number of 64 bits, signed as databases have it, of an account and of the SHA-256 of a product's input."""
    number = int(input_hash[:16], 16) ^ _owner_number(owner_id)
    return number - 2**64 if number >= 2**63 else number


def earlier_answers(connection: Connection, rows: Sequence[ClaimedRow], model_version: str) -> dict[int, Answer]:
    """What this bundle has answered earlier to the same products of the same accounts, by the ids of these rows."""
    keys = {row.reuse_key for row in rows if row.reuse_key is not None}
    if not keys:
        return {}
    found = connection.execute(_EARLIER, {"keys_": list(keys), "version_": model_version})
    answers = {(owner_id, input_hash): Answer(*answer) for owner_id, input_hash, *answer in found}
    if not answers:
        return {}
    return {
        row.prediction_id: answers[row.owner_id, row.input_hash]
        for row in rows
        if (row.owner_id, row.input_hash) in answers
    }


@lru_cache(1024)
def _owner_number(owner_id: str) -> int:
    return int.from_bytes(hashlib.sha256(owner_id.encode()).digest()[:8], "big")


# In the order of Answer's fields; its condition is that of the index.
_EARLIER = select(
    Prediction.owner_id,
    Prediction.input_hash,
    Prediction.prediction,
    Prediction.confidence,
    Prediction.top,
    Prediction.text_scores,
    Prediction.image_scores,
    Prediction.text_weight,
    Prediction.modality,
    Prediction.needs_review,
    Prediction.model_version,
    Prediction.id,
).where(
    Prediction.reuse_key.in_(bindparam("keys_", expanding=True)),
    Prediction.model_version == bindparam("version_"),
    Prediction.model_version.is_not(None),
    Prediction.reused_from.is_(None),
)
