#include "report/style.h"

#include <fmt/format.h>

#include <algorithm>

namespace lyceum {
namespace {

constexpr char32_t kInvalid = 0xFFFD;

/// One character of UTF-8 text, or one byte that is none.
struct Character {
  char32_t code = 0;
  size_t size = 1;
};

Character Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || size > text.size()) return {kInvalid, 1};
  char32_t code = lead & (0xFF >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {kInvalid, 1};
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[size] || surrogate || code > 0x10FFFF) return {kInvalid, 1};
  return {code, size};
}

struct Range {
  char32_t first, last;
};

template <size_t N>
bool IsIn(const Range (&ranges)[N], char32_t code) {
  for (const Range& range : ranges) {
    if (code >= range.first && code <= range.last) return true;
  }
  return false;
}

// The ranges that matter for names of people and courses; exotic scripts may misalign by a column.
constexpr Range kCombining[] = {
    {0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}};
constexpr Range kWide[] = {
    {0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

size_t WidthOf(char32_t code) {
  if (IsIn(kCombining, code)) return 0;
  return IsIn(kWide, code) ? 2 : 1;
}

/// What could steer a terminal: C0 and C1 controls, and the marks that reverse the order of
/// writing.
bool IsControl(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

/// Bytes of the longest start of `text` that fits into `width` columns.
size_t FittingPrefix(std::string_view text, size_t width) {
  size_t at = 0, used = 0;
  while (at < text.size()) {
    const Character c = Decode(text.substr(at));
    used += WidthOf(c.code);
    if (used > width) break;
    at += c.size;
  }
  return at;
}

/// Where the longest end of `text` starts that fits into `width` columns.
size_t FittingSuffix(std::string_view text, size_t width) {
  size_t excess = DisplayWidth(text);
  size_t at = 0;
  while (at < text.size() && excess > width) {
    const Character c = Decode(text.substr(at));
    excess -= WidthOf(c.code);
    at += c.size;
  }
  return at;
}

}  // namespace

std::string Style::Paint(Ink ink, std::string_view text) const {
  if (!color || ink == Ink::kPlain || text.empty()) return std::string(text);
  constexpr int kCodes[] = {0, 2, 1, 31, 33, 32};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<int>(ink)], text);
}

std::string FormatSeconds(double seconds) {
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  return fmt::format("{} min {:02} s", FormatCount(whole / 60), whole % 60);
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Character c = Decode(text);
    width += WidthOf(c.code);
    text.remove_prefix(c.size);
  }
  return width;
}

std::string ElideMiddle(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  // The end of a file name tells more than its middle: date and kind stand there.
  const size_t tail = (width - 1) / 2;
  const size_t head = width - 1 - tail;
  return fmt::format("{}…{}", text.substr(0, FittingPrefix(text, head)),
                     text.substr(FittingSuffix(text, tail)));
}

std::string PrintableText(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const Character c = Decode(text);
    const bool bad = IsControl(c.code) || (c.code == kInvalid && c.size == 1);
    printable += bad ? std::string_view("?") : text.substr(0, c.size);
    text.remove_prefix(c.size);
  }
  return printable;
}

std::string WrapText(std::string_view text, size_t width, size_t indent) {
  std::string wrapped;
  size_t used = indent;
  bool line_starts = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const size_t word_width = DisplayWidth(word);
    if (!line_starts && used + 1 + word_width > width) {
      wrapped += "\n" + std::string(indent, ' ');
      used = indent;
      line_starts = true;
    }
    if (!line_starts) {
      wrapped += ' ';
      ++used;
    }
    wrapped += word;
    used += word_width;
    line_starts = false;
    if (end == text.size()) break;
    if (text[end] == '\n') {
      wrapped += '\n';
      used = 0;
      line_starts = true;
    }
    text.remove_prefix(end + 1);
  }
  return wrapped;
}

std::string QuoteForShell(std::string_view argument) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";
  if (!argument.empty() && argument.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(argument);
  }
  std::string quoted = "'";
  for (char c : argument) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace lyceum
