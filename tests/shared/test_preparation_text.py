import time

import pytest

from shared.preparation import MAX_TEXT_CHARACTERS, product_text


@pytest.mark.parametrize(
    ("title", "description", "text"),
    [
        ("Chaise", "longue", "Chaise longue"),
        ("Chaise", None, "Chaise"),
        (None, "longue", "longue"),
        ("", "longue", "longue"),
    ],
)
def test_title_and_description_are_read_as_one(title: str | None, description: str | None, text: str) -> None:
    assert product_text(title, description) == text


@pytest.mark.parametrize("empty", [None, "", " \t\n", "<br><p></p>", "&nbsp;", "\u200b\ufeff", "\x00", "&lt;br&gt;"])
def test_nothing_readable_is_no_text(empty: str | None) -> None:
    assert product_text(empty, empty) is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<b>Chaise</b><br/>longue", "Chaise longue"),
        ('<a href="http://x/?a=1&amp;b=2">Chaise</a>', "Chaise"),
        ("&lt;p&gt;Chaise&lt;/p&gt;", "Chaise"),
        ("Caf&eacute; &amp; th&#233; &#x20AC;5", "Café & thé €5"),
        ("Chaise&nbsp;longue", "Chaise longue"),
        ("5 < 6", "5 < 6"),
        ("Chaise <longue", "Chaise <longue"),
        ("a\u00a0\t\r\n\u2003b", "a b"),
    ],
)
def test_markup_is_taken_out_and_entities_are_read(raw: str, text: str) -> None:
    assert product_text(raw, None) == text


@pytest.mark.parametrize("text", ["Été à Noël, cœur ß", "PS5 825 Go n°3", 'ÉCRAN 27"', "日本語 العربية 🎲"])
def test_accents_digits_case_and_other_scripts_stay(text: str) -> None:
    assert product_text(text, None) == text


def test_an_accent_is_one_character_however_it_was_typed() -> None:
    assert product_text("e\u0301te\u0301", None) == product_text("été", None) == "été"


@pytest.mark.parametrize("invisible", ["\x00", "\x1b", "\x7f", "\u200b", "\u200d", "\u200e", "\ufeff", "&#8203;"])
def test_what_cannot_be_seen_is_taken_out_of_words(invisible: str) -> None:
    assert product_text(f"chai{invisible}se", None) == "chaise"


def test_a_text_of_a_megabyte_is_cut() -> None:
    text = product_text("é" * 10**6, "description")

    assert text == "é" * MAX_TEXT_CHARACTERS


def test_markup_does_not_use_up_what_may_be_read() -> None:
    assert product_text("<br>" * 1_000 + "Chaise", None) == "Chaise"


@pytest.mark.parametrize(
    "hostile", ["<", "<a ", "&lt;", "&#", " ", "<>", "\u0301", "<" * 99 + ">"], ids=lambda hostile: repr(hostile[:5])
)
def test_a_hostile_megabyte_costs_next_to_nothing(hostile: str) -> None:
    text = (hostile * 10**6)[: 10**6]

    started = time.process_time()
    product_text(text, text)

    assert time.process_time() - started < 0.5
