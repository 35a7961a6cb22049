"""The configuration file and what is in it.

Module switches, read when the first `Configuration` of the process is made:

- `STREAM_LOG`: log to the console (default True).
- `FILE_LOG`: log to ``batch_apps.log`` beside the configuration file (default True).
"""

from __future__ import annotations

import configparser
import contextlib
import locale
import logging
import os
import re
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from ._secret import Secret
from .exceptions import InvalidConfigException

__all__ = ["API_RESOURCE", "FILE_LOG", "LOGGERS", "STREAM_LOG", "Configuration"]

STREAM_LOG: bool = True
FILE_LOG: bool = True
#: The resource for which tokens are asked, unless the configuration names another one.
API_RESOURCE: str = "https://batchapps.core.windows.net/"
#: What the first Configuration has set up: the logger under ``batch_apps``, its level under
#: ``level``. Empty before that.
LOGGERS: dict[str, Any] = {}

_log = logging.getLogger("batch_apps")

_LOG_FORMAT = "%(asctime)s [%(levelname)s], %(module)s: %(message)s"
_LOG_LIMIT = 10_485_760
_LEVELS = ("debug", "info", "warning", "error", "critical")

_LOGGING = "Logging"
_AUTHENTICATION = "Authentication"
_DEFAULT_MARK = "default_jobtype"
#: Name under which the system's keyring holds keys; the user name there is the account's client id.
_KEY_STORE = "AzureBatchApps"
#: Keys of a job type's section that are settings, not parameters; the latter four are from 0.1.
_NOT_PARAMETERS = {_DEFAULT_MARK, "default_app", "endpoint", "client_id", "redirect_uri"}
#: Names that keys of the Authentication section had in 0.1.
_FORMER_KEYS = {
    "unattended_account": "service_principal",
    "unattended_key": "service_principal_key",
}
_AUTH_DEFAULTS = {
    "endpoint": "",
    "unattended_account": "",
    "unattended_key": "",
    "client_id": "",
    "redirect_uri": "",
    "tenant": "common",
    "auth_uri": "/oauth2/authorize",
    "token_uri": "/oauth2/token",
    "root": "login.windows.net/",
    "resource": API_RESOURCE,
}


class _LogFile(logging.FileHandler):
    """A log file that is made with its first record, and given up quietly if it cannot be."""

    def __init__(self, path: str) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace", delay=True)

    def _open(self) -> Any:
        path = Path(self.baseFilename)
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            if path.stat().st_size > _LOG_LIMIT:
                path.rename(path.with_name(f"{path.stem}-{time.strftime('%Y%m%d%H%M%S')}.log"))
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        if self.stream is None:
            try:
                self.stream = self._open()
            except OSError as error:
                _log.removeHandler(self)
                _log.warning("No log file: %s", error)
                return
        super().emit(record)


class Configuration:
    """What is needed to reach one service, and the job types used there with their parameters.

    It is read from ``{data_path or home}/{datadir}/{name}``, which is written with defaults if it
    does not exist. The file may be edited by hand: every section but ``Logging`` and
    ``Authentication`` is a job type with the default values of its parameters.

    Args:
        data_path: Folder that holds `datadir`. Default: the home folder.
        log_level: A level's name or number. Default: the one in the file.
        jobtype: The current job type. Default: the one the file marks as default, or the only
            one; without either there is none until `current_jobtype` sets it.
        name: Name of the file.
        datadir: Name of the folder that holds the file.
        default: Start from the default settings, whatever the file says; it changes only
            when the configuration is saved.
        **kwargs: ``application`` is a former name of `jobtype`.

    Attributes:
        jobtype: Name of the current job type, or ``""``.

    Raises:
        InvalidConfigException: The file cannot be read as a configuration, or has no section
            for `jobtype`.
    """

    def __init__(
        self,
        data_path: str | os.PathLike[str] | None = None,
        log_level: str | int | None = None,
        jobtype: str | None = None,
        name: str = "batch_apps.ini",
        datadir: str = "BatchAppsData",
        default: bool = False,
        **kwargs: Any,
    ) -> None:
        if "application" in kwargs:
            _deprecated("application=", "jobtype=")
            application = kwargs.pop("application")
            jobtype = jobtype or application
        self._path = Path(data_path or Path.home(), datadir, name)
        saved = self._path.is_file()
        self._config = self._read() if saved and not default else _defaults(self._path)
        self.jobtype: str = jobtype or self._marked_jobtype()
        if jobtype is not None:
            self._section()
        self._start_logging(log_level)
        for unknown in kwargs:
            _log.warning("Configuration has no argument %r; it is not used.", unknown)
        if not saved and not default:
            self.save_config()

    def __repr__(self) -> str:
        return f"<Configuration {str(self._path)!r} jobtype={self.jobtype!r}>"

    @property
    def job_type(self) -> str:
        """Deprecated: use `jobtype`."""
        _deprecated("job_type", "jobtype")
        return self.jobtype

    # -- the file ----------------------------------------------------------------------------

    def hashes_path(self) -> Path:
        """Where digests of uploaded files are remembered, so that none is read twice."""
        return self._path.with_name("hashes.db")

    def save_config(self) -> bool:
        """Write the file; the one before is replaced as a whole or stays as it is.

        The file holds the account's key and so can be read by its owner only.

        Returns:
            Whether it was written; if not, the log tells why.
        """
        target = Path(os.path.realpath(self._path))
        part = target.with_name(f".{os.urandom(16).hex()}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                self._config.write(file)
            part.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            _log.warning("The configuration could not be saved in %s: %s", target, error.strerror)
            return False
        return True

    def clear_config(self) -> bool:
        """Put the default settings in place of all that is there, in the file too.

        Returns:
            Whether the file was written.
        """
        self._config = _defaults(self._path)
        self.jobtype = self._marked_jobtype()
        return self.save_config()

    def _read(self) -> configparser.RawConfigParser:
        config = _parser()
        try:
            raw = self._path.read_bytes()
            try:
                text = raw.decode("utf-8-sig")
            except UnicodeDecodeError:  # as editors and the original write it on Windows
                text = raw.decode(locale.getencoding(), errors="replace")
            config.read_string(text, str(self._path))
        except configparser.Error as error:
            # The parser's own message quotes the line, which may be that of the key.
            line = getattr(error, "lineno", None) or getattr(error, "errors", [(0, "")])[0][0]
            raise InvalidConfigException(
                f"{self._path} is not a configuration file, see line {line}. "
                "It needs lines 'key = value' under headings '[section]'."
            ) from None
        except OSError as error:
            raise InvalidConfigException(
                f"{self._path} cannot be read: {error.strerror}."
            ) from error
        return config

    # -- logging -----------------------------------------------------------------------------

    def _start_logging(self, log_level: str | int | None) -> None:
        if "batch_apps" not in LOGGERS:
            handlers: list[logging.Handler] = []
            if STREAM_LOG:
                handlers.append(logging.StreamHandler())
            if FILE_LOG:
                output = self._config.get(_LOGGING, "output", fallback="")
                handlers.append(_LogFile(output or str(self._path.with_name("batch_apps.log"))))
            for handler in handlers:
                handler.setFormatter(logging.Formatter(_LOG_FORMAT))
                _log.addHandler(handler)
            LOGGERS["batch_apps"] = _log
        elif log_level is None:
            return  # the level that the first Configuration set stays
        level = self._saved_level() if log_level is None else _level(log_level)
        LOGGERS["level"] = level
        _log.setLevel(level)

    def _saved_level(self) -> int:
        return _level(self._config.get(_LOGGING, "level", fallback=""))

    def logging_level(self, *level: str | int) -> str:
        """The level of logging; with an argument (a level's name or number) it is set first.

        Returns:
            The level's name, such as ``WARNING``.
        """
        if level:
            number = _level(level[0])
            self._put(_LOGGING, {"level": number})
            LOGGERS["level"] = number
            _log.setLevel(number)
        return logging.getLevelName(self._saved_level())

    # -- job types ---------------------------------------------------------------------------

    def _marked_jobtype(self) -> str:
        names = self.list_jobtypes()
        for name in names:
            section = self._config[name]
            mark = section.get(_DEFAULT_MARK, section.get("default_app", ""))
            if mark.strip().lower() in {"true", "1", "yes", "on"}:
                return name
        return names[0] if len(names) == 1 else ""

    def _section(self) -> configparser.SectionProxy:
        """The section of the current job type."""
        if self.jobtype in self.list_jobtypes():
            return self._config[self.jobtype]
        known = ", ".join(self.list_jobtypes()) or "none"
        if not self.jobtype:
            raise InvalidConfigException(
                f"No job type is chosen. Choose one with current_jobtype(), or mark it as default "
                f"with set_default_jobtype(). In {self._path} there are: {known}."
            )
        raise InvalidConfigException(
            f"There is no job type {self.jobtype!r} in {self._path}, only: {known}. "
            f"Add it with add_jobtype({self.jobtype!r})."
        )

    def list_jobtypes(self) -> list[str]:
        """Names of the job types that are configured here, in the order of the file."""
        return [s for s in self._config.sections() if s not in {_LOGGING, _AUTHENTICATION}]

    def current_jobtype(self, *jobtype: str) -> str:
        """The current job type; with an argument it is set first.

        Raises:
            InvalidConfigException: There is no such job type; `add_jobtype` adds it.
        """
        if jobtype:
            before, self.jobtype = self.jobtype, jobtype[0]
            try:
                self._section()
            except InvalidConfigException:
                self.jobtype = before
                raise
        self._section()
        return self.jobtype

    def set_default_jobtype(self) -> None:
        """Make the current job type the one that new configurations start with, and save.

        Raises:
            InvalidConfigException: There is no current job type.
        """
        self._section()
        for name in self.list_jobtypes():
            self._config.remove_option(name, _DEFAULT_MARK)
            self._config.remove_option(name, "default_app")
        self._config.set(self.jobtype, _DEFAULT_MARK, "True")
        self.save_config()

    def add_jobtype(self, jobtype: str, **params: object) -> None:
        """Add a job type with default values of its parameters, or more of them to a known one.

        Raises:
            InvalidConfigException: The name is not possible in the file.
        """
        if jobtype in {_LOGGING, _AUTHENTICATION, "DEFAULT"} or not re.fullmatch(
            r"[^\]\r\n]+", jobtype
        ):
            raise InvalidConfigException(f"A job type cannot have the name {jobtype!r}.")
        for param in params:
            _check_key(param)
        self._put(jobtype, params)

    def default_params(self) -> dict[str, str]:
        """The parameters of the current job type with their default values.

        Raises:
            InvalidConfigException: There is no current job type.
        """
        return {k: v for k, v in self._section().items() if k not in _NOT_PARAMETERS}

    def set(self, param: str, value: object) -> None:
        """Set the default value of a parameter of the current job type; it is kept as text.

        Raises:
            InvalidConfigException: There is no current job type, or the parameter's name is not
                possible in the file.
        """
        section = self._section()
        section[_check_key(param)] = str(value)

    def get(self, param: str) -> str | None:
        """The default value of a parameter of the current job type; None and a warning without one.

        Raises:
            InvalidConfigException: There is no current job type.
        """
        value = self._section().get(param)
        if value is None:
            _log.warning("The job type %s has no setting %r.", self.jobtype, param)
        return value

    def remove(self, setting: str) -> bool:
        """Remove a job type other than the current one, or a setting of the current one.

        Returns:
            Whether there was something to remove.
        """
        if setting in self.list_jobtypes():
            return setting != self.jobtype and self._config.remove_section(setting)
        return self._config.has_section(self.jobtype) and self._config.remove_option(
            self.jobtype, setting
        )

    # -- the service and the account ---------------------------------------------------------

    def endpoint(self, *endpoint: str) -> str:
        """The service's address as ``host`` or ``host:port``; with an argument it is set first.

        A scheme and a slash at the end may be given and are taken off. The service is always
        spoken to by https.

        Raises:
            InvalidConfigException: None is configured, or it is not an address.
        """
        if endpoint:
            self._put(_AUTHENTICATION, {"endpoint": _host(endpoint[0])})
        value = self._auth("endpoint")
        if not value:
            raise InvalidConfigException(
                f"No endpoint is configured. Set it with aad_config(endpoint=...), or in the "
                f"section [{_AUTHENTICATION}] of {self._path}."
            )
        return _host(value)

    def aad_config(
        self,
        account: str | None = None,
        key: str | None = None,
        client_id: str | None = None,
        tenant: str | None = None,
        redirect: str | None = None,
        endpoint: str | None = None,
        unattended: bool = False,
        validate: bool = True,
        **kwargs: Any,
    ) -> dict[str, str]:
        """Set what is needed to reach the service and to log in; only what is given is changed.

        Args:
            account: An unattended account, ``ClientID=...;TenantID=...``.
            key: That account's key. The environment variable ``BATCHAPPS_UNATTENDED_KEY`` comes
                before it; the system's keyring, entry ``AzureBatchApps`` with the account's client
                id as user name, comes after it. What comes from there is never saved.
            client_id: For web sign-in: the client's id.
            tenant: For web sign-in: the tenant.
            redirect: For web sign-in: the redirect address.
            endpoint: The service's address.
            unattended: Whether it is the settings for an unattended account, rather than those for
                web sign-in, that must be complete.
            validate: Whether to check that they are.
            **kwargs: `ca_cert` (file with the CA certificate of the service, if that is a private
                one; kept as an absolute path), `root` (host of the login service), `resource`,
                `auth_uri`, `token_uri`.

        Returns:
            The settings: endpoint, unattended_account, unattended_key, client_id, redirect_uri,
            tenant, auth_uri, token_uri, root, resource, and ca_cert where there is one.

        Raises:
            InvalidConfigException: Something is missing. What was given is set all the same.
        """
        given = {
            "endpoint": None if endpoint is None else _host(endpoint),
            "unattended_account": account,
            "unattended_key": key,
            "client_id": client_id,
            "redirect_uri": redirect,
            "tenant": tenant,
        }
        for extra in ("ca_cert", "root", "resource", "auth_uri", "token_uri"):
            given[extra] = kwargs.pop(extra, None)
        if given["ca_cert"]:
            given["ca_cert"] = str(Path(given["ca_cert"]).expanduser().absolute())
        for unknown in kwargs:
            _log.warning("aad_config has no setting %r; it is not used.", unknown)
        present = {name: value for name, value in given.items() if value is not None}
        self._put(_AUTHENTICATION, present)
        settings = {name: self._auth(name) for name in _AUTH_DEFAULTS}
        key = os.environ.get("BATCHAPPS_UNATTENDED_KEY") or settings["unattended_key"]
        settings["unattended_key"] = Secret(key or _stored_key(settings["unattended_account"]))
        if ca_cert := self._auth("ca_cert"):
            path = Path(ca_cert).expanduser()
            # By hand it may be relative to the file; an absolute path stays what it is.
            settings["ca_cert"] = str(
                path.absolute() if path.exists() else self._path.absolute().parent / path
            )
        if validate:
            self._check_complete(settings, unattended)
        return settings

    def _check_complete(self, settings: dict[str, str], unattended: bool) -> None:
        needed = ["endpoint", "resource", "root", "auth_uri", "token_uri"]
        if unattended:
            needed += ["unattended_account", "unattended_key"]
        else:
            needed += ["client_id", "tenant", "redirect_uri"]
        # '{endpoint}' and the like are places to fill in.
        missing = [n for n in needed if not settings[n] or re.fullmatch(r"\{.*\}", settings[n])]
        if missing:
            raise InvalidConfigException(
                f"The configuration lacks {', '.join(missing)}. Set what is missing with "
                f"aad_config(), or in the section [{_AUTHENTICATION}] of {self._path}."
            )
        self.endpoint()

    def _auth(self, name: str) -> str:
        """A setting of the Authentication section, by its former name and place too."""
        jobtype = self._config[self.jobtype] if self.jobtype in self.list_jobtypes() else {}
        auth = self._config[_AUTHENTICATION] if self._config.has_section(_AUTHENTICATION) else {}
        former = _FORMER_KEYS.get(name, name)
        for section, key in ((auth, name), (auth, former), (jobtype, former)):
            if value := (section.get(key) or "").strip():
                return value
        return _AUTH_DEFAULTS.get(name, "")

    def _put(self, section: str, values: Mapping[str, object]) -> None:
        """Set values in a section, which is made if necessary."""
        self._config.read_dict({section: {name: str(value) for name, value in values.items()}})

    # -- former names ------------------------------------------------------------------------

    def set_default_application(self) -> None:
        """Deprecated: use `set_default_jobtype`."""
        _deprecated("set_default_application()", "set_default_jobtype()")
        self.set_default_jobtype()

    def application(self, *jobtype: str) -> str:
        """Deprecated: use `current_jobtype`."""
        _deprecated("application()", "current_jobtype()")
        return self.current_jobtype(*jobtype)

    def applications(self) -> list[str]:
        """Deprecated: use `list_jobtypes`."""
        _deprecated("applications()", "list_jobtypes()")
        return self.list_jobtypes()

    def add_application(self, jobtype: str, *args: object, **params: object) -> None:  # noqa: ARG002
        """Deprecated: use `add_jobtype`. Further positional arguments are ignored."""
        _deprecated("add_application()", "add_jobtype()")
        self.add_jobtype(jobtype, **params)


def _parser() -> configparser.RawConfigParser:
    # Not strict: a key or section that a hand has put in twice is no reason to stop.
    config = configparser.RawConfigParser(strict=False)
    config.optionxform = str  # type: ignore[assignment,method-assign]
    return config


def _defaults(path: Path) -> configparser.RawConfigParser:
    config = _parser()
    config.read_dict(
        {
            _LOGGING: {"output": str(path.with_name("batch_apps.log")), "level": "30"},
            "Blender": {
                "filename": "output",
                "format": "png",
                "start": "1",
                "end": "10",
                "command": "PNG",
                _DEFAULT_MARK: "True",
            },
            "Test": {"param1": "abc", "param2": "xyz"},
            _AUTHENTICATION: _AUTH_DEFAULTS,
        }
    )
    return config


def _level(level: str | int) -> int:
    """A level of logging as its number; WARNING, with a word about it, if it is none."""
    text = str(level).strip().lower()
    for name in _LEVELS:
        number = logging.getLevelNamesMapping()[name.upper()]
        if text in (name, str(number)):
            return number
    if text:
        _log.warning(
            "%r is not a level of logging; WARNING is used. There are: %s.",
            level,
            ", ".join(_LEVELS),
        )
    return logging.WARNING


def _stored_key(account: str) -> str:
    """The account's key in the system's keyring, or ``""``."""
    if not account:  # as with web sign-in, for which it would only take time
        return ""
    from ._auth import read_account
    from ._signin import safe_keyring

    with contextlib.suppress(Exception):  # there is no such account, or keyring, or it is locked
        return str(safe_keyring().get_password(_KEY_STORE, read_account(account)[0]) or "")
    return ""


def _host(endpoint: str) -> str:
    """`endpoint` without scheme and without slashes at its end."""
    host = re.sub(r"^https?://", "", endpoint.strip(), flags=re.IGNORECASE).rstrip("/")
    host = host.removesuffix("/api").rstrip("/")
    try:
        url = httpx.URL(f"https://{host}")
    except httpx.InvalidURL:
        url = httpx.URL("")
    if not url.host or re.search(r"\s", host) or url.userinfo or url.query or url.fragment:
        raise InvalidConfigException(
            f"{endpoint!r} is not the address of a service; it should look like "
            "'myservice.batchapps.core.windows.net' or '127.0.0.1:8443'."
        )
    return host


def _check_key(key: str) -> str:
    if not re.fullmatch(r"[^\s=:#;\[][^=:\r\n]*", key):
        raise InvalidConfigException(
            f"{key!r} cannot be the name of a setting in the configuration file."
        )
    return key


def _deprecated(old: str, new: str) -> None:
    warnings.warn(f"{old} is deprecated, use {new}", DeprecationWarning, stacklevel=3)
