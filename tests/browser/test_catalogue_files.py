"""What the page finds in a file before it is sent is what the service's own reader finds in it."""

import base64
import gzip
import io
import json
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
import pyarrow
import pytest
from playwright.sync_api import Browser, Page
from pyarrow import parquet

from shared.catalogues.source import Format
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore
from tests.shared.catalogues.reading import opened
from tests.shared.catalogues.zips import REFUSED, TABLE, packed
from tests.support.photos import jpeg, png_of
from tests.support.service import Service

SHOWN = 5
LOOK = """
async ([content, name, chosen]) => {
    const { previewOf } = await import("/ui/catalogue_files/preview.js");
    const { columnsQuery, foundColumns, wordOn } = await import("/ui/catalogue_files/columns.js");
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    try {
        const preview = await previewOf(new File([bytes], name));
        const { header } = preview.table ?? { header: [] };
        const word = wordOn(chosen, header);
        return {
            ...preview, trouble: preview.trouble?.code ?? null, found: foundColumns(header), query: columnsQuery(word),
            delimiterWith: preview.table?.delimiterFor?.(word) ?? null,
        };
    } catch (trouble) {
        if (trouble.name !== "FileTrouble") throw trouble;
        return { refused: trouble.code };
    }
}
"""
SEMICOLONS = (
    'Réf;Intitulé;Prix\r\nA-1;Chaise longue « Été »;39,90\r\nA-2;"Table\r\nbasse; ronde";12\r\nA-3;"24"" écran";1\r\n'
)
PLAIN = "product_id,title,description,image\n1,a coat,warm,x.jpg\n2,Stühle,,\n"
ROWS = "".join(f"{number},chair {number},\n" for number in range(9))
TEXTS = {
    "utf-8": PLAIN.encode(),
    "a mark": PLAIN.encode("utf-8-sig"),
    "windows": SEMICOLONS.encode("cp1252"),
    "utf-16": PLAIN.encode("utf-16"),
    "utf-16, big end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "utf-16 without a mark": PLAIN.encode("utf-16-le"),
    "utf-16 without a mark, big end first": PLAIN.encode("utf-16-be"),
    "utf-32": PLAIN.encode("utf-32"),
    "damaged utf-8": PLAIN.encode().replace("ü".encode(), b"\xff") + "3,été à la plage,,\n".encode(),
    "semicolons": SEMICOLONS.encode(),
    "tabs": b"title\tdescription\na\tb, c; d\n",
    "pipes": b"sku|title|note\n1|a, b|c\n2|d|e\n",
    "commas in a table of semicolons": b"title;price\na, b, c;1,5\nd, e;2,5\n",
    "one column": b"title\na\n\n  \nb\n",
    "a line that says it": b"sep=|\nname|note;more\na|b;c\n",
    "old line ends": b"title,note\ra,b\r\rc,d\r",
    "quoted line ends": b'title,note\n"a\nb","c\r\nd"\n"e ""f""",g\n',
    "no line end at the end": b"title,note\na,b\nc,d",
    "blank lines first": b"\n  \ntitle,note\na,b\n",
    "more rows than are shown": b"product_id,title,description\n" + ROWS.encode(),
    "rows of other widths": b"title,note\na\nb,c,d\ne,f,,\ng,h\n",
    "an open quote": b'title,note\n"a,b\nc,d\ne,f\n',
    "a quote in the middle": b'title,note\n"a"b,c\nd,"e\nf"x\ng,h\n',
    "lines in a record that was none": b'title,note\n"a\n"b\nc",d\ne,f\n',
    "nulls": b"title,note\na\0b,c\nd,e\n",
    "names with blanks": b" Title , NOTE\na,b\n",
    "two that differ in case": b"Name,name,title\na,b,c\n",
    "a name twice": b"title,price,price\na,1,2\n",
    "nothing that is known": b"Titel;Preis\nStuhl;3\nTisch;4\n",
}
JSON_ROWS = [{"title": "a", "n": 1.5, "tags": ["x"]}, {"title": "été", "image_url": None}, {"on": True, "title": 'q"'}]
JSON = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in JSON_ROWS).encode()


@pytest.fixture(scope="module")
def site(browser: Browser, service: Service) -> Iterator[Page]:
    """A page in which the readers can be called, under the policy that they work under."""
    page = browser.new_page(base_url=service.url)
    page.goto("/")
    yield page
    page.close()


def look(site: Page, content: bytes, name: str, chosen: dict[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = site.evaluate(LOOK, [base64.b64encode(content).decode(), name, chosen or {}])
    return found


def assert_agrees(found: dict[str, Any], store: ObjectStore, content: bytes, form: Format, **said: Any) -> None:
    """What the page has found is what the service finds, down to the cells of the first rows."""
    table = found["table"]
    with opened(store, content, form, **said) as catalogue:
        rows = [row for row, _ in zip(catalogue.rows(), range(SHOWN), strict=False)]
        layout = catalogue.layout
    assert table["encoding"] == (None if layout.converted or form is Format.PARQUET else layout.encoding)
    assert table["delimiter"] == (None if layout.converted else layout.delimiter)
    assert found["compressed"] is layout.gzip
    if table["rows"] is None:
        return
    wide = len(table["header"])
    expected = [[_text(cell) for cell in row.cells] for row in rows]
    assert [row["isBroken"] for row in table["rows"]] == [_is_of_another_shape(row.problem) for row in rows]
    assert [row["cells"] for row in table["rows"]] == [
        cells + [""] * (0 if row.problem else wide - len(cells)) for cells, row in zip(expected, rows, strict=True)
    ]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(cell)


def _is_of_another_shape(problem: Any) -> bool:
    return problem is not None and problem.code in ("MALFORMED_ROW", "INVALID_JSON")


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_read_as_the_service_reads_them(site: Page, store: ObjectStore, name: str) -> None:
    content = TEXTS[name]
    found = look(site, content, "table.csv")
    header = found["table"]["header"]
    unknown = {} if found["found"] else {"columns": {"designation": header[0]}}

    assert found["format"] == "csv"
    with opened(store, content, Format.CSV, **unknown) as catalogue:
        kept = [each if catalogue.layout.header.count(each) == 1 else "" for each in catalogue.layout.header]
        columns = catalogue.layout.columns
        assert len(header) == len(kept)
        assert [theirs for theirs, ours in zip(header, kept, strict=True) if theirs != ours] in ([], ["price"])
    if found["found"]:
        assert found["found"] == columns
    if b"\0" not in content and b"\xff" not in content.removeprefix(b"\xff\xfe"):
        assert_agrees(found, store, content, Format.CSV, **unknown)


def test_a_name_that_differs_in_case_from_another_is_said(site: Page, store: ObjectStore) -> None:
    content = TEXTS["two that differ in case"]
    chosen = {"designation": "name", "description": "title"}
    query = look(site, content, "table.csv", chosen)["query"]

    assert query == "designation:name,description:title"
    with opened(store, content, Format.CSV, columns=chosen) as catalogue:
        assert catalogue.layout.columns == chosen


def test_what_the_service_finds_by_itself_is_not_said(site: Page) -> None:
    content = b"id,Title,Text\n1,a,b\n"

    assert look(site, content, "t.csv", {"designation": "Title"})["query"] is None
    assert look(site, content, "t.csv", {"product_id": "id", "designation": "Title"})["query"] == "product_id:id"
    assert look(site, content, "t.csv", {"designation": "Text"})["query"] == "designation:Text"


def test_names_with_commas_go_as_json(site: Page) -> None:
    content = b'"Titre, court";"a:b"\nx;y\n'
    chosen = {"designation": "Titre, court", "description": "a:b"}
    found = look(site, content, "t.csv", chosen)

    assert json.loads(found["query"]) == chosen
    assert found["delimiterWith"] == found["table"]["delimiter"] == ";"
    assert look(site, content, "t.csv", {"description": "a:b"})["query"] == "description:a:b"


def test_a_tsv_is_read_with_tabs(site: Page, store: ObjectStore) -> None:
    content = b"sku\tlabel\n1,2\ta,b\n3,4\tc,d\n"
    found = look(site, content, "T.TSV")

    assert found["format"] == "tsv"
    assert_agrees(found, store, content, Format.TSV, columns={"designation": "label"})


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv.gz", "t.jsonl.gz", "t.gz"])
def test_compressed_texts(site: Page, store: ObjectStore, name: str) -> None:
    form = Format.NDJSON if "json" in name else Format.TSV if "tsv" in name else Format.CSV
    content = gzip.compress(JSON if form is Format.NDJSON else TEXTS["tabs"])
    found = look(site, content, name)

    assert (found["format"], found["compressed"]) == (form, True)
    assert_agrees(found, store, content, form)


def test_json_lines(site: Page, store: ObjectStore) -> None:
    content = JSON + b"no json\n\n" + b'{"late": 1, "title": "z"}\n'
    found = look(site, content, "t.jsonl")

    assert found["format"] == "ndjson"
    assert found["table"]["header"] == ["title", "n", "tags", "image_url", "on", "late"]
    assert found["found"] == {"designation": "title", "image": "image_url"}
    assert_agrees(found, store, content, Format.NDJSON)


@pytest.mark.parametrize("name", ["t.json", "t.json.gz"])
def test_json_lines_under_a_name_of_json(site: Page, name: str) -> None:
    assert look(site, gzip.compress(JSON) if name.endswith("gz") else JSON, name)["format"] == "ndjson"


def test_a_file_is_looked_into_at_its_beginning_alone(site: Page) -> None:
    rows = b"".join(b"%d,chair %d,%s\n" % (number, number, b"long " * 20) for number in range(20_000))
    content = b"sku,title,note\n" + rows

    for sent, name in ((content, "t.csv"), (gzip.compress(content), "t.csv.gz")):
        found = look(site, sent, name)
        assert found["table"]["header"] == ["sku", "title", "note"]
        assert [row["cells"][1] for row in found["table"]["rows"]] == [f"chair {number}" for number in range(SHOWN)]


def test_a_first_row_of_megabytes_is_left_to_the_service(site: Page) -> None:
    found = look(site, json.dumps({"image": "A" * 2**21}).encode(), "t.jsonl")

    assert (found["format"], found["table"], found["trouble"]) == ("ndjson", None, "LONG_ROW")


def test_compressed_files_of_several_parts_are_left_to_the_service(site: Page) -> None:
    found = look(site, gzip.compress(b"title\n") + gzip.compress(b"a\n"), "t.csv.gz")

    assert (found["format"], found["table"], found["trouble"]) == ("csv", None, "BROKEN_GZIP")


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("Other").append(["other"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


BOOK = workbook(
    [],
    [None, "Réf", 'Titre <court> & "co"', "Prix", "Neuf", ""],
    [None, 12, "a\nb", 39.5, True, None],
    [],
    [None, 1e3, "=1+1", None, False, None],
    [None, "x", " a ", 0.1, None, None],
)


def test_a_workbook(site: Page, store: ObjectStore) -> None:
    chosen = {"designation": 'Titre <court> & "co"'}
    found = look(site, BOOK, "t.xlsx", chosen)

    assert found["format"] == "xlsx"
    assert found["query"] == f"designation:{chosen['designation']}"
    with opened(store, BOOK, Format.XLSX, columns=chosen) as catalogue:
        rows = [list(row.cells) for row in catalogue.rows()]
        header = list(catalogue.layout.header)
    wide = len(found["table"]["header"])
    assert found["table"]["header"] == ["Réf", chosen["designation"], "Prix", "Neuf"] == header[-wide:]
    assert [row["cells"] for row in found["table"]["rows"]] == [row[-wide:] for row in rows]


def test_texts_that_cells_share_and_texts_of_their_own(site: Page) -> None:
    sheet = (
        '<x:worksheet xmlns:x="urn:x"><!-- <c> --><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>1</x:v></x:c>'
        '<x:c r="C1" t="inlineStr"><x:is><x:t>in</x:t><x:t xml:space="preserve"> line</x:t></x:is></x:c></x:row>'
        "<x:row><x:c t='str'><x:f>A1&amp;A1</x:f><x:v>a&#233;&#xe9;&lt;</x:v></x:c><x:c><x:v>1E3</x:v></x:c></x:row>"
        "</x:sheetData></x:worksheet>"
    )
    parts = {
        "xl/workbook.xml": '<workbook><sheets><sheet name="C" r:id="r1"/><sheet name="S" r:id="r2"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="r1" Type="x/chartsheet" Target="c.xml"/>'
        '<Relationship Id="r2" Type="x/worksheet" Target="/xl/worksheets/s.xml"/></Relationships>',
        "xl/worksheets/s.xml": sheet,
        "xl/sharedStrings.xml": "<sst><si><t>no</t></si><si><r><t>sha</t></r><r><t>red</t></r>"
        "<rPh><t>said</t></rPh></si></sst>",
    }
    found = look(site, packed({name: text.encode() for name, text in parts.items()}), "t.xlsx")

    assert found["table"]["header"] == ["shared", "", "in line"]
    assert [row["cells"] for row in found["table"]["rows"]] == [["aéé<", "1000", ""]]


def parquet_file(**columns: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


PARQUET = parquet_file(
    sku=["1", "a long text"],
    Titre=["a", "b"],
    tags=[["x"], []],
    size=[{"w": 1, "deep": {"er": 2}}, None],
    price=[1.5, None],
)


def test_a_parquet_file(site: Page, store: ObjectStore) -> None:
    found = look(site, PARQUET, "t.parquet", {"designation": "Titre"})

    assert (found["format"], found["query"]) == ("parquet", "designation:Titre")
    assert (found["table"]["rows"], found["table"]["count"]) == (None, 2)
    with opened(store, PARQUET, Format.PARQUET, columns={"designation": "Titre"}) as catalogue:
        assert found["table"]["header"] == list(catalogue.layout.header)


def test_the_table_in_a_zip(site: Page, store: ObjectStore) -> None:
    content = packed(
        {"a/T.csv": TABLE, "a/images/1.JPG": b"x", "b.png": b"y", "LICENCE.txt": b"no", "__MACOSX/a/._T.csv": b"no"}
    )
    found = look(site, content, "t.zip")

    assert (found["format"], found["inside"], found["photos"]) == ("zip", "a/T.csv", 2)
    assert_agrees(found, store, content, Format.ZIP)


@pytest.mark.parametrize(("name", "inner"), [("t.xlsx", BOOK), ("t.parquet", PARQUET), ("t.jsonl", JSON)])
def test_other_tables_in_a_zip(site: Page, name: str, inner: bytes) -> None:
    alone = look(site, inner, name)["table"]

    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        assert look(site, packed({name: inner, "x.jpg": b"x"}, method), "t.zip")["table"] == alone


def test_a_zip_with_something_before_it_and_a_comment_behind(site: Page, store: ObjectStore) -> None:
    out = io.BytesIO(b"#!/bin/sh\n" * 9)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("t.csv", TABLE)
        archive.comment = b"a comment with PK in it"
    content = b"PK\x03\x04" + out.getvalue()[4:]
    found = look(site, content, "t.zip")

    assert_agrees(found, store, content, Format.ZIP)


def test_a_zip_with_a_directory_of_sixty_four_bits(site: Page, store: ObjectStore) -> None:
    content = packed({"t.csv": TABLE} | {f"{number}.jpg": b"" for number in range(66_000)})
    found = look(site, content, "t.zip")

    assert found["photos"] == 66_000
    assert_agrees(found, store, content, Format.ZIP)


def test_a_zip_with_an_entry_of_sixty_four_bits(site: Page, store: ObjectStore) -> None:
    """Sizes and place of its table stand behind its name, as in one that begins behind four gigabytes."""
    content = packed({"x.jpg": b"x" * 99, "t.csv": TABLE}, zipfile.ZIP_STORED)
    directory, entry, end = content.index(b"PK\x01\x02"), content.rindex(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    fields = list(struct.unpack("<4s4B4HL2L5H2L", content[entry : entry + 46]))
    wide = struct.pack("<2H3Q", 1, 24, len(TABLE), len(TABLE), fields[-1])
    fields[10:12], fields[13], fields[-1] = [0xFFFFFFFF] * 2, len(wide), 0xFFFFFFFF
    record = struct.pack("<4s4B4HL2L5H2L", *fields) + b"t.csv" + wide
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, entry - directory + len(record), directory, 0)
    widened = content[:entry] + record + tail
    found = look(site, widened, "t.zip")

    assert len(widened) == end + len(wide) + len(tail)
    assert_agrees(found, store, widened, Format.ZIP)


SAID_BY_THE_SERVICE = [
    "a ZIP in it", "a gzip in it", "encrypted", "packed otherwise", "many files", "nothing", "no table", "two tables",
    "cut off", "a directory that is none",
]  # fmt: skip


@pytest.mark.parametrize("name", SAID_BY_THE_SERVICE)
def test_archives_that_the_service_refuses_are_refused_alike(site: Page, store: ObjectStore, name: str) -> None:
    content, code = REFUSED[name]

    assert look(site, content, "t.zip") == {"refused": code}
    with pytest.raises(UnreadableCatalogue) as refused, opened(store, content, Format.ZIP):
        pass
    assert refused.value.code == code


REFUSED_FILES = {
    "empty": (b"", "t.csv", "EMPTY_BODY"),
    "a header alone": (b"title,note\n", "t.csv", "EMPTY_CATALOGUE"),
    "blank lines": (b"\n\n", "t.csv", "EMPTY_CATALOGUE"),
    "blank lines of JSON": (b"\n\n", "t.jsonl", "EMPTY_CATALOGUE"),
    "a workbook's header alone": (workbook(["title"]), "t.xlsx", "EMPTY_CATALOGUE"),
    "Parquet without rows": (parquet_file(title=pyarrow.array([], "string")), "t.parquet", "EMPTY_CATALOGUE"),
    "a header that does not end": (b'"title,note\na,b\n', "t.csv", "BROKEN_HEADER"),
    "a name of a page": (b"x" * 501 + b"\na\n", "t.csv", "BROKEN_HEADER"),
    "a photo": (jpeg(), "t.jpg", "OTHER_KIND"),
    "a photo named as a table": (png_of(4, 4), "t.csv", "OTHER_KIND"),
    "a PDF": (b"%PDF-1.7\n", "t.pdf", "OTHER_KIND"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "t.xls", "OTHER_KIND"),
    "no text": (bytes(range(256)) * 9, "t.csv", "OTHER_KIND"),
    "a text named as a workbook": (PLAIN.encode(), "t.xlsx", "MISNAMED"),
    "a text named as a ZIP": (PLAIN.encode(), "t.zip", "MISNAMED"),
    "a text of no known kind": (PLAIN.encode(), "t.html", "UNKNOWN_KIND"),
    "no ending": (PLAIN.encode(), "table", "UNKNOWN_KIND"),
    "a JSON array": (json.dumps(JSON_ROWS).encode(), "t.json", "JSON_ARRAY"),
    "a JSON array of lines": (json.dumps(JSON_ROWS, indent=1).encode(), "t.jsonl", "JSON_ARRAY"),
    "lines without objects": (b"1\n2\n", "t.jsonl", "NO_OBJECTS"),
    "a compressed workbook": (gzip.compress(BOOK), "t.xlsx.gz", "PACKED_TWICE"),
}


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_what_is_no_catalogue_is_refused_before_it_is_sent(site: Page, name: str) -> None:
    content, filename, code = REFUSED_FILES[name]

    assert look(site, content, filename) == {"refused": code}


@pytest.mark.parametrize(("content", "name", "form"), [(BOOK, "t.csv", "xlsx"), (PARQUET, "t.xlsx", "parquet")])
def test_the_content_counts_where_the_name_says_something_else(
    site: Page, content: bytes, name: str, form: str
) -> None:
    assert look(site, content, name)["format"] == form


@pytest.mark.parametrize(("content", "trouble"), [(PARQUET, "BROKEN_PARQUET"), (BOOK, "BROKEN_ARCHIVE")])
def test_damaged_files(site: Page, content: bytes, trouble: str) -> None:
    found = look(site, content[:-9], "t.parquet" if content is PARQUET else "t.xlsx")

    assert found.get("refused", found.get("trouble")) == trouble


def test_a_footer_of_noise_is_no_schema(site: Page) -> None:
    for seed in range(64):
        noise = bytes((seed * 37 + place * place * 11) % 256 for place in range(200))
        found = look(site, b"PAR1" + noise + len(noise).to_bytes(4, "little") + b"PAR1", "t.parquet")
        assert found["trouble"] == "BROKEN_PARQUET"
