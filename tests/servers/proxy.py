"""A proxy before a server: TLS, access, a record of requests, and faults at will."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from .access import Access
from .certificates import Certificate
from .messages import Break, Request, Response, Seen

#: Given a request, what happens instead of passing it on; None lets it pass.
Fault = Callable[[Request], "Response | Break | None"]

#: What a hop says to the next one only; bodies are passed on whole, with their length.
HOP = {"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}


class Proxy:
    """Passes requests on to the server at an address (plain HTTP) and its answers back, byte for byte."""

    def __init__(
        self,
        target: str,
        *,
        certificate: Certificate | None = None,
        access: Access | None = None,
        fault: Fault | None = None,
    ) -> None:
        """Take what to speak TLS with, whom to let pass, and what goes wrong; tests may replace the last two."""
        self.access, self.fault = access or Access(), fault
        self.requests: list[Seen] = []
        self.closing = threading.Event()
        self._target = urlsplit(target)
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = _Listener(self, certificate.context() if certificate else None)
        self.port = self._listener.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening and cut all connections."""
        self.closing.set()
        self._listener.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)  # below TLS: its own would wait for the peer
        self._listener.server_close()

    def answer(self, request: Request) -> Response | None:
        """Return the answer to a request; None is to close the connection without one."""
        self.requests.append(Seen(request.method, request.path, len(request.body)))
        fault = self.fault(request) if self.fault else None
        if fault == "hang":
            self.closing.wait()
        if fault in ("hang", "drop before"):
            return None
        if isinstance(fault, Response):
            return fault
        if refusal := self.access.refuse(request):
            return refusal
        response = self.pass_on(request)
        return None if fault == "drop after" else response

    @contextlib.contextmanager
    def watch(self, connection: socket.socket) -> Iterator[None]:
        """Remember an open connection, which the end of the proxy cuts."""
        with self._lock:
            if self.closing.is_set():
                raise ConnectionAbortedError
            self._sockets.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._sockets.discard(connection)

    def pass_on(self, request: Request) -> Response | None:
        """Ask the server on a connection of its own: one that is kept may be dead, and who repeats may do it twice."""
        connection = HTTPConnection(self._target.hostname or "", self._target.port)
        try:
            connection.connect()
            with self.watch(connection.sock):
                connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
                for name, value in request.headers.items():
                    if name.lower() not in HOP:
                        connection.putheader(name, value)
                if request.body or request.method in ("POST", "PUT"):
                    connection.putheader("Content-Length", str(len(request.body)))
                connection.endheaders(request.body)
                with connection.getresponse() as response:
                    return Response(response.status, response.getheaders(), response.read())
        except (OSError, HTTPException):
            return None  # as when the server itself goes away
        finally:
            connection.close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False  # the end of the proxy waits for them, so nothing stays open
    request_queue_size = 128

    def __init__(self, proxy: Proxy, context: ssl.SSLContext | None) -> None:
        self.proxy, self._context = proxy, context
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: socket.socket, client_address: object) -> None:
        """Serve a connection, in a thread of its own."""
        with contextlib.suppress(OSError), self.proxy.watch(request):  # clients may go whenever they like
            super().finish_request(request, client_address)

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept a connection; the handshake is left to its thread."""
        connection, address = super().get_request()
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, *_: object) -> None:
        """Let a mistake in a test's fault, or here, be seen."""
        raise


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        request = Request(self.command, self.path, self.headers, self._read_body())
        response = self.server.proxy.answer(request)
        if response is None:
            self.close_connection = True
            return
        self.send_response_only(response.status)
        for name, value in response.headers:
            if name.lower() not in HOP or (name.lower() == "content-length" and self.command == "HEAD"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(chunks)

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""
