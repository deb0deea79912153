"""The project's own engines: started once, shared, found again after a crash, stopped by the last.

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
from engines.data_directory import PROJECT, find_place

HOLD = """
import sys, time
from pathlib import Path
from engines import running
with running("test", project=Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _without_given_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


@contextmanager
def folder(mode: int) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="crm "))
    path.chmod(mode)
    base = find_place("test", path).base
    yield path
    shutil.rmtree(path)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def project() -> Iterator[Path]:
    with folder(0o711) as path:
        yield path


@pytest.fixture
def closed_project() -> Iterator[Path]:
    with folder(0o700) as path:
        yield path


def connect(addresses: EngineUrls) -> extensions.connection:
    connection = psycopg2.connect(addresses.database_url)
    connection.autocommit = True
    return connection


def fetch_row(database: extensions.connection, query: str) -> tuple[object, ...] | None:
    with database.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def broker(addresses: EngineUrls) -> redis.Redis:
    return redis.Redis.from_url(addresses.redis_url)


def is_up(addresses: EngineUrls) -> bool:
    try:
        connect(addresses).close()
    except psycopg2.OperationalError:
        return False
    return True


def hold(project: Path) -> subprocess.Popen[str]:
    """Start another process that uses the engines until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(project)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    return process


def cluster(project: Path) -> Path:
    return find_place("test", project).home / "postgres" / "cluster"


def test_urls_start_nothing_and_stay_the_same(project: Path) -> None:
    addresses = urls("test", project=project)
    assert urls("test", project=project) == addresses
    assert urls("default", project=project) != addresses
    assert not is_up(addresses)


def test_running_gives_engines_that_work_and_stops_them(project: Path) -> None:
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
        assert broker(addresses).ping()
    assert not is_up(addresses)
    with pytest.raises(redis.ConnectionError):
        broker(addresses).ping()


def test_database_address_is_understood_by_the_settings_reader(project: Path) -> None:
    parsed = environ.Env.db_url_config(urls("test", project=project).database_url)
    assert parsed["NAME"] == parsed["USER"] == "group_crm"
    assert parsed["OPTIONS"] == {"host": str(find_place("test", project).sockets)}


def test_database_listens_on_a_private_socket_only(project: Path) -> None:
    with (
        running("test", project=project) as addresses,
        closing(connect(addresses)) as database,
    ):
        assert fetch_row(database, "SHOW listen_addresses") == ("",)
        place = find_place("test", project)
        assert place.sockets.stat().st_mode & 0o777 == 0o700
        assert cluster(project).stat().st_mode & 0o777 == 0o700
        assert cluster(project).stat().st_uid == (place.owner.uid if place.owner else os.geteuid())
        assert cluster(project).stat().st_uid != 0


def test_broker_refuses_a_stranger(project: Path) -> None:
    with running("test", project=project) as addresses:
        port = urlsplit(addresses.redis_url).port
        assert port
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(host="127.0.0.1", port=port, retry=Retry(NoBackoff(), 0)).ping()
        assert (project / ".data/test/valkey.json").stat().st_mode & 0o777 == 0o600


def test_closed_project_works_and_stays_closed(closed_project: Path) -> None:
    with running("test", project=closed_project) as addresses:
        assert is_up(addresses)
        assert broker(addresses).ping()
        assert cluster(closed_project).stat().st_mode & 0o777 == 0o700
    assert closed_project.stat().st_mode & 0o777 == 0o700
    note = closed_project / ".data/test/WHERE-THE-DATA-ARE.txt"
    assert note.exists() == (os.geteuid() == 0)


def test_folders_above_the_project_keep_their_modes(project: Path) -> None:
    before = [folder.stat().st_mode for folder in (project, *project.parents)]
    with running("test", project=project):
        pass
    assert [folder.stat().st_mode for folder in (project, *project.parents)] == before


def test_first_one_out_leaves_the_engines_to_the_others(project: Path) -> None:
    other = hold(project)
    with running("test", project=project) as addresses:
        pass
    assert is_up(addresses)
    other.communicate("")
    assert other.returncode == 0
    assert not is_up(addresses)


def test_engines_of_a_killed_process_are_reused_then_stopped(project: Path) -> None:
    other = hold(project)
    addresses = urls("test", project=project)
    with closing(connect(addresses)) as database:
        started = fetch_row(database, "SELECT pg_postmaster_start_time()")
    other.kill()
    other.communicate()
    assert is_up(addresses)
    with running("test", project=project) as again, closing(connect(again)) as database:
        assert fetch_row(database, "SELECT pg_postmaster_start_time()") == started
    assert not is_up(addresses)


def test_crashed_server_with_a_pid_now_used_by_another_is_started(project: Path) -> None:
    other = hold(project)
    addresses = urls("test", project=project)
    pid_file = cluster(project) / "postmaster.pid"
    lines = pid_file.read_text(encoding="utf-8").splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    other.kill()
    other.communicate()
    while is_up(addresses):
        time.sleep(0.05)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", encoding="utf-8")
    with running("test", project=project) as again:
        assert is_up(again)


def test_half_made_cluster_is_made_again(project: Path) -> None:
    place = find_place("test", project)
    place.prepare()
    unfinished = cluster(project).with_name("cluster.unfinished")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n", encoding="ascii")
    with running("test", project=project) as addresses:
        assert is_up(addresses)


def test_broken_cluster_is_one_line_that_names_the_log(project: Path) -> None:
    with running("test", project=project):
        pass
    (cluster(project) / "global" / "pg_control").unlink()
    with (
        pytest.raises(EngineError, match=r"could not start: .*postgres\.log") as told,
        running("test", project=project),
    ):
        pytest.fail("started on a broken cluster")
    assert "\n" not in str(told.value)


def test_cluster_of_another_version_is_refused_with_advice(project: Path) -> None:
    with running("test", project=project):
        pass
    (cluster(project) / "PG_VERSION").write_text("17\n", encoding="ascii")
    with (
        pytest.raises(EngineError, match="made by PostgreSQL 17, the installed package has 18"),
        running("test", project=project),
    ):
        pytest.fail("started on a cluster of another version")


def test_given_addresses_are_used_and_nothing_is_started(
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
        assert broker(addresses).ping()
        assert not cluster(project).exists()


def test_broker_moves_when_its_port_is_taken(project: Path) -> None:
    before = urls("test", project=project)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", urlsplit(before.redis_url).port or 0))
        stranger.listen()
        with running("test", project=project) as addresses:
            assert addresses.redis_url != before.redis_url
            assert addresses == urls("test", project=project)
            assert broker(addresses).ping()


def test_data_and_queue_of_the_default_profile_survive_a_stop(project: Path) -> None:
    with running(project=project) as addresses, closing(connect(addresses)) as database:
        with database.cursor() as cursor:
            cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        broker(addresses).rpush("celery", "job")
        assert fetch_row(database, "SHOW fsync") == ("on",)
    with running(project=project) as addresses, closing(connect(addresses)) as database:
        assert fetch_row(database, "SELECT answer FROM kept") == (42,)
        assert broker(addresses).lrange("celery", 0, -1) == [b"job"]


def test_socket_of_a_deep_project_is_in_a_short_private_folder(project: Path) -> None:
    deep = project / ("d" * 100)
    deep.mkdir()
    deep.chmod(project.stat().st_mode & 0o777)
    place = find_place("test", deep)
    try:
        with running("test", project=deep) as addresses:
            folder = parse_qs(urlsplit(addresses.database_url).query)["host"][0]
            assert len(folder) < 90
            assert is_up(addresses)
    finally:
        shutil.rmtree(place.sockets, ignore_errors=True)
        shutil.rmtree(place.base, ignore_errors=True)


def test_unknown_profile_is_refused(project: Path) -> None:
    with pytest.raises(EngineError, match="no engine profile 'production'"):
        urls("production", project=project)


def test_unreadable_record_is_explained(project: Path) -> None:
    urls("test", project=project)
    record = project / ".data/test/valkey.json"
    record.unlink()
    record.mkdir()
    with pytest.raises(EngineError, match=r"Cannot use .*valkey\.json"):
        urls("test", project=project)


def test_command_runs_with_the_addresses_and_its_exit_code_counts() -> None:
    script = (
        "import os, sys; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); sys.exit(3)"
    )
    done = subprocess.run(
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
    assert (done.returncode, done.stdout) == (3, "postgres://a/b redis://c/0\n")


def test_record_holds_a_port_and_a_password_of_the_project(project: Path) -> None:
    urls("test", project=project)
    record = json.loads((project / ".data/test/valkey.json").read_text(encoding="ascii"))
    assert 20000 <= record["port"] < 30000
    assert len(record["password"]) >= 32
