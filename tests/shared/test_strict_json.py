"""JSON that every reader understands alike; `tests/api/test_bad_json.py` has more of what is none."""

import pytest

from shared.strict_json import NotStrictJson, parse


def test_json_is_what_it_says() -> None:
    assert parse('{"a": [1, 2.5, null, true, "é\\ud83c\\udfae"]}'.encode()) == {"a": [1, 2.5, None, True, "é🎮"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "it ceases to be at line 1, column 2"),
        (b'{"a": 1, "a": 2}', "an object has the key a twice"),
        (b"[NaN]", "NaN is no number there"),
        (b'["\\ud800"]', "a string has half a surrogate pair"),
        (b"[" * 10_000, "it is nested too deeply"),
        (b'"\xff"', "byte 1 is not UTF-8"),
    ],
)
def test_what_is_none_is_refused_with_half_a_sentence(text: bytes, reason: str) -> None:
    with pytest.raises(NotStrictJson) as refused:
        parse(text)
    assert str(refused.value) == reason
