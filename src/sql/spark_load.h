#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "sql/names.h"

namespace lyceum {

// The load of one dataset as Spark SQL. Every step writes its rows as Parquet into a folder of the
// run directory and names them by a temporary view, so that nothing is computed twice, and what is
// numbered once keeps its number. Views, by dataset:
// - `_lines_`: the files' physical lines, cut at line feeds: path, block, mid, value;
// - `_records_`: records of files that cannot be cut at line feeds (RecordSource::kWhole);
// - `_parsed_`: every record, typed and judged; `_blocks_`: how it is numbered; `_read_`: the
//   records with their rank `_pos`, without header and empty lines;
// - `_ranked_`: good rows with `_rank` (1: kept) and `_differs`; `_repeated_`: `unique` broken;
// - `_staged_`: what the warehouse gets; `_quarantined_`: finished quarantine records.

/// Where the records of a file come from.
enum class RecordSource {
  kLines,  ///< each physical line is a record: files are split and read in parallel
  kWhole,  ///< `_records_` has them: a quoted line end, a lone CR, or a JSON array
};

/// How whole files are cut into records.
enum class WholeCut {
  kQuotedNewlines,  ///< CSV whose quotes hold line ends
  kReturns,         ///< lines that end in a lone CR
  kJsonArray,
};

/// A delivered file as the cluster reads it.
struct SparkFile {
  std::string path;  ///< as Spark spells it in file_path
  RecordSource source = RecordSource::kLines;
  /// CSV: for each column of the dataset its field, or -1; and how many fields the header has.
  std::vector<int> field_of_column;
  int num_fields = 0;
  bool faulty = false;  ///< cannot be read as records; no row of it is loaded
};

/// One dataset's load on Spark.
struct SparkLoad {
  const Dataset* dataset = nullptr;
  std::string folder;  ///< where its Parquet folders are, as the cluster sees it
  std::string timezone;
  std::vector<SparkFile> files;  ///< as DatasetPlan::files
};

/// Session settings that the statements rely on.
const std::vector<std::pair<std::string, std::string>>& SparkSettings();

/// One row per file that has a byte: its path as Spark spells it, lines, empty lines (CSV; JSON:
/// blank ones), bytes of its lines with a line feed each, the first 64 KiB of its first line that
/// is not empty (hex), whether that line and the last such line hold a complete JSON element,
/// whether the last line of all is empty, how many lines leave a quote open, and how many have a
/// lone CR.
std::string RenderSparkInspection(const SparkLoad& load, const Names& names);

/// The first lines of a file, cut to 32 KiB each (hex).
std::string RenderSparkHead(const SparkLoad& load, size_t file, const Names& names);

/// Cuts the files with these indices into records, for the view `_records_`.
std::vector<Statement> RenderSparkRecords(const SparkLoad& load, WholeCut cut,
                                          const std::vector<size_t>& files, const Names& names);
/// The view `_records_` over the cuts that were made.
Statement RenderSparkRecordsView(const SparkLoad& load, const std::vector<WholeCut>& cuts,
                                 const Names& names);
/// Per file: how many records, the first record that is not empty (64 KiB, hex) and its lines, the
/// number of empty ones, and the line on which a quote opens that does not close (0: none).
std::string RenderSparkCutLines(const SparkLoad& load, WholeCut cut, const Names& names);
/// Per file: the number of elements, the index of the first one that no comma follows, what follows
/// it (`]` or nothing), and what stands behind the last: `blank`, `end`, `end and text` or `text`.
std::string RenderSparkCutArrays(const SparkLoad& load, const Names& names);

Result<std::vector<Statement>> RenderSparkRead(const SparkLoad& load, const ReadStep& step,
                                               const Names& names);
Result<std::vector<Statement>> RenderSparkDeduplicate(const SparkLoad& load,
                                                      const DeduplicateStep& step,
                                                      const Names& names);
Result<std::vector<Statement>> RenderSparkStage(const SparkLoad& load, const StageStep& step,
                                                const std::vector<Rule>& rules, const Names& names);
std::vector<Statement> RenderSparkQuarantine(const SparkLoad& load, const QuarantineStep& step,
                                             Days batch_date,
                                             const std::vector<DeliveredFile>& files,
                                             const Names& names);

/// What a load counts: (`read`, `loaded`, `duplicate` or `quarantined`; file; rows), each counted
/// on its own; reasons with their rows; JSON keys that no column matches with their rows.
std::string RenderSparkFileCounts(const Dataset& dataset, const std::vector<Rule>& rules,
                                  const Names& names);
std::string RenderSparkReasonCounts(const Dataset& dataset, const Names& names);
std::string RenderSparkUnknownKeys(const Dataset& dataset, const Names& names);

/// Writes the rows of `query` below the load's folder and makes the view `_<what>_<dataset>`.
std::vector<Statement> SparkTable(const SparkLoad& load, const std::string& what,
                                  const std::string& purpose, const std::string& query,
                                  const Names& names);

/// The lyceum_key() of engines/key_function.h over rendered values of the given types.
std::string RenderSparkKey(const std::vector<std::pair<Type, std::string>>& values);

/// The lines of `_lines_` with the index of their file: `_file, block, mid, value`.
std::string SparkLines(const SparkLoad& load, const std::vector<size_t>& files, const Names& names);

/// EscapeBytes() of engines/record_file.h over a rendered BINARY, and ShowName() over a STRING.
std::string RenderSparkEscape(const std::string& bytes);
std::string RenderSparkShownName(const std::string& name);

}  // namespace lyceum
