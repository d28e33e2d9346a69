"""Keep the config that a study's results belong to."""

import argparse
import json
from pathlib import Path

from nstcore.config import Study, to_record
from nstcore.files import whole
from nstcore.program import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, help="the study's config as JSON")
    parser.add_argument("--output", required=True, type=Path, help="config.json")
    args = parser.parse_args()
    record = to_record(Study.from_config(json.loads(args.config)))
    with whole(args.output) as draft:
        draft.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    run(main)
