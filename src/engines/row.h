#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "base/type.h"

namespace lyceum {

/// A small result, all values as text; nullopt is null.
struct RowSet {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

/// A whole number of a RowSet; 0 for null.
int64_t CountOf(const std::optional<std::string>& value);

struct DecimalValue {
  __int128 unscaled = 0;
  int scale = 0;
};
struct DateValue {
  int32_t days = 0;
};
struct TimestampValue {
  int64_t micros = 0;
};

/// One value of a streamed row. Text is valid only while the row is handed out.
using Cell = std::variant<std::monostate, int64_t, DecimalValue, double, bool, std::string_view,
                          DateValue, TimestampValue>;

/// Appends the canonical encoding (base/canonical.h) of one value.
void AppendCell(const Cell& cell, std::string* out);

/// The value as people read it; nullopt for null.
std::optional<std::string> CellText(const Cell& cell);

/// Receives rows one by one, in the order of the statement; a failing status ends the scan.
using RowSink = std::function<Status(const std::vector<Cell>& row)>;

/// A sink that adds rows to `set`, which must outlive it, as text.
RowSink TextRows(RowSet* set);

}  // namespace lyceum
