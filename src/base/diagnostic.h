#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lyceum {

/// A place in a spec file. Lines and columns count from 1; columns count bytes; line 0 means "no
/// place known".
struct Span {
  int line = 0;
  int column = 0;
  int length = 1;
};

enum class DiagnosticLevel { kError, kWarning };

/// One thing that is wrong, or doubtful, in a spec.
struct Diagnostic {
  DiagnosticLevel level = DiagnosticLevel::kError;
  Span span;
  /// Lower case, no final full stop, names in single quotes, says what was expected.
  std::string message;
  /// The name that nothing declares, where that is the problem and other names are declared.
  std::string unknown_name;
};

/// Collects diagnostics; readers add all they find and the caller asks at the end.
class Diagnostics {
 public:
  void Error(Span span, std::string message) {
    items_.push_back({DiagnosticLevel::kError, span, std::move(message), ""});
  }
  /// Reports that no `kind` is called `name`, with the nearest of `known`.
  void UnknownName(Span span, std::string_view kind, const std::string& name,
                   const std::vector<std::string>& known);
  void Warning(Span span, std::string message) {
    items_.push_back({DiagnosticLevel::kWarning, span, std::move(message), ""});
  }
  bool has_errors() const;
  const std::vector<Diagnostic>& items() const { return items_; }

 private:
  std::vector<Diagnostic> items_;
};

/// Prints all diagnostics in order of their place: `file:line:column: error: message`, the source
/// line, and a caret line under the span. Tabs of the source line are kept under the caret.
std::string RenderDiagnostics(const Diagnostics& diagnostics, std::string_view file_name,
                              std::string_view file_text);

/// Returns "; did you mean 'x'?" for the candidate nearest to `name`, or, if none is near, the list
/// of candidates "; expected one of 'a', 'b'" (at most ten), or "" if there are none.
std::string SuggestName(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace lyceum
