#!/usr/bin/env bash
# Installs what the build needs and is missing: Debian packages, and DuckDB 1.5.5 (the library from
# its npm package, the header from its PyPI source package, httpfs from its PyPI package) into
# .cache/duckdb. Does nothing, quickly, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_packages.sh make cmake ninja-build g++ pkg-config ccache python3-pip \
  libyaml-cpp-dev libfmt-dev libcli11-dev nlohmann-json3-dev libssl-dev libsimdjson-dev \
  libhowardhinnant-date-dev zlib1g-dev libzstd-dev libgtest-dev libpq-dev tzdata \
  clang libclang-rt-dev clang-format

target=.cache/duckdb
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# S3 needs DuckDB's httpfs extension, whose signed file is in a PyPI package of the same version.
if [ ! -f "$target/httpfs.duckdb_extension" ]; then
  echo "setup: fetching DuckDB's httpfs extension"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$scratch" \
    duckdb-extension-httpfs==1.5.5
  mkdir -p "$target"
  python3 -m zipfile -e "$scratch"/duckdb_extension_httpfs-*.whl "$scratch/httpfs"
  extension=$(find "$scratch/httpfs" -name httpfs.duckdb_extension | head -n 1)
  cp "$extension" "$target/httpfs.duckdb_extension.part"
  mv "$target/httpfs.duckdb_extension.part" "$target/httpfs.duckdb_extension"
fi

if [ -n "${LYCEUM_DUCKDB_DIR:-}" ]; then
  exit 0
fi
if [ ! -f "$target/libduckdb.so" ] || [ ! -f "$target/duckdb.h" ]; then
  echo "setup: fetching DuckDB 1.5.5"
  (
    cd "$scratch"
    npm pack --silent @duckdb/node-bindings-linux-x64@1.5.5-r.5 >/dev/null
    tar -xzf duckdb-node-bindings-linux-x64-*.tgz
    # Only the header is wanted; '--no-binary :all:' would compile CMake.
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary duckdb duckdb==1.5.5
    tar -xzf duckdb-1.5.5.tar.gz --wildcards --strip-components=1 '*/duckdb.h'
  )
  mkdir -p "$target"
  library=$(find "$scratch/package" -name 'libduckdb.so*' | head -n 1)
  header=$(find "$scratch" -path '*src/include/duckdb.h' | head -n 1)
  cp "$header" "$target/duckdb.h"
  cp "$library" "$target/libduckdb.so.part"
  mv "$target/libduckdb.so.part" "$target/libduckdb.so"
fi
