#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lyceum {

/// Where an element of a JSON array ends, found without understanding it: strings, escapes and
/// nesting are enough. The element itself is parsed by simdjson.
struct JsonElement {
  size_t length = 0;  ///< bytes of the element; meaningful if complete
  bool complete = false;
};

/// Finds the end of the element that begins at the front of `buffer`. Incomplete: the buffer ends
/// first. A bare word or number ends before a blank, comma or bracket, or at the end of the buffer.
JsonElement FindElement(std::string_view buffer);

inline bool IsJsonBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Skips blanks from `at`; counts the physical lines passed in `lines`. `after_return` is for
/// blanks that go on in the next buffer: it keeps whether the last one seen is a CR, whose line end
/// the LF behind it does not make a second one.
size_t SkipJsonBlanks(std::string_view buffer, size_t at, int64_t* lines,
                      bool* after_return = nullptr);

/// Counts line ends (LF, CRLF, CR) in `text`.
int64_t CountLineEnds(std::string_view text);

}  // namespace lyceum
