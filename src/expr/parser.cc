// A recursive-descent parser that types as it goes. A type error yields a null pointer and a
// diagnostic; siblings are parsed all the same, so that one pass shows every problem.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/calendar.h"
#include "expr/expr.h"
#include "expr/tokens.h"

namespace lyceum {
namespace {

/// Deeper nesting is refused: it is no expression that a person wrote, and the stack is finite.
constexpr int kMaxDepth = 100;
constexpr size_t kMaxExpressionBytes = 64 * 1024;
constexpr int kMaxDigits = 38;

const Type kInteger{TypeKind::kInteger};
const Type kBigint{TypeKind::kBigint};
const Type kBoolean{TypeKind::kBoolean};
const Type kText{TypeKind::kText};
const Type kDate{TypeKind::kDate};
const Type kTimestamp{TypeKind::kTimestamp};

const std::vector<std::string> kKeywords = {"and",  "or",      "not",  "in",   "is",
                                            "null", "between", "case", "when", "then",
                                            "else", "end",     "true", "false"};

bool IsKeyword(const std::string& word) {
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

bool IsExact(const Type& type) {
  return type.kind == TypeKind::kInteger || type.kind == TypeKind::kBigint ||
         type.kind == TypeKind::kDecimal;
}

/// An exact number as a decimal that holds all its values.
Type AsDecimal(const Type& type) {
  if (type.kind == TypeKind::kInteger) return {TypeKind::kDecimal, 10, 0};
  if (type.kind == TypeKind::kBigint) return {TypeKind::kDecimal, 19, 0};
  return type;
}

/// The type that holds values of both, if there is one.
std::optional<Type> CommonType(const Type& a, const Type& b) {
  if (a == b) return a;
  if (!IsExact(a) || !IsExact(b)) return std::nullopt;
  if (a.kind != TypeKind::kDecimal && b.kind != TypeKind::kDecimal) return kBigint;
  const Type left = AsDecimal(a), right = AsDecimal(b);
  const int scale = std::max(left.scale, right.scale);
  const int whole = std::max(left.precision - left.scale, right.precision - right.scale);
  return Type{TypeKind::kDecimal, std::min(kMaxDigits, whole + scale), scale};
}

/// Digits that a decimal needs to hold all values of both exact numbers.
int DigitsOfBoth(const Type& a, const Type& b) {
  const Type left = AsDecimal(a), right = AsDecimal(b);
  return std::max(left.precision - left.scale, right.precision - right.scale) +
         std::max(left.scale, right.scale);
}

bool Comparable(const Type& a, const Type& b) {
  // Engines compare decimals in one type of 38 digits, or do not; some fail on the row.
  if (IsExact(a) && IsExact(b) && DigitsOfBoth(a, b) > kMaxDigits) return false;
  return CommonType(a, b).has_value() || (IsNumeric(a) && IsNumeric(b));
}

ExprNode Node(ExprKind kind, Span span, const Type& type, std::string text) {
  ExprNode node;
  node.kind = kind;
  node.span = span;
  node.type = type;
  node.text = std::move(text);
  return node;
}

Expr Make(ExprNode node) { return std::make_shared<const ExprNode>(std::move(node)); }

Expr Literal(Span span, const Type& type, std::string text) {
  ExprNode node = Node(ExprKind::kLiteral, span, type, std::move(text));
  return Make(std::move(node));
}

bool IsNullLiteral(const Expr& expr) { return expr->kind == ExprKind::kLiteral && expr->is_null; }

/// A null literal takes the type that its context wants.
Expr TypedAs(const Expr& expr, const Type& type) {
  if (!IsNullLiteral(expr)) return expr;
  ExprNode node = *expr;
  node.type = type;
  return Make(std::move(node));
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, const std::vector<ScopeColumn>& scope, Diagnostics* diagnostics)
      : tokens_(std::move(tokens)), scope_(scope), diagnostics_(diagnostics) {}

  Expr Run() {
    if (Peek().kind == TokenKind::kEnd) return Fail(Peek().span, "expected an expression");
    Expr expr = Or();
    if (!stopped_ && Peek().kind != TokenKind::kEnd) {
      Stop(Peek().span, fmt::format("expected an operator or the end, got '{}'", Peek().raw));
    }
    if (expr && IsNullLiteral(expr)) {
      return Fail(expr->span, "a null needs something that gives it a type");
    }
    return failed_ ? nullptr : expr;
  }

 private:
  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool Is(std::string_view text, size_t ahead = 0) const {
    const Token& token = Peek(ahead);
    return token.kind != TokenKind::kString && token.kind != TokenKind::kEnd && token.text == text;
  }
  bool Take(std::string_view text) {
    if (!Is(text)) return false;
    ++at_;
    return true;
  }
  bool Expect(std::string_view text) {
    if (Take(text)) return true;
    const Token& token = Peek();
    Stop(token.span, token.kind == TokenKind::kEnd
                         ? fmt::format("expected '{}' before the end", text)
                         : fmt::format("expected '{}', got '{}'", text, token.raw));
    return false;
  }
  /// Notes a problem of meaning; parsing goes on.
  Expr Fail(Span span, std::string message) {
    diagnostics_->Error(span, std::move(message));
    failed_ = true;
    return nullptr;
  }
  /// Notes a problem of form; what follows cannot be understood, so nothing more is reported.
  Expr Stop(Span span, std::string message) {
    if (!stopped_) diagnostics_->Error(span, std::move(message));
    stopped_ = failed_ = true;
    at_ = tokens_.size() - 1;
    return nullptr;
  }

  Expr Or() { return Logical(BinaryOp::kOr, "or"); }

  Expr Logical(BinaryOp op, std::string_view word) {
    if (++depth_ > kMaxDepth) return Stop(Peek().span, "the expression is nested too deeply");
    Expr left = op == BinaryOp::kOr ? Logical(BinaryOp::kAnd, "and") : Not();
    while (Is(word) && !stopped_) {
      const Span span = Peek().span;
      ++at_;
      Expr right = op == BinaryOp::kOr ? Logical(BinaryOp::kAnd, "and") : Not();
      left = Combine(op, span, left, right);
    }
    --depth_;
    return left;
  }

  Expr Combine(BinaryOp op, Span span, const Expr& left, const Expr& right) {
    const bool typed = RequireBoolean(left) && RequireBoolean(right);
    if (!typed) return nullptr;
    ExprNode node = Node(ExprKind::kBinary, span, kBoolean, "");
    node.op = op;
    node.children = {TypedAs(left, kBoolean), TypedAs(right, kBoolean)};
    return Make(std::move(node));
  }

  bool RequireBoolean(const Expr& expr) {
    if (!expr) return false;
    if (IsNullLiteral(expr) || expr->type == kBoolean) return true;
    Fail(expr->span, fmt::format("expected a condition, got {}", TypeName(expr->type)));
    return false;
  }

  Expr Not() {
    const Span span = Peek().span;
    if (!Take("not")) return Comparison();
    if (++depth_ > kMaxDepth) return Stop(span, "the expression is nested too deeply");
    Expr child = Not();
    --depth_;
    if (!RequireBoolean(child)) return nullptr;
    ExprNode node = Node(ExprKind::kNot, span, kBoolean, "");
    node.children = {TypedAs(child, kBoolean)};
    return Make(std::move(node));
  }

  Expr Comparison() {
    Expr left = Sum();
    while (!stopped_) {
      const Span span = Peek().span;
      if (Take("is")) {
        const bool negated = Take("not");
        if (!Expect("null")) return nullptr;
        left = IsNull(span, left, negated);
        continue;
      }
      const bool negated = Is("not") && (Is("in", 1) || Is("between", 1));
      if (negated) ++at_;
      if (Take("in")) {
        left = In(span, left, negated);
      } else if (Take("between")) {
        left = Between(span, left, negated);
      } else if (const std::optional<BinaryOp> op = ComparisonOperator()) {
        ++at_;
        left = Compare(*op, span, left, Sum());
      } else {
        return left;
      }
    }
    return left;
  }

  std::optional<BinaryOp> ComparisonOperator() const {
    static const std::pair<std::string_view, BinaryOp> kOperators[] = {
        {"=", BinaryOp::kEqual},        {"<>", BinaryOp::kNotEqual},  {"!=", BinaryOp::kNotEqual},
        {"<", BinaryOp::kLess},         {"<=", BinaryOp::kLessEqual}, {">", BinaryOp::kGreater},
        {">=", BinaryOp::kGreaterEqual}};
    for (const auto& [text, op] : kOperators) {
      if (Peek().kind == TokenKind::kSymbol && Peek().text == text) return op;
    }
    return std::nullopt;
  }

  Expr IsNull(Span span, const Expr& child, bool negated) {
    if (!child) return nullptr;
    if (IsNullLiteral(child)) return Fail(child->span, "'null is null' says nothing");
    ExprNode node = Node(ExprKind::kIsNull, span, kBoolean, "");
    node.negated = negated;
    node.children = {child};
    return Make(std::move(node));
  }

  Expr Compare(BinaryOp op, Span span, const Expr& left, const Expr& right) {
    if (!left || !right) return nullptr;
    if (IsNullLiteral(left) || IsNullLiteral(right)) {
      return Fail(span, "a comparison with null is never true; use 'is null'");
    }
    if (!Comparable(left->type, right->type)) {
      return Fail(span, fmt::format("cannot compare {} with {}", TypeName(left->type),
                                    TypeName(right->type)));
    }
    ExprNode node = Node(ExprKind::kBinary, span, kBoolean, "");
    node.op = op;
    node.children = {left, right};
    return Make(std::move(node));
  }

  Expr In(Span span, const Expr& left, bool negated) {
    if (!Expect("(")) return nullptr;
    ExprNode node = Node(ExprKind::kIn, span, kBoolean, "");
    node.negated = negated;
    bool typed = left != nullptr;
    node.children.push_back(left);
    do {
      Expr item = Sum();
      if (stopped_) return nullptr;
      if (!item) {
        typed = false;
      } else if (item->kind != ExprKind::kLiteral || item->is_null) {
        Fail(item->span, "expected a literal that is not null");
        typed = false;
      } else if (left && (IsNullLiteral(left) || !Comparable(left->type, item->type))) {
        Fail(item->span,
             fmt::format("cannot compare {} with {}", TypeName(left->type), TypeName(item->type)));
        typed = false;
      }
      node.children.push_back(item);
    } while (Take(","));
    if (!Expect(")") || !typed) return nullptr;
    return Make(std::move(node));
  }

  Expr Between(Span span, const Expr& left, bool negated) {
    Expr low = Sum();
    if (!Expect("and")) return nullptr;
    Expr high = Sum();
    const Expr lower = Compare(BinaryOp::kGreaterEqual, span, left, low);
    const Expr upper = lower ? Compare(BinaryOp::kLessEqual, span, left, high) : nullptr;
    if (!lower || !upper) return nullptr;
    ExprNode node = Node(ExprKind::kBetween, span, kBoolean, "");
    node.negated = negated;
    node.children = {left, low, high};
    return Make(std::move(node));
  }

  Expr Sum() {
    Expr left = Product();
    while (!stopped_ && (Is("+") || Is("-"))) {
      const Token& token = Peek();
      ++at_;
      Expr right = Product();
      left = Arithmetic(token.text == "+" ? BinaryOp::kAdd : BinaryOp::kSubtract, token.span, left,
                        right);
    }
    return left;
  }

  Expr Product() {
    Expr left = Unary();
    while (!stopped_ && Is("*")) {
      const Span span = Peek().span;
      ++at_;
      left = Arithmetic(BinaryOp::kMultiply, span, left, Unary());
    }
    return left;
  }

  Expr Arithmetic(BinaryOp op, Span span, const Expr& left, const Expr& right) {
    if (!left || !right) return nullptr;
    if (!IsExact(left->type) || !IsExact(right->type) || IsNullLiteral(left) ||
        IsNullLiteral(right)) {
      return Fail(span, fmt::format("cannot calculate with {} and {}; expected integer, bigint or "
                                    "decimal",
                                    Described(left), Described(right)));
    }
    ExprNode node = Node(ExprKind::kBinary, span, kBigint, "");
    node.op = op;
    node.children = {left, right};
    const bool decimal =
        left->type.kind == TypeKind::kDecimal || right->type.kind == TypeKind::kDecimal;
    if (decimal) {
      const Type a = AsDecimal(left->type), b = AsDecimal(right->type);
      const int scale = op == BinaryOp::kMultiply ? a.scale + b.scale : std::max(a.scale, b.scale);
      const int digits = op == BinaryOp::kMultiply
                             ? a.precision + b.precision
                             : std::max(a.precision - a.scale, b.precision - b.scale) + scale + 1;
      if (digits > kMaxDigits) {
        return Fail(span,
                    fmt::format("the result needs {} digits, more than {}", digits, kMaxDigits));
      }
      node.type = {TypeKind::kDecimal, digits, scale};
    }
    return Make(std::move(node));
  }

  static std::string Described(const Expr& expr) {
    return IsNullLiteral(expr) ? "null" : TypeName(expr->type);
  }

  Expr Unary() {
    const Span span = Peek().span;
    if (!Take("-")) {
      Take("+");
      return Primary();
    }
    if (++depth_ > kMaxDepth) return Stop(span, "the expression is nested too deeply");
    const bool number = Peek().kind == TokenKind::kNumber;
    if (number) {
      --depth_;
      return Number("-");
    }
    Expr child = Unary();
    --depth_;
    if (!child) return nullptr;
    if (!IsExact(child->type) || IsNullLiteral(child)) {
      return Fail(span, fmt::format("cannot negate {}", Described(child)));
    }
    ExprNode node = Node(ExprKind::kNegate, span, child->type, "");
    if (node.type.kind == TypeKind::kInteger) node.type = kBigint;
    node.children = {child};
    return Make(std::move(node));
  }

  Expr Number(const std::string& sign) {
    const Token token = Peek();
    ++at_;
    const size_t point = token.text.find('.');
    if (point != std::string::npos) {
      const std::string whole = token.text.substr(0, point);
      const std::string kept = whole.substr(std::min(whole.find_first_not_of('0'), whole.size()));
      const int scale = static_cast<int>(token.text.size() - point - 1);
      const int digits = static_cast<int>(kept.size()) + scale;
      if (digits > kMaxDigits) return Fail(token.span, "number has more than 38 digits");
      return Literal(token.span, {TypeKind::kDecimal, digits, scale}, sign + token.text);
    }
    const std::string text = sign + token.text;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return Fail(token.span, "number is outside the range of bigint");
    const bool small = value >= INT32_MIN && value <= INT32_MAX;
    return Literal(token.span, small ? kInteger : kBigint, fmt::format("{}", value));
  }

  Expr Primary() {
    if (++depth_ > kMaxDepth) return Stop(Peek().span, "the expression is nested too deeply");
    Expr expr = PrimaryInside();
    --depth_;
    return expr;
  }

  Expr PrimaryInside() {
    const Token token = Peek();
    switch (token.kind) {
      case TokenKind::kNumber:
        return Number("");
      case TokenKind::kString:
        ++at_;
        return Literal(token.span, kText, token.text);
      case TokenKind::kEnd:
        return Stop(token.span, "expected a value before the end");
      case TokenKind::kSymbol:
        if (!Take("("))
          return Stop(token.span, fmt::format("expected a value, got '{}'", token.raw));
        {
          Expr inner = Or();
          if (!Expect(")")) return nullptr;
          return inner;
        }
      case TokenKind::kName:
        break;
    }
    ++at_;
    if (token.text == "true" || token.text == "false") {
      return Literal(token.span, kBoolean, token.text);
    }
    if (token.text == "null") {
      ExprNode node = Node(ExprKind::kLiteral, token.span, kText, "");
      node.is_null = true;
      return Make(std::move(node));
    }
    if (token.text == "case") return Case(token.span);
    const bool typed_literal =
        Peek().kind == TokenKind::kString && (token.text == "date" || token.text == "timestamp");
    if (typed_literal) return DateLiteral(token);
    if (Is("(")) return Call(token);
    if (IsKeyword(token.text)) {
      return Stop(token.span, fmt::format("expected a value, got '{}'", token.raw));
    }
    return Column(token);
  }

  Expr Column(const Token& token) {
    std::vector<std::string> names;
    for (const ScopeColumn& column : scope_) {
      if (column.name == token.raw) {
        return Make(Node(ExprKind::kColumn, token.span, column.type, column.name));
      }
      names.push_back(column.name);
    }
    diagnostics_->UnknownName(token.span, "column", token.raw, names);
    return nullptr;
  }

  Expr DateLiteral(const Token& word) {
    const Token token = Peek();
    ++at_;
    const std::string& text = token.text;
    const bool date_shaped = text.size() >= 10 && text[4] == '-';
    const std::optional<Days> day =
        date_shaped ? ParseBatchDate(std::string_view(text).substr(0, 10)) : std::nullopt;
    if (word.text == "date") {
      if (!day || text.size() != 10) {
        return Fail(token.span, "not a date; expected date 'yyyy-MM-dd'");
      }
      return Literal(word.span, kDate, text);
    }
    int hour = 0, minute = 0, second = 0, used = 0;
    const bool timed =
        day && text.size() == 19 && text[10] == ' ' &&
        sscanf(text.c_str() + 11, "%2d:%2d:%2d%n", &hour, &minute, &second, &used) == 3 &&
        used == 8 && text.find_first_of("+- ", 11) == std::string::npos && hour < 24 &&
        minute < 60 && second < 60;
    if (!timed) {
      return Fail(token.span, "not a timestamp; expected timestamp 'yyyy-MM-dd HH:mm:ss'");
    }
    return Literal(word.span, kTimestamp, text);
  }

  Expr Case(Span span) {
    ExprNode node = Node(ExprKind::kCase, span, kText, "");
    bool typed = true;
    if (!Is("when")) {
      Expect("when");
      return nullptr;
    }
    while (Take("when")) {
      Expr condition = Or();
      if (!Expect("then")) return nullptr;
      Expr value = Or();
      typed = RequireBoolean(condition) && value && typed;
      node.children.push_back(condition);
      node.children.push_back(value);
    }
    Expr otherwise;
    if (Take("else")) {
      otherwise = Or();
    } else {
      ExprNode null = Node(ExprKind::kLiteral, span, kText, "");
      null.is_null = true;
      otherwise = Make(std::move(null));
    }
    if (!Expect("end")) return nullptr;
    node.children.push_back(otherwise);
    if (!typed || !otherwise) return nullptr;
    std::vector<Expr*> values;
    for (size_t i = 1; i < node.children.size(); i += 2) values.push_back(&node.children[i]);
    values.push_back(&node.children.back());
    for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
      node.children[i] = TypedAs(node.children[i], kBoolean);
    }
    if (!Unify(values, &node.type)) return nullptr;
    return Make(std::move(node));
  }

  /// Finds the type that holds all values, and gives it to the nulls among them.
  bool Unify(const std::vector<Expr*>& values, Type* type) {
    std::optional<Type> common;
    for (const Expr* value : values) {
      if (IsNullLiteral(*value)) continue;
      if (!common) {
        common = (*value)->type;
        continue;
      }
      const std::optional<Type> both = CommonType(*common, (*value)->type);
      if (!both) {
        Fail((*value)->span,
             fmt::format("expected {}, got {}", TypeName(*common), TypeName((*value)->type)));
        return false;
      }
      common = both;
    }
    if (!common) {
      Fail((*values.front())->span, "at least one value must not be null");
      return false;
    }
    for (Expr* value : values) *value = TypedAs(*value, *common);
    *type = *common;
    return true;
  }

  Expr Call(const Token& name) {
    Expect("(");
    ExprNode node = Node(ExprKind::kCall, name.span, kText, name.text);
    bool typed = true;
    if (!Is(")")) {
      do {
        node.children.push_back(Or());
        typed = typed && node.children.back() != nullptr;
        if (stopped_) return nullptr;
      } while (Take(","));
    }
    if (!Expect(")") || !typed) return nullptr;
    if (name.text == "coalesce") return Coalesce(std::move(node));
    if (name.text == "nullif") return NullIf(std::move(node));
    if (name.text == "abs") return Abs(std::move(node));
    return Resolve(std::move(node), name);
  }

  Expr Coalesce(ExprNode node) {
    if (node.children.size() < 2) {
      return Fail(node.span, "coalesce takes two or more values of one type");
    }
    std::vector<Expr*> values;
    for (Expr& child : node.children) values.push_back(&child);
    if (!Unify(values, &node.type)) return nullptr;
    return Make(std::move(node));
  }

  Expr NullIf(ExprNode node) {
    if (node.children.size() != 2 || IsNullLiteral(node.children[0]) ||
        IsNullLiteral(node.children[1]) ||
        !Comparable(node.children[0]->type, node.children[1]->type)) {
      return Fail(node.span, "nullif takes two values of one type");
    }
    node.type = node.children[0]->type;
    return Make(std::move(node));
  }

  Expr Abs(ExprNode node) {
    if (node.children.size() != 1 || !IsExact(node.children[0]->type) ||
        IsNullLiteral(node.children[0])) {
      return Fail(node.span, "abs takes one integer, bigint or decimal");
    }
    node.type = node.children[0]->type;
    if (node.type.kind == TypeKind::kInteger) node.type = kBigint;
    return Make(std::move(node));
  }

  Expr Resolve(ExprNode node, const Token& name) {
    std::vector<std::string> known = {"coalesce", "nullif", "abs"};
    std::vector<std::string> signatures;
    for (const FunctionSignature& function : AllFunctions()) {
      known.push_back(function.name);
      if (function.name != node.text) continue;
      std::vector<std::string> arguments;
      bool fits = function.arguments.size() == node.children.size();
      for (size_t i = 0; i < function.arguments.size(); ++i) {
        arguments.push_back(TypeName(function.arguments[i]));
        fits = fits &&
               (IsNullLiteral(node.children[i]) || node.children[i]->type == function.arguments[i]);
      }
      if (fits) {
        node.type = function.result;
        for (size_t i = 0; i < node.children.size(); ++i) {
          node.children[i] = TypedAs(node.children[i], function.arguments[i]);
        }
        return Make(std::move(node));
      }
      signatures.push_back(fmt::format("{}({})", function.name, fmt::join(arguments, ", ")));
    }
    if (signatures.empty()) {
      return Fail(name.span,
                  fmt::format("unknown function '{}'{}", name.raw, SuggestName(name.raw, known)));
    }
    std::vector<std::string> given;
    for (const Expr& child : node.children) given.push_back(Described(child));
    return Fail(name.span, fmt::format("{}({}) does not exist; expected {}", node.text,
                                       fmt::join(given, ", "), fmt::join(signatures, " or ")));
  }

  std::vector<Token> tokens_;
  const std::vector<ScopeColumn>& scope_;
  Diagnostics* diagnostics_;
  size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  bool stopped_ = false;
};

}  // namespace

Expr ParseExpression(std::string_view text, Span start, const std::vector<ScopeColumn>& scope,
                     Diagnostics* diagnostics) {
  if (text.size() > kMaxExpressionBytes) {
    diagnostics->Error(start, "the expression is longer than 65536 bytes");
    return nullptr;
  }
  bool failed = false;
  std::vector<Token> tokens = Tokenize(text, start, diagnostics, &failed);
  if (failed) return nullptr;
  return Parser(std::move(tokens), scope, diagnostics).Run();
}

}  // namespace lyceum
