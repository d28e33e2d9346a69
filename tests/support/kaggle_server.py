"""A stand-in for Kaggle that the real client talks to, and an archive in the dataset's layout.

The client asks http://localhost:80 when KAGGLE_API_ENVIRONMENT is LOCALHOST; told that this
server is its proxy, it sends everything here. As Kaggle does, the server answers a download with
a redirect to a signed address of a storage.
"""

import io
import json
import random
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNATURE = "signature-nobody-may-read"
FIRST_DUERER = "Albrecht_Du╠êrer"
SECOND_DUERER = "Albrecht_DuΓòá├¬rer"


@dataclass(frozen=True)
class Answer:
    """How the storage answers one request: by default with the archive, or the range asked for."""

    status: int = 200
    body: bytes | None = None
    stop_after: int | None = None
    """Send only so many bytes, then close the connection ..."""
    stall: bool = False
    """... or leave it open and silent."""
    ranges: bool = True
    """Answer a request for a part with the part; else with the whole, as some servers do."""
    length: bool = True
    """Tell how long the answer is."""


@dataclass
class KaggleServer:
    """What the server serves, and what it was asked."""

    archive: bytes
    answers: list[Answer] = field(default_factory=list)
    """Answers of the storage, used up one by one; then it serves the archive."""
    api_error: tuple[int, str] | None = None
    """Status and message of every answer of the API, instead of a redirect; `{login}` in the
    message stands for the Authorization header of the request."""
    api_troubles: list[int | None] = field(default_factory=list)
    """Status of the API's next answers, used up one by one; None stands for silence, 200 for a web
    page."""
    api_silent: threading.Event = field(default_factory=threading.Event)
    """While set, the API reads requests and answers none."""
    token_troubles: list[tuple[int, str]] = field(default_factory=list)
    """Status and message of the API's next answers to whether a token is good."""
    needs_login: bool = False
    renews: bool = True
    on_renewal: Callable[[], object] = lambda: None
    """Called before a login of `kaggle auth login` is renewed."""
    etag: str = '"version-1"'
    storage: str = "http://storage.localhost"
    """Where the API redirects to."""
    url: str = ""
    ranges: list[str | None] = field(default_factory=list)
    """The Range header of each request to the storage."""
    logins: set[str | None] = field(default_factory=set)
    """The Authorization headers that reached the API."""
    closing: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    kaggle: KaggleServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        login = self.headers.get("Authorization")
        self.kaggle.logins.add(login)
        if self.kaggle.api_silent.is_set():
            self.kaggle.closing.wait()
            return
        if self.path.endswith("/IntrospectToken") and self.kaggle.token_troubles:
            status, message = self.kaggle.token_troubles.pop(0)
            self._send_json(status, {"code": status, "message": message})
        elif self.path.endswith("/IntrospectToken"):
            self._send_json(200, {"active": True, "username": "someone"})
        elif self.path.endswith("/GenerateAccessToken") and not self.kaggle.renews:
            self._send_json(401, {"code": 401, "message": "Expired"})
        elif self.path.endswith("/GenerateAccessToken"):
            self.kaggle.on_renewal()
            self._send_json(200, {"token": "renewed", "expiresIn": 3600})
        elif self.kaggle.needs_login and login is None:
            self._send_json(401, {"code": 401, "message": "Unauthenticated"})
        elif self.kaggle.api_troubles:
            trouble = self.kaggle.api_troubles.pop(0)
            if trouble == 200:
                self._send_page()
                return
            if trouble is None:
                self.kaggle.closing.wait()
                return
            self._send_json(trouble, {"code": trouble, "message": "Try again"}, retry_after=1)
        elif self.kaggle.api_error is not None:
            status, message = self.kaggle.api_error
            words = message.replace("{login}", str(login))
            self._send_json(status, {"code": status, "message": words})
        elif self.path.endswith("/GetDatasetMetadata"):
            self._send_json(200, {"info": {"licenses": [{"name": "CC-BY-NC-SA-4.0"}]}})
        else:
            self.send_response(302)
            address = f"{self.kaggle.storage}/archive.zip?X-Goog-Signature={SIGNATURE}"
            self.send_header("Location", address)
            self.end_headers()

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.kaggle.ranges.append(asked)
        answer = self.kaggle.answers.pop(0) if self.kaggle.answers else Answer()
        whole = self.kaggle.archive if answer.body is None else answer.body
        # Only "bytes=<start>-" is ever asked.
        start = int(asked[6:-1]) if asked and answer.body is None and answer.ranges else 0
        self.send_response(206 if start else answer.status)
        if answer.length:
            self.send_header("Content-Length", str(len(whole) - start))
        if answer.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", self.kaggle.etag)
        self.send_header("Last-Modified", "Sat, 02 Mar 2019 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(whole[start : answer.stop_after])
        if answer.stall:
            self.wfile.flush()
            self.kaggle.closing.wait()

    def _send_page(self) -> None:
        body = b"<html><title>Welcome to our network</title></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_json(self, status: int, content: object, retry_after: int = 0) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", str(retry_after))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


def handler_of(kaggle: KaggleServer) -> type[BaseHTTPRequestHandler]:
    """Return what answers requests to API and storage."""
    return type("Handler", (_Handler,), {"kaggle": kaggle})


@contextmanager
def serve(kaggle: KaggleServer) -> Iterator[KaggleServer]:
    """Run the server on a free port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(kaggle)) as server:
        server.daemon_threads = True
        server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        kaggle.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield kaggle
        finally:
            kaggle.closing.set()
            server.shutdown()
            thread.join()


def dataset_members() -> dict[str, bytes]:
    """Return the members of a small dataset by name, made-up bytes instead of pictures."""
    noise = random.Random(0)
    members = {"artists.csv": "id,name\n0,Claude Monet\n1,Albrecht Dürer\n".encode()}
    for number in range(1, 5):
        for artist in ("Claude_Monet", FIRST_DUERER):
            content = noise.randbytes(350_000)
            members[f"images/images/{artist}/{artist}_{number}.jpg"] = content
            members[f"resized/resized/{artist}_{number}.jpg"] = content[:1000]
    for number in (1, 2):
        content = members[f"images/images/{FIRST_DUERER}/{FIRST_DUERER}_{number}.jpg"]
        members[f"images/images/{SECOND_DUERER}/{SECOND_DUERER}_{number}.jpg"] = content
    return members


def make_archive(members: dict[str, bytes]) -> bytes:
    """Pack members into a zip file, uncompressed, so that a byte of one can be found in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()
