#include "base/redact.h"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace lyceum {
namespace {

constexpr std::string_view kUrlEnds = " \t'\"<>";
constexpr std::string_view kSparkScheme = "sc://";

/// Parts of names whose values are secret: Spark's own list, storage accounts, and headers.
constexpr std::string_view kSecretWords[] = {"secret",     "password",     "token",
                                             "access.key", "accesskey",    "account.key",
                                             "api-key",    "authorization"};

/// Parameters of a Spark server's URL that hold nothing secret. Every other one is sent as a header
/// and may be anything.
constexpr std::string_view kPlainParameters[] = {"use_ssl", "user_id", "user_agent", "session_id",
                                                 "grpc_max_message_size"};

/// Which parameters of a `sc://` URL to mask.
enum class Masked {
  kSecret,    ///< those with a secret name
  kDoubtful,  ///< those that are not known to be harmless
};

void Mask(std::string* text, size_t begin, size_t end) {
  const bool variable = text->compare(begin, 2, "${") == 0;
  if (!variable) std::fill(text->begin() + begin, text->begin() + end, '*');
}

/// Masks what stands between the user's colon and the last '@' before the host of the URL whose
/// `://` ends at `begin`. The URL, or the part of it that holds the '@', ends at `end`.
void MaskAuthority(std::string* text, size_t begin, size_t end) {
  // A password may hold '/' and '?' by mistake; the last '@' is the one before the host.
  const size_t at = text->rfind('@', end == 0 ? 0 : end - 1);
  if (at == std::string::npos || at < begin) return;
  const size_t colon = text->find(':', begin);
  if (colon == std::string::npos || colon > at) return;
  Mask(text, colon + 1, at);
}

/// Masks the values of `;key=value` in a Spark server's URL, whose text is [begin, end).
void MaskParameters(std::string* text, size_t begin, size_t end, Masked which) {
  for (size_t at = text->find(';', begin); at < end; at = text->find(';', at + 1)) {
    const size_t stop = std::min(text->find(';', at + 1), end);
    const std::string_view parameter = std::string_view(*text).substr(at + 1, stop - at - 1);
    const size_t equal = parameter.find('=');
    if (equal == std::string_view::npos) continue;
    const std::string_view name = parameter.substr(0, equal);
    const bool plain = std::find(std::begin(kPlainParameters), std::end(kPlainParameters), name) !=
                       std::end(kPlainParameters);
    if (which == Masked::kSecret ? IsSecretName(name) : !plain) Mask(text, at + equal + 2, stop);
  }
}

void MaskUrls(std::string* text, Masked which) {
  for (size_t at = text->find("://"); at != std::string::npos; at = text->find("://", at + 3)) {
    const size_t begin = at + 3;
    const size_t end = std::min(text->find_first_of(kUrlEnds, begin), text->size());
    const bool spark = at >= 2 && text->compare(at - 2, kSparkScheme.size(), kSparkScheme) == 0;
    if (spark) {
      MaskAuthority(text, begin, std::min(text->find_first_of("/;?", begin), end));
      MaskParameters(text, begin, end, which);
    } else {
      MaskAuthority(text, begin, end);
    }
  }
}

/// Masks the value behind each `parameter` (`password=`).
void MaskParameter(std::string* text, std::string_view parameter, std::string_view ends) {
  for (size_t at = text->find(parameter); at != std::string::npos;
       at = text->find(parameter, at + 1)) {
    const size_t begin = at + parameter.size();
    Mask(text, begin, std::min(text->find_first_of(ends, begin), text->size()));
  }
}

/// Masks the values of settings such as `spark.hadoop.fs.s3a.secret.key: value`.
void MaskSettings(std::string* text) {
  constexpr std::string_view kPrefix = "spark.";
  size_t end = 0;
  for (size_t at = text->find(kPrefix); at != std::string::npos; at = text->find(kPrefix, end)) {
    end = std::min(text->find_first_of(" \t'\":,{}", at), text->size());
    if (!IsSecretName(std::string_view(*text).substr(at, end - at))) continue;
    const size_t begin = std::min(text->find_first_not_of(" \t'\":", end), text->size());
    if (std::string_view(*text).substr(end, begin - end).find(':') == std::string_view::npos)
      continue;
    const char quote = (*text)[begin - 1];
    if (quote == '\'' || quote == '"') {
      end = std::min(text->find(quote, begin), text->size());
      while (end + 1 < text->size() && (*text)[end + 1] == quote) {
        end = std::min(text->find(quote, end + 2), text->size());
      }
    } else {
      end = std::min(text->find(", ", begin), text->size());
    }
    Mask(text, begin, end);
  }
}

std::string MaskedText(std::string_view text, Masked which) {
  std::string masked(text);
  MaskUrls(&masked, which);
  MaskParameter(&masked, "password=", " \t'\"<>&");
  MaskParameter(&masked, "token=", " \t'\"<>&;");
  return masked;
}

}  // namespace

std::string MaskPasswords(std::string_view text) {
  std::string masked = MaskedText(text, Masked::kDoubtful);
  MaskSettings(&masked);
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

bool HoldsPassword(std::string_view url) { return MaskedText(url, Masked::kSecret) != url; }

bool IsSecretName(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(std::begin(kSecretWords), std::end(kSecretWords),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace lyceum
