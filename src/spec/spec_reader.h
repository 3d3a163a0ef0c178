#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "spec/spec.h"
#include "spec/yaml.h"

namespace lyceum {

/// Reads a tree of the right shape (see CheckShape) into a Spec; reports values that no type,
/// format, pattern or expression can be made of. What it cannot read it leaves empty.
Spec ReadSpec(const YamlNode& root, std::string_view document, Diagnostics* diagnostics);

/// Checks what concerns several parts of a spec, completes what follows from them (mart types,
/// order of dimensions) and reports every problem.
void CheckSpec(const YamlNode& root, std::string_view document, Spec* spec,
               Diagnostics* diagnostics);

/// The canonical text of a value of `type` as specs write it (`2025-06-01`, `1.5`), or nullopt.
std::optional<std::string> CanonicalValue(const Type& type, const std::string& text);

}  // namespace lyceum
