"""A stand-in for the service, at the other end of real TLS, that answers as a test tells it to."""

import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import leaks
import trustme

ACCOUNT = "ClientID=artist;TenantID=studio"
KEY = "k3y-that-nobody-may-see"
leaks.learn(KEY)


@dataclass
class Call:
    """A request as it arrived. Of a body over 4 MiB only the size is kept."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    size: int


@dataclass
class Reply:
    """What to answer: JSON, or bytes as they are. After `sent` bytes the service hangs up."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


Answer = Reply | Callable[[Call], Reply]


def unpacked(body: bytes) -> "list[tuple[dict[str, Any], bytes]]":
    """The files of an upload of many: what is told of each, and its content."""
    line, _, contents = body.partition(b"\n")
    found: list[tuple[dict[str, Any], bytes]] = []
    for row in json.loads(line)["Files"]:
        found.append((row, contents[: row["Size"]]))
        contents = contents[row["Size"] :]
    assert not contents
    return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


class FakeService:
    """Answers of a path are given one after the other, the last one again and again."""

    def __init__(self, certificate: trustme.LeafCert, ca_cert: Path) -> None:
        self.ca_cert = ca_cert
        self.calls: list[Call] = []
        self.expires_in = 3600
        self._answers: list[tuple[str, str, list[Answer]]] = []
        self._lock = threading.Lock()
        self._tokens = 0
        self._http = _Server(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self.endpoint = f"127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def on(self, call: str, *answers: Answer) -> None:
        """Answer e.g. ``GET jobs/.*``, a regular expression below /api; the latest match counts."""
        method, _, path = call.partition(" ")
        path = path if path.startswith("/") else f"/+api/{path}"
        self._answers.insert(0, (method, path, list(answers)))

    def answer_to(self, method: str, path: str) -> Callable[[Call], Reply]:
        """What answers such calls now, for a test to put something before it."""
        answer = next(
            answers[0]
            for its_method, pattern, answers in self._answers
            if its_method == method and re.fullmatch(pattern, path)
        )
        assert not isinstance(answer, Reply)
        return answer

    def made(self, call: str = "") -> list[Call]:
        """The calls that came, those of the login excepted."""
        method, _, path = call.partition(" ")
        return [
            c
            for c in self.calls
            if c.path.startswith("/api")
            and (not call or (c.method == method and re.fullmatch(f"/api/{path}", c.path)))
        ]

    def keep(self) -> "list[dict[str, Any]]":
        """Take what is uploaded, and answer offers and queries from it; the list of what came.

        A file has the members of the description's `UserFile`, and its `content`.
        """
        kept: list[dict[str, Any]] = []
        parts: dict[str, tuple[dict[str, Any], dict[int, bytes]]] = {}

        def add(row: dict[str, Any], content: bytes) -> None:
            kept.append(
                {
                    "name": row["Name"],
                    "originalFilePath": row["OriginalPath"],
                    "lastModifiedTime": row["Timestamp"],
                    "content": content,
                }
            )

        def bulk(call: Call) -> Reply:
            for row, content in unpacked(call.body):
                add(row, content)
            return Reply(body={})

        def offer(call: Call) -> Reply:
            known = {
                (one["name"], one["originalFilePath"], sha256(one["content"]).hexdigest())
                for one in kept
            }
            rows = json.loads(call.body)["Files"]
            missing = [
                index
                for index, row in enumerate(rows)
                if (row["Name"], row["OriginalPath"], row.get("Sha256")) not in known
            ]
            return Reply(body={"missing": missing, "worthHashing": [], "refused": []})

        def recall(call: Call) -> Reply:
            return Reply(body={"unknown": list(range(len(json.loads(call.body)["Sha256"])))})

        def query(call: Call) -> Reply:
            asked = json.loads(call.body)["Specifications"]
            wanted = {(one["FileName"], one["Timestamp"]) for one in asked}
            found = [
                {name: value for name, value in one.items() if name != "content"}
                for one in kept
                if (one["name"], one["lastModifiedTime"]) in wanted
            ]
            return Reply(body={"files": found})

        def begin(call: Call) -> Reply:
            upload = str(len(parts))
            parts[upload] = (json.loads(call.body), {})
            return Reply(body={"id": upload, "partSize": 1 << 20, "parts": []})

        def part(call: Call) -> Reply:
            *_, upload, _parts, number = call.path.split("/")
            parts[upload][1][int(number)] = call.body
            return Reply(body={})

        def complete(call: Call) -> Reply:
            row, pieces = parts[call.path.split("/")[-3]]
            add(row, b"".join(piece for _, piece in sorted(pieces.items())))
            return Reply(body={})

        self.on("POST files/bulk", bulk)
        self.on("POST files/offer", offer)
        self.on("POST files/offer/recall", recall)
        self.on("POST files/query/byspecification", query)
        self.on("POST uploads", begin)
        self.on("PUT uploads/.*", part)
        self.on("POST uploads/.*/actions/complete", complete)
        return kept

    def tokens(self) -> int:
        """How many tokens were given out."""
        return self._tokens

    def _answer(self, call: Call) -> Reply:
        with self._lock:
            self.calls.append(call)
            for method, path, answers in self._answers:
                if method == call.method and re.fullmatch(path, call.path):
                    answer = answers.pop(0) if len(answers) > 1 else answers[0]
                    break
            else:
                answer = self._issuer(call)
        return answer if isinstance(answer, Reply) else answer(call)

    def _issuer(self, call: Call) -> Reply:
        base = f"https://{self.endpoint}/{call.path.split('/')[1]}"
        if call.path.endswith("/v2.0/.well-known/openid-configuration"):
            return Reply(
                body={
                    "issuer": base,
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                }
            )
        if call.path.endswith("/oauth2/v2.0/token"):
            form = parse_qs(call.body.decode())
            if form["client_secret"] != [KEY]:
                return Reply(
                    401, {"error": "invalid_client", "error_description": "That key is wrong."}
                )
            self._tokens += 1
            return Reply(
                body={
                    "access_token": f"token-{self._tokens}",
                    "token_type": "Bearer",
                    "expires_in": self.expires_in,
                }
            )
        if "authorization" not in call.headers:
            uri = f'Bearer authorization_uri="https://{self.endpoint}/studio"'
            return Reply(401, {"Message": "No token."}, {"WWW-Authenticate": uri})
        return Reply(404, {"Message": f"There is no {call.path}."})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                left = int(self.headers.get("Content-Length") or 0)
                body, size = b"", 0
                while left:
                    piece = self.rfile.read(min(left, 1 << 18))
                    if not piece:
                        self.close_connection = True
                        return  # broken off: such an upload leaves nothing
                    left -= len(piece)
                    size += len(piece)
                    body = body + piece if size <= 4 << 20 else b""
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = service._answer(Call(self.command, url.path, query, headers, body, size))
                content = reply.content()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: reply.sent])
                if reply.sent is not None:
                    self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
