#pragma once

#include <string>
#include <string_view>

#include "spec/spec.h"

namespace lyceum {

// The typing rules of engines/typing.h as Spark SQL. Texts are trimmed, and null where the value
// is; both engines must agree on every text, which tests/conformance checks.

/// The typed value of the text in SQL column `text`, null where it is not of the column's type.
/// `timezone` is where timestamps with an offset are converted to.
std::string RenderSparkValue(const SourceColumn& column, const std::string& text,
                             const std::string& timezone);

/// Why `text`, which has no typed value, is none, as a JSON string.
std::string RenderSparkTypeReason(const SourceColumn& column, const std::string& text);

/// A rendered text with A to Z in lower case, as names and words are compared.
std::string RenderSparkFolded(const std::string& text);

/// A literal of Spark SQL.
std::string SparkText(std::string_view text);
/// "some part of the rendered text matches `pattern`", one of java.util.regex.
std::string SparkMatches(const std::string& text, std::string_view pattern);

}  // namespace lyceum
