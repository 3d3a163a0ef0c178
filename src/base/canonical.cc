#include "base/canonical.h"

#include <bit>
#include <charconv>
#include <cstring>

#include "base/calendar.h"
#include "base/hex.h"

namespace lyceum {
namespace {

// Sign, 39 digits of a 128-bit number or zeros up to the largest scale, point: far below this.
constexpr size_t kNumberBytes = 96;

void AppendTagged(char letter, std::string_view text, std::string* out) {
  char head[24] = {letter};
  char* const end = std::to_chars(head + 1, head + sizeof(head) - 1, text.size()).ptr;
  *end = ':';
  const size_t head_bytes = static_cast<size_t>(end + 1 - head);
  const size_t before = out->size();
  out->resize(before + head_bytes + text.size() + 1);
  char* to = out->data() + before;
  std::memcpy(to, head, head_bytes);
  if (!text.empty()) std::memcpy(to + head_bytes, text.data(), text.size());
  to[head_bytes + text.size()] = ';';
}

// Writes the number backwards, ending at `end`, and returns its first character. Digits go out one
// by one because neither std::to_chars nor {fmt} is sure to know __int128.
char* WriteDecimal(__int128 unscaled, int scale, char* end) {
  const bool negative = unscaled < 0;
  // Negated as unsigned: the least __int128 has no positive twin.
  auto rest = static_cast<unsigned __int128>(unscaled);
  if (negative) rest = -rest;
  char* begin = end;
  for (int digits = 0; rest != 0 || digits <= scale; ++digits) {
    if (digits == scale && scale > 0) *--begin = '.';
    *--begin = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (negative) *--begin = '-';
  return begin;
}

}  // namespace

void AppendNull(std::string* out) { out->append("n;"); }

void AppendInteger(int64_t value, std::string* out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  AppendTagged('i', {text, end}, out);
}

void AppendDecimal(__int128 unscaled, int scale, std::string* out) {
  if (const auto narrow = static_cast<int64_t>(unscaled); narrow == unscaled) {
    // Division of 128 bits costs ten times that of 64.
    int64_t rest = narrow;
    for (; scale > 0 && rest % 10 == 0; --scale) rest /= 10;
    if (scale == 0) {
      char text[24];
      return AppendTagged('m', {text, std::to_chars(text, text + sizeof(text), rest).ptr}, out);
    }
    unscaled = rest;
  }
  while (scale > 0 && unscaled % 10 == 0) {
    unscaled /= 10;
    --scale;
  }
  char text[kNumberBytes];
  char* const end = text + sizeof(text);
  const char* begin = WriteDecimal(unscaled, scale, end);
  AppendTagged('m', {begin, end}, out);
}

void AppendDouble(double value, std::string* out) {
  const auto bits = std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
  uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(bits >> (8 * (7 - i)));
  char text[16];
  WriteHex(bytes, sizeof(bytes), text);
  AppendTagged('f', {text, sizeof(text)}, out);
}

void AppendBoolean(bool value, std::string* out) {
  AppendTagged('b', value ? "true" : "false", out);
}

void AppendText(std::string_view value, std::string* out) { AppendTagged('t', value, out); }

void AppendDate(int32_t days, std::string* out) { AppendTagged('d', FormatDate(days), out); }

void AppendTimestamp(int64_t micros, std::string* out) {
  char text[kTimestampBytes];
  if (WriteTimestamp(micros, text)) return AppendTagged('s', {text, sizeof(text)}, out);
  AppendTagged('s', FormatTimestamp(micros), out);
}

std::string FormatDecimal(__int128 unscaled, int scale) {
  char text[kNumberBytes];
  char* const end = text + sizeof(text);
  return {WriteDecimal(unscaled, scale, end), end};
}

}  // namespace lyceum
