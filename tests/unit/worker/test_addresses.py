"""The socket the API listens on."""

import asyncio
import socket

from worker.addresses import listen


def test_answers_leave_at_once() -> None:
    """Without TCP_NODELAY each answer waits, up to 40 ms, until the one before was acknowledged."""

    async def of_a_connection() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen("127.0.0.1", 0)
        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            answer = await asyncio.wait_for(found, 10)
            writer.close()
            return answer

    assert asyncio.run(of_a_connection()) == 1
