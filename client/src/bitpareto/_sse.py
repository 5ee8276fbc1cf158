"""Server-sent events, from bytes to messages (WHATWG HTML, section 9.2.6)."""

import re
from dataclasses import dataclass, field
from typing import Final

# a chunk may end between \r and \n, so a lone \r at the end waits for the next chunk
_LINE_END: Final = re.compile(rb"\r\n|\n|\r(?!\Z)")


@dataclass(frozen=True, slots=True)
class Message:
    """One event of a stream."""

    event: str
    data: str
    id: str


@dataclass(slots=True)
class SseDecoder:
    """Fed with chunks of any length; gives out each message once it is complete.

    Lines are cut in bytes: text functions would also cut at characters such as U+2028, which may
    stand inside data.
    """

    _rest: bytes = b""
    _event: str = ""
    _data: list[str] = field(default_factory=list)
    _id: str = ""

    def feed(self, chunk: bytes) -> list[Message]:
        """Take a chunk and return the messages it completes."""
        *lines, self._rest = _LINE_END.split(self._rest + chunk)
        return [message for line in lines if (message := self._take(line.decode())) is not None]

    def _take(self, line: str) -> Message | None:
        if not line:
            return self._flush()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value
        return None

    def _flush(self) -> Message | None:
        event, data = self._event or "message", self._data
        self._event, self._data = "", []
        return Message(event, "\n".join(data), self._id) if data else None
