#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "base/diagnostic.h"
#include "run/generator_column.h"
#include "run/generator_dirt.h"
#include "run/generator_row.h"

namespace lyceum {

/// Stands in file names of daily datasets for the batch date, as yyyyMMdd.
inline constexpr std::string_view kBatchDateMark = "{batch_date}";

/// How often dirt happens, in percent of the rejected rows, whose number the user sets.
struct DirtPercents {
  int64_t duplicates = 0;       ///< rows that repeat an earlier row of the same file
  int64_t repeats = 0;          ///< rows that repeat a row of the previous day's file
  int64_t unknown_members = 0;  ///< rows that refer to a member that no file has
  int64_t harmless = 0;         ///< rows with dirt of the list `harmless`
  int64_t second_faults = 0;    ///< rejected rows with another fault in another column
};

/// One kind of file that the generator writes.
struct ProfileDataset {
  std::string name;
  std::string file;  ///< path below the output folder; may hold kBatchDateMark
  FileStyle style;
  /// Clean rows of a static file, all rows of a daily one: the rows asked for divided by
  /// `rows_per_record`, within the bounds.
  int64_t rows_per_record = 1;
  int64_t min_records = 1;
  int64_t max_records = 1;
  std::vector<ProfileColumn> columns;
  DirtList rejected;
  DirtList harmless;
  DirtPercents percents;
  Span span;

  /// True if there is one file for each day.
  bool daily() const { return file.find(kBatchDateMark) != std::string::npos; }
  std::optional<size_t> FindTimeColumn() const;
  /// Indexes of the `member` columns.
  std::vector<size_t> MemberColumns() const;
};

/// What the generator makes up: a checked profile. Names are unique, references resolve, each
/// static dataset has one sequence column, each daily one has one time column and a member column.
/// The first member and the time tell the clean rows of a daily dataset apart.
struct GeneratorProfile {
  Days first_day = 0;  ///< no event happens outside these days
  Days last_day = 0;
  std::vector<WordList> lists;
  std::vector<ProfileDataset> datasets;
};

/// Reads a profile; nullopt exactly if `diagnostics` has errors afterwards.
std::optional<GeneratorProfile> ReadGeneratorProfile(std::string_view text,
                                                     Diagnostics* diagnostics);

/// The profile that is built into the program.
std::string_view BuiltInGeneratorProfile();

}  // namespace lyceum
