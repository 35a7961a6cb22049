"""A proxy between client and service that does harm, at moments that a seed decides."""

import contextlib
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import Service

FAULTS = ("cut", "truncate", "corrupt", "delay", "429", "500", "503", "429 later", "503 later")


def behind_proxy(directory: Path) -> Service:
    """A service whose links lead to 127.0.0.1, while it listens on 127.0.0.2 only."""
    return Service.make(directory, bind="127.0.0.2")


class Proxy:
    """Passes bytes on, both ways, until a fault is due.

    Args:
        service: Made by ``behind_proxy``, and running.
        seed: Decides about faults.
        share: How many of the connections meet one, from 0 to 1.
        faults: Which ones.
    """

    def __init__(
        self, service: Service, seed: int, share: float = 0.4, faults: tuple[str, ...] = FAULTS
    ) -> None:
        self.bytes_up = 0
        self.met: list[str] = []
        self.cuts: list[int] = []
        """After how many bytes the next connections are cut."""
        self._random = random.Random(seed)
        self._share = share
        self._faults = faults
        port = int(service.account.endpoint.rpartition(":")[2])
        self._upstream = ("127.0.0.2", port)
        # The service's own certificate is good for the proxy's address too.
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls = service.directory / "tls"
        self._context.load_cert_chain(tls / "server.pem", tls / "server.key")
        self._client = ssl.create_default_context()
        self._client.check_hostname = False
        self._client.verify_mode = ssl.CERT_NONE
        self._listener = socket.create_server(("127.0.0.1", port))
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._stopped = True
        # A thread that waits in accept() would keep the socket open.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopped:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            fault = ""
            if self._random.random() < self._share:
                fault = self._random.choice(self._faults)
            # Most transfers here are small, so most faults come early.
            at = int(10 ** self._random.uniform(1, 7))
            up = self._random.random() < 0.6
            if self.cuts:
                fault, at, up = "cut", self.cuts.pop(), True
            threading.Thread(
                target=self._serve, args=(connection, fault, at, up), daemon=True
            ).start()

    def _serve(self, plain: socket.socket, fault: str, at: int, up: bool) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(plain)
            near = stack.enter_context(self._context.wrap_socket(plain, server_side=True))
            if fault[:1].isdigit():
                self.met.append(fault)
                self._refuse(near, fault)
                return
            far = socket.create_connection(self._upstream)
            far = stack.enter_context(self._client.wrap_socket(far))
            ends = [(near, far, up), (far, near, not up)]
            threads = [
                threading.Thread(
                    target=self._pass, args=(a, b, fault if mine else "", at, a is near)
                )
                for a, b, mine in ends
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _refuse(self, near: ssl.SSLSocket, fault: str) -> None:
        status, _, later = fault.partition(" ")
        near.recv(65536)
        retry = "Retry-After: 0\r\n" if later else ""
        body = '{"Message": "Not now."}'
        near.sendall(
            f"HTTP/1.1 {status} Not now\r\nContent-Type: application/json\r\n{retry}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )

    def _pass(
        self, source: ssl.SSLSocket, target: ssl.SSLSocket, fault: str, at: int, up: bool
    ) -> None:
        done = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if fault and done + len(data) > at:
                    self.met.append(fault)
                    keep = max(0, at - done)
                    if fault == "cut":
                        target.sendall(data[:keep])
                        target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        break
                    if fault == "truncate":
                        target.sendall(data[:keep])
                        break
                    if fault == "corrupt":
                        data = data[:keep] + bytes([data[keep] ^ 0xFF]) + data[keep + 1 :]
                    if fault == "delay":
                        time.sleep(0.3)
                    fault = ""
                done += len(data)
                if up:
                    self.bytes_up += len(data)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(end, socket.SHUT_RDWR)


@contextmanager
def proxied(
    service: Service, seed: int, share: float = 0.4, faults: tuple[str, ...] = FAULTS
) -> Iterator[Proxy]:
    """A proxy before the service within the block."""
    proxy = Proxy(service, seed, share, faults)
    try:
        yield proxy
    finally:
        proxy.close()
