"""What `snakemake` is called with, looked at before Snakemake reads a config file itself.

The project's profile calls this, since the Snakefile comes too late: a config file that cannot be
read, or a result that follows --configfile and so passes for one, ends in Snakemake's own words.
"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from nstcore.common.errors import ConfigError
from nstcore.study.config_file import find_mistakes

_FILES, _VALUES = ("--configfile", "--configfiles"), ("--config", "-C")
_ENDINGS = {".yaml", ".yml", ".json"}


def check_command_line(words: Sequence[str]) -> None:
    """Check what follows --configfile and --config.

    Args:
        words: The command line, without the name of the program.

    Raises:
        ConfigError: A line per mistake.
    """
    uses = {options[0]: _uses(words, options) for options in (_FILES, _VALUES)}
    lines = [
        f"{option} is given {len(found)} times, and the last alone counts; name all after one"
        for option, found in uses.items()
        if len(found) > 1
    ]
    files, values = ([word for use in found for word in use] for found in uses.values())
    swallowed = [word for use in uses["--configfile"] for word in use[1:] if _is_target(word)]
    swallowed += [word for word in values if "=" not in word]
    lines += [line for file in files if file not in swallowed for line in find_mistakes(file)]
    if swallowed:
        others = list(words)
        for word in swallowed:
            others.remove(word)
        right = shlex.join(["snakemake", *swallowed, *others])
        lines.append(
            f"{', '.join(swallowed[:3])}: taken for a config, since it follows --configfile or "
            f"--config; name it before them: {right}"
        )
    keys = [word.partition("=")[0] for word in values if "=" in word]
    lines += [
        f"--config: {key} is given twice; leave one"
        for key in dict.fromkeys(keys)
        if keys.count(key) > 1
    ]
    if lines:
        raise ConfigError(*lines)


def check_folders(words: Sequence[str]) -> None:
    """See that Snakemake can write where it has to before it reads the workflow.

    Its cache is kept beside its records where the home folder cannot be written to.

    Args:
        words: The command line, without the name of the program.

    Raises:
        ConfigError: The folder that it runs in cannot be written to.
    """
    named = [word for use in _uses(words, ("--directory", "-d")) for word in use[:1]]
    records = Path(named[-1] if named else ".") / ".snakemake"
    try:
        records.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{records.absolute().parent}: Snakemake cannot keep its records there "
            f"({error.strerror}); name a folder that can be written to: --directory <folder>"
        ) from None
    try:
        given = os.environ.get("XDG_CACHE_HOME")
        cache = Path(given) if given else Path.home() / ".cache"
        (cache / "snakemake").mkdir(parents=True, exist_ok=True)
    # RuntimeError: there is no home folder.
    except (OSError, RuntimeError):
        os.environ["XDG_CACHE_HOME"] = str((records / "cache").absolute())


def _uses(words: Sequence[str], options: Sequence[str]) -> list[list[str]]:
    """Return what Snakemake takes for values at each use of an option: all up to the next one."""
    uses: list[list[str]] = []
    taking = False
    for word in words:
        name, given, value = word.partition("=")
        if word == "--":
            break
        if word.startswith("-") and len(word) > 1:
            taking = name in options and not given
            if name in options:
                uses.append([value] if given else [])
        elif taking:
            uses[-1].append(word)
    return uses


def _is_target(word: str) -> bool:
    """Whether a word that stands where a config file may stand is rather what is to be made."""
    if Path(word).parts[:1] == ("results",):
        return True
    return Path(word).suffix not in _ENDINGS and bool(find_mistakes(word))
