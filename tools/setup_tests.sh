#!/usr/bin/env bash
# Installs what only the tests need and is missing: PostgreSQL's server from Debian, and a Python
# environment in .cache/venv with tests/services/requirements.txt. Does nothing, quickly, when all is
# there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(postgresql-15 python3-venv)
missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  sudo=""
  if [ "$(id -u)" != 0 ]; then sudo="sudo"; fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

venv=.cache/venv
if ! cmp -s tests/services/requirements.txt "$venv/installed.txt"; then
  echo "setup: installing the test servers' Python packages"
  rm -rf "$venv"
  mkdir -p .cache
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/services/requirements.txt
  cp tests/services/requirements.txt "$venv/installed.txt"
fi
