#!/usr/bin/env python3
"""Checks the rules of the house that no compiler knows.

- third-party headers appear only in the files that own them;
- a type is defined in one header only: two of one name are undefined behaviour, which linkers accept;
- no file is called util, helper, common, misc or manager;
- file names are unique below src/, so that stack traces and grep are clear.
Sizes (about 400 lines per .cc, 150 per .h) are a guide to the eye: they are printed, not enforced.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# Header pattern -> what may include it, as patterns of the path below src/.
OWNERS = {
    r"yaml-cpp/": [r"spec/yaml\.cc"],
    r"duckdb\.h": [r"engines/.*"],
    r"libpq-fe\.h": [r"warehouses/pg_client\.cc"],
    r"openssl/": [r"base/sha256\.cc"],
    r"simdjson": [r"engines/.*\.(cc|h)"],
    r"date/": [r"engines/.*"],
    r"z(lib|std)\.h": [r"engines/.*\.cc"],
    r"grpc(pp)?/|google/protobuf|engines/spark_connect\.": [r"engines/spark_\w+\.(cc|h)"],
    r"nanoarrow/": [r"engines/arrow_rows\.cc"],
    r"CLI/": [r"cli/.*"],
}
BAD_NAMES = re.compile(r"(util|helper|common|misc|manager)")
TYPE = re.compile(r"^(?:struct|class|enum class) ([A-Z]\w+)[^;\n]*\{", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.M)


def main():
    problems, names, large = [], collections.defaultdict(list), []
    types = collections.defaultdict(list)
    for path in sorted(SRC.rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        below = path.relative_to(SRC).as_posix()
        text = path.read_text()
        names[path.name].append(below)
        if path.suffix == ".h":
            for name in TYPE.findall(text):
                types[name].append(below)
        if BAD_NAMES.search(path.stem):
            problems.append(f"src/{below}: name the concept, not a drawer")
        for header in INCLUDE.findall(text):
            for pattern, owners in OWNERS.items():
                if re.match(pattern, header) and not any(re.fullmatch(o, below) for o in owners):
                    problems.append(f"src/{below}: may not include <{header}>")
        lines = text.count("\n")
        if lines > (150 if path.suffix == ".h" else 400):
            large.append(f"src/{below} ({lines})")
    for found in (names, types):
        problems += [f"{name} stands twice: {', '.join(where)}" for name, where in found.items() if len(where) > 1]
    print("\n".join(problems))
    if large:
        print("larger than the guide: " + ", ".join(large), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
