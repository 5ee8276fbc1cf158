import multiprocessing
import multiprocessing.queues
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from kombu.connection import Connection

from jobs.bell import CeleryBell
from jobs.broker import celery_client
from search.settings import Settings

N_PRODUCERS, N_CONSUMERS, N_EACH = 2, 3, 300
SPAWN = multiprocessing.get_context("spawn")


def connect(folder: Path, polling_interval: float = 0.001) -> Connection:
    return Connection(  # type: ignore[no-untyped-call]  # kombu is untyped
        "filesystem://",
        transport="jobs.folder_transport:Transport",
        transport_options={"folder": str(folder), "polling_interval": polling_interval},
    )


def produce(folder: Path, producer: int) -> None:
    with connect(folder) as connection:
        sender = connection.Producer()
        for number in range(N_EACH):
            sender.publish({"id": f"{producer}-{number}"}, routing_key="train", exchange="")


def consume(folder: Path, results: "multiprocessing.queues.Queue[list[str]]") -> None:
    taken: list[str] = []
    quiet_since = time.monotonic()
    with connect(folder) as connection:
        channel = connection.default_channel
        while time.monotonic() - quiet_since < 3.0:
            message = channel.basic_get("train", no_ack=True)
            if message is None:
                time.sleep(0.0005)
                continue
            taken.append(message.decode()["id"])
            quiet_since = time.monotonic()
    results.put(taken)


def test_racing_processes_take_every_message_exactly_once(tmp_path: Path) -> None:
    results: multiprocessing.queues.Queue[list[str]] = SPAWN.Queue()
    processes = [SPAWN.Process(target=consume, args=(tmp_path, results)) for _ in range(3)]
    processes += [SPAWN.Process(target=produce, args=(tmp_path, n)) for n in range(N_PRODUCERS)]
    for process in processes:
        process.start()
    taken = [message for _ in range(N_CONSUMERS) for message in results.get(timeout=60)]
    for process in processes:
        process.join(10)
        assert process.exitcode == 0
    expected = {f"{producer}-{n}" for producer in range(N_PRODUCERS) for n in range(N_EACH)}
    assert len(taken) == len(expected)
    assert set(taken) == expected
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def waiting(settings: Settings, queue: str) -> list[str]:
    return sorted(path.name for path in (settings.data_dir / "broker/queues" / queue).iterdir())


def test_a_ring_that_waits_is_not_doubled_and_one_that_was_taken_rings_anew(
    embedded: Settings,
) -> None:
    app = celery_client(embedded)
    bell = CeleryBell(app)
    for _ in range(5):
        bell.train("trl_1")
        bell.train("trl_2")
    assert waiting(embedded, "train") == ["train-trl_1", "train-trl_2"]
    with app.connection_for_read() as connection:
        assert connection.default_channel.basic_get("train", no_ack=True) is not None
    bell.train("trl_1")
    assert waiting(embedded, "train") == ["train-trl_1", "train-trl_2"]
    app.close()


def test_rings_outlive_every_process_that_knew_of_them(embedded: Settings) -> None:
    for trial in ("trl_1", "trl_2"):
        app = celery_client(embedded)
        CeleryBell(app).train(trial)
        app.close()
    assert len(waiting(embedded, "train")) == 2


def test_an_unreadable_message_is_dropped_and_the_next_one_delivered(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        connection.Producer().publish({"id": "good"}, routing_key="train", exchange="")
        (tmp_path / "queues/train/!broken").write_bytes(b"\xff{")
        message = connection.default_channel.basic_get("train", no_ack=True)
        assert message.decode() == {"id": "good"}
        assert connection.default_channel.basic_get("train") is None


def test_a_message_not_acknowledged_is_put_back_when_its_consumer_closes(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        connection.Producer().publish({"id": "held"}, routing_key="train", exchange="")
        assert connection.default_channel.basic_get("train") is not None
    with connect(tmp_path) as connection:
        message = connection.default_channel.basic_get("train", no_ack=True)
        assert message.decode() == {"id": "held"}


@pytest.mark.parametrize("name", ["../outside", "a/b", "..", "", "x" * 200])
def test_no_queue_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with connect(tmp_path) as connection, pytest.raises(ValueError, match="no name"):
        connection.default_channel._put(name, {"body": ""})
    assert not list(tmp_path.parent.glob("outside*"))


def test_waiting_for_a_message_ends_soon_enough_to_notice_a_signal(tmp_path: Path) -> None:
    received: list[Any] = []
    with connect(tmp_path, polling_interval=0.2) as connection:
        queue = connection.SimpleQueue("train", no_ack=True)
        consumer = queue.consumer
        consumer.register_callback(lambda body, _message: received.append(body))
        started = time.monotonic()
        with pytest.raises(socket.timeout):
            connection.drain_events(timeout=30)
        assert time.monotonic() - started < 15
        queue.close()
