"""Say what a study will take on this machine: jobs, steps, hours, memory, disk."""

import argparse
import time
from functools import partial

import psutil

from nstcore.common.program import run
from nstcore.study.config import Study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Study.from_json, help="its config, JSON")
    parser.add_argument("--cores", default=1, type=int, help="that the study may use")
    args = parser.parse_args()

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.study.compute.threads)

    from nstcore.study.estimate import describe, time_step

    start = time.time() - psutil.Process().create_time()
    seconds = {name: time_step(args.study, name) for name in args.study.backbones}
    say = partial(print, flush=True)
    for line in describe(args.study, seconds, start, args.cores):
        say(line)


if __name__ == "__main__":
    run(main)
