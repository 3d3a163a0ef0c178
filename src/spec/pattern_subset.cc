#include "spec/pattern_subset.h"

#include <cctype>

namespace lyceum {
namespace {

constexpr int kMaxRepeat = 1000;
constexpr int kMaxDepth = 100;

/// Walks a pattern by its grammar: alternatives of sequences of repeated atoms.
class PatternChecker {
 public:
  explicit PatternChecker(std::string_view pattern) : pattern_(pattern) {}

  std::string Run(size_t* offset) {
    Alternatives(0);
    if (error_.empty() && at_ < pattern_.size()) Fail("')' without '('");
    *offset = where_;
    return error_;
  }

 private:
  bool Fail(const char* what) {
    if (error_.empty()) {
      error_ = what;
      where_ = at_;
    }
    at_ = pattern_.size();
    return false;
  }
  bool More() const { return error_.empty() && at_ < pattern_.size(); }
  char Peek() const { return pattern_[at_]; }

  void Alternatives(int depth) {
    if (depth > kMaxDepth) {
      Fail("groups are nested too deeply");
      return;
    }
    while (More() && Peek() != ')') {
      if (Peek() == '|') {
        ++at_;
        continue;
      }
      if (Atom(depth)) Repeat();
    }
  }

  bool Atom(int depth) {
    const char c = Peek();
    switch (c) {
      case '(':
        return Group(depth);
      case '[':
        return Class();
      case '\\':
        return Escape();
      case '^':
      case '$':
        return Fail("the whole value is matched anyway; leave '^' and '$' out");
      case '*':
      case '+':
      case '?':
        return Fail("nothing to repeat");
      case '{':
      case '}':
      case ']':
        return Fail("escape this character with a backslash");
      default:
        ++at_;
        return true;
    }
  }

  bool Group(int depth) {
    const size_t open = at_++;
    if (More() && Peek() == '?') {
      if (pattern_.substr(at_, 2) != "?:") {
        return Fail("of the '(?' groups only '(?:...)' is read alike everywhere");
      }
      at_ += 2;
    }
    Alternatives(depth + 1);
    if (!error_.empty()) return false;
    if (!More()) {
      at_ = open;
      return Fail("'(' is not closed");
    }
    ++at_;
    return true;
  }

  bool Class() {
    const size_t open = at_++;
    if (More() && Peek() == '^') ++at_;
    bool first = true;
    while (More() && (first || Peek() != ']')) {
      first = false;
      if (Peek() == '[' || pattern_.substr(at_, 2) == "&&" || Peek() == ']') {
        return Fail("escape this character inside a class with a backslash");
      }
      if (Peek() == '\\') {
        if (!Escape()) return false;
      } else {
        ++at_;
      }
    }
    if (!error_.empty()) return false;
    if (!More()) {
      at_ = open;
      return Fail("'[' is not closed");
    }
    ++at_;
    return true;
  }

  bool Escape() {
    if (at_ + 1 >= pattern_.size()) return Fail("a backslash needs a character after it");
    const char c = pattern_[at_ + 1];
    const bool word = std::string_view("dwsDWSnrt").find(c) != std::string_view::npos;
    if (!word && !std::ispunct(static_cast<unsigned char>(c))) {
      return Fail("this escape is not read alike everywhere");
    }
    at_ += 2;
    return true;
  }

  bool Number(int* value) {
    const size_t begin = at_;
    *value = 0;
    while (More() && std::isdigit(static_cast<unsigned char>(Peek())) && *value <= kMaxRepeat) {
      *value = *value * 10 + (Peek() - '0');
      ++at_;
    }
    return at_ > begin;
  }

  void Repeat() {
    if (!More()) return;
    if (Peek() == '{') {
      ++at_;
      int least = 0, most = 0;
      if (!Number(&least)) {
        Fail("expected a number after '{'");
        return;
      }
      most = least;
      if (More() && Peek() == ',') {
        ++at_;
        if (!Number(&most)) most = least;
      }
      if (!More() || Peek() != '}') {
        Fail("expected '}'");
        return;
      }
      if (least > kMaxRepeat || most > kMaxRepeat || most < least) {
        Fail("a repeat takes rising numbers up to 1000");
        return;
      }
      ++at_;
    } else if (Peek() == '*' || Peek() == '+' || Peek() == '?') {
      ++at_;
    } else {
      return;
    }
    if (More() && Peek() == '?') ++at_;
    if (More() && (Peek() == '*' || Peek() == '+' || Peek() == '{' || Peek() == '?')) {
      Fail("a repeat of a repeat is not read alike everywhere");
    }
  }

  std::string_view pattern_;
  size_t at_ = 0;
  size_t where_ = 0;
  std::string error_;
};

}  // namespace

std::string CheckPattern(std::string_view pattern, size_t* offset) {
  return PatternChecker(pattern).Run(offset);
}

}  // namespace lyceum
