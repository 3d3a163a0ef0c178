#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace lyceum {

enum class YamlKind { kNull, kScalar, kSequence, kMapping };

struct YamlEntry;

/// One node of a YAML document, with its place. Scalars stay text: what they mean is decided by
/// whoever reads them.
struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  Span span;  ///< the token; the opening bracket or first key of a collection
  std::string scalar;
  bool quoted = false;  ///< the scalar was written in quotes or as a block, so it is never null
  std::vector<YamlNode> items;
  std::vector<YamlEntry> entries;  ///< key (a scalar) and value, as written

  /// Returns the value under `key`, or nullptr.
  const YamlNode* Find(std::string_view key) const;
};

/// A key, which is a scalar, and its value.
struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// Reads one YAML document of at most 1 MiB. Syntax errors, bytes that are no UTF-8, keys that are
/// no scalars, anchors, aliases and tags are errors; returns nullopt after adding at least one.
/// Duplicate keys are errors too, but leave a tree: the first one counts.
std::optional<YamlNode> ParseYaml(std::string_view text, Diagnostics* diagnostics);

/// Finds for a character of a scalar (or its end) the place where it was written in `document`,
/// over folded lines and doubled quotes too. Behind a backslash in double quotes it is the start of
/// the scalar.
Span PlaceInScalar(const YamlNode& scalar, std::string_view document, size_t offset);

}  // namespace lyceum
