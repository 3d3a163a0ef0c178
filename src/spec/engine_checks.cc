// Whether engines can be reached and set up as written.

#include <fmt/format.h>

#include <algorithm>

#include "base/redact.h"
#include "spec/checks.h"
#include "spec/pattern_subset.h"

namespace lyceum {
namespace {

/// Settings on which the meaning of values depends; a name that ends in a dot stands for all below.
constexpr std::string_view kOwnSettings[] = {
    "spark.sql.ansi.enabled",
    "spark.sql.caseSensitive",
    "spark.sql.decimalOperations.allowPrecisionLoss",
    "spark.sql.files.ignoreCorruptFiles",
    "spark.sql.files.ignoreMissingFiles",
    "spark.sql.legacy.",
    "spark.sql.parquet.compression.codec",
    "spark.sql.parquet.datetimeRebaseModeInRead",
    "spark.sql.parquet.datetimeRebaseModeInWrite",
    "spark.sql.parquet.inferTimestampNTZ.enabled",
    "spark.sql.parquet.writeLegacyFormat",
    "spark.sql.parser.escapedStringLiterals",
    "spark.sql.session.timeZone",
    "spark.sql.storeAssignmentPolicy",
    "spark.sql.timestampType",
    "spark.sql.variable.substitute",
};

/// Whoever writes a variable says later what it is.
bool IsOpen(std::string_view text) { return text.empty() || text[0] == '$'; }

class EngineChecks : public SpecChecks {
 public:
  using SpecChecks::SpecChecks;

  void Run() {
    std::vector<std::string> names;
    for (const DeclaredEngine& engine : spec_.engines) {
      names.push_back(engine.name);
      if (engine.type != "spark") continue;
      CheckUrl(engine);
      CheckDirectories(engine);
      CheckSettings(engine);
    }
    const bool has_spark = std::any_of(spec_.engines.begin(), spec_.engines.end(),
                                       [](const auto& engine) { return engine.type == "spark"; });
    if (has_spark) {
      for (const Diagnostic& problem : SparkProblems(spec_)) {
        diagnostics_.Warning(problem.span, problem.message);
      }
    }
    // The engine inside Lyceum needs no section.
    const std::string& chosen = spec_.default_engine;
    const bool known = chosen.empty() || chosen == "duckdb" ||
                       std::find(names.begin(), names.end(), chosen) != names.end();
    if (!known) {
      diagnostics_.UnknownName(SpanAt({"default_engine"}, {1, 1, 1}), "engine", chosen, names);
    }
  }

 private:
  void CheckUrl(const DeclaredEngine& engine) {
    const Span url = SpanAt({"engines", engine.name, "url"}, engine.span);
    if (!IsOpen(engine.url) && !engine.url.starts_with("sc://")) {
      diagnostics_.Error(url, "expected 'sc://host:15002', or a '${VARIABLE}'");
    }
    if (HoldsPassword(engine.url)) RefuseSecret(url);
  }

  void RefuseSecret(Span span) {
    diagnostics_.Error(span, "a secret stands in the spec; write it as '${VARIABLE}'");
  }

  void CheckDirectories(const DeclaredEngine& engine) {
    const std::string& ours = engine.run_directory;
    const bool folder = ours.find("://") == std::string::npos;
    const bool bucket = ours.starts_with("s3://") && ours.size() > 5;
    if (!IsOpen(ours) && !folder && !bucket) {
      diagnostics_.Error(SpanAt({"engines", engine.name, "run_directory"}, engine.span),
                         "expected a folder, 's3://bucket/prefix', or a '${VARIABLE}'");
    }
    const std::string& theirs = engine.cluster_run_directory;
    const bool absolute = theirs.starts_with("/") || theirs.find(":/") != std::string::npos;
    if (!IsOpen(theirs) && !absolute) {
      diagnostics_.Error(SpanAt({"engines", engine.name, "cluster_run_directory"}, engine.span),
                         "expected an absolute path, a URL such as 's3a://bucket/prefix', or a "
                         "'${VARIABLE}'");
    }
  }

  void CheckSettings(const DeclaredEngine& engine) {
    const YamlNode* settings = At({"engines", engine.name, "settings"});
    if (!settings) return;
    for (const auto& [key, value] : settings->entries) {
      const std::string& name = key.scalar;
      if (!name.starts_with("spark.")) {
        diagnostics_.Error(key.span,
                           fmt::format("setting '{}' does not begin with 'spark.'; expected one "
                                       "such as 'spark.sql.shuffle.partitions'",
                                       name));
      } else if (IsOwn(name)) {
        diagnostics_.Error(key.span,
                           fmt::format("setting '{}' is Lyceum's own; leave it out", name));
      } else if (HoldsPassword(value.scalar) ||
                 (IsSecretName(name) && !value.scalar.starts_with("${"))) {
        RefuseSecret(key.span);  // the value may stand on a line of its own, which is not masked
      }
    }
  }

  static bool IsOwn(std::string_view name) {
    return std::any_of(std::begin(kOwnSettings), std::end(kOwnSettings), [&](std::string_view own) {
      return own.back() == '.' ? name.starts_with(own) : name == own;
    });
  }
};

}  // namespace

void CheckEngines(const YamlNode& root, std::string_view document, Spec* spec,
                  Diagnostics* diagnostics) {
  EngineChecks(root, document, spec, diagnostics).Run();
}

std::vector<Diagnostic> SparkProblems(const Spec& spec) {
  std::vector<Diagnostic> problems;
  for (const Dataset& dataset : spec.datasets) {
    for (const Rule& rule : dataset.rules) {
      if (rule.type != RuleType::kPattern || !CostOf(rule.pattern).ambiguous) continue;
      Diagnostic problem;
      problem.span = rule.span;
      problem.message = fmt::format(
          "the pattern of '{}' repeats a group that holds a repeat or longer alternatives, on "
          "which Spark's matching may take for ever; write it without, or run it on the embedded "
          "engine",
          rule.columns[0]);
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace lyceum
