#!/usr/bin/env bash
# Installs what only the tests need and is missing: PostgreSQL's server and Java from Debian, and a
# Python environment in .cache/venv with tests/services/requirements.txt. Does nothing, quickly, when all is
# there.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_packages.sh postgresql-15 python3-venv openjdk-17-jre-headless

venv=.cache/venv
if ! cmp -s tests/services/requirements.txt "$venv/installed.txt"; then
  echo "setup: installing the test servers' Python packages"
  rm -rf "$venv"
  mkdir -p .cache
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/services/requirements.txt
  cp tests/services/requirements.txt "$venv/installed.txt"
fi
