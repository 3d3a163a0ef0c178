#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/type.h"

namespace lyceum {

enum class ExprKind {
  kLiteral,  ///< value in `text`, null if `is_null`
  kColumn,   ///< column name in `text`
  kNot,
  kNegate,
  kBinary,   ///< `op`, two children
  kIsNull,   ///< one child; `negated` for IS NOT NULL
  kIn,       ///< first child, then the literals; `negated` for NOT IN
  kBetween,  ///< three children; `negated` for NOT BETWEEN
  kCase,  ///< condition, value, condition, value, ..., and the ELSE value last (a null literal if
          ///< it was left out)
  kCall,  ///< function name in `text`
};

enum class BinaryOp {
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAdd,
  kSubtract,
  kMultiply,
};

struct ExprNode;
/// An immutable, fully typed expression tree. Copies share nodes; threads may share trees.
using Expr = std::shared_ptr<const ExprNode>;

/// One node of an expression. Three-valued logic as in SQL: a null operand makes comparisons,
/// arithmetic and functions null, except where a function says otherwise.
struct ExprNode {
  ExprKind kind = ExprKind::kLiteral;
  Span span;  ///< where the node stands in the spec file
  Type type;
  std::string text;  ///< literal (canonical text of its type), column name or function name
  BinaryOp op = BinaryOp::kOr;
  bool negated = false;
  bool is_null = false;
  std::vector<Expr> children;
};

/// A name that an expression may use.
struct ScopeColumn {
  std::string name;
  Type type;
};

/// A function of the language. Every function has one meaning on all engines; sql/ renders it.
struct FunctionSignature {
  std::string name;
  std::vector<Type> arguments;
  Type result;
  std::string doc;  ///< one line for the reference page
};

/// All functions, overloads as separate entries, in the order of the reference page. `coalesce`,
/// `nullif` and `abs` are not here: they take several types and are handled by the type checker.
const std::vector<FunctionSignature>& AllFunctions();

/// Reads and type-checks `text`, which starts at `start` in the spec file. Returns nullptr after
/// adding at least one error to `diagnostics`.
/// The language: literals ('it''s', 12, 1.50, true, date '2025-06-01',
/// timestamp '2025-06-01 10:00:00', null), columns of `scope`, or/and/not, = != <> < <= > >=,
/// + - *, in (...), between ... and ..., is [not] null, case when ... then ... else ... end,
/// function calls. Keywords ignore case. Integers widen to bigint, bigint to decimal; nothing else
/// converts by itself.
Expr ParseExpression(std::string_view text, Span start, const std::vector<ScopeColumn>& scope,
                     Diagnostics* diagnostics);

/// Spells an operator as the language and SQL do.
const char* OperatorText(BinaryOp op);

/// Prints the tree in one canonical form: fully parenthesised, lower-case keywords. Equal trees
/// print equal text; spec hashes and `lyceum plan` use it.
std::string PrintExpression(const Expr& expr);

/// Adds every column that `expr` reads to `names`, once each, in order of first use.
void CollectColumns(const Expr& expr, std::vector<std::string>* names);

/// True if evaluating `expr` on some row can fail (bigint or decimal overflow). Such derived
/// columns get a check of their own.
bool CanFail(const Expr& expr);

}  // namespace lyceum
