#pragma once

#include "base/diagnostic.h"
#include "spec/yaml.h"

namespace lyceum {

/// Checks a whole spec against the table of fields: unknown and missing keys, keys that do not go
/// with their neighbours, kinds and words of values. Reports every problem.
void CheckShape(const YamlNode& root, Diagnostics* diagnostics);

}  // namespace lyceum
