// One rendering of the expression language per dialect. Every composite is parenthesised, so the
// dialect's precedence never matters.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sql/dialect.h"

namespace lyceum {
namespace {

bool IsArithmetic(BinaryOp op) {
  return op == BinaryOp::kAdd || op == BinaryOp::kSubtract || op == BinaryOp::kMultiply;
}

class Renderer {
 public:
  explicit Renderer(const Dialect& dialect) : dialect_(dialect) {}

  Result<std::string> Render(const Expr& expr) {
    const ExprNode& node = *expr;
    std::vector<std::string> parts;
    for (const Expr& child : node.children) {
      ASSIGN_OR_RETURN(std::string part, Render(child));
      parts.push_back(std::move(part));
    }
    const char* no = node.negated ? "NOT " : "";
    switch (node.kind) {
      case ExprKind::kLiteral:
        if (node.is_null) return Cast("NULL", node.type);
        return TypedLiteral(dialect_, node.type, node.text);
      case ExprKind::kColumn:
        return QuoteName(dialect_, node.text);
      case ExprKind::kNot:
        return fmt::format("(NOT {})", parts[0]);
      case ExprKind::kNegate:
        return Negate(node, Widened(node.children[0], parts[0], node.type));
      case ExprKind::kBinary:
        return Binary(node, parts);
      case ExprKind::kIsNull:
        return fmt::format("({} IS {}NULL)", parts[0], no);
      case ExprKind::kIn:
        MakeComparable(node.children, /*ordered=*/false, &parts);
        return fmt::format("({} {}IN ({}))", parts[0], no,
                           fmt::join(parts.begin() + 1, parts.end(), ", "));
      case ExprKind::kBetween:
        MakeComparable(node.children, /*ordered=*/true, &parts);
        return fmt::format("({} {}BETWEEN {} AND {})", parts[0], no, parts[1], parts[2]);
      case ExprKind::kCase:
        return Case(node, parts);
      case ExprKind::kCall:
        return Call(node, parts);
    }
    return Internal("an expression node has no rendering");
  }

  /// A condition, never null, that is true where evaluating `expr` fails; "" if it cannot. Built
  /// operator by operator: an operation fails where it gives null for operands that are not null.
  Result<std::string> Fails(const Expr& expr) {
    const ExprNode& node = *expr;
    std::vector<std::string> fails;
    for (const Expr& child : node.children) {
      ASSIGN_OR_RETURN(std::string part, Fails(child));
      fails.push_back(std::move(part));
    }
    if (node.kind == ExprKind::kCase) return CaseFails(node, fails);
    if (node.kind == ExprKind::kCall && node.text == "coalesce") return CoalesceFails(node, fails);
    std::vector<std::string> terms;
    for (const std::string& part : fails) {
      if (!part.empty()) terms.push_back(part);
    }
    const bool operates = node.kind == ExprKind::kNegate ||
                          (node.kind == ExprKind::kBinary && IsArithmetic(node.op)) ||
                          (node.kind == ExprKind::kCall && node.text == "abs");
    if (operates && CanFail(expr)) {
      ASSIGN_OR_RETURN(const std::string value, Render(expr));
      std::string term = fmt::format("({} IS NULL", value);
      for (const Expr& child : node.children) {
        ASSIGN_OR_RETURN(const std::string operand, Render(child));
        term += fmt::format(" AND {} IS NOT NULL", operand);
      }
      terms.push_back(term + ")");
    }
    return terms.empty() ? std::string() : fmt::format("({})", fmt::join(terms, " OR "));
  }

 private:
  /// Conditions are reached until one holds, and then its value.
  Result<std::string> CaseFails(const ExprNode& node, const std::vector<std::string>& fails) {
    std::string text = "CASE";
    bool any = false;
    for (size_t i = 0; i < fails.size(); ++i) {
      any = any || !fails[i].empty();
      const std::string part = fails[i].empty() ? "FALSE" : fails[i];
      const bool is_value = i % 2 == 1 || i + 1 == fails.size();
      if (!is_value) {
        if (!fails[i].empty()) text += fmt::format(" WHEN {} THEN TRUE", part);
      } else if (i + 1 == fails.size()) {
        text += fmt::format(" ELSE {} END", part);
      } else {
        ASSIGN_OR_RETURN(const std::string condition, Render(node.children[i - 1]));
        text += fmt::format(" WHEN {} THEN {}", condition, part);
      }
    }
    return any ? fmt::format("({})", text) : std::string();
  }

  /// An argument is reached if all before it are null.
  Result<std::string> CoalesceFails(const ExprNode& node, const std::vector<std::string>& fails) {
    std::vector<std::string> terms;
    std::string reached;
    for (size_t i = 0; i < fails.size(); ++i) {
      if (!fails[i].empty()) terms.push_back(fmt::format("({}{})", reached, fails[i]));
      ASSIGN_OR_RETURN(const std::string value, Render(node.children[i]));
      reached += fmt::format("{} IS NULL AND ", value);
    }
    return terms.empty() ? std::string() : fmt::format("({})", fmt::join(terms, " OR "));
  }

  /// True if this very operation, and not only a part of it, may overflow.
  bool IsChecked(const ExprNode& node) const {
    return dialect_.checked_arithmetic &&
           std::any_of(node.children.begin(), node.children.end(),
                       [](const Expr& child) { return child->type.kind != TypeKind::kInteger; });
  }

  /// As a subtraction, since Spark's minus rounds long decimals.
  std::string Negate(const ExprNode& node, const std::string& value) const {
    if (!IsChecked(node)) return fmt::format("(- {})", value);
    return Cast(dialect_.checked_arithmetic(BinaryOp::kSubtract, Cast("0", node.type), value),
                node.type);
  }

  std::string Cast(const std::string& value, const Type& type) const {
    return fmt::format("CAST({} AS {})", value, dialect_.type_name(type));
  }

  /// Engines widen integers in their own ways; a cast says which type an operand has.
  std::string Widened(const Expr& child, const std::string& part, const Type& type) const {
    return child->type == type ? part : Cast(part, type);
  }

  /// Texts compare alike on all engines only if they are spelled as the dialect says.
  void MakeComparable(const std::vector<Expr>& operands, bool ordered,
                      std::vector<std::string>* parts) const {
    const auto spell = ordered ? dialect_.ordered_text : dialect_.equal_text;
    if (!spell) return;
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i]->type.kind == TypeKind::kText) (*parts)[i] = spell((*parts)[i]);
    }
  }

  std::string Binary(const ExprNode& node, std::vector<std::string> parts) const {
    const bool equality = node.op == BinaryOp::kEqual || node.op == BinaryOp::kNotEqual;
    if (!IsArithmetic(node.op)) MakeComparable(node.children, !equality, &parts);
    std::string left = parts[0], right = parts[1];
    if (IsArithmetic(node.op) && node.type.kind == TypeKind::kBigint) {
      left = Widened(node.children[0], left, node.type);
      right = Widened(node.children[1], right, node.type);
    }
    const bool decimal = IsArithmetic(node.op) && node.type.kind == TypeKind::kDecimal;
    if (decimal && dialect_.narrow_decimals) left = WideOperand(node, left);
    if (IsArithmetic(node.op) && IsChecked(node)) {
      const std::string text = dialect_.checked_arithmetic(node.op, left, right);
      return decimal ? Cast(text, node.type) : text;
    }
    const std::string text = fmt::format("({} {} {})", left, OperatorText(node.op), right);
    return decimal ? Cast(text, node.type) : text;
  }

  /// The left operand of decimal arithmetic in a type wide enough for the result's digits.
  std::string WideOperand(const ExprNode& node, const std::string& left) const {
    constexpr int kNarrowDigits = 18;
    if (node.type.precision <= kNarrowDigits) return left;
    if (node.op != BinaryOp::kMultiply) return Cast(left, node.type);
    const Type& type = node.children[0]->type;
    const bool is_decimal = type.kind == TypeKind::kDecimal;
    const int digits = is_decimal ? type.precision : 0;
    return Cast(left, {TypeKind::kDecimal, std::max(kNarrowDigits + 1, digits),
                       is_decimal ? type.scale : 0});
  }

  std::string Case(const ExprNode& node, const std::vector<std::string>& parts) const {
    std::string text = "CASE";
    for (size_t i = 0; i + 1 < parts.size(); i += 2) {
      text += fmt::format(" WHEN {} THEN {}", parts[i],
                          Widened(node.children[i + 1], parts[i + 1], node.type));
    }
    return fmt::format("({} ELSE {} END)", text,
                       Widened(node.children.back(), parts.back(), node.type));
  }

  Result<std::string> Call(const ExprNode& node, std::vector<std::string> parts) const {
    if (node.text == "nullif" && dialect_.equal_text &&
        node.children[0]->type.kind == TypeKind::kText) {
      return fmt::format("(CASE WHEN {} = {} THEN NULL ELSE {} END)", dialect_.equal_text(parts[0]),
                         dialect_.equal_text(parts[1]), parts[0]);
    }
    const bool widens = node.text == "coalesce" || node.text == "abs";
    for (size_t i = 0; widens && i < parts.size(); ++i) {
      parts[i] = Widened(node.children[i], parts[i], node.type);
    }
    if (node.text == "abs" && dialect_.checked_arithmetic) {
      return fmt::format("(CASE WHEN {0} < 0 THEN {1} ELSE {0} END)", parts[0],
                         Negate(node, parts[0]));
    }
    std::string text = dialect_.call(node.text, parts);
    if (text.empty()) {
      return BadSpec(fmt::format("{} has no function '{}'", dialect_.name, node.text));
    }
    return text;
  }

  const Dialect& dialect_;
};

}  // namespace

Result<std::string> RenderExpression(const Dialect& dialect, const Expr& expr) {
  return Renderer(dialect).Render(expr);
}

Result<std::string> RenderSafeExpression(const Dialect& dialect, const Expr& expr) {
  ASSIGN_OR_RETURN(const std::string value, RenderExpression(dialect, expr));
  if (!CanFail(expr)) return value;
  ASSIGN_OR_RETURN(const std::string fails, RenderEvaluationFails(dialect, expr));
  return fmt::format("CASE WHEN {} THEN NULL ELSE {} END", fails, value);
}

Result<std::string> RenderEvaluationFails(const Dialect& dialect, const Expr& expr) {
  return Renderer(dialect).Fails(expr);
}

}  // namespace lyceum
