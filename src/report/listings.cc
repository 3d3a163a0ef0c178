#include "report/listings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "report/rows.h"
#include "report/table.h"

namespace lyceum {
namespace {

/// As long as git's short ids; `quarantine show` takes any prefix.
constexpr size_t kShownIdDigits = 12;

std::string Place(const QuarantineRecord& record) {
  std::string place = record.file;
  if (record.line) place += fmt::format(":{}", *record.line);
  if (record.element) place += fmt::format(" [{}]", *record.element);
  return place;
}

std::string DateText(const QuarantineRecord& record) {
  return record.shown_date.empty() ? "-" : record.shown_date;
}

/// All reasons; on a terminal the first one.
std::string ReasonsText(const QuarantineRecord& record, const Style& style) {
  if (style.width == kNoTerminal || record.reasons.size() < 2) {
    return fmt::format("{}", fmt::join(record.reasons, "; "));
  }
  return fmt::format("{} +{} more", record.reasons.front(), record.reasons.size() - 1);
}

/// Raw text may hold line ends of its own; they stand under each other.
std::string RenderRawText(const std::string& raw, size_t indent) {
  std::string text;
  size_t begin = 0;
  while (true) {
    const size_t end = std::min(raw.find('\n', begin), raw.size());
    text += PrintableText(std::string_view(raw).substr(begin, end - begin)) + "\n";
    if (end == raw.size()) return text;
    begin = end + 1;
    if (begin == raw.size()) return text;
    text += std::string(indent, ' ');
  }
}

}  // namespace

std::string RenderVerification(const Verification& verification, std::optional<Days> date,
                               const Style& style) {
  TextTable table({{"table", false, true}, {"rows", true}, {"digest"}});
  for (const TableDigest& digest : verification.tables) {
    table.AddRow({{digest.table}, {FormatCount(digest.rows)}, {digest.digest}});
  }
  std::string text = table.Render(style) + "\n";
  int64_t failed = 0;
  for (const LedgerCheck& check : verification.checks) {
    if (check.ok()) continue;
    ++failed;
    text += fmt::format("{} {}\n", style.Paint(Ink::kRed, "✗"),
                        WrapText(fmt::format("{}: expected {}, found {}", check.what,
                                             FormatCount(check.expected), FormatCount(check.found)),
                                 style.width, 2));
  }
  const auto checks = static_cast<int64_t>(verification.checks.size());
  if (checks == 0) {
    return text + fmt::format("nothing is published{}, so there is nothing to check\n",
                              date ? " for " + FormatDate(*date) : "");
  }
  if (failed == 0) {
    return text + fmt::format("{} {} passed\n", style.Paint(Ink::kGreen, "✓"),
                              FormatCount(checks, "ledger check"));
  }
  return text +
         fmt::format("{} of {} failed\n", FormatCount(failed), FormatCount(checks, "ledger check"));
}

std::string RenderQuarantineList(const std::vector<QuarantineRecord>& records, const Style& style) {
  if (records.empty()) return "";
  // Kind and state are shown only where they say something.
  const bool kinds = std::any_of(records.begin(), records.end(),
                                 [](const auto& record) { return record.kind != "rejected"; });
  const bool states = std::any_of(records.begin(), records.end(),
                                  [](const auto& record) { return record.state != "open"; });
  // Reasons are never cut: where they do not fit they stand below their record.
  const auto table_with = [&](bool reasons_below) {
    std::vector<TextTable::Column> columns = {
        {"id"}, {"dataset", false, true}, {"date"}, {"file:line", false, true}};
    if (kinds) columns.push_back({"kind"});
    if (states) columns.push_back({"state"});
    if (!reasons_below) columns.push_back({"reasons"});
    TextTable table(std::move(columns));
    for (const QuarantineRecord& record : records) {
      std::vector<TableCell> cells = {{record.record_id.substr(0, kShownIdDigits), Ink::kDim},
                                      {record.dataset},
                                      {DateText(record)},
                                      {Place(record)}};
      if (kinds) cells.push_back({record.kind});
      if (states) cells.push_back({record.state});
      const TableCell reasons{ReasonsText(record, style), Ink::kYellow};
      if (!reasons_below) cells.push_back(reasons);
      table.AddRow(std::move(cells));
      if (reasons_below) table.AddLine(reasons, kShownIdDigits + 2);
    }
    return table;
  };
  const TextTable beside = table_with(false);
  return beside.Fits(style) ? beside.Render(style) : table_with(true).Render(style);
}

std::string RenderQuarantineRecords(const std::vector<QuarantineRecord>& records,
                                    const Style& style) {
  constexpr size_t kLabelWidth = 10;
  std::string text;
  const auto field = [&](const char* label, const std::string& value) {
    text += fmt::format("{}{}{}\n", style.Paint(Ink::kDim, label),
                        std::string(kLabelWidth - std::string_view(label).size(), ' '), value);
  };
  for (const QuarantineRecord& record : records) {
    if (!text.empty()) text += "\n";
    field("record", style.Paint(Ink::kBold, record.record_id));
    field("dataset", PrintableText(record.dataset));
    field("date", DateText(record));
    field("place", PrintableText(Place(record)));
    if (record.byte_offset && record.byte_length) {
      field("bytes", fmt::format("{} at offset {}", FormatCount(*record.byte_length),
                                 FormatCount(*record.byte_offset)));
    }
    field("content", record.content_id);
    field("kind", fmt::format("{}, {}", record.kind, record.state));
    field("run", record.run_id);
    for (size_t i = 0; i < record.reasons.size(); ++i) {
      field(i == 0 ? "reasons" : "", style.Paint(Ink::kYellow, PrintableText(record.reasons[i])));
    }
    if (!record.stored_as.empty()) field("stored as", PrintableText(record.stored_as));
    text += style.Paint(Ink::kDim, "raw") + std::string(kLabelWidth - 3, ' ') +
            RenderRawText(record.raw_text, kLabelWidth);
  }
  return text;
}

std::string RenderQuarantineCount(const std::vector<QuarantineRecord>& records, bool more) {
  if (records.empty()) return "no records\n";
  std::map<std::string, int64_t> counts;
  for (const QuarantineRecord& record : records) ++counts[record.dataset];
  std::vector<std::string> parts;
  for (const auto& [dataset, count] : counts) {
    parts.push_back(fmt::format("{} {}", dataset, FormatCount(count)));
  }
  return fmt::format("{}: {}{}\n", FormatCount(static_cast<int64_t>(records.size()), "record"),
                     fmt::join(parts, ", "),
                     more ? "; there are more, a larger --limit shows them" : "");
}

void WriteQuarantineCsv(const std::vector<QuarantineRecord>& records, bool with_raw_text,
                        std::ostream* out) {
  std::vector<std::string> columns = {"record_id", "dataset", "batch_date",  "file",
                                      "line",      "element", "byte_offset", "byte_length",
                                      "kind",      "state",   "run_id",      "reasons"};
  if (with_raw_text) columns.push_back("raw_text");
  const std::unique_ptr<RowWriter> writer = MakeRowWriter(OutputFormat::kCsv, Style{}, out);
  const auto number = [](const std::optional<int64_t>& value) {
    return value ? Cell(*value) : Cell(std::monostate{});
  };
  for (const QuarantineRecord& record : records) {
    const std::string reasons = fmt::format("{}", fmt::join(record.reasons, "; "));
    const auto text = [](const std::string& value) { return Cell(std::string_view(value)); };
    std::vector<Cell> row = {
        text(record.record_id),
        text(record.dataset),
        record.batch_date.empty() ? Cell(std::monostate{}) : text(record.batch_date),
        text(record.file),
        number(record.line),
        number(record.element),
        number(record.byte_offset),
        number(record.byte_length),
        text(record.kind),
        text(record.state),
        text(record.run_id),
        text(reasons)};
    if (with_raw_text) row.push_back(text(record.raw_text));
    writer->Row(columns, row);
  }
  writer->Finish(columns);
}

std::string RenderSqlScript(const Plan& plan, const std::vector<StepStatement>& script,
                            const std::vector<std::string>& notes) {
  std::string text = fmt::format("-- What `lyceum run` does for {} on batch date {}.\n",
                                 plan.spec->pipeline, FormatDate(plan.batch_date));
  for (const std::string& note : notes) text += fmt::format("-- {}\n", note);
  if (script.empty()) return text + "-- Nothing: everything delivered is published already.\n";
  std::string step;
  for (const StepStatement& statement : script) {
    if (statement.step != step) {
      step = statement.step;
      text += fmt::format("\n-- {}\n", std::string(step.size(), '-'));
      text += fmt::format("-- {}\n", step);
    }
    text += fmt::format("-- {}\n", statement.statement.purpose);
    if (!statement.statement.sql.empty()) text += statement.statement.sql + ";\n";
  }
  return text;
}

}  // namespace lyceum
