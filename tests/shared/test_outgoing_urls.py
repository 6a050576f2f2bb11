"""What can be told from a URL's text alone."""

import pytest

from shared.errors import InvalidInput, UrlRefused
from shared.outgoing.rules import OutgoingRules, networks_in
from shared.outgoing.urls import LONGEST_URL, check_url

PUBLIC = OutgoingRules()
HTTP = OutgoingRules(allow_http=True, ports=frozenset({443, 80, 8443}))


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://example.com/a.jpg", "https://example.com/a.jpg"),
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com:443/A.jpg?b=c&d=%20e", "https://example.com/A.jpg?b=c&d=%20e"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com/été%201.jpg", "https://example.com/%C3%A9t%C3%A9%201.jpg"),
        ("https://example.com/a?b=é", "https://example.com/a?b=%C3%A9"),
        ("https://my_bucket.s3.example/x", "https://my_bucket.s3.example/x"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://例え。jp/", "https://xn--r8jz45g.jp/"),
        ("https://example.com:/a", "https://example.com/a"),
        ("https://8.8.8.8/a", "https://8.8.8.8/a"),
        ("https://[2606:4700::1111]/a", "https://[2606:4700::1111]/a"),
    ],
)
def test_a_url_comes_back_in_plain_ascii(url: str, plain: str) -> None:
    assert check_url(url, PUBLIC) == plain


def test_http_and_other_ports_are_for_those_who_allow_them() -> None:
    assert check_url("http://example.com/", HTTP) == "http://example.com/"
    assert check_url("https://example.com:8443/", HTTP) == "https://example.com:8443/"
    assert check_url("http://example.com:8443/", HTTP) == "http://example.com:8443/"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "HTTP://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "gopher://example.com/",
        "//example.com/a",
        "/a.jpg",
        "example.com/a.jpg",
        "",
        "https:",
        "https://",
        "https:///a",
        "https:example.com",
        "https:/example.com",
        "https://:443/",
    ],
)
def test_only_https_is_a_scheme(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, PUBLIC)


@pytest.mark.parametrize("port", ["80", "22", "6379", "8443", "0", "65536", "99999", "x", "-443", "４４３", "443x"])
def test_only_listed_ports_are_allowed(port: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(f"https://example.com:{port}/", PUBLIC)


def test_http_needs_its_own_port_on_the_list() -> None:
    with pytest.raises(UrlRefused, match="port"):
        check_url("http://example.com/", OutgoingRules(allow_http=True))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "127.0.0.1",
        "0",
        "0x",
        "00000000000000000000177.0.0.1",
        "１２７.０.０.１",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "1.2.3.4.5",
        "256.256.256.256",
        "8.8.8",
        "010.8.8.8",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:1::1]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[fec0::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::1",
        "::1",
        "[v1.fe]",
        "[127.0.0.1]",
    ],
)
def test_a_host_that_is_an_address_must_be_public_and_written_plainly(host: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(f"https://{host}/", PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com#@127.0.0.1/",
        "https://example.com/a#b",
        "https://example.com\\@127.0.0.1/",
        "https:\\\\example.com/",
        "https://exa mple.com/",
        " https://example.com/",
        "https://example.com/\r\nHost: internal",
        "https://example.com/a\tb",
        "https://example.com\n.internal/",
        "https://example.com/\0",
        "https://example.com\x7f/",
        "https://127.0.0.1%2f.example.com/",
        "https://%6c%6f%63alhost/",
        "https://exa\u2100mple.com/",
        "https://exam\ud800ple.com/",
        "https://example.com/\ud800",
        "https://-example.com/",
        "https://example..com/",
        "https://.example.com/",
        "https://./",
        f"https://{'a' * 64}.com/",
        f"https://{'a.' * 130}com/",
        f"https://{'é' * 300}.com/",
        "https://a\u200d.com/",
        "https://exa$mple.com/",
    ],
)
def test_what_two_readers_could_understand_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, PUBLIC)


def test_a_url_has_a_longest_length() -> None:
    longest = "https://example.com/".ljust(LONGEST_URL, "a")

    assert check_url(longest, PUBLIC) == longest
    with pytest.raises(UrlRefused, match="longer"):
        check_url(longest + "a", PUBLIC)
    with pytest.raises(UrlRefused, match="longer"):
        check_url("https://example.com/".ljust(10_240, "a"), PUBLIC)


def test_an_allowed_network_is_allowed_in_its_usual_form_only() -> None:
    rules = OutgoingRules(networks=networks_in("127.0.0.0/8, ::1"))

    assert check_url("https://127.0.0.1/", rules) == "https://127.0.0.1/"
    assert check_url("https://[0:0::1]/", rules) == "https://[::1]/"
    for other in ("2130706433", "127.1", "[::ffff:127.0.0.1]", "10.0.0.1"):
        with pytest.raises(UrlRefused):
            check_url(f"https://{other}/", rules)


def test_a_refusal_names_the_field_and_never_repeats_the_url() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_url("https://sesame@open/", PUBLIC, where="body.image_url", code="IMAGE_URL_REFUSED")

    assert (caught.value.where, caught.value.code) == ("body.image_url", "IMAGE_URL_REFUSED")
    assert "sesame" not in caught.value.message
    assert "open" not in caught.value.message
