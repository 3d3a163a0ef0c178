#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "engines/row.h"
#include "report/style.h"

namespace lyceum {

enum class OutputFormat { kText, kJson, kCsv };

/// Prints the rows of a query one by one. Holds no more than the first thousand rows (text only, to
/// find the widths), so results may be larger than memory. Not thread-safe.
///
/// text: aligned columns, null as `NULL`; later values that are wider than the first thousand push
/// their line out of line, nothing is cut.
/// csv: RFC 4180 with a header; null is an empty field, the empty text `""`.
/// json: an array of objects. Whole numbers of 64 bits, doubles and booleans are JSON numbers and
/// booleans; decimals, wider numbers, dates and timestamps are strings, so that they stay exact.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  /// `columns` are the names of the query's columns, the same for every row.
  virtual void Row(const std::vector<std::string>& columns, const std::vector<Cell>& row) = 0;
  /// Ends the output; must be called once, after the last row.
  virtual void Finish(const std::vector<std::string>& columns) = 0;
};

/// `out` must outlive the writer.
std::unique_ptr<RowWriter> MakeRowWriter(OutputFormat format, const Style& style,
                                         std::ostream* out);

}  // namespace lyceum
