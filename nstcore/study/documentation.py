"""What the config takes, written down from its sections: the JSON schema and the page in docs/.

    python -m nstcore.study.documentation

writes both anew (`make docs`); a test compares them with what the sections say.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from nstcore.common.files import atomic_write
from nstcore.dataset.source import Data, DownloadPatience
from nstcore.judging.options import Judge
from nstcore.losses.aggregation import AGGREGATIONS
from nstcore.losses.objective import Loss
from nstcore.painting.optimizers import DEFAULTS, OPTIMIZERS
from nstcore.painting.schedule import Compute, Training
from nstcore.selection.styles import Contents, Styles, StyleSet
from nstcore.study.config import Backbone, Study

ROOT = Path(__file__).parents[2]
SCHEMA = Path("config/schema.json")
PAGE = Path("docs/configuration.md")

_INTRODUCTION = """\
# Configuration

<!-- Made by `make docs` from the sections of the config; edit those. -->

A config is a YAML file; [config.yaml](../config.yaml) is the full study's, and
`snakemake --cores all --configfile mine.yaml` runs another one. Every key but `study`, `data`,
`styles`, `contents` and `backbones` has a default. A wrong key or value ends the run before
anything is computed, with one line per mistake that says what is allowed. Editors that know YAML
check a config while it is written if its first line is

    # yaml-language-server: $schema=config/schema.json

On the command line, values are laid over those of the file, or of config.yaml where no file is
named: `--config seed=3 'training={"max_epochs": 50}'`. What is to be made comes before them, since
Snakemake takes all that follows `--configfile` for configs:

    snakemake results/mine/report.html --cores all --configfile mine.yaml

The file is UTF-8. Snakemake reads YAML 1.1, where `0123` is 83, `1:30` is 90, `no` is False and of
a key that is there twice the last counts; such values are refused, each with its line.
"""


def schema() -> str:
    """Return the config's JSON schema (draft 2020-12)."""
    values = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Study.model_json_schema(),
        "title": "A study of the Artist Aggregation Technique",
    }
    return json.dumps(_plain(values), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """Return docs/configuration.md."""
    return "\n".join([_INTRODUCTION, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    yield "## The study\n\n" + _table(Study)
    for key, section in (
        ("data", Data),
        ("data.patience", DownloadPatience),
        ("styles", Styles),
        ("styles.sets.<name>", StyleSet),
        ("contents", Contents),
        ("backbones.<name>", Backbone),
        ("loss", Loss),
        ("judge", Judge),
    ):
        yield f"## `{key}`\n\n{_text(section.__doc__)}\n\n{_table(section)}"
    yield "## `aggregations`\n\n" + _registry(
        ("aggregation", "formula", "in words"),
        (
            (name, f"`{kind_of_mean.formula}`", f"{kind_of_mean.description}: {kind_of_mean.pull}")
            for name, kind_of_mean in AGGREGATIONS.items()
        ),
    )
    yield (
        "## `optimizers`\n\nSettings by name; without this section "
        f"{', '.join(DEFAULTS)}, each with its defaults.\n"
    )
    for name, kind in OPTIMIZERS.items():
        yield f"### `optimizers.{name}`\n\n{_text(kind.__doc__)}\n\n{_table(kind)}"
    for key, other in (("training", Training), ("compute", Compute)):
        yield f"## `{key}`\n\n{_text(other.__doc__)}\n\n{_table(other)}"


def _table(section: type[BaseModel]) -> str:
    described = section.model_json_schema()
    definitions = described.get("$defs", {})
    rows = []
    for name, field in section.model_fields.items():
        needed = field.is_required()
        default = "**needed**" if needed else _default(field.get_default(call_default_factory=True))
        rows.append(
            (
                f"`{name}`",
                _kind(described["properties"][name], definitions),
                default,
                _text(field.description) or _text(getattr(field.annotation, "__doc__", "")),
            )
        )
    return _registry(("key", "takes", "default", "meaning"), rows)


def _registry(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(
        "| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |\n" for cells in lines
    )


def _text(text: str | None) -> str:
    """Return a docstring's paragraphs, each in a line; without what it says to programmers."""
    own = (text or "").partition("\n\nRaises:")[0].partition("\n    Raises:")[0]
    paragraphs = (" ".join(part.split()) for part in own.split("\n\n"))
    return "\n\n".join(part for part in paragraphs if part)


def _default(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return "none"
    if isinstance(value, BaseModel | dict):
        return "see below"
    if isinstance(value, tuple):
        return "all" if value == tuple(AGGREGATIONS) else ", ".join(f"`{name}`" for name in value)
    if isinstance(value, float):
        return f"`{_number(value)}`"
    return f"`{value}`" if value != "" else "empty"


def _kind(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Say in a few words what values a schema allows."""
    if "$ref" in field:
        named = definitions.get(field["$ref"].rpartition("/")[2], {})
        return _kind(named, definitions) if "anyOf" in named else "a section"
    options = [option for option in field.get("anyOf", ()) if option.get("type") != "null"]
    if options:
        return " or ".join(_kind(option, definitions) for option in options)
    if "enum" in field:
        return ", ".join(f"`{option}`" for option in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    match field.get("type"):
        case "integer":
            return f"a whole number{_range(field)}"
        case "number":
            return f"a number{_range(field)}"
        case "array":
            return f"a list of {_plural(_kind(field['items'], definitions))}"
        case "object":
            return "sections by name" if _holds_sections(field) else "numbers by name"
        case _:
            return "a text"


def _range(field: Mapping[str, Any]) -> str:
    words = [
        f"{word} {_number(field[key])}"
        for key, word in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        )
        if key in field
    ]
    return f" {' '.join(words)}" if words else ""


def _number(value: float) -> str:
    """Write a number as YAML reads it, which takes 1e-08 for a text."""
    if isinstance(value, int):
        return str(value)
    digits, e, power = f"{value:g}".partition("e")
    digits += ".0" if e and "." not in digits else ""
    return f"{digits}e{int(power):+}" if e else digits


def _plural(kind: str) -> str:
    return {"a text": "texts", "a section": "sections"}.get(kind, kind)


def _holds_sections(field: Mapping[str, Any]) -> bool:
    inner = [field.get("additionalProperties"), *field.get("patternProperties", {}).values()]
    listed = list(field.get("properties", {}).values())
    return any(
        isinstance(kind, dict) and ("$ref" in kind or kind in listed) for kind in inner + listed
    )


def _plain(value: Any) -> Any:
    """Join the lines of descriptions, and leave out the titles that say the keys again."""
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: inner for key, inner in value.items() if key != "title" or not isinstance(inner, str)
    }
    if isinstance(text := kept.get("description"), str):
        kept["description"] = " ".join(_text(text).split())
    title = {"title": value["title"]} if "$schema" in value else {}
    return {**title, **{key: _plain(inner) for key, inner in kept.items()}}


def main() -> None:
    """Write the schema and the page."""
    for path, text in ((SCHEMA, schema()), (PAGE, page())):
        with atomic_write(ROOT / path) as draft:
            draft.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
