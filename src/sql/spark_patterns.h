#pragma once

#include <string>

namespace lyceum {

// The grammar of records as patterns of java.util.regex. Possessive quantifiers keep every one
// linear; runs of one kind are grouped, since Java recurses once for each turn of a group.
// Matching goes over bytes decoded as ISO-8859-1 where bytes must come back unchanged.

/// Inside of a quoted field, up to a quote that is not doubled, or the end.
std::string QuotedBody();
/// One field of a line, from its first character: `[\s\S]` of quoted fields may hold line ends.
/// `delimiter` is itself.
std::string CsvField(char delimiter);
/// A whole line that starts outside quotes and leaves one open.
std::string CsvOpensQuote(char delimiter);
/// A whole line that starts inside quotes and leaves one open.
std::string CsvStaysOpen(char delimiter);
/// One record and its line end, right behind the last match.
std::string CsvRecordInText(char delimiter);
/// A delimiter and the field behind it (group 1).
std::string CsvFieldInRecord(char delimiter);
/// One character as a pattern.
std::string CharacterPattern(char c);

/// Blanks between tokens of JSON.
inline constexpr char kJsonBlanks[] = R"([ \t\r\n]*+)";
/// A string of JSON, strictly.
std::string JsonString();
std::string JsonNumber();
/// Anything that has the outline of a value: quotes and brackets are balanced. Group-free.
std::string JsonOutline();
/// As JsonOutline, or a bare word, as FindElement() of engines/json_records.h finds it.
std::string JsonElementOutline();
/// An element of an array (2), the blanks before it (1) and what follows it (3), right behind the
/// last match.
std::string JsonItem();
/// A member of an object: its key (1) and its value (2).
std::string JsonMember();
/// With all strings replaced by U+0002: an innermost array or object that is not the outermost.
std::string JsonInnermost();
/// The same, with inner values replaced by U+0001: a whole object.
std::string JsonObject();

}  // namespace lyceum
