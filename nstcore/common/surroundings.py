"""What libraries read unasked from their surroundings: pinned for programs, told to notebooks.

TensorFlow, Keras, NumPy, matplotlib, Pillow, h5py and Python itself look into environment variables
and into files of the home and the current folder. What of that can change a result or break a start
is named here, and nowhere else.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nstcore.common.errors import StudyError

PINNED: Mapping[str, str] = {
    # On a file system without locks HDF5 would open no file, and nothing here needs them: a file
    # appears whole, and is never written to again.
    "HDF5_USE_FILE_LOCKING": "FALSE",
    "KERAS_BACKEND": "tensorflow",
    # A notebook's is a module that other environments do not have.
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    # The folder that a study is run in may hold a numpy.py.
    "PYTHONSAFEPATH": "1",
    "PYTHONUTF8": "1",
    # TensorFlow sets it itself.
    "TF2_BEHAVIOR": "1",
}
"""Variables that every program runs with, whatever they were."""

# By what begins with these, libraries compute otherwise, miss what they need, or do not start.
_READ = re.compile(
    r"(TF_|TF2_|TENSORFLOW_|XLA_|KERAS_|AUTOGRAPH_|ONEDNN_|DNNL_|MKL_|KMP_|BLIS_"
    r"|VECLIB_|NUMEXPR_|NPY_|NUMPY_|SCIPY_|SKIMAGE_|PANDAS_|MPL|MATPLOTLIB|PILLOW_|H5PY_|HDF5_"
    r"|PYDANTIC_|TQDM_|NVIDIA_TF32|CUDNN_|CUBLAS_|CUDA_CACHE|PYTHON|LIBJPEG|JSIMD_|OMP_)"
)
# Places, memory, what is said and how many threads (which Snakemake sets for a job) change nothing.
# Nor is OpenBLAS's processor touched, without which NumPy does not start on some: it is recorded.
_HARMLESS = re.compile(
    r"KERAS_HOME|MPLCONFIGDIR|MATPLOTLIBDATA|HDF5_PLUGIN_PATH"
    r"|TF_CLI_\w+|TF_VAR_\w+"  # Terraform's
    r"|TF_CPP_\w+|TF_FORCE_GPU_ALLOW_GROWTH|TF_GPU_ALLOCATOR|TF_GPU_THREAD_MODE|\w+_NUM_THREADS"
    r"|VECLIB_MAXIMUM_THREADS|PILLOW_(ALIGNMENT|BLOCK_SIZE|BLOCKS_MAX)|CUDA_CACHE_\w+"
    r"|PYTHON(PATH|HOME|UNBUFFERED|DONTWRITEBYTECODE|PYCACHEPREFIX|STARTUP|FAULTHANDLER)"
)

KERAS: Mapping[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
}
"""What `keras.json` in the home folder may say otherwise."""


def differences(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return the variables that are not as a program's should be, with what they should be.

    Args:
        environment: Variables by name, as `os.environ`.

    Returns:
        By name, the value; None where the variable should not be there.
    """
    unwanted = {
        name: None
        for name in environment
        if name not in PINNED and _READ.match(name) and not _HARMLESS.fullmatch(name)
    }
    wrong = {name: value for name, value in PINNED.items() if environment.get(name) != value}
    return {**unwanted, **wrong}


def pin() -> tuple[str, ...]:
    """Make the variables of this process what programs should have; its children inherit them.

    Returns:
        The names of those that said otherwise.
    """
    found = differences(os.environ)
    said = tuple(sorted(name for name in found if name in os.environ))
    for name, value in found.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    return said


def enter() -> None:
    """Begin a program anew, in the same process, where its variables are not as they should be.

    Many are read when Python starts or when a library is imported, so nothing may be imported
    before. Under Snakemake they are as they should be.
    """
    if differences(os.environ):
        pin()
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def tell(environment: Mapping[str, str]) -> str | None:
    """Say in a line which variables a notebook was started with that programs do without.

    Args:
        environment: Variables by name, as `os.environ`.
    """
    # Those with which Python starts are past, and a notebook draws and locks as it likes.
    found = [
        name
        for name in differences(environment)
        if name in environment and not name.startswith(("PYTHON", "MPL", "TQDM_", "HDF5_USE_"))
    ]
    if not found:
        return None
    return (
        f"{', '.join(sorted(found))} in the environment may change results; the workflow's "
        "programs run without: unset before Python starts to get the same"
    )


def check_keras_file() -> None:
    """Refuse a `keras.json` with which Keras does not start.

    Raises:
        StudyError: Names the file, the value and the mend.
    """
    path = keras_home() / "keras.json"
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return  # Keras passes over it, too.
    if not isinstance(values, dict):
        raise StudyError(f"{path}: not a JSON object; delete it")
    allowed: dict[str, Callable[[object], bool]] = {
        "floatx": lambda value: value in ("float16", "float32", "float64"),
        "epsilon": lambda value: isinstance(value, float),
        "image_data_format": lambda value: value in ("channels_last", "channels_first"),
    }
    for name, sound in allowed.items():
        if name in values and not sound(values[name]):
            raise StudyError(
                f"{path}: {name} is {values[name]!r}, with which Keras does not start; delete the "
                "file"
            )


def keras_home() -> Path:
    """Return the folder that Keras keeps its settings and downloads in."""
    return keras_homes()[0]


def keras_homes() -> tuple[Path, ...]:
    """Return the folders to look for Keras' downloads in; the first is the one to write to.

    Where the home folder cannot be written to, Keras itself uses one of the system's.
    """
    if given := os.environ.get("KERAS_HOME"):
        return (Path(given).expanduser(),)
    home, system = Path("~/.keras").expanduser(), Path("/tmp/.keras")  # noqa: S108
    writable = os.access(home if home.exists() else home.parent, os.W_OK)
    return (home, system) if writable else (system, home)


def pin_keras() -> None:
    """Let Keras compute as `KERAS` says, whatever `keras.json` in the home folder says."""
    from keras import config

    config.set_floatx(KERAS["floatx"])
    config.set_epsilon(KERAS["epsilon"])
    config.set_image_data_format(KERAS["image_data_format"])
    config.set_dtype_policy(KERAS["floatx"])


def check_keras() -> None:
    """Refuse a Keras that computes otherwise than results would claim.

    Raises:
        StudyError: Names the setting, and the call that mends it.
    """
    from keras import config

    settings = {name: getattr(config, name)() for name in KERAS}
    settings["dtype_policy"] = config.dtype_policy().name
    wanted = {**KERAS, "dtype_policy": KERAS["floatx"]}
    if config.backend() != PINNED["KERAS_BACKEND"]:
        raise StudyError(
            f"Keras' backend is {config.backend()}, and TensorFlow is needed; import nstcore first,"
            " or set KERAS_BACKEND=tensorflow before Python starts"
        )
    for name, value in settings.items():
        if value != wanted[name]:
            raise StudyError(
                f"Keras' {name} is {value!r} (of {keras_home() / 'keras.json'}, or set in this "
                f"process) and should be {wanted[name]!r}; call start_tensorflow of "
                f"nstcore.common.runtime, or keras.config.set_{name}({wanted[name]!r})"
            )
