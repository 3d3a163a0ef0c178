#include "cli/options.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "engines/text_file.h"
#include "engines/time_zone.h"
#include "run/record.h"

namespace lyceum {
namespace {

constexpr size_t kMaxSpecBytes = 16 << 20;

}  // namespace

Result<std::string> ReadYamlText(const std::string& kind, const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) {
    return BadSpec(fmt::format("cannot read {} '{}': {}", kind, path, ErrnoText(errno)));
  }
  std::string text;
  char buffer[65536];
  size_t got = 0;
  while ((got = std::fread(buffer, 1, sizeof buffer, file)) > 0 && text.size() <= kMaxSpecBytes) {
    text.append(buffer, got);
  }
  const bool failed = std::ferror(file) != 0;
  const int error = errno;
  std::fclose(file);
  if (failed) return BadSpec(fmt::format("cannot read {} '{}': {}", kind, path, ErrnoText(error)));
  if (text.size() > kMaxSpecBytes) {
    return BadSpec(fmt::format("{} '{}' is larger than 16 MiB", kind, path));
  }
  return text;
}

std::optional<Spec> LoadSpecHere(std::string_view text, Diagnostics* diagnostics) {
  return LoadSpec(text, diagnostics,
                  [](const std::string& name) { return FindTimezone(name).status().message(); });
}

Result<LoadedSpec> LoadSpecFile(const std::string& path, const Output& output) {
  ASSIGN_OR_RETURN(std::string text, ReadYamlText("spec", path));
  Diagnostics diagnostics;
  std::optional<Spec> spec = LoadSpecHere(text, &diagnostics);
  *output.err << RenderDiagnostics(diagnostics, path, text);
  if (!spec) return BadSpec(fmt::format("'{}' has errors", path));
  return LoadedSpec{std::move(text), std::move(*spec)};
}

Result<Days> ParseDateOption(const std::string& name, const std::string& text) {
  if (text.empty()) return BadSpec(fmt::format("{} is missing; write {} 2025-06-01", name, name));
  if (const std::optional<Days> date = ParseBatchDate(text)) return *date;
  return BadSpec(fmt::format("{} '{}' is no date; expected yyyy-MM-dd or yyyyMMdd", name, text));
}

OutputFormat FormatOf(const Options& options) {
  if (options.output == "json") return OutputFormat::kJson;
  return options.output == "csv" ? OutputFormat::kCsv : OutputFormat::kText;
}

Style ErrStyle(const Options& options, const Output& output) {
  return {output.color && output.err_is_terminal && !options.no_color,
          output.err_is_terminal ? output.err_width : kNoTerminal};
}

Style OutStyle(const Options& options, const Output& output) {
  return {output.color && output.out_is_terminal && !options.no_color,
          output.out_is_terminal ? output.out_width : kNoTerminal};
}

int Fail(const Status& status, const Output& output) {
  const char* kind = status.code() == ErrorCode::kInternal ? "internal error: " : "error: ";
  *output.err << kind << status.message() << "\n";
  return ExitCodeOf(status);
}

}  // namespace lyceum
