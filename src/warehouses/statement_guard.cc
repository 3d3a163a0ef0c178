#include "warehouses/statement_guard.h"

#include <fmt/format.h>

#include <cctype>
#include <vector>

namespace lyceum {
namespace {

/// The first words and names of a statement; literals and what follows them do not matter here.
class Words {
 public:
  Words(std::string_view sql, bool backslash_escapes)
      : sql_(sql), backslash_escapes_(backslash_escapes) {}

  /// The next word in upper case, quoted name (with its quotes), or single other character; "" at
  /// the end. A literal comes out as `'`.
  std::string Next() {
    while (at_ < sql_.size() && std::isspace(static_cast<unsigned char>(sql_[at_]))) ++at_;
    if (at_ == sql_.size()) return "";
    const char c = sql_[at_];
    if (c == '\'') return Literal();
    if (c == '"') return Quoted();
    if (!IsWord(c)) return std::string(1, sql_[at_++]);
    std::string word;
    while (at_ < sql_.size() && IsWord(sql_[at_])) {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(sql_[at_++])));
    }
    return word;
  }

  /// A possibly qualified name: `"a"."b"`.
  std::string Table() {
    std::string table = Next();
    while (at_ < sql_.size() && sql_[at_] == '.') {
      ++at_;
      table += "." + Next();
    }
    return table;
  }

 private:
  static bool IsWord(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '#' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  std::string Literal() {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == '\\' && backslash_escapes_) {
        ++at_;
      } else if (sql_[at_] == '\'') {
        if (at_ + 1 == sql_.size() || sql_[at_ + 1] != '\'') break;
        ++at_;
      }
    }
    if (at_ < sql_.size()) ++at_;
    return "'";
  }
  std::string Quoted() {
    const size_t begin = at_;
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] != '"') continue;
      if (at_ + 1 == sql_.size() || sql_[at_ + 1] != '"') break;
      ++at_;
    }
    if (at_ < sql_.size()) ++at_;
    return std::string(sql_.substr(begin, at_ - begin));
  }

  std::string_view sql_;
  bool backslash_escapes_;
  size_t at_ = 0;
};

Status Broken(std::string_view verb, std::string_view why) {
  return Internal(fmt::format("a {} was not sent: {}", verb, why));
}

/// What follows the target of a DELETE or MERGE if it has no alias.
bool FollowsTarget(const std::string& word) {
  return word.empty() || word == "USING" || word == "WHERE";
}

}  // namespace

Status StatementGuard::Check(std::string_view sql) {
  Words words(sql, dialect_.backslash_escapes);
  const std::string verb = words.Next();
  std::string table;
  if (verb == "DELETE" || verb == "INSERT" || verb == "MERGE") {
    words.Next();  // FROM or INTO
    table = words.Table();
    if (verb != "INSERT" && !FollowsTarget(words.Next())) {
      return Broken(verb, "its target has an alias");
    }
  } else if (verb == "UPDATE") {
    table = words.Table();
    if (words.Next() != "SET") return Broken(verb, "its target has an alias");
  } else if (verb == "ALTER") {
    words.Next();  // TABLE
    table = words.Table();
    const std::string action = words.Next();
    if (in_transaction_ && (action == "APPEND" || action == "ALTER")) {
      return Broken("ALTER TABLE", "Redshift refuses it inside a transaction");
    }
  }
  for (std::string word = words.Next(); !word.empty(); word = words.Next()) {
    if (word == ";") return Broken(verb, "a call holds one statement");
  }
  if (verb == "BEGIN") {
    in_transaction_ = first_ = true;
    locked_ = false;
    inserted_.clear();
    return Status::Ok();
  }
  if (verb == "COMMIT" || verb == "ROLLBACK") {
    in_transaction_ = false;
    return Status::Ok();
  }
  if (!in_transaction_) return Status::Ok();
  RETURN_IF_ERROR(CheckInTransaction(verb, table));
  first_ = false;
  return Status::Ok();
}

Status StatementGuard::CheckInTransaction(std::string_view verb, const std::string& table) {
  for (std::string_view refused : {"TRUNCATE", "VACUUM", "ANALYZE"}) {
    if (verb == refused) return Broken(verb, "it cannot be part of a transaction");
  }
  if (verb == "LOCK") {
    if (!first_) return Broken(verb, "it must be the first statement of its transaction");
    locked_ = true;
    return Status::Ok();
  }
  const bool changes = verb == "DELETE" || verb == "UPDATE" || verb == "MERGE" || verb == "INSERT";
  if (!changes) return Status::Ok();
  if (!locked_ && !dialect_.one_writer) return Broken(verb, "its transaction holds no lock");
  // Temporary tables have no schema, and no other session sees them.
  if (table.find('.') == std::string::npos) return Status::Ok();
  if (verb != "INSERT" && inserted_.count(table) > 0) {
    return Broken(verb, fmt::format("its transaction inserted into {} before", table));
  }
  // A MERGE inserts too.
  if (verb == "INSERT" || verb == "MERGE") inserted_.insert(table);
  return Status::Ok();
}

}  // namespace lyceum
