#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace lyceum {

enum class TokenKind { kName, kNumber, kString, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  ///< names in lower case for keywords' sake; strings without quotes
  std::string raw;
  Span span;
};

/// Cuts expression text into tokens, with an end token last. What is no token is reported, and
/// skipped; `failed` becomes true then.
std::vector<Token> Tokenize(std::string_view text, Span start, Diagnostics* diagnostics,
                            bool* failed);

}  // namespace lyceum
