// How Redshift lays out a table, unless the target says otherwise. Dimensions are small and joined
// from everywhere, so every node has them whole. Facts and marts are spread by the first member
// that they refer to, which is what their rows are grouped by most, and sorted by day, so that a
// day's rows lie together (c_best-practices-best-dist-key, c_best-practices-sort-key).

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/render.h"

namespace lyceum {
namespace {

/// The surrogate key of the first dimension that the table, or the facts of a mart, refer to; "" if
/// there is none.
std::string FirstReference(const TableSchema& table) {
  for (const TableColumn& column : table.columns) {
    const bool reference = column.role == ColumnRole::kReferenceKey ||
                           (column.role == ColumnRole::kGroup && !column.refers_to.empty());
    if (reference) return column.name;
  }
  return "";
}

TableLayout DefaultLayout(const TableSchema& table) {
  TableLayout layout;
  if (table.kind == TableKind::kDimension || table.kind == TableKind::kCalendar) {
    layout.diststyle = "all";
    layout.sortkey = {table.kind == TableKind::kCalendar ? std::string(kDateKey)
                                                         : table.NameOf(ColumnRole::kSurrogateKey)};
    return layout;
  }
  layout.distkey = FirstReference(table);
  layout.diststyle = layout.distkey.empty() ? "auto" : "key";
  layout.sortkey = {std::string(kDateKey)};
  return layout;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c - ('a' <= c && c <= 'z' ? 'a' - 'A' : 0));
  return text;
}

}  // namespace

std::string RenderLayout(const TableSchema& table, const TableLayout* given, const Names& names) {
  TableLayout layout = DefaultLayout(table);
  if (given && (given->diststyle || !given->distkey.empty())) {
    layout.diststyle = given->diststyle.value_or("key");
    layout.distkey = given->distkey;
  }
  if (given && given->sortkey) layout.sortkey = given->sortkey;
  std::string text = fmt::format(" DISTSTYLE {}", Upper(*layout.diststyle));
  if (!layout.distkey.empty()) text += fmt::format(" DISTKEY ({})", names.Column(layout.distkey));
  if (layout.sortkey && !layout.sortkey->empty()) {
    text += fmt::format(" COMPOUND SORTKEY ({})", names.List(*layout.sortkey));
  }
  return text;
}

}  // namespace lyceum
