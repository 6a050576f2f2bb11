"""Where webhooks may be registered: at public addresses only, however they are written and whatever a name leads to."""

import threading
from collections.abc import Sequence
from ipaddress import ip_address

import anyio
import httpx
import pytest

from api.receivers import CALLS, CALLS_OF_ONE, Receivers
from shared.errors import TooManyRequests, UrlRefused
from shared.outgoing.client import Outgoing
from shared.outgoing.network import Resolve
from shared.outgoing.rules import Address, OutgoingRules
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.support.webhooks import endpoint, listen

REFUSED = "WEBHOOK_URL_REFUSED"
# One of each kind; tests/shared/test_outgoing_urls.py has them all.
NOT_ALLOWED = {
    "http": "http://8.8.8.8/told",
    "another scheme": "ftp://8.8.8.8/told",
    "no scheme": "8.8.8.8/told",
    "nothing": "",
    "a port": "https://8.8.8.8:8443/told",
    "the port of http": "https://8.8.8.8:80/told",
    "loopback": "https://127.0.0.1/told",
    "loopback, version 6": "https://[::1]/told",
    "decimal": "https://2130706433/told",
    "octal": "https://0177.0.0.1/told",
    "hexadecimal": "https://0x7f000001/told",
    "short": "https://127.1/told",
    "wide digits": "https://１２７.0.0.1/told",
    "every address": "https://0.0.0.0/told",
    "private": "https://10.0.0.1/told",
    "carriers' NAT": "https://100.64.0.1/told",
    "metadata of cloud machines": "https://169.254.169.254/latest/meta-data",
    "v4-mapped": "https://[::ffff:127.0.0.1]/told",
    "NAT64": "https://[64:ff9b::7f00:1]/told",
    "6to4": "https://[2002:7f00:1::]/told",
    "a user": "https://user@8.8.8.8/told",
    "a user and a password": "https://user:password@8.8.8.8/told",
    "a backslash": "https://8.8.8.8\\@127.0.0.1/told",
    "a fragment": "https://8.8.8.8/told#here",
    "a line feed": "https://8.8.8.8/told\nHost: internal",
    "too long": f"https://8.8.8.8/{'x' * 4_096}",
    "a name of this machine": "https://localhost/told",
}


def post(client: httpx.Client, url: str) -> httpx.Response:
    return client.post("/api/webhooks", json={"url": url})


@pytest.mark.parametrize("url", NOT_ALLOWED.values(), ids=NOT_ALLOWED)
def test_a_url_that_leads_inside_or_can_be_read_in_two_ways_is_refused(client: httpx.Client, url: str) -> None:
    problem = assert_problem(post(client, url), 422, REFUSED)

    assert [error["where"] for error in problem["errors"]] == ["body.url"]
    assert client.get("/api/webhooks").json()["items"] == []


@pytest.mark.parametrize("url", NOT_ALLOWED.values(), ids=NOT_ALLOWED)
def test_a_webhook_does_not_move_there_either(client: httpx.Client, url: str) -> None:
    made = post(client, "https://8.8.8.8/told").json()

    assert_problem(client.patch(f"/api/webhooks/{made['id']}", json={"url": url}), 422, REFUSED)
    assert client.get(f"/api/webhooks/{made['id']}").json()["url"] == "https://8.8.8.8/told"


def test_a_name_that_leads_nowhere_is_refused_in_its_own_words(client: httpx.Client) -> None:
    problem = assert_problem(post(client, "https://nowhere.invalid/told"), 422, REFUSED)

    assert "could not be looked up" in problem["detail"]


def test_a_refusal_repeats_nothing_of_the_url(client: httpx.Client) -> None:
    answer = post(client, "https://sesame:open@8.8.8.8/told")

    assert "sesame" not in answer.text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://8.8.8.8", "https://8.8.8.8/"),
        ("HTTPS://8.8.8.8:443/Told?by=us", "https://8.8.8.8/Told?by=us"),
        ("https://[2606:4700:0::1111]/told", "https://[2606:4700::1111]/told"),
        ("https://8.8.8.8/été", "https://8.8.8.8/%C3%A9t%C3%A9"),
    ],
)
def test_a_url_is_kept_in_its_plain_form(client: httpx.Client, written: str, kept: str) -> None:
    assert post(client, written).json()["url"] == kept


def test_an_unknown_webhook_is_not_found_before_its_url_is_looked_at(client: httpx.Client) -> None:
    answer = client.patch("/api/webhooks/01932d3c-7f3a-7cc2-9d4e-5b1f0f6f2a10", json={"url": "https://127.0.0.1/"})

    assert_problem(answer, 404, "NOT_FOUND")


def test_what_leads_inside_by_now_is_not_called(api: RunningApi) -> None:
    """As a name may that was public when it was registered."""
    account = api.add_account()
    webhook = listen(api.database, account.id, "https://localhost/told")

    came = api.client(account).post(f"/api/webhooks/{webhook}/test").json()

    assert (came["delivered"], came["status"]) == (False, None)
    assert came["error"] == "The URL's host leads to an address that is not public."
    assert endpoint(api.database, webhook).active


# --- names, with a resolver of the test's ------------------------------------------------------------------------


def receivers(resolve: Resolve, seconds: float = 15) -> Receivers:
    rules = OutgoingRules()
    return Receivers(Outgoing(rules, seconds, resolve=resolve), rules)


def leading_to(*addresses: str) -> Receivers:
    return receivers(lambda _host, _port: [ip_address(address) for address in addresses])


def test_a_name_that_leads_to_public_addresses_is_taken() -> None:
    plain = anyio.run(leading_to("8.8.8.8", "2606:4700::1111").plain_url, "ines", "https://SHOP.example/told")

    assert plain == "https://shop.example/told"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["169.254.169.254"],
    ],
    ids=str,
)
def test_a_name_with_an_address_that_is_not_public_is_refused(addresses: Sequence[str]) -> None:
    with pytest.raises(UrlRefused, match="not public") as caught:
        anyio.run(leading_to(*addresses).plain_url, "ines", "https://shop.example/told")

    assert (caught.value.where, caught.value.code) == ("body.url", REFUSED)


@pytest.mark.parametrize("failure", [OSError("no such name"), OSError(-3, "try again")], ids=str)
def test_a_name_that_cannot_be_looked_up_is_refused(failure: OSError) -> None:
    def resolve(_host: str, _port: int) -> list[Address]:
        raise failure

    with pytest.raises(UrlRefused, match="could not be looked up"):
        anyio.run(receivers(resolve).plain_url, "ines", "https://shop.example/told")


class Hanging:
    """A resolver that does not answer before it is released."""

    def __init__(self) -> None:
        self.asked = 0
        self.released = threading.Event()

    def __call__(self, _host: str, _port: int) -> list[Address]:
        self.asked += 1
        self.released.wait(30)
        return [ip_address("8.8.8.8")]


def test_a_name_server_that_hangs_is_not_waited_for() -> None:
    hanging = Hanging()

    with pytest.raises(UrlRefused, match="could not be looked up"):
        anyio.run(receivers(hanging, seconds=0.2).plain_url, "ines", "https://shop.example/told")

    hanging.released.set()


@pytest.mark.parametrize(
    ("accounts", "most"), [(["ines"] * 30, CALLS_OF_ONE), ([f"account-{n}" for n in range(30)], CALLS)]
)
def test_a_few_are_looked_up_at_once_for_one_account_and_in_all(accounts: list[str], most: int) -> None:
    hanging = Hanging()
    looking = receivers(hanging)
    taken, refused = list[str](), list[int]()

    async def register(number: int, account: str) -> None:
        try:
            taken.append(await looking.plain_url(account, f"https://shop-{number}.example/told"))
        except TooManyRequests as refusal:
            refused.append(refusal.retry_after)

    async def all_at_once() -> None:
        async with anyio.create_task_group() as group:
            for number, account in enumerate(accounts):
                group.start_soon(register, number, account)
            while len(refused) < len(accounts) - most:
                await anyio.sleep(0.01)
            hanging.released.set()

    anyio.run(all_at_once)

    assert (len(taken), hanging.asked) == (most, most)
    assert all(seconds > 0 for seconds in refused)
