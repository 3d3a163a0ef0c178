#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "engines/spark_url.h"
#include "spec/spec.h"

namespace lyceum {

enum class EngineKind {
  kDuckDb,   ///< inside Lyceum
  kSpark,    ///< a cluster
  kResults,  ///< none: a cluster ran the script of `lyceum sql --engine spark`
};

/// An engine with its variables expanded.
struct ResolvedEngine {
  EngineKind kind = EngineKind::kDuckDb;
  std::string name = "duckdb";  ///< as the user wrote it, or `sc://host:port`; safe to print
  SparkAddress address;         ///< spark
  /// spark: where the cluster writes its results, as Lyceum sees it, without a slash at its end;
  /// "": the run directory of the run.
  std::string run_directory;
  /// spark: the same as the cluster sees it; "" only if nobody said either: ClusterDirectory() of
  /// the run directory then.
  std::string cluster_run_directory;
  std::map<std::string, std::string> settings;  ///< spark: values may be secrets
  std::string results;                          ///< results: the folder that the script wrote
};

/// How a cluster calls a folder of ours if nobody says otherwise: `s3://` becomes `s3a://`, a
/// relative path absolute.
std::string ClusterDirectory(const std::string& directory);

/// Finds what `--engine` means: a name of the spec (`spec` may be null), `duckdb` for the engine
/// inside Lyceum unless the spec has an engine of that name, `sc://host:port/;...`,
/// `results:FOLDER`, `spark` for scripts (its address has no host), or with "" the spec's default
/// engine. kBadSpec lists the names if there is no such engine; no message holds a secret.
Result<ResolvedEngine> ResolveEngine(const Spec* spec, const std::string& text);

/// kBadSpec if nothing can run on the engine, since `spark` names no cluster; kUnavailable if a
/// script wrote nothing where its results should be.
Status CheckRunnable(const ResolvedEngine& engine);
/// kBadSpec if no script can be written for the engine.
Status CheckScriptable(const ResolvedEngine& engine);
/// kBadSpec with every place of the spec that the engine cannot run; if the spec has a Spark
/// engine, loading the spec has warned of them already.
Status CheckSpecRuns(const Spec& spec, const ResolvedEngine& engine);

}  // namespace lyceum
