"""A profile is read as it is written, and what is wrong is named with its line."""

import math
import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_space.hardware.document import MOST_BYTES
from search_space.hardware.errors import HardwareProfileError, ProfileProblem
from search_space.hardware.profile import BitSerial, Effort, Lookup, PerMac, Rates
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles

SMALL = """\
schema: 1
name: two-widths
description: for tests
flash_bytes: 65536
ram_bytes: 8192
pairs:
  conv: [[8, 8], [4, 8]]
  depthwise: [[8, 8]]
cost:
  model: per_mac
  time_unit: cycles
  clock_mhz: 50
  energy_unit: nJ
  rates:
    - kinds: [conv]
      bits: [8, 8]
      time: {mac: 2, layer: 100}
      energy: {mac: 0.5}
    - kinds: [conv]
      bits: [4, 8]
      time: {mac: 1, weight_byte: 3.5}
    - kinds: [depthwise]
      bits: [8, 8]
      time: {mac: 4e0}
  other:
    time: {output_byte: .5}
"""

TABLE = """\
schema: 1
name: table
cost:
  model: lookup
  time_unit: us
  interpolation: {method: log_linear, over: [macs], outside: linear}
  columns: [kind, weight_bits, activation_bits, macs, time, energy]
  table:
    - [conv, 8, 8, 1000, 1, 5]
    - [conv, 8, 8, 4000, 2, 40]
"""


def problems_of(text: str | bytes) -> tuple[ProfileProblem, ...]:
    with pytest.raises(HardwareProfileError) as caught:
        read_profile(text)
    return caught.value.problems


def test_what_is_written_is_read() -> None:
    profile = read_profile(SMALL)
    assert (profile.name, profile.description) == ("two-widths", "for tests")
    assert (profile.flash_bytes, profile.ram_bytes) == (65536, 8192)
    everywhere = frozenset({(8, 8), (4, 8)})
    assert profile.pairs == {
        "conv": everywhere,
        "pointwise": everywhere,
        "linear": everywhere,
        "depthwise": frozenset({(8, 8)}),
    }
    assert isinstance(profile.cost, PerMac)
    # a cycle at 50 MHz takes 20 ns
    assert profile.cost.efforts["linear"][8, 8] == Effort(
        time=Rates(mac=40, layer=2000), energy=Rates(mac=500)
    )
    assert profile.cost.efforts["pointwise"][4, 8].time == Rates(mac=20, weight_byte=70)
    assert profile.cost.efforts["depthwise"] == {(8, 8): Effort(time=Rates(mac=80), energy=Rates())}
    assert profile.other.time == Rates(output_byte=10)


def test_widths_may_be_given_as_products() -> None:
    text = SMALL.replace("[[8, 8], [4, 8]]", "{weight_bits: [8, 4], activation_bits: [8]}")
    assert read_profile(text) == read_profile(SMALL)


def test_without_pairs_those_with_costs_are_allowed() -> None:
    text = SMALL.replace("pairs:\n  conv: [[8, 8], [4, 8]]\n  depthwise: [[8, 8]]\n", "")
    assert read_profile(text).pairs == read_profile(SMALL).pairs


def test_a_table_is_read() -> None:
    profile = read_profile(TABLE)
    assert isinstance(profile.cost, Lookup)
    ((first, second),) = profile.cost.groups["linear"].values()
    assert (first.time_ns, first.energy_pj, second.time_ns) == (1000, 5, 2000)
    assert profile.has_energy


@pytest.mark.parametrize("name", sorted(shipped_profiles()))
def test_shipped_profiles_are_valid(name: str) -> None:
    profile = read_profile(shipped_profiles()[name])
    assert profile.name == name
    assert profile.has_energy


def test_shipped_are_the_ones_the_documentation_names() -> None:
    assert [*shipped_profiles()] == ["bit-serial", "bitfusion", "generic-mcu-256k"]
    serial = read_profile(shipped_profiles()["bit-serial"])
    assert isinstance(serial.cost, BitSerial)
    assert serial.pairs["linear"] == frozenset((w, a) for w in range(1, 9) for a in range(1, 9))


@pytest.mark.parametrize(
    ("old", "new", "line", "pointer", "code"),
    [
        ("schema: 1", "schema: 2", 1, "/schema", "out_of_range"),
        ("two-widths", "Two Widths", 2, "/name", "not_allowed"),
        ("two-widths", "'a\\nb'", 2, "/name", "not_allowed"),
        ("flash_bytes: 65536", "flash_bytes: 64 KiB", 4, "/flash_bytes", "out_of_range"),
        ("ram_bytes: 8192", "ram_bytes: '8192'", 5, "/ram_bytes", "out_of_range"),
        ("ram_bytes", "sram_bytes", 5, "/sram_bytes", "unknown_key"),
        ("[4, 8]]", "[4]]", 7, "/pairs/conv/1", "type"),
        ("[4, 8]]", "[9, 8]]", 7, "/pairs/conv/1/0", "not_allowed"),
        ("[4, 8]]", "[2, 8]]", 7, "/pairs/conv", "no_cost"),
        ("depthwise: [[8, 8]]", "depthwise: [[4, 8]]", 8, "/pairs/depthwise", "no_cost"),
        ("model: per_mac", "model: per_mack", 10, "/cost/model", "not_allowed"),
        ("clock_mhz: 50", "clock_mhz: 0", 12, "/cost/clock_mhz", "out_of_range"),
        ("  clock_mhz: 50\n", "", 11, "/cost/time_unit", "missing"),
        ("time_unit: cycles", "time_unit: ns", 12, "/cost/clock_mhz", "not_allowed"),
        ("energy_unit: nJ", "energy_unit: kWh", 13, "/cost/energy_unit", "not_allowed"),
        ("mac: 2,", "mac: -2,", 17, "/cost/rates/0/time/mac", "out_of_range"),
        ("mac: 2,", "mac: .inf,", 17, "/cost/rates/0/time/mac", "out_of_range"),
        ("mac: 2,", "bit_operation: 2,", 17, "/cost/rates/0/time/bit_operation", "unknown_key"),
        ("mac: 2,", "mac: 2, mac: 3,", 17, "/cost/rates/0/time", "duplicate"),
        ("kinds: [depthwise]", "kinds: [dw]", 22, "/cost/rates/2/kinds/0", "not_allowed"),
        ("kinds: [depthwise]", "kinds: [conv]", 22, "/cost/rates/2", "duplicate"),
        ("{output_byte: .5}", "[]", 26, "/cost/other/time", "type"),
    ],
)
def test_a_problem_has_its_line_and_place(
    old: str, new: str, line: int, pointer: str, code: str
) -> None:
    assert old in SMALL
    found = problems_of(SMALL.replace(old, new, 1))
    assert (line, pointer, code) in [(p.line, p.pointer, p.code) for p in found]
    assert all(p.column >= 1 for p in found)


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("log_linear", "cubic", 6, "not_allowed"),
        ("[macs]", "[weights]", 6, "not_allowed"),
        ("time, energy]", "time, watts]", 7, "not_allowed"),
        ("time, energy]", "time, time]", 7, "duplicate"),
        ("kind, weight_bits", "weight_bits", 7, "missing"),
        ("1000, 1, 5]", "1000, 1]", 9, "type"),
        ("4000, 2, 40]", "4000, 0, 40]", 10, "out_of_range"),
        ("4000, 2, 40]", "1000, 2, 40]", 10, "duplicate"),
        ("outside: linear", "outside: guess", 6, "not_allowed"),
    ],
)
def test_a_problem_of_a_table_has_its_line(old: str, new: str, line: int, code: str) -> None:
    assert old in TABLE
    assert (line, code) in [(p.line, p.code) for p in problems_of(TABLE.replace(old, new, 1))]


def test_all_problems_are_found_at_once_in_the_order_of_lines() -> None:
    text = SMALL.replace("schema: 1", "schema: x").replace("[4, 8]]", "[0, 8]]")
    text = text.replace("mac: 1,", "mac: x,")
    found = problems_of(text)
    assert [p.line for p in found] == [1, 7, 21]
    message = str(HardwareProfileError(found))
    assert "line 7, column 19: /pairs/conv/1/0 cannot be '0'; allowed: 1, 2, 3" in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "just words",
        "- a\n- list\n",
        "a: [",
        "\tname: x",
        "a: &x 1\nb: *x\n",
        "name: !!python/object/apply:os.system ['true']\n",
        "a: 1\n---\nb: 2\n",
        '"\\UFFFFFFFF"',
        "? [a]\n: b\n",
        "%YAML 1." + "9" * 5000 + "\n---\na",
        "a: \x07",
        b"name: \xff",
        "[" * 10_000,
        "a: {" * 5_000,
        "- 1\n" * 60_000,
        "x" * (MOST_BYTES + 1),
        "name: '\ud800'",
    ],
)
def test_what_is_no_profile_is_a_problem(text: str | bytes) -> None:
    (problem, *_) = problems_of(text)
    assert problem.line >= 1
    assert problem.detail
    str(problem).encode()


def test_the_line_of_what_is_no_yaml_is_named() -> None:
    assert problems_of("schema: 1\nname: [a\nb: c\n")[0].line == 3
    assert problems_of("schema: 1\nname: \x07\n")[0].line == 2
    assert problems_of(b"schema: 1\nname: x\ncost: \xfe\n")[0].line == 3


def test_a_bomb_of_aliases_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    assert problems_of("\n".join(lines))[0].code == "not_allowed"


@settings(max_examples=300, deadline=None)
@given(st.text() | st.binary())
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    check_any(text)


_SCALARS = st.one_of(
    st.integers(-3, 40),
    st.floats(),
    st.sampled_from(["conv", "linear", "lookup", "per_mac", "cycles", "null", "~", "[", "*a", "8"]),
    st.text(max_size=5),
)
_WORDS = (
    "schema name description flash_bytes ram_bytes pairs cost model rates time energy mac kinds "
    "bits interpolation over outside columns table other layer clock_mhz time_unit conv"
)
_KEYS = st.sampled_from(_WORDS.split())
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=7))
def test_any_tree_is_read_or_refused(tree: dict[str, object]) -> None:
    check_any(str(tree).replace("'", '"'))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([SMALL, TABLE, *shipped_profiles().values()]),
    st.integers(0, 2**32),
    st.integers(1, 6),
)
def test_any_damaged_profile_is_read_or_refused(text: str, seed: int, n_changes: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - damage, not secrets
    damaged = text[:4000]
    for _ in range(n_changes):
        at = rng.randrange(len(damaged))
        piece = rng.choice(
            ["", ":", "[", "]", "{", "0", "-", "\n", "  ", "&a ", "!!str ", "1e99", '"']
        )
        damaged = damaged[:at] + piece + damaged[at + rng.randrange(4) :]
    check_any(damaged)


def check_any(text: str | bytes) -> None:
    """Read it; a profile holds finite numbers only, an error has lines within the text."""
    try:
        profile = read_profile(text)
    except HardwareProfileError as error:
        refused = error
    else:
        _check_finite(profile)
        profile.description.encode()
        return
    assert refused.problems
    assert all(min(p.line, p.column) >= 1 for p in refused.problems)
    str(refused).encode()


def _check_finite(value: object) -> None:
    if is_dataclass(value):
        for each in fields(value):
            _check_finite(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for part in value.values():
            _check_finite(part)
    elif isinstance(value, tuple):
        for part in value:
            _check_finite(part)
    elif isinstance(value, float):
        assert math.isfinite(value)
