"""CSV and TSV, whatever other people's programs, and other people, make of them."""

import csv
import io
import random

import pytest

from shared.catalogues.reading import open_catalogue
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore
from tests.shared.catalogues.reading import LIMITS, Format, opened, put, read, read_in_turns, seen

HEAD = b"product_id,designation,description\n"
BAD = "MALFORMED_ROW"

NASTY = {
    "plain": b"1,a,b\n2,c,d\n",
    "no final newline": b"1,a,b\n2,c,d",
    "Windows line ends": b"1,a,b\r\n2,c,d\r\n",
    "old Macintosh line ends": b"1,a,b\r2,c,d\r",
    "mixed line ends": b"1,a,b\r2,c,d\r\n3,e,f\n\r4,g,h",
    "blank lines": b"\n1,a,b\n\n\r\n   \n2,c,d\n\n",
    "quoted": b'1,"a, ""b""",c\n2,"",d\n',
    "several lines in quotes": b'1,"a\nb\r\nc\rd",e\n2,"\n\n",f\n',
    "a bare quote in a cell": b'1,a 5" screen,b\n2,c,d\n',
    "a bare quote before a cell": b'1,"a,b\n2,c,d\n3,e,f\n',
    "a bare quote before several lines": b'1,"a,b\n2,"c\nc",d\n3,e,f\n',
    "a quote that ends too early": b'1,"a"b,c\n2,d,e\n',
    "a quote that ends too early, and another": b'1,"a"b,"c\n2,d,e\n',
    "a bare quote at the end": b'1,a,b\n2,c,"d\n',
    "only bare quotes": b'1,"a,b\n' * 7,
    "quotes that never end": b'a","\n' * 9,
    "ragged": b"1,a\n2,c,d\n3,a,b,c\n4,e,f\n",
    "ragged at the end": b"1,a,b,,\n2,c,d,\n3,e\n",
    "NUL": b"1,a\0,b\n2,c,d\n",
    "not UTF-8": b"1,caf\xe9 \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9,b\n2,c,d\n",
    "not UTF-8 in several lines": b'1,"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\n\xe9",b\n2,c,d\n',
    "line separators of Unicode": "1,a\u2028b\x85\x0b\x0c\x1c,c\n2,d,e\n".encode(),
    "a quote in a damaged line": b'1,"\xff\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9,b\n2,c,d\n',
}
EXPECTED = {
    "plain": [["1", "a", "b"], ["2", "c", "d"]],
    "no final newline": [["1", "a", "b"], ["2", "c", "d"]],
    "Windows line ends": [["1", "a", "b"], ["2", "c", "d"]],
    "old Macintosh line ends": [["1", "a", "b"], ["2", "c", "d"]],
    "mixed line ends": [["1", "a", "b"], ["2", "c", "d"], ["3", "e", "f"], ["4", "g", "h"]],
    "blank lines": [["1", "a", "b"], ["2", "c", "d"]],
    "quoted": [["1", 'a, "b"', "c"], ["2", "", "d"]],
    "several lines in quotes": [["1", "a\nb\r\nc\rd", "e"], ["2", "\n\n", "f"]],
    "a bare quote in a cell": [["1", 'a 5" screen', "b"], ["2", "c", "d"]],
    "a bare quote before a cell": [BAD, ["2", "c", "d"], ["3", "e", "f"]],
    "a bare quote before several lines": [BAD, ["2", "c\nc", "d"], ["3", "e", "f"]],
    "a quote that ends too early": [BAD, ["2", "d", "e"]],
    "a quote that ends too early, and another": [BAD, ["2", "d", "e"]],
    "a bare quote at the end": [["1", "a", "b"], BAD],
    "only bare quotes": [BAD] * 7,
    "quotes that never end": [BAD] * 9,
    "ragged": [BAD, ["2", "c", "d"], BAD, ["4", "e", "f"]],
    "ragged at the end": [["1", "a", "b"], ["2", "c", "d"], BAD],
    "NUL": ["INVALID_TEXT", ["2", "c", "d"]],
    "not UTF-8": ["INVALID_TEXT", ["2", "c", "d"]],
    "not UTF-8 in several lines": ["INVALID_TEXT", ["2", "c", "d"]],
    "line separators of Unicode": [["1", "a\u2028b\x85\x0b\x0c\x1c", "c"], ["2", "d", "e"]],
    "a quote in a damaged line": [BAD, ["2", "c", "d"]],
}


@pytest.mark.parametrize("name", NASTY)
def test_a_damaged_row_costs_itself(store: ObjectStore, name: str) -> None:
    assert read(store, HEAD + NASTY[name]) == EXPECTED[name]


@pytest.mark.parametrize("name", NASTY)
def test_reading_goes_on_after_any_row_as_if_it_had_never_stopped(store: ObjectStore, name: str) -> None:
    source = put(store, HEAD + NASTY[name])

    assert read_in_turns(store, source) == list(enumerate(EXPECTED[name]))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_where_a_file_is_cut_into_pieces_makes_no_difference(store: ObjectStore, size: int) -> None:
    from shared.catalogues.delimited import DelimitedRows

    class Dripping(io.BytesIO):
        def read(self, _: int | None = -1, /) -> bytes:
            return super().read(size)

    for name, content in NASTY.items():
        rows = DelimitedRows(Dripping(content), ",", LIMITS, {"offset": 0, "row": 0}).rows(3)
        assert [seen(row) for row in rows] == EXPECTED[name], name


def test_any_file_of_few_characters_is_read_the_same_in_one_go_and_row_by_row(store: ObjectStore) -> None:
    chance = random.Random(7)
    for _ in range(120):
        text = "".join(chance.choices('ab",\n\r\0é', [4, 4, 4, 4, 3, 1, 0.2, 1], k=chance.randrange(60)))
        damaged = text.encode().replace("é".encode(), chance.choice(["é".encode(), b"\xe9"]))
        content = b"title,name\n" + damaged
        source = put(store, content, encoding="utf-8")
        limits = LIMITS.__class__(10**6, chance.choice([15, 1000]), 10, 100, 10)

        with open_catalogue(store, source, limits) as catalogue:
            whole = [(row.number, seen(row)) for row in catalogue.rows()]

        assert read_in_turns(store, source, limits) == whole, content
        assert [number for number, _ in whole] == list(range(len(whole)))


def test_what_csv_writes_is_read_back(store: ObjectStore) -> None:
    chance = random.Random(8)
    rows = [
        ["".join(chance.choices("ab\",;\n\r '\té€🎲", k=chance.randrange(1, 9))) for _ in range(3)] for _ in range(300)
    ]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("title", "x", "y"), *rows])

    assert read(store, out.getvalue().encode(), delimiter=",") == rows


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1252", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_is_found_out(store: ObjectStore, encoding: str) -> None:
    content = "title,description\r\nCafé,à la crème\r\nThé,où ça\r\n".encode(encoding)

    assert read(store, content) == [["Café", "à la crème"], ["Thé", "où ça"]]
    assert read_in_turns(store, put(store, content))[1:] == [(1, ["Thé", "où ça"])]


def test_a_damaged_utf_8_is_told_from_windows_1252(store: ObjectStore) -> None:
    mostly_utf_8 = "title,x\nthé,café\n".encode() + b"\xff,1\n"
    mostly_windows = b"title,x\nth\xe9,caf\xe9\n" + "é,1\n".encode()

    assert read(store, mostly_utf_8) == [["thé", "café"], "INVALID_TEXT"]
    assert read(store, mostly_windows) == [["thé", "café"], ["Ã©", "1"]]


def test_the_sender_knows_the_encoding_better(store: ObjectStore) -> None:
    assert read(store, "title,price\nпальто,1\n".encode("koi8-r"), encoding="KOI8-R") == [["пальто", "1"]]
    assert read(store, "title,price\n外套,1\n".encode("gbk"), encoding="gbk") == [["外套", "1"]]


@pytest.mark.parametrize("name", ["klingon", "zip", "rot13", "idna", "unicode_escape", "a\0b", "utf-7", "undefined"])
def test_what_is_no_encoding_is_refused(store: ObjectStore, name: str) -> None:
    assert refusal(store, b"title\nx\n", encoding=name).code == "UNKNOWN_ENCODING"


def test_bytes_that_are_not_text_in_another_encoding_cost_their_row(store: ObjectStore) -> None:
    assert read(store, b"title,x\ncaf\xe9,1\n\x81,2\nth\xe9,3\n") == [["café", "1"], "INVALID_TEXT", ["thé", "3"]]
    lone = "title,x\n".encode("utf-16-le") + b"\x00\xd8,\x001\x00\n\x00" + "y,2\n".encode("utf-16-le")
    assert read(store, lone, encoding="utf-16-le") == ["INVALID_TEXT", ["y", "2"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(store: ObjectStore, delimiter: str) -> None:
    content = delimiter.join(["title", "price, in €; net|gross", "description"]).replace(delimiter + " ", "/ ")
    with opened(store, f"{content}\n{delimiter.join('abc')}\n".encode()) as catalogue:
        assert catalogue.layout.columns.keys() >= {"designation", "description"}
        assert catalogue.layout.delimiter == delimiter


def test_one_column_is_a_table_too(store: ObjectStore) -> None:
    assert read(store, b'title\nred, and warm\nblue\n\n""\n') == [["red, and warm"], ["blue"], [""]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_file_may_say_its_delimiter_in_its_first_line(store: ObjectStore, encoding: str, end: str) -> None:
    content = end.join(["sep=:", "title:x,y", "a,b,c,d:é", "e:f"]).encode(encoding)
    rows = [["a,b,c,d", "é"], ["e", "f"]]
    with opened(store, content) as catalogue:
        assert catalogue.layout.header == ("title", "x,y")

    assert read_in_turns(store, put(store, content)) == list(enumerate(rows))
    assert read(store, b"sep=;\ntitle,x\na,b\n", delimiter=",") == [["a", "b"]]


def test_the_sender_knows_the_delimiter_better(store: ObjectStore) -> None:
    assert read(store, b"title:x\na:b,c\n", delimiter=":") == [["a", "b,c"]]
    for wrong in ("", "ab", '"', "\n"):
        assert wrong == "" or refusal(store, b"title\nx\n", delimiter=wrong).code == "INVALID_DELIMITER"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_CATALOGUE"),
        (b"\n\r\n \n", "EMPTY_CATALOGUE"),
        (b"\xef\xbb\xbf", "EMPTY_CATALOGUE"),
        (b"1,a,b\n2,c,d\n", "NO_KNOWN_COLUMN"),
        (b"title,Title\na,b\n", "DUPLICATE_COLUMN"),
        (b"title,x,title\na,b,c\n", "DUPLICATE_COLUMN"),
        (b'"title,x\n', "BROKEN_HEADER"),
        (b"title," + b"x" * 1000 + b"\n", "BROKEN_HEADER"),
        (b"title," + b"x" * 2_000_000 + b"\n", "BROKEN_HEADER"),
        (b",".join(b"c%d" % number for number in range(10_000)) + b",title\n", "TOO_MANY_COLUMNS"),
        (b"PK\x03\x04...", "WRONG_FORMAT"),
        (b"PAR1...", "WRONG_FORMAT"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "WRONG_FORMAT"),
        (b"prdtypecode,category\n1,x\n", "NO_KNOWN_COLUMN"),
        (b"image_id,x\n1,x\n", "NO_KNOWN_COLUMN"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(store: ObjectStore, content: bytes, code: str) -> None:
    assert refusal(store, content).code == code


def test_the_reason_names_what_is_there_and_what_is_looked_for(store: ObjectStore) -> None:
    message = refusal(store, b"Titre;Prix\nx;1\n").message

    assert "Titre, Prix" in message
    assert "designation|title|name" in message
    assert "`columns=`" in message


def test_only_a_header_is_a_table_without_rows(store: ObjectStore) -> None:
    assert read(store, b"title,price") == []


def test_columns_are_found_under_many_names_the_best_first(store: ObjectStore) -> None:
    header = b" Name ,TITLE,product_id,ProductID,image_url,prdtypecode,imageid\n"
    with opened(store, header) as catalogue:
        assert catalogue.layout.columns == {
            "product_id": "ProductID",
            "image_id": "imageid",
            "designation": "TITLE",
            "image": "image_url",
            "prdtypecode": "prdtypecode",
        }
        assert catalogue.layout.header[0] == "Name"


def test_the_sender_says_which_column_is_which(store: ObjectStore) -> None:
    with opened(store, b"Titre,title\n", columns={"designation": "Titre"}) as catalogue:
        assert catalogue.layout.columns == {"designation": "Titre"}
    assert refusal(store, b"Titre,title\n", columns={"designation": "Nom"}).code == "COLUMN_NOT_FOUND"
    assert refusal(store, b"Titre,title\n", columns={"colour": "Titre"}).code == "UNKNOWN_COLUMN"


def test_a_second_column_of_a_name_gets_another(store: ObjectStore) -> None:
    with opened(store, b"title,x,x,x_2,,,x\n1,2,3,4,5,6,7\n") as catalogue:
        assert catalogue.layout.header == ("title", "x", "x_3", "x_2", "", "_2", "x_4")
        assert len(set(catalogue.layout.header)) == 7


@pytest.mark.parametrize("length", [140_000, 1_000_000, 10_000_000])
def test_a_cell_that_is_too_long_costs_its_row(store: ObjectStore, length: int) -> None:
    content = HEAD + b"1,a,b\n2," + b"x" * length + b",y\n3,c,d\n"

    assert read(store, content) == [["1", "a", "b"], "TOO_LONG", ["3", "c", "d"]]
    assert read_in_turns(store, put(store, content))[2] == (2, ["3", "c", "d"])


def test_more_rows_than_are_read_end_the_reading_there(store: ObjectStore) -> None:
    with opened(store, HEAD + b"1,a,b\n" * 3, limits={"rows": 2}) as catalogue:
        rows = catalogue.rows()
        assert [next(rows).number, next(rows).number] == [0, 1]
        with pytest.raises(UnreadableCatalogue) as refused:
            next(rows)
    assert refused.value.code == "TOO_MANY_ROWS"
    assert refusal(store, HEAD + b"\n" * 9, limits={"rows": 2}).code == "TOO_MANY_ROWS"


def test_how_much_was_read_grows_to_all_of_it(store: ObjectStore) -> None:
    with opened(store, HEAD + b"1,a,b\n" * 200_000) as catalogue:
        shares = [catalogue.read_share() for _ in catalogue.rows()]
    assert 0 < shares[0] < 0.5
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_row_that_cannot_be_read_shows_what_could_be(store: ObjectStore) -> None:
    with opened(store, HEAD + b'1,"a,b\n2,\0\n3,a,b,c\n') as catalogue:
        cells = [list(row.cells) for row in catalogue.rows()]
    assert cells == [["1", "a,b\n"], ["2", "\ufffd"], ["3", "a", "b", "c"]]


@pytest.mark.parametrize("line", [b'1,"a,b\n', b'a","\n', b'"\n', b'"""\n', b'a",\n'])
def test_quotes_that_never_end_are_gone_over_a_few_times_at_most(line: bytes) -> None:
    from shared.catalogues.delimited import DelimitedRows

    class Counting(DelimitedRows):
        fed = 0

        def _feed(self):  # type: ignore[no-untyped-def]  # counts what it passes on
            for text in super()._feed():
                self.fed += 1
                yield text

    lines = 20_000
    rows = Counting(io.BytesIO(line * lines), ",", LIMITS, {"offset": 0, "row": 0})

    assert sum(1 for _ in rows.rows(3)) <= lines
    assert rows.fed <= 4 * lines


def refusal(store: ObjectStore, content: bytes, form: Format = Format.CSV, **said: object) -> UnreadableCatalogue:
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, form, **said)  # type: ignore[arg-type]
    return refused.value
