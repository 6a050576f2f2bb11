"""What the documentation tells people to type does what it says.

The blocks of a page are one session, in order: those in `sh` one shell, those in `python` one script. Of the pages in
WHOLE_PAGES all of them are run, of the others those below a marker. What a block prints is what the next `text` block
says, unless another block of its language comes before that; `…` there stands for anything.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.openapi.codes import CODES
from shared.bundle import Bundle
from shared.identifiers import new_id
from tests.support.photos import jpeg
from tests.support.ports import free_port
from tests.support.receiver import Receiver, receiver
from tests.support.service import ROOT, Service, prepare_data, running_service
from tests.support.waiting import wait_for
from tests.support.web import Site, hold, in_turn, reply, site

EXAMPLES = "docs/08-examples.md"
CONTRACT = "docs/03-http.md"
WHOLE_PAGES = (CONTRACT, EXAMPLES)
MARKED_PAGES = ("README.md", "docs/07-operations.md", "docs/12-webhooks.md")
LANGUAGES = ("sh", "python")
NOT_RUN = ("text", "json")  # what is printed, and what is answered

_MARKER = "<!-- run by tests/e2e/test_docs.py -->\n"
_FENCED = re.compile(rf"^({_MARKER})?```(\w*)\n(.*?)^```$", re.S | re.M)
_END = "\x1e"  # is printed after each block
_SESSION_SECONDS = 300

# What the pages say, and what it is here.
_URL = "http://127.0.0.1:8000"
_PASSWORD = "choose a long phrase"
_PHOTO_URL = "https://example.com/photo.jpg"
_WEBHOOK_URL = "https://example.com/shelfwise"
_RECEIVER = "127.0.0.1:9000"


@dataclass(frozen=True)
class Block:
    """A block of code on a page, and what the page says that it prints."""

    page: str
    language: str
    number: int  # among those of its page and language that are run
    code: str
    printed: str

    def __str__(self) -> str:
        return f"{self.page}-{self.language}-{self.number}"


def fenced(page: str) -> list[tuple[bool, str, str]]:
    """The blocks of a page: whether it is marked, its language, its text."""
    return [(bool(marker), language, text) for marker, language, text in _FENCED.findall((ROOT / page).read_text())]


def blocks(page: str) -> list[Block]:
    """The blocks of a page that are run."""
    found = fenced(page)
    run = list[Block]()
    for place, (marked, language, code) in enumerate(found):
        if language in LANGUAGES and (marked or page in WHOLE_PAGES):
            number = sum(block.language == language for block in run)
            run.append(Block(page, language, number, code, _printed(found[place + 1 :], language)))
    return run


def _printed(following: list[tuple[bool, str, str]], language: str) -> str:
    for _, other, text in following:
        if other == language:
            break
        if other == "text":
            return text
    return ""


ALL_BLOCKS = [block for page in (*WHOLE_PAGES, *MARKED_PAGES) for block in blocks(page)]


class Sessions:
    """Runs each page's blocks of one language once, all of them in one session, and keeps what they printed."""

    def __init__(
        self,
        service: Service,
        folder: Path,
        photo_sites: dict[str, Site],
        receivers: dict[str, Receiver],
        receiver_ports: dict[str, int],
    ) -> None:
        self._service = service
        self._folder = folder
        self._photo_sites = photo_sites
        self._receivers = receivers
        self._receiver_ports = receiver_ports  # of each page, because a page may leave its webhook registered
        self._printed: dict[tuple[str, str], list[str]] = {}
        self._requests: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.said = ""  # on standard error

    def operations(self) -> set[tuple[str, str]]:
        """Method and path of each call that the service's document has."""
        document = httpx.get(f"{self._service.url}/api/openapi.json", trust_env=False).json()
        return {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}

    def printed(self, page: str, language: str) -> list[str]:
        """What each block printed; the one that failed, and those after it, have none."""
        if (page, language) not in self._printed:
            before = self._requests_logged()
            self._printed[page, language] = self._run([block for block in blocks(page) if block.language == language])
            end = self._requests_logged() - 1  # first: what is read before the last request is there may lack others
            calls = self._service.events("request")[before:end]
            self._requests[page, language] = [(call["method"], call["path"]) for call in calls]
        return self._printed[page, language]

    def requests(self, page: str, language: str) -> list[tuple[str, str]]:
        """Method and path of each request that they made."""
        self.printed(page, language)
        return self._requests[page, language]

    def _requests_logged(self) -> int:
        """How many requests there are in the log, up to one that is made now."""
        mark = new_id()
        httpx.get(f"{self._service.url}/health/live", headers={"X-Request-ID": mark}, trust_env=False)

        def logged() -> int:
            ids = [request["request_id"] for request in self._service.events("request")]
            return ids.index(mark) + 1 if mark in ids else 0

        return wait_for(logged, 10, "the request in the log")

    def _run(self, session: list[Block]) -> list[str]:
        language = session[0].language
        end = {"sh": "\nprintf '\\036'\n", "python": "\nprint(end='\\x1e', flush=True)\n"}[language]
        command = {"sh": ["bash", "-euc"], "python": [sys.executable, "-c"]}[language]
        code = "".join(block.code + end for block in session).replace(_URL, self._service.url)
        code = code.replace(_PHOTO_URL, f"http://127.0.0.1:{self._photo_sites[language].port}/photo.jpg")
        code = code.replace(_WEBHOOK_URL, self._receivers[language].url("/shelfwise"))
        port = self._receiver_ports[session[0].page]
        code = code.replace(_RECEIVER, f"127.0.0.1:{port}")
        environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        process = subprocess.Popen(
            [*command, code],
            env=environment | {"PORT": str(port)},
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            printed, said = process.communicate(timeout=_SESSION_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # also what it has started and left
        self.said += said
        return printed.replace(self._service.url, _URL).split(_END)[:-1]


@pytest.fixture(scope="module")
def sessions(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle
) -> Iterator[Sessions]:
    """Sessions in a folder as the pages think of it: `.venv`, `examples`, `photo.jpg`, `var` that is in use."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "photo.jpg").write_bytes(jpeg())
    prepare_data(folder / "var", migrated_sqlite, tiny_bundle)
    with ExitStack() as stack:
        sites = {language: _photo_site(stack) for language in LANGUAGES}
        receivers = {language: stack.enter_context(receiver()) for language in LANGUAGES}
        receiver_ports = {page: free_port() for page in (*WHOLE_PAGES, *MARKED_PAGES)}
        ports = [where.port for where in (*sites.values(), *receivers.values())]
        settings = {
            "admin_password": _PASSWORD,
            "allow_http": True,
            "allowed_networks": "127.0.0.0/8",
            "allowed_ports": ",".join(map(str, [*ports, *receiver_ports.values()])),
        }
        service = stack.enter_context(running_service(folder / "var", **settings))
        service.wait_until_ready()
        yield Sessions(service, folder, sites, receivers, receiver_ports)


def _photo_site(stack: ExitStack) -> Site:
    """A site that answers once with a photo, and then not at all: what waits for that can be canceled."""
    photo = reply(jpeg())
    held = list[Site]()
    where = stack.enter_context(site(in_turn(photo, lambda connection: hold(held[0].ended, photo)(connection))))
    held.append(where)
    return where


@pytest.mark.parametrize("block", ALL_BLOCKS, ids=str)
def test_a_block_prints_what_its_page_says(sessions: Sessions, block: Block) -> None:
    printed = sessions.printed(block.page, block.language)

    assert len(printed) > block.number, sessions.said
    pattern = ".*".join(map(re.escape, block.printed.rstrip("\n").split("…")))
    assert re.fullmatch(pattern, printed[block.number].rstrip("\n"), re.S), printed[block.number]


@pytest.mark.parametrize("page", WHOLE_PAGES)
def test_every_block_of_a_page_is_run_or_shows_an_answer(page: str) -> None:
    languages = [language for _, language, _ in fenced(page)]

    assert (ROOT / page).read_text().count("```") == 2 * len(languages)
    assert set(languages) <= {*LANGUAGES, *NOT_RUN}
    assert len(blocks(page)) == sum(language in LANGUAGES for language in languages)


@pytest.mark.parametrize("page", MARKED_PAGES)
def test_every_marked_block_is_run(page: str) -> None:
    assert (ROOT / page).read_text().count(_MARKER.strip()) == len(blocks(page)) > 0


def test_the_contract_names_every_code_of_the_document() -> None:
    named = set(re.findall(r"`([A-Z0-9_]+)`", (ROOT / CONTRACT).read_text()))

    assert CODES.keys() - named == set()


def test_the_contract_names_every_call_of_the_document(sessions: Sessions) -> None:
    named = set(re.findall(r"`([A-Z]+) (/[^`]+)`", (ROOT / CONTRACT).read_text()))

    assert sessions.operations() - named == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_examples_make_every_call_of_the_document(sessions: Sessions, language: str) -> None:
    operations = sessions.operations()
    made = {_operation(call, operations) for call in sessions.requests(EXAMPLES, language)}

    assert operations - made == set()


def _operation(call: tuple[str, str], operations: set[tuple[str, str]]) -> tuple[str, str] | None:
    """The operation that a request was: the one with the fewest parameters, where several match."""
    method, path = call
    matching = [
        each
        for each in operations
        if each[0] == method and re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(each[1])), path)
    ]
    return min(matching, key=lambda each: each[1].count("{"), default=None)
