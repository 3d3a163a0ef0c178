#include "sql/ledger_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/canonical.h"
#include "base/sha256.h"

namespace lyceum {
namespace {

std::string OptionalDate(const Names& names, const std::optional<Days>& date) {
  return date ? names.Date(*date) : "CAST(NULL AS DATE)";
}

std::string Timestamp(const Names& names, const std::string& text) {
  if (text.empty()) return "CAST(NULL AS TIMESTAMP)";
  return TypedLiteral(names.dialect(), Type{TypeKind::kTimestamp}, text);
}

std::string RecordId(const std::string& dataset, const std::optional<Days>& date,
                     const std::string& raw_sha256) {
  std::string encoding;
  AppendText(dataset, &encoding);
  if (date) {
    AppendDate(*date, &encoding);
  } else {
    AppendNull(&encoding);
  }
  AppendText(raw_sha256, &encoding);
  AppendInteger(1, &encoding);
  return Sha256Hex(encoding);
}

/// The condition that finds what belongs to one delivery: dated datasets by date, static ones by
/// content.
std::string Belongs(const Names& names, const Dataset& dataset, Days batch_date,
                    const std::string& delivery_id) {
  const std::string name = names.Text(dataset.name);
  if (dataset.dated()) {
    return fmt::format("dataset = {} AND batch_date = {}", name, names.Date(batch_date));
  }
  return fmt::format("dataset = {} AND delivery_id = {}", name, names.Text(delivery_id));
}

Statement Supersede(const Names& names, const std::string& belongs) {
  return {"close the records of the replaced rows",
          fmt::format("UPDATE {} SET state = 'superseded' WHERE state = 'open' AND {}",
                      names.Book("quarantine"), belongs)};
}

Statement DropFileLines(const Names& names, const std::string& belongs) {
  return {"drop the ledger lines of the replaced files",
          fmt::format("DELETE FROM {} WHERE {}", names.Book("files"), belongs)};
}

}  // namespace

Statement RenderRunRow(const Names& names, const RunRow& row) {
  // How long a run has been going is judged by the warehouse's clock, so that clock starts it.
  const bool starts = row.ended_at.empty() && names.dialect().now;
  const std::string started = starts ? names.dialect().now : Timestamp(names, row.started_at);
  return {"record the run",
          fmt::format(
              "INSERT INTO {} (run_id, pipeline, batch_date, state, exit_code, started_at, "
              "ended_at, lyceum_version, message) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
              names.Book("runs"), names.Text(names.run_id()), names.Text(row.pipeline),
              names.Date(row.batch_date), names.Text(row.state),
              row.exit_code ? std::to_string(*row.exit_code) : "CAST(NULL AS INTEGER)", started,
              Timestamp(names, row.ended_at), names.Text(LYCEUM_VERSION), names.Text(row.message))};
}

std::vector<Statement> RenderForgetRun(const Names& names) {
  std::vector<Statement> statements;
  for (const char* table : {"runs", "quality_results"}) {
    statements.push_back(
        {"replace the run's record", fmt::format("DELETE FROM {} WHERE run_id = {}",
                                                 names.Book(table), names.Text(names.run_id()))});
  }
  return statements;
}

PublishPart RenderLedger(const Names& names, const DatasetPlan& plan, Days batch_date,
                         const std::string& published_at, const std::vector<FileRow>& files,
                         std::optional<Days> first_date, std::optional<Days> last_date) {
  const Dataset& dataset = *plan.dataset;
  const std::string name = names.Text(dataset.name);
  const std::string fresh = Belongs(names, dataset, batch_date, plan.delivery_id);
  PublishPart part;
  part.remove.push_back({fmt::format("replace the current content of '{}'", dataset.name),
                         fmt::format("DELETE FROM {} WHERE dataset = {} AND batch_date = {}",
                                     names.Book("batches"), name, names.Date(batch_date))});
  const bool old_ends = !dataset.dated() && plan.current && plan.current_ends &&
                        plan.current->delivery_id != plan.delivery_id;
  if (old_ends) {
    const std::string old = Belongs(names, dataset, batch_date, plan.current->delivery_id);
    part.remove.push_back(Supersede(names, old));
    part.remove.push_back(DropFileLines(names, old));
  }
  if (plan.action == DatasetAction::kLoad) {
    part.remove.push_back(Supersede(names, fresh));
    part.remove.push_back(DropFileLines(names, fresh));
  }
  part.add.push_back(
      {"record it",
       fmt::format(
           "INSERT INTO {} (dataset, batch_date, delivery_id, content_hash, spec_hash, "
           "run_id, published_at, first_date, last_date) VALUES ({}, {}, {}, {}, {}, {}, {}, "
           "{}, {})",
           names.Book("batches"), name, names.Date(batch_date), names.Text(plan.delivery_id),
           names.Text(plan.content_hash), names.Text(plan.spec_hash), names.Text(names.run_id()),
           Timestamp(names, published_at), OptionalDate(names, first_date),
           OptionalDate(names, last_date))});
  if (plan.action != DatasetAction::kLoad) return part;
  const std::string date =
      dataset.dated() ? names.Date(batch_date) : std::string("CAST(NULL AS DATE)");
  for (const FileRow& file : files) {
    part.add.push_back(
        {"record the ledger line of a file",
         fmt::format("INSERT INTO {} (delivery_id, dataset, batch_date, run_id, file, base_name, "
                     "content_id, bytes, rows_read, rows_loaded, rows_duplicate, rows_quarantined, "
                     "empty_lines) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
                     names.Book("files"), names.Text(plan.delivery_id), name, date,
                     names.Text(names.run_id()), names.Text(file.file), names.Text(file.base_name),
                     names.Text(file.content_id), file.bytes, file.read, file.loaded,
                     file.duplicates, file.quarantined, file.empty_lines)});
  }
  return part;
}

Statement RenderQuarantineInsert(const Names& names, const std::string& state) {
  const std::string columns =
      "record_id, run_id, dataset, batch_date, delivery_id, file, content_id, line, element, "
      "byte_offset, byte_length, raw_text, stored_as, reasons, kind";
  return {"keep the rejected rows",
          fmt::format("INSERT INTO {} ({}, state)\nSELECT {}, {} FROM {}", names.Book("quarantine"),
                      columns, columns, names.Varchar(state, 16), names.Private("quarantine"))};
}

Statement RenderDropUnpublished(const Names& names, Days batch_date) {
  return {"drop what earlier runs of this date rejected behind a closed gate",
          fmt::format("DELETE FROM {} WHERE state = 'not_published' AND run_id IN\n"
                      "  (SELECT run_id FROM {} WHERE batch_date = {})",
                      names.Book("quarantine"), names.Book("runs"), names.Date(batch_date))};
}

std::vector<Statement> RenderQuality(const Names& names, Days batch_date,
                                     const std::vector<QualityRow>& rows) {
  std::vector<std::string> values;
  for (const QualityRow& row : rows) {
    values.push_back(fmt::format("({}, {}, {}, {}, {}, {}, {}, {})", names.Text(names.run_id()),
                                 names.Text(row.dataset), names.Date(batch_date),
                                 names.Text(row.rule), names.Text(row.severity), row.judged,
                                 row.failed, names.Text(row.outcome)));
  }
  if (values.empty()) return {};
  return {{"record how every rule did",
           fmt::format("INSERT INTO {} (run_id, dataset, batch_date, rule, severity, rows_judged, "
                       "rows_failed, outcome) VALUES\n{}",
                       names.Book("quality_results"), fmt::join(values, ",\n"))}};
}

std::vector<Statement> RenderFaults(const Names& names, Days batch_date,
                                    const std::vector<FaultRow>& rows) {
  std::vector<Statement> statements;
  for (const FaultRow& row : rows) {
    const std::optional<Days> date = row.dated ? std::optional<Days>(batch_date) : std::nullopt;
    statements.push_back(
        {fmt::format("keep unreadable file '{}' as a record", row.file),
         fmt::format(
             "INSERT INTO {} (record_id, run_id, dataset, batch_date, file, content_id, "
             "line, byte_offset, byte_length, raw_text, reasons, kind, state) VALUES ({}, {}, "
             "{}, {}, {}, {}, {}, {}, {}, {}, {}, 'rejected', 'not_published')",
             names.Book("quarantine"), names.Text(RecordId(row.dataset, date, row.content_id)),
             names.Text(names.run_id()), names.Text(row.dataset), OptionalDate(names, date),
             names.Text(row.file), names.Text(row.content_id), row.line, row.offset, row.bytes,
             names.Text(row.raw_text), names.Text(row.reason))});
  }
  return statements;
}

PublishPart RenderDefinition(const Names& names, const std::string& table,
                             const std::string& hash) {
  PublishPart part;
  part.remove = {
      {"forget the old definition", fmt::format("DELETE FROM {} WHERE table_name = {}",
                                                names.Book("marts"), names.Text(table))}};
  part.add = {{"note the definition",
               fmt::format("INSERT INTO {} (table_name, definition_hash) VALUES ({}, {})",
                           names.Book("marts"), names.Text(table), names.Text(hash))}};
  return part;
}

PublishPart RenderDropTable(const Names& names, const std::string& table) {
  PublishPart part;
  part.swap = {
      {fmt::format("drop '{}'", table), fmt::format("DROP TABLE IF EXISTS {}", names.Star(table))}};
  for (const char* book : {"marts", "tables"}) {
    part.remove.push_back(
        {"forget its description",
         fmt::format("DELETE FROM {} WHERE table_name = {}", names.Book(book), names.Text(table))});
  }
  return part;
}

const char* TableKindName(TableKind kind) {
  switch (kind) {
    case TableKind::kDimension:
      return "dimension";
    case TableKind::kFact:
      return "fact";
    case TableKind::kMart:
      return "mart";
    case TableKind::kCalendar:
      return "calendar";
  }
  return "";
}

const char* ColumnRoleName(ColumnRole role) {
  switch (role) {
    case ColumnRole::kSource:
      return "source";
    case ColumnRole::kDerived:
      return "derived";
    case ColumnRole::kDateKey:
      return "date_key";
    case ColumnRole::kBatchDate:
      return "batch_date";
    case ColumnRole::kEventKey:
      return "event_key";
    case ColumnRole::kReferenceKey:
      return "reference_key";
    case ColumnRole::kSurrogateKey:
      return "surrogate_key";
    case ColumnRole::kInferred:
      return "inferred";
    case ColumnRole::kGroup:
      return "group";
    case ColumnRole::kMeasure:
      return "measure";
    case ColumnRole::kCalendar:
      return "calendar";
  }
  return "";
}

PublishPart RenderTableRows(const Names& names, const TableSchema& table,
                            const std::string& dataset) {
  std::vector<std::string> values;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    values.push_back(
        fmt::format("({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})", names.Text(table.name),
                    names.Text(TableKindName(table.kind)), i + 1, names.Text(column.name),
                    names.Text(TypeName(column.type)), names.Text(TypeName(column.keyed_as)),
                    names.Text(ColumnRoleName(column.role)), column.identity_position,
                    names.Text(column.refers_to), names.Text(dataset), names.Text(names.schema())));
  }
  PublishPart part;
  part.remove = {{fmt::format("describe '{}'", table.name),
                  fmt::format("DELETE FROM {} WHERE table_name = {}", names.Book("tables"),
                              names.Text(table.name))}};
  part.add = {
      {fmt::format("describe '{}'", table.name),
       fmt::format(
           "INSERT INTO {} (table_name, kind, position, column_name, type, "
           "keyed_as, role, identity_position, refers_to, dataset, table_schema) VALUES\n{}",
           names.Book("tables"), fmt::join(values, ",\n"))}};
  return part;
}

}  // namespace lyceum
