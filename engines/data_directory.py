"""The folders of the engines, and the operating system user that runs them.

For an ordinary user the engines run as that user, with the data in ``.data/``. PostgreSQL
refuses to run as root, so for root an existing unprivileged user (the service user) runs them. If
the service user cannot reach the project (in ``/root``, for example), the data are in a private
folder below ``/var/lib``. Only folders that belong to the engines get other modes and owners, never
the project folder or a folder above it.
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
_SYSTEM_DATA_FOLDERS = (Path("/var/lib"), Path("/var/db"))  # Linux, macOS
# The kernel allows 104 bytes (macOS) or 108 (Linux) for a socket's path.
_MAX_SOCKET_PATH_BYTES = 100
# PostgreSQL names its socket after the port, even if it listens on no port.
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

    ``state_folder``: this package's own files, which are locks and the address of Valkey. ``.data``
    for the profile default, ``.data/test`` for test. The current user owns it.
    ``data_root``: the data of all profiles. ``.data``, or ``/var/lib/group-crm-HASH`` if the
    service user cannot reach the project.
    ``data_folder``: the data of this profile. ``data_root`` for default, ``data_root/test`` for
    test.
    ``socket_folder``: the socket of PostgreSQL. ``data_folder/postgres``, or a folder with a
    shorter path.
    ``service_user``: the user that runs the engines, or None when the current user does.
    """

    profile: str
    state_folder: Path
    data_root: Path
    data_folder: Path
    socket_folder: Path
    service_user: ServiceUser | None

    def make_folders(self) -> None:
        """Make the folders that are missing; they are private to the current and service users.

        The service user also gets access to folders that exist. Raises OSError or EngineError.
        """
        if self.profile != "default":
            self._make_traversable_folder(self.state_folder.parent)
        self._make_traversable_folder(self.state_folder)
        is_data_outside_project = self.data_root not in (
            self.state_folder,
            *self.state_folder.parents,
        )
        if is_data_outside_project:
            self._make_traversable_folder(self.data_root)
            self._make_traversable_folder(self.data_folder)
            self._write_location_note()
        self.make_private_folder(self.socket_folder)

    def make_private_folder(self, folder: Path) -> None:
        """Make ``folder``, which only the user that runs the engines owns and can open.

        An existing folder gets this owner and mode. Raises EngineError if ``folder`` is a symbolic
        link or belongs to a third user, who could have put it into a shared folder such as
        ``/tmp``.
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
        """Run a program of an engine as the user that runs the engines; wait until it ends.

        The program gets a session of its own, which Ctrl-C in the terminal does not reach, and a
        minimal environment. A failure is not raised: check ``returncode`` of the result.
        """
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
        """Make ``folder``, private to the current user.

        The service user can open files in it, but not list them.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.service_user:
            os.chown(folder, -1, self.service_user.gid)
            folder.chmod(0o710)

    def _write_location_note(self) -> None:
        """Write where the data are, for a person who looks for them in ``.data``."""
        note = self.state_folder / "WHERE-THE-DATA-ARE.txt"
        if not note.is_file() and self.service_user:
            note.write_text(
                f"The database and the queue are in {self.data_root}: they run as the user"
                f" '{self.service_user.name}', who cannot reach this folder.\n"
                "Remove that folder too to start afresh.\n",
                encoding="utf-8",
            )


def find_data_directory(profile: str, project: Path) -> DataDirectory:
    """Return the folders of ``profile`` for the project in ``project``; create nothing.

    Raises EngineError for an unknown profile, or if root has no service user to run the engines.
    """
    if profile not in PROFILES:
        message = f"There is no engine profile '{profile}'; there are: {', '.join(PROFILES)}."
        raise EngineError(message)
    project_data = project / ".data"
    service_user = _find_service_user(project_data) if os.geteuid() == 0 else None
    # Several copies of the project can run on one machine; each has folders of its own.
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
    """Return the owner of the database in ``.data``, else the first known service user.

    Only the owner can read a database that exists already, for example one that was created before
    root started the project. Raises EngineError if the machine has no such user.
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
    """Return whether every user may pass through ``folder`` and all folders above it."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))


def _system_data_folder() -> Path:
    return next(
        (folder for folder in _SYSTEM_DATA_FOLDERS if folder.is_dir()), _SYSTEM_DATA_FOLDERS[0]
    )


def _socket_folder(data_folder: Path, service_user: ServiceUser | None, suffix: str) -> Path:
    """Return the folder of PostgreSQL's data, or a short one if the socket's path is too long.

    ``suffix`` makes the name of the short folder unique to project and profile.
    """
    folder = data_folder / "postgres"
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _MAX_SOCKET_PATH_BYTES:
        return folder
    if service_user:
        return _system_data_folder() / f"group-crm-{suffix}"
    # $TMPDIR can differ between processes, and every process has to use the same folder.
    # make_private_folder checks that the folder is ours.
    return Path("/tmp") / f"group-crm-{os.geteuid()}-{suffix}"  # noqa: S108
