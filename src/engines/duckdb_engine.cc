#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "base/position.h"
#include "engines/engine.h"
#include "engines/read_function.h"
#include "sql/render.h"
#include "sql/row_rules.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

class DuckDbEngine : public Engine {
 public:
  DuckDbEngine(DuckDb* database, const EngineOptions& options)
      : database_(database), options_(options) {}

  Result<std::vector<OpenedFile>> Open(const DatasetPlan& plan) override {
    auto delivery = std::make_unique<Delivery>();
    delivery->dataset = plan.dataset;
    delivery->long_record_directory = options_.long_record_directory;
    RETURN_IF_ERROR(delivery->SetTimezone(options_.timezone));
    std::vector<OpenedFile> opened;
    for (const DeliveredFile& file : plan.files) {
      ASSIGN_OR_RETURN(auto record_file,
                       RecordFile::Open(file.fingerprint, *plan.dataset, options_.spool_directory));
      opened.push_back(DescribeFile(*record_file));
      delivery->files.push_back(std::move(record_file));
    }
    if (!plan.table.Identity().empty()) {
      // Lines of a CSV file are rarely shorter.
      constexpr uint64_t kLeastBytesPerRow = 24;
      uint64_t bytes = 0;
      for (const auto& file : delivery->files) bytes += file->text_bytes();
      delivery->identities = std::make_unique<SeenFilter>(bytes / kLeastBytesPerRow);
    }
    delivery->records_read = std::vector<std::atomic<int64_t>>(delivery->files.size());
    deliveries_[plan.dataset->name] = std::move(delivery);
    return opened;
  }

  Result<LoadOutcome> Load(const DatasetLoad& load, const Names& names) override {
    Delivery& delivery = *deliveries_.at(load.plan->dataset->name);
    const std::string source = fmt::format("{}::UBIGINT", reinterpret_cast<uintptr_t>(&delivery));
    LoadOutcome outcome;
    RETURN_IF_ERROR(Explain(Transform(load, names, source, &outcome), delivery, load));
    for (const auto& file : delivery.files) RETURN_IF_ERROR(file->CheckUnchanged());
    outcome.unknown_keys = delivery.unknown_keys;
    return outcome;
  }

  Status Discard(const std::string& dataset) override {
    const Names names(DuckDbDialect(), "", "");
    for (const char* what : {"kept", "quarantined"}) {
      RETURN_IF_ERROR(database_->Execute(
          fmt::format("DROP VIEW IF EXISTS temp.{}", names.Temp(what, dataset))));
    }
    for (const char* what :
         {"read", "twins", "duplicate", "conflict", "repeated", "rejected", "raw"}) {
      RETURN_IF_ERROR(database_->Execute(
          fmt::format("DROP TABLE IF EXISTS temp.{}", names.Temp(what, dataset))));
    }
    deliveries_.erase(dataset);
    return Status::Ok();
  }

  void Interrupt() override { database_->Interrupt(); }
  double Progress() override { return database_->Progress(); }

 private:
  Status Execute(const Result<std::vector<Statement>>& statements) {
    if (!statements.ok()) return statements.status();
    for (const Statement& statement : *statements) {
      RETURN_IF_ERROR(database_->Execute(statement.sql));
    }
    return Status::Ok();
  }

  Status Transform(const DatasetLoad& load, const Names& names, const std::string& source,
                   LoadOutcome* outcome) {
    const std::string& dataset = load.plan->dataset->name;
    Delivery& delivery = *deliveries_.at(dataset);
    RETURN_IF_ERROR(Execute(RenderRead(load.read, names, source)));
    RETURN_IF_ERROR(Execute(RenderDeduplicate(load.deduplicate, names)));
    RETURN_IF_ERROR(CountRules(load, names, outcome));
    delivery.records = std::make_unique<SeenFilter>(outcome->rows_judged / 8);
    RETURN_IF_ERROR(Execute(
        RenderQuarantine(load.quarantine, names, source, load.batch_date, load.plan->files)));
    const bool deduplicates = !load.deduplicate.table.Identity().empty();
    RETURN_IF_ERROR(CountRows(dataset, deduplicates, names, delivery, outcome));
    RETURN_IF_ERROR(CountReasons(dataset, names, outcome));
    ASSIGN_OR_RETURN(const RowSet conflicts,
                     database_->Query(fmt::format("SELECT count(*) FROM {} WHERE kind = 'conflict'",
                                                  names.Temp("rejected", dataset))));
    outcome->conflicts = std::stoll(*conflicts.rows[0][0]);
    if (load.stage) {
      ASSIGN_OR_RETURN(std::string query, RenderStageQuery(*load.stage, names));
      outcome->staged = StagedRows();
      outcome->staged->columns = StagedColumns(load.stage->table);
      outcome->staged->query = std::move(query);
      if (load.stage->table.kind == TableKind::kFact) {
        ASSIGN_OR_RETURN(outcome->staged->difference, RenderDifference(*load.stage, names));
      }
    }
    outcome->quarantined.columns = QuarantineColumns();
    outcome->quarantined.query =
        fmt::format("SELECT * FROM {}", names.Temp("quarantined", dataset));
    return Status::Ok();
  }

  Status CountRules(const DatasetLoad& load, const Names& names, LoadOutcome* outcome) {
    ASSIGN_OR_RETURN(const RowSet counts,
                     database_->Query(fmt::format("SELECT {} FROM {}",
                                                  fmt::join(RuleCounts(load.read, names), ", "),
                                                  names.Temp("read", load.plan->dataset->name))));
    for (const auto& count : counts.rows[0]) outcome->rule_failures.push_back(std::stoll(*count));
    outcome->rows_judged = outcome->rule_failures.back();
    outcome->rule_failures.pop_back();
    return Status::Ok();
  }

  /// Counts rows per file on four independent ways: what the reader saw, what is accepted, what
  /// is rejected, and the duplicates.
  Status CountRows(const std::string& dataset, bool deduplicates, const Names& names,
                   const Delivery& delivery, LoadOutcome* outcome) {
    outcome->files.resize(delivery.files.size());
    for (size_t i = 0; i < delivery.files.size(); ++i) {
      outcome->files[i].read = delivery.records_read[i];
    }
    const auto per_file = [&](const char* table, const char* where,
                              int64_t RowCounts::*count) -> Status {
      ASSIGN_OR_RETURN(const RowSet set, database_->Query(fmt::format(
                                             "SELECT _pos >> {}, count(*) FROM {}{} GROUP "
                                             "BY 1",
                                             kOffsetBits, names.Temp(table, dataset), where)));
      for (const auto& row : set.rows) {
        outcome->files[std::stoul(*row[0])].*count = std::stoll(*row[1]);
      }
      return Status::Ok();
    };
    RETURN_IF_ERROR(per_file("kept", "", &RowCounts::loaded));
    RETURN_IF_ERROR(per_file("rejected", " WHERE kind = 'rejected'", &RowCounts::quarantined));
    if (!deduplicates) return Status::Ok();
    return per_file("duplicate", "", &RowCounts::duplicates);
  }

  Status CountReasons(const std::string& dataset, const Names& names, LoadOutcome* outcome) {
    ASSIGN_OR_RETURN(
        const RowSet set,
        database_->Query(fmt::format(
            "SELECT reason, count(*) FROM (SELECT unnest(CAST(CAST(reasons AS JSON) AS VARCHAR[])) "
            "AS reason FROM {} WHERE kind = 'rejected') GROUP BY 1",
            names.Temp("rejected", dataset))));
    for (const auto& row : set.rows) outcome->reasons[*row[0]] = std::stoll(*row[1]);
    return Status::Ok();
  }

  /// An I/O error inside a scan surfaces as an error of DuckDB; the reader knows the cause.
  static Status Explain(const Status& status, const Delivery& delivery, const DatasetLoad& load) {
    if (status.ok() || status.code() == ErrorCode::kInterrupted) return status;
    if (!delivery.failure.ok()) return delivery.failure;
    return {status.code(),
            fmt::format("loading '{}': {}", load.plan->dataset->name, status.message())};
  }

  DuckDb* database_;
  EngineOptions options_;
  std::map<std::string, std::unique_ptr<Delivery>> deliveries_;
};

}  // namespace

OpenedFile DescribeFile(const RecordFile& file) {
  OpenedFile opened;
  if (file.fault()) {
    opened.fault = file.fault()->reason;
    opened.fault_line = file.fault()->line;
    opened.fault_offset = file.fault()->offset;
    std::string head(std::min<uint64_t>(file.text_bytes(), kMaxRawTextBytes), '\0');
    if (file.Read(0, head.size(), head.data()).ok()) opened.raw_text = EscapeBytes(head);
  }
  opened.has_records = !file.chunks().empty();
  opened.empty_lines = file.empty_lines();
  opened.text_bytes = file.text_bytes();
  opened.unknown_columns = file.columns().unknown_columns;
  return opened;
}

std::vector<TableColumn> QuarantineColumns() {
  const auto column = [](const char* name, TypeKind kind) {
    TableColumn result;
    result.name = name;
    result.type = result.keyed_as = Type{kind};
    return result;
  };
  std::vector<TableColumn> columns;
  for (const char* name : {"record_id", "run_id", "dataset"}) {
    columns.push_back(column(name, TypeKind::kText));
  }
  columns.push_back(column("batch_date", TypeKind::kDate));
  for (const char* name : {"delivery_id", "file", "content_id"}) {
    columns.push_back(column(name, TypeKind::kText));
  }
  for (const char* name : {"line", "element", "byte_offset"}) {
    columns.push_back(column(name, TypeKind::kBigint));
  }
  columns.push_back(column("byte_length", TypeKind::kBigint));
  for (const char* name : {"raw_text", "stored_as", "reasons", "kind", "state"}) {
    columns.push_back(column(name, TypeKind::kText));
  }
  return columns;
}

Result<std::unique_ptr<Engine>> MakeDuckDbEngine(DuckDb* database, const EngineOptions& options) {
  RETURN_IF_ERROR(RegisterReadFunctions(database->connection()));
  return std::unique_ptr<Engine>(std::make_unique<DuckDbEngine>(database, options));
}

}  // namespace lyceum
