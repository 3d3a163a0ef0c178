#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "spec/spec.h"
#include "spec/yaml.h"

namespace lyceum {

/// A column of a dataset, as checks see it.
struct ColumnInfo {
  std::string name;
  Type type;
  bool stored_as_double = false;
};

std::vector<ColumnInfo> ColumnsOf(const Dataset& dataset);

/// What every group of checks works with: the spec, where its parts stand in the file, and where
/// problems go. Checks tolerate what earlier ones found.
class SpecChecks {
 public:
  SpecChecks(const YamlNode& root, std::string_view document, Spec* spec, Diagnostics* diagnostics)
      : root_(root), document_(document), spec_(*spec), diagnostics_(*diagnostics) {}

 protected:
  /// The node at a path of keys; nullptr if there is none.
  const YamlNode* At(std::initializer_list<std::string_view> path) const;
  Span SpanAt(std::initializer_list<std::string_view> path, Span otherwise) const;
  /// The place of an item of a list.
  Span ItemSpan(std::initializer_list<std::string_view> path, size_t index, Span otherwise) const;

  /// Reports a name that Lyceum uses for columns of its own.
  void RefuseReserved(const std::string& name, Span span);
  /// These report a name that does not exist and return nullptr.
  const Fact* FindFact(const std::string& name, Span span);
  const ColumnInfo* FindColumn(const std::vector<ColumnInfo>& columns, const std::string& name,
                               Span span);

  const YamlNode& root_;
  std::string_view document_;
  Spec& spec_;
  Diagnostics& diagnostics_;
};

/// Checks marts and fills in the types of their measures.
void CheckMarts(const YamlNode& root, std::string_view document, Spec* spec,
                Diagnostics* diagnostics);
/// Checks targets and the default target.
void CheckTargets(const YamlNode& root, std::string_view document, Spec* spec,
                  Diagnostics* diagnostics);
/// Checks engines and the default engine.
void CheckEngines(const YamlNode& root, std::string_view document, Spec* spec,
                  Diagnostics* diagnostics);

}  // namespace lyceum
