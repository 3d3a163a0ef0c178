#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/status.h"
#include "engines/duckdb_client.h"
#include "engines/object_store.h"
#include "run/discover.h"
#include "run/spill_folder.h"

namespace lyceum {

/// Delivered files that lie in S3. Each is copied to local disk once, when a run needs it, and read
/// there; its content id is that of the copy, which are the bytes that S3 handed out.
class RemoteInput {
 public:
  /// `temp_directory` receives the copies; "" for the system's.
  static Result<std::shared_ptr<RemoteInput>> Open(const std::string& temp_directory);

  Result<std::vector<std::string>> List(const std::string& url) { return store_->List(url); }
  /// The local copy of an object.
  Result<std::string> Fetch(const std::string& url);
  /// Removes the copies of all other objects.
  void KeepOnly(const std::set<std::string>& urls);

 private:
  RemoteInput() = default;

  std::unique_ptr<SpillFolder> folder_;
  std::unique_ptr<DuckDb> database_;
  std::unique_ptr<ObjectStore> store_;
  std::map<std::string, std::string> copies_;  ///< local path by URL
  int fetched_ = 0;
};

/// Lists what lies below `input`, a folder or `s3://bucket/prefix`. Errors as ScanInput;
/// kUnavailable if nothing at all lies below an s3:// prefix, since S3 does not tell a wrong one
/// from an empty one.
Result<Inbox> OpenInbox(const Spec& spec, const std::string& input,
                        const std::string& temp_directory);

}  // namespace lyceum
