#include "engines/spark_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/diagnostic.h"
#include "base/hex.h"

namespace lyceum {
namespace {

constexpr std::string_view kScheme = "sc://";

/// What is wrong, and the form that is right; never what was written, for it may hold a token.
Status Wrong(std::string_view what) {
  return BadSpec(fmt::format(
      "Spark connection string: {}; expected 'sc://host[:port][/;key=value;...]'", what));
}

/// nullopt if a `%` has no two hex digits behind it.
std::optional<std::string> PercentDecoded(std::string_view text) {
  bool well_formed = false;
  std::string plain = DecodePercent(text, &well_formed);
  return well_formed ? std::optional<std::string>(std::move(plain)) : std::nullopt;
}

std::optional<int> Number(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < least || value > most) return std::nullopt;
  return value;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : HexDigit(text[i]) < 0) return false;
  }
  return true;
}

/// gRPC sends only visible ASCII, and ends the program over anything else.
bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool IsHostName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

bool IsIpv6(std::string_view text) {
  return text.find(':') != text.npos && std::all_of(text.begin(), text.end(), [](char c) {
           return HexDigit(c) >= 0 || c == ':' || c == '.';
         });
}

/// The name as gRPC wants it; nullopt if it cannot name a header, or gRPC sets it itself.
std::optional<std::string> HeaderName(std::string_view key) {
  std::string name;
  for (char c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) {
      return std::nullopt;
    }
    name += c;
  }
  if (name.empty() || name.rfind("grpc-", 0) == 0) return std::nullopt;
  for (const char* own : {"te", "host", "user-agent", "content-type"}) {
    if (name == own) return std::nullopt;
  }
  return name;
}

/// Refuses the name of a header that is nearly that of a key: `tokn` would send the token to a
/// server that asks for none by this name. Headers that begin with `x-` are somebody's own.
Status CheckNoMistypedKey(const std::string& name) {
  static const std::vector<std::string> kKeys = {
      "token", "use_ssl", "user_id", "user_agent", "session_id", "grpc_max_message_size"};
  if (name.rfind("x-", 0) == 0 || name.rfind("X-", 0) == 0) return Status::Ok();
  const std::string nearest = SuggestName(name, kKeys);
  if (nearest.find("did you mean") == nearest.npos) return Status::Ok();
  return BadSpec(fmt::format(
      "Spark connection string: unknown key '{}'{} A header of your own begins with 'x-'", name,
      nearest));
}

/// Reads `host[:port]`.
Status ReadAuthority(std::string_view text, SparkAddress* address) {
  std::optional<std::string_view> port;
  if (!text.empty() && text[0] == '[') {
    const size_t close = text.find(']');
    if (close == text.npos || !IsIpv6(text.substr(1, close - 1))) {
      return Wrong("the IPv6 address in brackets is none");
    }
    address->host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return Wrong("something follows the IPv6 address");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const size_t colon = text.find(':');
    address->host = text.substr(0, colon);
    if (address->host.empty()) return Wrong("it names no host");
    if (address->host.find('@') != std::string::npos || text.find('@') != text.npos) {
      return Wrong("a user before the host is not known there, write ';user_id=' or ';token='");
    }
    if (!IsHostName(address->host)) return Wrong("the host name has characters that none can have");
    if (colon != text.npos) port = text.substr(colon + 1);
  }
  if (port) {
    const std::optional<int> number = Number(*port, 1, 65535);
    if (!number) return Wrong("the port is no number from 1 to 65535");
    address->port = *number;
  }
  return Status::Ok();
}

}  // namespace

std::string SparkAddress::Shown() const {
  const bool brackets = host.find(':') != std::string::npos;
  return fmt::format("sc://{}{}{}:{}", brackets ? "[" : "", host, brackets ? "]" : "", port);
}

bool IsSparkUrl(std::string_view text) { return text.rfind(kScheme, 0) == 0; }

Result<SparkAddress> ParseSparkUrl(std::string_view url) {
  if (!IsSparkUrl(url)) return Wrong("it does not begin with 'sc://'");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.find_first_of("?#") != rest.npos && rest.find_first_of("?#") < rest.find(';')) {
    return Wrong("'?' and '#' begin nothing there");
  }
  const size_t slash = std::min(rest.find('/'), rest.find(';'));
  SparkAddress address;
  RETURN_IF_ERROR(ReadAuthority(rest.substr(0, slash), &address));
  if (slash == rest.npos) return address;
  if (rest[slash] == ';') return Wrong("a '/' is missing before the first ';'");
  rest.remove_prefix(slash + 1);
  if (!rest.empty() && rest[0] != ';') return Wrong("the path after the host is not empty");

  std::optional<bool> use_ssl;
  std::map<std::string, int> seen;
  for (int position = 1; !rest.empty(); ++position) {
    rest.remove_prefix(1);  // the ';'
    const std::string_view part = rest.substr(0, rest.find(';'));
    rest.remove_prefix(part.size());
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const std::optional<std::string> name = PercentDecoded(part.substr(0, equals));
    // Without '=' the whole part may be a secret, so that only its position is told.
    if (equals == part.npos || !name || name->empty()) {
      return Wrong(fmt::format("part {} after the host is not 'key=value'", position));
    }
    const std::optional<std::string> value = PercentDecoded(part.substr(equals + 1));
    if (!value)
      return Wrong(fmt::format("the value of '{}' has a '%' without two hex digits", *name));
    if (!IsPrintable(*value) || !IsPrintable(*name)) {
      return Wrong(fmt::format("part {} has characters beyond visible ASCII", position));
    }
    if (seen[*name]++) return Wrong(fmt::format("'{}' is said twice", *name));
    if (*name == "use_ssl") {
      if (*value != "true" && *value != "false")
        return Wrong("'use_ssl' is neither true nor false");
      use_ssl = *value == "true";
    } else if (*name == "token") {
      if (value->empty()) return Wrong("'token' is empty");
      address.token = *value;
    } else if (*name == "user_id") {
      address.user_id = *value;
    } else if (*name == "user_agent") {
      address.user_agent = *value;
    } else if (*name == "session_id") {
      if (!IsUuid(*value)) return Wrong("'session_id' is no UUID");
      address.session_id = *value;
    } else if (*name == "grpc_max_message_size") {
      const std::optional<int> bytes = Number(*value, 1, 2147483647);
      if (!bytes) return Wrong("'grpc_max_message_size' is no number of bytes");
      address.max_message_bytes = *bytes;
    } else {
      const std::optional<std::string> header = HeaderName(*name);
      if (!header) return Wrong(fmt::format("'{}' cannot be the name of a header", *name));
      RETURN_IF_ERROR(CheckNoMistypedKey(*name));
      address.headers.emplace_back(*header, *value);
    }
  }
  const bool authorizes = std::any_of(address.headers.begin(), address.headers.end(),
                                      [](const auto& h) { return h.first == "authorization"; });
  if (authorizes && !address.token.empty()) {
    return Wrong("'token' and 'authorization' say the same thing twice");
  }
  address.use_tls = use_ssl.value_or(!address.token.empty());
  return address;
}

}  // namespace lyceum
