#include "report/status_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "report/run_report.h"
#include "report/table.h"

namespace lyceum {
namespace {

bool IsStale(const BatchStatus& batch, const Spec& spec) {
  const Dataset* dataset = spec.FindDataset(batch.dataset);
  return !dataset || SpecHash(spec, *dataset) != batch.spec_hash;
}

/// The time of the newest publish, to the second.
std::string LastPublish(const WarehouseStatus::Date& date) {
  std::string last;
  for (const BatchStatus& batch : date.batches) last = std::max(last, batch.published_at);
  return last.substr(0, 19);
}

/// Why a date has no rows of its own, in a few words.
std::string WhyNothing(const WarehouseStatus::Date* date) {
  if (!date) return "nothing published";
  std::string why = date->batches.empty() ? "nothing published" : "only static files";
  if (date->unpublished_run == "gate_closed") why += ", the quality gate closed";
  if (date->unpublished_run == "failed") why += ", the last run failed";
  if (date->unpublished_run == "running") why += ", the last run has not ended";
  return why;
}

/// What deserves a look at a date that has rows.
std::string Remark(const WarehouseStatus::Date& date) {
  std::string remark = date.stale.empty() ? "" : "other spec";
  const char* sign = remark.empty() ? "" : ", ";
  if (date.unpublished_run == "gate_closed") remark += sign + std::string("reload: gate closed");
  if (date.unpublished_run == "failed") remark += sign + std::string("reload failed");
  if (date.unpublished_run == "running") remark += sign + std::string("reload has not ended");
  return remark;
}

/// Days in a row without rows of their own, for the same reason.
class Gap {
 public:
  explicit Gap(TextTable* table) : table_(table) {}
  void Add(Days day, const std::string& why) {
    if (why != why_) End();
    why_ = why;
    days_.push_back(day);
  }
  void End() {
    if (!days_.empty()) table_->AddLine({FormatDays(days_) + ": " + why_, Ink::kYellow}, 0);
    days_.clear();
  }

 private:
  TextTable* table_;
  std::vector<Days> days_;
  std::string why_;
};

/// The newest batch of each static dataset.
std::map<std::string, const BatchStatus*> NewestSnapshots(const WarehouseStatus& status) {
  std::map<std::string, const BatchStatus*> newest;
  for (const WarehouseStatus::Date& date : status.dates) {
    for (const BatchStatus& batch : date.batches) {
      if (!batch.dated) newest[batch.dataset] = &batch;
    }
  }
  return newest;
}

std::string RenderSnapshots(const WarehouseStatus& status, const Style& style) {
  std::vector<std::string> parts;
  for (const auto& [dataset, batch] : NewestSnapshots(status)) {
    std::string part = fmt::format("{} {} loaded", dataset, FormatCount(batch->loaded));
    if (batch->quarantined > 0) {
      part += fmt::format(" and {} quarantined", FormatCount(batch->quarantined));
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return "";
  return WrapText(fmt::format("static files, newest content: {}", fmt::join(parts, ", ")),
                  style.width, 0) +
         "\n";
}

/// All dates from the first to the last, with the days between them.
void AddDates(const WarehouseStatus& status, TextTable* table) {
  const bool any_dated = std::any_of(status.dates.begin(), status.dates.end(),
                                     [](const auto& date) { return date.dated > 0; });
  const std::set<Days> holes(status.holes.begin(), status.holes.end());
  Gap gap(table);
  Days next = status.dates.front().date;
  for (const WarehouseStatus::Date& date : status.dates) {
    for (; next < date.date; ++next) {
      if (holes.count(next) > 0) gap.Add(next, WhyNothing(nullptr));
    }
    next = date.date + 1;
    if (date.dated == 0 && (any_dated || date.batches.empty())) {
      gap.Add(date.date, WhyNothing(&date));
      continue;
    }
    gap.End();
    const auto snapshots = static_cast<int64_t>(date.batches.size()) - date.dated;
    table->AddRow({{FormatDate(date.date)},
                   {FormatCount(date.dated)},
                   {FormatCount(date.loaded)},
                   {FormatCount(date.quarantined), date.quarantined > 0 ? Ink::kYellow : Ink::kDim},
                   {FormatCount(snapshots), Ink::kDim},
                   {LastPublish(date)},
                   {Remark(date), Ink::kYellow}});
  }
  gap.End();
}

}  // namespace

WarehouseStatus SummarizeStatus(const std::vector<BatchStatus>& batches,
                                const std::vector<LastRun>& runs, const std::string& target,
                                const Spec* spec) {
  WarehouseStatus status;
  status.target = target;
  status.spec_known = spec != nullptr;
  std::map<Days, WarehouseStatus::Date> dates;
  for (const BatchStatus& batch : batches) {
    WarehouseStatus::Date& date = dates[batch.date];
    date.batches.push_back(batch);
    if (batch.dated) {
      ++date.dated;
      date.loaded += batch.loaded;
      date.quarantined += batch.quarantined;
    }
    if (spec && IsStale(batch, *spec)) date.stale.push_back(batch.dataset);
  }
  for (const LastRun& run : runs) {
    if (run.state == "gate_closed" || run.state == "failed" || run.state == "running") {
      dates[run.date].unpublished_run = run.state;
    }
  }
  std::optional<Days> last_dated;
  for (auto& [day, date] : dates) {
    date.date = day;
    if (date.dated > 0) {
      for (Days hole = last_dated.value_or(day) + 1; hole < day; ++hole) {
        status.holes.push_back(hole);
      }
      last_dated = day;
    }
    status.dates.push_back(std::move(date));
  }
  return status;
}

std::string RenderStatus(const WarehouseStatus& status, const Style& style) {
  const auto count = [&](auto condition) {
    return std::count_if(status.dates.begin(), status.dates.end(), condition);
  };
  const auto dated = count([](const WarehouseStatus::Date& date) { return date.dated > 0; });
  const auto published =
      dated > 0 ? dated
                : count([](const WarehouseStatus::Date& date) { return !date.batches.empty(); });
  std::string text;
  if (!status.dates.empty()) {
    TextTable table({{"batch date"},
                     {"datasets", true},
                     {"loaded", true},
                     {"quarantined", true},
                     {.title = "static", .right = true, .dropped = 2},
                     {.title = "last published (UTC)", .dropped = 1},
                     {"", false, true}});
    AddDates(status, &table);
    text += table.Render(style) + "\n";
  }
  if (published == 0) {
    return text + fmt::format("nothing is published in {}\n", PrintableText(status.target));
  }
  text += RenderSnapshots(status, style);
  std::string totals = FormatCount(published, "date") + " published";
  if (!status.holes.empty()) {
    totals += fmt::format(", {} without dated files between the first and the last",
                          FormatCount(static_cast<int64_t>(status.holes.size()), "day"));
  }
  text += WrapText(totals, style.width, 0) + "\n";
  std::set<std::string> stale;
  int64_t stale_dates = 0;
  for (const WarehouseStatus::Date& date : status.dates) {
    stale.insert(date.stale.begin(), date.stale.end());
    if (!date.stale.empty()) ++stale_dates;
  }
  if (stale.empty()) return text;
  return text +
         RenderWarnings({fmt::format("loaded under another spec on {}: {}; they load anew "
                                     "when their dates run again",
                                     FormatCount(stale_dates, "date"), fmt::join(stale, ", "))},
                        style);
}

}  // namespace lyceum
