#pragma once

#include <map>
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
/// rows with judgement), `duplicate_`, `conflict_`, `repeated_` (rows that break `unique`) and
/// `quarantined_` (finished quarantine records); `kept_` is a view of the accepted rows. `source`
/// is the argument of lyceum_read and lyceum_record.
Result<std::vector<Statement>> RenderRead(const ReadStep& step, const Names& names,
                                          const std::string& source);
Result<std::vector<Statement>> RenderDeduplicate(const DeduplicateStep& step, const Names& names);
Result<std::vector<Statement>> RenderQuarantine(const QuarantineStep& step, const Names& names,
                                                const std::string& source, Days batch_date,
                                                const std::vector<DeliveredFile>& files);
/// The SELECT whose rows become the private staging table, in the order of StagedColumns() of
/// staged_columns.h.
Result<std::string> RenderStageQuery(const StageStep& step, const Names& names);

/// How a batch that was loaded before is replaced by its difference, where the engine's rows are at
/// hand while the warehouse publishes.
struct BatchDifference {
  std::string compared;  ///< SELECT of all accepted rows: `_pos`, then all columns that are no keys
  std::string changed;   ///< as RenderStageQuery, of the rows whose `_pos` is in DifferenceTable()
};
Result<BatchDifference> RenderDifference(const StageStep& step, const Names& names);
/// The columns of BatchDifference::compared besides `_pos`: they decide all others.
std::vector<std::string> ComparedColumns(const TableSchema& table);
/// Temporary table of what differs: `pos` of rows that are new, `row` of rows of the fact that go.
std::string DifferenceTable(const TableSchema& table, const Names& names);
/// Creates what is missing of the star schema and of the bookkeeping.
std::vector<Statement> RenderBookkeepingTables(const Names& names);
/// The schema, if it is missing.
Statement RenderSchema(const std::string& schema, const Names& names);
/// How many members dimensions have, as far as it is known when tables are created.
using MemberCounts = std::map<std::string, int64_t>;
/// Table, waiting rows, member versions and indexes. `layout` says where Redshift's default does
/// not suit; it may be null.
std::vector<Statement> RenderCreateTable(const TableSchema& table, const Names& names,
                                         const TableLayout* layout, const MemberCounts& members);
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

/// Whether old or new rows of this batch may have the event key of a row of another one. `others`
/// are the dates that the other batches of the fact hold. Where they cannot, nothing is compared.
bool MayOverlap(const ResolveFactStep& step, const DateBounds& staged,
                const std::vector<DateBounds>& others);
/// `difference` is null if the whole batch is replaced; else rows that stay as they are are not
/// touched. REQUIRES: then the batch is loaded, and may not overlap.
PublishPart RenderResolveFact(const ResolveFactStep& step, const Names& names, Days batch_date,
                              const DateBounds& staged, bool may_overlap,
                              const BatchDifference* difference);
PublishPart RenderApplyFact(const ApplyFactStep& step, const Names& names, Days batch_date,
                            bool may_overlap, const BatchDifference* difference);
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
/// What RenderSwapStaging knows beyond its step.
struct StagingSwap {
  Days batch_date = 0;
  std::string delivery_id;  ///< of the dataset
  bool was_table = false;   ///< a table of this name is in the way of a view
};
PublishPart RenderSwapStaging(const SwapStagingStep& step, const Names& names,
                              const StagingSwap& swap);

/// Bookkeeping table that writers lock first, so that they take turns and readers never wait.
inline constexpr char kWriterLock[] = "writer_lock";

/// Name of a fact's waiting table and of a dimension's member versions in the bookkeeping schema.
std::string WaitingTable(const std::string& fact);
std::string VersionsTable(const std::string& dimension);

}  // namespace lyceum
