#include "engines/column_names.h"

#include "engines/typing.h"

namespace lyceum {

std::string FoldedName(std::string_view name) {
  std::string folded(TrimBlanks(name));
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

int FindColumn(const Dataset& dataset, std::string_view name) {
  const std::string folded = FoldedName(name);
  for (size_t i = 0; i < dataset.columns.size(); ++i) {
    if (FoldedName(dataset.columns[i].name) == folded) return static_cast<int>(i);
    for (const std::string& alias : dataset.columns[i].aliases) {
      if (FoldedName(alias) == folded) return static_cast<int>(i);
    }
  }
  return -1;
}

}  // namespace lyceum
