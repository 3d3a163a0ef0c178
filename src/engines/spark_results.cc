#include "engines/spark_results.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "engines/long_record.h"
#include "engines/object_store.h"
#include "engines/record_file.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

std::string Parquet(const SparkResults& results, const std::string& what) {
  return fmt::format("read_parquet({})",
                     QuoteText(DuckDbDialect(), results.folder + "/" + what + "/*.parquet"));
}

/// Where the name of a count goes.
Status TakeCount(const std::vector<std::optional<std::string>>& row, LoadOutcome* outcome) {
  const std::string what = row[0].value_or("");
  const auto place = static_cast<size_t>(CountOf(row[1]));
  const std::string name = row[2].value_or("");
  const int64_t count = CountOf(row[3]);
  const bool of_file =
      what == "read" || what == "loaded" || what == "duplicate" || what == "quarantined";
  if (of_file && place >= outcome->files.size()) {
    return Internal("Spark counted rows of a file that was not delivered");
  }
  if (what == "read") {
    outcome->files[place].read = count;
  } else if (what == "loaded") {
    outcome->files[place].loaded = count;
  } else if (what == "duplicate") {
    outcome->files[place].duplicates = count;
  } else if (what == "quarantined") {
    outcome->files[place].quarantined = count;
  } else if (what == "rule") {
    if (place > outcome->rule_failures.size()) return Internal("Spark counted an unknown rule");
    // The last count is that of the rows judged.
    (place == outcome->rule_failures.size() ? outcome->rows_judged
                                            : outcome->rule_failures[place]) = count;
  } else if (what == "reason") {
    outcome->reasons[name] = count;
  } else if (what == "conflict") {
    outcome->conflicts = count;
  } else if (what == "unknown") {
    outcome->unknown_keys[name] = count;
  }
  return Status::Ok();
}

/// kUnavailable, with what the database said of it.
Status Damaged(const SparkResults& results, const std::string& dataset, const std::string& what) {
  return Unavailable(fmt::format("the results of '{}' in '{}' are damaged or incomplete; {} ({})",
                                 dataset, results.folder, results.again, what));
}

/// As many rows lie there as Spark counted: files that are missing would go unnoticed.
Status CheckRows(DuckDb* database, const SparkResults& results, const std::string& dataset,
                 const std::string& what, int64_t expected) {
  const auto rows = database->Query(fmt::format("SELECT count(*) FROM {}", Parquet(results, what)));
  if (!rows.ok()) {
    if (rows.status().code() == ErrorCode::kInterrupted) return rows.status();
    return Damaged(results, dataset, rows.status().message());
  }
  const int64_t found = CountOf(rows->rows[0][0]);
  if (found == expected) return Status::Ok();
  return Damaged(results, dataset, fmt::format("{} of {} {} rows are left", found, expected, what));
}

/// What it means that the counts cannot be read.
Status NoCounts(DuckDb* database, const SparkResults& results, const std::string& dataset,
                const Status& failure) {
  const auto files = database->Query(
      fmt::format("SELECT count(*) FROM glob({})",
                  QuoteText(DuckDbDialect(), results.folder + "/counts/*.parquet")));
  if (files.ok() && CountOf(files->rows[0][0]) > 0) {
    return Damaged(results, dataset, failure.message());
  }
  return Unavailable(fmt::format("the results of '{}' are not in '{}'; run its script first ({})",
                                 dataset, results.folder, failure.message()));
}

StagedRows RowsOf(const SparkResults& results, const std::string& what,
                  std::vector<TableColumn> columns, const std::string& items) {
  StagedRows rows;
  rows.query = fmt::format("SELECT {} FROM {}", items, Parquet(results, what));
  rows.columns = std::move(columns);
  return rows;
}

std::string Items(const std::vector<TableColumn>& columns, const Names& names) {
  std::string items;
  for (const TableColumn& column : columns) {
    const std::string name = names.Column(column.name);
    items += items.empty() ? "" : ", ";
    // The run that publishes keeps the records, whoever wrote them.
    items +=
        column.name == "run_id" ? fmt::format("{} AS {}", names.Text(names.run_id()), name) : name;
  }
  return items;
}

class ResultsEngine : public Engine {
 public:
  ResultsEngine(DuckDb* database, const EngineOptions& options, const std::string& folder)
      : database_(database), options_(options), folder_(folder) {}

  Result<std::vector<OpenedFile>> Open(const DatasetPlan& plan) override {
    std::vector<OpenedFile> opened;
    for (const DeliveredFile& file : plan.files) {
      ASSIGN_OR_RETURN(const auto record_file,
                       RecordFile::Open(file.fingerprint, *plan.dataset, options_.spool_directory));
      opened.push_back(DescribeFile(*record_file));
    }
    return opened;
  }

  Result<LoadOutcome> Load(const DatasetLoad& load, const Names& names) override {
    for (const DeliveredFile& file : load.plan->files) {
      RETURN_IF_ERROR(CheckFingerprint(file.fingerprint));
    }
    const SparkResults results = {folder_ + "/" + load.plan->dataset->name,
                                  options_.long_record_directory, "run the script again"};
    ASSIGN_OR_RETURN(LoadOutcome outcome, ReadSparkResults(database_, results, load, names));
    for (const RowCounts& file : outcome.files) {
      if (file.balances()) continue;
      return Damaged(results, load.plan->dataset->name, "some of its counts are missing");
    }
    return outcome;
  }

  Status Discard(const std::string&) override { return Status::Ok(); }
  void Interrupt() override { database_->Interrupt(); }
  double Progress() override { return -1; }

 private:
  DuckDb* database_;
  EngineOptions options_;
  std::string folder_;
};

}  // namespace

Result<LoadOutcome> ReadSparkResults(DuckDb* database, const SparkResults& results,
                                     const DatasetLoad& load, const Names& names) {
  LoadOutcome outcome;
  outcome.files.resize(load.plan->files.size());
  outcome.rule_failures.resize(load.read.rules.size());
  const auto counts = database->Query(
      fmt::format("SELECT what, place, name, records FROM {}", Parquet(results, "counts")));
  const std::string& dataset = load.plan->dataset->name;
  if (!counts.ok()) {
    if (counts.status().code() == ErrorCode::kInterrupted) return counts.status();
    return NoCounts(database, results, dataset, counts.status());
  }
  bool ours = false;
  for (const auto& row : counts->rows) {
    // A static dataset has the same delivery on every date.
    if (const std::string date = FormatDate(load.batch_date); row[0] == "date" && row[2] != date) {
      return Unavailable(fmt::format(
          "the results of '{}' in '{}' are those of {}, not of {}; a folder holds the results of "
          "one date: name that of {}, or write its script and run it",
          dataset, results.folder, row[2].value_or(""), date, date));
    }
    ours = ours || (row[0] == "delivery" && row[2] == load.quarantine.delivery_id);
    RETURN_IF_ERROR(TakeCount(row, &outcome));
  }
  if (!ours) {
    return Unavailable(fmt::format(
        "the results of '{}' in '{}' are those of other files or of another spec; write the script "
        "again and run it",
        dataset, results.folder));
  }
  RowCounts total;
  for (const RowCounts& file : outcome.files) total.Add(file);
  if (load.stage) {
    RETURN_IF_ERROR(CheckRows(database, results, dataset, "staged", total.loaded));
    std::vector<TableColumn> columns = StagedColumns(load.stage->table);
    const std::string items = Items(columns, names);
    outcome.staged = RowsOf(results, "staged", std::move(columns), items);
    if (IsObjectUrl(results.folder)) outcome.staged->parquet = results.folder + "/staged";
  }
  RETURN_IF_ERROR(
      CheckRows(database, results, dataset, "quarantined", total.quarantined + outcome.conflicts));
  std::vector<TableColumn> columns = QuarantineColumns();
  const std::string items = Items(columns, names);
  outcome.quarantined = RowsOf(results, "quarantined", std::move(columns), items);
  RETURN_IF_ERROR(database->Scan(
      fmt::format(
          "SELECT DISTINCT stored_as, hex(long_record) FROM {} WHERE long_record IS NOT NULL",
          Parquet(results, "quarantined")),
      [&](const std::vector<Cell>& row) {
        return StoreLongRecord(results.long_record_directory,
                               std::string(std::get<std::string_view>(row[0])),
                               Unhex(std::get<std::string_view>(row[1])));
      }));
  return outcome;
}

std::unique_ptr<Engine> MakeResultsEngine(DuckDb* database, const EngineOptions& options,
                                          const std::string& folder) {
  return std::make_unique<ResultsEngine>(database, options, folder);
}

}  // namespace lyceum
