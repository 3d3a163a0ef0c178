#include "run/engine_choice.h"

#include <fmt/format.h>

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
  if (engine.kind != EngineKind::kSpark || !engine.address.host.empty()) return Status::Ok();
  return BadSpec(
      "'spark' does not say which cluster; write --engine sc://host:15002, or name one under "
      "'engines:' in the spec");
}

Status CheckSpecRuns(const Spec& spec, const ResolvedEngine& engine) {
  if (engine.kind != EngineKind::kSpark) return Status::Ok();
  std::string text;
  for (const Diagnostic& problem : SparkProblems(spec)) {
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
    return BadSpec(
        "--engine is no name of an engine; expected a name of the spec, duckdb, or "
        "sc://host:15002");
  }
  if (!spec) {
    return BadSpec(
        fmt::format("'{}' names an engine of a spec, but no spec is given; give the spec, or "
                    "--engine sc://host:15002",
                    name));
  }
  names.push_back(engine.name);
  return BadSpec(fmt::format("the spec has no engine '{}'{}", name, SuggestName(name, names)));
}

}  // namespace lyceum
