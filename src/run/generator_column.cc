#include "run/generator_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "run/generator_keys.h"

namespace lyceum {
namespace {

constexpr int64_t kMaxWeight = 1000000;

std::vector<std::string> ListNames(const std::vector<WordList>& lists) {
  std::vector<std::string> names;
  for (const WordList& list : lists) names.push_back(list.name);
  return names;
}

/// Reads what stands between the braces: `row`, `digits:3`, `list` or `list:form`.
std::optional<TemplatePart> ReadPlaceholder(std::string_view text,
                                            const std::vector<WordList>& lists,
                                            const std::string& owner, std::string* problem) {
  const size_t colon = text.find(':');
  const std::string name(text.substr(0, colon));
  const std::string form(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  TemplatePart part;
  if (text == "row") {
    part.kind = TemplatePart::Kind::kRow;
    return part;
  }
  if (name == "digits") {
    part.kind = TemplatePart::Kind::kDigits;
    part.num_digits = ParseWholeNumber(form).value_or(0);
    if (part.num_digits >= 1 && part.num_digits <= 18) return part;
    *problem = "'digits' in " + owner + " needs a count from 1 to 18, as in '{digits:3}'";
    return std::nullopt;
  }
  part.kind = TemplatePart::Kind::kWord;
  auto list = std::find_if(lists.begin(), lists.end(),
                           [&](const WordList& candidate) { return candidate.name == name; });
  if (list == lists.end()) {
    std::vector<std::string> names = ListNames(lists);
    names.insert(names.end(), {"row", "digits"});
    *problem = fmt::format("unknown list '{}' in {}{}", name, owner, SuggestName(name, names));
    return std::nullopt;
  }
  part.list = list - lists.begin();
  if (colon == std::string_view::npos) return part;
  const std::vector<std::string> forms = {"plain", "initial", "next"};
  auto found = std::find(forms.begin(), forms.end(), form);
  if (found == forms.end()) {
    *problem = fmt::format("unknown form '{}' in {}{}", form, owner, SuggestName(form, forms));
    return std::nullopt;
  }
  part.form = static_cast<WordForm>(found - forms.begin() + 1);
  return part;
}

TemplateValues ReadTemplate(KeyReader* keys, const std::vector<WordList>& lists) {
  TemplateValues values;
  const std::string text = keys->Text("text");
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find('{', at), text.size());
    if (open > at) {
      TemplatePart part;
      part.literal = text.substr(at, open - at);
      values.parts.push_back(part);
    }
    if (open == text.size()) break;
    const size_t close = text.find('}', open);
    if (close == std::string::npos) {
      keys->Error("text", "'text' of " + keys->owner() + " has a '{' without '}'");
      break;
    }
    std::string problem;
    auto part = ReadPlaceholder(std::string_view(text).substr(open + 1, close - open - 1), lists,
                                keys->owner(), &problem);
    if (part) {
      values.parts.push_back(*part);
    } else {
      keys->Error("text", problem);
    }
    at = close + 1;
  }
  return values;
}

/// True if `format` has each of `parts` once and no other pattern letter.
bool HasOnce(std::string format, const std::vector<std::string_view>& parts) {
  for (std::string_view part : parts) {
    const size_t at = format.find(part);
    if (at == std::string::npos) return false;
    format.replace(at, part.size(), " ");
  }
  return format.find_first_of("yMdHms") == std::string::npos;
}

DateValues ReadDate(KeyReader* keys) {
  DateValues values;
  values.from = keys->Date("from");
  values.to = keys->Date("to");
  if (keys->clean() && values.to < values.from) {
    keys->Error("to", "'to' of " + keys->owner() + " must not be before 'from'");
  }
  values.formats = keys->Texts("formats");
  for (const std::string& format : values.formats) {
    if (HasOnce(format, {"yyyy", "MM", "dd"})) continue;
    keys->Error("formats",
                "'formats' of " + keys->owner() + " must have yyyy, MM and dd once each");
  }
  return values;
}

MemberValues ReadMember(KeyReader* keys) {
  MemberValues values;
  values.of = keys->Text("of");
  const YamlNode* of = keys->Find("of");
  values.span = of == nullptr ? keys->span() : of->span;
  values.busy_percent = keys->NumberOr("busy_percent", 0, 100, 0);
  values.busy_factor = keys->NumberOr("busy_factor", 1, 1000, 1);
  return values;
}

TimeValues ReadTime(KeyReader* keys) {
  TimeValues values;
  values.format = keys->Text("format");
  if (!values.format.empty() && !HasOnce(values.format, {"yyyy", "MM", "dd", "HH", "mm", "ss"})) {
    keys->Error("format", "'format' of " + keys->owner() +
                              " must have yyyy, MM, dd, HH, mm and ss once each");
  }
  values.hour_weights.fill(1);
  if (keys->Find("hour_weights") != nullptr) {
    const std::vector<std::string> weights = keys->Texts("hour_weights");
    bool good = weights.size() == values.hour_weights.size();
    for (size_t hour = 0; hour < weights.size() && good; ++hour) {
      values.hour_weights[hour] = ParseWholeNumber(weights[hour]).value_or(-1);
      good = values.hour_weights[hour] >= 0 && values.hour_weights[hour] <= kMaxWeight;
    }
    values.max_weight = *std::max_element(values.hour_weights.begin(), values.hour_weights.end());
    if (!good || values.max_weight == 0) {
      keys->Error("hour_weights", "'hour_weights' of " + keys->owner() +
                                      " must be 24 whole numbers, not all of them 0");
    }
  }
  values.late_percent = keys->NumberOr("late_percent", 0, 100, 0);
  values.late_days = keys->NumberOr("late_days", 1, 30, 1);
  if (values.late_percent == 0) values.late_days = 0;
  return values;
}

ChoiceValues ReadChoice(KeyReader* keys, Diagnostics* diagnostics) {
  ChoiceValues values;
  const YamlNode* node = keys->Require("weights");
  if (node == nullptr) return values;
  KeyReader weights(*node, "'weights' of " + keys->owner(), diagnostics);
  for (const auto& [key, value] : node->entries) {
    values.weights.emplace_back(key.scalar, weights.Number(key.scalar, 1, kMaxWeight));
    values.total_weight += values.weights.back().second;
  }
  if (node->kind == YamlKind::kMapping && node->entries.empty()) {
    keys->Error("weights", "'weights' of " + keys->owner() + " must name at least one word");
  }
  return values;
}

NumberValues ReadNumber(KeyReader* keys) {
  constexpr int64_t kLimit = 1000000000000;
  NumberValues values;
  values.from = keys->Number("from", -kLimit, kLimit);
  values.to = keys->Number("to", -kLimit, kLimit);
  if (keys->clean() && values.to < values.from) {
    keys->Error("to", "'to' of " + keys->owner() + " must not be less than 'from'");
  }
  if (keys->Find("shape") != nullptr) values.bell = keys->Word("shape", {"even", "bell"}) == 1;
  values.decimals = keys->NumberOr("decimals", 0, 6, 0);
  values.decimals_percent = keys->NumberOr("decimals_percent", 0, 100, 100);
  return values;
}

}  // namespace

ProfileColumn ReadColumn(const YamlNode& node, const std::string& name, const std::string& dataset,
                         const std::vector<WordList>& lists, Diagnostics* diagnostics) {
  KeyReader keys(node, fmt::format("column '{}' of dataset '{}'", name, dataset), diagnostics);
  ProfileColumn column;
  column.name = name;
  const std::vector<std::string> types = {"sequence", "template", "date",  "member",
                                          "time",     "choice",   "number"};
  const size_t type = keys.Word("type", types);
  // Without a type nothing is known about the other keys.
  if (!keys.clean()) return column;
  switch (type) {
    case 0:
      break;
    case 1:
      column.values = ReadTemplate(&keys, lists);
      break;
    case 2:
      column.values = ReadDate(&keys);
      break;
    case 3:
      column.values = ReadMember(&keys);
      break;
    case 4:
      column.values = ReadTime(&keys);
      break;
    case 5:
      column.values = ReadChoice(&keys, diagnostics);
      break;
    default:
      column.values = ReadNumber(&keys);
  }
  keys.RejectOthers();
  return column;
}

}  // namespace lyceum
