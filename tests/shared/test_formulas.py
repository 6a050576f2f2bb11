"""Texts in files for spreadsheets: none is a formula, and each comes back as it was."""

import pytest

from shared.formulas import as_before, defused


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1+1", "＋1", "－1", "＠SUM(A1)"]
)
def test_what_begins_as_a_formula_does_gets_a_quote_that_is_taken_away_again(text: str) -> None:
    assert defused(text) == f"'{text}"
    assert as_before(defused(text)) == text


@pytest.mark.parametrize("text", ["", "'", "'tis", "Chaise", "1=1", " =1"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert defused(text) == text
    assert as_before(text) == text
