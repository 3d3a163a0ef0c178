#include "expr/expr.h"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

const std::vector<ScopeColumn> kScope = {
    {"i", {TypeKind::kInteger}}, {"b", {TypeKind::kBigint}},     {"m", {TypeKind::kDecimal, 5, 2}},
    {"d", {TypeKind::kDouble}},  {"t", {TypeKind::kText}},       {"yes", {TypeKind::kBoolean}},
    {"day", {TypeKind::kDate}},  {"at", {TypeKind::kTimestamp}},
};

struct Good {
  const char* text;
  const char* printed;
  const char* type;
};

TEST(ParseExpression, TypesAndPrints) {
  const Good cases[] = {
      {"1", "1", "integer"},
      {"-2147483648", "-2147483648", "integer"},
      {"2147483648", "2147483648", "bigint"},
      {"1.50", "1.50", "decimal(3,2)"},
      {"0.5", "0.5", "decimal(1,1)"},
      {"'it''s'", "'it''s'", "text"},
      {"TRUE", "true", "boolean"},
      {"date '2025-06-01'", "date '2025-06-01'", "date"},
      {"timestamp '2025-06-01 10:00:00'", "timestamp '2025-06-01 10:00:00'", "timestamp"},
      {"i + 1", "(i + 1)", "bigint"},
      {"1 + 2 * 3", "(1 + (2 * 3))", "bigint"},
      {"m * 2", "(m * 2)", "decimal(15,2)"},
      {"m + b", "(m + b)", "decimal(22,2)"},
      {"- i", "(- i)", "bigint"},
      {"- 2", "-2", "integer"},
      {"- +2", "(- (2))", "bigint"},
      {"-(1.5)", "(- (1.5))", "decimal(2,1)"},
      {"i = 1 or i = 2 and not yes", "((i = 1) or ((i = 2) and (not yes)))", "boolean"},
      {"i != 1", "(i <> 1)", "boolean"},
      {"d > m", "(d > m)", "boolean"},
      {"t in ('a', 'b')", "(t in ('a', 'b'))", "boolean"},
      {"t not in ('a')", "(t not in ('a'))", "boolean"},
      {"i between 1 and 3", "(i between 1 and 3)", "boolean"},
      {"i not between 1 and 3", "(i not between 1 and 3)", "boolean"},
      {"t is null", "(t is null)", "boolean"},
      {"t is not null", "(t is not null)", "boolean"},
      {"case when yes then 1 end", "case when yes then 1 else null end", "integer"},
      {"case when yes then 1 else b end", "case when yes then 1 else b end", "bigint"},
      {"coalesce(t, 'x')", "coalesce(t, 'x')", "text"},
      {"length(trim(t))", "length(trim(t))", "integer"},
      {"date(at) = day", "(date(at) = day)", "boolean"},
      {"year(day) + month(at)", "(year(day) + month(at))", "bigint"},
  };
  for (const Good& test : cases) {
    Diagnostics diagnostics;
    const Expr expr = ParseExpression(test.text, {1, 1}, kScope, &diagnostics);
    ASSERT_TRUE(expr) << test.text << "\n" << RenderDiagnostics(diagnostics, "x", test.text);
    EXPECT_EQ(PrintExpression(expr), test.printed);
    EXPECT_EQ(TypeName(expr->type), test.type) << test.text;
    Diagnostics again;
    const Expr twice = ParseExpression(test.printed, {1, 1}, kScope, &again);
    ASSERT_TRUE(twice) << test.printed;
    EXPECT_EQ(PrintExpression(twice), test.printed);
  }
}

struct Bad {
  const char* text;
  int column;
  const char* message;
};

TEST(ParseExpression, PointsAtWhatIsWrong) {
  const Bad cases[] = {
      {"", 1, "expected an expression"},
      {"i +", 4, "expected a value before the end"},
      {"i + + )", 7, "expected a value, got ')'"},
      {"(i", 3, "expected ')' before the end"},
      {"i i", 3, "expected an operator or the end, got 'i'"},
      {"x", 1, "unknown column 'x'; expected one of 'i', 'b', 'm', 'd', 't', 'yes', 'day', 'at'"},
      {"i = 'a'", 3, "cannot compare integer with text"},
      {"t + 1", 3, "cannot calculate with text and integer; expected integer, bigint or decimal"},
      {"d * 2", 3, "cannot calculate with double and integer; expected integer, bigint or decimal"},
      {"i = null", 3, "a comparison with null is never true; use 'is null'"},
      {"null", 1, "a null needs something that gives it a type"},
      {"yes and i", 9, "expected a condition, got integer"},
      {"length(i)", 1, "length(integer) does not exist; expected length(text)"},
      {"len(t)", 1,
       "unknown function 'len'; expected one of 'coalesce', 'nullif', 'abs', 'length', "
       "'lower_ascii', 'upper_ascii', 'trim', 'starts_with', 'ends_with', 'contains', ..."},
      {"'open", 1, "string is not closed; expected a quote (')"},
      {"i # 1", 3, "unexpected character in expression"},
      {"99999999999999999999", 1, "number is outside the range of bigint"},
      {"date '2025-02-30'", 6, "not a date; expected date 'yyyy-MM-dd'"},
      {"timestamp '2025-06-01'", 11, "not a timestamp; expected timestamp 'yyyy-MM-dd HH:mm:ss'"},
      {"case when yes then 1 else 'a' end", 27, "expected integer, got text"},
      {"t in (i)", 7, "expected a literal that is not null"},
  };
  for (const Bad& test : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(ParseExpression(test.text, {1, 1}, kScope, &diagnostics)) << test.text;
    ASSERT_FALSE(diagnostics.items().empty()) << test.text;
    EXPECT_EQ(diagnostics.items()[0].message, test.message) << test.text;
    EXPECT_EQ(diagnostics.items()[0].span.column, test.column) << test.text;
  }
}

TEST(ParseExpression, ReportsSeveralProblemsOfMeaning) {
  Diagnostics diagnostics;
  EXPECT_FALSE(ParseExpression("x = 1 and y = 2", {3, 5}, kScope, &diagnostics));
  ASSERT_EQ(diagnostics.items().size(), 2u);
  EXPECT_EQ(diagnostics.items()[0].span.column, 5);
  EXPECT_EQ(diagnostics.items()[1].span.column, 15);
  EXPECT_EQ(diagnostics.items()[1].span.line, 3);
}

TEST(ParseExpression, SurvivesDeepNesting) {
  for (const char* part : {"(", "not ", "-", "case when ", "coalesce("}) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += part;
    Diagnostics diagnostics;
    EXPECT_FALSE(ParseExpression(text, {1, 1}, kScope, &diagnostics));
    EXPECT_EQ(diagnostics.items()[0].message, "the expression is nested too deeply") << part;
  }
}

TEST(CanFail, OnlyWhereNumbersMayOverflow) {
  Diagnostics diagnostics;
  const auto can_fail = [&](const char* text) {
    return CanFail(ParseExpression(text, {1, 1}, kScope, &diagnostics));
  };
  EXPECT_FALSE(can_fail("i + 1"));
  EXPECT_TRUE(can_fail("b + 1"));
  EXPECT_TRUE(can_fail("i * i * i"));
  EXPECT_FALSE(can_fail("case when i > 1 then 1 else 2 end"));
}

}  // namespace
}  // namespace lyceum
