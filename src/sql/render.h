#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "sql/names.h"

namespace lyceum {

// Turns the steps of a plan into statements. Load steps run on an engine, publish steps on a
// warehouse. Publish statements keep to the SQL that DuckDB, PostgreSQL and Amazon Redshift share:
// no alias on DELETE and MERGE targets, one WHEN pair per MERGE, no IS DISTINCT FROM, every DELETE
// of a table before its first INSERT.

/// The load of one dataset on the embedded engine. Temporary tables, by dataset: `read_` (typed
/// rows with judgement), `kept_` (accepted rows), `conflict_`, `repeated_` (rows that break
/// `unique`) and `quarantined_` (finished quarantine records). `source` is the argument of
/// lyceum_read and lyceum_record.
Result<std::vector<Statement>> RenderRead(const ReadStep& step, const Names& names,
                                          const std::string& source);
Result<std::vector<Statement>> RenderDeduplicate(const DeduplicateStep& step, const Names& names);
Result<std::vector<Statement>> RenderQuarantine(const QuarantineStep& step, const Names& names,
                                                const std::string& source, Days batch_date,
                                                const std::vector<DeliveredFile>& files);
/// The SELECT whose rows become the private staging table, in the order of StagedColumns() of
/// staged_columns.h.
Result<std::string> RenderStageQuery(const StageStep& step, const Names& names);
/// Creates what is missing of the star schema and of the bookkeeping.
std::vector<Statement> RenderBookkeepingTables(const Names& names);
/// The schema, if it is missing.
Statement RenderSchema(const std::string& schema, const Names& names);
/// Table, waiting rows, member versions and indexes. `layout` says where Redshift's default does
/// not suit; it may be null.
std::vector<Statement> RenderCreateTable(const TableSchema& table, const Names& names,
                                         const TableLayout* layout);
/// ` DISTSTYLE ... SORTKEY (...)` of a table.
std::string RenderLayout(const TableSchema& table, const TableLayout* layout, const Names& names);
std::vector<Statement> RenderAddColumn(const TableSchema& table, const TableColumn& column,
                                       const Names& names);
PublishPart RenderCalendar(const CalendarTable& calendar, const Names& names);
std::string RenderTableDefinition(const std::string& qualified_name,
                                  const std::vector<TableColumn>& columns, const Names& names);
/// What the run learned about a fact's staged rows before it publishes.
struct DateBounds {
  std::optional<Days> first;
  std::optional<Days> last;
};

PublishPart RenderResolveFact(const ResolveFactStep& step, const Names& names, Days batch_date,
                              const DateBounds& staged);
PublishPart RenderApplyFact(const ApplyFactStep& step, const Names& names, Days batch_date);
/// Creates the temporary table in which facts and dimensions count how they change the use of this
/// dimension's members. Must run before any fact or dimension is resolved.
PublishPart RenderUses(const ResolveDimensionStep& step, const Names& names);
PublishPart RenderResolveDimension(const ResolveDimensionStep& step, const Names& names,
                                   Days batch_date);
PublishPart RenderApplyDimension(const ApplyDimensionStep& step, const Names& names,
                                 Days batch_date);
/// `sources` are the mart's facts that this run changes.
Result<PublishPart> RenderRefreshMart(const RefreshMartStep& step, const Spec& spec,
                                      const Names& names,
                                      const std::vector<std::string>& changed_facts);
PublishPart RenderSwapStaging(const SwapStagingStep& step, const Names& names);

/// Bookkeeping table that writers lock first, so that they take turns and readers never wait.
inline constexpr char kWriterLock[] = "writer_lock";

/// Name of a fact's waiting table and of a dimension's member versions in the bookkeeping schema.
std::string WaitingTable(const std::string& fact);
std::string VersionsTable(const std::string& dimension);

}  // namespace lyceum
