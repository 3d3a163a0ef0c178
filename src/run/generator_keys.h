#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "base/diagnostic.h"
#include "spec/yaml.h"

namespace lyceum {

/// Reads the keys of one mapping of a generator profile. Every problem becomes a diagnostic with
/// its place; readers then return a usable fallback, so that one pass finds all problems. The keys
/// that were asked for are the ones that exist: RejectOthers() reports the rest.
class KeyReader {
 public:
  /// `owner` names the mapping in messages: `dataset 'orders'`. `node` and `diagnostics` must
  /// outlive the reader.
  KeyReader(const YamlNode& node, std::string owner, Diagnostics* diagnostics);

  const std::string& owner() const { return owner_; }
  Span span() const { return node_.span; }

  /// Returns the value of `key`; nullptr if it is missing or empty.
  const YamlNode* Find(std::string_view key);
  /// The same, but a missing key is an error.
  const YamlNode* Require(std::string_view key);

  std::string Text(std::string_view key);
  std::string TextOr(std::string_view key, std::string fallback);
  /// Reads a whole number from `min` to `max`; the fallback after an error is `min`.
  int64_t Number(std::string_view key, int64_t min, int64_t max);
  int64_t NumberOr(std::string_view key, int64_t min, int64_t max, int64_t fallback);
  Days Date(std::string_view key);
  /// Reads one of `words` and returns its index, 0 after an error.
  size_t Word(std::string_view key, const std::vector<std::string>& words);
  /// Reads a list of at least one text; empty after an error.
  std::vector<std::string> Texts(std::string_view key);

  /// True as long as the reader has found nothing wrong.
  bool clean() const { return clean_; }

  /// Adds an error at the value of `key`, or at the mapping if there is none.
  void Error(std::string_view key, std::string message);

  /// Reports all keys that nobody asked for. Call after the last read.
  void RejectOthers();

 private:
  std::string Quoted(std::string_view key) const;
  void Report(Span span, std::string message);

  const YamlNode& node_;
  std::string owner_;
  Diagnostics* diagnostics_;
  std::vector<std::string> known_;
  bool clean_ = true;
};

/// Reads a whole number with nothing around it; nullopt if `text` is none or has over 64 bits.
std::optional<int64_t> ParseWholeNumber(std::string_view text);

}  // namespace lyceum
