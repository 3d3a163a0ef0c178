#include "engines/row_typer.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_set>

#include "engines/column_names.h"
#include "engines/json_records.h"
#include "engines/utf8.h"

namespace lyceum {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
    return lower(x) == lower(y);
  });
}

/// JSON's grammar of numbers.
bool IsJsonNumber(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool zero = at < text.size() && text[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

/// The text of a number, true or false; nullopt if it is no JSON.
std::optional<std::string_view> PlainToken(simdjson::ondemand::value value) {
  std::string_view token = value.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  if (token == "true" || token == "false" || IsJsonNumber(token)) return token;
  return std::nullopt;
}

/// Reads a value that no column takes to its end: on-demand parsing finds only the errors of what
/// is read. Numbers may have any size, so simdjson's other parser, which wants 64 bits, cannot do
/// it.
bool ReadsWhole(simdjson::ondemand::value value, int depth) {
  namespace od = simdjson::ondemand;
  od::json_type type;
  if (depth > kMaxJsonDepth || value.type().get(type)) return false;
  switch (type) {
    case od::json_type::object: {
      od::object object;
      if (value.get_object().get(object)) return false;
      for (auto entry : object) {
        std::string_view key;
        od::value inner;
        if (entry.error() || entry.unescaped_key().get(key) || entry.value().get(inner)) {
          return false;
        }
        if (!ReadsWhole(inner, depth + 1)) return false;
      }
      return true;
    }
    case od::json_type::array: {
      od::array array;
      if (value.get_array().get(array)) return false;
      for (auto element : array) {
        od::value inner;
        if (element.get(inner) || !ReadsWhole(inner, depth + 1)) return false;
      }
      return true;
    }
    case od::json_type::string: {
      std::string_view text;
      return !value.get_string().get(text);
    }
    case od::json_type::null: {
      bool null = false;
      return !value.is_null().get(null) && null;
    }
    default:
      return PlainToken(value).has_value();
  }
}

/// Adds a reason to the inside of a JSON array.
void AppendReason(std::string_view reason, std::string* reasons) {
  if (!reasons->empty()) reasons->push_back(',');
  reasons->push_back('"');
  for (char c : reason) {
    if (c == '"' || c == '\\') reasons->push_back('\\');
    reasons->push_back(c);
  }
  reasons->push_back('"');
}

}  // namespace

/// What typing a column needs, prepared once.
struct RowTyper::Column {
  const SourceColumn* source = nullptr;
  std::vector<DateFormat> formats;
  duckdb_type decimal_storage = DUCKDB_TYPE_INVALID;
  std::string not_of_type;   ///< `score: not a decimal(5,2)`
  std::string out_of_range;  ///< `id: outside the range of integer`
};

struct RowTyper::JsonParser {
  simdjson::ondemand::parser parser;
  std::vector<bool> seen;                      ///< columns of the current element
  std::vector<std::string> other_names;        ///< its other keys
  std::unordered_set<std::string> many_names;  ///< the same, once they are many
  std::string twice;                           ///< the reason of the first key that came again

  /// Notes a key that is no column's; false if the element has it twice.
  bool Note(std::string_view key) {
    constexpr size_t kFew = 32;
    if (other_names.size() < kFew) {
      if (std::find(other_names.begin(), other_names.end(), key) != other_names.end()) return false;
    } else {
      if (many_names.empty()) many_names.insert(other_names.begin(), other_names.end());
      if (!many_names.insert(std::string(key)).second) return false;
    }
    other_names.emplace_back(key);
    return true;
  }
};

RowTyper::RowTyper(const Delivery& delivery)
    : delivery_(delivery), json_(std::make_unique<JsonParser>()) {
  for (const SourceColumn& source : delivery.dataset->columns) {
    Column column;
    column.source = &source;
    for (const std::string& format : source.formats) column.formats.emplace_back(format);
    if (source.type.kind == TypeKind::kDecimal) {
      column.decimal_storage = source.type.precision <= 4    ? DUCKDB_TYPE_SMALLINT
                               : source.type.precision <= 9  ? DUCKDB_TYPE_INTEGER
                               : source.type.precision <= 18 ? DUCKDB_TYPE_BIGINT
                                                             : DUCKDB_TYPE_HUGEINT;
    }
    column.not_of_type = fmt::format("{}: not {}", source.name, TypeWithArticle(source.type));
    column.out_of_range =
        fmt::format("{}: outside the range of {}", source.name, TypeName(source.type));
    columns_.push_back(std::move(column));
  }
}

RowTyper::~RowTyper() = default;

void RowTyper::Begin(duckdb_data_chunk chunk) {
  const size_t count = columns_.size() + 3;
  vectors_.resize(count);
  data_.resize(count);
  validity_.assign(count, nullptr);
  for (size_t i = 0; i < count; ++i) {
    vectors_[i] = duckdb_data_chunk_get_vector(chunk, i);
    data_[i] = duckdb_vector_get_data(vectors_[i]);
    duckdb_vector_ensure_validity_writable(vectors_[i]);
    validity_[i] = duckdb_vector_get_validity(vectors_[i]);
  }
}

void RowTyper::Write(const RecordCursor& cursor, size_t file, uint64_t row) {
  bad_.clear();
  reasons_.clear();
  rejected_.clear();
  broken_ = false;
  CheckBytes(cursor);
  if (cursor.file()->layout() == Layout::kCsv) {
    WriteCsv(cursor, row);
  } else {
    WriteJson(cursor, row);
  }
  if (broken_) {
    for (size_t i = 0; i < columns_.size(); ++i) WriteNull(i, row);
    bad_ = "*";
  } else if (!rejected_.empty()) {
    // In the order of the columns, whatever the order of an object's keys.
    std::sort(rejected_.begin(), rejected_.end());
    bad_ = ",";
    for (const auto& [column, reason] : rejected_) {
      bad_ += fmt::format("{},", column);
      AppendReason(reason, &reasons_);
    }
  }
  const size_t pos = columns_.size();
  static_cast<int64_t*>(data_[pos])[row] = PackPosition(file, cursor.offset());
  if (bad_.empty()) {
    WriteNull(pos + 1, row);
    WriteNull(pos + 2, row);
  } else {
    duckdb_vector_assign_string_element_len(vectors_[pos + 1], row, bad_.data(), bad_.size());
    duckdb_vector_assign_string_element_len(vectors_[pos + 2], row, reasons_.data(),
                                            reasons_.size());
  }
}

void RowTyper::CheckBytes(const RecordCursor& cursor) {
  if (cursor.chunk_is_clean()) return;
  const std::string_view bytes = cursor.bytes();
  if (!IsUtf8(bytes)) Structure("is not valid UTF-8");
  if (bytes.find('\0') != std::string_view::npos) Structure("contains a NUL byte");
}

void RowTyper::WriteCsv(const RecordCursor& cursor, uint64_t row) {
  const CsvRecord& record = cursor.csv();
  const FileColumns& columns = cursor.file()->columns();
  if (record.open_quote) Structure("newline inside quotes");
  if (record.misplaced_quote) Structure("has a misplaced quote");
  if (static_cast<int>(record.fields.size()) != columns.num_fields) {
    Structure(fmt::format("has {} field{}, expected {}", record.fields.size(),
                          record.fields.size() == 1 ? "" : "s", columns.num_fields));
  }
  if (broken_) return;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const int field = columns.field_of_column[i];
    if (field < 0) {
      WriteNull(i, row);
      continue;
    }
    const std::string_view text = TrimBlanks(FieldText(record.fields[field], &scratch_));
    if (IsNullToken(text)) {
      WriteNull(i, row);
    } else {
      WriteText(i, text, row);
    }
  }
}

bool RowTyper::IsNullToken(std::string_view text) const {
  const std::vector<std::string>& tokens = delivery_.dataset->null_tokens;
  return std::find(tokens.begin(), tokens.end(), text) != tokens.end();
}

void RowTyper::WriteNull(size_t column, uint64_t row) {
  duckdb_validity_set_row_invalid(validity_[column], row);
}

void RowTyper::Reject(size_t column, std::string_view reason) {
  rejected_.emplace_back(column, reason);
}

void RowTyper::Structure(std::string_view reason) {
  // What was typed before the break was found is half a row; its reasons would mislead.
  if (!broken_) reasons_.clear();
  broken_ = true;
  AppendReason(reason, &reasons_);
}

void RowTyper::WriteText(size_t index, std::string_view text, uint64_t row) {
  const Column& column = columns_[index];
  const SourceColumn& source = *column.source;
  void* data = data_[index];
  Typed typed = Typed::kNotOfType;
  switch (source.type.kind) {
    case TypeKind::kInteger:
      typed = ParseInteger(text, source.allow_zero_fraction, static_cast<int32_t*>(data) + row);
      break;
    case TypeKind::kBigint:
      typed = ParseBigint(text, source.allow_zero_fraction, static_cast<int64_t*>(data) + row);
      break;
    case TypeKind::kDecimal: {
      __int128 value = 0;
      typed = ParseDecimal(text, source.type.precision, source.type.scale, &value);
      switch (column.decimal_storage) {
        case DUCKDB_TYPE_SMALLINT:
          static_cast<int16_t*>(data)[row] = static_cast<int16_t>(value);
          break;
        case DUCKDB_TYPE_INTEGER:
          static_cast<int32_t*>(data)[row] = static_cast<int32_t>(value);
          break;
        case DUCKDB_TYPE_BIGINT:
          static_cast<int64_t*>(data)[row] = static_cast<int64_t>(value);
          break;
        default:
          static_cast<duckdb_hugeint*>(data)[row] = {static_cast<uint64_t>(value),
                                                     static_cast<int64_t>(value >> 64)};
          break;
      }
      break;
    }
    case TypeKind::kDouble:
      typed = ParseDouble(text, static_cast<double*>(data) + row);
      break;
    case TypeKind::kBoolean: {
      const auto one_of = [&](const std::vector<std::string>& words) {
        return std::any_of(words.begin(), words.end(),
                           [&](const std::string& word) { return EqualsIgnoringCase(word, text); });
      };
      const bool yes = one_of(source.true_values);
      if (yes || one_of(source.false_values)) typed = Typed::kOk;
      static_cast<bool*>(data)[row] = yes;
      break;
    }
    case TypeKind::kText:
      if (text.size() > kMaxTextBytes) {
        WriteNull(index, row);
        return Reject(index, fmt::format("{}: longer than {} bytes", source.name, kMaxTextBytes));
      }
      if (text.find('\0') != std::string_view::npos) {
        WriteNull(index, row);
        return Reject(index, fmt::format("{}: contains a NUL byte", source.name));
      }
      // CheckBytes has seen to it that the record is UTF-8.
      duckdb_unsafe_vector_assign_string_element_len(vectors_[index], row, text.data(),
                                                     text.size());
      return;
    case TypeKind::kDate:
      typed = ParseDate(text, column.formats, static_cast<int32_t*>(data) + row);
      break;
    case TypeKind::kTimestamp:
      typed = ParseTimestamp(text, column.formats, delivery_.zone.get(),
                             static_cast<int64_t*>(data) + row);
      break;
  }
  if (typed == Typed::kOk) return;
  WriteNull(index, row);
  Reject(index, typed == Typed::kOutOfRange ? column.out_of_range : column.not_of_type);
}

int RowTyper::ColumnOfKey(std::string_view key) {
  const auto found = column_of_key_.find(std::string(key));
  if (found != column_of_key_.end()) return found->second;
  const int index = FindColumn(*delivery_.dataset, key);
  if (column_of_key_.size() < kMaxUnknownKeys) column_of_key_.emplace(key, index);
  return index;
}

void RowTyper::WriteJson(const RecordCursor& cursor, uint64_t row) {
  namespace od = simdjson::ondemand;
  if (broken_) return;
  std::string_view bytes = cursor.bytes();
  const size_t blanks = std::min(bytes.find_first_not_of(" \t"), bytes.size());
  bytes.remove_prefix(blanks);
  if (bytes.empty() || bytes[0] != '{') {
    return Structure(cursor.file()->layout() == Layout::kJsonArray
                         ? "array element is not an object"
                         : "is not a JSON object");
  }
  const size_t end = FindElement(bytes).length;
  int64_t none = 0;
  if (SkipJsonBlanks(bytes, end, &none) < bytes.size()) return Structure("is not valid JSON");
  json_->seen.assign(columns_.size(), false);
  json_->other_names.clear();
  json_->many_names.clear();
  json_->twice.clear();
  od::document document;
  od::object object;
  const simdjson::padded_string_view padded(bytes.data(), bytes.size(),
                                            bytes.size() + cursor.padding());
  if (json_->parser.iterate(padded).get(document) || document.get_object().get(object)) {
    return Structure("is not valid JSON");
  }
  const auto write = [&](size_t column, std::string_view text) {
    text = TrimBlanks(text);
    if (IsNullToken(text)) {
      WriteNull(column, row);
    } else {
      WriteText(column, text, row);
    }
  };
  for (auto entry : object) {
    std::string_view key;
    od::value value;
    if (entry.error() || entry.unescaped_key().get(key) || entry.value().get(value)) {
      return Structure("is not valid JSON");
    }
    const int column = ColumnOfKey(key);
    const bool twice = column >= 0 ? json_->seen[column] : !json_->Note(key);
    // That a record is no JSON at all weighs more, so the reading goes on.
    if (twice && json_->twice.empty()) {
      json_->twice = fmt::format("has key '{}' twice", ShowName(key));
    }
    od::json_type type;
    if (value.type().get(type)) return Structure("is not valid JSON");
    if (column < 0) {
      if (!ReadsWhole(value, 1)) return Structure("is not valid JSON");
      continue;
    }
    json_->seen[column] = true;
    switch (type) {
      case od::json_type::object:
      case od::json_type::array:
        WriteNull(column, row);
        Reject(column, fmt::format("{}: nested value", columns_[column].source->name));
        if (!ReadsWhole(value, 1)) return Structure("is not valid JSON");
        break;
      case od::json_type::string: {
        std::string_view text;
        if (value.get_string().get(text)) return Structure("is not valid JSON");
        write(column, text);
        break;
      }
      case od::json_type::null: {
        bool null = false;
        if (value.is_null().get(null) || !null) return Structure("is not valid JSON");
        WriteNull(column, row);
        break;
      }
      default: {
        const std::optional<std::string_view> token = PlainToken(value);
        if (!token) return Structure("is not valid JSON");
        const bool is_boolean = type == od::json_type::boolean;
        if (is_boolean && columns_[column].source->type.kind == TypeKind::kBoolean) {
          static_cast<bool*>(data_[column])[row] = *token == "true";
        } else {
          write(column, *token);
        }
        break;
      }
    }
  }
  if (!json_->twice.empty()) return Structure(json_->twice);
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!json_->seen[i]) WriteNull(i, row);
  }
  for (const std::string& name : json_->other_names) {
    const std::string shown = ShowName(name);
    if (unknown_keys_.size() < kMaxUnknownKeys || unknown_keys_.count(shown) > 0) {
      ++unknown_keys_[shown];
    }
  }
}

}  // namespace lyceum
