#!/usr/bin/env bash
# Build the wheel, install it into a fresh environment and use it there, away from the checkout: check_wheel.sh WORKFOLDER
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=$(cd "$1" && pwd -P)
dev=$("$root/scripts/env.sh" python dev)
base=$("$dev" -c 'import sys; print(sys._base_executable)')

git -C "$root" rev-parse --short HEAD 2>/dev/null || true
"$dev" -m build --no-isolation --outdir "$work/dist" "$root" > "$work/build.log" 2>&1 || { tail -20 "$work/build.log"; exit 1; }
"$base" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    -c "$root/scripts/locks/app.lock" "$work"/dist/*.whl > "$work/pip.log" 2>&1 || { tail -20 "$work/pip.log"; exit 1; }
echo "installed $(basename "$work"/dist/*.whl)"

unset PYTHONPATH
export TASTEMAKER_HOME=$work/home
cd "$work"
data=$("$work/venv/bin/python" -c 'from importlib.resources import files; print(files("tastemaker.api.demo") / "data")')

"$work/venv/bin/tastemaker" setup --no-llm
"$work/venv/bin/tastemaker" doctor
"$work/venv/bin/tastemaker" ingest "$data/catalogue.csv" --interactions "$data/interactions.csv" --media "$data"
"$work/venv/bin/tastemaker" recommend --user sim-ada --text "a dog outdoors, under 40 euros" \
    --image "$data/request/photo.jpg" --audio "$data/voice/voice-animals.ogg" --n 3 --no-words --json > "$work/answer.json"
"$work/venv/bin/python" - "$work/answer.json" <<'PYTHON'
import json
import sys

answer = json.load(open(sys.argv[1], encoding="utf-8"))
prices = [item["attributes"]["price"] for item in answer["items"]]
kinds = {evidence["kind"] for evidence in answer["evidence"]}
assert prices and max(prices) < 40, prices
assert {"caption", "transcript"} <= kinds, kinds
print("recommended:", "; ".join(item["title"] for item in answer["items"]))
PYTHON
