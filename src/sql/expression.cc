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
        return fmt::format("(- {})", Widened(node.children[0], parts[0], node.type));
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

 private:
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

}  // namespace lyceum
