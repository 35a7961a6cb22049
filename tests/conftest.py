"""Fixtures that start the real service."""

import contextlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import leaks
import pytest
from support import ROOT, Api, Service, running

from batchapps._auth import MsalHttp

# Variables of the machine the tests run on that would change what they see.
for _name in (
    *("BATCHAPPS_CA_CERT", "BATCHAPPS_UNATTENDED_KEY"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"),
):
    os.environ.pop(_name, None)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the whole run, with the sample job types and those for tests."""
    made = Service.make(tmp_path_factory.mktemp("service") / "data", retry_seconds=0.2)
    folders = [*(ROOT / "jobtypes").iterdir(), *TEST_TYPES.iterdir()]
    made.add_jobtype(*sorted(one for one in folders if (one / "template.yaml").is_file()))
    with running(made):
        yield made


TEST_TYPES = Path(__file__).parent / "jobtypes_for_tests"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder beside the data directory; tasks get at no file that lies in those above it."""
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture
def api(service: Service) -> Iterator[Api]:
    """Raw calls as an account of the test's own, so that tests do not see each other's things."""
    client = service.api(service.add_account())
    yield client
    _leave(client)


def _leave(client: Api) -> None:
    """End what still runs for the account: its workers would take time from other tests."""
    with contextlib.suppress(httpx.TransportError, AssertionError):
        for job in client.get("jobs", maxResults="100")["jobs"]:
            if job["status"] not in {"Complete", "Error", "Cancelled"}:
                client.http.post(f"/api/jobs/{job['id']}/actions/cancel")
        for pool in client.get("pools")["pools"]:
            client.http.delete(f"/api/pools/{pool['id']}")
    client.http.close()


@pytest.fixture(scope="module")
def common(service: Service) -> Iterator[Api]:
    """Raw calls as an account of the test module's own, for tests that leave nothing behind."""
    client = service.api(service.add_account())
    yield client
    _leave(client)


@pytest.fixture(scope="session")
def pool(service: Service) -> str:
    """A warm pool of the first account's, for tests that need no pool of their own."""
    client = service.api()
    return str(client.post("pools", {"targetDedicated": "2", "maxTasksPerTVM": "1"})["poolId"])


@pytest.fixture
def shared(service: Service) -> Iterator[Api]:
    """Raw calls as the account that owns ``pool``."""
    client = service.api()
    yield client
    client.http.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what a test printed of names that are not text into text: reports are sent as UTF-8.

    A test that shows a secret, in what it prints, logs or fails with, has failed.
    """
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    texts = [*(text for _, text in report.sections), report.longreprtext]
    if found := [one for text in texts for one in leaks.shown(text.encode())]:
        report.outcome = "failed"
        report.longrepr = f"A secret was shown: {', '.join(found)}"
        report.sections = []
    return report


@pytest.fixture(scope="session", autouse=True)
def nothing_leaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end of the run, no file holds a secret, be it a log or anything else."""
    post = MsalHttp.post

    def learning(*given: Any, **named: Any) -> httpx.Response:
        reply = post(*given, **named)
        leaks.learn_reply(reply)
        return reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MsalHttp, "post", learning)
        yield
    found = leaks.search(tmp_path_factory.getbasetemp())
    assert not found, "\n".join(found)
