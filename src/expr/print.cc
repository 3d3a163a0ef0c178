#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "expr/expr.h"

namespace lyceum {
namespace {

std::string PrintLiteral(const ExprNode& node) {
  if (node.is_null) return "null";
  std::string quoted = "'";
  for (char c : node.text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  quoted += '\'';
  switch (node.type.kind) {
    case TypeKind::kText:
      return quoted;
    case TypeKind::kDate:
      return "date " + quoted;
    case TypeKind::kTimestamp:
      return "timestamp " + quoted;
    default:
      return node.text;
  }
}

std::string PrintList(const std::vector<Expr>& children, size_t from) {
  std::vector<std::string> parts;
  for (size_t i = from; i < children.size(); ++i) parts.push_back(PrintExpression(children[i]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string PrintCase(const ExprNode& node) {
  std::string text = "case";
  for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
    text += fmt::format(" when {} then {}", PrintExpression(node.children[i]),
                        PrintExpression(node.children[i + 1]));
  }
  return text + fmt::format(" else {} end", PrintExpression(node.children.back()));
}

}  // namespace

const char* OperatorText(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return "or";
    case BinaryOp::kAnd:
      return "and";
    case BinaryOp::kEqual:
      return "=";
    case BinaryOp::kNotEqual:
      return "<>";
    case BinaryOp::kLess:
      return "<";
    case BinaryOp::kLessEqual:
      return "<=";
    case BinaryOp::kGreater:
      return ">";
    case BinaryOp::kGreaterEqual:
      return ">=";
    case BinaryOp::kAdd:
      return "+";
    case BinaryOp::kSubtract:
      return "-";
    case BinaryOp::kMultiply:
      return "*";
  }
  return "";
}

std::string PrintExpression(const Expr& expr) {
  const ExprNode& node = *expr;
  const char* no = node.negated ? "not " : "";
  switch (node.kind) {
    case ExprKind::kLiteral:
      return PrintLiteral(node);
    case ExprKind::kColumn:
      return node.text;
    case ExprKind::kNot:
      return fmt::format("(not {})", PrintExpression(node.children[0]));
    case ExprKind::kNegate:
      // Without the inner brackets a minus and a number would read as one literal.
      return node.children[0]->kind == ExprKind::kLiteral
                 ? fmt::format("(- ({}))", PrintExpression(node.children[0]))
                 : fmt::format("(- {})", PrintExpression(node.children[0]));
    case ExprKind::kBinary:
      return fmt::format("({} {} {})", PrintExpression(node.children[0]), OperatorText(node.op),
                         PrintExpression(node.children[1]));
    case ExprKind::kIsNull:
      return fmt::format("({} is {}null)", PrintExpression(node.children[0]), no);
    case ExprKind::kIn:
      return fmt::format("({} {}in ({}))", PrintExpression(node.children[0]), no,
                         PrintList(node.children, 1));
    case ExprKind::kBetween:
      return fmt::format("({} {}between {} and {})", PrintExpression(node.children[0]), no,
                         PrintExpression(node.children[1]), PrintExpression(node.children[2]));
    case ExprKind::kCase:
      return PrintCase(node);
    case ExprKind::kCall:
      return fmt::format("{}({})", node.text, PrintList(node.children, 0));
  }
  return "";
}

void CollectColumns(const Expr& expr, std::vector<std::string>* names) {
  if (expr->kind == ExprKind::kColumn &&
      std::find(names->begin(), names->end(), expr->text) == names->end()) {
    names->push_back(expr->text);
  }
  for (const Expr& child : expr->children) CollectColumns(child, names);
}

bool CanFail(const Expr& expr) {
  const bool arithmetic = expr->kind == ExprKind::kNegate ||
                          (expr->kind == ExprKind::kBinary &&
                           (expr->op == BinaryOp::kAdd || expr->op == BinaryOp::kSubtract ||
                            expr->op == BinaryOp::kMultiply));
  // The least bigint has no positive twin.
  const bool abs = expr->kind == ExprKind::kCall && expr->text == "abs" &&
                   expr->children[0]->type.kind == TypeKind::kBigint;
  if (abs) return true;
  if (arithmetic) {
    // Two 32-bit integers cannot overflow the bigint that holds their result.
    for (const Expr& child : expr->children) {
      if (child->type.kind != TypeKind::kInteger) return true;
    }
  }
  return std::any_of(expr->children.begin(), expr->children.end(), CanFail);
}

}  // namespace lyceum
