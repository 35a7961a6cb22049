"""Made-up texts for everything that reads texts: refused in the way that is foreseen, or read."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import ROOT, Api, Service

from batchapps import AuthenticationException, Configuration, InvalidConfigException
from batchapps._auth import read_account, read_token
from batchapps._http import retry_after
from batchapps._paths import safe_path
from batchapps._wire import when
from batchapps.exceptions import FileDownloadException
from batchapps_service import _names, _settings, _times
from batchapps_service._errors import CommandError
from batchapps_service._issuer import _basic
from batchapps_service._settings import Settings
from batchapps_service._templates import Bundle, Folders, ParameterError, Submission
from batchapps_service._tokens import Issuer, TokenRefused, make_key

# Made-up cases in all; 20000 is the long version. See test_schemathesis.py too.
CASES = int(os.environ.get("BATCHAPPS_CASES", "0"))


def made_up(share: float = 1.0) -> Callable[[Any], Any]:
    """So many cases of a test, always the same ones, none of which takes a second."""
    return settings(
        max_examples=max(25, int(CASES * share / 10)),
        deadline=2000,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def like(*pieces: str) -> st.SearchStrategy[str]:
    """Texts of such pieces, with others between them."""
    piece = st.one_of(st.sampled_from(pieces), st.text(max_size=5))
    return st.one_of(st.text(), st.lists(piece, max_size=12).map("".join))


@made_up()
@given(like("[", "]", "\n", "=", ":", "[Authentication]\n", "endpoint", "unattended_key", "%("))
@example("[Authentication]\nendpoint\n")
@example("[A]\nx = 1\n[A]\nx = 2\n")
def test_an_ini(tmp_path: Path, text: str) -> None:
    path = tmp_path / "BatchAppsData" / "batch_apps.ini"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        cfg = Configuration(data_path=tmp_path)
        assert isinstance(cfg.aad_config(validate=False)["endpoint"], str)
        for name in cfg.list_jobtypes():
            cfg.current_jobtype(name)
            assert all(isinstance(one, str) for one in cfg.default_params().values())
        cfg.endpoint()
    except InvalidConfigException:
        pass


@made_up()
@given(like("ClientID", "TenantID", "=", ";", " ", "client_id", "'", '"', "Bearer "))
@example("é")
def test_an_account_string_or_token(text: str) -> None:
    with contextlib.suppress(InvalidConfigException):
        assert read_account(text)[0]
    with contextlib.suppress(AuthenticationException):
        assert read_token(text).text
    _basic(f"Basic {text}")


DIGITS = (
    "2014",
    "-",
    "08",
    "T",
    ":",
    "30",
    ".",
    "0000001",
    "Z",
    "+01:00",
    "9999",
    "0001",
    "W",
    " ",
)


@made_up()
@given(like(*DIGITS))
@example("9999-12-31T23:59:59-01:00")
@example("0001-01-01T00:00:00+01:00")
def test_a_time(text: str) -> None:
    try:
        ticks = _times.parse_ticks(text)
    except ValueError:
        pass
    else:
        assert _times.parse_ticks(_times.ticks_text(ticks)) == ticks
    when(text)
    retry_after(httpx.Response(503, headers=[(b"Retry-After", text.encode("utf-8", "replace"))]))


@made_up()
@given(like("..", "/", "\\", ".", "C:", "\0", "\n", "x" * 250, "é", "\ud800", ".png", "%"))
def test_a_name(tmp_path: Path, text: str) -> None:
    if _names.problem_with(text) is None:
        assert os.path.basename(text) == text
        assert text not in ("", ".", "..")
        assert (tmp_path / text).parent == tmp_path
        assert len(_names.shorten(text, "_2").encode()) <= _names.MAX_NAME_BYTES
    if _names.problem_with_path(text) is None:
        assert tmp_path in (Path(os.path.normpath(tmp_path / text)), *(tmp_path / text).parents)
        assert ".." not in text.split("/")
        assert "/" not in _names.flat_name(text)
    assert "/" not in _names.bare_name(text)
    try:
        path = Path(os.path.normpath(safe_path(tmp_path, text)))
    except FileDownloadException:
        pass
    else:
        assert path.is_relative_to(tmp_path)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    path = tmp_path_factory.mktemp("issuer") / "key"
    make_key(path)
    return Issuer(path, Settings(tenant="t"))


@made_up()
@given(like("eyJ", ".", "e30", "bnVsbA", "W10", "eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJub25lIn0", "="))
def test_a_bearer_token(issuer: Issuer, text: str) -> None:
    with pytest.raises(TokenRefused):
        issuer.verify(text)


@made_up()
@given(like("{", "}", '"tenant"', ":", ",", "1", "[", "null", '"port"', '"host"'))
def test_a_service_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "service.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(CommandError):
        assert isinstance(_settings.read(path), Settings)
    _settings.is_host(text)


BUNDLES = {name: Bundle(ROOT / "jobtypes" / name) for name in ("Blender", "ImageResize")}
VALUES = like(
    "1", "9" * 30, "-", ".", "e", "{{", "}}", "Param.Output", "PNG", "\n", "'", "\\", "0x"
)


@made_up(0.3)
@given(st.sampled_from(sorted(BUNDLES)), st.dictionaries(like("width", "start", "end"), VALUES))
@example("Blender", {"start": "0", "end": "9" * 18, "jobfile": "a.png"})
@example("ImageResize", {"Files": "[]", "Scripts": "/etc", "Output": "/etc"})
def test_parameters_of_a_template(tmp_path: Path, name: str, given_: dict[str, str]) -> None:
    folders = Folders(tmp_path / "in", tmp_path / "out")
    started = time.monotonic()
    try:
        plan = BUNDLES[name].plan(Submission(given_, ["a.png", "b.blend"], "b.blend"), folders)
        assert plan.task_count() >= 1
        assert "/etc" not in str(plan.saved_values())
    except ParameterError:
        pass
    assert time.monotonic() - started < 2


HEADER = st.one_of(
    st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=60),
    st.lists(
        st.sampled_from(
            ["bytes", "=", "-", ",", "0", "1", "9" * 30, " ", "*", '"', "W/", "items", "0-0", "-1"]
        ),
        max_size=12,
    ).map("".join),
).map(str.strip)


@made_up()
@given(HEADER, st.sampled_from(["Range", "If-Match", "If-Range", "If-None-Match"]))
@example("bytes=" + ",".join(["0-1"] * 3000), "Range")
@example("bytes=0-0", "Range")
def test_headers_of_a_download(common: Api, value: str, name: str) -> None:
    file = _file(common)
    headers = [(name.encode(), value.encode("latin-1"))]
    if name == "If-Range":
        headers.append((b"Range", b"bytes=1-2"))
    reply = common.http.get(file, headers=headers)
    assert reply.status_code in (200, 206, 400, 412, 416), reply.text


FILES: dict[Api, str] = {}


def _file(api: Api) -> str:
    if id(api) not in FILES:
        FILES[id(api)] = api.put("ranges.bin", bytes(1000))["link"]["href"]
    return FILES[id(api)]


@made_up()
@given(HEADER, st.sampled_from(["Content-Digest", "Content-Type", "Content-Encoding", "Expect"]))
@example("sha-256=:AAAA:", "Content-Digest")
@example("sha-256=:" + "A" * 43 + "=:", "Content-Digest")
@example("é", "Authorization")
@example("Basic é", "Authorization")
def test_headers_of_an_upload_and_a_login(
    service: Service, common: Api, value: str, name: str
) -> None:
    headers = [(name.encode(), value.encode("latin-1"))]
    query = {"timestamp": "2014-08-04T03:53:30Z", "originalFilePath": "x"}
    reply = common.http.put("/api/files/a.bin", params=query, headers=headers, content=b"x")
    assert reply.status_code in (200, 400, 401), reply.text
    data = b'{"Files":[]}\n'
    reply = common.http.post("/api/files/bulk", headers=headers, content=data)
    assert reply.status_code in (200, 400, 401, 404, 405), reply.text
    form = {"grant_type": "client_credentials", "client_id": value, "client_secret": value}
    path = f"/{service.account.tenant}/oauth2/token"
    assert common.http.post(path, headers=headers, data=form).status_code in (400, 401, 429)
