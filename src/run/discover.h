#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "base/status.h"
#include "spec/spec.h"

namespace lyceum {

/// A file below --input that one dataset's pattern matches.
struct FoundFile {
  std::string path;      ///< as opened
  std::string relative;  ///< below --input, with `/`
  std::string base_name;
};

/// A file that matches no pattern but looks as if it was meant to.
struct NearMiss {
  std::string relative;
  std::string dataset;
  std::string why;
};

class RemoteInput;

/// What a cluster says of a file that only it sees.
struct ClusterFile {
  std::string path;  ///< as the cluster opens it
  uint64_t bytes = 0;
  std::string content_id;
};

/// What lies below --input, sorted by path.
struct Inbox {
  /// Files by dataset and batch date; static files (no date in their pattern) have no date.
  std::map<std::string, std::map<std::optional<Days>, std::vector<FoundFile>>> files;
  std::vector<NearMiss> near_misses;
  std::vector<std::string> ignored;     ///< hidden files and `._*`
  std::vector<std::string> unmatched;   ///< everything else that matches nothing
  std::shared_ptr<RemoteInput> remote;  ///< where paths are URLs: fetches them; else null
  /// Files that only a cluster sees, by path; others are opened and hashed here.
  std::map<std::string, ClusterFile> on_cluster;

  /// The files that a run of `date` gets for `dataset`.
  std::vector<FoundFile> For(const Dataset& dataset, Days date) const;
};

/// Lists the files below `directory`. kUnavailable if it, or a folder below it, cannot be read, or
/// a directory stands where a pattern expects a file; kBadSpec if a file matches two datasets.
Result<Inbox> ScanInput(const Spec& spec, const std::string& directory);

/// Sorts the objects of a listing of `prefix` (without a slash at its end) as ScanInput sorts
/// files.
Result<Inbox> PlaceObjects(const Spec& spec, const std::string& prefix,
                           const std::vector<std::string>& urls);

/// How a pattern matched a path.
struct PatternMatch {
  std::optional<Days> batch_date;
};

/// Matches a file pattern (see Dataset::files) against a path below --input, with or without `.gz`
/// or
/// `.zst` at its end.
std::optional<PatternMatch> MatchPattern(std::string_view pattern, std::string_view path);

}  // namespace lyceum
