"""A network that is not there, or not to be trusted: told as what it is, in bounded time."""

import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from certificates import make_certificate
from kaggle_server import Answer, KaggleServer, handler_of
from test_download import (
    ARCHIVE,
    DATASET,
    MEBIBYTE,
    PATIENCE,
    cache,
    client_file,
    command,
    kaggle,
    leave_partial,
    start_program,
    target,
)

from nstcore.common.errors import DataError
from nstcore.dataset.download import SIZES, download, find_needed_space, foresee_download
from nstcore.dataset.kaggle_errors import find_network_fault
from nstcore.dataset.watching import Patience

__all__ = ["cache", "kaggle", "target"]  # fixtures

QUICK = replace(PATIENCE, stall_seconds=2)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody trusts, with its key."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    return make_certificate(path, "localhost", "DNS:localhost")


@contextmanager
def serve_tls(kaggle: KaggleServer, certificate: Path) -> Iterator[str]:
    """Run the storage behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(kaggle)) as server:
        server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def dropping_port() -> Iterator[int]:
    """Give a port of this machine that answers no connection, as behind a firewall."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        queued = []
        try:
            # Once the queue is full, the system drops what else comes.
            while True:
                one = socket.socket()
                queued.append(one)
                one.settimeout(0.3)
                try:
                    one.connect(listener.getsockname())
                except TimeoutError:
                    break
            yield listener.getsockname()[1]
        finally:
            for one in queued:
                one.close()


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        (None, r"certificate is not trusted \(self-signed certificate\).*REQUESTS_CA_BUNDLE"),
        ("missing.pem", r"no certificates .*missing\.pem\); mend or unset REQUESTS_CA_BUNDLE"),
        ("empty.pem", r"no certificates .*; mend or unset REQUESTS_CA_BUNDLE"),
        ("text.pem", r"no certificates .*; mend or unset REQUESTS_CA_BUNDLE"),
    ],
)
def test_certificates_that_are_not_trusted_or_not_there_end_at_once(
    bundle: str | None,
    words: str,
    kaggle: KaggleServer,
    certificate: Path,
    target: Path,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "empty.pem").write_bytes(b"")
    (tmp_path / "text.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nnone\n")
    if bundle:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / bundle))
    with serve_tls(kaggle, certificate) as kaggle.storage:
        ended = subprocess.run(command(target, cache), capture_output=True, text=True, check=False)

    assert re.fullmatch(rf"error: .*{words}.*\n", ended.stderr)
    assert "attempt 2" not in ended.stdout


def test_a_certificate_that_is_named_is_trusted(
    kaggle: KaggleServer,
    certificate: Path,
    target: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    with serve_tls(kaggle, certificate) as kaggle.storage:
        download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE


def test_dropped_packets_end_in_bounded_time(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = Patience(stall_seconds=2, waits=(0.1,) * 50, silence_seconds=5, poll_seconds=0.1)
    began = time.monotonic()
    with dropping_port() as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(DataError, match=r"3 attempts failed.*no network, or Kaggle does not"):
            download(DATASET, target, cache, patience)

    assert time.monotonic() - began < 7


def test_a_silent_storage_ends_in_bounded_time_though_a_part_has_come(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(stop_after=2 * MEBIBYTE, stall=True)] + [
        Answer(stop_after=0, stall=True)
    ] * 50
    patience = Patience(stall_seconds=2, waits=(0.1,) * 50, silence_seconds=5, poll_seconds=0.1)
    began = time.monotonic()
    with pytest.raises(DataError, match=r"3 attempts failed.*nothing arrived for"):
        download(DATASET, target, cache, patience)

    assert time.monotonic() - began < 12
    assert client_file(cache).stat().st_size == 2 * MEBIBYTE


def test_the_default_ends_ten_minutes_after_the_last_byte() -> None:
    patience = Patience()
    # Each attempt until it is killed, and the waits that are begun.
    assert 5 * patience.stall_seconds + sum(patience.waits[:-1]) <= 700
    assert patience.silence_seconds == 600
    assert Patience.from_json("{}") == patience
    assert Patience.from_json('{"attempts": 1}').waits == ()
    assert Patience.from_json('{"attempts": 7}').waits == (5, 15, 45, 135, 135, 135)
    assert Patience.from_json('{"stall_seconds": 9.0}') == Patience(stall_seconds=9)


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://no-such-host.invalid:1", "no network: the name no-such-host.invalid does not"),
        ("http://127.0.0.1:1", "no network: the proxy 127.0.0.1:1 refuses connections"),
        (None, "no network: localhost:80 refuses connections"),
    ],
)
def test_no_network_is_told_in_seconds_and_after_the_last_attempt(
    proxy: str | None,
    words: str,
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HTTP_PROXY")
    if proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)

    told = foresee_download(DATASET, target, cache)
    assert told is not None
    assert words in told
    assert "source: directory" in told
    with pytest.raises(DataError, match=f"3 attempts failed, the last with: {words}"):
        download(DATASET, target, cache, QUICK)


def test_a_proxy_that_lets_nothing_through_is_told(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", kaggle.url)
    kaggle.storage = "https://storage.invalid"

    words = "no network: the proxy lets nothing through (501 Unsupported method"
    assert words in str(foresee_download(DATASET, target, cache))


def test_a_page_in_kaggle_s_place_is_told_and_may_pass(
    kaggle: KaggleServer, target: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle.api_troubles = [200, 200]

    words = "no network: something answers in Kaggle's place, perhaps a page to log in to"
    assert words in str(foresee_download(DATASET, target, cache))
    download(DATASET, target, cache, PATIENCE)

    assert f"attempt 1 failed: {words}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "desired"),
    [
        (
            "HTTPSConnectionPool(host='api.kaggle.com', port=443): Max retries exceeded with url: "
            "/v1/x (Caused by NameResolutionError(\"HTTPSConnection(host='api.kaggle.com', "
            "port=443): Failed to resolve 'api.kaggle.com' ([Errno -3] Temporary failure in name "
            'resolution)"))',
            "no network: the name api.kaggle.com does not resolve",
        ),
        (
            "HTTPSConnectionPool(host='api.kaggle.com', port=443): [Errno 101] Network is "
            "unreachable",
            "no network: api.kaggle.com:443 cannot be reached from here",
        ),
        (
            "HTTPSConnectionPool(host='api.kaggle.com', port=443): [Errno 113] No route to host",
            "no network: api.kaggle.com:443 cannot be reached from here",
        ),
        (
            "HTTPSConnectionPool(host='storage.googleapis.com', port=443): (Caused by "
            "ConnectTimeoutError(<HTTPSConnection>, 'Connection to storage.googleapis.com timed "
            "out. (connect timeout=300)'))",
            "no network: storage.googleapis.com does not answer",
        ),
        (
            "HTTPSConnectionPool(host='api.kaggle.com', port=443): (Caused by ProxyError('Unable "
            "to connect to proxy', NewConnectionError(\"HTTPSConnection(host='proxy', port=1): "
            'Failed to establish a new connection: [Errno 111] Connection refused")))',
            "no network: the proxy proxy:1 refuses connections",
        ),
        (
            "HTTPSConnectionPool(host='api.kaggle.com', port=443): (Caused by ProxyError('Unable "
            "to connect to proxy', OSError('Tunnel connection failed: 407 Proxy Authentication "
            "Required')))",
            "no network: the proxy lets nothing through (407 Proxy Authentication Required)",
        ),
        ("HTTPConnectionPool(host='a', port=80): Read timed out. (read timeout=300)", None),
        ("500 Server Error: Connection refused by the backend for url: https://a/b", None),
    ],
)
def test_what_is_wrong_with_the_network_is_told_apart(said: str, desired: str | None) -> None:
    told = find_network_fault(said)

    assert told is None if desired is None else str(told).startswith(desired)


@pytest.mark.parametrize("trouble", [(401, "Unauthenticated"), (403, "No"), (404, "Not found")])
def test_a_refusal_is_foreseen(
    trouble: tuple[int, str], kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.api_error = trouble

    told = foresee_download(DATASET, target, cache)

    with pytest.raises(DataError) as refusal:
        download(DATASET, target, cache, PATIENCE)
    assert told == str(refusal.value)


def test_missing_credentials_are_foreseen(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    kaggle.needs_login = True

    assert "there are no credentials" in str(foresee_download(DATASET, target, cache))


def test_a_download_that_can_begin_is_foreseen_without_leaving_anything(
    kaggle: KaggleServer, target: Path, cache: Path, tmp_path: Path
) -> None:
    kaggle.answers = [Answer(stop_after=1000, stall=True)]

    assert foresee_download(DATASET, target, cache) is None

    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert kaggle.ranges == [None]


def test_where_nothing_can_be_tried_nothing_is_foreseen(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/no/such/folder")

    assert foresee_download(DATASET, target, cache) is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_kaggle_is_left_to_the_download(
    status: int, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.api_error = (status, "Not found right now")

    assert foresee_download(DATASET, target, cache) is None


def test_silence_is_foreseen_within_the_limit(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.api_silent.set()
    began = time.monotonic()

    told = foresee_download(DATASET, target, cache, limit_seconds=2)

    assert "no network, or Kaggle does not answer" in str(told)
    assert time.monotonic() - began < 4


def test_another_version_is_foreseen(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, DATASET, 5)

    assert f"Kaggle sends {len(ARCHIVE):,} bytes and not the 5" in str(
        foresee_download(DATASET, target, cache)
    )


@pytest.mark.parametrize("there", ["target", "cache"])
def test_nobody_is_asked_for_an_archive_that_is_there(
    there: str, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    place = target if there == "target" else client_file(cache)
    place.parent.mkdir(parents=True)
    place.write_bytes(ARCHIVE)

    assert foresee_download(DATASET, target, cache) is None
    assert kaggle.logins == set()


def test_the_space_that_is_needed_is_told_by_disk(
    target: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_needed_space(DATASET, target, cache) == []
    size = len(ARCHIVE)
    monkeypatch.setitem(SIZES, DATASET, size)
    assert find_needed_space(DATASET, target, cache) == [(tmp_path, 2 * size)]
    memory = Path("/dev/shm")  # noqa: S108
    if memory.is_dir() and memory.stat().st_dev != tmp_path.stat().st_dev:
        needed = [(memory, size), (tmp_path, 2 * size)]
        assert find_needed_space(DATASET, target, memory / "no-such-cache") == needed
    leave_partial(cache, ARCHIVE[:MEBIBYTE])
    folder = client_file(cache).parent
    assert find_needed_space(DATASET, target, cache) == [(folder, 2 * size - MEBIBYTE)]
    target.parent.mkdir()
    target.write_bytes(ARCHIVE)
    assert find_needed_space(DATASET, target, cache) == [(target.parent, size)]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGXCPU"])
def test_whatever_ends_the_program_ends_its_client_and_is_told_in_a_line(
    name: str, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(stop_after=MEBIBYTE + 1000, stall=True)]
    program = start_program(target, cache, stderr=subprocess.PIPE)
    client = int((client_file(cache).parent / "lock").read_text())
    program.send_signal(signal.Signals[name])

    _, told = program.communicate(timeout=20)

    assert program.returncode == 128 + signal.Signals[name]
    assert told == f"error: ended by {name}; run again to resume the download\n".encode()
    with pytest.raises(ProcessLookupError):
        os.kill(client, 0)


def test_a_program_that_is_to_survive_a_hangup_does(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.api_silent.set()
    program = subprocess.Popen(["nohup", *command(target, cache)], stderr=subprocess.PIPE)
    while not kaggle.logins:
        time.sleep(0.05)
    program.send_signal(signal.SIGHUP)
    time.sleep(0.3)

    assert program.poll() is None
    program.terminate()
    program.communicate(timeout=20)
