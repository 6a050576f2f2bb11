import socket

import pytest

from cli.listening import listening
from shared.errors import ConfigurationError
from tests.support.ports import free_port


def test_who_connects_before_anybody_accepts_waits() -> None:
    with listening("127.0.0.1", free_port()) as (opened,), socket.create_connection(opened.getsockname()) as client:
        client.sendall(b"hello")

        accepted, _ = opened.accept()
        with accepted:
            assert accepted.recv(5) == b"hello"


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_every_ipv6_address_leaves_those_of_ipv4_to_others() -> None:
    port = free_port()
    with listening("::", port) as (sixth,), listening("0.0.0.0", port) as (fourth,):
        assert sixth.getsockname()[:2] == ("::", port)
        assert fourth.getsockname() == ("0.0.0.0", port)


def test_a_host_with_several_addresses_is_listened_on_at_each_that_is_here() -> None:
    port = free_port()
    with listening("", port) as sockets:
        assert {each.getsockname()[:2] for each in sockets} == {("0.0.0.0", port)} | (
            {("::", port)} if has_ipv6() else set()
        )


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_somebody_listens_on_is_refused(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(ConfigurationError, match=f"^Cannot listen on {host}:{port}: Address already in use.$"):
            start_listening(host, port)


def test_a_host_that_is_not_this_machines_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^Cannot listen on 192\.0\.2\.1:\d+: Cannot assign requested address\."
    ):
        start_listening("192.0.2.1", free_port())


def start_listening(host: str, port: int) -> None:
    with listening(host, port):
        pass
