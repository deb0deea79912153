"""The folders of the engines, and the user that runs them.

For an ordinary user the engines run as that user, with the data in ``.data/``. PostgreSQL
refuses to run as root, so for root an existing unprivileged user (the service user) runs them. If
the service user cannot reach the project (in ``/root``, for example), the data are in a private
folder below ``/var/lib``. Modes of folders that this module did not create are never changed.
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
_SERVICE_USER_NAMES = ("postgres", "_postgres", "nobody")
_SYSTEM_DATA_FOLDERS = (Path("/var/lib"), Path("/var/db"))
# The kernel allows 104 bytes (macOS) or 108 (Linux) for a socket's path.
_MAX_SOCKET_PATH_BYTES = 100
_SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class ServiceUser:
    """The unprivileged user that runs the engines for root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class DataDirectory:
    """The folders of one profile's engines.

    ``state_folder`` holds this package's own files: locks and the address of Valkey. ``data_root``
    holds the engines' data of all profiles, ``data_folder`` those of this profile, and
    ``socket_folder`` the socket of PostgreSQL. ``service_user`` is None when the engines run as the
    current user.
    """

    profile: str
    state_folder: Path
    data_root: Path
    data_folder: Path
    socket_folder: Path
    service_user: ServiceUser | None

    def make_folders(self) -> None:
        """Make the folders, closed to everyone but us and the service user. Raises OSError."""
        if self.profile != "default":
            self._make_traversable_folder(self.state_folder.parent)
        self._make_traversable_folder(self.state_folder)
        if self.data_root not in (self.state_folder, *self.state_folder.parents):
            self._make_traversable_folder(self.data_root)
            self._make_traversable_folder(self.data_folder)
            self._write_location_note()
        self.make_private_folder(self.socket_folder)

    def make_private_folder(self, folder: Path) -> None:
        """Make ``folder``, open only to the user that runs the engines.

        Raises EngineError if the folder belongs to another user.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        uid = self.service_user.uid if self.service_user else os.geteuid()
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {uid, os.geteuid()}:
            message = f"{folder} belongs to another user: remove it and try again."
            raise EngineError(message)
        if self.service_user and status.st_uid != uid:
            os.chown(folder, uid, self.service_user.gid)
        folder.chmod(0o700)

    def run_program(
        self, command: list[str | Path], *, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of an engine as its user, in a session that Ctrl-C does not reach."""
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            cwd=self.data_folder if self.data_folder.is_dir() else "/",
            encoding="utf-8",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            errors="replace",
            input=stdin,
            start_new_session=True,
            umask=0o077,
            user=self.service_user.uid if self.service_user else None,
            group=self.service_user.gid if self.service_user else None,
            extra_groups=[] if self.service_user else None,
        )

    def _make_traversable_folder(self, folder: Path) -> None:
        """Make ``folder`` so that the service user can open files in it but not list them."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.service_user:
            os.chown(folder, -1, self.service_user.gid)
            folder.chmod(0o710)

    def _write_location_note(self) -> None:
        note = self.state_folder / "WHERE-THE-DATA-ARE.txt"
        if not note.is_file() and self.service_user:
            note.write_text(
                f"The database and the queue are in {self.data_root}: they run as the user"
                f" '{self.service_user.name}', who cannot reach this folder.\n"
                "Remove that folder too to start afresh.\n",
                encoding="utf-8",
            )


def find_data_directory(profile: str, project: Path) -> DataDirectory:
    """Return the folders of ``profile`` for the project in ``project``; create nothing."""
    if profile not in PROFILES:
        message = f"There is no engine profile '{profile}'; there are: {', '.join(PROFILES)}."
        raise EngineError(message)
    project_data = project / ".data"
    service_user = _find_service_user(project_data) if os.geteuid() == 0 else None
    project_hash = hashlib.sha256(os.fsencode(project)).hexdigest()[:12]
    data_root = project_data
    if service_user and not _is_reachable_by_others(project):
        data_root = _system_data_folder() / f"group-crm-{project_hash}"
    subfolder = "" if profile == "default" else profile
    data_folder = data_root / subfolder
    return DataDirectory(
        profile=profile,
        state_folder=project_data / subfolder,
        data_root=data_root,
        data_folder=data_folder,
        socket_folder=_socket_folder(data_folder, service_user, f"{project_hash}-{profile}"),
        service_user=service_user,
    )


def _find_service_user(project_data: Path) -> ServiceUser:
    """Return the owner of the existing data, else the first known service user.

    Raises EngineError if the machine has none.
    """
    postgres_folder = project_data / "postgres"
    if postgres_folder.is_dir() and (uid := postgres_folder.stat().st_uid) != 0:
        return ServiceUser(str(uid), uid, postgres_folder.stat().st_gid)
    for name in _SERVICE_USER_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(name, entry.pw_uid, entry.pw_gid)
    message = (
        "PostgreSQL refuses to run as root, and this machine has neither a user 'postgres' nor"
        " 'nobody' to run it: start as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )
    raise EngineError(message)


def _is_reachable_by_others(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))


def _system_data_folder() -> Path:
    return next(
        (folder for folder in _SYSTEM_DATA_FOLDERS if folder.is_dir()), _SYSTEM_DATA_FOLDERS[0]
    )


def _socket_folder(data_folder: Path, service_user: ServiceUser | None, suffix: str) -> Path:
    """Return the folder of PostgreSQL's data, or a short one if the socket's path is too long."""
    folder = data_folder / "postgres"
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _MAX_SOCKET_PATH_BYTES:
        return folder
    if service_user:
        return _system_data_folder() / f"group-crm-{suffix}"
    # $TMPDIR can differ between processes, and every process has to use the same folder.
    # make_private_folder checks that the folder is ours.
    return Path("/tmp") / f"group-crm-{os.geteuid()}-{suffix}"  # noqa: S108
