#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "cli/commands.h"
#include "report/rows.h"
#include "report/style.h"
#include "run/session.h"
#include "spec/spec.h"

namespace lyceum {

/// Everything that the command line may say; each command uses its part.
struct Options {
  std::string spec_path, date, start_date, end_date, input, target, engine, output = "text";
  std::string temp_directory, run_directory, memory_limit = "640MiB";
  int threads = 0;
  bool force = false, dry_run = false, quiet = false, verbose = false, no_color = false;
  bool fail_fast = false, reference = false;
  // quarantine
  std::string dataset, state = "open", kind, file, reason, record_id;
  int64_t limit = 0;
  // query
  std::string sql;
  // generate
  int64_t rows = 1000, days = 1;
  uint64_t seed = 1;
  double dirty = 0;
  std::string out, profile;
};

/// A spec with the text that its messages point into.
struct LoadedSpec {
  std::string text;
  Spec spec;
};

/// Reads and checks the spec at `path`; prints its diagnostics to `output.err`. kBadSpec after
/// errors.
Result<LoadedSpec> LoadSpecFile(const std::string& path, const Output& output);
/// Reads a YAML file; `kind` is what messages call it, `spec` or `profile`.
Result<std::string> ReadYamlText(const std::string& kind, const std::string& path);
/// LoadSpec with the time zones of this machine.
std::optional<Spec> LoadSpecHere(std::string_view text, Diagnostics* diagnostics);

Result<Days> ParseDateOption(const std::string& name, const std::string& text);
OutputFormat FormatOf(const Options& options);
Style ErrStyle(const Options& options, const Output& output);
Style OutStyle(const Options& options, const Output& output);

/// Prints a failure and returns its exit code.
int Fail(const Status& status, const Output& output);

// The commands. Each returns the exit code.
int RunRun(const Options& options, const Output& output);
int RunBackfill(const Options& options, const Output& output);
int RunPlan(const Options& options, const Output& output);
int RunSql(const Options& options, const Output& output);
int RunValidate(const Options& options, const Output& output);
int RunSchema(const Options& options, const Output& output);
int RunStatus(const Options& options, const Output& output);
int RunQuarantine(const Options& options, const Output& output, bool show);
int RunQuery(const Options& options, const Output& output);
int RunVerify(const Options& options, const Output& output);
int RunDoctor(const Options& options, const Output& output);
int RunGenerate(const Options& options, const Output& output);

}  // namespace lyceum
