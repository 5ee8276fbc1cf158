"""Starting while the database restarts."""

import socket
import threading
import time
from functools import partial

import pytest

from db.migrate import check_schema, upgrade
from search.errors import StoreBusyError
from tests.servers import PostgresServer
from worker.patience import patiently


def test_a_start_waits_for_a_database_that_restarts() -> None:
    postgres = PostgresServer()
    try:
        url = postgres.new_database("patience")
        upgrade(url)
        restart = threading.Thread(target=postgres.restart, kwargs={"down_s": 1.0})
        restart.start()
        _wait_until_down(url)
        patiently(partial(check_schema, url), patience_s=30.0)
        restart.join()
    finally:
        postgres.close()


def test_patience_ends() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://nobody@127.0.0.1:{nobody.getsockname()[1]}/none"
        began = time.monotonic()
        with pytest.raises(StoreBusyError):
            patiently(partial(check_schema, url), patience_s=0.6)
        assert time.monotonic() - began >= 0.6


def _wait_until_down(url: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            check_schema(url)
        except StoreBusyError:
            return
        time.sleep(0.01)
    pytest.fail("the database did not stop")
