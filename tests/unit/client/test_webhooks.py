"""Webhooks by SDK and command line, and the check of what they receive."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

import bitpareto
from api.app import create_app
from bitpareto import (
    AsyncClient,
    Client,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    WebhookSignatureError,
)
from bitpareto.cli import Exit, main
from bitpareto.webhooks import verify
from search.addresses import allowed_of
from search.signatures import signature_header
from tests.receivers import Receiver, receiving, wait_until
from tests.served import Deployment, served
from tests.service import new_search
from worker.webhook_post import Calls
from worker.webhook_sender import Pace, WebhookSender

HERE = allowed_of("127.0.0.1")
SECRET = "whsec_of-a-test"  # noqa: S105 - opens nothing
EVENT = {"id": 7, "search_id": "sea_1", "type": "front.changed", "at": "2026-03-01T12:00:00Z"}
BODY = json.dumps({**EVENT, "payload": {"hypervolume": 0.5}}).encode()
NOW = 1_800_000_000


def _signed(body: bytes = BODY, secret: str = SECRET, at: int = NOW) -> str:
    """Sign as the documentation says, without our own code."""
    message = str(at).encode() + b"." + body
    return f"t={at},v1={hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}"


def test_what_the_server_signs_is_what_the_documentation_says() -> None:
    assert signature_header(BODY, [SECRET], NOW) == _signed()


def test_a_signed_event_is_returned() -> None:
    event = bitpareto.webhooks.verify(BODY, _signed(), SECRET, now=NOW)
    assert (event.id, event.type, event.payload) == (7, "front.changed", {"hypervolume": 0.5})
    headers = {"Host": "a.example", "bitpareto-signature": _signed()}
    assert verify(BODY, headers, SECRET, now=NOW + 300) == event
    assert verify(BODY, _signed(), SECRET, now=NOW - 300) == event
    assert verify(BODY, _signed(at=int(time.time())), SECRET) == event


def test_any_of_several_secrets_and_signatures_may_fit() -> None:
    both = signature_header(BODY, ["whsec_new", SECRET], NOW)
    assert verify(BODY, both, SECRET, now=NOW).id == 7
    assert verify(BODY, both, ["whsec_new"], now=NOW).id == 7
    assert verify(BODY, _signed(), ["whsec_new", SECRET], now=NOW).id == 7


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "t=,v1=",
        f"t={NOW}",
        _signed().replace("v1=", "v0="),
        _signed().partition(",")[2],
        _signed().replace(f"t={NOW}", f"t={NOW + 1}"),
        _signed().replace(f"t={NOW}", f"t={NOW},t={NOW}"),
        _signed().replace(f"t={NOW}", "t=-1"),
        _signed(secret="whsec_other"),  # noqa: S106 - opens nothing
        _signed(body=BODY + b" "),
        _signed()[:-1],
        _signed().upper(),
        f"t={NOW},v1=ä",
    ],
)
def test_anything_else_is_refused(header: str) -> None:
    with pytest.raises(WebhookSignatureError):
        verify(BODY, header, SECRET, now=NOW)


@pytest.mark.parametrize("now", [NOW + 301, NOW - 301])
def test_what_was_signed_long_ago_is_refused(now: int) -> None:
    with pytest.raises(WebhookSignatureError, match="300 are allowed"):
        verify(BODY, _signed(), SECRET, now=now)


def test_what_is_signed_and_no_event_is_refused() -> None:
    with pytest.raises(WebhookSignatureError, match="no event"):
        verify(b"{}", _signed(b"{}"), SECRET, now=NOW)
    with pytest.raises(WebhookSignatureError):
        verify(BODY, _signed(), [], now=NOW)


@pytest.fixture
def address(deployment: Deployment) -> Iterator[str]:
    """A server whose webhooks may call this machine, and which sends."""
    settings = replace(deployment.settings, webhooks_allowed=HERE)
    sender = WebhookSender(deployment.store, Calls(allowed=HERE), Pace(poll_s=0.02))
    sender.start()
    with served(create_app(settings)) as found:
        yield found
    sender.stop(20)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def test_the_sdk(address: str, deployment: Deployment, receiver: Receiver) -> None:
    with Client(address) as client:
        made = client.webhooks.create(receiver.url, event_types=["search.state"])
        ping = client.webhooks.test(made.id)
        assert (ping.state, ping.response_status, ping.attempts) == ("delivered", 200, 1)
        new_search(deployment.store)
        _, sent = receiver.wait_for(2)
        assert verify(sent.body, sent.headers, made.secret).type == "search.state"
        rotated = client.webhooks.rotate(made.id, overlap_s=0)
        receiver.answer = lambda _: 418
        ping = client.webhooks.test(made.id)
        assert (ping.state, ping.error) == ("failed", "answered 418")
        with pytest.raises(WebhookSignatureError):
            verify(receiver.got[-1].body, receiver.got[-1].headers, made.secret)
        verify(receiver.got[-1].body, receiver.got[-1].headers, rotated.secret)
        receiver.answer = lambda _: 200
        client.webhooks.redeliver(made.id, ping.id)
        wait_until(
            lambda: client.webhooks.delivery(made.id, ping.id).state == "delivered", "a delivery"
        )
        deliveries = list(client.webhooks.deliveries(made.id, page_size=2))
        assert [each.event_type for each in deliveries] == ["ping", "search.state", "ping"]
        assert list(client.webhooks.deliveries(made.id, state="failed")) == []
        assert client.webhooks.delivery(made.id, deliveries[1].id).body == sent.body.decode()
        assert client.webhooks.update(made.id, enabled=False).disabled_reason is not None
        with pytest.raises(ConflictError):
            client.webhooks.test(made.id)
        assert client.webhooks.update(made.id, enabled=True, event_types=[]).event_types == []
        assert [each.id for each in client.webhooks.list()] == [made.id]
        with pytest.raises(InvalidRequestError, match="not on the public internet"):
            client.webhooks.create("http://10.0.0.1/")
        client.webhooks.remove(made.id)
        with pytest.raises(NotFoundError):
            client.webhooks.get(made.id)


def test_the_async_sdk(address: str, receiver: Receiver) -> None:
    async def use() -> None:
        async with AsyncClient(address) as client:
            made = await client.webhooks.create(receiver.url)
            assert (await client.webhooks.test(made.id)).state == "delivered"
            found = [each async for each in client.webhooks.deliveries(made.id)]
            assert [each.state for each in found] == ["delivered"]

    asyncio.run(use())


def test_the_command_line(
    address: str,
    deployment: Deployment,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        status = main(["webhooks", *arguments, "--base-url", address])
        return status, capsys.readouterr().out

    status, out = run("add", receiver.url, "--type", "search.state", "--description", "of CI")
    webhook_id, secret = out.split()
    assert status == Exit.OK
    status, out = run("ls")
    assert all(word in out for word in (webhook_id, "of CI", "search.state", "enabled"))
    assert secret not in out
    assert run("test", webhook_id)[0] == Exit.OK
    receiver.answer = lambda _: 500
    assert run("test", webhook_id)[0] == Exit.SEARCH_FAILED
    new_search(deployment.store)
    receiver.wait_for(3)
    status, out = run("deliveries", webhook_id, "--state", "failed", "--json")
    (failed,) = json.loads(out)
    receiver.answer = lambda _: 200
    assert run("redeliver", webhook_id, failed["id"]) == (
        Exit.OK,
        f"{failed['id']} is sent again\n",
    )
    status, out = run("deliveries", webhook_id)
    assert out.count("dlv_") == 3
    assert run("set", webhook_id, "--disable")[0] == Exit.OK
    assert "disabled: a user" in run("show", webhook_id)[1]
    status, out = run("set", webhook_id, "--enable", "--all-types", "--json")
    assert json.loads(out)["event_types"] == []
    status, out = run("rotate", webhook_id, "--overlap", "5", "--json")
    assert json.loads(out)["secret"] != secret
    assert run("rm", webhook_id) == (Exit.OK, f"{webhook_id} is removed\n")
    assert run("show", webhook_id)[0] == Exit.NOT_FOUND
    assert run("add", "http://10.0.0.1/")[0] == Exit.USAGE
