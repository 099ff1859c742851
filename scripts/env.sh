#!/usr/bin/env bash
# Find Python 3.11 or later and hand over to env.py: `scripts/env.sh python app|dev|train` prints the environment's Python.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
usable='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'
for candidate in ${TASTEMAKER_PYTHON:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
    if "$candidate" -c "$usable" >/dev/null 2>&1; then
        exec "$candidate" "$here/env.py" "$@"
    fi
done
echo "error: no Python 3.11 or later with venv was found; install one, or name it in TASTEMAKER_PYTHON" >&2
exit 1
