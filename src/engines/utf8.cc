#include "engines/utf8.h"

#include <simdjson.h>

#include <cstdint>
#include <cstring>

namespace lyceum {

size_t Utf8CharacterLength(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const auto follows = [&](size_t i, uint8_t from = 0x80, uint8_t to = 0xbf) {
    return i < bytes.size() && byte(i) >= from && byte(i) <= to;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const uint8_t from = first == 0xe0 ? 0xa0 : 0x80;
    const uint8_t to = first == 0xed ? 0x9f : 0xbf;
    return follows(1, from, to) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const uint8_t from = first == 0xf0 ? 0x90 : 0x80;
    const uint8_t to = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, from, to) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool IsUtf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

bool IsCleanText(std::string_view bytes) {
  return IsUtf8(bytes) && std::memchr(bytes.data(), 0, bytes.size()) == nullptr;
}

}  // namespace lyceum
