#include "spec/shape.h"
#include "spec/spec.h"
#include "spec/spec_reader.h"
#include "spec/yaml.h"

namespace lyceum {

std::optional<Spec> LoadSpec(std::string_view text, Diagnostics* diagnostics) {
  const std::optional<YamlNode> root = ParseYaml(text, diagnostics);
  if (!root) return std::nullopt;
  if (root->kind != YamlKind::kMapping) {
    diagnostics->Error(root->span, "expected keys at the top of the file, such as 'lyceum: 1'");
    return std::nullopt;
  }
  CheckShape(*root, diagnostics);
  // Values are read and compared only where they have their shape; a misspelt key would otherwise
  // bring a tail of problems that it causes.
  if (diagnostics->has_errors()) {
    Diagnostics shape_only;
    Spec spec = ReadSpec(*root, text, &shape_only);
    for (const Diagnostic& item : shape_only.items()) diagnostics->Error(item.span, item.message);
    return std::nullopt;
  }
  Spec spec = ReadSpec(*root, text, diagnostics);
  CheckSpec(*root, text, &spec, diagnostics);
  if (diagnostics->has_errors()) return std::nullopt;
  return spec;
}

}  // namespace lyceum
