"""Keras' weights over real HTTP on this machine, from a host that does what hosts do."""

import errno
import hashlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import h5py
import keras
import lockless
import pytest
from certificates import make_certificate
from conftest import ROOT

from nstcore.backbones.architectures import ARCHITECTURES
from nstcore.backbones.download import (
    Patience,
    Published,
    find_cached,
    find_fault,
    find_published,
    find_refusal,
    obtain,
)
from nstcore.common.errors import WeightsError

CONTENT = bytes(range(256)) * 2000
QUICK = Patience(timeout=0.5, waits=(0.01, 0.01), slowest=1000, progress=0.1)


@dataclass
class Host:
    """What the host does: one step for each request, then it serves the content."""

    steps: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def published(self, digest: str | None = hashlib.md5(CONTENT).hexdigest()) -> Published:  # noqa: S324
        return Published("weights.h5", f"{self.url}/weights.h5", digest)


def send(handler: BaseHTTPRequestHandler, content: bytes = CONTENT, *, cut: int = 0) -> None:
    """Send the whole, or from where it is asked, and leave out the last `cut` bytes."""
    asked = handler.headers.get("Range")
    begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    handler.send_response(206 if asked else 200)
    handler.send_header("ETag", '"one"')
    handler.send_header("Content-Length", str(len(content) - begin))
    handler.end_headers()
    handler.wfile.write(content[begin : len(content) - cut])


def refuse(handler: BaseHTTPRequestHandler, status: int) -> None:
    handler.send_error(status)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    stand_in = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stand_in.ranges.append(self.headers.get("Range"))
            step = stand_in.steps.pop(0) if stand_in.steps else send
            step(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        stand_in.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield stand_in
        stand_in.ended.set()
        server.shutdown()


def silent_before(host: Host) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: host.ended.wait(20) and None


def silent_within(host: Host) -> Callable[[BaseHTTPRequestHandler], None]:
    def step(handler: BaseHTTPRequestHandler) -> None:
        send(handler, cut=len(CONTENT) // 2)
        handler.wfile.flush()
        host.ended.wait(20)

    return step


def drip(host: Host) -> Callable[[BaseHTTPRequestHandler], None]:
    def step(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        for _ in range(200):
            if host.ended.wait(0.05):
                return
            handler.wfile.write(b"x")

    return step


def files(tmp_path: Path) -> list[str]:
    names = [path.name for path in (tmp_path / "keras").rglob("*") if path.is_file()]
    return sorted(name for name in names if name != "keras.json")


@pytest.mark.parametrize("digest", ["md5", "sha256"])
def test_a_file_is_fetched_once_verified_and_found_again(
    digest: str, host: Host, tmp_path: Path
) -> None:
    published = host.published(hashlib.new(digest, CONTENT).hexdigest())
    assert find_cached(published) is None
    path = obtain(published, QUICK)
    assert path == tmp_path / "keras" / "models" / "weights.h5"
    assert path.read_bytes() == CONTENT
    assert obtain(published, QUICK) == find_cached(published) == path
    assert host.ranges == [None]
    assert files(tmp_path) == ["weights.h5"]


@pytest.mark.parametrize("trouble", [silent_before, silent_within, drip])
def test_a_host_that_falls_silent_is_given_up_and_asked_again(
    trouble: Callable[[Host], Callable[[BaseHTTPRequestHandler], None]], host: Host
) -> None:
    host.steps = [trouble(host)]
    assert obtain(host.published(), QUICK).read_bytes() == CONTENT
    assert len(host.ranges) == 2


@pytest.mark.parametrize("trouble", [silent_before, silent_within, drip])
def test_a_host_that_stays_silent_is_named_and_leaves_nothing(
    trouble: Callable[[Host], Callable[[BaseHTTPRequestHandler], None]], host: Host, tmp_path: Path
) -> None:
    host.steps = [trouble(host) for _ in range(3)]
    with pytest.raises(WeightsError, match=r"cannot be downloaded from http://127.*weights\.h5 \("):
        obtain(host.published(), QUICK)
    assert files(tmp_path) == []


def test_a_body_that_is_cut_goes_on_where_it_was_and_the_line_after_is_its_own(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    host.steps = [lambda handler: send(handler, cut=1000)]
    assert obtain(host.published(), QUICK).read_bytes() == CONTENT
    assert host.ranges == [None, f"bytes={len(CONTENT) - 1000}-"]
    lines = capsys.readouterr().out.splitlines()
    assert (
        "weights.h5: attempt 1 failed: the connection ended after 511000 of 512000 bytes" in lines
    )


def test_another_file_than_keras_means_is_never_kept(host: Host, tmp_path: Path) -> None:
    host.steps = [lambda handler: send(handler, b"<html>")] * 3
    with pytest.raises(WeightsError, match=r"not the file that Keras means: its MD5 is"):
        obtain(host.published(), QUICK)
    assert host.ranges == [None] * 3
    assert files(tmp_path) == []


def test_a_file_without_a_published_digest_has_to_be_whole(host: Host, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        file["values"] = list(range(10000))
    content = (tmp_path / "whole.h5").read_bytes()
    cut = tmp_path / "keras" / "models" / "weights.h5"
    cut.parent.mkdir(parents=True)
    cut.write_bytes(content[:-1000])
    published = host.published(digest=None)
    assert "truncated" in str(find_fault(cut, published))
    host.steps = [lambda handler: handler.send_error(404)]
    with pytest.raises(WeightsError, match=rf"weights at {cut} are damaged \(.*delete the file\)"):
        obtain(published, QUICK)
    host.steps = [lambda handler: send(handler, content)]
    assert obtain(published, QUICK).read_bytes() == content


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (403, 1), (503, 3), (429, 3)])
def test_a_refusal_is_asked_again_only_where_that_may_help(
    status: int, attempts: int, host: Host
) -> None:
    host.steps = [lambda handler: handler.send_error(status)] * 3
    with pytest.raises(WeightsError, match=rf"\({status} "):
        obtain(host.published(), QUICK)
    assert len(host.ranges) == attempts


def test_a_host_that_cannot_be_reached_is_told_from_one_that_can(host: Host) -> None:
    assert find_refusal(host.published()) is None
    host.steps = [partial(refuse, status=503), partial(refuse, status=404)]
    assert find_refusal(host.published()) is None
    assert str(find_refusal(host.published())).startswith("404 ")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = Published("w.h5", f"http://127.0.0.1:{unused.getsockname()[1]}/w.h5", None)
        assert "no network: Connection refused" in str(find_refusal(gone))
    unknown = Published("w.h5", "http://no-such-host.invalid/w.h5", None)
    assert "no network: " in str(find_refusal(unknown))


def test_certificates_that_nobody_vouches_for_end_at_once_with_the_variable(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import ssl

    certificate = make_certificate(tmp_path / "certificate.pem", "127.0.0.1", "IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "key.pem")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            send(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        digest = hashlib.md5(CONTENT).hexdigest()  # noqa: S324
        published = Published("w.h5", f"https://127.0.0.1:{server.server_port}/w.h5", digest)
        with pytest.raises(WeightsError, match=r"self-signed certificate; set SSL_CERT_FILE"):
            obtain(published, Patience(waits=(60,)))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert obtain(published, QUICK).read_bytes() == CONTENT
        server.shutdown()


@pytest.mark.parametrize("place", ["a file", "a disk that is full"])
def test_a_cache_that_cannot_be_written_to_is_named(
    place: str, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "a file":
        (tmp_path / "keras").write_text("")
    else:
        full = OSError(errno.ENOSPC, "No space left on device")

        def refuse(*_: object) -> None:
            raise full

        monkeypatch.setattr("nstcore.backbones.download._Whole.receive", refuse)
    with pytest.raises(
        WeightsError, match=r"cannot keep the weights .*(Not a dir|No space).*KERAS"
    ):
        obtain(host.published(), QUICK)


def test_two_studies_that_need_one_file_fetch_it_once(host: Host, tmp_path: Path) -> None:
    host.steps = [silent_within(host)]
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=obtain, args=(host.published(), QUICK)) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join(30)
    assert [other.exitcode for other in others] == [0, 0]
    assert len(host.ranges) == 2
    assert files(tmp_path) == ["weights.h5"]


FETCH = (
    "import sys; from nstcore.backbones.download import *;"
    "obtain(Published('weights.h5', *sys.argv[1:]), Patience())"
)


def start(host: Host, **options: Any) -> subprocess.Popen[bytes]:
    """Start a program that fetches a file."""
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, f"{host.url}/weights.h5", host.published().digest],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        **options,
    )


@lockless.known
def test_a_file_is_fetched_where_there_are_no_locks(host: Host, tmp_path: Path) -> None:
    assert start(host, preexec_fn=lockless.without_locks).wait() == 0
    assert files(tmp_path) == ["weights.h5"]


def test_a_run_that_is_killed_leaves_nothing_under_the_final_name(
    host: Host, tmp_path: Path
) -> None:
    host.steps = [silent_within(host)]
    with start(host) as killed:
        draft = tmp_path / "keras" / "models" / ".part.weights.h5"
        while killed.poll() is None and not (draft.exists() and draft.stat().st_size):
            time.sleep(0.05)
        killed.send_signal(signal.SIGKILL)
    assert files(tmp_path) == [draft.name]
    assert obtain(host.published(), QUICK).read_bytes() == CONTENT
    assert files(tmp_path) == ["weights.h5"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_keras_says_what_it_would_fetch(name: str) -> None:
    build = getattr(keras.applications, name)
    published = find_published(lambda: build(weights="imagenet", include_top=False))
    assert published.name == ARCHITECTURES[name].imagenet_file
    assert published.url.startswith("https://storage.googleapis.com/")
    assert published.url.endswith(published.name)
    assert (published.digest is None) == name.startswith("MobileNet")
