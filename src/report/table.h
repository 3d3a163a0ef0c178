#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "report/style.h"

namespace lyceum {

/// A value in a table, with its colour. Its text is made printable when the table is rendered.
struct TableCell {
  std::string text;
  Ink ink = Ink::kPlain;
};

/// Prints rows in aligned columns, no wider than the style allows.
class TextTable {
 public:
  struct Column {
    std::string title;
    bool right = false;    ///< numbers stand right
    bool elastic = false;  ///< long values may lose their middle
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Adds a row; cells that are left out are empty.
  void AddRow(std::vector<TableCell> cells) { entries_.push_back(std::move(cells)); }
  /// Adds a line of its own below the last row, such as a remark on it. It has no columns and is
  /// wrapped at the style's width, after `indent` blanks.
  void AddLine(TableCell text, size_t indent) { entries_.push_back(Line{std::move(text), indent}); }

  std::string Render(const Style& style) const;

 private:
  struct Line {
    TableCell text;
    size_t indent = 0;
  };

  std::vector<size_t> Widths(const Style& style) const;

  std::vector<Column> columns_;
  std::vector<std::variant<std::vector<TableCell>, Line>> entries_;
};

}  // namespace lyceum
