"""No code of the project runs what it reads: what ruff's rules on security leave open."""

import ast
import re

import pytest
from conftest import ROOT

PROGRAMS = [
    path
    for folder in ("nstcore", "workflow_scripts", "benchmarks", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
RULES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]

# Of what runs a text or makes objects of one.
BUILTINS = {"eval", "exec", "__import__"}
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "code"}
CALLS = {
    *("yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load", "yaml.full_load_all"),
    *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
    *("pandas.read_pickle", "pd.read_pickle", "pd.eval", "tempfile.mktemp"),
    *("keras.config.enable_unsafe_deserialization", "tf.saved_model.load", "np.load"),
    *("logging.config.fileConfig", "ctypes.pydll.LoadLibrary"),
}
# By a keyword, and what it must not be; np.load needs its own to be said.
KEYWORDS = {"shell": True, "allow_pickle": True, "safe_mode": False}


def find(tree):
    """Yield the places in a program that run what they are given, and what they do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (
                (node.lineno, one.name) for one in node.names if one.name.split(".")[0] in MODULES
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield node.lineno, str(node.module)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            given = {
                keyword.arg: getattr(keyword.value, "value", keyword.value)
                for keyword in node.keywords
            }
            if name in BUILTINS or (name in CALLS and given.get("allow_pickle") is not False):
                yield node.lineno, name
            for keyword, value in given.items():
                if KEYWORDS.get(keyword) is value and value is not None:
                    yield node.lineno, f"{keyword}={value}"


ALLOWED = {
    # Of a file that the test itself wrote.
    "tests/judging/test_judge.py": {"np.load"},
    "tests/app/test_nst.py": {"np.load"},
}


def test_no_program_runs_what_it_reads():
    assert len(PROGRAMS) > 150
    found = [
        f"{name}:{line}: {what}"
        for path in PROGRAMS
        for name in [str(path.relative_to(ROOT))]
        for line, what in find(ast.parse(path.read_text("utf-8")))
        if what not in ALLOWED.get(name, set())
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "eval(x)",
        "import pickle",
        "from joblib import load",
        "np.load(p)",
        "np.load(p, allow_pickle=True)",
        "yaml.load(x, Loader=L)",
        "subprocess.run(x, shell=True)",
        "keras.models.load_model(p, safe_mode=False)",
    ],
)
def test_what_would_run_a_text_is_found(code):
    assert list(find(ast.parse(code)))


# Numbers, and names out of a list of the project's own (`wildcard_constraints`, a Literal).
HARMLESS = {
    *("threads", "params.threads", "params.seed", "params.heldout", "params.size"),
    *(
        "params.cores",
        "params.paintings",
        "params.kind",
        "STUDY.image_size",
        "STUDY.data.on_bad_image",
        "PER_JOB",
    ),
    *("wildcards.aggregation", "wildcards.optimizer", "wildcards.part"),
}
# Parts of commands that several rules share, looked through likewise.
SHARED = {"PAINT", "FETCHING"}


def test_values_reach_a_shell_quoted_alone():
    """What a rule's command is given of the config, the dataset or a wildcard."""
    commands = [
        block
        for path in RULES
        for _, block in re.findall(
            r"^( +)shell:\n((?:\1 {4}.*\n)+)", path.read_text("utf-8"), re.MULTILINE
        )
    ]
    assert len(commands) >= 20
    shared = [
        (name, text)
        for path in RULES
        for name, text in re.findall(
            rf"^({'|'.join(SHARED)}) = (.+?)\n(?=\n|\S)", path.read_text("utf-8"), re.M | re.S
        )
    ]
    assert {name for name, _ in shared} == SHARED
    commands += [text for _, text in shared]
    names = {
        name
        for command in commands
        for name in re.findall(r"\{([A-Za-z_.]+)\}", command.replace("{{", "{"))
    }
    assert names - SHARED <= HARMLESS
    assert len(names) > 5
