#include "sql/spark_patterns.h"

#include <fmt/format.h>

#include "base/type.h"

namespace lyceum {

std::string CharacterPattern(char c) {
  return fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
}

std::string QuotedBody() { return R"((?:[^"]++|(?:"")++)*+)"; }

std::string CsvField(char delimiter) {
  const std::string d = CharacterPattern(delimiter);
  return fmt::format(R"((?:"{0}"[^{1}\r\n]*+|(?!")[^{1}\r\n]*+))", QuotedBody(), d);
}

std::string CsvOpensQuote(char delimiter) {
  const std::string d = CharacterPattern(delimiter);
  return fmt::format(R"(\A(?:{0}[{1}\r\n])*+"{2}\z)", CsvField(delimiter), d, QuotedBody());
}

std::string CsvStaysOpen(char delimiter) {
  const std::string d = CharacterPattern(delimiter);
  return fmt::format(R"(\A{2}(?:\z|"[^{1}\r\n]*+[{1}\r\n](?:{0}[{1}\r\n])*+"{2}\z))",
                     CsvField(delimiter), d, QuotedBody());
}

std::string CsvRecordInText(char delimiter) {
  const std::string d = CharacterPattern(delimiter);
  const std::string field =
      fmt::format(R"((?:"{0}(?:"[^{1}\r\n]*+|\z)|(?!")[^{1}\r\n]*+))", QuotedBody(), d);
  return fmt::format(R"(\G(?!\z){0}(?:{1}{0})*+(?:\r\n|\r|\n|\z))", field, d);
}

std::string CsvFieldInRecord(char delimiter) {
  const std::string d = CharacterPattern(delimiter);
  return fmt::format(R"({1}("{0}(?:"[^{1}]*+|\z)|[^{1}]*+))", QuotedBody(), d);
}

std::string JsonString() {
  // A surrogate stands only in a pair.
  return R"("(?:[^"\\\x00-\x1F]++|(?:\\["\\/bfnrt])++)"
         R"(|(?:\\u(?:[0-9A-Ca-cE-Fe-f][0-9A-Fa-f]{3}|[dD][0-7][0-9A-Fa-f]{2}))++)"
         R"(|(?:\\u[dD][89ABab][0-9A-Fa-f]{2}\\u[dD][C-Fc-f][0-9A-Fa-f]{2})++)*+")";
}

std::string JsonNumber() { return R"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+)"; }

namespace {

std::string LooseString() { return R"("(?:[^"\\]++|(?:\\[\s\S])++)*+")"; }

}  // namespace

std::string JsonOutline() {
  std::string nested;
  // The record itself, and what nests in it.
  for (int depth = 0; depth <= kMaxJsonDepth; ++depth) {
    const std::string inner = nested.empty() ? "" : "|" + nested;
    nested = fmt::format(R"([\[{{](?:[^"\[\]{{}}]++|{}{})*+[\]}}])", LooseString(), inner);
  }
  return fmt::format("(?:{}|{})", LooseString(), nested);
}

std::string JsonElementOutline() {
  return fmt::format(R"((?:{}|[^ \t\r\n,\]}}"\[{{][^ \t\r\n,\]}}]*+))", JsonOutline());
}

std::string JsonItem() {
  return fmt::format(R"(\G({0})({1}){0}(,|\]|))", kJsonBlanks, JsonElementOutline());
}

std::string JsonMember() {
  return fmt::format(R"(({0}){1}:{1}({0}|{2}|true|false|null|{3}))", JsonString(), kJsonBlanks,
                     JsonNumber(), JsonOutline());
}

namespace {

std::string SkeletonValue() {
  return fmt::format(R"((?:[\x01\x02]|{}|true|false|null))", JsonNumber());
}

std::string SkeletonObject() {
  return fmt::format(R"(\{{{0}(?:\x02{0}:{0}{1}{0}(?:,{0}\x02{0}:{0}{1}{0})*+)?+\}})", kJsonBlanks,
                     SkeletonValue());
}

}  // namespace

std::string JsonInnermost() {
  return fmt::format(R"((?!\A)(?:{2}|\[{0}(?:{1}{0}(?:,{0}{1}{0})*+)?+\]))", kJsonBlanks,
                     SkeletonValue(), SkeletonObject());
}

std::string JsonObject() { return fmt::format(R"(\A{}\z)", SkeletonObject()); }

}  // namespace lyceum
