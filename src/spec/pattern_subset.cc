#include "spec/pattern_subset.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace lyceum {
namespace {

constexpr int kMaxRepeat = 1000;
constexpr int kMaxDepth = 100;
/// No code point: a class member that is a set of characters.
constexpr char32_t kSet = 0xFFFFFFFF;

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
  bool FailAt(size_t offset, const char* what) {
    at_ = offset;
    return Fail(what);
  }
  bool More() const { return error_.empty() && at_ < pattern_.size(); }
  char Peek() const { return pattern_[at_]; }

  /// Returns how often the most repeated part inside is repeated.
  int Alternatives(int depth) {
    if (depth > kMaxDepth) {
      Fail("groups are nested too deeply");
      return 1;
    }
    int most = 1;
    while (More() && Peek() != ')') {
      if (Peek() == '|') {
        ++at_;
        continue;
      }
      if (Atom(depth)) Repeat();
      most = std::max(most, repeats_);
    }
    return most;
  }

  bool Atom(int depth) {
    const char c = Peek();
    repeats_ = 1;
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
    const int repeats = Alternatives(depth + 1);
    if (!error_.empty()) return false;
    if (!More()) {
      at_ = open;
      return Fail("'(' is not closed");
    }
    ++at_;
    repeats_ = repeats;
    return true;
  }

  bool Class() {
    const size_t open = at_++;
    if (More() && Peek() == '^') ++at_;
    bool first = true;
    while (More() && (first || Peek() != ']')) {
      first = false;
      const size_t begin = at_;
      char32_t least = 0, greatest = 0;
      if (!ClassMember(&least)) return false;
      // Behind a set, as in `[\w-.]`, a '-' is read as itself.
      const bool range = least != kSet && pattern_.substr(at_, 1) == "-" &&
                         at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']';
      if (!range) continue;
      ++at_;
      const size_t end = at_;
      if (!ClassMember(&greatest)) return false;
      if (greatest == kSet) return FailAt(end, "a range begins and ends with one character");
      if (greatest < least) return FailAt(begin, "the range runs backwards");
    }
    if (!error_.empty()) return false;
    if (!More()) {
      at_ = open;
      return Fail("'[' is not closed");
    }
    ++at_;
    return true;
  }

  /// Reads one character of a class, or a set of them such as `\d`, which gives kSet.
  bool ClassMember(char32_t* character) {
    if (Peek() == '[' || pattern_.substr(at_, 2) == "&&" || Peek() == ']') {
      return Fail("escape this character inside a class with a backslash");
    }
    if (Peek() == '\\') {
      if (!Escape()) return false;
      const char c = pattern_[at_ - 1];
      const bool set = std::string_view("dwsDWS").find(c) != std::string_view::npos;
      *character = set        ? kSet
                   : c == 'n' ? U'\n'
                   : c == 'r' ? U'\r'
                   : c == 't' ? U'\t'
                              : static_cast<char32_t>(c);
      return true;
    }
    const auto lead = static_cast<unsigned char>(Peek());
    const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = size == 1 ? lead : lead & (0x7F >> size);
    for (size_t i = 1; i < size && at_ + i < pattern_.size(); ++i) {
      point = point << 6 | (static_cast<unsigned char>(pattern_[at_ + i]) & 0x3F);
    }
    at_ = std::min(at_ + size, pattern_.size());
    *character = point;
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
      const size_t begin = at_++;
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
      if (most > 0 && repeats_ * most > kMaxRepeat) {
        FailAt(begin, "repeats inside a repeat multiply; expected at most 1000 together");
        return;
      }
      if (most > 0) repeats_ *= most;
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
  int repeats_ = 1;  ///< of the most repeated part of the atom that was read last
  std::string error_;
};

}  // namespace

namespace {

/// How often a repeat at `at` may be taken, and where it ends.
struct Repeat {
  size_t end = 0;
  bool varies = true;
  int most = kMaxRepeat + 1;  ///< beyond the limit: without end
};

Repeat ReadRepeat(std::string_view pattern, size_t at) {
  Repeat repeat;
  repeat.end = at;
  if (pattern[at] == '?') repeat.most = 1;
  if (pattern[at] == '{') {
    repeat.end = pattern.find('}', at);
    const std::string numbers(pattern.substr(at + 1, repeat.end - at - 1));
    const size_t comma = numbers.find(',');
    const int least = std::stoi(numbers);
    const bool endless = comma + 1 == numbers.size();
    if (!endless) {
      repeat.most = comma == std::string::npos ? least : std::stoi(numbers.substr(comma + 1));
      repeat.varies = repeat.most != least;
    }
  }
  // A lazy one.
  if (repeat.end + 1 < pattern.size() && pattern[repeat.end + 1] == '?') ++repeat.end;
  return repeat;
}

}  // namespace

PatternCost CostOf(std::string_view pattern) {
  /// More turns of a group that can match in several ways are too many.
  constexpr int kFewTurns = 3;
  struct Group {
    bool varies = false;    ///< its length does, or which alternative is taken
    int depth = 1;          ///< of groups inside, itself included
    size_t atoms = 0;       ///< of the alternative that is being read
    bool has_long = false;  ///< an alternative is not one atom
    bool has_others = false;
  };
  PatternCost cost;
  std::vector<Group> open(1);
  Group last;  // of the atom that was read last
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*' || c == '+' || c == '?' || c == '{') {
      const Repeat repeat = ReadRepeat(pattern, i);
      if (last.varies && repeat.most > kFewTurns) cost.ambiguous = true;
      // Only groups take the stack; a character or class is repeated in a loop.
      if (last.depth > 1 && repeat.most > kFewTurns) {
        cost.repeated_depth = std::max(cost.repeated_depth, last.depth - 1);
      }
      open.back().varies = open.back().varies || repeat.varies;
      i = repeat.end;
      continue;
    }
    if (c == '|') {
      open.back().has_others = true;
      open.back().has_long = open.back().has_long || open.back().atoms != 1;
      open.back().atoms = 0;
      continue;
    }
    if (c == ')') {
      Group group = open.back();
      open.pop_back();
      group.has_long = group.has_long || group.atoms != 1;
      last = Group();
      last.varies = group.varies || (group.has_others && group.has_long);
      last.depth = group.depth + 1;
      open.back().depth = std::max(open.back().depth, last.depth);
      open.back().varies = open.back().varies || last.varies;
      continue;
    }
    ++open.back().atoms;
    last = Group();
    if (c == '\\') {
      ++i;
    } else if (c == '[') {
      // Inside a class a bracket is escaped.
      for (++i; pattern[i] != ']'; ++i) i += pattern[i] == '\\';
    } else if (c == '(') {
      open.emplace_back();
      if (pattern.substr(i + 1, 2) == "?:") i += 2;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      // The rest of one character.
      while (i + 1 < pattern.size() &&
             (static_cast<unsigned char>(pattern[i + 1]) & 0xC0) == 0x80) {
        ++i;
      }
    }
  }
  return cost;
}

std::string CheckPattern(std::string_view pattern, size_t* offset) {
  return PatternChecker(pattern).Run(offset);
}

}  // namespace lyceum
