#include <algorithm>

#include "spec/shape.h"
#include "spec/spec.h"
#include "spec/spec_reader.h"
#include "spec/yaml.h"

namespace lyceum {
namespace {

bool HasProblemAt(const Diagnostics& diagnostics, const Span& span) {
  return std::any_of(diagnostics.items().begin(), diagnostics.items().end(),
                     [&](const Diagnostic& item) { return item.span.line == span.line; });
}

}  // namespace

std::optional<Spec> LoadSpec(std::string_view text, Diagnostics* diagnostics) {
  const std::optional<YamlNode> root = ParseYaml(text, diagnostics);
  if (!root) return std::nullopt;
  if (root->kind != YamlKind::kMapping) {
    diagnostics->Error(root->span, "expected keys at the top of the file, such as 'lyceum: 1'");
    return std::nullopt;
  }
  CheckShape(*root, diagnostics);
  // Behind a problem of shape only values are read, and only on lines without one: what a misspelt
  // key causes elsewhere is no news.
  if (diagnostics->has_errors()) {
    Diagnostics shape_only;
    Spec spec = ReadSpec(*root, text, &shape_only);
    for (const Diagnostic& item : shape_only.items()) {
      if (!HasProblemAt(*diagnostics, item.span)) diagnostics->Error(item.span, item.message);
    }
    return std::nullopt;
  }
  Spec spec = ReadSpec(*root, text, diagnostics);
  CheckSpec(*root, text, &spec, diagnostics);
  if (diagnostics->has_errors()) return std::nullopt;
  return spec;
}

}  // namespace lyceum
