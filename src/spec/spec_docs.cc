// The reference page and the JSON Schema, both read off the table of fields.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "spec/fields.h"
#include "spec/spec.h"

namespace lyceum {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kNamePattern[] = "^[a-z][a-z0-9_]*$";

/// YAML numbers, dates and booleans are texts to Lyceum.
const Json kScalarTypes = Json::array({"string", "number", "boolean"});

/// The schema of the mapping at `path`.
Json ObjectSchema(std::string_view path);

Json ListSchema(Json items, const Field& field) {
  Json schema;
  schema["type"] = "array";
  schema["items"] = std::move(items);
  if (!field.may_be_empty) schema["minItems"] = 1;
  return schema;
}

Json ValueSchema(const Field& field) {
  switch (field.kind) {
    case FieldKind::kText:
    case FieldKind::kType:
    case FieldKind::kScalar:
      return {{"type", kScalarTypes}};
    case FieldKind::kDate:
      return {{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}};
    case FieldKind::kName:
      return {{"type", "string"}, {"pattern", kNamePattern}};
    case FieldKind::kWord:
      if (field.path == "lyceum") return {{"const", 1}};
      return {{"enum", field.words}};
    case FieldKind::kBoolean:
      return {{"type", "boolean"}};
    case FieldKind::kPercent:
      return {{"type", "number"}, {"minimum", 0}, {"maximum", 100}};
    case FieldKind::kTexts:
    case FieldKind::kScalars:
      return ListSchema({{"type", kScalarTypes}}, field);
    case FieldKind::kNames:
      return ListSchema({{"type", "string"}, {"pattern", kNamePattern}}, field);
    case FieldKind::kObject:
      return ObjectSchema(ChildPath(field));
    case FieldKind::kObjects: {
      Json schema;
      schema["type"] = "array";
      schema["items"] = ObjectSchema(ChildPath(field));
      return schema;
    }
    case FieldKind::kNamedObjects: {
      Json schema;
      schema["type"] = "object";
      schema["propertyNames"]["pattern"] = kNamePattern;
      schema["additionalProperties"] = ObjectSchema(ChildPath(field));
      return schema;
    }
    case FieldKind::kSettings:
      return {{"type", "object"}, {"additionalProperties", {{"type", kScalarTypes}}}};
  }
  return {};
}

Json ObjectSchema(std::string_view path) {
  Json schema;
  schema["type"] = "object";
  Json required = Json::array();
  for (const Field* field : FieldsOf(path)) {
    const std::string key(field->key());
    Json value = ValueSchema(*field);
    value["description"] = std::string(field->doc);
    schema["properties"][key] = std::move(value);
    // Keys that only some types need are left to `lyceum validate`.
    if (field->required && field->only_for.empty()) required.push_back(key);
  }
  if (!required.empty()) schema["required"] = required;
  schema["additionalProperties"] = false;
  return schema;
}

/// `datasets.*.rules.[].type` as people read it: `datasets.NAME.rules[].type`.
std::string Readable(std::string_view field_path) {
  std::string path(field_path);
  for (size_t at; (at = path.find('*')) != std::string::npos;) path.replace(at, 1, "NAME");
  return path;
}

std::string WordsOf(const Field& field) {
  std::string words;
  for (std::string_view word : field.words)
    words += fmt::format("{}`{}`", words.empty() ? "" : ", ", word);
  return words;
}

}  // namespace

std::string SpecJsonSchema() {
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Lyceum pipeline";
  schema.update(ObjectSchema(""));
  return schema.dump(2) + "\n";
}

namespace {

/// ` Only with `type` redshift.`, for a key that depends on the one beside it.
std::string OnlyFor(const Field& field) {
  if (field.only_for.empty()) return "";
  return fmt::format(" Only with `{}` {}.", field.selector, fmt::join(field.only_for, ", "));
}

}  // namespace

std::string SpecReference() {
  std::string text =
      "# Spec reference\n\n"
      "Generated from the table that reads specs (`lyceum schema --reference`); do not edit.\n\n"
      "Names are lower-case letters, digits and underscores, at most 50. Unknown and duplicate "
      "keys are "
      "errors.\n\n"
      "| key | required | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const Field& field : AllFields()) {
    const std::string words = WordsOf(field);
    text += fmt::format("| `{}` | {} | {} | {}{}{} |\n", Readable(field.path),
                        field.required ? "yes" : "",
                        field.default_value.empty() ? "" : fmt::format("`{}`", field.default_value),
                        field.doc, words.empty() ? "" : " One of " + words + ".", OnlyFor(field));
  }
  text +=
      "\n## Types\n\n"
      "| type | values |\n| --- | --- |\n"
      "| `integer` | 32 bits; `[+-]?[0-9]+` |\n"
      "| `bigint` | 64 bits; `[+-]?[0-9]+` |\n"
      "| `decimal(p,s)` | p digits in all, s after the point; more digits are rejected, never "
      "rounded |\n"
      "| `double` | finite; never in keys or marts |\n"
      "| `boolean` | declared words |\n"
      "| `text` | at most 65,535 bytes of UTF-8, no NUL |\n"
      "| `date` | years 0001 to 9999 |\n"
      "| `timestamp` | microseconds, stored without zone |\n"
      "\n## Expressions\n\n"
      "Literals `12`, `1.50`, `'it''s'`, `true`, `null`, `date '2025-06-01'`, `timestamp "
      "'2025-06-01 "
      "10:00:00'`; columns; `or`, `and`, `not`, `=`, `<>`, `<`, `<=`, `>`, `>=`, `+`, `-`, `*`, "
      "`in (...)`, `between ... and ...`, `is null`, `case when ... then ... else ... end`. Null "
      "behaves as "
      "in SQL. There is no division and no arithmetic on doubles.\n\n"
      "| function | result | meaning |\n| --- | --- | --- |\n"
      "| `coalesce(a, b, ...)` | type of its arguments | the first that is not null |\n"
      "| `nullif(a, b)` | type of a | null if both are equal, else a |\n"
      "| `abs(number)` | type of the number, at least bigint | without its sign |\n";
  for (const FunctionSignature& function : AllFunctions()) {
    std::string arguments;
    for (const Type& type : function.arguments) {
      arguments += (arguments.empty() ? "" : ", ") + TypeName(type);
    }
    text += fmt::format("| `{}({})` | {} | {} |\n", function.name, arguments,
                        TypeName(function.result), function.doc);
  }
  return text;
}

}  // namespace lyceum
