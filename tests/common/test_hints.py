"""What error lines show of a stranger's text, and what they do not."""

import pytest

from nstcore.common.errors import ConfigError
from nstcore.common.hints import printable, show
from nstcore.dataset.source import Data

PASSWORD = "p@ss/word"  # noqa: S105 (of nothing)


@pytest.mark.parametrize(
    "address",
    [
        f"https://me:{PASSWORD}@host.invalid/art.zip",
        f"ftp://{PASSWORD}@host.invalid",
        # Cut behind the password, had it been cut first.
        f"https://me:{PASSWORD}{'x' * 100}@host.invalid",
    ],
)
def test_a_login_in_an_address_is_not_shown(address):
    shown = show(address)
    assert "://***@host.invalid" in shown
    for part in ("p@ss", "word", "me:"):
        assert part not in shown
    for key, source in (("dataset", "kaggle"), ("path", "directory")):
        with pytest.raises(ConfigError) as error:
            Data.read({"source": source, key: address}, "data")
        assert "word" not in str(error.value)


def test_what_is_no_login_is_shown():
    assert show("https://host.invalid/a") == "'https://host.invalid/a'"
    assert show("me@host.invalid") == "'me@host.invalid'"


def test_signs_that_a_terminal_would_obey_are_written_out():
    assert printable("a\x1b[2J\n\u202eb é 日本") == r"a\x1b[2J\n\u202eb é 日本"
