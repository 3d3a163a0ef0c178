#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/diagnostic.h"
#include "base/status.h"

namespace lyceum {

/// What `lyceum generate` makes. The same options give the same bytes on every machine.
struct GenerateOptions {
  /// Size: a profile says how many records each file has for so many rows. 1 to 1,000,000,000.
  int64_t rows = 1000;
  /// Number of batch dates, from `first_day` on; 1 to 10,000. More days leave the files of the
  /// first ones as they are.
  int days = 1;
  uint64_t seed = 1;
  /// Share of the daily rows that a pipeline must reject, 0 to 100. With 0 the files are clean:
  /// nothing rejected, no duplicates, no unknown members.
  double dirty_percent = 0;
  /// Created if it is missing. Files of the same names are replaced.
  std::string out_directory;
  Days first_day = 20240;  ///< 2025-06-01
  /// Empty: the built-in profile.
  std::string profile_text;
  /// What messages call `profile_text`.
  std::string profile_name;
};

struct GeneratedFile {
  std::string path;
  int64_t records = 0;  ///< all of them, without the header; the next three are among them
  int64_t rejected = 0;
  int64_t duplicates = 0;  ///< of an earlier record of the same file
  int64_t repeats = 0;     ///< of a record of the previous day's file
  uint64_t bytes = 0;
};

/// Writes the files of a profile: the static ones, then those of each day in order, which is also
/// the order of the result. Works on several threads; returns when all files are complete.
/// kBadSpec: an option is out of its range, or the profile is wrong, with the reasons added to
/// `profile_problems`. kUnavailable: a folder or file cannot be written; the files that were
/// complete by then stay.
Result<std::vector<GeneratedFile>> Generate(const GenerateOptions& options,
                                            Diagnostics* profile_problems);

}  // namespace lyceum
