#!/usr/bin/env bash
# Runs the painter's tests; numpy and Pillow come from where they are, or with pip into .venv-painter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export PYTHONPATH=scripts OMP_NUM_THREADS=1
if ! python3 -c 'import numpy, PIL' 2>/dev/null; then
    export PYTHONPATH=scripts:.venv-painter
    if ! python3 -c 'import numpy, PIL' 2>/dev/null &&
        ! python3 -m pip install --quiet --target .venv-painter --requirement scripts/painter/requirements.txt; then
        echo "painter: skipped, since numpy and Pillow are neither here nor to be had" >&2
        exit 0
    fi
fi
exec python3 -m unittest discover --start-directory scripts/painter/tests --top-level-directory scripts
