#include "run/generator_row.h"

#include <fmt/format.h>

#include <iterator>

namespace lyceum {
namespace {

void AppendCsvText(std::string_view text, std::string* out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out->append(text);
    return;
  }
  out->push_back('"');
  for (char c : text) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  out->push_back('"');
}

void AppendCsvRow(const FileStyle& style, const Row& row, std::string* out) {
  if (row.after_empty_line) out->append(style.line_end);
  if (row.replaced) out->append(row.whole);
  for (size_t i = 0; i < row.num_written && !row.replaced; ++i) {
    const RowField& field = row.fields[i];
    if (i > 0) out->push_back(',');
    if (field.form == FieldForm::kText) AppendCsvText(field.text, out);
    if (field.form == FieldForm::kNumber || field.form == FieldForm::kRaw) out->append(field.text);
  }
  out->append(row.tail);
  out->append(style.line_end);
}

void AppendJsonField(const FileStyle& style, const Row& row, size_t index, bool* first,
                     std::string* out) {
  const RowField& field = row.fields[index];
  if (field.form == FieldForm::kAbsent) return;
  out->append(*first ? "\n    " : ",\n    ");
  *first = false;
  AppendJsonString(style.field_names[index], out);
  out->append(": ");
  if (field.form == FieldForm::kText) {
    AppendJsonString(field.text, out);
  } else {
    out->append(field.text);
  }
}

void AppendJsonRow(const FileStyle& style, const Row& row, std::string* out) {
  if (row.replaced) {
    out->append(row.whole);
    return;
  }
  out->push_back('{');
  bool first = true;
  for (size_t i = 0; i < row.num_written; ++i) AppendJsonField(style, row, i, &first, out);
  if (row.repeated_field != Row::kNone) {
    AppendJsonField(style, row, row.repeated_field, &first, out);
  }
  out->append(first ? "}" : "\n  }");
}

}  // namespace

void Row::Reset(size_t num_fields) {
  fields.resize(num_fields);
  num_written = num_fields;
  tail.clear();
  replaced = false;
  after_empty_line = false;
  repeated_field = kNone;
}

std::string FileHead(const FileStyle& style) {
  if (style.format == FileFormat::kJson) return "[";
  std::string head;
  for (const std::string& name : style.field_names) {
    if (!head.empty()) head.push_back(',');
    AppendCsvText(name, &head);
  }
  return head + style.line_end;
}

std::string FileFoot(const FileStyle& style) {
  return style.format == FileFormat::kJson ? "\n]" : "";
}

void AppendRow(const FileStyle& style, const Row& row, bool first, std::string* out) {
  if (style.format == FileFormat::kCsv) {
    AppendCsvRow(style, row, out);
    return;
  }
  out->append(first ? "\n  " : ",\n  ");
  AppendJsonRow(style, row, out);
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace lyceum
