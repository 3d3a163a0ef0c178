#include "report/backfill_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lyceum {
namespace {

/// Warnings that are shown without --verbose.
constexpr size_t kListedWarnings = 20;

/// Sums over the runs that published, and over those that read and published nothing.
struct Totals {
  RowCounts published, refused;
  int64_t dates_published = 0, dates_refused = 0;
  double seconds = 0;
};

Totals TotalsOf(const BackfillRecord& backfill) {
  Totals totals;
  for (const RunRecord& run : backfill.runs) {
    const bool refused = run.state == RunState::kGateClosed || run.state == RunState::kFailed;
    (refused ? totals.refused : totals.published).Add(TotalRows(run));
    ++(refused ? totals.dates_refused : totals.dates_published);
    totals.seconds += run.seconds;
  }
  return totals;
}

std::vector<std::string> ErrorsOf(const RunRecord& run) {
  if (run.state == RunState::kFailed) return {run.status.message()};
  return run.gate_reasons;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// Warnings that differ in their date only are one, with all its dates, in order of the first.
std::vector<std::string> JoinWarnings(const std::vector<RunRecord>& runs) {
  constexpr char kDatePlace[] = "\1";
  std::vector<std::pair<std::string, std::vector<Days>>> joined;
  for (const RunRecord& run : runs) {
    if (run.ExitCode() != 0) continue;
    for (const std::string& warning : run.warnings) {
      const std::string form = Replaced(warning, FormatDate(run.batch_date), kDatePlace);
      const auto known = std::find_if(joined.begin(), joined.end(),
                                      [&](const auto& entry) { return entry.first == form; });
      if (known == joined.end()) {
        joined.push_back({form, {run.batch_date}});
      } else if (known->second.back() != run.batch_date) {
        known->second.push_back(run.batch_date);
      }
    }
  }
  std::vector<std::string> warnings;
  for (const auto& [form, days] : joined) {
    const bool named = form.find(kDatePlace) != std::string::npos;
    warnings.push_back(named ? Replaced(form, kDatePlace, FormatDays(days))
                             : fmt::format("{}: {}", FormatDays(days), form));
  }
  return warnings;
}

std::string RenderJoinedWarnings(const BackfillRecord& backfill, const RunReportOptions& options) {
  if (options.verbose) return "";
  std::vector<std::string> warnings = JoinWarnings(backfill.runs);
  const size_t all = warnings.size();
  if (all > kListedWarnings) warnings.resize(kListedWarnings);
  std::string text = RenderWarnings(warnings, options.style);
  if (all > kListedWarnings) {
    text += fmt::format("         {} (--verbose lists them)\n",
                        FormatCount(static_cast<int64_t>(all - kListedWarnings), "more warning"));
  }
  return text.empty() ? "" : text + "\n";
}

/// The days on which nothing, or only static files, came.
std::string RenderDaysWithout(const BackfillRecord& backfill, const Style& style) {
  std::vector<Days> with_static, without;
  for (Days day : backfill.days_without) {
    const bool ran = std::any_of(backfill.runs.begin(), backfill.runs.end(),
                                 [&](const RunRecord& run) { return run.batch_date == day; });
    (ran ? with_static : without).push_back(day);
  }
  std::string text;
  const auto add = [&](const char* what, const std::vector<Days>& days) {
    if (!days.empty()) text += WrapText(what + FormatDays(days), style.width, 0) + "\n";
  };
  add("only static files for ", with_static);
  add("no files for ", without);
  add("not attempted: ", backfill.days_left);
  return text.empty() ? "" : text + "\n";
}

std::string NextCommand(const BackfillRecord& backfill, const std::string& target) {
  std::vector<Days> closed;
  bool quarantined = false, published = false;
  for (const RunRecord& run : backfill.runs) {
    if (run.state == RunState::kGateClosed) closed.push_back(run.batch_date);
    if (run.state != RunState::kPublished) continue;
    published = true;
    quarantined = quarantined || TotalRows(run).quarantined > 0;
  }
  if (!closed.empty()) {
    const std::string date = closed.size() == 1 ? " --date " + FormatDate(closed[0]) : "";
    return fmt::format("lyceum quarantine list {}{} --state not_published", target, date);
  }
  if (quarantined) return fmt::format("lyceum quarantine list {}", target);
  return fmt::format("lyceum {} {}", published ? "verify" : "status", target);
}

std::string DatesText(const BackfillRecord& backfill, const Totals& totals) {
  const auto dates = static_cast<int64_t>(backfill.runs.size());
  std::string text = FormatCount(dates, "date");
  if (totals.dates_refused > 0) {
    text += fmt::format(", {} of them not published", FormatCount(totals.dates_refused));
  }
  if (!backfill.days_left.empty()) {
    text += fmt::format(", {} not attempted",
                        FormatCount(static_cast<int64_t>(backfill.days_left.size())));
  }
  return text + ", " + FormatSeconds(totals.seconds);
}

}  // namespace

std::string RenderBackfill(const BackfillRecord& backfill, const RunReportOptions& options) {
  const Style& style = options.style;
  // On a narrow terminal what matters least goes first.
  TextTable table({{"date"},
                   {"state"},
                   {"read", true},
                   {"loaded", true},
                   {.title = "duplicates", .right = true, .dropped = 1},
                   {"quarantined", true},
                   {.title = "warnings", .right = true, .dropped = 2},
                   {.title = "seconds", .right = true, .dropped = 3}});
  for (const RunRecord& run : backfill.runs) {
    const bool published = run.state == RunState::kPublished || run.state == RunState::kUnchanged;
    std::vector<TableCell> cells = {{FormatDate(run.batch_date)},
                                    {StateText(run), StateInk(run.state)}};
    AppendCounts(TotalRows(run), published, &cells);
    cells.push_back(Notable(static_cast<int64_t>(run.warnings.size())));
    cells.push_back({fmt::format("{:.2f}", run.seconds)});
    table.AddRow(std::move(cells));
    for (const std::string& error : ErrorsOf(run)) table.AddLine({error, Ink::kRed}, 12);
  }
  std::string text = backfill.runs.empty() ? "" : table.Render(style) + "\n";
  text += RenderDaysWithout(backfill, style);
  if (backfill.runs.empty()) return text + "nothing to load\n";
  text += RenderJoinedWarnings(backfill, options);
  const Totals totals = TotalsOf(backfill);
  if (totals.dates_published > 0) text += RenderLedger(totals.published, true, style);
  if (totals.dates_refused > 0) text += RenderLedger(totals.refused, false, style);
  return text + style.Paint(Ink::kDim, DatesText(backfill, totals)) + "\n" +
         RenderNext(NextCommand(backfill, options.target_arguments), style);
}

std::string RenderBackfillLine(const BackfillRecord& backfill, const Style& style) {
  std::string text;
  for (const RunRecord& run : backfill.runs) {
    text += RenderErrors(ErrorsOf(run), FormatDate(run.batch_date) + ": ", style);
  }
  if (backfill.runs.empty()) return text + "nothing to load\n";
  const Totals totals = TotalsOf(backfill);
  return text + fmt::format("{}; {}\n", LedgerText(totals.published, "loaded"),
                            DatesText(backfill, totals));
}

}  // namespace lyceum
