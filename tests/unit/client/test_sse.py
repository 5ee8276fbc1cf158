"""The stream decoder, whatever the network cuts the bytes into."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bitpareto._sse import Message, SseDecoder

STREAM = (
    ": a comment\n"
    "retry: 1000\n\n"
    'event: trial.finished\ndata: {"a":\ndata: 1}\nid: 7\n\n'
    "data:no space\r\n\r\n"
    "event: nothing\n\n"
    "data: ünï\u2028code\rid: 8\r\r"
    "data: not yet complete\n"
).encode()
MESSAGES = [
    Message("trial.finished", '{"a":\n1}', "7"),
    Message("message", "no space", "7"),
    Message("message", "ünï\u2028code", "8"),
]


@given(st.lists(st.integers(0, len(STREAM))))
def test_messages_do_not_depend_on_how_the_bytes_are_cut(cuts: list[int]) -> None:
    decoder = SseDecoder()
    edges = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(edges)]
    assert [message for chunk in chunks for message in decoder.feed(chunk)] == MESSAGES
