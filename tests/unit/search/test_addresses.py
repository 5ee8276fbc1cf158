"""Which addresses are on the public internet, and what an operator may add."""

from ipaddress import ip_address

import pytest

from search.addresses import Allowed, allowed_of, is_public, resolve

PUBLIC = ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e"]
NOT_PUBLIC = [
    *("127.0.0.1", "127.8.0.1", "::1", "0.0.0.0", "0.1.2.3", "::"),  # noqa: S104 - this machine
    *("10.0.0.1", "172.16.5.4", "192.168.1.1", "fd00::1", "fec0::1"),  # private
    *("169.254.169.254", "fe80::1"),  # link-local; where clouds keep their credentials
    *("100.64.0.1", "100.127.255.255"),  # carrier-grade NAT
    *("224.0.0.1", "239.1.2.3", "ff02::1", "ff0e::1"),  # multicast
    *("240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1"),
    *("192.0.0.1", "192.88.99.1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1"),  # hold an IPv4 address
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"),  # NAT64
    *("2002:7f00:1::", "2001::1"),  # 6to4, Teredo
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_may_be_called(text: str) -> None:
    assert is_public(ip_address(text))
    assert Allowed().why_not("a.example", [ip_address(text)]) is None


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_others_may_not_unless_an_operator_says_so(text: str) -> None:
    address = ip_address(text)
    assert not is_public(address)
    assert Allowed().why_not("a.example", [address]) is not None
    assert allowed_of(text).why_not("a.example", [address]) is None
    assert allowed_of("A.example").why_not("a.example", [address]) is None
    assert allowed_of("b.example,10.99.0.0/16").why_not("a.example", [address]) is not None


def test_every_address_of_a_name_counts() -> None:
    both = [ip_address("8.8.8.8"), ip_address("10.0.0.1")]
    assert Allowed().why_not("a.example", both) is not None
    assert allowed_of("10.0.0.0/8").why_not("a.example", both) is None


def test_what_has_no_address_and_what_has_an_inner_one_are_told_alike() -> None:
    nothing = Allowed().why_not("a.example", [])
    assert nothing == Allowed().why_not("a.example", [ip_address("10.0.0.1")])
    assert allowed_of("a.example").why_not("a.example", []) is not None


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "fe80::zz", "a:b"])
def test_a_list_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        allowed_of(text)


def test_an_empty_list_allows_nothing() -> None:
    assert allowed_of(" , ") == Allowed()


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost"])
def test_other_spellings_of_this_machine_are_found_out(host: str) -> None:
    found = resolve(host, 80)
    assert found
    assert not any(is_public(address) for address in found)


def test_what_is_no_name_has_no_address() -> None:
    assert resolve("a" * 70 + ".example", 80) == []
    assert resolve("nobody.invalid", 80) == []
