#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace lyceum {

/// Where a Spark Connect server is, taken apart from
/// `sc://host[:port][/;key=value;...]`.
struct SparkAddress {
  std::string host;  ///< an IPv6 address without its brackets
  int port = 15002;
  bool use_tls = false;
  std::string token;  ///< secret; sent as `authorization: Bearer <token>`
  std::string user_id;
  std::string user_agent;
  std::string session_id;  ///< "" for one of our own
  int max_message_bytes = 128 << 20;
  /// Every other `key=value`, in order: sent as metadata of each call. Values may be secrets.
  std::vector<std::pair<std::string, std::string>> headers;

  /// `sc://host:port`, without anything secret.
  std::string Shown() const;
};

bool IsSparkUrl(std::string_view text);

/// Reads a connection string as Spark's clients do. `token` implies TLS unless `use_ssl=false` is
/// said too. kBadSpec says which part is wrong, never its value.
Result<SparkAddress> ParseSparkUrl(std::string_view url);

}  // namespace lyceum
