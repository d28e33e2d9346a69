"""A real Slurm cluster of one node, on this machine's loopback: its daemons, started by hand."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
from requirements import lacking

# Where Debian's programs look if no variable names another; Snakemake's executor takes all of
# Slurm's variables away.
_SYSTEM_WIDE = Path("/etc/slurm/slurm.conf")

_CONFIGURATION = """\
ClusterName=local
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
SlurmUser=root
SlurmdUser=root
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
JobRequeue=0
KillWait=2
MinJobAge=600
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """A running cluster, whose jobs are all of this machine's user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def queued(self, states: str = "PENDING,RUNNING,COMPLETING") -> dict[int, str]:
        """Return the rule of each job in one of these states, as its comment tells, by its id."""
        listed = self._ask("squeue", "--noheader", f"--states={states}", "--format=%i %k")
        pairs = (line.split(maxsplit=1) for line in listed.splitlines())
        return {int(number): comment for number, comment in pairs}

    def wait_for(self, rule: str, states: str = "RUNNING", seconds: float = 120) -> int:
        """Wait until a rule's job is in one of the states; return its id."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for number, comment in self.queued(states).items():
                if f"rule_{rule}" in comment:
                    return number
            time.sleep(0.2)
        raise TimeoutError(f"no job of {rule}: {self.queued()}")

    def about(self, number: int) -> dict[str, str]:
        """Return what Slurm knows of a job."""
        words = self._ask("scontrol", "show", "job", str(number)).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def all_jobs(self) -> list[dict[str, str]]:
        """Return what Slurm knows of each job that it has not forgotten yet, the oldest first."""
        listed = self._ask("squeue", "--noheader", "--states=all", "--format=%i")
        return [self.about(number) for number in sorted(map(int, listed.split()))]

    def cancel_all(self) -> None:
        """End whatever runs, and wait for it."""
        self._ask("scancel", "--user=root")
        while self.queued():
            time.sleep(0.2)

    def _ask(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout


@contextmanager
def started(folder: Path) -> Iterator[Slurm]:
    """Start a cluster, Debian's if need be installed by apt, and end it again.

    Without the rights for that the test is skipped; on CI it fails.

    Args:
        folder: For all that the daemons write; its path has to be short enough for a socket.
    """
    _install()
    if _SYSTEM_WIDE.exists() and not _SYSTEM_WIDE.is_symlink():
        lacking(f"{_SYSTEM_WIDE} is there: this machine belongs to a cluster")
    configuration = folder / "slurm.conf"
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    configuration.write_text(
        _CONFIGURATION.format(
            host=socket.gethostname().partition(".")[0],
            folder=folder,
            # As many small jobs as the tests run beside each other, whatever this machine has.
            cpus=max(4, os.cpu_count() or 1),
            memory=psutil.virtual_memory().total // 2**20 - 512,
        ),
        "utf-8",
    )
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    _SYSTEM_WIDE.parent.mkdir(exist_ok=True)
    _SYSTEM_WIDE.unlink(missing_ok=True)
    _SYSTEM_WIDE.symlink_to(configuration)
    names = {"key-file": key} | {
        name: folder / f"munge.{ending}"
        for name, ending in {"socket": "sock", "pid-file": "pid", "seed-file": "seed"}.items()
    }
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        daemons += [
            _start("munged", "--foreground", "--force", *(f"--{n}={p}" for n, p in names.items())),
            _start("slurmctld", "-D", "-c", "-f", configuration),
            _start("slurmd", "-D", "-c", "-f", configuration),
        ]
        _wait_until_idle(folder)
        yield Slurm(folder)
    finally:
        # A configuration that names a daemon which is gone costs every program ten seconds.
        _SYSTEM_WIDE.unlink(missing_ok=True)
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(timeout=60)


def _install() -> None:
    programs = ("sbatch", "slurmctld", "slurmd", "munged")
    if all(map(shutil.which, programs)):
        return
    reason = "no Slurm, and no rights to install it with apt-get"
    if shutil.which("apt-get") and os.geteuid() == 0:
        packages = ("install", "--yes", "--no-install-recommends", "slurm-wlm", "munge")
        for words in (("update",), packages):
            done = subprocess.run(
                ["apt-get", *words],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                check=False,
            )
            reason = f"no Slurm; apt-get {words[0]}: {done.stderr.strip()[-200:]}"
    if not all(map(shutil.which, programs)):
        lacking(reason)


def _start(*command: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_until_idle(folder: Path) -> None:
    words: Sequence[str] = ("sinfo", "--noheader", "--format=%T")
    for _ in range(150):
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        if said.strip() == "idle":
            return
        time.sleep(0.2)
    logs = "\n".join(path.read_text("utf-8")[-500:] for path in sorted(folder.glob("*.log")))
    raise RuntimeError(f"Slurm does not come up: {logs}")
