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

/// True for the content id of a file that only the cluster sees.
bool IsListedContent(const std::string& content_id);

/// A file as the cluster lists it.
struct ListedFile {
  std::string path;
  uint64_t bytes = 0;
  std::string content_id;  ///< over path, size and time: `listing:<hash>`
};

/// Lists what lies below `path` on the cluster, sorted. kUnavailable if it does not exist.
Result<std::vector<ListedFile>> ListFiles(SparkClient* client, const std::string& path);

}  // namespace lyceum
