#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lyceum {

/// The shape that a YAML key's value must have.
enum class FieldKind {
  kText,          ///< a scalar, taken as it is written
  kName,          ///< lower_snake name of a table, column, dataset, ...
  kWord,          ///< one of `words`
  kBoolean,       ///< true or false
  kPercent,       ///< number from 0 to 100
  kType,          ///< column type
  kDate,          ///< yyyy-MM-dd
  kScalar,        ///< number, date, text: its meaning depends on other keys
  kTexts,         ///< list of kText
  kNames,         ///< list of kName
  kScalars,       ///< list of kScalar
  kObject,        ///< mapping; its keys are the fields at path.<key>
  kObjects,       ///< list of mappings; their keys are the fields at path[].<key>
  kNamedObjects,  ///< mapping from names to mappings; their keys are the fields at path.*.<key>
  kSettings,      ///< mapping from keys that another program knows to kText
};

/// Everything there is to say about one YAML key. Reading, errors about keys, the JSON Schema and
/// the reference page all come from the table of fields.
struct Field {
  std::string_view path;  ///< `datasets.*.columns.*.type`, `datasets.*.rules[].min`
  FieldKind kind = FieldKind::kText;
  bool required = false;
  std::string_view default_value = "";  ///< as YAML text; "" for none
  std::string_view unit = "";
  std::vector<std::string_view> words = {};
  /// Words that are known but not supported; `refusal` tells what to write.
  std::vector<std::string_view> refused = {};
  std::string_view refusal = "";
  /// The key counts only where the key `selector` beside it has one of these words. A type's word
  /// ends before its bracket.
  std::vector<std::string_view> only_for = {};
  std::string_view selector = "type";
  bool may_be_empty = false;  ///< lists and named objects
  bool secret = false;        ///< never shown in plans, logs and reports
  std::string_view doc = "";

  /// The last part of the path.
  std::string_view key() const;
};

/// All keys of a spec, in the order of the reference page.
const std::vector<Field>& AllFields();

/// The fields of the mapping at `path` ("" for the whole spec).
std::vector<const Field*> FieldsOf(std::string_view path);

/// The path of the mappings that a field of kind kObject, kObjects or kNamedObjects holds.
std::string ChildPath(const Field& field);

/// Longest name: PostgreSQL and Redshift keep 63 bytes, of which Lyceum's prefixes need some.
inline constexpr size_t kMaxNameBytes = 50;

/// Returns what is wrong with `name` as a lower_snake name, or "".
std::string NameProblem(std::string_view name);

/// Returns what is wrong with `text` as a column type, or "".
std::string TypeProblem(std::string_view text);

}  // namespace lyceum
