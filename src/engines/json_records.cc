#include "engines/json_records.h"

#include <cstring>

#include "base/type.h"

namespace lyceum {
namespace {

/// Returns the offset behind the string that opens at `at`, or npos if it does not close.
size_t SkipString(std::string_view buffer, size_t at) {
  for (++at; at < buffer.size(); ++at) {
    if (buffer[at] == '\\') {
      ++at;
    } else if (buffer[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

JsonElement FindBareWord(std::string_view buffer) {
  size_t at = 0;
  while (at < buffer.size() && !IsJsonBlank(buffer[at]) && buffer[at] != ',' && buffer[at] != ']' &&
         buffer[at] != '}') {
    ++at;
  }
  return {at, at > 0};
}

}  // namespace

JsonElement FindElement(std::string_view buffer) {
  if (buffer.empty()) return {};
  if (buffer[0] == '"') {
    const size_t end = SkipString(buffer, 0);
    return end == std::string_view::npos ? JsonElement{} : JsonElement{end, true};
  }
  if (buffer[0] != '{' && buffer[0] != '[') return FindBareWord(buffer);
  int64_t depth = 0;
  for (size_t at = 0; at < buffer.size();) {
    const char c = buffer[at];
    if (c == '"') {
      at = SkipString(buffer, at);
      if (at == std::string_view::npos) return {};
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (depth > kMaxJsonDepth + 1) return {};
    if (c == '}' || c == ']') --depth;
    ++at;
    if (depth == 0) return {at, true};
  }
  return {};
}

size_t SkipJsonBlanks(std::string_view buffer, size_t at, int64_t* lines, bool* after_return) {
  const size_t begin = at;
  while (at < buffer.size() && IsJsonBlank(buffer[at])) ++at;
  *lines += CountLineEnds(buffer.substr(begin, at - begin));
  if (!after_return || begin == buffer.size()) return at;
  if (*after_return && buffer[begin] == '\n') --*lines;
  *after_return = at == buffer.size() && buffer[at - 1] == '\r';
  return at;
}

int64_t CountLineEnds(std::string_view text) {
  if (text.empty()) return 0;
  int64_t count = 0;
  const bool returns = std::memchr(text.data(), '\r', text.size()) != nullptr;
  for (size_t i = 0; i < text.size(); ++i) count += text[i] == '\n';
  if (!returns) return count;
  for (size_t i = 0; i < text.size(); ++i) {
    // CRLF was counted by its LF.
    count += text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
  }
  return count;
}

}  // namespace lyceum
