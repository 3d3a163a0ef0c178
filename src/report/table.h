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
    int dropped = 0;       ///< above 0: left out where space is short, the greatest first
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Adds a row; cells that are left out are empty, and the last one before them may take their
  /// place.
  void AddRow(std::vector<TableCell> cells) { entries_.push_back(std::move(cells)); }
  /// Adds a line of its own below the last row, such as a remark on it. It has no columns and is
  /// wrapped at the style's width, after `indent` blanks, further lines under what stands behind
  /// the first `hang` bytes.
  void AddLine(TableCell text, size_t indent, size_t hang = 0) {
    entries_.push_back(Line{std::move(text), indent, hang});
  }

  std::string Render(const Style& style) const;
  /// True if the style's width holds the rows without a cut.
  bool Fits(const Style& style) const;

 private:
  struct Line {
    TableCell text;
    size_t indent = 0;
    size_t hang = 0;
  };

  std::vector<size_t> FullWidths() const;
  /// Widths of all columns; 0 for those that are left out.
  std::vector<size_t> Widths(const Style& style) const;

  std::vector<Column> columns_;
  std::vector<std::variant<std::vector<TableCell>, Line>> entries_;
};

}  // namespace lyceum
