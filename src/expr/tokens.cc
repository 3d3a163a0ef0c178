#include "expr/tokens.h"

#include <algorithm>
#include <cctype>

namespace lyceum {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

bool IsNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || std::isdigit(static_cast<unsigned char>(c)); }

/// Cuts text into tokens; reports what is none and goes on behind it.
class Lexer {
 public:
  Lexer(std::string_view text, Span start, Diagnostics* diagnostics)
      : text_(text), place_(start), diagnostics_(diagnostics) {}

  std::vector<Token> Run() {
    std::vector<Token> tokens;
    while (true) {
      SkipBlanks();
      Token token;
      token.span = place_;
      if (at_ >= text_.size()) {
        tokens.push_back(token);
        return tokens;
      }
      const size_t begin = at_;
      if (IsNameStart(text_[at_])) {
        while (at_ < text_.size() && IsNamePart(text_[at_])) Advance();
        token.kind = TokenKind::kName;
      } else if (std::isdigit(static_cast<unsigned char>(text_[at_]))) {
        ReadNumber();
        token.kind = TokenKind::kNumber;
      } else if (text_[at_] == '\'') {
        token.kind = TokenKind::kString;
        if (!ReadString(&token)) {
          diagnostics_->Error(token.span, "string is not closed; expected a quote (')");
          failed_ = true;
        }
      } else {
        token.kind = TokenKind::kSymbol;
        if (!ReadSymbol()) {
          diagnostics_->Error(token.span, "unexpected character in expression");
          failed_ = true;
          continue;
        }
      }
      token.raw = std::string(text_.substr(begin, at_ - begin));
      if (token.kind != TokenKind::kString) token.text = Lower(token.raw);
      token.span.length = std::max<int>(1, static_cast<int>(at_ - begin));
      tokens.push_back(std::move(token));
    }
  }
  bool failed() const { return failed_; }

 private:
  void Advance() {
    if (text_[at_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else {
      ++place_.column;
    }
    ++at_;
  }
  void SkipBlanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) Advance();
  }
  void ReadNumber() {
    const auto digits = [this] {
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) Advance();
    };
    digits();
    if (at_ + 1 < text_.size() && text_[at_] == '.' &&
        std::isdigit(static_cast<unsigned char>(text_[at_ + 1]))) {
      Advance();
      digits();
    }
  }
  bool ReadString(Token* token) {
    Advance();
    while (at_ < text_.size()) {
      if (text_[at_] == '\'') {
        Advance();
        if (at_ >= text_.size() || text_[at_] != '\'') return true;
      }
      token->text += text_[at_];
      Advance();
    }
    return false;
  }
  bool ReadSymbol() {
    for (std::string_view two : {"<=", ">=", "<>", "!="}) {
      if (text_.substr(at_, 2) == two) {
        Advance();
        Advance();
        return true;
      }
    }
    const bool known = std::string_view("+-*(),=<>").find(text_[at_]) != std::string_view::npos;
    Advance();
    return known;
  }

  std::string_view text_;
  size_t at_ = 0;
  Span place_;
  Diagnostics* diagnostics_;
  bool failed_ = false;
};

}  // namespace

std::vector<Token> Tokenize(std::string_view text, Span start, Diagnostics* diagnostics,
                            bool* failed) {
  Lexer lexer(text, start, diagnostics);
  std::vector<Token> tokens = lexer.Run();
  *failed = lexer.failed();
  return tokens;
}

}  // namespace lyceum
