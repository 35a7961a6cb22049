"""A keyring of the tests' own, for the real ``keyring`` package: a folder that processes share."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class FolderKeyring(KeyringBackend):
    priority = 9  # type: ignore[assignment]

    @property
    def _path(self) -> Path:
        if "LOCKED" in os.environ:
            raise KeyringLocked("It is locked.")
        return Path(os.environ["FOLDER_KEYRING"])

    def _all(self) -> dict[str, str]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps(self._all() | {f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        self._path.write_text("{}")
