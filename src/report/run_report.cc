#include "report/run_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/table.h"

namespace lyceum {
namespace {

constexpr size_t kTopReasons = 3;
/// Files of a dataset that are listed one by one without --verbose.
constexpr size_t kListedFiles = 8;
constexpr size_t kReasonIndent = 2;
/// Counts stand right, reasons two blanks behind them.
constexpr size_t kReasonHang = 11;

/// What a dataset without counts shows in the place of its file.
std::string WhyNotLoaded(const DatasetRecord& dataset) {
  switch (dataset.action) {
    case DatasetAction::kLoad:
      return "not loaded: the run ended before";
    case DatasetAction::kSnapshot:
    case DatasetAction::kSkip:
      return dataset.why;
    case DatasetAction::kMissing:
      return "no file";
  }
  return "";
}

void AddReasons(const DatasetRecord& dataset, TextTable* table) {
  std::vector<std::pair<int64_t, std::string>> reasons;
  for (const auto& [reason, count] : dataset.reasons) reasons.push_back({count, reason});
  std::sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  const size_t shown = std::min(kTopReasons, reasons.size());
  for (size_t i = 0; i < shown; ++i) {
    table->AddLine(
        {fmt::format("{:>9}  {}", FormatCount(reasons[i].first), reasons[i].second), Ink::kYellow},
        kReasonIndent, kReasonHang);
  }
  if (shown < reasons.size()) {
    const auto rest = static_cast<int64_t>(reasons.size() - shown);
    table->AddLine({fmt::format("{:>9}  {}", "", FormatCount(rest, "more reason")), Ink::kDim},
                   kReasonIndent);
  }
  if (dataset.conflicts > 0) {
    table->AddLine({fmt::format("{:>9}  duplicate differs from the row kept (kind conflict)",
                                FormatCount(dataset.conflicts)),
                    Ink::kYellow},
                   kReasonIndent, kReasonHang);
  }
}

void AddMoves(const RowMoves& moves, const std::string& date, TextTable* table) {
  const auto add = [&](int64_t count, const std::string& one, const std::string& many) {
    if (count == 0) return;
    table->AddLine({fmt::format("{:>9}  {}", FormatCount(count), count == 1 ? one : many)},
                   kReasonIndent, kReasonHang);
  };
  add(moves.waiting, fmt::format("row of {} waits behind an earlier date", date),
      fmt::format("rows of {} wait behind an earlier date", date));
  add(moves.demoted, fmt::format("row of a later date waits behind {} from now on", date),
      fmt::format("rows of later dates wait behind {} from now on", date));
  add(moves.promoted, "row of another date waits no longer", "rows of other dates wait no longer");
}

/// Files with something to see come first, then the others, both in rank order.
std::vector<const FileRecord*> FilesToList(const DatasetRecord& dataset, bool all) {
  std::vector<const FileRecord*> files;
  for (const FileRecord& file : dataset.files) files.push_back(&file);
  if (all || files.size() <= kListedFiles) return files;
  std::stable_partition(files.begin(), files.end(), [](const FileRecord* file) {
    return file->rows.quarantined > 0 || !file->fault.empty();
  });
  return files;
}

void AddDataset(const RunRecord& record, const DatasetRecord& dataset, bool verbose,
                TextTable* table) {
  if (!RowsKnown(record, dataset)) {
    table->AddRow({{dataset.dataset}, {WhyNotLoaded(dataset), Ink::kDim}});
    return;
  }
  const std::vector<const FileRecord*> files = FilesToList(dataset, verbose);
  std::vector<TableCell> cells = {{dataset.dataset}};
  if (files.size() == 1) {
    cells.push_back({files[0]->file, Ink::kDim});
  } else {
    cells.push_back({FormatCount(static_cast<int64_t>(files.size()), "file"), Ink::kDim});
  }
  AppendCounts(dataset.Total(), true, &cells);
  table->AddRow(std::move(cells));
  const size_t listed = verbose || files.size() <= kListedFiles ? files.size() : kListedFiles - 1;
  for (size_t i = 0; files.size() > 1 && i < listed; ++i) {
    std::vector<TableCell> line = {{""}, {files[i]->file, Ink::kDim}};
    AppendCounts(files[i]->rows, true, &line);
    table->AddRow(std::move(line));
  }
  if (listed < files.size()) {
    RowCounts rest;
    for (size_t i = listed; i < files.size(); ++i) rest.Add(files[i]->rows);
    std::vector<TableCell> line = {
        {""},
        {fmt::format("{} more files (--verbose lists them)", files.size() - listed), Ink::kDim}};
    AppendCounts(rest, true, &line);
    table->AddRow(std::move(line));
  }
  AddReasons(dataset, table);
  AddMoves(dataset.moves, FormatDate(record.batch_date), table);
}

std::string RenderDatasets(const RunRecord& record, const RunReportOptions& options) {
  TextTable table({{"dataset", false, true},
                   {"file", false, true},
                   {"read", true},
                   {record.state == RunState::kPublished ? "loaded" : "accepted", true},
                   {.title = "duplicates", .right = true, .dropped = 1},
                   {"quarantined", true}});
  for (const DatasetRecord& dataset : record.datasets) {
    AddDataset(record, dataset, options.verbose, &table);
  }
  return table.Render(options.style);
}

std::vector<std::string> Warnings(const RunRecord& record) {
  std::vector<std::string> warnings = record.warnings;
  if (!record.ignored_files.empty()) {
    constexpr size_t kNamed = 3;
    std::vector<std::string> names;
    for (const std::string& file : record.ignored_files) {
      if (names.size() < kNamed) names.push_back("'" + file + "'");
    }
    std::string text =
        fmt::format("{} ignored: {}",
                    FormatCount(static_cast<int64_t>(record.ignored_files.size()), "hidden file"),
                    fmt::join(names, ", "));
    if (names.size() < record.ignored_files.size()) {
      text += fmt::format(" and {} more", record.ignored_files.size() - names.size());
    }
    warnings.push_back(std::move(text));
  }
  return warnings;
}

std::string RenderGate(const RunRecord& record, const Style& style) {
  if (record.gate_reasons.empty()) return "";
  std::string text =
      style.Paint(Ink::kRed, "the quality gate is closed, nothing was published:") + "\n";
  for (const std::string& reason : record.gate_reasons) {
    text += fmt::format("  - {}\n", WrapText(PrintableText(reason), style.width, 4));
  }
  return text;
}

std::string RenderThroughput(const RunRecord& record, int64_t rows) {
  std::string text = FormatSeconds(record.seconds);
  if (rows == 0 || record.seconds <= 0) return text;
  const double bytes = static_cast<double>(record.BytesRead());
  return fmt::format("{}, {} rows/s, {:.1f} MB/s", text,
                     FormatCount(static_cast<int64_t>(static_cast<double>(rows) / record.seconds)),
                     bytes / 1e6 / record.seconds);
}

std::string RenderDirectory(const RunRecord& record, const RunReportOptions& options) {
  if (!options.verbose) return "";
  const PhaseSeconds& phases = record.phases;
  std::string text = fmt::format("run {}\n", record.run_id);
  if (!record.directory.empty()) {
    text += fmt::format("files of the run: {}\n", PrintableText(record.directory));
  }
  for (const DatasetRecord& dataset : record.datasets) {
    text +=
        fmt::format("  {}: {} ({})\n", dataset.dataset, ActionName(dataset.action), dataset.why);
  }
  text += fmt::format("time: hash {}, load {}, stage {}, publish {}\n", FormatSeconds(phases.hash),
                      FormatSeconds(phases.load), FormatSeconds(phases.stage),
                      FormatSeconds(phases.publish));
  return text + "\n";
}

/// What to type next; "" if nothing suggests itself.
std::string NextCommand(const RunRecord& record, const RunReportOptions& options) {
  const std::string date = FormatDate(record.batch_date);
  std::vector<std::string> rejecting;
  for (const DatasetRecord& dataset : record.datasets) {
    if (dataset.Total().quarantined > 0 || dataset.conflicts > 0) {
      rejecting.push_back(dataset.dataset);
    }
  }
  const std::string& target = options.target_arguments;
  const bool closed = record.state == RunState::kGateClosed;
  if (!rejecting.empty() && (closed || record.state == RunState::kPublished)) {
    std::string command = fmt::format("lyceum quarantine list {}", target);
    if (rejecting.size() == 1) command += " --dataset " + QuoteForShell(rejecting[0]);
    command += " --date " + date;
    if (closed) command += " --state not_published";
    return command;
  }
  if (record.state == RunState::kPublished) {
    return fmt::format("lyceum verify {} --date {}", target, date);
  }
  if (record.state == RunState::kUnchanged) return fmt::format("lyceum status {}", target);
  return "";
}

std::string RenderEnd(const RunRecord& record, const RunReportOptions& options) {
  const Style& style = options.style;
  const RowCounts rows = TotalRows(record);
  if (record.state == RunState::kFailed) {
    return RenderErrors({record.status.message()}, "", style);
  }
  if (record.state == RunState::kUnchanged) {
    const bool nothing_came =
        std::all_of(record.datasets.begin(), record.datasets.end(),
                    [](const DatasetRecord& d) { return d.action == DatasetAction::kMissing; });
    return nothing_came ? "nothing to load: no file was delivered\n"
                        : "nothing to load: everything delivered is published already\n";
  }
  if (OnlyStatic(record)) {
    return fmt::format("{} only static files came, all published before; they count for {} too\n",
                       style.Paint(Ink::kGreen, "✓"), FormatDate(record.batch_date));
  }
  return RenderLedger(rows, record.state == RunState::kPublished, style) +
         style.Paint(Ink::kDim, RenderThroughput(record, rows.read)) + "\n";
}

}  // namespace

const char* StateText(const RunRecord& record) {
  if (OnlyStatic(record)) return "static only";
  switch (record.state) {
    case RunState::kPublished:
      return "published";
    case RunState::kUnchanged:
      return "unchanged";
    case RunState::kGateClosed:
      return "gate closed";
    case RunState::kFailed:
      return "failed";
    case RunState::kPlanned:
      return "planned";
  }
  return "";
}

Ink StateInk(RunState state) {
  switch (state) {
    case RunState::kPublished:
    case RunState::kUnchanged:
      return Ink::kGreen;
    case RunState::kGateClosed:
    case RunState::kFailed:
      return Ink::kRed;
    case RunState::kPlanned:
      return Ink::kPlain;
  }
  return Ink::kPlain;
}

/// A count that deserves a look if it is not zero.
TableCell Notable(int64_t count) {
  return {FormatCount(count), count > 0 ? Ink::kYellow : Ink::kDim};
}

void AppendCounts(const RowCounts& rows, bool published, std::vector<TableCell>* cells) {
  cells->push_back({FormatCount(rows.read)});
  if (published) {
    cells->push_back({FormatCount(rows.loaded)});
  } else {
    cells->push_back({"-", Ink::kDim});
  }
  cells->push_back({FormatCount(rows.duplicates), rows.duplicates > 0 ? Ink::kPlain : Ink::kDim});
  cells->push_back(Notable(rows.quarantined));
}

std::string LedgerText(const RowCounts& rows, std::string_view accepted) {
  return fmt::format("read {} = {} {} + duplicates {} + quarantined {}", FormatCount(rows.read),
                     accepted, FormatCount(rows.loaded), FormatCount(rows.duplicates),
                     FormatCount(rows.quarantined));
}

std::string RenderNext(const std::string& command, const Style& style) {
  if (command.empty()) return "";
  return fmt::format("{} {}\n", style.Paint(Ink::kDim, "next:"), command);
}

std::string RenderLedger(const RowCounts& rows, bool published, const Style& style) {
  const std::string unbalanced = rows.balances() ? "" : style.Paint(Ink::kRed, " does not balance");
  if (!published) {
    return fmt::format("{} nothing published: {}{}\n", style.Paint(Ink::kRed, "✗"),
                       LedgerText(rows, "accepted"), unbalanced);
  }
  const bool balances = rows.balances();
  return fmt::format("{} {}{}\n",
                     balances ? style.Paint(Ink::kGreen, "✓") : style.Paint(Ink::kRed, "✗"),
                     LedgerText(rows, "loaded"), unbalanced);
}

std::string RenderWarnings(const std::vector<std::string>& warnings, const Style& style) {
  std::string text;
  for (const std::string& warning : warnings) {
    text += fmt::format("{}  {}\n", style.Paint(Ink::kYellow, "warning"),
                        WrapText(PrintableText(warning), style.width, 9));
  }
  return text;
}

std::string RenderErrors(const std::vector<std::string>& errors, const std::string& subject,
                         const Style& style) {
  std::string text;
  for (const std::string& error : errors) {
    text += fmt::format("{} {}\n", style.Paint(Ink::kRed, "error:"),
                        WrapText(PrintableText(subject + error), style.width, 7));
  }
  return text;
}

bool OnlyStatic(const RunRecord& record) {
  return record.state == RunState::kPublished &&
         std::none_of(record.datasets.begin(), record.datasets.end(),
                      [](const DatasetRecord& d) { return d.action == DatasetAction::kLoad; });
}

RowCounts TotalRows(const RunRecord& record) {
  RowCounts total;
  for (const DatasetRecord& dataset : record.datasets) {
    if (RowsKnown(record, dataset)) total.Add(dataset.Total());
  }
  return total;
}

bool RowsKnown(const RunRecord& record, const DatasetRecord& dataset) {
  if (dataset.action != DatasetAction::kLoad || record.state == RunState::kPlanned) return false;
  return record.state != RunState::kFailed || dataset.Total().read > 0;
}

std::string RenderRun(const RunRecord& record, const RunReportOptions& options) {
  const Style& style = options.style;
  std::string text =
      fmt::format("{} {} {} {}\n\n", style.Paint(Ink::kBold, record.pipeline),
                  style.Paint(Ink::kBold, FormatDate(record.batch_date)),
                  style.Paint(StateInk(record.state), StateText(record)),
                  style.Paint(Ink::kDim, fmt::format("({})", PrintableText(record.target))));
  text += RenderDirectory(record, options);
  const bool any_known =
      std::any_of(record.datasets.begin(), record.datasets.end(),
                  [&](const DatasetRecord& dataset) { return RowsKnown(record, dataset); });
  if (any_known || record.state != RunState::kFailed)
    text += RenderDatasets(record, options) + "\n";
  const std::string warnings = RenderWarnings(Warnings(record), style);
  if (!warnings.empty()) text += warnings + "\n";
  const std::string gate = RenderGate(record, style);
  if (!gate.empty()) text += gate + "\n";
  return text + RenderEnd(record, options) + RenderNext(NextCommand(record, options), style);
}

std::string RenderRunLine(const RunRecord& record, const Style& style) {
  const std::string head = fmt::format("{} {} {}", record.pipeline, FormatDate(record.batch_date),
                                       style.Paint(StateInk(record.state), StateText(record)));
  switch (record.state) {
    case RunState::kFailed:
      return fmt::format("{}: {}\n", head, record.status.message());
    case RunState::kUnchanged:
    case RunState::kPlanned:
      return fmt::format("{}, {}\n", head, FormatSeconds(record.seconds));
    case RunState::kPublished:
      return fmt::format("{}: {}, {}\n", head, LedgerText(TotalRows(record), "loaded"),
                         FormatSeconds(record.seconds));
    case RunState::kGateClosed:
      return RenderErrors(record.gate_reasons, "", style) +
             fmt::format("{}, nothing published: {}, {}\n", head,
                         LedgerText(TotalRows(record), "accepted"), FormatSeconds(record.seconds));
  }
  return "";
}

std::string FormatDays(const std::vector<Days>& days) {
  std::vector<std::string> ranges;
  for (size_t i = 0; i < days.size();) {
    size_t last = i;
    while (last + 1 < days.size() && days[last + 1] == days[last] + 1) ++last;
    ranges.push_back(last == i
                         ? FormatDate(days[i])
                         : fmt::format("{} to {}", FormatDate(days[i]), FormatDate(days[last])));
    i = last + 1;
  }
  return fmt::format("{}", fmt::join(ranges, ", "));
}

}  // namespace lyceum
