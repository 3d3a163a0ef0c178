#include "run/generator_dirt.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "run/generator_keys.h"

namespace lyceum {
namespace {

enum class Needs { kNothing, kValues, kJsonValues };

/// One row per kind of dirt: its name in profiles, where it can occur and what it needs.
struct DirtKind {
  DirtType type;
  const char* name;
  std::optional<FileFormat> only;  ///< nullopt: both formats
  bool hits_one_value;
  Needs needs;
};

constexpr auto kCsvOnly = FileFormat::kCsv;
constexpr auto kJsonOnly = FileFormat::kJson;

const DirtKind kDirtKinds[] = {
    {DirtType::kMissing, "missing", {}, true, Needs::kNothing},
    {DirtType::kValue, "value", {}, true, Needs::kValues},
    {DirtType::kToken, "token", kJsonOnly, true, Needs::kJsonValues},
    {DirtType::kAffix, "affix", {}, true, Needs::kNothing},
    {DirtType::kQuoted, "quoted", {}, true, Needs::kNothing},
    {DirtType::kUnicodeEscape, "unicode_escape", kJsonOnly, true, Needs::kNothing},
    {DirtType::kQuotedNewline, "quoted_newline", kCsvOnly, true, Needs::kNothing},
    {DirtType::kMisplacedQuote, "misplaced_quote", kCsvOnly, true, Needs::kNothing},
    {DirtType::kInvalidUtf8, "invalid_utf8", {}, true, Needs::kNothing},
    {DirtType::kNul, "nul", {}, true, Needs::kNothing},
    {DirtType::kBlankRow, "blank_row", kCsvOnly, false, Needs::kNothing},
    {DirtType::kTooFewFields, "too_few_fields", kCsvOnly, false, Needs::kNothing},
    {DirtType::kTooManyFields, "too_many_fields", kCsvOnly, false, Needs::kNothing},
    {DirtType::kEmptyLine, "empty_line", kCsvOnly, false, Needs::kNothing},
    {DirtType::kDuplicateKey, "duplicate_key", kJsonOnly, false, Needs::kNothing},
    {DirtType::kElement, "element", kJsonOnly, false, Needs::kJsonValues},
};

std::vector<std::string> DirtNames(FileFormat format) {
  std::vector<std::string> names;
  for (const DirtKind& kind : kDirtKinds) {
    if (kind.only.value_or(format) == format) names.push_back(kind.name);
  }
  return names;
}

const DirtKind& FindKind(const std::string& name) {
  return *std::find_if(std::begin(kDirtKinds), std::end(kDirtKinds),
                       [&](const DirtKind& kind) { return name == kind.name; });
}

void ReadColumns(KeyReader* keys, const FileStyle& style, Dirt* dirt) {
  const std::vector<std::string>& names = style.field_names;
  for (const std::string& name : keys->Texts("columns")) {
    auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) {
      dirt->columns.push_back(found - names.begin());
      continue;
    }
    keys->Error("columns", fmt::format("unknown column '{}' in {}{}", name, keys->owner(),
                                       SuggestName(name, names)));
  }
}

void ReadValues(KeyReader* keys, Needs needs, Dirt* dirt) {
  dirt->values = keys->Texts("values");
  // A token that is no JSON would cost the whole file instead of the row.
  for (const std::string& value : dirt->values) {
    if (needs != Needs::kJsonValues || nlohmann::json::accept(value)) continue;
    keys->Error("values", "'values' of " + keys->owner() + " must each be JSON, as in '[1, 2]'");
    return;
  }
}

std::optional<Dirt> ReadDirt(const YamlNode& node, const std::string& owner, const FileStyle& style,
                             Diagnostics* diagnostics) {
  KeyReader keys(node, "an entry of " + owner, diagnostics);
  const std::vector<std::string> names = DirtNames(style.format);
  const size_t word = keys.Word("type", names);
  if (!keys.clean()) return std::nullopt;
  const DirtKind& kind = FindKind(names[word]);
  Dirt dirt;
  dirt.type = kind.type;
  dirt.weight = keys.NumberOr("weight", 1, 1000000, 1);
  if (kind.hits_one_value) {
    ReadColumns(&keys, style, &dirt);
  } else if (style.format == FileFormat::kCsv && style.field_names.size() < 2) {
    keys.Error("type", fmt::format("'{}' in {} needs at least two columns", kind.name, owner));
  }
  if (kind.needs != Needs::kNothing) ReadValues(&keys, kind.needs, &dirt);
  if (kind.type == DirtType::kAffix) {
    dirt.before = keys.TextOr("before", "");
    dirt.after = keys.TextOr("after", "");
    if (dirt.before.empty() && dirt.after.empty()) {
      keys.Error("type", "'affix' in " + owner + " needs 'before' or 'after'");
    }
  }
  keys.RejectOthers();
  return dirt;
}

const std::string& OneOf(const std::vector<std::string>& values, Random* random) {
  return values[random->Below(values.size())];
}

/// Makes a text that is longer by `piece` in its middle.
void Insert(std::string_view piece, RowField* field) {
  field->text.insert(std::min<size_t>(1, field->text.size()), piece);
  field->form = FieldForm::kText;
}

void Quote(FileFormat format, RowField* field) {
  if (format == FileFormat::kJson) {
    field->form = FieldForm::kText;
    return;
  }
  std::string quoted = "\"";
  for (char c : field->text) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  field->Set(quoted + "\"", FieldForm::kRaw);
}

/// A quote inside an unquoted value, or text after the closing quote. Both keep the quote from
/// opening anything, so that the damage ends with the row.
void MisplaceQuote(Random* random, RowField* field) {
  std::string& text = field->text;
  if (text.empty() || text.find_first_of("\",\r\n") != std::string::npos) text = "x";
  if (random->Below(2) == 0) {
    text.insert(1, "\"");
  } else {
    text = "\"" + text + "\"x";
  }
  field->form = FieldForm::kRaw;
}

void EscapeFirst(RowField* field) {
  const unsigned char first = field->text.empty() ? 0 : field->text[0];
  // Only ASCII is escaped: for the rest one would have to decode the text first.
  const bool escapes = first >= 0x20 && first < 0x80;
  std::string token;
  AppendJsonString(escapes ? std::string_view(field->text).substr(1) : field->text, &token);
  if (escapes) token.insert(1, fmt::format("\\u{:04x}", first));
  field->Set(token, FieldForm::kRaw);
}

void BreakLine(const FileStyle& style, RowField* field) {
  const size_t blank = field->text.find(' ');
  if (blank != std::string::npos) field->text.erase(blank, 1);
  field->text.insert(blank != std::string::npos ? blank : std::min<size_t>(1, field->text.size()),
                     style.line_end);
  field->form = FieldForm::kText;
}

}  // namespace

const Dirt& DirtList::Draw(Random* random) const {
  uint64_t left = random->Below(total_weight);
  size_t index = 0;
  while (left >= items[index].weight) left -= items[index++].weight;
  return items[index];
}

DirtList ReadDirtList(const YamlNode& node, const std::string& owner, const FileStyle& style,
                      Diagnostics* diagnostics) {
  DirtList list;
  if (node.kind != YamlKind::kSequence) {
    diagnostics->Error(node.span, owner + " must be a list of mappings");
    return list;
  }
  for (const YamlNode& item : node.items) {
    auto dirt = ReadDirt(item, owner, style, diagnostics);
    if (!dirt) continue;
    list.total_weight += dirt->weight;
    list.items.push_back(std::move(*dirt));
  }
  return list;
}

size_t DrawColumn(const Dirt& dirt, Random* random) {
  return dirt.columns[random->Below(dirt.columns.size())];
}

void SpoilValue(const Dirt& dirt, size_t column, const FileStyle& style, Random* random, Row* row) {
  RowField* field = &row->fields[column];
  switch (dirt.type) {
    case DirtType::kMissing:
      return field->Set("", FieldForm::kAbsent);
    case DirtType::kValue:
      return field->Set(OneOf(dirt.values, random), FieldForm::kText);
    case DirtType::kToken:
      return field->Set(OneOf(dirt.values, random), FieldForm::kRaw);
    case DirtType::kAffix:
      return field->Set(dirt.before + field->text + dirt.after, FieldForm::kText);
    case DirtType::kQuoted:
      return Quote(style.format, field);
    case DirtType::kUnicodeEscape:
      return EscapeFirst(field);
    case DirtType::kQuotedNewline:
      return BreakLine(style, field);
    case DirtType::kMisplacedQuote:
      return MisplaceQuote(random, field);
    case DirtType::kInvalidUtf8:
      return Insert("\xa3", field);
    case DirtType::kNul:
      return Insert(std::string_view("\0", 1), field);
    default:
      return;
  }
}

void SpoilRecord(const Dirt& dirt, const FileStyle& style, Random* random, Row* row) {
  switch (dirt.type) {
    case DirtType::kBlankRow:
      row->replaced = true;
      row->whole.assign(style.field_names.size() - 1, ',');
      return;
    case DirtType::kTooFewFields:
      row->num_written = 1 + random->Below(style.field_names.size() - 1);
      return;
    case DirtType::kTooManyFields:
      row->tail = random->Below(2) == 0 ? "," : ",extra";
      return;
    case DirtType::kEmptyLine:
      row->after_empty_line = true;
      return;
    case DirtType::kDuplicateKey:
      row->repeated_field = random->Below(style.field_names.size());
      return;
    case DirtType::kElement:
      row->replaced = true;
      row->whole = OneOf(dirt.values, random);
      return;
    default:
      return;
  }
}

}  // namespace lyceum
