"""The embedded engines: started once, shared, reused after a crash, stopped by the last user.

Every test has a project folder of its own, with a space in its name.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import environ
import psycopg2
import pytest
import redis
from psycopg2 import extensions
from redis.backoff import NoBackoff
from redis.retry import Retry

from engines import EngineError, EngineUrls, running, urls
from engines.data_directory import PROJECT, find_data_directory

# Starts the engines of a project, says "up", and keeps them running until its input ends.
HOLD_ENGINES_SCRIPT = """
import sys, time
from pathlib import Path
from engines import running
with running("test", project=Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _without_external_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


@contextmanager
def project_folder(mode: int) -> Iterator[Path]:
    """Make an empty project folder with an access mode; remove it and its data after the block."""
    path = Path(tempfile.mkdtemp(prefix="crm "))
    path.chmod(mode)
    data_root = find_data_directory("test", path).data_root
    yield path
    shutil.rmtree(path)
    shutil.rmtree(data_root, ignore_errors=True)


@pytest.fixture
def project() -> Iterator[Path]:
    """A project folder through which other users may reach its data."""
    with project_folder(0o711) as path:
        yield path


@pytest.fixture
def closed_project() -> Iterator[Path]:
    """A project folder that only its owner may enter."""
    with project_folder(0o700) as path:
        yield path


def connect(addresses: EngineUrls) -> extensions.connection:
    connection = psycopg2.connect(addresses.database_url)
    connection.autocommit = True
    return connection


def fetch_row(database: extensions.connection, query: str) -> tuple[object, ...] | None:
    with database.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def redis_client(addresses: EngineUrls) -> redis.Redis:
    return redis.Redis.from_url(addresses.redis_url)


def is_database_up(addresses: EngineUrls) -> bool:
    try:
        connect(addresses).close()
    except psycopg2.OperationalError:
        return False
    return True


def start_engine_user(project: Path) -> subprocess.Popen[str]:
    """Start another process, which uses the engines until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_ENGINES_SCRIPT, str(project)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    return process


def cluster_folder(project: Path) -> Path:
    return find_data_directory("test", project).data_folder / "postgres" / "cluster"


def test_urls_start_nothing_and_stay_the_same(project: Path) -> None:
    addresses = urls("test", project=project)
    assert urls("test", project=project) == addresses
    assert urls("default", project=project) != addresses
    assert not is_database_up(addresses)


def test_running_starts_the_engines_and_stops_them(project: Path) -> None:
    with running("test", project=project) as addresses:
        with closing(connect(addresses)) as database:
            row = fetch_row(
                database,
                "SELECT current_user, datlocprovider, datlocale, pg_encoding_to_char(encoding)"
                " FROM pg_database WHERE datname = current_database()",
            )
            version = database.info.server_version
        assert row == ("group_crm", "b", "C.UTF-8", "UTF8")
        assert version // 10000 == 18
        assert redis_client(addresses).ping()
    assert not is_database_up(addresses)
    with pytest.raises(redis.ConnectionError):
        redis_client(addresses).ping()


def test_database_address_is_understood_by_the_settings_reader(project: Path) -> None:
    parsed = environ.Env.db_url_config(urls("test", project=project).database_url)
    assert parsed["NAME"] == parsed["USER"] == "group_crm"
    assert parsed["OPTIONS"] == {"host": str(find_data_directory("test", project).socket_folder)}


def test_database_listens_on_a_private_socket_only(project: Path) -> None:
    with (
        running("test", project=project) as addresses,
        closing(connect(addresses)) as database,
    ):
        assert fetch_row(database, "SHOW listen_addresses") == ("",)
        directory = find_data_directory("test", project)
        assert directory.socket_folder.stat().st_mode & 0o777 == 0o700
        assert cluster_folder(project).stat().st_mode & 0o777 == 0o700
        assert cluster_folder(project).stat().st_uid == (
            directory.service_user.uid if directory.service_user else os.geteuid()
        )
        assert cluster_folder(project).stat().st_uid != 0


def test_broker_requires_the_password(project: Path) -> None:
    with running("test", project=project) as addresses:
        port = urlsplit(addresses.redis_url).port
        assert port
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(host="127.0.0.1", port=port, retry=Retry(NoBackoff(), 0)).ping()
        assert (project / ".data/test/valkey.json").stat().st_mode & 0o777 == 0o600


def test_closed_project_works_and_stays_closed(closed_project: Path) -> None:
    with running("test", project=closed_project) as addresses:
        assert is_database_up(addresses)
        assert redis_client(addresses).ping()
        assert cluster_folder(closed_project).stat().st_mode & 0o777 == 0o700
    assert closed_project.stat().st_mode & 0o777 == 0o700
    note = closed_project / ".data/test/WHERE-THE-DATA-ARE.txt"
    assert note.exists() == (os.geteuid() == 0)


def test_folders_above_the_project_keep_their_modes(project: Path) -> None:
    before = [folder.stat().st_mode for folder in (project, *project.parents)]
    with running("test", project=project):
        pass
    assert [folder.stat().st_mode for folder in (project, *project.parents)] == before


def test_engines_run_until_the_last_user_ends(project: Path) -> None:
    other_user = start_engine_user(project)
    with running("test", project=project) as addresses:
        pass
    assert is_database_up(addresses)
    other_user.communicate("")
    assert other_user.returncode == 0
    assert not is_database_up(addresses)


def test_engines_of_a_killed_process_are_reused_and_then_stopped(project: Path) -> None:
    other_user = start_engine_user(project)
    addresses = urls("test", project=project)
    with closing(connect(addresses)) as database:
        started = fetch_row(database, "SELECT pg_postmaster_start_time()")
    other_user.kill()
    other_user.communicate()
    assert is_database_up(addresses)
    with running("test", project=project) as again, closing(connect(again)) as database:
        assert fetch_row(database, "SELECT pg_postmaster_start_time()") == started
    assert not is_database_up(addresses)


def test_crashed_server_is_started_although_its_pid_belongs_to_another_process(
    project: Path,
) -> None:
    other_user = start_engine_user(project)
    addresses = urls("test", project=project)
    pid_file = cluster_folder(project) / "postmaster.pid"
    lines = pid_file.read_text(encoding="utf-8").splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    other_user.kill()
    other_user.communicate()
    while is_database_up(addresses):
        time.sleep(0.05)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", encoding="utf-8")
    with running("test", project=project) as again:
        assert is_database_up(again)


def test_unfinished_cluster_is_created_again(project: Path) -> None:
    directory = find_data_directory("test", project)
    directory.make_folders()
    unfinished = cluster_folder(project).with_name("cluster.unfinished")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n", encoding="ascii")
    with running("test", project=project) as addresses:
        assert is_database_up(addresses)


def test_broken_cluster_is_reported_in_one_line_with_the_log(project: Path) -> None:
    with running("test", project=project):
        pass
    (cluster_folder(project) / "global" / "pg_control").unlink()
    with (
        pytest.raises(EngineError, match=r"could not start: .*postgres\.log") as error,
        running("test", project=project),
    ):
        pytest.fail("started on a broken cluster")
    assert "\n" not in str(error.value)


def test_cluster_of_another_version_is_refused_with_advice(project: Path) -> None:
    with running("test", project=project):
        pass
    (cluster_folder(project) / "PG_VERSION").write_text("17\n", encoding="ascii")
    with (
        pytest.raises(EngineError, match="made by PostgreSQL 17, the installed package has 18"),
        running("test", project=project),
    ):
        pytest.fail("started on a cluster of another version")


def test_external_engines_are_used_and_nothing_is_started(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@db.example/crm")
    (project / ".env").write_text("REDIS_URL='redis://broker.example/3'\n", encoding="utf-8")
    with running("test", project=project) as addresses:
        assert addresses == EngineUrls(
            "postgres://somebody@db.example/crm", "redis://broker.example/3"
        )
    assert not (project / ".data").exists()


def test_only_the_engine_without_an_address_is_started(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@db.example/crm")
    with running("test", project=project) as addresses:
        assert redis_client(addresses).ping()
        assert not cluster_folder(project).exists()


def test_broker_uses_another_port_when_its_own_is_taken(project: Path) -> None:
    before = urls("test", project=project)
    with socket.socket() as other_server:
        other_server.bind(("127.0.0.1", urlsplit(before.redis_url).port or 0))
        other_server.listen()
        with running("test", project=project) as addresses:
            assert addresses.redis_url != before.redis_url
            assert addresses == urls("test", project=project)
            assert redis_client(addresses).ping()


def test_data_and_queue_of_the_default_profile_survive_a_stop(project: Path) -> None:
    with running(project=project) as addresses, closing(connect(addresses)) as database:
        with database.cursor() as cursor:
            cursor.execute("CREATE TABLE saved AS SELECT 42 AS answer")
        redis_client(addresses).rpush("celery", "job")
        assert fetch_row(database, "SHOW fsync") == ("on",)
    with running(project=project) as addresses, closing(connect(addresses)) as database:
        assert fetch_row(database, "SELECT answer FROM saved") == (42,)
        assert redis_client(addresses).lrange("celery", 0, -1) == [b"job"]


def test_socket_of_a_deep_project_is_in_a_short_private_folder(project: Path) -> None:
    deep_project = project / ("d" * 100)
    deep_project.mkdir()
    deep_project.chmod(project.stat().st_mode & 0o777)
    directory = find_data_directory("test", deep_project)
    try:
        with running("test", project=deep_project) as addresses:
            socket_folder = parse_qs(urlsplit(addresses.database_url).query)["host"][0]
            assert len(socket_folder) < 90
            assert is_database_up(addresses)
    finally:
        shutil.rmtree(directory.socket_folder, ignore_errors=True)
        shutil.rmtree(directory.data_root, ignore_errors=True)


def test_unknown_profile_is_refused(project: Path) -> None:
    with pytest.raises(EngineError, match="no engine profile 'production'"):
        urls("production", project=project)


def test_unreadable_address_file_is_named(project: Path) -> None:
    urls("test", project=project)
    address_file = project / ".data/test/valkey.json"
    address_file.unlink()
    address_file.mkdir()
    with pytest.raises(EngineError, match=r"Cannot use .*valkey\.json"):
        urls("test", project=project)


def test_exec_sets_the_addresses_and_returns_the_exit_code() -> None:
    script = (
        "import os, sys; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); sys.exit(3)"
    )
    result = subprocess.run(
        [
            *(sys.executable, "-m", "engines", "exec", "--profile", "test", "--"),
            *(sys.executable, "-c", script),
        ],
        capture_output=True,
        check=False,
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://c/0"},
        text=True,
    )
    assert (result.returncode, result.stdout) == (3, "postgres://a/b redis://c/0\n")


def test_address_file_contains_a_port_and_a_password(project: Path) -> None:
    urls("test", project=project)
    address = json.loads((project / ".data/test/valkey.json").read_text(encoding="ascii"))
    assert 20000 <= address["port"] < 30000
    assert len(address["password"]) >= 32
