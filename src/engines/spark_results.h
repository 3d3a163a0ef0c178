#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "engines/duckdb_client.h"
#include "engines/engine.h"

namespace lyceum {

/// Where the Parquet folders of one dataset's load lie, as Lyceum sees them.
struct SparkResults {
  std::string folder;
  std::string long_record_directory;
  std::string again;  ///< what to do if they are damaged: `run again`
};

/// Reads what a load on Spark counted, keeps long records, and says where its rows are.
/// kUnavailable if the folders are missing, damaged or half written, or those of another delivery
/// or date; no row is staged then.
Result<LoadOutcome> ReadSparkResults(DuckDb* database, const SparkResults& results,
                                     const DatasetLoad& load, const Names& names);

/// An engine that runs nothing: it takes up what a script of `lyceum sql --engine spark` left below
/// `folder`. Files are opened here, to say what is wrong with unreadable ones. `database` must
/// outlive it.
std::unique_ptr<Engine> MakeResultsEngine(DuckDb* database, const EngineOptions& options,
                                          const std::string& folder);

}  // namespace lyceum
