#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/calendar.h"

namespace lyceum {

/// What a column must hold, told apart from the generator and from the engines, to judge generated
/// files by the rules of pipelines/edtech.yaml.
struct ColumnRule {
  enum class Kind { kInteger, kScore, kTime, kDate, kWord, kText };
  std::string name;
  Kind kind = Kind::kText;
  std::optional<long long> min;
  bool required = true;
};

/// One record of a generated file, as a pipeline would judge it.
struct JudgedRow {
  std::vector<std::string> values;  ///< trimmed; numbers without sign and leading zeros
  std::set<std::string> faults;     ///< why it is rejected; empty: accepted
  std::set<std::string> oddities;   ///< what is unusual about it, but harmless
};

struct JudgedFile {
  std::string head;
  std::vector<JudgedRow> rows;
  size_t empty_lines = 0;

  std::map<std::string, int> Faults() const {
    std::map<std::string, int> counts;
    for (const JudgedRow& row : rows) {
      for (const std::string& fault : row.faults) ++counts[fault];
    }
    return counts;
  }
  std::set<std::string> Oddities() const {
    std::set<std::string> found;
    for (const JudgedRow& row : rows) {
      if (row.faults.empty()) found.insert(row.oddities.begin(), row.oddities.end());
    }
    if (empty_lines > 0) found.insert("empty line");
    return found;
  }
  int NumRejected() const {
    int count = 0;
    for (const JudgedRow& row : rows) count += !row.faults.empty();
    return count;
  }
  std::vector<std::vector<std::string>> Accepted() const {
    std::vector<std::vector<std::string>> accepted;
    for (const JudgedRow& row : rows) {
      if (row.faults.empty()) accepted.push_back(row.values);
    }
    return accepted;
  }
};

inline std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline bool IsUtf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

/// Judges one value after its outer blanks are gone, and rewrites it in its shortest form.
inline void JudgeValue(const ColumnRule& rule, std::string* value, JudgedRow* row) {
  using Kind = ColumnRule::Kind;
  static const std::regex integer("[+-]?[0-9]+"), decimal("[+-]?[0-9]+(\\.[0-9]+)?"),
      time("([0-9]{4,})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(\\.[0-9]{1,6})?"),
      date("([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{2})-([0-9]{2})-([0-9]{4})");
  auto fault = [&](const std::string& what) { row->faults.insert(what + " " + rule.name); };
  std::smatch match;
  if (value->empty()) {
    if (rule.required) fault("missing");
  } else if (rule.kind == Kind::kInteger) {
    if (!std::regex_match(*value, integer)) return fault("no integer");
    if ((*value)[0] == '+') row->oddities.insert("plus sign");
    if ((*value)[0] == '+') value->erase(0, 1);
    if (value->size() > 1 && (*value)[0] == '0') row->oddities.insert("leading zeros");
    while (value->size() > 1 && (*value)[0] == '0') value->erase(0, 1);
    if (value->size() > 18) return fault("beyond 64 bits");
    const long long number = std::stoll(*value);
    if (number > 2147483647 || number < -2147483648LL) return fault("beyond 32 bits");
    if (rule.min && number < *rule.min) return fault("below range");
  } else if (rule.kind == Kind::kScore) {
    if (!std::regex_match(*value, decimal)) return fault("no decimal");
    const size_t point = value->find('.');
    if (point != std::string::npos && value->size() - point > 3) return fault("too many decimals");
    if (std::stod(*value) < 0 || std::stod(*value) > 100) return fault("out of range");
  } else if (rule.kind == Kind::kTime) {
    if (!std::regex_match(*value, match, time)) return fault("no timestamp");
    const int year = std::stoi(match[1]);
    if (year > 9999 || year == 0) return fault("no such year");
    const auto day = DaysFromCivil(year, std::stoi(match[2]), std::stoi(match[3]));
    const bool clock =
        std::stoi(match[4]) < 24 && std::stoi(match[5]) < 60 && std::stoi(match[6]) < 60;
    if (!day || !clock) return fault("no such time");
    if (year < 2000 || year > 2050) return fault("outside calendar");
    if (match[7].matched) row->oddities.insert("fraction of zeros");
    *value = value->substr(0, 10) + " " + value->substr(11, 8);
  } else if (rule.kind == Kind::kDate) {
    if (!std::regex_match(*value, match, date)) return fault("no date");
    const bool year_first = match[1].matched;
    row->oddities.insert(year_first ? "year first" : "day first");
    const int at = year_first ? 1 : 6, step = year_first ? 1 : -1;
    if (!DaysFromCivil(std::stoi(match[at]), std::stoi(match[at + step]),
                       std::stoi(match[at + 2 * step]))) {
      fault("no such date");
    }
  } else if (rule.kind == Kind::kWord) {
    static const std::set<std::string> words = {"login", "logout", "discussion",
                                                "assignment_submit"};
    if (words.count(*value) == 0) fault("unknown word");
  }
}

inline void JudgeText(const ColumnRule& rule, std::string text, JudgedRow* row) {
  if (text.find('\0') != std::string::npos) row->faults.insert("nul");
  if (!IsUtf8(text)) row->faults.insert("invalid utf8");
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  const size_t end = text.find_last_not_of(" \t");
  std::string value = begin < text.size() ? text.substr(begin, end - begin + 1) : "";
  if (value.size() < text.size()) row->oddities.insert("outer blanks");
  if (value.find('\n') != std::string::npos) row->oddities.insert("newline");
  JudgeValue(rule, &value, row);
  row->values.push_back(value);
}

/// Splits a CSV by the quoting rules alone.
inline JudgedFile JudgeCsv(const std::string& path, const std::vector<ColumnRule>& rules) {
  const std::string text = ReadWhole(path);
  JudgedFile file;
  size_t at = text.find('\n') + 1;
  file.head = text.substr(0, at);
  while (at < text.size()) {
    if (text[at] == '\n' || text.compare(at, 2, "\r\n") == 0) {
      ++file.empty_lines;
      at = text.find('\n', at) + 1;
      continue;
    }
    JudgedRow row;
    std::vector<std::string> fields(1);
    bool quoted = false, blank = true;
    for (; at < text.size() && (quoted || text[at] != '\n'); ++at) {
      const char c = text[at];
      if (c != ',' && c != '\r') blank = false;
      if (c == '"' && quoted && text[at + 1] == '"') {
        fields.back() += text[++at];
      } else if (c == '"' && (quoted || text[at - 1] == ',' || text[at - 1] == '\n')) {
        quoted = !quoted;
        row.oddities.insert("quoted");
        const bool ends = text[at + 1] == ',' || text[at + 1] == '\r' || text[at + 1] == '\n';
        if (!quoted && !ends) row.faults.insert("misplaced quote");
      } else if (c == '"') {
        row.faults.insert("misplaced quote");
      } else if (c == ',' && !quoted) {
        fields.emplace_back();
      } else if (c != '\r') {
        fields.back() += c;
      }
    }
    ++at;
    if (blank) row.faults.insert("blank row");
    if (fields.size() < rules.size()) row.faults.insert("too few fields");
    if (fields.size() > rules.size()) row.faults.insert("too many fields");
    if (row.faults.empty()) {
      for (size_t i = 0; i < rules.size(); ++i) JudgeText(rules[i], fields[i], &row);
    }
    file.rows.push_back(row);
  }
  return file;
}

/// Reads a pretty-printed array line by line: an element starts after two blanks, a key after four.
inline JudgedFile JudgeJson(const std::string& path, const std::vector<ColumnRule>& rules) {
  std::istringstream lines(ReadWhole(path));
  JudgedFile file;
  std::getline(lines, file.head);
  for (std::string line; std::getline(lines, line) && line != "]";) {
    JudgedRow row;
    if (line != "  {") {
      row.faults.insert("no object");
      file.rows.push_back(row);
      continue;
    }
    std::map<std::string, std::string> tokens;
    while (std::getline(lines, line) && line.rfind("  }", 0) != 0) {
      if (line.back() == ',') line.pop_back();
      const size_t colon = line.find("\": ");
      const bool fresh = tokens.emplace(line.substr(5, colon - 5), line.substr(colon + 3)).second;
      if (!fresh) row.faults.insert("duplicate key");
    }
    for (const ColumnRule& rule : rules) {
      const std::string token = tokens[rule.name];
      if (token.find('\xa3') != std::string::npos) {
        row.faults.insert("invalid utf8");
      } else if (token == "null") {
        row.faults.insert("null " + rule.name);
      } else if (token[0] == '[' || token[0] == '{') {
        row.faults.insert("nested " + rule.name);
      } else if (token[0] == '"') {
        if (token.find("\\u0000") == std::string::npos && token.find("\\u") != std::string::npos) {
          row.oddities.insert("escape");
        }
        if (rule.kind == ColumnRule::Kind::kInteger) row.oddities.insert("number as string");
        JudgeText(rule, nlohmann::json::parse(token).get<std::string>(), &row);
      } else {
        JudgeText(rule, token, &row);
      }
    }
    file.rows.push_back(row);
  }
  return file;
}

}  // namespace lyceum
