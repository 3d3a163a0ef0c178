#include "report/doctor_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lyceum {
namespace {

const char* OutcomeName(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::kOk:
      return "ok";
    case CheckOutcome::kFailed:
      return "failed";
    case CheckOutcome::kSkipped:
      return "skipped";
    case CheckOutcome::kAnswer:
      return "answer";
  }
  return "";
}

std::string Mark(CheckOutcome outcome, const Style& style) {
  switch (outcome) {
    case CheckOutcome::kOk:
      return style.Paint(Ink::kGreen, "✓");
    case CheckOutcome::kFailed:
      return style.Paint(Ink::kRed, "✗");
    case CheckOutcome::kSkipped:
      return style.Paint(Ink::kYellow, "-");
    case CheckOutcome::kAnswer:
      return style.Paint(Ink::kBold, "?");
  }
  return "";
}

}  // namespace

std::string RenderDoctor(const std::vector<DoctorCheck>& checks, const Style& style) {
  std::string text;
  bool asked = false;
  for (const DoctorCheck& check : checks) {
    if (check.outcome == CheckOutcome::kAnswer && !asked) {
      text += "\nquestions that only this system can answer:\n";
      asked = true;
    }
    const std::string line = check.detail.empty()
                                 ? check.what
                                 : fmt::format("{}: {}", check.what, PrintableText(check.detail));
    text += fmt::format("{} {}\n", Mark(check.outcome, style), WrapText(line, style.width - 2, 2));
  }
  const auto failed = std::count_if(checks.begin(), checks.end(), [](const DoctorCheck& check) {
    return check.outcome == CheckOutcome::kFailed;
  });
  text += failed == 0 ? "\nthe target can be loaded\n"
                      : fmt::format("\n{}; mend what is marked ✗ and try again\n",
                                    FormatCount(failed, "check") + " failed");
  return text;
}

std::string DoctorJson(const std::vector<DoctorCheck>& checks) {
  auto list = nlohmann::json::array();
  for (const DoctorCheck& check : checks) {
    list.push_back(
        {{"what", check.what}, {"outcome", OutcomeName(check.outcome)}, {"detail", check.detail}});
  }
  const nlohmann::json document = {
      {"schema", "lyceum.doctor.v1"}, {"healthy", Healthy(checks)}, {"checks", std::move(list)}};
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace lyceum
