#include <cstdint>

#include "base/hex.h"
#include "engines/record_file.h"
#include "engines/utf8.h"

namespace lyceum {
namespace {

bool IsPrintableAscii(char byte) { return byte >= 0x20 && byte <= 0x7e; }

void AppendHexByte(char byte, std::string* out) {
  out->append("\\x");
  out->append(Hex({&byte, 1}));
}

/// C1 controls, U+0080 to U+009F, print as nothing or move the cursor.
bool IsControl(std::string_view character) {
  return character.size() == 2 && character[0] == '\xc2' &&
         static_cast<uint8_t>(character[1]) < 0xa0;
}

/// Escapes the first character of `bytes`, which is one byte if it is none; returns its length.
size_t AppendEscaped(std::string_view bytes, std::string* out) {
  const char first = bytes[0];
  if (first == '\\') {
    out->append("\\\\");
    return 1;
  }
  if (IsPrintableAscii(first)) {
    out->push_back(first);
    return 1;
  }
  const size_t length = Utf8CharacterLength(bytes);
  if (length > 1 && !IsControl(bytes.substr(0, length))) {
    out->append(bytes.substr(0, length));
    return length;
  }
  AppendHexByte(first, out);
  return 1;
}

}  // namespace

std::string EscapeBytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) bytes.remove_prefix(AppendEscaped(bytes, &out));
  return out;
}

std::string EscapeBytesUpTo(std::string_view bytes, size_t max_bytes, bool* whole) {
  std::string out;
  *whole = true;
  while (!bytes.empty()) {
    const size_t before = out.size();
    const size_t length = AppendEscaped(bytes, &out);
    if (out.size() > max_bytes) {
      out.resize(before);
      *whole = false;
      break;
    }
    bytes.remove_prefix(length);
  }
  return out;
}

std::optional<std::string> UnescapeBytes(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out.push_back(text[i++]);
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '\\') {
      out.push_back('\\');
      i += 2;
      continue;
    }
    if (i + 3 >= text.size() || text[i + 1] != 'x') return std::nullopt;
    const int high = HexDigit(text[i + 2]), low = HexDigit(text[i + 3]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
    i += 4;
  }
  // One form everywhere: `\x41` for A, say, is no text of EscapeBytes.
  if (EscapeBytes(out) != text) return std::nullopt;
  return out;
}

std::string ShowName(std::string_view name) {
  bool whole = false;
  std::string shown = EscapeBytesUpTo(name, kMaxShownNameBytes, &whole);
  return whole ? shown : shown + "...";
}

}  // namespace lyceum
