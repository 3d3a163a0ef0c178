#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engines/engine.h"
#include "engines/spark_client.h"

namespace lyceum {

struct SparkEngineOptions {
  EngineOptions engine;
  std::string name;                   ///< what messages call the cluster
  std::string run_directory;          ///< where results are written, as Lyceum sees it
  std::string cluster_run_directory;  ///< the same folder as the cluster sees it
  std::vector<std::pair<std::string, std::string>> settings;  ///< of the session, besides our own
};

/// The engine on a Spark cluster. Files are read and rows judged there; results lie as Parquet
/// below the run directory, from where `database` reads them. Only counts, headers and lists travel
/// through the client. `database` must outlive the engine.
Result<std::unique_ptr<Engine>> MakeSparkEngine(std::unique_ptr<SparkClient> client,
                                                DuckDb* database,
                                                const SparkEngineOptions& options);

}  // namespace lyceum
