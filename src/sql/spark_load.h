#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "plan/dataset_load.h"
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

/// A session setting that the statements rely on, and why.
struct SparkSetting {
  std::string key;
  std::string value;
  std::string why;
};
const std::vector<SparkSetting>& SparkSettings();

/// The views `_lines_` and `_whole_` as SQL, for scripts; a client that has other means need not
/// name each file. `paths` are those that the cluster opens, escaped; as SparkLoad::files.
std::vector<Statement> RenderSparkViews(const SparkLoad& load,
                                        const std::vector<std::string>& paths, const Names& names);

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
/// Per file: its index, records, empty ones, the head of the first record that is not empty (hex),
/// and as RenderSparkInspection whether first and last are complete and the last of all is empty;
/// then the line of the record in which a quote opens that does not close (0: none).
std::string RenderSparkCutLines(const SparkLoad& load, WholeCut cut, const Names& names);
/// Per file: the number of elements, the index of the first one that no comma follows, what follows
/// it (`]` or nothing), and what stands behind the last: `blank`, `end`, `end and text` or `text`.
std::string RenderSparkCutArrays(const SparkLoad& load, const Names& names);

/// The tables `parsed` and `blocks`, and the view `_read_`.
Result<std::vector<Statement>> RenderSparkRead(const SparkLoad& load, const ReadStep& step,
                                               const Names& names);
/// Everything that loads a dataset whose files are opened. The last table, `counts`, holds (what,
/// place, name, records): `read`, `loaded`, `duplicate` and `quarantined` rows per file, each
/// counted on its own; failures per `rule`, with the rows judged behind the last; rows per
/// `reason`; `conflict`; rows per `unknown` JSON key; the `delivery` and its `date`.
Result<std::vector<Statement>> RenderSparkLoad(const SparkLoad& load, const DatasetLoad& steps,
                                               const Names& names);

/// Writes the rows of `query` below the load's folder and makes the view `_<what>_<dataset>`.
std::vector<Statement> SparkTable(const SparkLoad& load, const std::string& what,
                                  const std::string& purpose, const std::string& query,
                                  const Names& names);

/// The lyceum_key() of engines/key_function.h over rendered values of the given types.
std::string RenderSparkKey(const std::vector<std::pair<Type, std::string>>& values);

/// The lines of `_lines_` with the index of their file: `_file, block, mid, value`.
std::string SparkLines(const SparkLoad& load, const std::vector<size_t>& files, const Names& names);

/// A line's bytes, from its `value`, without the CR of its line end.
std::string SparkLineBytes();
/// Whether the rendered bytes of a line are no record: nothing, or for JSON nothing but blanks.
std::string RenderSparkIsEmpty(const Dataset& dataset, const std::string& bytes);

/// ShowName() of engines/record_file.h over a rendered STRING.
std::string RenderSparkShownName(const std::string& name);

}  // namespace lyceum
