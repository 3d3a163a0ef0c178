// Commands that look into a warehouse.

#include <fmt/format.h>

#include <sstream>

#include "cli/one_query.h"
#include "cli/options.h"
#include "report/doctor_report.h"
#include "report/json.h"
#include "report/listings.h"
#include "report/status_report.h"
#include "sql/names.h"

namespace lyceum {
namespace {

/// An opened target, with the spec that named it if there is one.
struct Opened {
  std::optional<LoadedSpec> loaded;
  std::unique_ptr<ReadSession> session;
  const Spec* spec() const { return loaded ? &loaded->spec : nullptr; }
};

/// The target that the options name; `loaded` receives the spec if they name one.
Result<ResolvedTarget> TargetOf(const Options& options, const Output& output,
                                std::optional<LoadedSpec>* loaded) {
  if (!options.spec_path.empty()) {
    ASSIGN_OR_RETURN(*loaded, LoadSpecFile(options.spec_path, output));
  }
  return ResolveTarget(*loaded ? &(*loaded)->spec : nullptr, options.target);
}

Result<std::unique_ptr<Opened>> Open(const Options& options, const Output& output) {
  auto opened = std::make_unique<Opened>();
  ASSIGN_OR_RETURN(const ResolvedTarget target, TargetOf(options, output, &opened->loaded));
  ASSIGN_OR_RETURN(opened->session, ReadSession::Open(target));
  return opened;
}

}  // namespace

int RunStatus(const Options& options, const Output& output) {
  auto opened = Open(options, output);
  if (!opened.ok()) return Fail(opened.status(), output);
  const auto batches = ReadBatches(&(*opened)->session->warehouse());
  if (!batches.ok()) return Fail(batches.status(), output);
  const auto runs = ReadLastRuns(&(*opened)->session->warehouse());
  if (!runs.ok()) return Fail(runs.status(), output);
  const WarehouseStatus status =
      SummarizeStatus(*batches, *runs, (*opened)->session->target().name, (*opened)->spec());
  *output.out << (FormatOf(options) == OutputFormat::kJson
                      ? StatusJson(status)
                      : RenderStatus(status, OutStyle(options, output)));
  return 0;
}

int RunQuarantine(const Options& options, const Output& output, bool show) {
  QuarantineFilter filter;
  filter.dataset = options.dataset;
  filter.state = options.state == "all" ? "" : options.state;
  filter.kind = options.kind;
  filter.file = options.file;
  filter.reason = options.reason;
  filter.record_id = options.record_id;
  filter.limit = options.limit > 0 ? options.limit + 1 : 0;
  if (!options.date.empty()) {
    const Result<Days> date = ParseDateOption("--date", options.date);
    if (!date.ok()) return Fail(date.status(), output);
    filter.date = *date;
  }
  const std::vector<std::string> states = {"open", "superseded", "not_published", "all"};
  if (std::find(states.begin(), states.end(), options.state) == states.end()) {
    return Fail(BadSpec(fmt::format("--state '{}' is no state{}", options.state,
                                    SuggestName(options.state, states))),
                output);
  }
  auto opened = Open(options, output);
  if (!opened.ok()) return Fail(opened.status(), output);
  if (const Spec* spec = (*opened)->spec();
      spec && !options.dataset.empty() && !spec->FindDataset(options.dataset)) {
    std::vector<std::string> names;
    for (const Dataset& dataset : spec->datasets) names.push_back(dataset.name);
    return Fail(BadSpec(fmt::format("--dataset '{}' is not in the spec{}", options.dataset,
                                    SuggestName(options.dataset, names))),
                output);
  }
  auto records = ReadQuarantine(&(*opened)->session->warehouse(), filter);
  if (!records.ok()) return Fail(records.status(), output);
  const bool more = options.limit > 0 && records->size() > static_cast<size_t>(options.limit);
  if (more) records->pop_back();
  const Style style = OutStyle(options, output);
  switch (FormatOf(options)) {
    case OutputFormat::kJson:
      *output.out << QuarantineJson(*records, show, more);
      return 0;
    case OutputFormat::kCsv:
      WriteQuarantineCsv(*records, show, output.out);
      return 0;
    case OutputFormat::kText:
      *output.out << (show ? RenderQuarantineRecords(*records, style)
                           : RenderQuarantineList(*records, style));
      *output.err << RenderQuarantineCount(*records, more) << "\n";
      if (records->empty() && filter.state == "open") {
        // What a closed gate kept is not open; say so rather than show nothing.
        filter.state = "not_published";
        filter.limit = 0;
        const auto kept = ReadQuarantine(&(*opened)->session->warehouse(), filter);
        if (kept.ok() && !kept->empty()) {
          *output.err << fmt::format(
              "{} of runs that published nothing; --state not_published shows them\n",
              FormatCount(static_cast<int64_t>(kept->size()), "record"));
        }
      }
      return 0;
  }
  return 0;
}

namespace {

/// The name of the table that a warehouse's message misses; "" if it misses none.
std::string MissingTable(const std::string& message) {
  for (const auto& [before, after] :
       {std::pair<std::string_view, std::string_view>{"Table with name ", " does not exist"},
        {"relation \"", "\" does not exist"}}) {
    const size_t begin = message.find(before);
    if (begin == std::string::npos) continue;
    const size_t end = message.find(after, begin);
    if (end == std::string::npos) continue;
    return message.substr(begin + before.size(), end - begin - before.size());
  }
  return "";
}

/// The tables of the star schema by name, and those of the bookkeeping with their schema.
Result<std::vector<std::string>> TableNames(ReadSession* session) {
  const Names names(session->warehouse().dialect(), "", "");
  ASSIGN_OR_RETURN(const RowSet set,
                   session->warehouse().Query(
                       fmt::format("SELECT table_schema, table_name FROM information_schema.tables "
                                   "WHERE table_schema IN ({}, 'lyceum') ORDER BY 1, 2",
                                   names.Text(session->target().schema))));
  std::vector<std::string> tables;
  for (const auto& row : set.rows) {
    const bool book = row[0].value_or("") == "lyceum";
    tables.push_back((book ? "lyceum." : "") + row[1].value_or(""));
  }
  return tables;
}

/// The statement is the user's, so what is wrong with it is no fault of the program.
Status ExplainQuery(const Status& status, ReadSession* session) {
  if (status.code() != ErrorCode::kInternal) return status;
  const std::string table = MissingTable(status.message());
  if (table.empty()) return BadSpec(status.message());
  const auto names = TableNames(session);
  if (!names.ok()) return BadSpec(status.message());
  return BadSpec(fmt::format("there is no table '{}'{}", table, SuggestName(table, *names)));
}

/// Prints the tree of EXPLAIN, which stands in one value, line by line.
void PrintTree(const std::vector<Cell>& row, std::ostream* out) {
  const auto* tree = row.empty() ? nullptr : std::get_if<std::string_view>(&row.back());
  if (!tree) return;
  std::istringstream lines{std::string(*tree)};
  for (std::string line; std::getline(lines, line);) *out << PrintableText(line) << "\n";
}

}  // namespace

int RunQuery(const Options& options, const Output& output) {
  const Result<OneQuery> query = ReadOneQuery(options.sql);
  if (!query.ok()) return Fail(query.status(), output);
  auto opened = Open(options, output);
  if (!opened.ok()) return Fail(opened.status(), output);
  ReadSession& session = *(*opened)->session;
  const bool tree = query->explains && FormatOf(options) == OutputFormat::kText;
  auto writer = MakeRowWriter(FormatOf(options), OutStyle(options, output), output.out);
  std::vector<std::string> columns;
  int64_t rows = 0;
  const Status status = session.warehouse().Scan(
      query->sql,
      [&](const std::vector<Cell>& row) {
        if (tree) {
          PrintTree(row, output.out);
        } else {
          writer->Row(columns, row);
        }
        ++rows;
        return Status::Ok();
      },
      &columns);
  if (!status.ok()) return Fail(ExplainQuery(status, &session), output);
  if (tree) return 0;
  writer->Finish(columns);
  if (FormatOf(options) == OutputFormat::kText) *output.err << FormatCount(rows, "row") << "\n";
  return 0;
}

int RunVerify(const Options& options, const Output& output) {
  std::optional<Days> date;
  if (!options.date.empty()) {
    const Result<Days> given = ParseDateOption("--date", options.date);
    if (!given.ok()) return Fail(given.status(), output);
    date = *given;
  }
  std::optional<LoadedSpec> loaded;
  const Result<ResolvedTarget> target = TargetOf(options, output, &loaded);
  if (!target.ok()) return Fail(target.status(), output);
  const auto verification = VerifyTarget(*target, date);
  if (!verification.ok()) return Fail(verification.status(), output);
  *output.out << (FormatOf(options) == OutputFormat::kJson
                      ? VerificationJson(*verification)
                      : RenderVerification(*verification, date, OutStyle(options, output)));
  return verification->ok() ? 0 : 1;
}

int RunDoctor(const Options& options, const Output& output) {
  std::optional<LoadedSpec> loaded;
  const Result<ResolvedTarget> target = TargetOf(options, output, &loaded);
  if (!target.ok()) return Fail(target.status(), output);
  const std::vector<DoctorCheck> checks = Diagnose(*target);
  *output.out << (FormatOf(options) == OutputFormat::kJson
                      ? DoctorJson(checks)
                      : RenderDoctor(checks, OutStyle(options, output)));
  return Healthy(checks) ? 0 : 1;
}

}  // namespace lyceum
