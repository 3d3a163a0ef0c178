// Commands that need no warehouse.

#include <fmt/format.h>

#include "cli/options.h"
#include "report/json.h"
#include "run/generate.h"

namespace lyceum {

int RunValidate(const Options& options, const Output& output) {
  const Result<std::string> text = ReadYamlText("spec", options.spec_path);
  if (!text.ok()) return Fail(text.status(), output);
  Diagnostics diagnostics;
  const std::optional<Spec> spec = LoadSpecHere(*text, &diagnostics);
  if (FormatOf(options) == OutputFormat::kJson) {
    *output.out << ValidationJson(options.spec_path, diagnostics, spec ? &*spec : nullptr);
    return spec ? 0 : 3;
  }
  *output.err << RenderDiagnostics(diagnostics, options.spec_path, *text);
  int64_t errors = 0, warnings = 0;
  for (const Diagnostic& item : diagnostics.items()) {
    ++(item.level == DiagnosticLevel::kError ? errors : warnings);
  }
  if (!spec) {
    *output.err << fmt::format("{}, {}\n", FormatCount(errors, "error"),
                               FormatCount(warnings, "warning"));
    return 3;
  }
  *output.out << fmt::format("{} is valid: {}, {}, {}, {}\n", options.spec_path,
                             FormatCount(spec->datasets.size(), "dataset"),
                             FormatCount(spec->dimensions.size(), "dimension"),
                             FormatCount(spec->facts.size(), "fact"),
                             FormatCount(spec->marts.size(), "mart"));
  return 0;
}

int RunSchema(const Options& options, const Output& output) {
  *output.out << (options.reference ? SpecReference() : SpecJsonSchema());
  return 0;
}

int RunGenerate(const Options& options, const Output& output) {
  GenerateOptions generate;
  generate.rows = options.rows;
  generate.days = static_cast<int>(std::min<int64_t>(options.days, 1'000'000));
  generate.seed = options.seed;
  generate.dirty_percent = options.dirty;
  generate.out_directory = options.out;
  if (options.out.empty()) {
    return Fail(BadSpec("--out is missing; write --out FOLDER"), output);
  }
  if (!options.start_date.empty()) {
    const Result<Days> first = ParseDateOption("--start-date", options.start_date);
    if (!first.ok()) return Fail(first.status(), output);
    generate.first_day = *first;
  }
  if (!options.profile.empty()) {
    const Result<std::string> text = ReadYamlText("profile", options.profile);
    if (!text.ok()) return Fail(text.status(), output);
    generate.profile_text = *text;
    generate.profile_name = options.profile;
  }
  Diagnostics problems;
  const auto files = Generate(generate, &problems);
  *output.err << RenderDiagnostics(problems, generate.profile_name, generate.profile_text);
  if (!files.ok()) return Fail(files.status(), output);
  int64_t records = 0;
  uint64_t bytes = 0;
  for (const GeneratedFile& file : *files) {
    if (!options.quiet && files->size() <= 40) {
      *output.err << fmt::format("{:>14}  {}\n", FormatCount(file.records), file.path);
    }
    records += file.records;
    bytes += file.bytes;
  }
  const std::string last = FormatDate(generate.first_day + generate.days - 1);
  *output.err << fmt::format("{} with {}, {:.1f} MB\n", FormatCount(files->size(), "file"),
                             FormatCount(records, "record"), static_cast<double>(bytes) / 1e6);
  *output.err << fmt::format(
      "next: lyceum backfill {} --start-date {} --end-date {} --input {} --target "
      "duckdb:x.duckdb\n",
      // The built-in profile writes what the shipped pipeline reads.
      options.profile.empty() ? "pipelines/edtech.yaml" : "SPEC", FormatDate(generate.first_day),
      last, QuoteForShell(options.out));
  return 0;
}

}  // namespace lyceum
