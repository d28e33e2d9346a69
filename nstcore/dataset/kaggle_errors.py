"""What the Kaggle client said before it failed, as a line with the mend."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nstcore.dataset.kaggle_login import NEW_TOKEN, SETTINGS_PAGE

OWN_COPY = "or use a copy of your own: data: {source: directory, path: ...} in the config"
_LONGEST = 400  # characters of the words of others

# The client tells a status only by its words: an answer in JSON even loses its number.
_SPACE = re.compile(r"\[Errno \d+\] (No space left on device|Disk quota exceeded)")
_FILE = re.compile(r"\[Errno \d+\] ([A-Z][^:'\[\]]+): '([^'\n]+)'")
_PROXY = re.compile(r"ProxyError|Tunnel connection failed")
_CERTIFICATE = re.compile(r"certificate verify failed:? ?([^(\n]*)", re.I)
_BUNDLE = re.compile(r"Could not find [^\n]*TLS [^\n]*path: ([^\n]*)|\[X509[^\n]*\]([^\n]*)")
_BUSY = re.compile(
    r"You have been rate limited|This is a problem on Kaggle's side"
    r"|^(429 Client|5\d\d Server) Error",
    re.M,
)
_STORAGE = re.compile(r"40[0-4] Client Error: [^\n]* for url: (?!\S*/v1/)")
_LOGIN = re.compile(
    r"required to call the Kaggle API|401 Client Error|Unauth(enticat|oriz)ed", re.I
)
_FORBIDDEN = re.compile(
    r"403 Client Error|\bForbidden|\bPermission .*denied|You don't have access", re.I
)
# What version 2.2.5 adds behind an empty line to the words of Kaggle or of its storage.
_HINT = re.compile(
    r"You don't have access to this|The resource was not found|You have been rate limited"
    r"|This is a problem on Kaggle's side|If this is unexpected"
)
_UNKNOWN = re.compile(r"404 Client Error|\bNot ?Found\b", re.I)
# Errors of Python over what the client was given: they come again however often it is asked.
_BREAKDOWN = re.compile(
    r"^(Attribute|Index|Key|Lookup|Name|Type|Value|Unicode\w*|Import|ModuleNotFound)Error\b"
)
_TRACEBACK = "Traceback (most recent call last)"

_NAME = re.compile(r"Failed to resolve '([^']*)'")
_UNREACHABLE = re.compile(r"(?:Network is|Network) (?:unreachable|is down)|No route to host", re.I)
_REFUSED = re.compile(r"Connection refused", re.I)
_TIMEOUT = re.compile(r"Connect\w*Timeout|Connection (?:to \S+ )?timed out|\[Errno 110\]")
_NO_JSON = re.compile(r"Expecting value: line 1 column 1 ")
_CONNECTION = re.compile(r"ConnectionPool|NewConnectionError|NameResolutionError")
_TUNNEL = re.compile(r"Tunnel connection failed: ([^'\")\n]*)")
_HOST = re.compile(r"(?:host=|Connection to )'?([\w.:-]+)'?(?:, port=(\d+))?")


def dataset_page(dataset: str) -> str:
    """Return the address of a dataset's page; `dataset` is "owner/slug/version"."""
    owner, slug, _ = dataset.split("/")
    return f"https://www.kaggle.com/datasets/{owner}/{slug}"


@dataclass(frozen=True)
class Failure:
    """A client that ended with an error."""

    dataset: str
    """owner/slug/version."""
    folder: str
    """Where it writes."""
    said: str
    """All that it said, without secrets."""
    started: bool
    """Whether a part of the archive is there."""
    credentials: Mapping[str, str]
    """What it could log in with, by place."""
    faults: Sequence[str] = ()
    """What is wrong with other places."""

    @property
    def line(self) -> str:
        """The line that tells most: the last, before the hint that may follow it."""
        *before, last = re.split(r"\n[ \t]*\n", self.said.strip())
        told = before[-1] if before and _HINT.match(last.strip()) else last
        lines = [line.strip() for line in told.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    @property
    def words(self) -> str:
        """That line, printable and not too long."""
        line = " ".join("".join(c if c.isprintable() else " " for c in self.line).split())
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."


def find_refusal(failure: Failure) -> str | None:
    """Say why another attempt cannot help; None where it may."""
    said, words, dataset = failure.said, failure.words, failure.dataset
    if local := _find_local(failure.folder, said) or _find_distrust(dataset, said):
        return local
    if _PROXY.search(said) or _BUSY.search(said):
        return None  # their 401, 403 or 407 is not Kaggle's
    if failure.started and _STORAGE.search(said):
        return None  # a signed address that has expired: another attempt gets a new one
    page, login = dataset_page(dataset), failure.credentials
    used = f"with the credentials of {next(iter(login))}" if login else "without credentials"
    wrong = f" ({'; '.join(failure.faults)})" if failure.faults else ""
    if _LOGIN.search(said) and login:
        return (
            f"{dataset}: Kaggle refused a login {used} (401); make a new token at {SETTINGS_PAGE} "
            f"to download {page}, {OWN_COPY}"
        )
    if _LOGIN.search(said):
        return (
            f"{dataset}: Kaggle asks for a login and there are no credentials (401){wrong}; "
            f"{NEW_TOKEN} to download {page}, {OWN_COPY}"
        )
    if _FORBIDDEN.search(said):
        return (
            f"{dataset}: Kaggle refused access {used} (403: {words}){wrong}; log in at {page} and "
            f"see whether it can be downloaded there, renew the token at {SETTINGS_PAGE}, "
            f"{OWN_COPY}"
        )
    if _UNKNOWN.search(said):
        return (
            f"{dataset}: Kaggle knows no such dataset or version (404: {words}){wrong}; compare "
            f"it with {page}, {OWN_COPY}"
        )
    if _TRACEBACK in said and _BREAKDOWN.match(words):
        return (
            f"{dataset}: the Kaggle client broke down {used} ({words}){wrong}; make a new token at "
            f"{SETTINGS_PAGE}, {OWN_COPY}"
        )
    return None


def find_network_fault(line: str) -> str | None:
    """Say in which way the network is not there, with the mend; None where it is."""
    if _NO_JSON.search(line):
        return (
            "no network: something answers in Kaggle's place, perhaps a page to log in to; open it"
        )
    if not _CONNECTION.search(line):
        return None
    hosts = _HOST.findall(line)
    proxied = _PROXY.search(line) is not None
    proxy = "mend HTTPS_PROXY" if proxied else "behind a proxy set HTTPS_PROXY"
    if tunnel := _TUNNEL.search(line):
        return f"no network: the proxy lets nothing through ({tunnel[1]}); {proxy}"
    # Of several the last is that which could not be reached, a proxy before its goal.
    where = ":".join(part for part in hosts[-1] if part) if hosts else "Kaggle"
    where = f"the proxy {where}" if proxied else where
    if name := _NAME.search(line):
        return f"no network: the name {name[1]} does not resolve; see to the network's DNS, {proxy}"
    if _UNREACHABLE.search(line):
        return f"no network: {where} cannot be reached from here; connect this machine"
    if _REFUSED.search(line):
        return f"no network: {where} refuses connections; see to the firewall, {proxy}"
    if _TIMEOUT.search(line):
        return f"no network: {where} does not answer; see to the firewall, {proxy}"
    return f"no network: {where} cannot be used; {proxy}" if proxied else None


def _find_local(folder: str, said: str) -> str | None:
    if space := _SPACE.search(said):
        return f"{folder}: {space[1]}, says the Kaggle client; make room, or set data.cache"
    if file := _FILE.search(said):
        return f"{file[2]}: {file[1]}, says the Kaggle client; make this path usable for it"
    return None


def _find_distrust(dataset: str, said: str) -> str | None:
    if bundle := _BUNDLE.search(said):
        path = (bundle[1] or bundle[2]).strip()
        return (
            f"{dataset}: no certificates to know Kaggle by ({path or 'the file is damaged'}); mend "
            "or unset REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE)"
        )
    if why := _CERTIFICATE.search(said):
        return (
            f"{dataset}: the server's certificate is not trusted ({why[1].strip() or 'TLS'}); "
            "behind a proxy that opens TLS name its certificate in REQUESTS_CA_BUNDLE; else see to "
            "this machine's clock"
        )
    return None
