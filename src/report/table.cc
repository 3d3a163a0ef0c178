#include "report/table.h"

#include <algorithm>

namespace lyceum {
namespace {

constexpr size_t kGap = 2;
/// An elastic column keeps at least this width, even if the table becomes too wide.
constexpr size_t kLeastElastic = 12;

std::string RenderLine(const TableCell& text, size_t indent, const Style& style) {
  const size_t width = style.width > indent ? style.width - indent : 1;
  std::string line = std::string(indent, ' ');
  // Wrapped lines stand under the first one's text.
  std::string wrapped = WrapText(PrintableText(text.text), width, 0);
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

std::vector<size_t> TextTable::Widths(const Style& style) const {
  std::vector<size_t> widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.title));
  for (const auto& entry : entries_) {
    const auto* row = std::get_if<std::vector<TableCell>>(&entry);
    if (!row) continue;
    for (size_t i = 0; i < row->size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(PrintableText((*row)[i].text)));
    }
  }
  size_t total = kGap * (columns_.size() - 1);
  for (size_t width : widths) total += width;
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
      const TableCell cell = i < cells.size() ? cells[i] : TableCell{};
      std::string text = PrintableText(cell.text);
      if (columns_[i].elastic) text = ElideMiddle(text, widths[i]);
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
      text += RenderLine(line.text, line.indent, style);
    }
  }
  return text;
}

}  // namespace lyceum
