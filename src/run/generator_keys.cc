#include "run/generator_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace lyceum {

KeyReader::KeyReader(const YamlNode& node, std::string owner, Diagnostics* diagnostics)
    : node_(node), owner_(std::move(owner)), diagnostics_(diagnostics) {
  if (node.kind != YamlKind::kMapping) {
    Report(node.span, fmt::format("{} must be a mapping of keys to values", owner_));
  }
}

const YamlNode* KeyReader::Find(std::string_view key) {
  known_.emplace_back(key);
  if (node_.kind != YamlKind::kMapping) return nullptr;
  const YamlNode* value = node_.Find(key);
  return value == nullptr || value->kind == YamlKind::kNull ? nullptr : value;
}

const YamlNode* KeyReader::Require(std::string_view key) {
  const YamlNode* value = Find(key);
  if (value == nullptr && node_.kind == YamlKind::kMapping) {
    Report(node_.span, fmt::format("{} lacks the key '{}'", owner_, key));
  }
  return value;
}

std::string KeyReader::Text(std::string_view key) {
  const YamlNode* value = Require(key);
  if (value == nullptr) return "";
  if (value->kind != YamlKind::kScalar) Error(key, Quoted(key) + " must be a text");
  return value->scalar;
}

std::string KeyReader::TextOr(std::string_view key, std::string fallback) {
  return Find(key) == nullptr ? std::move(fallback) : Text(key);
}

int64_t KeyReader::Number(std::string_view key, int64_t min, int64_t max) {
  const YamlNode* value = Require(key);
  if (value == nullptr) return min;
  std::optional<int64_t> number;
  if (value->kind == YamlKind::kScalar) number = ParseWholeNumber(value->scalar);
  if (number && *number >= min && *number <= max) return *number;
  Error(key, min == max
                 ? fmt::format("{} must be {}", Quoted(key), min)
                 : fmt::format("{} must be a whole number from {} to {}", Quoted(key), min, max));
  return min;
}

int64_t KeyReader::NumberOr(std::string_view key, int64_t min, int64_t max, int64_t fallback) {
  return Find(key) == nullptr ? fallback : Number(key, min, max);
}

Days KeyReader::Date(std::string_view key) {
  const YamlNode* value = Require(key);
  if (value == nullptr) return 0;
  std::optional<Days> date;
  if (value->kind == YamlKind::kScalar) date = ParseBatchDate(value->scalar);
  if (!date) Error(key, Quoted(key) + " must be a date such as 2025-06-01");
  return date.value_or(0);
}

size_t KeyReader::Word(std::string_view key, const std::vector<std::string>& words) {
  const YamlNode* value = Require(key);
  if (value == nullptr) return 0;
  if (value->kind != YamlKind::kScalar) {
    Error(key, Quoted(key) + " must be a text");
    return 0;
  }
  auto found = std::find(words.begin(), words.end(), value->scalar);
  if (found != words.end()) return found - words.begin();
  Error(key, fmt::format("unknown {} '{}' in {}{}", key, value->scalar, owner_,
                         SuggestName(value->scalar, words)));
  return 0;
}

std::vector<std::string> KeyReader::Texts(std::string_view key) {
  std::vector<std::string> texts;
  const YamlNode* value = Require(key);
  if (value == nullptr) return texts;
  bool good = value->kind == YamlKind::kSequence && !value->items.empty();
  for (const YamlNode& item : value->items) {
    if (item.kind != YamlKind::kScalar) good = false;
    texts.push_back(item.scalar);
  }
  if (good) return texts;
  Error(key, Quoted(key) + " must be a list of texts");
  return {};
}

void KeyReader::Error(std::string_view key, std::string message) {
  const YamlNode* value = node_.kind == YamlKind::kMapping ? node_.Find(key) : nullptr;
  Report(value == nullptr ? node_.span : value->span, std::move(message));
}

void KeyReader::RejectOthers() {
  for (const auto& [key, value] : node_.entries) {
    if (std::find(known_.begin(), known_.end(), key.scalar) != known_.end()) continue;
    std::vector<std::string> names;
    for (const std::string& name : known_) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    Report(key.span, fmt::format("unknown key '{}' in {}{}", key.scalar, owner_,
                                 SuggestName(key.scalar, names)));
  }
}

void KeyReader::Report(Span span, std::string message) {
  clean_ = false;
  diagnostics_->Error(span, std::move(message));
}

std::string KeyReader::Quoted(std::string_view key) const {
  return fmt::format("'{}' of {}", key, owner_);
}

std::optional<int64_t> ParseWholeNumber(std::string_view text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace lyceum
