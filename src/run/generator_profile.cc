#include "run/generator_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "run/generator_keys.h"

// Written by the build from the profile in the source tree.
extern const char* const kDefaultGeneratorProfile;

namespace lyceum {
namespace {

constexpr int64_t kMaxRecords = 1000000000;

std::vector<WordList> ReadLists(KeyReader* keys, Diagnostics* diagnostics) {
  std::vector<WordList> lists;
  const YamlNode* node = keys->Find("lists");
  if (node == nullptr) return lists;
  KeyReader reader(*node, "'lists'", diagnostics);
  for (const auto& [key, value] : node->entries) {
    lists.push_back({key.scalar, reader.Texts(key.scalar)});
  }
  return lists;
}

void ReadFileStyle(KeyReader* keys, ProfileDataset* dataset) {
  dataset->file = keys->Text("file");
  const std::filesystem::path path(dataset->file);
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  if (path.is_absolute() || climbs) {
    keys->Error("file", "'file' of " + keys->owner() + " must be a path below the output folder");
  }
  const bool json = keys->Word("format", {"csv", "json"}) == 1;
  dataset->style.format = json ? FileFormat::kJson : FileFormat::kCsv;
  if (json || keys->Find("line_end") == nullptr) return;
  if (keys->Word("line_end", {"lf", "crlf"}) == 1) dataset->style.line_end = "\r\n";
}

void ReadRecords(const YamlNode* node, const std::string& owner, ProfileDataset* dataset,
                 Diagnostics* diagnostics) {
  if (node == nullptr) return;
  KeyReader keys(*node, "'records' of " + owner, diagnostics);
  if (keys.Find("count") != nullptr) {
    dataset->min_records = dataset->max_records = keys.Number("count", 1, kMaxRecords);
  } else {
    dataset->rows_per_record = keys.Number("rows_per_record", 1, kMaxRecords);
    dataset->min_records = keys.NumberOr("min", 1, kMaxRecords, 1);
    dataset->max_records = keys.NumberOr("max", 1, kMaxRecords, kMaxRecords);
    if (keys.clean() && dataset->max_records < dataset->min_records) {
      keys.Error("max", "'max' of " + keys.owner() + " must not be less than 'min'");
    }
  }
  keys.RejectOthers();
}

void ReadColumns(const YamlNode* node, const std::vector<WordList>& lists, ProfileDataset* dataset,
                 Diagnostics* diagnostics) {
  if (node == nullptr) return;
  if (node->kind != YamlKind::kMapping || node->entries.empty()) {
    diagnostics->Error(node->span, fmt::format("'columns' of dataset '{}' must be a mapping of "
                                               "names to columns",
                                               dataset->name));
    return;
  }
  for (const auto& [key, value] : node->entries) {
    dataset->columns.push_back(ReadColumn(value, key.scalar, dataset->name, lists, diagnostics));
    dataset->style.field_names.push_back(key.scalar);
  }
}

void ReadPercents(const YamlNode* node, ProfileDataset* dataset, const std::string& owner,
                  Diagnostics* diagnostics) {
  if (node == nullptr) return;
  KeyReader keys(*node, "'percent_of_rejected' of " + owner, diagnostics);
  DirtPercents* percents = &dataset->percents;
  percents->duplicates = keys.NumberOr("duplicates", 0, 1000, 0);
  percents->unknown_members = keys.NumberOr("unknown_members", 0, 1000, 0);
  percents->harmless = keys.NumberOr("harmless", 0, 1000, 0);
  percents->second_faults = keys.NumberOr("second_faults", 0, 100, 0);
  if (dataset->daily()) percents->repeats = keys.NumberOr("repeats", 0, 1000, 0);
  if (percents->harmless > 0 && dataset->harmless.empty()) {
    keys.Error("harmless", owner + " has 'harmless' rows but no list 'harmless'");
  }
  keys.RejectOthers();
}

ProfileDataset ReadDataset(const YamlNode& node, const std::string& name,
                           const std::vector<WordList>& lists, Diagnostics* diagnostics) {
  ProfileDataset dataset;
  dataset.name = name;
  dataset.span = node.span;
  const std::string owner = fmt::format("dataset '{}'", name);
  KeyReader keys(node, owner, diagnostics);
  if (node.kind != YamlKind::kMapping) return dataset;
  ReadFileStyle(&keys, &dataset);
  ReadRecords(keys.Require("records"), owner, &dataset, diagnostics);
  ReadColumns(keys.Require("columns"), lists, &dataset, diagnostics);
  for (auto [key, list] :
       {std::pair("rejected", &dataset.rejected), std::pair("harmless", &dataset.harmless)}) {
    const YamlNode* dirt = keys.Find(key);
    if (dirt == nullptr || dataset.columns.empty()) continue;
    *list = ReadDirtList(*dirt, fmt::format("'{}' of {}", key, owner), dataset.style, diagnostics);
  }
  ReadPercents(keys.Find("percent_of_rejected"), &dataset, owner, diagnostics);
  keys.RejectOthers();
  return dataset;
}

template <typename Values>
size_t CountColumns(const ProfileDataset& dataset) {
  return std::count_if(
      dataset.columns.begin(), dataset.columns.end(),
      [](const ProfileColumn& column) { return std::holds_alternative<Values>(column.values); });
}

/// What makes clean rows differ must be there: the running number in a static file, the member and
/// the time in a daily one.
void CheckDistinction(const ProfileDataset& dataset, Diagnostics* diagnostics) {
  const size_t sequences = CountColumns<SequenceValues>(dataset);
  const size_t times = CountColumns<TimeValues>(dataset);
  if (dataset.daily()) {
    if (times == 1 && sequences == 0 && CountColumns<MemberValues>(dataset) > 0) return;
    diagnostics->Error(
        dataset.span,
        fmt::format("daily dataset '{}' must have one column of type 'time', at least "
                    "one of type 'member' and none of type 'sequence'",
                    dataset.name));
  } else if (times != 0 || sequences != 1) {
    diagnostics->Error(
        dataset.span, fmt::format("static dataset '{}' must have one column of type 'sequence' and "
                                  "none of type 'time'",
                                  dataset.name));
  }
}

void ResolveMembers(const ProfileDataset& owner, MemberValues* values,
                    const std::vector<ProfileDataset>& datasets, Diagnostics* diagnostics) {
  std::vector<std::string> names;
  for (size_t i = 0; i < datasets.size(); ++i) {
    if (datasets[i].daily()) continue;
    names.push_back(datasets[i].name);
    if (datasets[i].name != values->of) continue;
    values->dataset = i;
    return;
  }
  diagnostics->Error(values->span,
                     fmt::format("unknown static dataset '{}' in dataset '{}'{}", values->of,
                                 owner.name, SuggestName(values->of, names)));
}

void CheckDatasets(std::vector<ProfileDataset>* datasets, Diagnostics* diagnostics) {
  for (size_t i = 0; i < datasets->size(); ++i) {
    ProfileDataset& dataset = (*datasets)[i];
    CheckDistinction(dataset, diagnostics);
    for (ProfileColumn& column : dataset.columns) {
      auto* values = std::get_if<MemberValues>(&column.values);
      if (values != nullptr) ResolveMembers(dataset, values, *datasets, diagnostics);
    }
    for (size_t j = 0; j < i; ++j) {
      if ((*datasets)[j].file != dataset.file) continue;
      diagnostics->Error(dataset.span, fmt::format("datasets '{}' and '{}' have the same 'file'",
                                                   (*datasets)[j].name, dataset.name));
    }
  }
}

void ReadCalendar(KeyReader* keys, GeneratorProfile* profile, Diagnostics* diagnostics) {
  const YamlNode* node = keys->Require("calendar");
  if (node == nullptr) return;
  KeyReader calendar(*node, "'calendar'", diagnostics);
  profile->first_day = calendar.Date("from");
  profile->last_day = calendar.Date("to");
  if (calendar.clean() && profile->last_day < profile->first_day) {
    calendar.Error("to", "'to' of 'calendar' must not be before 'from'");
  }
  calendar.RejectOthers();
}

}  // namespace

std::optional<size_t> ProfileDataset::FindTimeColumn() const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::holds_alternative<TimeValues>(columns[i].values)) return i;
  }
  return std::nullopt;
}

std::vector<size_t> ProfileDataset::MemberColumns() const {
  std::vector<size_t> found;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::holds_alternative<MemberValues>(columns[i].values)) found.push_back(i);
  }
  return found;
}

std::optional<GeneratorProfile> ReadGeneratorProfile(std::string_view text,
                                                     Diagnostics* diagnostics) {
  const auto root = ParseYaml(text, diagnostics);
  if (!root) return std::nullopt;
  GeneratorProfile profile;
  KeyReader keys(*root, "the profile", diagnostics);
  keys.Number("generator", 1, 1);
  ReadCalendar(&keys, &profile, diagnostics);
  profile.lists = ReadLists(&keys, diagnostics);
  if (const YamlNode* node = keys.Require("datasets")) {
    KeyReader datasets(*node, "'datasets'", diagnostics);
    for (const auto& [key, value] : node->entries) {
      profile.datasets.push_back(ReadDataset(value, key.scalar, profile.lists, diagnostics));
    }
    if (node->kind == YamlKind::kMapping && node->entries.empty()) {
      keys.Error("datasets", "'datasets' must name at least one dataset");
    }
  }
  keys.RejectOthers();
  // Checks across datasets would only repeat what is already known to be wrong.
  if (!diagnostics->has_errors()) CheckDatasets(&profile.datasets, diagnostics);
  if (diagnostics->has_errors()) return std::nullopt;
  return profile;
}

std::string_view BuiltInGeneratorProfile() { return kDefaultGeneratorProfile; }

}  // namespace lyceum
