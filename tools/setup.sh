#!/usr/bin/env bash
# Installs what the build needs and is missing: Debian packages, and DuckDB 1.5.5 (the library from
# its npm package, the header from its PyPI source package, httpfs from its PyPI package) into
# .cache/duckdb, and for Spark the sources of nanoarrow 0.9.0 (from its PyPI source package) into
# .cache/nanoarrow. LYCEUM_SPARK=OFF leaves out what only Spark needs. Does nothing, quickly, when all
# is there.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_packages.sh make cmake ninja-build g++ pkg-config ccache python3-pip \
  libyaml-cpp-dev libfmt-dev libcli11-dev nlohmann-json3-dev libssl-dev libsimdjson-dev \
  libhowardhinnant-date-dev zlib1g-dev libzstd-dev libgtest-dev libpq-dev tzdata \
  clang libclang-rt-dev clang-format
if [ "${LYCEUM_SPARK:-ON}" != OFF ]; then
  tools/install_packages.sh libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
fi

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

# Rows come from Spark as Arrow streams. nanoarrow reads them, of which and of its flatcc only the files
# that we compile are kept.
nanoarrow=.cache/nanoarrow
if [ "${LYCEUM_SPARK:-ON}" != OFF ] && [ ! -f "$nanoarrow/nanoarrow/nanoarrow.h" ]; then
  echo "setup: fetching nanoarrow 0.9.0"
  # pip asks a source package for its name and version, for which it would install compilers first.
  # This answers in their place.
  mkdir -p "$scratch/backend"
  cat >"$scratch/backend/mesonpy.py" <<'PYTHON'
import os


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    name = "nanoarrow-0.9.0.dist-info"
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\nName: nanoarrow\nVersion: 0.9.0\n")
    return name
PYTHON
  PYTHONPATH="$scratch/backend" python3 -m pip download --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation --no-binary nanoarrow --dest "$scratch" nanoarrow==0.9.0
  tar -xzf "$scratch/nanoarrow-0.9.0.tar.gz" -C "$scratch"
  from="$scratch/nanoarrow-0.9.0/subprojects"
  to="$scratch/kept"
  mkdir -p "$to"/nanoarrow/{common,ipc}
  cp "$from"/arrow-nanoarrow/src/nanoarrow/{nanoarrow,nanoarrow_ipc}.h "$to/nanoarrow/"
  cp "$from"/arrow-nanoarrow/src/nanoarrow/common/{utils,schema,array,array_stream}.c \
    "$from"/arrow-nanoarrow/src/nanoarrow/common/*.h "$to/nanoarrow/common/"
  cp "$from"/arrow-nanoarrow/src/nanoarrow/ipc/{codecs,decoder,encoder,reader}.c \
    "$from"/arrow-nanoarrow/src/nanoarrow/ipc/flatcc_generated.h "$to/nanoarrow/ipc/"
  sed -e 's/@NANOARROW_VERSION_MAJOR@/0/; s/@NANOARROW_VERSION_MINOR@/9/; s/@NANOARROW_VERSION_PATCH@/0/' \
    -e 's/@NANOARROW_VERSION@/0.9.0/; s/@NANOARROW_NAMESPACE_DEFINE@//' \
    "$from/arrow-nanoarrow/src/nanoarrow/nanoarrow_config.h.in" >"$to/nanoarrow/nanoarrow_config.h"
  cp -r "$from"/flatcc-*/include/flatcc "$to/flatcc"
  cp "$from"/flatcc-*/src/runtime/{builder,emitter,refmap,verifier}.c "$to/flatcc/"
  cp "$from"/flatcc-*/LICENSE "$to/flatcc/"
  rm -rf "$nanoarrow"
  mv "$to" "$nanoarrow"
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
