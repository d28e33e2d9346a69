"""A finished study as an RO-Crate: one zip archive that tells what it holds, and can be verified.

It is a Workflow RO-Crate (https://w3id.org/workflowhub/workflow-ro-crate): the workflow and its
locks, the run as a `CreateAction`, and the study's results, each with its SHA-256 and size. A
manifest in the form of `sha256sum` lies beside the description, so that coreutils alone can compare
the files.
"""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nstcore.common.errors import DataError
from nstcore.common.files import atomic_write, sha256
from nstcore.common.hints import first_few
from nstcore.common.versions import CONFIG_VERSION
from nstcore.images.io import read_image, read_text, save_png
from nstcore.report.bundle import add_file
from nstcore.report.concealed import Paths, conceal
from nstcore.report.exports import write_selected
from nstcore.report.verify import MANIFEST, METADATA
from nstcore.study.config import Study
from nstcore.study.journal import Setting
from nstcore.study.results import Results, read_results

_VERSION = "1.1"
_SHA256 = "https://w3id.org/ro/terms/workflow-run#sha256"
# Those of any study, for those who read the description.
_FORMATS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".tsv": "text/tab-separated-values",
}
# Of the project: what ran, and all that was installed for it.
_CODE = ("Snakefile", "rules/*.smk", "requirements*.lock", "LICENSE", "CITATION.cff")
_NAMES = {
    "config.json": "the whole config, with all defaults",
    "runs.json": "commits, machines and options of the runs",
    "selection.csv": "the pictures that are used, with their SHA-256",
    "selection.json": "what is to be known of the selection",
    "choices.csv": "the optimizer and the epochs of each model",
    "scores.csv": "what every judge says of each picture",
    "findings.json": "all comparisons and answers",
    "pareto.svg": "content kept against style reached",
    "report.html": "the report",
}


@dataclass(frozen=True)
class Crate:
    """What went into the archive."""

    files: int
    bytes: int
    """Of the archive."""
    sha256: str
    """Likewise."""


def write_crate(study_dir: Path, root: Path, output: Path) -> Crate:
    """Write a finished study as an RO-Crate; same files, same bytes.

    The study's folder stays as it is: in the crate, absolute paths are shortened to names (see
    `concealed.conceal`), in tables as in what pictures carry along. Networks, targets, prepared
    pictures and logs are left out: they are large, others' own, or tell of the machine.

    Args:
        study_dir: `results/<study>`.
        root: The project's folder.
        output: The archive.

    Raises:
        DataError: The study is not finished, or a file of it is damaged.
    """
    study_dir, output = Path(study_dir), Path(output)
    results = read_results(study_dir)
    if results.missing:
        raise DataError(
            f"{study_dir}: an unfinished study ({first_few(results.missing, 2)} missing); a "
            "crate is made of a finished one"
        )
    code = {
        f"workflow/{path.relative_to(root).as_posix()}": path
        for pattern in _CODE
        for path in sorted(root.glob(pattern))
    }
    files = {f"study/{name}": study_dir / name for name in _list_files(results.config, study_dir)}
    entries: list[_Entry] = []
    with (
        tempfile.TemporaryDirectory() as scratch,
        atomic_write(output) as draft,
        zipfile.ZipFile(draft, "w") as archive,
    ):

        def add(name: str, file: Path) -> None:
            add_file(archive, name, file)
            entries.append(_Entry(name, sha256(file), file.stat().st_size))

        for name, path in code.items():
            add(name, path)
        for name, path in files.items():
            add(name, _conceal(path, Path(scratch, f"copy{path.suffix}"), results))
        described = Path(scratch, METADATA)
        described.write_text(_write_metadata(conceal(results), entries), "utf-8", newline="")
        add(METADATA, described)
        manifest = Path(scratch, MANIFEST)
        manifest.write_text("".join(f"{one.sha256}  {one.name}\n" for one in entries), "utf-8")
        add(MANIFEST, manifest)
    return Crate(len(entries), output.stat().st_size, sha256(output))


@dataclass(frozen=True)
class _Entry:
    name: str
    sha256: str
    size: int


def _list_files(study: Study, folder: Path) -> Iterator[str]:
    """Yield a study's results, of its own models alone: a folder may hold those of others."""
    names = list(_NAMES)
    names += [f"backbones/{name}.json" for name in study.files]
    for name in study.backbones:
        names += [f"loss_weights/{name}.json", f"pairs/{name}.csv"]
    for backbone, aggregation in study.models:
        model = f"{backbone}/{aggregation}"
        names.append(f"choices/{model}.csv")
        names += [f"training/{model}/{optimizer}.csv" for optimizer in study.optimizers]
        for style in study.styles.each():
            pictures = sorted((folder / "stylized" / model / style.name).glob("*.png"))
            # Drafts of a run that was killed begin with a dot.
            names += [
                path.relative_to(folder).as_posix() for path in pictures if path.name[0] != "."
            ]
    # What a study has no use for, such as scores without a judge, is no file.
    yield from (name for name in names if (folder / name).is_file())


def _conceal(path: Path, copy: Path, results: Results) -> Path:
    """Return a file, or a copy of it that names no folder of the machine."""
    paths = Paths(results)
    if path.suffix == ".png":
        texts = {key: json.loads(text) for key, text in read_text(path).items()}
        abouts = paths.values(texts)
        if abouts == texts:
            return path
        told = {key: json.dumps(about) for key, about in abouts.items()}
        save_png(read_image(path), copy, told)
        return copy
    # The page has been made so already.
    if path.suffix == ".html":
        return path
    text = path.read_text("utf-8")
    if path.name in _WRITERS:
        concealed = _WRITERS[path.name](conceal(results))
    elif path.suffix == ".json":
        values = json.loads(text)
        shortened = paths.values({"": values})[""]
        concealed = text if shortened == values else _to_json(shortened)
    else:
        concealed = paths.text(text)
    copy.write_text(concealed, "utf-8", newline="")
    return copy


def _to_json(values: Any) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


# Of what more than absolute paths tells of a machine.
_WRITERS: dict[str, Callable[[Results], str]] = {
    "config.json": lambda results: _to_json(
        {"config_version": CONFIG_VERSION, "config": results.config.recorded()}
    ),
    "runs.json": lambda results: _to_json([asdict(one) for one in results.settings]),
    "selection.csv": write_selected,
    "selection.json": lambda results: _to_json(asdict(results.notes)) if results.notes else "",
}


def _write_metadata(results: Results, entries: Iterable[_Entry]) -> str:
    # Late: it brings an HTTP client along, which is not used.
    from rocrate.rocrate import ROCrate

    study, settings = results.config, results.settings
    crate = ROCrate(version=_VERSION)
    crate.metadata.extra_terms["sha256"] = _SHA256
    crate.name = f"Study {study.study}: neural style transfer by artist aggregation"
    crate.description = (
        f"{len(study.models)} models ({len(study.backbones)} backbones), "
        f"{len(results.styles)} styles, {len(list(results.painted))} stylised pictures, with the "
        "config, the selection, training histories, choices, scores and findings."
    )
    crate.license = (
        "The workflow is under the MIT License (workflow/LICENSE). Pictures are made of the "
        "paintings and photographs that study/selection.csv names, whose licences have a say."
    )
    dates = sorted(setting.date for setting in settings if setting.date)
    # Never the hour of packing: the same study gives the same bytes.
    crate.root_dataset["datePublished"] = _iso(dates[-1]) if dates else "1980-01-01"
    files: dict[str, Any] = {}
    for entry in entries:
        about = {"sha256": entry.sha256, "contentSize": str(entry.size)}
        path = Path(entry.name)
        if path.suffix in _FORMATS:
            about["encodingFormat"] = _FORMATS[path.suffix]
        about["name"] = _NAMES.get(path.name, path.name)
        if entry.name == "workflow/Snakefile":
            language = settings[-1].snakemake if settings else None
            files[entry.name] = crate.add_workflow(
                dest_path=entry.name,
                properties=about,
                main=True,
                lang="snakemake",
                lang_version=language,
            )
        else:
            files[entry.name] = crate.add_file(dest_path=entry.name, properties=about)
    if settings:
        _add_run(crate, study.study, settings, files)
    return json.dumps(crate.metadata.generate(), indent=1, sort_keys=True, ensure_ascii=False)


def _add_run(crate: Any, study: str, settings: Sequence[Setting], files: Mapping[str, Any]) -> None:
    """Tell what ran, when and where, of what, and what came of it."""
    from rocrate.model.contextentity import ContextEntity

    commits = list(dict.fromkeys(one.commit for one in settings if one.commit))
    changed = sorted({name for one in settings for name in one.changed})
    told = [f"commits {', '.join(commits) or 'unknown'}"]
    told += [f"changed beside them: {', '.join(changed)}"] if changed else []
    told += dict.fromkeys(
        f"on {one.processor}, {one.cores} cores, {one.system}, Python {one.python}, "
        f"Snakemake {one.snakemake}"
        for one in settings
    )
    about = {
        "@type": "CreateAction",
        "name": f"Run of study {study}",
        "description": "; ".join(told),
    }
    dates = sorted(one.date for one in settings if one.date)
    about |= {"startTime": _iso(dates[0])} if dates else {}
    run = ContextEntity(crate, "#run", properties=about)
    workflow = files["workflow/Snakefile"]
    workflow["version"] = commits[-1] if commits else "unknown"
    run["instrument"] = workflow
    run["object"] = files["study/config.json"]
    run["result"] = [file for name, file in files.items() if name.startswith("study/")]
    crate.add(run)
    crate.root_dataset["mentions"] = run


def _iso(date: str) -> str:
    return f"{date.replace(' ', 'T')}:00Z"
