#include "report/table.h"

#include <algorithm>

namespace lyceum {
namespace {

constexpr size_t kGap = 2;
/// An elastic column keeps at least this width, even if the table becomes too wide.
constexpr size_t kLeastElastic = 8;

std::string RenderLine(const TableCell& text, size_t indent, size_t hang, const Style& style) {
  const size_t width = style.width > indent ? style.width - indent : 1;
  std::string line = std::string(indent, ' ');
  const std::string shown = PrintableText(text.text);
  std::string wrapped = shown.substr(0, hang) + WrapText(shown.substr(hang), width, hang);
  size_t begin = 0;
  while (true) {
    const size_t end = std::min(wrapped.find('\n', begin), wrapped.size());
    line += style.Paint(text.ink, wrapped.substr(begin, end - begin)) + "\n";
    if (end == wrapped.size()) return line;
    line += std::string(indent, ' ');
    begin = end + 1;
  }
}

}  // namespace

std::vector<size_t> TextTable::FullWidths() const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.title));
  for (const auto& entry : entries_) {
    const auto* row = std::get_if<std::vector<TableCell>>(&entry);
    if (!row) continue;
    const size_t cells = row->size() < columns_.size() ? row->size() - 1 : row->size();
    for (size_t i = 0; i < cells; ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(PrintableText((*row)[i].text)));
    }
  }
  return widths;
}

bool TextTable::Fits(const Style& style) const {
  size_t total = kGap * (columns_.size() - 1);
  for (size_t width : FullWidths()) total += width;
  return total <= style.width;
}

std::vector<size_t> TextTable::Widths(const Style& style) const {
  std::vector<size_t> widths = FullWidths();
  // First columns are dropped, if the table is too wide even with all its cuts.
  size_t total = kGap * (columns_.size() - 1), least_total = total;
  for (size_t i = 0; i < columns_.size(); ++i) {
    total += widths[i];
    least_total += columns_[i].elastic ? std::min(widths[i], kLeastElastic) : widths[i];
  }
  while (least_total > style.width) {
    size_t first = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].dropped == 0 || widths[i] == 0) continue;
      if (first == columns_.size() || columns_[i].dropped > columns_[first].dropped) first = i;
    }
    if (first == columns_.size()) break;
    total -= widths[first] + kGap;
    least_total -= widths[first] + kGap;
    widths[first] = 0;
  }
  while (total > style.width) {
    size_t widest = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].elastic || widths[i] <= kLeastElastic) continue;
      if (widest == columns_.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == columns_.size()) break;
    --widths[widest];
    --total;
  }
  return widths;
}

std::string TextTable::Render(const Style& style) const {
  const std::vector<size_t> widths = Widths(style);
  const auto render_row = [&](const std::vector<TableCell>& cells) {
    std::string line;
    size_t blanks = 0;  // Owed before the next text, so that no line ends with blanks.
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const TableCell cell = i < cells.size() ? cells[i] : TableCell{};
      std::string text = PrintableText(cell.text);
      const bool spans = cells.size() < columns_.size() && i + 1 == cells.size();
      if (columns_[i].elastic && !spans) text = ElideMiddle(text, widths[i]);
      const size_t used = DisplayWidth(text);
      const size_t padding = widths[i] > used ? widths[i] - used : 0;
      if (!text.empty()) {
        line += std::string(blanks + (columns_[i].right ? padding : 0), ' ');
        line += style.Paint(cell.ink, text);
        blanks = columns_[i].right ? 0 : padding;
      } else {
        blanks += padding;
      }
      blanks += kGap;
    }
    return line + "\n";
  };
  std::vector<TableCell> titles;
  bool titled = false;
  for (const Column& column : columns_) {
    titles.push_back({column.title, Ink::kDim});
    titled = titled || !column.title.empty();
  }
  std::string text = titled ? render_row(titles) : "";
  for (const auto& entry : entries_) {
    if (const auto* row = std::get_if<std::vector<TableCell>>(&entry)) {
      text += render_row(*row);
    } else {
      const Line& line = std::get<Line>(entry);
      text += RenderLine(line.text, line.indent, line.hang, style);
    }
  }
  return text;
}

}  // namespace lyceum
