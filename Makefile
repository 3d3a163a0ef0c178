# Lyceum's targets. `make help` lists them.
SHELL := /bin/bash
BUILD ?= build
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
ifdef LYCEUM_DUCKDB_DIR
CMAKE_FLAGS += -DLYCEUM_DUCKDB_DIR=$(LYCEUM_DUCKDB_DIR)
endif
ifdef LYCEUM_SPARK
CMAKE_FLAGS += -DLYCEUM_SPARK=$(LYCEUM_SPARK)
endif
LAYERS := base expr spec plan sql engines warehouses run report ui cli
SOURCES = $(shell find src tests -name '*.cc' -o -name '*.h')

.PHONY: help setup setup-tests configure build build-tests test test-all lint format golden fuzz demo bench bench-warehouse clean

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## installs what the build needs and is missing
	@tools/setup.sh

setup-tests: setup ## installs what the tests need besides
	@tools/setup_tests.sh

configure: setup
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=Release $(CMAKE_FLAGS) >$(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }
	@rm -f $(BUILD).cmake.log

build: configure ## builds build/lyceum
	@ninja -C $(BUILD) -j $(JOBS) lyceum

build-tests: build setup-tests
	@ninja -C $(BUILD) -j $(JOBS) --quiet

demo: build ## loads three generated days of dirty files and shows the results
	@tools/demo.sh $(BUILD)/lyceum demo

test: lint build-tests ## builds and passes all tests
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure
	@$(MAKE) --no-print-directory fuzz FUZZ_LIMIT="-runs=40000 -seed=1" FUZZ_FOUND=$(BUILD)-fuzz/fresh

test-all: test ## test, then sanitizers, fuzzing, many more random histories, and Spark's long tests
	@cmake -S . -B $(BUILD)-sanitize -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLYCEUM_SANITIZE=ON $(CMAKE_FLAGS) >/dev/null
	@ninja -C $(BUILD)-sanitize -j $(JOBS) --quiet
	@ASAN_OPTIONS=detect_leaks=0 ctest --test-dir $(BUILD)-sanitize -j $(JOBS) --output-on-failure
	@$(MAKE) --no-print-directory fuzz FUZZ_LIMIT=-max_total_time=300
	@LYCEUM_BINARY=$(CURDIR)/$(BUILD)/lyceum LYCEUM_PROPERTY_CASES=200 .cache/venv/bin/python -m unittest discover -s tests/properties
	@cd tests/conformance && LYCEUM_BINARY=$(CURDIR)/$(BUILD)/lyceum LYCEUM_FAULT_STRIDE=1 LYCEUM_PROPERTY_CASES=50 $(CURDIR)/.cache/venv/bin/python -m unittest test_interruptions test_model
	@cd tests/conformance && LYCEUM_BINARY=$(CURDIR)/$(BUILD)/lyceum $(CURDIR)/.cache/venv/bin/python -m unittest -v long_spark_executors long_spark_faults long_spark_s3

# `make test` fuzzes the same inputs each time; `make fuzz` goes on from what it found before.
FUZZ_LIMIT ?= -max_total_time=20
FUZZ_FOUND ?= $(BUILD)-fuzz/found
fuzz: setup ## runs the fuzz targets, with libFuzzer's flags in FUZZ_LIMIT
	@cmake -S . -B $(BUILD)-fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DLYCEUM_FUZZ=ON $(CMAKE_FLAGS) >/dev/null
	@ninja -C $(BUILD)-fuzz -j $(JOBS) --quiet fuzz_yaml fuzz_expr
	@rm -rf $(BUILD)-fuzz/fresh
	@for target in yaml expr; do \
	  mkdir -p $(FUZZ_FOUND)/$$target; \
	  $(BUILD)-fuzz/tests/fuzz_$$target $(FUZZ_LIMIT) -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=0 \
	    -artifact_prefix=$(BUILD)-fuzz/ $(FUZZ_FOUND)/$$target tests/fuzz/corpus_$$target >$(BUILD)-fuzz/$$target.log 2>&1 || { tail -n 40 $(BUILD)-fuzz/$$target.log; exit 1; }; \
	  echo "fuzz_$$target: no finding ($(FUZZ_LIMIT))"; \
	done

lint: setup ## checks layers, format and file sizes
	@python3 tools/check_layers.py src $(LAYERS)
	@clang-format --dry-run --Werror $(SOURCES)
	@python3 tools/check_house.py

format: ## formats the sources
	@clang-format -i $(SOURCES)

golden: build-tests ## rewrites golden files; read the diff before you commit it
	@LYCEUM_UPDATE_GOLDEN=1 ctest --test-dir $(BUILD) -j $(JOBS) >/dev/null || true
	@git diff --stat -- tests/golden

bench: build setup-tests ## compares Lyceum with what people would write by hand; about half an hour
	@test -d .cache/bench || python3 -m venv .cache/bench
	@.cache/bench/bin/python -m pip install --quiet --requirement bench/requirements.txt
	@.cache/bench/bin/python bench/run.py $(BENCH_FLAGS)

bench-warehouse: build setup-tests ## times a publish to PostgreSQL against psql \copy of the same rows
	@.cache/venv/bin/python bench/warehouse.py

clean: ## removes the build folders
	@rm -rf $(BUILD) $(BUILD)-sanitize $(BUILD)-fuzz demo
