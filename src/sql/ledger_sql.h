#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "sql/names.h"

namespace lyceum {

/// A row of lyceum.runs.
struct RunRow {
  std::string pipeline;
  Days batch_date = 0;
  std::string state;
  std::optional<int> exit_code;
  std::string started_at;  ///< yyyy-MM-dd HH:mm:ss, UTC
  std::string ended_at;    ///< "" while it runs
  std::string message;
};

/// A row of lyceum.files.
struct FileRow {
  std::string file, base_name, content_id;
  uint64_t bytes = 0;
  int64_t read = 0, loaded = 0, duplicates = 0, quarantined = 0, empty_lines = 0;
};

/// A row of lyceum.quality_results.
struct QualityRow {
  std::string dataset, rule, severity, outcome;
  int64_t judged = 0, failed = 0;
};

/// A whole file that could not be read as records.
struct FaultRow {
  std::string dataset, file, content_id, reason, raw_text;
  int64_t line = 0;
  uint64_t offset = 0, bytes = 0;
  bool dated = true;
};

Statement RenderRunRow(const Names& names, const RunRow& row);
/// Removes the rows of this run from runs and quality_results, so that writing them is the same
/// done twice.
std::vector<Statement> RenderForgetRun(const Names& names);

/// What the ledger says about one dataset after its publish: replaces the old lines and the open
/// quarantine records of what it replaces. Static datasets keep lines and records per content.
/// `files` and the quarantine are written for DatasetAction::kLoad only.
PublishPart RenderLedger(const Names& names, const DatasetPlan& plan, Days batch_date,
                         const std::string& published_at, const std::vector<FileRow>& files,
                         std::optional<Days> first_date, std::optional<Days> last_date);
/// Moves this run's private quarantine records into lyceum.quarantine, with `state`.
Statement RenderQuarantineInsert(const Names& names, const std::string& state);
/// Removes records that earlier runs of this date rejected behind a closed gate.
Statement RenderDropUnpublished(const Names& names, Days batch_date);
std::vector<Statement> RenderQuality(const Names& names, Days batch_date,
                                     const std::vector<QualityRow>& rows);
std::vector<Statement> RenderFaults(const Names& names, Days batch_date,
                                    const std::vector<FaultRow>& rows);
/// Notes the definition that a mart or calendar was built by.
PublishPart RenderDefinition(const Names& names, const std::string& table, const std::string& hash);
/// Drops a mart or calendar, with what the bookkeeping says of it.
PublishPart RenderDropTable(const Names& names, const std::string& table);
/// Replaces the description of a table in lyceum.tables.
PublishPart RenderTableRows(const Names& names, const TableSchema& table,
                            const std::string& dataset);

const char* TableKindName(TableKind kind);
const char* ColumnRoleName(ColumnRole role);

}  // namespace lyceum
