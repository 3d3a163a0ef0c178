#pragma once

#include <string>
#include <string_view>

namespace lyceum {

/// Checks that RE2 and Java read `pattern` alike: literals, `.`, classes, groups, `|`, `* + ?
/// {n,m}` and their lazy forms, escapes of punctuation, \d \w \s and their negations. Returns "" or
/// what is wrong, and sets `offset` to the byte where.
std::string CheckPattern(std::string_view pattern, size_t* offset);

/// How an engine that backtracks, as Java's does, takes a pattern of this subset.
struct PatternCost {
  /// A part is repeated that can match one text in several ways: some texts may take for ever. Told
  /// by its form (a repeat, or alternatives longer than a character, inside a repeat), so that some
  /// harmless patterns are among them.
  bool ambiguous = false;
  /// Depth of groups around the deepest part of a group that repeats without end, 0 if none does:
  /// each turn of such a group takes as many frames of the stack.
  int repeated_depth = 0;
};
/// REQUIRES: CheckPattern() finds nothing wrong.
PatternCost CostOf(std::string_view pattern);

}  // namespace lyceum
