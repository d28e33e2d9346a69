"""Numbers and settings as the report writes them."""

import math
from collections.abc import Mapping
from typing import Any

import yaml


def format_loss(loss: float) -> str:
    """Write a loss with four significant digits.

    Example:
        >>> format_loss(2.31744145)
        '2.317'
    """
    if math.isnan(loss):
        return "not a number"
    # "#" keeps trailing zeros, and a dot that may then stand at the end.
    return f"{loss:#.4g}".rstrip(".") if math.isfinite(loss) else "infinite"


def format_score(score: float) -> str:
    """Write a score with three significant digits, at most three of them behind the point; no -0.

    Example:
        >>> format_score(0.61803), format_score(-12.3456)
        ('0.618', '-12.3')
    """
    if not math.isfinite(score):
        return "unknown"
    if abs(score) >= 999.5:
        return f"{score:.0f}"
    text = f"{score:.3f}" if abs(score) < 1 else f"{score:#.3g}".rstrip(".")
    return text.lstrip("-") if float(text) == 0 else text


def format_scale(score: float) -> str:
    """Write a place on a scale like a score; where there is no scale, say so.

    Example:
        >>> format_scale(-0.0001), format_scale(math.nan)
        ('0.000', 'no scale')
    """
    return format_score(score) if math.isfinite(score) else "no scale"


def format_count(count: int, noun: str) -> str:
    """Write how many there are of something.

    Example:
        >>> format_count(1, "pair"), format_count(30, "pair")
        ('1 pair', '30 pairs')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def format_bytes(count: int) -> str:
    """Write a size in the unit that leaves it above 1, of 1000 bytes, 1000 of these and so on.

    Example:
        >>> format_bytes(412_300_000), format_bytes(999)
        ('412 MB', '999 bytes')
    """
    if count < 1000:
        return format_count(count, "byte")
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        # What would be rounded to 1000 of the next smaller unit is one of this.
        if count >= size * 0.9995:
            value = count / size
            return f"{value:.0f} {unit}" if value >= 99.95 else f"{value:.1f} {unit}"
    return format_count(count, "byte")


def format_duration(seconds: float) -> str:
    """Write a duration in its two largest units.

    Example:
        >>> format_duration(3725)
        '1 h 2 min'
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def format_percent(fraction: float) -> str:
    """Write a fraction in percent.

    Example:
        >>> format_percent(0.001)
        '0.1 %'
    """
    return f"{100 * fraction:.4g} %"


def format_name(name: str) -> str:
    """Write the name of a setting or a column as words.

    Example:
        >>> format_name("total_loss")
        'total loss'
    """
    return name.replace("_", " ")


def format_yaml(values: Mapping[str, Any]) -> str:
    """Write plain values as YAML in their own order."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
