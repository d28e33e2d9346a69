"""The machine that something was computed on, and what its programs say."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import psutil

INSTRUCTIONS = ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd")
"""By which TensorFlow and NumPy choose their code, and with it how sums are rounded."""


def processor() -> str:
    """Return what the processor is called."""
    # py-cpuinfo takes a second for the same line, at every start of the workflow.
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def instructions() -> tuple[str, ...]:
    """Return the instruction sets among `INSTRUCTIONS` that the processor has.

    Where OpenBLAS is told to take it for another one (`OPENBLAS_CORETYPE`), that too.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return ()
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "").split()
    told = os.environ.get("OPENBLAS_CORETYPE")
    taken = (f"OpenBLAS: {told}",) if told else ()
    return (*(name for name in INSTRUCTIONS if name in flags), *taken)


def multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16, without which it is slower than float32.

    Measured with VGG: 1.6 to 2.4 times as fast with them (docs/performance.md, docs/own-photo.md).
    """
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(instructions())


def memory() -> float:
    """Return the memory in GB of 10^9 bytes."""
    return round(psutil.virtual_memory().total / 1e9, 1)


def gpus() -> tuple[str, ...]:
    """Return what the GPUs by NVIDIA are called; nothing where their program is not there."""
    listed = ask("nvidia-smi", "--query-gpu=name", "--format=csv,noheader") or ""
    return tuple(line.strip() for line in listed.splitlines() if line.strip())


def system() -> str:
    """Return the operating system and its version."""
    return f"{platform.system()} {platform.release()}"


def ask(program: str, *arguments: str) -> str | None:
    """Return what a program prints; None where it is not there or fails."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
