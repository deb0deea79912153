"""Where the engines keep their data, and as whom they run.

An ordinary user runs them as himself, below ``.data/``. Root cannot: PostgreSQL refuses to run as
root, so an unprivileged user that the machine already has runs them. Where that user cannot reach
the project (in ``/root``, say) the data lie in a private folder below ``/var/lib``; the modes of
folders that are not ours are never touched.
"""

import hashlib
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from engines.errors import EngineError

PROJECT = Path(__file__).resolve().parent.parent
PROFILES = ("default", "test")
_SERVICE_USERS = ("postgres", "_postgres", "nobody")
_STATE_FOLDERS = (Path("/var/lib"), Path("/var/db"))
# The kernel allows 104 bytes (macOS) or 108 (Linux) for a socket's path.
_SOCKET_PATH_LIMIT = 100
_SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Owner:
    """The unprivileged user who runs the engines for root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The folders of one profile's engines.

    ``records`` holds our own notes and locks; ``base`` the data of all profiles, ``home`` those of
    this one; ``sockets`` the database's socket. ``owner`` is None when we run them as ourselves.
    """

    profile: str
    records: Path
    base: Path
    home: Path
    sockets: Path
    owner: Owner | None

    def prepare(self) -> None:
        """Make the folders, private to us and to the engines' owner. Raises OSError."""
        for folder in (self.records.parent, self.records) if self._is_nested else (self.records,):
            self._passage(folder)
        if self.base != self.records and self.base not in self.records.parents:
            self._passage(self.base)
            self._passage(self.home)
            self._leave_note()
        self.own_folder(self.sockets)

    def own_folder(self, folder: Path) -> None:
        """Make ``folder`` for the engines' owner alone. Raises EngineError if it is not ours."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        uid = self.owner.uid if self.owner else os.geteuid()
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
            message = f"{folder} belongs to another user: remove it and try again."
            raise EngineError(message)
        if self.owner and found.st_uid != uid:
            os.chown(folder, uid, self.owner.gid)
        folder.chmod(0o700)

    def run(
        self, command: list[str | Path], *, send: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of an engine as its owner, out of reach of the terminal's Ctrl-C."""
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            cwd=self.home if self.home.is_dir() else "/",
            encoding="utf-8",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            errors="replace",
            input=send if send is not None else "",
            start_new_session=True,
            umask=0o077,
            user=self.owner.uid if self.owner else None,
            group=self.owner.gid if self.owner else None,
            extra_groups=[] if self.owner else None,
        )

    @property
    def _is_nested(self) -> bool:
        return self.profile != "default"

    def _passage(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.owner:
            os.chown(folder, -1, self.owner.gid)
            folder.chmod(0o710)

    def _leave_note(self) -> None:
        note = self.records / "WHERE-THE-DATA-ARE.txt"
        if not note.is_file() and self.owner:
            note.write_text(
                f"The database and the queue are in {self.base}: they run as the user"
                f" '{self.owner.name}', who cannot reach this folder.\n"
                "Remove that folder too to start afresh.\n",
                encoding="utf-8",
            )


def find_place(profile: str, project: Path) -> Place:
    """Return the folders of ``profile`` for the project in ``project``; touches nothing."""
    if profile not in PROFILES:
        message = f"There is no engine profile '{profile}'; there are: {', '.join(PROFILES)}."
        raise EngineError(message)
    inside = project / ".data"
    owner = _owner(inside) if os.geteuid() == 0 else None
    mark = hashlib.sha256(os.fsencode(project)).hexdigest()[:12]
    base = inside
    if owner and not _is_reachable(project):
        base = _state_folder() / f"group-crm-{mark}"
    nested = "" if profile == "default" else profile
    home = base / nested
    return Place(
        profile=profile,
        records=inside / nested,
        base=base,
        home=home,
        sockets=_sockets(home, owner, f"{mark}-{profile}"),
        owner=owner,
    )


def _owner(inside: Path) -> Owner:
    """Return who runs the engines for root: who has run them so far, or a service user."""
    cluster = inside / "postgres"
    if cluster.is_dir() and (uid := cluster.stat().st_uid) != 0:
        return Owner(str(uid), uid, cluster.stat().st_gid)
    for name in _SERVICE_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(name, entry.pw_uid, entry.pw_gid)
    message = (
        "PostgreSQL refuses to run as root, and this machine has neither a user 'postgres' nor"
        " 'nobody' to run it: start as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )
    raise EngineError(message)


def _is_reachable(folder: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))


def _state_folder() -> Path:
    return next((folder for folder in _STATE_FOLDERS if folder.is_dir()), _STATE_FOLDERS[0])


def _sockets(home: Path, owner: Owner | None, mark: str) -> Path:
    folder = home / "postgres"
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT:
        return folder
    if owner:
        return _state_folder() / f"group-crm-{mark}"
    # Not the temporary folder of the environment: every process has to find the same one.
    return Path("/tmp") / f"group-crm-{os.geteuid()}-{mark}"  # noqa: S108 (checked in own_folder)
