#include "spec/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/calendar.h"
#include "spec/fields.h"

namespace lyceum {
namespace {

template <typename Words>
bool Contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

const char* WhatItTakes(FieldKind kind) {
  switch (kind) {
    case FieldKind::kText:
    case FieldKind::kScalar:
      return "a text";
    case FieldKind::kName:
      return "a name";
    case FieldKind::kWord:
      return "a word";
    case FieldKind::kBoolean:
      return "true or false";
    case FieldKind::kPercent:
      return "a number from 0 to 100";
    case FieldKind::kType:
      return "a type";
    case FieldKind::kDate:
      return "a date yyyy-MM-dd";
    case FieldKind::kTexts:
    case FieldKind::kNames:
    case FieldKind::kScalars:
      return "a list, such as [a, b]";
    case FieldKind::kObject:
      return "keys and values";
    case FieldKind::kObjects:
      return "a list of mappings";
    case FieldKind::kNamedObjects:
      return "names with keys and values below each";
    case FieldKind::kSettings:
      return "keys and values";
  }
  return "";
}

bool IsPercent(const std::string& text) {
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 100;
}

/// Walks a tree along the table of fields.
class ShapeChecker {
 public:
  explicit ShapeChecker(Diagnostics* diagnostics) : diagnostics_(diagnostics) {}

  /// Checks the keys of the mapping at `path`.
  void Keys(const YamlNode& node, std::string_view path) {
    std::vector<std::string> known;
    for (const Field* field : FieldsOf(path)) known.emplace_back(field->key());
    for (const auto& [key, value] : node.entries) {
      const Field* field = Find(path, key.scalar);
      if (!field) {
        diagnostics_->Error(key.span, fmt::format("unknown key '{}'{}", key.scalar,
                                                  SuggestName(key.scalar, known)));
      } else if (GoesWith(*field, node)) {
        Value(value, *field);
      } else {
        diagnostics_->Error(
            key.span, fmt::format("key '{}' does not go with '{}: {}'; it is for {}", key.scalar,
                                  field->selector, node.Find(field->selector)->scalar,
                                  fmt::join(field->only_for, ", ")));
      }
    }
    for (const Field* field : FieldsOf(path)) {
      if (!field->required || node.Find(field->key()) || !GoesWith(*field, node)) continue;
      // Without its selector nobody knows whether the key is needed.
      if (!field->only_for.empty() && !node.Find(field->selector)) continue;
      diagnostics_->Error(node.span, fmt::format("key '{}' is missing", field->key()));
    }
  }

 private:
  static const Field* Find(std::string_view path, std::string_view key) {
    for (const Field* field : FieldsOf(path)) {
      if (field->key() == key) return field;
    }
    return nullptr;
  }

  /// False if the key's selector has another word than those it is for.
  static bool GoesWith(const Field& field, const YamlNode& node) {
    if (field.only_for.empty()) return true;
    const YamlNode* selector = node.Find(field.selector);
    if (!selector || selector->kind != YamlKind::kScalar) return true;
    const std::string_view text = selector->scalar;
    return Contains(field.only_for, text.substr(0, text.find('(')));
  }

  void Wrong(const YamlNode& node, const Field& field) {
    diagnostics_->Error(node.span,
                        fmt::format("'{}' takes {}", field.key(), WhatItTakes(field.kind)));
  }

  void Value(const YamlNode& node, const Field& field) {
    switch (field.kind) {
      case FieldKind::kObject:
        if (node.kind != YamlKind::kMapping) return Wrong(node, field);
        return Keys(node, ChildPath(field));
      case FieldKind::kNamedObjects:
        return Named(node, field);
      case FieldKind::kSettings:
        return Settings(node, field);
      case FieldKind::kObjects:
        return Objects(node, field);
      case FieldKind::kTexts:
      case FieldKind::kNames:
      case FieldKind::kScalars:
        return List(node, field);
      default:
        return Scalar(node, field);
    }
  }

  void Named(const YamlNode& node, const Field& field) {
    if (node.kind != YamlKind::kMapping) return Wrong(node, field);
    if (node.entries.empty() && !field.may_be_empty) return Wrong(node, field);
    for (const auto& [name, value] : node.entries) {
      Name(name);
      if (value.kind != YamlKind::kMapping) {
        diagnostics_->Error(value.span, fmt::format("'{}' takes keys and values", name.scalar));
      } else {
        Keys(value, ChildPath(field));
      }
    }
  }

  void Settings(const YamlNode& node, const Field& field) {
    if (node.kind != YamlKind::kMapping) return Wrong(node, field);
    for (const auto& [key, value] : node.entries) {
      if (value.kind == YamlKind::kScalar) continue;
      diagnostics_->Error(value.span, fmt::format("'{}' takes a text", key.scalar));
    }
  }

  void Objects(const YamlNode& node, const Field& field) {
    if (node.kind != YamlKind::kSequence) return Wrong(node, field);
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlKind::kMapping) {
        diagnostics_->Error(item.span, "expected keys and values, such as {type: not_null}");
      } else {
        Keys(item, ChildPath(field));
      }
    }
  }

  void List(const YamlNode& node, const Field& field) {
    if (node.kind != YamlKind::kSequence) return Wrong(node, field);
    if (node.items.empty() && !field.may_be_empty) {
      diagnostics_->Error(node.span,
                          fmt::format("'{}' is empty; expected at least one value", field.key()));
    }
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlKind::kScalar) {
        diagnostics_->Error(item.span, "expected a text");
      } else if (field.kind == FieldKind::kNames) {
        Name(item);
      }
    }
  }

  void Name(const YamlNode& node) {
    const std::string problem = NameProblem(node.scalar);
    if (!problem.empty()) diagnostics_->Error(node.span, problem);
  }

  void Scalar(const YamlNode& node, const Field& field) {
    if (node.kind != YamlKind::kScalar) return Wrong(node, field);
    const std::string& text = node.scalar;
    switch (field.kind) {
      case FieldKind::kName:
        return Name(node);
      case FieldKind::kType: {
        const std::string problem = TypeProblem(text);
        if (!problem.empty()) diagnostics_->Error(node.span, problem);
        return;
      }
      case FieldKind::kBoolean:
        if (text != "true" && text != "false") Wrong(node, field);
        return;
      case FieldKind::kPercent:
        if (!IsPercent(text)) Wrong(node, field);
        return;
      case FieldKind::kDate:
        if (text.size() != 10 || !ParseBatchDate(text)) Wrong(node, field);
        return;
      case FieldKind::kWord:
        return Word(node, field);
      default:
        return;
    }
  }

  void Word(const YamlNode& node, const Field& field) {
    if (Contains(field.words, node.scalar)) return;
    if (Contains(field.refused, node.scalar)) {
      diagnostics_->Error(node.span, std::string(field.refusal));
      return;
    }
    const std::vector<std::string> words(field.words.begin(), field.words.end());
    diagnostics_->Error(node.span, fmt::format("'{}' is no {}{}", node.scalar, field.key(),
                                               SuggestName(node.scalar, words)));
  }

  Diagnostics* diagnostics_;
};

}  // namespace

void CheckShape(const YamlNode& root, Diagnostics* diagnostics) {
  ShapeChecker(diagnostics).Keys(root, "");
}

}  // namespace lyceum
