"""Connections that pause, flood or crowd: they are cut off, and others do not notice."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator

import httpx
import pytest
from support import STAMP, Api, Service, running

STALL, MOST = 1, 10


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with small limits."""
    made = Service.make(
        tmp_path_factory.mktemp("small") / "data",
        **{"stall_seconds": STALL, "max_connections": MOST, "max_body_bytes": 100_000},
        max_head_bytes=16_384,
    )
    with running(made):
        yield made


@pytest.fixture
def api(small: Service) -> Iterator[Api]:
    client = small.api()
    yield client
    client.http.close()


def connect(service: Service) -> ssl.SSLSocket:
    host, _, port = service.account.endpoint.removeprefix("https://").partition(":")
    context = ssl.create_default_context(cafile=service.account.ca_cert)
    plain = socket.create_connection((host, int(port)), timeout=20)
    return context.wrap_socket(plain, server_hostname=host)


def ended(connection: ssl.SSLSocket) -> bytes:
    """All that comes until the other side ends it, in whatever way."""
    received = b""
    with contextlib.suppress(OSError):
        while piece := connection.recv(1 << 20):
            received += piece
    return received


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def test_who_pauses_is_cut_off(small: Service, api: Api) -> None:
    file = api.put("large.bin", bytes(16_000_000))
    bearer = f"Authorization: {api.http.headers['Authorization']}"
    put = f"PUT /api/files/slow.bin?timestamp={STAMP}&originalFilePath=slow.bin"
    get = "GET " + httpx.URL(file["link"]["href"]).raw_path.decode()
    begun = {
        "nothing at all": b"",
        "half a line": b"GET /api/jo",
        "half a head": head("GET /api/jobs", bearer)[:-2],
        "empty lines": b"\r\n",
        "half a body": head(put, bearer, "Content-Length: 1000") + b"half",
        "half a chunk": head(put, bearer, "Transfer-Encoding: chunked") + b"10\r\nhalf",
        "a body nobody reads": head(put, "Content-Length: 1000") + b"half",
        "an answer that is not read": head(get, bearer),
    }
    # These may take longer, as they go on.
    slow = connect(small)
    slow.sendall(head(put, bearer, "Content-Length: 8000", "Connection: close"))
    connections = {what: connect(small) for what in begun}
    started = time.monotonic()
    for what, data in begun.items():
        connections[what].sendall(data)
    for _ in range(8):
        time.sleep(0.5 * STALL)
        slow.sendall(bytes(1000))
        for what in ("half a line", "half a head", "empty lines", "half a body"):
            with contextlib.suppress(OSError):  # a byte now and then does not help
                connections[what].sendall(b"\r\n" if what == "empty lines" else b"x")
    assert ended(slow).startswith(b"HTTP/1.1 200")
    for what, connection in connections.items():
        received = ended(connection)
        assert b" 200 OK" not in received or what == "an answer that is not read", what
        assert len(received) < 16_000_000, what
        connection.close()
    assert time.monotonic() - started < 10 * STALL
    assert [one["name"] for one in api.get("files")["files"]] == ["large.bin", "slow.bin"]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /" + b"x" * 1_000_000,
        b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000,
        b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: x\r\n" % number for number in range(100_000)),
        b"GET / HTTP/1.1\r\n" + b"X:\r\n" * 250_000,
    ],
    ids=["line", "header", "headers", "empty headers"],
)
def test_a_flood_of_headers_is_refused(small: Service, api: Api, data: bytes) -> None:
    connection = connect(small)
    with contextlib.suppress(OSError):  # ended before all is sent
        connection.sendall(data)
    received = ended(connection)
    connection.close()
    # The answer is lost where the end comes with data still on their way.
    assert received == b"" or received.startswith(b"HTTP/1.1 400")
    assert api.get("jobs")["jobs"] == []


def test_one_connection_too_many_is_asked_to_come_back(small: Service, api: Api) -> None:
    api.get("jobs")  # its connection is among those that were there in time
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(connect(small)) for _ in range(MOST)]
        assert ended_at_once(others[-2], b" 401 ")
        assert ended_at_once(others[-1], b" 503 ")
        with small.anonymous() as late:
            refused = late.get("/api/jobs", headers=api.http.headers)
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "2"
            assert refused.headers["x-ms-request-id"] == refused.json()["RequestId"]
        more = [stack.enter_context(connect(small)) for _ in range(MOST + 5)]
        assert any(ended(one) == b"" for one in more[-5:])
        assert api.get("jobs")["jobs"] == []
    with small.anonymous() as late:
        assert late.get("/api/jobs", headers=api.http.headers).status_code == 200


def ended_at_once(connection: ssl.SSLSocket, status: bytes) -> bool:
    connection.sendall(head("GET /api/jobs", "Connection: close"))
    return status in ended(connection)


def test_a_body_too_large_is_refused_and_a_strangers_is_not_read(small: Service, api: Api) -> None:
    large = b'{"Names": ["' + b"x" * 100_000 + b'"]}'
    path = "/api/files/query/byname"
    assert api.http.post(path, content=large).status_code == 413
    connection = connect(small)
    connection.sendall(head(f"POST {path}", "Authorization: Bearer x", "Content-Length: 99999999"))
    assert connection.recv(1000).startswith(b"HTTP/1.1 401")
    connection.close()


def test_trailers_without_end_are_cut_off(small: Service) -> None:
    bearer = f"Authorization: Bearer {small.token()}"
    with connect(small) as connection:
        connection.sendall(head("POST /api/jobs", bearer, "Transfer-Encoding: chunked"))
        connection.sendall(b"0\r\n")
        assert flooded(connection, b"X: y\r\n" * 1000)


def flooded(connection: ssl.SSLSocket, piece: bytes) -> bool:
    """Whether the service ends the connection before a thousand pieces are sent."""
    try:
        for _ in range(1000):
            connection.sendall(piece)
    except OSError:
        return True
    return False
