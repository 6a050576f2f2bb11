from ipaddress import ip_address

import pytest

from shared.errors import ConfigurationError
from shared.outgoing.rules import OutgoingRules, is_public, networks_in
from shared.settings import load_settings


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_what_is_not_the_public_internet(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2003::1",
        "2606:4700:4700::1111",
        "2a00:1450::1",
    ],
)
def test_what_is_the_public_internet(address: str) -> None:
    assert is_public(ip_address(address))


def test_settings_allow_networks_that_are_not_public() -> None:
    rules = OutgoingRules(networks_in("10.1.0.0/16,fd00:1::/32"))

    assert rules.allow(ip_address("10.1.2.3"))
    assert rules.allow(ip_address("fd00:1::5"))
    assert not rules.allow(ip_address("10.2.0.1"))
    assert not rules.allow(ip_address("::ffff:10.1.2.3"))


def test_an_address_of_one_interface_is_never_allowed() -> None:
    rules = OutgoingRules(networks_in("fe80::/10"))

    assert rules.allow(ip_address("fe80::1"))
    assert not rules.allow(ip_address("fe80::1%eth0"))


def test_rules_come_from_the_settings() -> None:
    settings = load_settings(allowed_networks="10.1.0.0/16, ::1", allow_http=True, allowed_ports="443, 80")

    assert settings.outgoing_rules == OutgoingRules(networks_in("10.1.0.0/16,::1"), True, frozenset({80, 443}))
    assert load_settings().outgoing_rules == OutgoingRules()


@pytest.mark.parametrize("networks", ["sesame", "10.1.0.1/16", "10.0.0.0/33", "10.0.0.0/8;::1", "0x7f/8"])
def test_a_wrong_network_stops_the_start(networks: str) -> None:
    with pytest.raises(ConfigurationError, match=r"SHELFWISE_ALLOWED_NETWORKS: it must be networks like") as caught:
        load_settings(allowed_networks=networks)

    assert networks not in caught.value.message


@pytest.mark.parametrize("ports", ["https", "0", "65536", "443,", "4 43", "-1", "４４３", "9" * 5000])
def test_a_wrong_port_stops_the_start(ports: str) -> None:
    with pytest.raises(ConfigurationError, match=r"SHELFWISE_ALLOWED_PORTS: it must be ports from 1 to 65535"):
        load_settings(allowed_ports=ports)
