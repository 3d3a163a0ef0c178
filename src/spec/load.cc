#include <algorithm>
#include <cctype>
#include <set>

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

/// The name that somebody meant who wrote `Fact-Reading`.
std::string Meant(std::string_view name) {
  std::string meant;
  for (unsigned char c : name) meant += std::isalnum(c) ? static_cast<char>(std::tolower(c)) : '_';
  return meant;
}

void CollectKeys(const YamlNode& node, std::set<std::string>* keys) {
  for (const YamlNode& item : node.items) CollectKeys(item, keys);
  for (const auto& [key, value] : node.entries) {
    keys->insert(Meant(key.scalar));
    CollectKeys(value, keys);
  }
}

/// Adds to problems of shape those of values, and names that nothing declares, as far as they are
/// no consequence: only on lines without a problem of shape, and no name that stands somewhere as
/// a key, where a misspelt or doubled section may have hidden it.
void AddBehindShape(const YamlNode& root, std::string_view text, Diagnostics* diagnostics) {
  Diagnostics values, relations;
  Spec spec = ReadSpec(root, text, &values);
  CheckSpec(root, text, &spec, &relations);
  std::set<std::string> keys;
  CollectKeys(root, &keys);
  const Diagnostics shape = *diagnostics;
  for (const Diagnostics* found : {&values, &relations}) {
    for (const Diagnostic& item : found->items()) {
      const bool named = !item.unknown_name.empty();
      if (HasProblemAt(shape, item.span) || keys.count(Meant(item.unknown_name)) > 0) continue;
      if (found == &values || named) diagnostics->Error(item.span, item.message);
    }
  }
}

}  // namespace

std::optional<Spec> LoadSpec(std::string_view text, Diagnostics* diagnostics,
                             const TimezoneProblem& timezone_problem) {
  const std::optional<YamlNode> root = ParseYaml(text, diagnostics);
  if (!root) return std::nullopt;
  if (root->kind != YamlKind::kMapping) {
    diagnostics->Error(root->span, "expected keys at the top of the file, such as 'lyceum: 1'");
    return std::nullopt;
  }
  CheckShape(*root, diagnostics);
  const YamlNode* timezone = root->Find("timezone");
  const bool asks = timezone && timezone->kind == YamlKind::kScalar && timezone_problem;
  const std::string problem = asks ? timezone_problem(timezone->scalar) : "";
  if (!problem.empty()) diagnostics->Error(timezone->span, problem);
  if (diagnostics->has_errors()) {
    AddBehindShape(*root, text, diagnostics);
    return std::nullopt;
  }
  Spec spec = ReadSpec(*root, text, diagnostics);
  CheckSpec(*root, text, &spec, diagnostics);
  if (diagnostics->has_errors()) return std::nullopt;
  return spec;
}

}  // namespace lyceum
