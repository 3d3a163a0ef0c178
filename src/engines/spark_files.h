#pragma once

#include <string>
#include <vector>

#include "engines/engine.h"
#include "engines/spark_client.h"
#include "sql/spark_load.h"

namespace lyceum {

/// Opens the files of a dataset on the cluster: finds out how each is read, makes the views of
/// their lines and records, and describes each, in order. Fills in the files of `load`, whose
/// dataset and folder are set. `spool_directory` is for files that are opened here too, to say what
/// is wrong with them.
Result<std::vector<OpenedFile>> OpenSparkFiles(const DatasetPlan& plan,
                                               const std::string& spool_directory,
                                               SparkClient* client, SparkLoad* load);

/// The path of a file as the cluster opens it.
std::string ClusterPath(const DeliveredFile& file);

/// True if a statement of this error class ended at a file that the cluster does not see or may not
/// open.
bool IsUnseenFile(const std::string& error_class);

/// What to do where the cluster fails at `path`, for the end of a message: the reason is often only
/// a Java class.
std::string ClusterPathHint(const std::string& path);

/// A path that Spark, which takes paths for patterns, reads as itself.
std::string GlobEscaped(const std::string& path);

/// True for the content id of a file that only the cluster sees.
bool IsListedContent(const std::string& content_id);

/// A file as the cluster lists it.
struct ListedFile {
  std::string path;
  uint64_t bytes = 0;
  std::string content_id;  ///< over path, size and time: `listing:<hash>`
};

/// Lists files, and what lies below folders, on the cluster, sorted. kUnavailable if a path does
/// not exist.
Result<std::vector<ListedFile>> ListFiles(SparkClient* client,
                                          const std::vector<std::string>& paths);

}  // namespace lyceum
