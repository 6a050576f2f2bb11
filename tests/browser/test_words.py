"""What the page says: in both languages, to every code of the API, and wherever a text is asked for by its name."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from api.openapi.codes import CODES
from api.routes.page import UI
from tests.support.service import ROOT, Service

LANGUAGES = ("en", "fr")
PROBLEMS = "problems"
OF_THE_PAGE = ("NETWORK", "UNREADABLE")  # client/problem.js
TABLES = ("### What is wrong with rows", "### What is wrong with files")
SPACES = sorted({path.stem for language in LANGUAGES for path in (UI / "words" / language).glob("*.js")})
READ = """
(paths) => Promise.all(paths.map(async (path) => {
    const { default: words } = await import(path);
    return Object.entries(words).map(([name, text]) => [name, typeof text]);
}))
"""
SAID = """
async ([codes, details]) => {
    const { loadWords, t } = await import("/ui/kit/words.js");
    await loadWords("problems");
    const problem = (detail) => ({ detail, errors: [], status: 422, retryAfter: null });
    return codes.flatMap((code) => details.map((detail) => [code, detail, t(`problems.${code}`, problem(detail))]));
}
"""
# A text's name as a script says it, whole or around what is filled in: "core.close", `catalogues.lack_${reason}.todo`.
COMMENT = re.compile(r"^\s*(?://|/\*|\*).*$", re.MULTILINE)
BY_NAME = re.compile(rf"""["`]({"|".join(SPACES)})\.([\w.-]*)(?:\$\{{[^}}]*\}}([\w.-]*))?""")


@pytest.fixture(scope="module")
def words(browser: Browser, service: Service) -> dict[tuple[str, str], dict[str, str]]:
    """Of each language and space, the texts' names and their kinds, `string` or `function`."""
    page = browser.new_page(base_url=service.url)
    page.goto("/")
    files = [(language, space) for language in LANGUAGES for space in SPACES]
    read: list[Any] = page.evaluate(READ, [f"/ui/words/{language}/{space}.js" for language, space in files])
    page.close()
    return {file: dict(found) for file, found in zip(files, read, strict=True)}


def codes() -> list[str]:
    """Every stable code that somebody at the page may meet."""
    manual = (ROOT / "docs" / "03-http.md").read_text()
    rows = [line for title in TABLES for line in manual.split(f"\n{title}\n")[1].split("\n## ")[0].splitlines()]
    cells = [line.split("|")[1] for line in rows if line.startswith("| `")]
    return sorted({*CODES, *OF_THE_PAGE, *re.findall(r"`([A-Z_]+)`", " ".join(cells))})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_says_what_to_do(words: dict[tuple[str, str], dict[str, str]], language: str) -> None:
    said = words[language, PROBLEMS]

    assert [code for code in codes() if f"{code}.todo" not in said] == []


def test_every_code_says_in_french_what_happened(words: dict[tuple[str, str], dict[str, str]]) -> None:
    said = words["fr", PROBLEMS]

    assert [code for code in codes() if code not in said] == []
    assert [name for name in words["en", PROBLEMS] if name not in said] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_whole_whatever_the_service_says(browser: Browser, service: Service, language: str) -> None:
    details = [*sorted({code.detail for code in CODES.values()}), ""]
    page = browser.new_page(base_url=service.url, locale=f"{language}-{language.upper()}")
    page.goto("/")
    (texts,) = page.evaluate(READ, [f"/ui/words/{language}/{PROBLEMS}.js"])
    said = [name for name, _ in texts]
    sentences = page.evaluate(SAID, [said, details])
    page.close()

    assert {code for code, *_ in sentences} == set(said)
    assert [each for each in sentences if re.search(r"undefined|null|NaN|Infinity|\[object", each[2])] == []
    assert [each for each in sentences if each[1] and not each[2]] == []


@pytest.mark.parametrize("space", [space for space in SPACES if space != PROBLEMS])
def test_both_languages_have_the_same_texts(words: dict[tuple[str, str], dict[str, str]], space: str) -> None:
    assert words["en", space] == words["fr", space]
    assert set(words["en", space].values()) <= {"string", "function"}


def test_every_text_that_is_asked_for_by_name_is_there(words: dict[tuple[str, str], dict[str, str]]) -> None:
    there = {f"{space}.{name}" for (language, space), texts in words.items() if language == "en" for name in texts}
    asked = names_in_scripts()
    missing = [f"{path}: {space}.{name}" for path, space, name, end in asked if not is_there(there, space, name, end)]

    assert asked
    assert missing == []


def test_every_text_is_asked_for(words: dict[tuple[str, str], dict[str, str]]) -> None:
    asked = names_in_scripts()
    spaces = [space for space in SPACES if space != PROBLEMS]  # those are asked for by the API's codes
    unused = [
        f"{space}.{name}"
        for space in spaces
        for name in words["en", space]
        if not any(space == named and is_asked_for(name, path, *parts) for path, named, *parts in asked)
    ]

    assert unused == []


def test_what_is_said_of_hosts_in_french_is_what_the_service_says() -> None:
    sentences = re.findall(r'^  "(.+?)": "', (UI / "words" / "hosts.js").read_text(), re.MULTILINE)
    code = "".join(path.read_text() for folder in ("api", "shared") for path in (ROOT / folder).rglob("*.py"))

    assert sentences
    assert [each for each in sentences if each.split(" or http:")[0].rstrip(".") not in code] == []


def names_in_scripts() -> list[tuple[Path, str, str, str | None]]:
    """Where a text's name stands, its space, the name or how it begins, and how it ends if something is filled in."""
    return [(path, match[1], match[2], match[3]) for path in scripts() for match in BY_NAME.finditer(code_of(path))]


def is_there(there: set[str], space: str, name: str, end: str | None) -> bool:
    if end is None:
        return f"{space}.{name}" in there
    return any(each.startswith(f"{space}.{name}") and each.endswith(end) for each in there)


def is_asked_for(name: str, path: Path, begin: str, end: str | None) -> bool:
    """Whether a text is the one named there; where all of a name is filled in, the script has to say it somewhere."""
    if end is None:
        return name == begin
    if not begin and not re.search(rf"\b{re.escape(name)}\b", code_of(path)):
        return False
    return name.startswith(begin) and name.endswith(end)


def code_of(path: Path) -> str:
    return COMMENT.sub("", path.read_text())


def scripts() -> list[Path]:
    return sorted(path for path in UI.rglob("*.js") if "words" not in path.relative_to(UI).parts)
