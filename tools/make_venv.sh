#!/usr/bin/env bash
# Makes a virtual environment with pip in it. Debian's python3 comes without ensurepip, which is in
# the package python3-venv: it is installed where we may, and named where we may not.
set -euo pipefail
venv=$1
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "AstroData Lab needs Python 3.11 or newer; $("$python" --version) is what '$python' gives." >&2
  echo "Name another one: make lab PYTHON=python3.12" >&2
  exit 1
}
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  bash "$(dirname "$0")/apt_install.sh" python3-venv || {
    echo "This Python cannot make virtual environments: install the package python3-venv." >&2
    exit 1
  }
fi
"$python" -m venv "$venv"
