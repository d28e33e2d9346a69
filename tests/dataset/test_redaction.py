"""Secrets are hidden however others spell them."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nstcore.dataset.redaction import redact

SECRET = 'tok/en+with"odd&signs ~1234'  # noqa: S105


@pytest.mark.parametrize(
    ("text", "desired"),
    [
        ("the key k-1234 is wrong", "the key [hidden] is wrong"),
        ("Authorization: Basic c29tZW9uZTpr", "Authorization: [hidden]"),
        ("{'Authorization': 'Bearer abc'}", "{'Authorization': '[hidden]"),
        ("sent Bearer abcdefgh12 there", "sent Bearer [hidden] there"),
        ("sent Bearer%20abcdefgh12 there", "sent Bearer [hidden] there"),
        ('{"username": "someone", "key": "other"}', '{"username": "someone", "key": "[hidden]"}'),
        ("no such token: KGAT_0123456789", "no such token: [hidden]"),
        (
            "for url: https://a.org/b.zip?X-Sig=12&e=3 (x)",
            "for url: https://a.org/b.zip?[hidden] (x)",
        ),
        ("with url: /b.zip?X-Sig=12", "with url: /b.zip?[hidden]"),
        ("http://someone:word@proxy:3128/", "http://[hidden]@proxy:3128/"),
        ("404 Client Error: Not Found", "404 Client Error: Not Found"),
    ],
)
def test_secrets_are_hidden_and_the_rest_is_kept(text: str, desired: str) -> None:
    assert redact(text, ["k-1234"]) == desired


SPELLINGS = {
    "as it is": SECRET,
    "upper case": SECRET.upper(),
    "percent": quote(SECRET, safe=""),
    "percent, slash kept": quote(SECRET),
    "percent, plus for space": quote_plus(SECRET),
    "percent, lower case": quote(SECRET, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "percent, mixed case": quote(SECRET, safe="").replace("%2F", "%2f"),
    "percent twice": quote(quote(SECRET, safe=""), safe=""),
    "percent all": "".join(f"%{ord(c):02x}" for c in SECRET),
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON in JSON": json.dumps(json.dumps(SECRET))[3:-3],
    "JSON, slash escaped": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "JSON, all escaped": "".join(f"\\u{ord(c):04X}" for c in SECRET),
    "HTML": html.escape(SECRET),
    "repr": repr(SECRET + "'")[1:-3],
    "hexadecimal": SECRET.encode().hex(),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "Basic": base64.b64encode(f"someone:{SECRET}".encode()).decode(),
    "Basic, percent": quote(base64.b64encode(f"someon:{SECRET}".encode()).decode(), safe=""),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_known_in_every_spelling(spelling: str) -> None:
    hidden = redact(f"login with {spelling}, refused", [SECRET])

    assert hidden == "login with [hidden], refused"


def test_a_secret_is_known_by_its_beginning() -> None:
    secret = "credential0123456789abcd"  # noqa: S105

    assert redact("token credential01234... refused", [secret]) == "token [hidden] refused"
    assert redact("in credentials.json", [secret]) == "in credentials.json"


@pytest.mark.parametrize("secret", ["0000000%", "0000000&", "0000000\\", '0000000"'])
def test_a_secret_that_ends_in_a_sign_of_escapes_is_known_to_its_end(secret: str) -> None:
    for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret)):
        assert redact(f"<{spelling}>", [secret]) == "<[hidden]>"


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=80),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.text(st.characters(codec="utf-8"), max_size=5),
)
def test_no_secret_is_left_in_base64_percent_or_json(secret: str, before: str, after: str) -> None:
    base = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    for spelling in (base, quote(base, safe=""), quote(secret, safe=""), json.dumps(secret)[1:-1]):
        assert redact(f"<{spelling}>", [secret]) == "<[hidden]>"
