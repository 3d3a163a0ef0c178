#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engines/duckdb_client.h"

namespace lyceum {

/// True for `s3://...`.
bool IsObjectUrl(std::string_view path);

/// Reads and writes S3 through DuckDB's httpfs extension. Credentials come from the environment:
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION,
/// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL for stores that are not Amazon's. Those are addressed by
/// path; LYCEUM_S3_URL_STYLE=vhost changes that. Not thread-safe. All failures are kUnavailable and
/// name the URL, never a credential.
class ObjectStore {
 public:
  /// Loads httpfs into `database`, which must outlive the store, and hands it the credentials. The
  /// extension is looked for in LYCEUM_HTTPFS, beside the program, and where DuckDB installs
  /// extensions. kBadSpec names the variable that is missing.
  static Result<std::unique_ptr<ObjectStore>> Open(DuckDb* database);

  /// The region of the environment, or its default.
  static std::string Region();

  /// Lists the URLs of the objects below `prefix` (`s3://bucket/folder`), sorted.
  Result<std::vector<std::string>> List(const std::string& prefix);
  /// Copies an object into a local file that must not exist; memory stays bounded.
  Status Download(const std::string& url, const std::string& path);
  /// Writes a whole object; `text` is UTF-8.
  Status Write(const std::string& url, std::string_view text);
  /// Copies a local file into an object, through memory.
  Status Upload(const std::string& path, const std::string& url);

 private:
  explicit ObjectStore(DuckDb* database) : database_(database) {}
  Status CopyTo(const std::string& url, const std::string& query);

  DuckDb* database_;
};

}  // namespace lyceum
