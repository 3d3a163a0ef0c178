#include "report/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/calendar.h"
#include "base/canonical.h"

namespace lyceum {
namespace {

using Json = nlohmann::ordered_json;

/// `2025-06-08 10:00:00`, with a fraction only if there is one.
std::string TimestampText(int64_t micros, char separator) {
  std::string text = FormatTimestamp(micros);
  if (const size_t t = text.find('T'); t != std::string::npos) text[t] = separator;
  const size_t point = text.rfind('.');
  if (point == std::string::npos) return text;
  const size_t last = text.find_last_not_of('0');
  text.resize(last == point ? point : last + 1);
  return text;
}

/// A value as text and csv show it; REQUIRES: it is not null.
struct CellText {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(const DecimalValue& value) const {
    return FormatDecimal(value.unscaled, value.scale);
  }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::string_view value) const { return std::string(value); }
  std::string operator()(DateValue value) const { return FormatDate(value.days); }
  std::string operator()(TimestampValue value) const { return TimestampText(value.micros, ' '); }
};

struct CellJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(int64_t value) const { return value; }
  Json operator()(const DecimalValue& value) const {
    const bool fits = value.unscaled >= std::numeric_limits<int64_t>::min() &&
                      value.unscaled <= std::numeric_limits<int64_t>::max();
    if (value.scale == 0 && fits) return static_cast<int64_t>(value.unscaled);
    return FormatDecimal(value.unscaled, value.scale);
  }
  Json operator()(double value) const {
    if (!std::isfinite(value)) return fmt::format("{}", value);
    return value;
  }
  Json operator()(bool value) const { return value; }
  Json operator()(std::string_view value) const { return std::string(value); }
  Json operator()(DateValue value) const { return FormatDate(value.days); }
  Json operator()(TimestampValue value) const { return TimestampText(value.micros, 'T'); }
};

bool IsNull(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

bool IsNumber(const Cell& cell) {
  return std::holds_alternative<int64_t>(cell) || std::holds_alternative<DecimalValue>(cell) ||
         std::holds_alternative<double>(cell);
}

class TextWriter : public RowWriter {
 public:
  TextWriter(const Style& style, std::ostream* out) : style_(style), out_(*out) {}

  void Row(const std::vector<std::string>& columns, const std::vector<Cell>& row) override {
    std::vector<Value> values;
    for (const Cell& cell : row) {
      if (IsNull(cell)) {
        values.push_back({"NULL", true, false});
      } else {
        values.push_back({PrintableText(std::visit(CellText{}, cell)), false, IsNumber(cell)});
      }
    }
    if (measured_) {
      Print(values);
      return;
    }
    first_.push_back(std::move(values));
    if (first_.size() == kMeasuredRows) Measure(columns);
  }

  void Finish(const std::vector<std::string>& columns) override {
    if (!measured_) Measure(columns);
  }

 private:
  static constexpr size_t kMeasuredRows = 1000;

  struct Value {
    std::string text;
    bool null = false;
    bool number = false;
  };

  void Measure(const std::vector<std::string>& columns) {
    measured_ = true;
    right_.assign(columns.size(), false);
    for (const std::string& column : columns)
      widths_.push_back(DisplayWidth(PrintableText(column)));
    for (const auto& row : first_) {
      for (size_t i = 0; i < row.size(); ++i) {
        widths_[i] = std::max(widths_[i], DisplayWidth(row[i].text));
        if (row[i].number) right_[i] = true;
      }
    }
    std::string titles, rule;
    for (size_t i = 0; i < columns.size(); ++i) {
      Append({PrintableText(columns[i])}, i, Ink::kBold, &titles);
      for (size_t n = 0; n < widths_[i]; ++n) rule += "─";
      if (i + 1 < columns.size()) rule += "  ";
    }
    out_ << titles << '\n' << style_.Paint(Ink::kDim, rule) << '\n';
    for (const auto& row : first_) Print(row);
    first_.clear();
  }

  void Append(const Value& value, size_t i, Ink ink, std::string* line) const {
    const size_t used = DisplayWidth(value.text);
    const size_t padding = widths_[i] > used ? widths_[i] - used : 0;
    const bool last = i + 1 == widths_.size();
    if (right_[i]) line->append(padding, ' ');
    *line += style_.Paint(ink, value.text);
    if (!right_[i] && !last) line->append(padding, ' ');
    if (!last) *line += "  ";
  }

  void Print(const std::vector<Value>& row) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      Append(row[i], i, row[i].null ? Ink::kDim : Ink::kPlain, &line);
    }
    out_ << line << '\n';
  }

  const Style style_;
  std::ostream& out_;
  std::vector<std::vector<Value>> first_;
  bool measured_ = false;
  std::vector<size_t> widths_;
  std::vector<bool> right_;
};

std::string CsvField(const std::string& text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

class CsvWriter : public RowWriter {
 public:
  explicit CsvWriter(std::ostream* out) : out_(*out) {}

  void Row(const std::vector<std::string>& columns, const std::vector<Cell>& row) override {
    Header(columns);
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += ',';
      if (!IsNull(row[i])) line += CsvField(std::visit(CellText{}, row[i]));
    }
    out_ << line << "\r\n";
  }

  void Finish(const std::vector<std::string>& columns) override { Header(columns); }

 private:
  void Header(const std::vector<std::string>& columns) {
    if (started_) return;
    started_ = true;
    std::string line;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) line += ',';
      line += CsvField(columns[i]);
    }
    out_ << line << "\r\n";
  }

  std::ostream& out_;
  bool started_ = false;
};

class JsonWriter : public RowWriter {
 public:
  explicit JsonWriter(std::ostream* out) : out_(*out) {}

  void Row(const std::vector<std::string>& columns, const std::vector<Cell>& row) override {
    if (keys_.empty()) keys_ = UniqueKeys(columns);
    Json object = Json::object();
    for (size_t i = 0; i < row.size(); ++i) object[keys_[i]] = std::visit(CellJson{}, row[i]);
    out_ << (started_ ? ",\n" : "[\n")
         << object.dump(-1, ' ', false, Json::error_handler_t::replace);
    started_ = true;
  }

  void Finish(const std::vector<std::string>&) override { out_ << (started_ ? "\n]\n" : "[]\n"); }

 private:
  /// A query may name two columns alike; an object cannot: `a`, `a_2`.
  static std::vector<std::string> UniqueKeys(const std::vector<std::string>& columns) {
    std::vector<std::string> keys;
    std::set<std::string> taken(columns.begin(), columns.end());
    std::set<std::string> used;
    for (const std::string& column : columns) {
      std::string key = column;
      for (int n = 2; used.count(key) > 0; ++n) {
        key = fmt::format("{}_{}", column, n);
        if (taken.count(key) > 0) key = column;
      }
      used.insert(key);
      keys.push_back(std::move(key));
    }
    return keys;
  }

  std::ostream& out_;
  std::vector<std::string> keys_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<RowWriter> MakeRowWriter(OutputFormat format, const Style& style,
                                         std::ostream* out) {
  switch (format) {
    case OutputFormat::kText:
      return std::make_unique<TextWriter>(style, out);
    case OutputFormat::kJson:
      return std::make_unique<JsonWriter>(out);
    case OutputFormat::kCsv:
      return std::make_unique<CsvWriter>(out);
  }
  return nullptr;
}

}  // namespace lyceum
