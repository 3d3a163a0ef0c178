#include "engines/row.h"

#include <fmt/format.h>

#include "base/calendar.h"
#include "base/canonical.h"

namespace lyceum {
namespace {

struct Encode {
  std::string* out;
  void operator()(std::monostate) const { AppendNull(out); }
  void operator()(int64_t value) const { AppendInteger(value, out); }
  void operator()(const DecimalValue& value) const {
    AppendDecimal(value.unscaled, value.scale, out);
  }
  void operator()(double value) const { AppendDouble(value, out); }
  void operator()(bool value) const { AppendBoolean(value, out); }
  void operator()(std::string_view value) const { AppendText(value, out); }
  void operator()(DateValue value) const { AppendDate(value.days, out); }
  void operator()(TimestampValue value) const { AppendTimestamp(value.micros, out); }
};

struct TextOf {
  std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
  std::optional<std::string> operator()(int64_t value) const { return fmt::format("{}", value); }
  std::optional<std::string> operator()(const DecimalValue& value) const {
    return FormatDecimal(value.unscaled, value.scale);
  }
  std::optional<std::string> operator()(double value) const { return fmt::format("{}", value); }
  std::optional<std::string> operator()(bool value) const { return value ? "true" : "false"; }
  std::optional<std::string> operator()(std::string_view value) const { return std::string(value); }
  std::optional<std::string> operator()(DateValue value) const { return FormatDate(value.days); }
  std::optional<std::string> operator()(TimestampValue value) const {
    return FormatTimestamp(value.micros);
  }
};

}  // namespace

int64_t CountOf(const std::optional<std::string>& value) { return value ? std::stoll(*value) : 0; }

void AppendCell(const Cell& cell, std::string* out) { std::visit(Encode{out}, cell); }

std::optional<std::string> CellText(const Cell& cell) { return std::visit(TextOf{}, cell); }

RowSink TextRows(RowSet* set) {
  return [set](const std::vector<Cell>& row) {
    auto& text = set->rows.emplace_back();
    for (const Cell& cell : row) text.push_back(CellText(cell));
    return Status::Ok();
  };
}

}  // namespace lyceum
