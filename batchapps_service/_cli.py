"""The ``batchapps-service`` command."""

import argparse
import json
import logging
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from batchapps_service import __version__, _accounts, _datadir, _times, _users
from batchapps_service._datadir import DataDirectory
from batchapps_service._errors import CommandError
from batchapps_service._settings import is_host

KEPT = (
    r"PATH|HOME|TZ|TMPDIR|LANG|LC_\w+|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON\w+|DASK_\w+|SSL_CERT_\w+"
)
"""Variables that the service is to see."""
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class OneLine(logging.Formatter):
    """Lets no text that comes from outside pass for a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when it succeeded, 1 when it did not, 2 when it was called wrongly."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except CommandError as error:
        print(f"batchapps-service: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="batchapps-service", description="A Batch Apps service of your own."
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    init = _command(verbs, "init", _init, "make a data directory with one account")
    init.add_argument("--port", type=_port, default=8443, help="default: 8443")
    init.add_argument(
        "--host",
        type=_host,
        default="127.0.0.1",
        help="name or address under which clients reach the service; with one other than this"
        " machine's loopback, the service listens on all interfaces (default: 127.0.0.1)",
    )
    serve = _command(verbs, "serve", _serve, "run the service until SIGTERM or Ctrl-C")
    serve.add_argument(
        "--log-level",
        choices=["debug", "info", "warning", "error"],
        default="info",
        help="what is logged to stderr (default: info)",
    )

    kinds = _group(verbs, "jobtypes", "install, list and remove job types")
    add = _command(kinds, "add", _add_jobtypes, "install job types: this lets users run their code")
    about = "the folder with the template"
    add.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE", help=about)
    add.add_argument(
        "--version",
        help="letters, digits and . _ + - (default: what the bundle's file VERSION says, or else a"
        " number that counts up)",
    )
    _command(kinds, "list", _list_jobtypes, "list the installed job types")
    about = "remove a job type that no unfinished job needs"
    remove = _command(kinds, "remove", _remove_jobtype, about)
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--version", help="the one to remove (default: all versions)")

    kinds = _group(verbs, "accounts", "manage unattended accounts")
    account = _command(kinds, "add", _add_account, "make an account and print its key, once")
    _command(kinds, "list", _list_accounts, "list the accounts, and when they were made")
    about = "print a new key, once; the old one and its tokens are refused"
    renew = _command(kinds, "renew", _renew_account, about)
    about = "close an account and remove its users; its jobs and files stay"
    close = _command(kinds, "remove", _remove_account, about)
    for one in (renew, close):
        one.add_argument("client_id", metavar="ID", help="the account's client id")

    kinds = _group(verbs, "users", "manage the people who sign in on a web page")
    user = _command(kinds, "add", _add_user, "make a user and print the password, once")
    user.add_argument("name", metavar="NAME", help="what the user signs in with")
    user.add_argument("--account", metavar="ID", help="the account that the user acts for")
    _command(kinds, "list", _list_users, "list the users and their accounts")
    remove = _command(kinds, "remove", _remove_user, "remove a user; their tokens are refused")
    remove.add_argument("name", metavar="NAME")

    about = "verify the database against the store, and repair what can be repaired"
    _command(verbs, "check", _check, about)
    backup = _command(verbs, "backup", _backup, "copy all that is needed, also while serving")
    backup.add_argument("target", type=Path, metavar="TARGET", help="a folder that does not exist")
    for printing in (init, account, renew, user):
        printing.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _group(verbs: Any, name: str, about: str) -> Any:
    commands = verbs.add_parser(name, help=about)
    return commands.add_subparsers(required=True, metavar="COMMAND")


def _command(
    group: Any, name: str, run: Callable[[argparse.Namespace], None], about: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = group.add_parser(name, help=about)
    parser.add_argument("dir", type=Path, metavar="DIR", help="the data directory")
    parser.set_defaults(run=run)
    return parser


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _host(text: str) -> str:
    if not is_host(text):
        raise argparse.ArgumentTypeError(
            f"a host is a name or an address, without scheme or port, and not '{text}'"
        )
    return text


def _init(parsed: argparse.Namespace) -> None:
    directory = _datadir.create(parsed.dir, parsed.port, parsed.host)
    try:
        _print_account(directory, *_accounts.add(directory.database), as_json=parsed.json)
    except BaseException:
        # Without an account, and its key shown, the directory is of no use.
        directory.database.close()
        shutil.rmtree(directory.root, ignore_errors=True)
        raise
    if not parsed.json:
        print(f"\nStart the service with: batchapps-service serve {shlex.quote(str(parsed.dir))}")


def _add_account(parsed: argparse.Namespace) -> None:
    directory = _datadir.open_directory(parsed.dir)
    _print_account(directory, *_accounts.add(directory.database), as_json=parsed.json)


def _list_accounts(parsed: argparse.Namespace) -> None:
    for account in _accounts.all_of(_datadir.open_directory(parsed.dir).database):
        print(account.id, _times.text(account.created))


def _renew_account(parsed: argparse.Namespace) -> None:
    directory = _datadir.open_directory(parsed.dir)
    key = _accounts.renew(directory.database, parsed.client_id)
    _print_account(directory, parsed.client_id, key, as_json=parsed.json)


def _remove_account(parsed: argparse.Namespace) -> None:
    _accounts.remove(_datadir.open_directory(parsed.dir).database, parsed.client_id)
    print(f"Removed account '{parsed.client_id}'.")


def _check(parsed: argparse.Namespace) -> None:
    from batchapps_service import _check

    _check.check(_datadir.open_directory(parsed.dir))


def _backup(parsed: argparse.Namespace) -> None:
    from batchapps_service import _backup

    _backup.backup(_datadir.open_directory(parsed.dir), parsed.target)
    print(f"Copied to {parsed.target}.")


def _print_account(directory: DataDirectory, client_id: str, key: str, *, as_json: bool) -> None:
    account = _accounts.account_string(client_id, directory.settings.tenant)
    _print_details(directory, as_json=as_json, account=account, key=key)


def _add_user(parsed: argparse.Namespace) -> None:
    directory = _datadir.open_directory(parsed.dir)
    name, password = _users.add(directory.database, parsed.name, parsed.account)
    settings = directory.settings
    login = {"client_id": settings.client_id, "tenant": settings.tenant, "user": name}
    _print_details(directory, as_json=parsed.json, **login, password=password)


def _print_details(directory: DataDirectory, *, as_json: bool, **details: str) -> None:
    """What somebody needs to reach the service and log in; the last one is a secret."""
    ca_cert = str(directory.tls / "ca.pem")
    details = {"endpoint": directory.settings.base_url, "ca_cert": ca_cert} | details
    if as_json:
        print(json.dumps(details))
        return
    for name, value in details.items():
        print(f"{name.capitalize().replace('_', ' ')}: {value}")
    print("(the last one is shown only now)")


def _list_users(parsed: argparse.Namespace) -> None:
    for user in _users.all_of(_datadir.open_directory(parsed.dir).database):
        print(user.name, user.account_id)


def _remove_user(parsed: argparse.Namespace) -> None:
    _users.remove(_datadir.open_directory(parsed.dir).database, parsed.name)
    print(f"Removed user '{parsed.name}'.")


def _serve(parsed: argparse.Namespace) -> None:
    _start_clean()
    os.umask(0o077)
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(LOG_FORMAT))
    logging.basicConfig(level=parsed.log_level.upper(), handlers=[handler])
    directory = _datadir.open_directory(parsed.dir, migrate=True)
    from batchapps_service import _serving

    _serving.serve(directory)


def _start_clean() -> None:
    """Begin anew without variables that a service does not need.

    Tasks can read the environment that it and its workers were started with (proc_pid_environ(5)).
    """
    kept = {name: value for name, value in os.environ.items() if re.fullmatch(KEPT, name)}
    if os.name != "nt" and len(kept) < len(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept)  # noqa: S606


def _add_jobtypes(parsed: argparse.Namespace) -> None:
    from batchapps_service import _jobtypes

    directory = _datadir.open_directory(parsed.dir)
    for bundle in parsed.bundles:
        added = _jobtypes.add(directory, bundle, parsed.version)
        print(f"Installed job type '{added.name}', version {added.version}.")


def _list_jobtypes(parsed: argparse.Namespace) -> None:
    from batchapps_service import _jobtypes

    directory = _datadir.open_directory(parsed.dir)
    for jobtype in _jobtypes.installed(directory):
        print(f"{jobtype.name}, version {jobtype.version}")
        for parameter in jobtype.parameters:
            default = f" = {parameter['default']}" if "default" in parameter else ""
            print(f"    {parameter['name']}: {parameter['type']}{default}")


def _remove_jobtype(parsed: argparse.Namespace) -> None:
    from batchapps_service import _jobtypes

    directory = _datadir.open_directory(parsed.dir)
    for removed in _jobtypes.remove(directory, parsed.name, parsed.version):
        print(f"Removed job type '{removed.name}', version {removed.version}.")
