#include "base/redact.h"

#include <algorithm>

namespace lyceum {
namespace {

constexpr std::string_view kUrlEnds = " \t'\"<>";

void Mask(std::string* text, size_t begin, size_t end) {
  const bool variable = text->compare(begin, 2, "${") == 0;
  if (!variable) std::fill(text->begin() + begin, text->begin() + end, '*');
}

/// Masks what stands between the user's colon and the last '@' before the host of the URL whose
/// `://` ends at `begin`.
void MaskAuthority(std::string* text, size_t begin) {
  const size_t end = std::min(text->find_first_of(kUrlEnds, begin), text->size());
  // A password may hold '/' and '?' by mistake; the last '@' is the one before the host.
  const size_t at = text->rfind('@', end == 0 ? 0 : end - 1);
  if (at == std::string::npos || at < begin) return;
  const size_t colon = text->find(':', begin);
  if (colon == std::string::npos || colon > at) return;
  Mask(text, colon + 1, at);
}

}  // namespace

std::string MaskPasswords(std::string_view text) {
  std::string masked(text);
  for (size_t at = masked.find("://"); at != std::string::npos; at = masked.find("://", at + 3)) {
    MaskAuthority(&masked, at + 3);
  }
  constexpr std::string_view kParameter = "password=";
  for (size_t at = masked.find(kParameter); at != std::string::npos;
       at = masked.find(kParameter, at + 1)) {
    const size_t begin = at + kParameter.size();
    const size_t end = std::min(masked.find_first_of(" \t'\"<>&", begin), masked.size());
    Mask(&masked, begin, end);
  }
  return masked;
}

std::string WithoutPassword(std::string_view url) {
  std::string text(url);
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  const size_t begin = scheme + 3;
  const size_t at = text.rfind('@', text.find_first_of("?", begin));
  const size_t colon = text.find(':', begin);
  if (at != std::string::npos && colon != std::string::npos && colon < at) {
    text.erase(colon, at - colon);
  }
  const size_t parameter = text.find("password=");
  if (parameter != std::string::npos) {
    const size_t end = text.find('&', parameter);
    text.erase(parameter, end == std::string::npos ? end : end + 1 - parameter);
    while (!text.empty() && (text.back() == '?' || text.back() == '&')) text.pop_back();
  }
  return text;
}

bool HoldsPassword(std::string_view url) { return MaskPasswords(url) != url; }

}  // namespace lyceum
