import contextvars
import json
import logging
import threading

import pytest

from search.log_ids import log_ids
from worker.logs import JsonLines


def line_of(message: str, *, error: bool = False) -> dict[str, object]:
    caught = ValueError("inner")
    info = (ValueError, caught, None) if error else None
    record = logging.LogRecord("worker.x", logging.WARNING, __file__, 1, message, (), info)
    text = JsonLines("train-1").format(record)
    assert "\n" not in text
    loaded: dict[str, object] = json.loads(text)
    return loaded


def test_a_line_is_one_json_object_with_the_ids_of_the_work_in_hand() -> None:
    with log_ids(search_id="sea_1"), log_ids(trial_id="trl_1", attempt=2):
        line = line_of("two\nlines")
    assert line["message"] == "two\nlines"
    assert (line["process"], line["level"], line["logger"]) == ("train-1", "warning", "worker.x")
    assert (line["search_id"], line["trial_id"], line["attempt"]) == ("sea_1", "trl_1", 2)
    assert str(line["time"]).endswith("+00:00")


def test_ids_end_with_their_block_and_do_not_leak_between_threads() -> None:
    seen: list[dict[str, object]] = []
    with log_ids(trial_id="trl_1"):
        context = contextvars.copy_context()
        for target in (lambda: seen.append(line_of("x")), lambda: context.run(seen.append, {})):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert "trial_id" not in seen[0]
    assert "trial_id" not in line_of("after")


def test_an_exception_is_written_into_the_line() -> None:
    assert "ValueError: inner" in str(line_of("failed", error=True)["traceback"])


@pytest.mark.parametrize("word", ["naïve", "量化"])
def test_every_language_survives(word: str) -> None:
    assert line_of(word)["message"] == word
