#include "run/generator_profile.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "spec/spec.h"

namespace lyceum {
namespace {

constexpr char kProfile[] = R"(generator: 1
calendar: {from: 2025-01-01, to: 2025-12-31}
lists:
  names: [Ann, Bob]
datasets:
  people:
    file: people.csv
    format: csv
    line_end: lf
    records: {rows_per_record: 10, min: 2, max: 9}
    columns:
      id: {type: sequence}
      name: {type: template, text: '{names}'}
      born: {type: date, from: 2000-01-01, to: 2000-12-31, formats: [dd-MM-yyyy]}
    rejected:
      - {type: missing, columns: [id], weight: 2}
      - {type: value, columns: [id], values: [x]}
      - {type: affix, columns: [id], before: x}
  visits:
    file: 'visits_{batch_date}.json'
    format: json
    records: {count: 5}
    columns:
      person: {type: member, of: people, busy_percent: 5}
      at: {type: time, format: yyyy-MM-dd HH:mm:ss, late_percent: 3}
      mood: {type: choice, weights: {good: 2, bad: 1}}
      cost: {type: number, from: 0, to: 3, shape: even}
    rejected:
      - {type: element, values: ['42']}
    percent_of_rejected: {duplicates: 5, repeats: 5}
)";

std::vector<std::string> Problems(const std::string& text) {
  Diagnostics diagnostics;
  const auto profile = ReadGeneratorProfile(text, &diagnostics);
  EXPECT_EQ(profile.has_value(), !diagnostics.has_errors());
  std::vector<std::string> lines;
  for (const Diagnostic& item : diagnostics.items()) {
    lines.push_back(fmt::format("{}:{}: {}", item.span.line, item.span.column, item.message));
  }
  return lines;
}

/// kProfile with one part replaced, and every problem that it then has.
struct ProfileCase {
  const char* find;
  const char* replacement;
  std::vector<std::string> problems;
};

TEST(GeneratorProfileTest, GoodProfileIsRead) {
  Diagnostics diagnostics;
  const auto profile = ReadGeneratorProfile(kProfile, &diagnostics);
  ASSERT_TRUE(profile.has_value()) << RenderDiagnostics(diagnostics, "profile", kProfile);
  EXPECT_EQ(FormatDate(profile->first_day), "2025-01-01");
  EXPECT_EQ(FormatDate(profile->last_day), "2025-12-31");
  ASSERT_EQ(profile->datasets.size(), 2u);
  const ProfileDataset& people = profile->datasets[0];
  EXPECT_FALSE(people.daily());
  EXPECT_EQ(people.style.field_names, (std::vector<std::string>{"id", "name", "born"}));
  EXPECT_EQ(people.rejected.total_weight, 4u);
  const ProfileDataset& visits = profile->datasets[1];
  EXPECT_TRUE(visits.daily());
  EXPECT_EQ(visits.FindTimeColumn(), 1u);
  EXPECT_EQ(visits.MemberColumns(), std::vector<size_t>{0});
  EXPECT_EQ(visits.min_records, 5);
  EXPECT_EQ(visits.max_records, 5);
}

TEST(GeneratorProfileTest, EveryProblemIsNamed) {
  const ProfileCase cases[] = {
      {"generator: 1", "generator: 2", {"1:12: 'generator' of the profile must be 1"}},
      {"generator: 1\n", "", {"1:1: the profile lacks the key 'generator'"}},
      {"generator: 1",
       "generator: 1\nlist: {}",
       {"2:1: unknown key 'list' in the profile; did you mean 'lists'?"}},
      {"calendar: {from: 2025-01-01, to: 2025-12-31}\n",
       "",
       {"1:1: the profile lacks the key 'calendar'"}},
      {"calendar: {from: 2025-01-01, to: 2025-12-31}",
       "calendar: 2025",
       {"2:11: 'calendar' must be a mapping of keys to values"}},
      {"from: 2025-01-01",
       "from: soon",
       {"2:18: 'from' of 'calendar' must be a date such as 2025-06-01"}},
      {"to: 2025-12-31", "to: 2024-12-31", {"2:34: 'to' of 'calendar' must not be before 'from'"}},
      {"to: 2025-12-31",
       "til: 2024-12-31",
       {"2:11: 'calendar' lacks the key 'to'",
        "2:30: unknown key 'til' in 'calendar'; expected one of 'from', 'to'"}},
      {"[Ann, Bob]", "Ann", {"4:10: 'names' of 'lists' must be a list of texts"}},
      {"[Ann, Bob]", "[]", {"4:10: 'names' of 'lists' must be a list of texts"}},
      {"[Ann, Bob]", "[Ann, [Bob]]", {"4:10: 'names' of 'lists' must be a list of texts"}},
      {"    file: people.csv\n", "", {"7:5: dataset 'people' lacks the key 'file'"}},
      {"file: people.csv",
       "file: [people.csv]",
       {"7:11: 'file' of dataset 'people' must be a text"}},
      {"file: people.csv",
       "file: /people.csv",
       {"7:11: 'file' of dataset 'people' must be a path below the output folder"}},
      {"file: people.csv",
       "file: a/../../people.csv",
       {"7:11: 'file' of dataset 'people' must be a path below the output folder"}},
      {"file: people.csv",
       "file: 'visits_{batch_date}.json'",
       {"7:5: daily dataset 'people' must have one column of type 'time', at least one of type "
        "'member' and none of type 'sequence'",
        "24:34: unknown static dataset 'people' in dataset 'visits'",
        "20:5: datasets 'people' and 'visits' have the same 'file'"}},
      {"'visits_{batch_date}.json'",
       "people.csv",
       {"30:42: unknown key 'repeats' in 'percent_of_rejected' of dataset 'visits'; expected one "
        "of 'duplicates', 'unknown_members', 'harmless', 'second_faults'"}},
      {"format: csv",
       "format: cvs",
       {"8:13: unknown format 'cvs' in dataset 'people'; did you mean 'csv'?"}},
      {"line_end: lf",
       "line_end: cr",
       {"9:15: unknown line_end 'cr' in dataset 'people'; expected one of 'lf', 'crlf'"}},
      {"    format: json\n",
       "    format: json\n    line_end: lf\n",
       {"22:5: unknown key 'line_end' in dataset 'visits'; expected one of 'file', 'format', "
        "'records', 'columns', 'rejected', 'harmless', 'percent_of_rejected'"}},
      {"count: 5",
       "count: 0",
       {"22:22: 'count' of 'records' of dataset 'visits' must be a whole number from 1 to "
        "1000000000"}},
      {"count: 5",
       "count: 5.5",
       {"22:22: 'count' of 'records' of dataset 'visits' must be a whole number from 1 to "
        "1000000000"}},
      {"count: 5",
       "min: 5",
       {"22:14: 'records' of dataset 'visits' lacks the key 'rows_per_record'"}},
      {"count: 5",
       "count: 5, max: 6",
       {"22:25: unknown key 'max' in 'records' of dataset 'visits'; expected 'count'"}},
      {"min: 2",
       "min: 10",
       {"10:50: 'max' of 'records' of dataset 'people' must not be less than 'min'"}},
      {"records: {count: 5}",
       "records: 5",
       {"22:14: 'records' of dataset 'visits' must be a mapping of keys to values"}},
      {"      id: {type: sequence}\n",
       "      id: sequence\n",
       {"12:11: column 'id' of dataset 'people' must be a mapping of keys to values"}},
      {"{type: sequence}",
       "{type: sequel}",
       {"12:18: unknown type 'sequel' in column 'id' of dataset 'people'; expected one of "
        "'sequence', 'template', 'date', 'member', 'time', 'choice', 'number'"}},
      {"{type: sequence}",
       "{type: [sequence]}",
       {"12:18: 'type' of column 'id' of dataset 'people' must be a text"}},
      {"{type: sequence}", "{}", {"12:11: column 'id' of dataset 'people' lacks the key 'type'"}},
      {"{type: sequence}",
       "{type: sequence, from: 2}",
       {"12:28: unknown key 'from' in column 'id' of dataset 'people'; expected 'type'"}},
      {"'{names}'",
       "'{name}'",
       {"13:36: unknown list 'name' in column 'name' of dataset 'people'; did you mean 'names'?"}},
      {"'{names}'",
       "'{names'",
       {"13:36: 'text' of column 'name' of dataset 'people' has a '{' without '}'"}},
      {"'{names}'",
       "'{names:inital}'",
       {"13:36: unknown form 'inital' in column 'name' of dataset 'people'; did you mean "
        "'initial'?"}},
      {"'{names}'",
       "'{digits} and {digits:19}'",
       {"13:36: 'digits' in column 'name' of dataset 'people' needs a count from 1 to 18, as in "
        "'{digits:3}'",
        "13:36: 'digits' in column 'name' of dataset 'people' needs a count from 1 to 18, as in "
        "'{digits:3}'"}},
      {"to: 2000-12-31",
       "to: 1999-12-31",
       {"14:48: 'to' of column 'born' of dataset 'people' must not be before 'from'"}},
      {"[dd-MM-yyyy]",
       "[dd-MM-yy]",
       {"14:69: 'formats' of column 'born' of dataset 'people' must have yyyy, MM and dd once "
        "each"}},
      {"[dd-MM-yyyy]",
       "[dd-MM-yyyy HH]",
       {"14:69: 'formats' of column 'born' of dataset 'people' must have yyyy, MM and dd once "
        "each"}},
      {"of: people",
       "of: peopel",
       {"24:34: unknown static dataset 'peopel' in dataset 'visits'; did you mean 'people'?"}},
      {"of: people",
       "of: visits",
       {"24:34: unknown static dataset 'visits' in dataset 'visits'; expected 'people'"}},
      {"of: people, ", "", {"24:15: column 'person' of dataset 'visits' lacks the key 'of'"}},
      {"busy_percent: 5",
       "busy_percent: 101",
       {"24:56: 'busy_percent' of column 'person' of dataset 'visits' must be a whole number from "
        "0 to 100"}},
      {"yyyy-MM-dd HH:mm:ss",
       "yyyy-MM-dd HH:mm",
       {"25:32: 'format' of column 'at' of dataset 'visits' must have yyyy, MM, dd, HH, mm and ss "
        "once each"}},
      {"late_percent: 3",
       "hour_weights: [1, 2, 3]",
       {"25:67: 'hour_weights' of column 'at' of dataset 'visits' must be 24 whole numbers, not "
        "all of them 0"}},
      {"late_percent: 3",
       "hour_weights: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
       {"25:67: 'hour_weights' of column 'at' of dataset 'visits' must be 24 whole numbers, not "
        "all of them 0"}},
      {"late_percent: 3",
       "late_days: 31",
       {"25:64: 'late_days' of column 'at' of dataset 'visits' must be a whole number from 1 to "
        "30"}},
      {"{good: 2, bad: 1}",
       "{good: 2, bad: none}",
       {"26:52: 'bad' of 'weights' of column 'mood' of dataset 'visits' must be a whole number "
        "from 1 to 1000000"}},
      {"{good: 2, bad: 1}",
       "{}",
       {"26:37: 'weights' of column 'mood' of dataset 'visits' must name at least one word"}},
      {"{good: 2, bad: 1}",
       "good",
       {"26:37: 'weights' of column 'mood' of dataset 'visits' must be a mapping of keys to "
        "values"}},
      {"from: 0, to: 3",
       "to: 3",
       {"27:13: column 'cost' of dataset 'visits' lacks the key 'from'"}},
      {"to: 3, shape: even",
       "to: -3",
       {"27:41: 'to' of column 'cost' of dataset 'visits' must not be less than 'from'"}},
      {"shape: even",
       "shape: round",
       {"27:51: unknown shape 'round' in column 'cost' of dataset 'visits'; expected one of "
        "'even', 'bell'"}},
      {"      - {type: element, values: ['42']}",
       "      type: element",
       {"29:7: 'rejected' of dataset 'visits' must be a list of mappings"}},
      {"{type: element, values: ['42']}",
       "{type: blank_row}",
       {"29:16: unknown type 'blank_row' in an entry of 'rejected' of dataset 'visits'; expected "
        "one of 'missing', 'value', 'token', 'affix', 'quoted', 'unicode_escape', 'invalid_utf8', "
        "'nul', 'duplicate_key', 'element'"}},
      {"{type: element, values: ['42']}",
       "{type: element}",
       {"29:9: an entry of 'rejected' of dataset 'visits' lacks the key 'values'"}},
      {"values: ['42']",
       "values: ['{x}']",
       {"29:33: 'values' of an entry of 'rejected' of dataset 'visits' must each be JSON, as in "
        "'[1, 2]'"}},
      {"{type: missing, columns: [id], weight: 2}",
       "{type: mising, columns: [id]}",
       {"16:16: unknown type 'mising' in an entry of 'rejected' of dataset 'people'; did you mean "
        "'missing'?"}},
      {"columns: [id], weight: 2",
       "columns: [idd], weight: 2",
       {"16:34: unknown column 'idd' in an entry of 'rejected' of dataset 'people'; did you mean "
        "'id'?"}},
      {"columns: [id], weight: 2",
       "weight: 2",
       {"16:9: an entry of 'rejected' of dataset 'people' lacks the key 'columns'"}},
      {"weight: 2",
       "weight: 0",
       {"16:48: 'weight' of an entry of 'rejected' of dataset 'people' must be a whole number from "
        "1 to 1000000"}},
      {"weight: 2",
       "values: [x]",
       {"16:40: unknown key 'values' in an entry of 'rejected' of dataset 'people'; expected one "
        "of 'type', 'weight', 'columns'"}},
      {"columns: [id], values: [x]",
       "columns: [id]",
       {"17:9: an entry of 'rejected' of dataset 'people' lacks the key 'values'"}},
      {", before: x",
       "",
       {"18:16: 'affix' in 'rejected' of dataset 'people' needs 'before' or 'after'"}},
      {"duplicates: 5",
       "duplicates: -5",
       {"30:39: 'duplicates' of 'percent_of_rejected' of dataset 'visits' must be a whole number "
        "from 0 to 1000"}},
      {"duplicates: 5",
       "harmless: 5",
       {"30:37: dataset 'visits' has 'harmless' rows but no list 'harmless'"}},
      {"duplicates: 5",
       "dupes: 5",
       {"30:27: unknown key 'dupes' in 'percent_of_rejected' of dataset 'visits'; expected one of "
        "'duplicates', 'unknown_members', 'harmless', 'second_faults', 'repeats'"}},
      {"    rejected:\n      - {type: missing",
       "    percent_of_rejected: {repeats: 5}\n    rejected:\n      - {type: missing",
       {"15:27: unknown key 'repeats' in 'percent_of_rejected' of dataset 'people'; expected one "
        "of 'duplicates', 'unknown_members', 'harmless', 'second_faults'"}},
      {"{type: sequence}",
       "{type: number, from: 1, to: 9}",
       {"7:5: static dataset 'people' must have one column of type 'sequence' and none of type "
        "'time'"}},
      {"{type: time, format: yyyy-MM-dd HH:mm:ss, late_percent: 3}",
       "{type: number, from: 1, to: 9}",
       {"20:5: daily dataset 'visits' must have one column of type 'time', at least one of type "
        "'member' and none of type 'sequence'"}},
      {"{type: member, of: people, busy_percent: 5}",
       "{type: number, from: 1, to: 9}",
       {"20:5: daily dataset 'visits' must have one column of type 'time', at least one of type "
        "'member' and none of type 'sequence'"}},
  };
  for (const ProfileCase& test : cases) {
    std::string text = kProfile;
    const size_t at = text.find(test.find);
    ASSERT_NE(at, std::string::npos) << test.find;
    text.replace(at, std::string(test.find).size(), test.replacement);
    EXPECT_EQ(Problems(text), test.problems) << test.find << " -> " << test.replacement;
  }
}

TEST(GeneratorProfileTest, AllProblemsAreFoundAtOnce) {
  EXPECT_EQ(Problems("generator: 1\n"
                     "calender: {}\n"
                     "datasets:\n"
                     "  people:\n"
                     "    file: ../people.csv\n"
                     "    records: {count: many}\n"
                     "    columns:\n"
                     "      id: {type: sequense}\n"),
            (std::vector<std::string>{
                "1:1: the profile lacks the key 'calendar'",
                "5:11: 'file' of dataset 'people' must be a path below the output folder",
                "5:5: dataset 'people' lacks the key 'format'",
                "6:22: 'count' of 'records' of dataset 'people' must be a whole number from 1 to "
                "1000000000",
                "8:18: unknown type 'sequense' in column 'id' of dataset 'people'; did you mean "
                "'sequence'?",
                "2:1: unknown key 'calender' in the profile; did you mean 'calendar'?",
            }));
}

TEST(GeneratorProfileTest, OtherShapesOfDocuments) {
  EXPECT_EQ(Problems("- 1\n"),
            std::vector<std::string>{"1:1: the profile must be a mapping of keys to values"});
  const std::string start = "generator: 1\ncalendar: {from: 2025-01-01, to: 2025-12-31}\n";
  EXPECT_EQ(Problems(start), std::vector<std::string>{"1:1: the profile lacks the key 'datasets'"});
  EXPECT_EQ(Problems(start + "datasets: {}\n"),
            std::vector<std::string>{"3:11: 'datasets' must name at least one dataset"});
  EXPECT_EQ(Problems(start + "datasets: {a: 1}\n"),
            std::vector<std::string>{"3:15: dataset 'a' must be a mapping of keys to values"});
  const std::string one_column = start +
                                 "datasets:\n"
                                 "  ids:\n"
                                 "    file: ids.csv\n"
                                 "    format: csv\n"
                                 "    records: {count: 1}\n";
  EXPECT_EQ(Problems(one_column + "    columns: [id]\n"),
            std::vector<std::string>{
                "8:14: 'columns' of dataset 'ids' must be a mapping of names to columns"});
  EXPECT_EQ(Problems(one_column + "    columns: {id: {type: sequence}}\n"
                                  "    rejected: [{type: blank_row}]\n"),
            std::vector<std::string>{
                "9:23: 'blank_row' in 'rejected' of dataset 'ids' needs at least two columns"});
  EXPECT_FALSE(Problems("generator: [").empty());
}

std::string ReadSource(const std::string& path) {
  std::ifstream file(std::string(LYCEUM_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GeneratorProfileTest, BuiltInProfileIsTheOneInTheSourceTree) {
  EXPECT_EQ(BuiltInGeneratorProfile(), ReadSource("pipelines/edtech.generate.yaml"));
}

/// True if a header or key of this name would find its column in the dataset.
bool HasColumn(const Dataset& dataset, const std::string& name) {
  return std::any_of(dataset.columns.begin(), dataset.columns.end(),
                     [&](const SourceColumn& column) {
                       const auto& aliases = column.aliases;
                       return column.name == name ||
                              std::find(aliases.begin(), aliases.end(), name) != aliases.end();
                     });
}

TEST(GeneratorProfileTest, BuiltInProfileFitsTheShippedPipeline) {
  Diagnostics diagnostics;
  const auto profile = ReadGeneratorProfile(BuiltInGeneratorProfile(), &diagnostics);
  ASSERT_TRUE(profile.has_value());
  const auto spec = LoadSpec(ReadSource("pipelines/edtech.yaml"), &diagnostics);
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(profile->first_day, spec->calendar->from);
  EXPECT_EQ(profile->last_day, spec->calendar->to);
  EXPECT_EQ(profile->datasets.size(), spec->datasets.size());
  for (const ProfileDataset& dataset : profile->datasets) {
    const Dataset* target = spec->FindDataset(dataset.name);
    ASSERT_NE(target, nullptr) << dataset.name;
    EXPECT_EQ(dataset.daily(), target->dated()) << dataset.name;
    EXPECT_EQ(dataset.style.format, target->format) << dataset.name;
    EXPECT_EQ(dataset.columns.size(), target->columns.size()) << dataset.name;
    for (const ProfileColumn& column : dataset.columns) {
      EXPECT_TRUE(HasColumn(*target, column.name)) << dataset.name << "." << column.name;
    }
  }
}

}  // namespace
}  // namespace lyceum
