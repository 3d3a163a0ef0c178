#include "base/hex.h"

#include <cstring>

namespace lyceum {

namespace {

/// Both digits of every byte.
struct DigitPairs {
  constexpr DigitPairs() {
    constexpr char kDigits[] = "0123456789abcdef";
    for (int i = 0; i < 256; ++i) {
      text[2 * i] = kDigits[i >> 4];
      text[2 * i + 1] = kDigits[i & 15];
    }
  }
  char text[512] = {};
};

}  // namespace

void WriteHex(const uint8_t* bytes, size_t size, char* out) {
  static constexpr DigitPairs kPairs;
  for (size_t i = 0; i < size; ++i) std::memcpy(out + 2 * i, kPairs.text + 2 * bytes[i], 2);
}

std::string Hex(std::string_view bytes) {
  std::string digits(2 * bytes.size(), '\0');
  WriteHex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), digits.data());
  return digits;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Unhex(std::string_view digits) {
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(HexDigit(digits[i]) << 4 | HexDigit(digits[i + 1])));
  }
  return bytes;
}

std::string DecodePercent(std::string_view text, bool* well_formed) {
  std::string decoded;
  if (well_formed) *well_formed = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
                        HexDigit(text[i + 2]) >= 0;
    if (!escape) {
      if (well_formed && text[i] == '%') *well_formed = false;
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  return decoded;
}

}  // namespace lyceum
