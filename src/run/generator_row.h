#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace lyceum {

/// How a field is written.
enum class FieldForm {
  kNumber,  ///< JSON: without quotes
  kText,    ///< quoted and escaped where the format needs it
  kRaw,     ///< byte for byte as it stands
  kAbsent,  ///< CSV: empty; JSON: the key is left out
};

struct RowField {
  std::string text;
  FieldForm form = FieldForm::kText;

  void Set(std::string_view value, FieldForm value_form) {
    text.assign(value);
    form = value_form;
  }
};

/// How the files of a dataset look.
struct FileStyle {
  FileFormat format = FileFormat::kCsv;
  std::string line_end = "\n";           ///< CSV only
  std::vector<std::string> field_names;  ///< CSV: the header; JSON: the keys
};

/// One record before it is written. Reused from record to record, so that writing millions of them
/// allocates nothing.
struct Row {
  std::vector<RowField> fields;
  size_t num_written = 0;  ///< fields from here on are left out
  std::string tail;        ///< written after the last field
  bool replaced = false;   ///< `whole` stands for the record
  std::string whole;
  bool after_empty_line = false;
  size_t repeated_field = kNone;  ///< JSON: this field is written twice

  static constexpr size_t kNone = static_cast<size_t>(-1);

  /// Makes the row an ordinary one again, with `num_fields` fields whose texts are to be set.
  void Reset(size_t num_fields);
};

/// What stands before the first and after the last record.
std::string FileHead(const FileStyle& style);
std::string FileFoot(const FileStyle& style);

/// Appends one record to `out`. JSON: the separator from the previous record too, unless `first`.
void AppendRow(const FileStyle& style, const Row& row, bool first, std::string* out);

/// Appends `text` as a JSON string. Bytes that are not UTF-8 stay as they are.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace lyceum
