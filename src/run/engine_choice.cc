#include "run/engine_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/diagnostic.h"

namespace lyceum {
namespace {

constexpr std::string_view kStagePrefix = "s3://";

void DropSlashes(std::string* directory) {
  while (directory->size() > 1 && directory->back() == '/') directory->pop_back();
}

/// Fills an engine from a connection string; `whose` begins the message if it is wrong.
Status ReadUrl(const std::string& url, const std::string& whose, ResolvedEngine* engine) {
  engine->kind = EngineKind::kSpark;
  if (!IsSparkUrl(url)) return BadSpec(whose + ": expected 'sc://host:15002'");
  const Result<SparkAddress> address = ParseSparkUrl(url);
  if (!address.ok()) return {address.status().code(), whose + ": " + address.status().message()};
  engine->address = *address;
  return Status::Ok();
}

namespace fs = std::filesystem;

/// Whether a folder below `folder` holds the counts of a load.
bool HoldsResults(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (fs::is_directory(entry.path() / "counts", error)) return true;
  }
  return false;
}

/// A local folder that a script may have written; one above or below it that was is named.
Status CheckResultsFolder(const std::string& folder) {
  if (folder.find("://") != std::string::npos) return Status::Ok();
  std::error_code error;
  if (!fs::exists(folder, error)) {
    return Unavailable(fmt::format(
        "results folder '{}' does not exist; run the script first, or name the folder that it "
        "wrote",
        folder));
  }
  if (!fs::is_directory(folder, error)) {
    return Unavailable(fmt::format(
        "results '{}' is no folder; expected the folder that the script wrote", folder));
  }
  if (HoldsResults(folder)) return Status::Ok();
  std::vector<std::string> better;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (HoldsResults(entry.path())) better.push_back("'results:" + entry.path().string() + "'");
  }
  if (fs::is_directory(fs::path(folder) / "counts", error)) {
    const fs::path above = fs::absolute(folder).lexically_normal().parent_path();
    better.push_back("'results:" + above.string() + "'");
  }
  if (better.empty()) return Status::Ok();
  std::sort(better.begin(), better.end());
  constexpr size_t kMost = 5;
  const bool more = better.size() > kMost;
  if (more) better.resize(kMost);
  return Unavailable(fmt::format("'{}' is not the folder that a script wrote; did you mean {}{}?",
                                 folder, fmt::join(better, " or "), more ? " or another" : ""));
}

/// What may be shown of a mistyped URL that may hold a secret, in quotes: scheme, host and port. ""
/// if it looks like none.
std::string ShownPart(const std::string& text) {
  const size_t colon = text.find("://");
  if (colon == std::string::npos || colon == 0) return "";
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '-';
  };
  if (!std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(colon), plain)) return "";
  const size_t end = std::min(text.find_first_of("/;?#", colon + 3), text.size());
  const bool whole = std::all_of(text.begin() + static_cast<ptrdiff_t>(colon + 3),
                                 text.begin() + static_cast<ptrdiff_t>(end), plain);
  if (!whole) return fmt::format("'{}://...'", text.substr(0, colon));
  return fmt::format("'{}{}'", text.substr(0, end), end < text.size() ? "..." : "");
}

Result<ResolvedEngine> FromSpec(const DeclaredEngine& written) {
  ResolvedEngine engine;
  engine.name = written.name;
  if (written.type == "duckdb") return engine;
  const std::string whose = fmt::format("engine '{}'", written.name);
  ASSIGN_OR_RETURN(const std::string url, ExpandEnvironment(written.url));
  RETURN_IF_ERROR(ReadUrl(url, whose, &engine));
  ASSIGN_OR_RETURN(engine.run_directory, ExpandEnvironment(written.run_directory));
  ASSIGN_OR_RETURN(engine.cluster_run_directory, ExpandEnvironment(written.cluster_run_directory));
  const bool folder = engine.run_directory.find("://") == std::string::npos;
  if (!folder && !engine.run_directory.starts_with(kStagePrefix)) {
    return BadSpec(
        fmt::format("{}: expected a folder or 's3://bucket/prefix' as its 'run_directory'", whose));
  }
  DropSlashes(&engine.run_directory);
  DropSlashes(&engine.cluster_run_directory);
  if (engine.cluster_run_directory.empty() && !engine.run_directory.empty()) {
    engine.cluster_run_directory = ClusterDirectory(engine.run_directory);
  }
  for (const auto& [key, value] : written.settings) {
    ASSIGN_OR_RETURN(engine.settings[key], ExpandEnvironment(value));
  }
  return engine;
}

}  // namespace

std::string ClusterDirectory(const std::string& directory) {
  if (directory.starts_with(kStagePrefix)) return "s3a" + directory.substr(2);
  return std::filesystem::absolute(directory).lexically_normal().string();
}

Status CheckRunnable(const ResolvedEngine& engine) {
  if (engine.kind == EngineKind::kResults) return CheckResultsFolder(engine.results);
  if (engine.kind != EngineKind::kSpark || !engine.address.host.empty()) return Status::Ok();
  return BadSpec(
      "'spark' does not say which cluster; write --engine sc://host:15002, or name one under "
      "'engines:' in the spec; 'spark' alone is for `lyceum sql`, which writes a script");
}

Status CheckScriptable(const ResolvedEngine& engine) {
  if (engine.kind != EngineKind::kResults) return Status::Ok();
  return BadSpec(fmt::format(
      "'{}' names what a script wrote, and no engine to write one for; write --engine spark, or "
      "leave --engine out",
      engine.name));
}

Status CheckSpecRuns(const Spec& spec, const ResolvedEngine& engine) {
  if (engine.kind != EngineKind::kSpark) return Status::Ok();
  const std::vector<Diagnostic> problems = SparkProblems(spec);
  const bool warned = std::any_of(spec.engines.begin(), spec.engines.end(),
                                  [](const auto& declared) { return declared.type == "spark"; });
  if (warned && !problems.empty()) {
    return BadSpec(fmt::format("'{}' cannot run the spec; see the {} above", engine.name,
                               problems.size() == 1 ? "warning" : "warnings"));
  }
  std::string text;
  for (const Diagnostic& problem : problems) {
    text += fmt::format("{}line {} of the spec: {}", text.empty() ? "" : "\n", problem.span.line,
                        problem.message);
  }
  return text.empty() ? Status::Ok() : BadSpec(text);
}

Result<ResolvedEngine> ResolveEngine(const Spec* spec, const std::string& text) {
  ResolvedEngine engine;
  if (IsSparkUrl(text)) {
    RETURN_IF_ERROR(ReadUrl(text, "--engine", &engine));
    engine.name = engine.address.Shown();
    return engine;
  }
  constexpr std::string_view kResults = "results:";
  if (text.starts_with(kResults)) {
    engine.kind = EngineKind::kResults;
    engine.results = text.substr(kResults.size());
    DropSlashes(&engine.results);
    if (engine.results.empty()) {
      return BadSpec("--engine results: needs the folder that the script wrote, results:FOLDER");
    }
    engine.name = text;
    return engine;
  }
  std::string name = text;
  if (name.empty() && spec) name = spec->default_engine;
  if (name.empty()) return engine;
  std::vector<std::string> names;
  if (spec) {
    for (const DeclaredEngine& candidate : spec->engines) {
      if (candidate.name == name) return FromSpec(candidate);
      names.push_back(candidate.name);
    }
  }
  if (name == engine.name) return engine;
  if (name == "spark") {
    engine.kind = EngineKind::kSpark;
    engine.name = name;
    return engine;
  }
  // It may be a mistyped URL with a token.
  if (name.find_first_of(":@/;=") != std::string::npos) {
    const std::string shown = ShownPart(name);
    return BadSpec(
        fmt::format("{} is no name of an engine; expected a name of the spec, duckdb, "
                    "sc://host:15002 or results:FOLDER",
                    shown.empty() ? "--engine" : "--engine " + shown));
  }
  if (!spec) {
    return BadSpec(
        fmt::format("'{}' names an engine of a spec, but no spec is given; give the spec, or "
                    "--engine sc://host:15002",
                    name));
  }
  names.push_back(engine.name);
  std::vector<std::string> near = names;
  near.push_back("spark");
  std::string suggestion = SuggestName(name, near);
  if (suggestion.find("did you mean") == std::string::npos) {
    names.insert(names.end(), {"sc://host:15002", "results:FOLDER"});
    suggestion = SuggestName(name, names);
  }
  return BadSpec(fmt::format("the spec has no engine '{}'{}", name, suggestion));
}

}  // namespace lyceum
