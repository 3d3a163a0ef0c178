#include "report/status_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

void AddHole(Days first, Days last, TextTable* table) {
  if (first > last) return;
  std::vector<Days> days;
  for (Days day = first; day <= last; ++day) days.push_back(day);
  table->AddLine({FormatDays(days) + ": nothing published", Ink::kYellow}, 0);
}

}  // namespace

WarehouseStatus SummarizeStatus(const std::vector<BatchStatus>& batches, const std::string& target,
                                const Spec* spec) {
  WarehouseStatus status;
  status.target = target;
  status.spec_known = spec != nullptr;
  std::map<Days, WarehouseStatus::Date> dates;
  for (const BatchStatus& batch : batches) {
    WarehouseStatus::Date& date = dates[batch.date];
    date.date = batch.date;
    date.batches.push_back(batch);
    date.loaded += batch.loaded;
    date.quarantined += batch.quarantined;
    if (spec && IsStale(batch, *spec)) date.stale.push_back(batch.dataset);
  }
  for (auto& [day, date] : dates) {
    if (!status.dates.empty()) {
      for (Days hole = status.dates.back().date + 1; hole < day; ++hole) {
        status.holes.push_back(hole);
      }
    }
    status.dates.push_back(std::move(date));
  }
  return status;
}

std::string RenderStatus(const WarehouseStatus& status, const Style& style) {
  if (status.dates.empty()) {
    return fmt::format("nothing is published in {}\n", PrintableText(status.target));
  }
  TextTable table({{"batch date"},
                   {"datasets", true},
                   {"loaded", true},
                   {"quarantined", true},
                   {"last published (UTC)"},
                   {"", false, true}});
  std::set<std::string> stale;
  size_t stale_dates = 0;
  Days next = status.dates.front().date;
  for (const WarehouseStatus::Date& date : status.dates) {
    AddHole(next, date.date - 1, &table);
    next = date.date + 1;
    stale.insert(date.stale.begin(), date.stale.end());
    if (!date.stale.empty()) ++stale_dates;
    table.AddRow({{FormatDate(date.date)},
                  {FormatCount(static_cast<int64_t>(date.batches.size()))},
                  {FormatCount(date.loaded)},
                  {FormatCount(date.quarantined), date.quarantined > 0 ? Ink::kYellow : Ink::kDim},
                  {LastPublish(date)},
                  {date.stale.empty() ? "" : "other spec", Ink::kYellow}});
  }
  std::string text = table.Render(style);
  text += fmt::format("\n{} published, {} without anything between the first and the last\n",
                      FormatCount(static_cast<int64_t>(status.dates.size()), "date"),
                      FormatCount(static_cast<int64_t>(status.holes.size()), "day"));
  if (!stale.empty()) {
    const std::string remark = fmt::format(
        "loaded under another spec on {}: {}; they load anew when their dates run again",
        FormatCount(static_cast<int64_t>(stale_dates), "date"), fmt::join(stale, ", "));
    text += fmt::format("{}  {}\n", style.Paint(Ink::kYellow, "warning"),
                        WrapText(remark, style.width, 9));
  }
  return text;
}

}  // namespace lyceum
