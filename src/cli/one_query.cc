#include "cli/one_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace lyceum {
namespace {

constexpr std::string_view kQueryWords[] = {"SELECT",    "WITH",  "FROM",     "VALUES",
                                            "TABLE",     "SHOW",  "DESCRIBE", "DESC",
                                            "SUMMARIZE", "PIVOT", "UNPIVOT",  "("};

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Walks SQL token by token: words, quoted texts, single other characters.
class Tokens {
 public:
  explicit Tokens(std::string_view sql) : sql_(sql) {}

  /// The next word in upper case, or the first character of anything else; "" at the end.
  std::string Next() {
    SkipBlanks();
    begin_ = at_;
    if (at_ == sql_.size()) return "";
    const char c = sql_[at_];
    if (c == '\'' || c == '"') return Quoted(c);
    if (c == '$') return Dollar();
    if (!IsWord(c)) return std::string(1, sql_[at_++]);
    std::string word;
    while (at_ < sql_.size() && IsWord(sql_[at_])) {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(sql_[at_++])));
    }
    return word;
  }
  /// Where the last token begins.
  size_t begin() const { return begin_; }

 private:
  void SkipBlanks() {
    while (at_ < sql_.size()) {
      if (std::isspace(static_cast<unsigned char>(sql_[at_]))) {
        ++at_;
      } else if (sql_.substr(at_, 2) == "--") {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (sql_.substr(at_, 2) == "/*") {
        const size_t end = sql_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? sql_.size() : end + 2;
      } else {
        return;
      }
    }
  }
  std::string Quoted(char quote) {
    const size_t end = sql_.find(quote, at_ + 1);  // a doubled quote begins the next text
    at_ = end == std::string_view::npos ? sql_.size() : end + 1;
    return std::string(1, quote);
  }
  /// `$$text$$` or `$tag$text$tag$`; a dollar alone is a parameter.
  std::string Dollar() {
    size_t close = at_ + 1;
    while (close < sql_.size() && IsWord(sql_[close])) ++close;
    if (close < sql_.size() && sql_[close] == '$') {
      const std::string_view tag = sql_.substr(at_, close + 1 - at_);
      const size_t end = sql_.find(tag, close + 1);
      at_ = end == std::string_view::npos ? sql_.size() : end + tag.size();
    } else {
      at_ = close;
    }
    return "$";
  }

  std::string_view sql_;
  size_t at_ = 0;
  size_t begin_ = 0;
};

bool BeginsQuery(const std::string& word) {
  return std::find(std::begin(kQueryWords), std::end(kQueryWords), word) != std::end(kQueryWords);
}

Status NoQuery(const std::string& word) {
  return BadSpec(
      fmt::format("expected a query, which begins with SELECT, WITH, FROM, VALUES, "
                  "TABLE, SHOW, DESCRIBE, SUMMARIZE, PIVOT, UNPIVOT or EXPLAIN; got "
                  "'{}'",
                  word));
}

/// The first word that EXPLAIN explains, behind its options.
std::string Explained(Tokens* tokens) {
  std::string word = tokens->Next();
  if (word == "ANALYZE" || word == "VERBOSE") return Explained(tokens);
  if (word != "(") return word;
  word = tokens->Next();
  if (word != "FORMAT" && word != "ANALYZE") return word;
  while (word != ")" && !word.empty()) word = tokens->Next();
  return tokens->Next();
}

}  // namespace

Result<OneQuery> ReadOneQuery(const std::string& text) {
  Tokens tokens(text);
  OneQuery query;
  std::string word = tokens.Next();
  if (word.empty()) return BadSpec("the query is empty; expected something like 'SELECT 1'");
  if (word == "EXPLAIN") {
    query.explains = true;
    word = Explained(&tokens);
  }
  if (!BeginsQuery(word)) return NoQuery(word);
  while (!word.empty() && word != ";") word = tokens.Next();
  query.sql = text.substr(0, tokens.begin());
  while (word == ";") word = tokens.Next();
  if (!word.empty()) {
    return BadSpec(fmt::format("expected one query; '{}' stands behind the first ';'", word));
  }
  return query;
}

}  // namespace lyceum
