// Every function, operator and literal of the expression language, run on the DuckDB library.

#include <gtest/gtest.h>

#include "engines/duckdb_client.h"
#include "sql/dialect.h"

namespace lyceum {
namespace {

const std::vector<ScopeColumn> kScope = {
    {"i", {TypeKind::kInteger}}, {"b", {TypeKind::kBigint}},     {"m", {TypeKind::kDecimal, 5, 2}},
    {"t", {TypeKind::kText}},    {"yes", {TypeKind::kBoolean}},  {"day", {TypeKind::kDate}},
    {"n", {TypeKind::kInteger}}, {"at", {TypeKind::kTimestamp}},
};

/// One row of values; `n` is null.
constexpr char kRow[] =
    "SELECT 7::INTEGER AS i, 9223372036854775807::BIGINT AS b, -1.50::DECIMAL(5,2) AS m, "
    "' Straße ' AS t, true AS yes, DATE '2024-02-29' AS \"day\", NULL::INTEGER AS n, "
    "TIMESTAMP '2024-12-31 23:59:59.5' AS \"at\"";

struct Case {
  const char* expression;
  const char* expected;  ///< nullptr: null
};

TEST(RenderExpression, MeansTheSameOnDuckDb) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok()) << database.status().message();
  const Case cases[] = {
      {"1 + 2 * 3", "7"},
      {"i - 10", "-3"},
      {"i * 2147483647", "15032385529"},
      {"m * 2", "-3.00"},
      {"m + 0.005", "-1.495"},
      {"- i", "-7"},
      {"abs(m)", "1.50"},
      {"abs(-7)", "7"},
      {"i = 7", "true"},
      {"i <> 7", "false"},
      {"b > i", "true"},
      {"m < 0", "true"},
      {"n = 1", nullptr},
      {"n = 1 or yes", "true"},
      {"n = 1 and yes", nullptr},
      {"n is null", "true"},
      {"n is not null", "false"},
      {"not yes", "false"},
      {"i in (1, 7)", "true"},
      {"n in (1, 7)", nullptr},
      {"i not in (1, 7)", "false"},
      {"i between 7 and 8", "true"},
      {"i not between 7 and 8", "false"},
      {"case when n = 1 then 'a' when i = 7 then 'b' else 'c' end", "b"},
      {"case when i = 8 then 1 end", nullptr},
      {"case when yes then 1 else 2.5 end", "1.0"},
      {"coalesce(n, i)", "7"},
      {"nullif(i, 7)", nullptr},
      {"length(t)", "8"},
      {"trim(t)", "Straße"},
      {"upper_ascii(trim(t))", "STRAßE"},
      {"lower_ascii('ÄBC')", "Äbc"},
      {"starts_with(t, ' S')", "true"},
      {"ends_with(t, 'e ')", "true"},
      {"contains(t, 'aß')", "true"},
      {"contains(t, '%')", "false"},
      {"concat(t, 'x')", " Straße x"},
      {"concat(t, null)", nullptr},
      {"'it''s \\ \"x\"'", "it's \\ \"x\""},
      {"date(at)", "2024-12-31"},
      {"year(day)", "2024"},
      {"month(at)", "12"},
      {"day(day)", "29"},
      {"hour(at)", "23"},
      {"days_between(day, date '2024-03-01')", "1"},
      {"at >= timestamp '2024-12-31 23:59:59'", "true"},
      {"day = date '2024-02-29'", "true"},
      {"true", "true"},
  };
  for (const Case& test : cases) {
    Diagnostics diagnostics;
    const Expr expr = ParseExpression(test.expression, {1, 1}, kScope, &diagnostics);
    ASSERT_TRUE(expr) << RenderDiagnostics(diagnostics, "x", test.expression);
    const auto sql = RenderExpression(DuckDbDialect(), expr);
    ASSERT_TRUE(sql.ok()) << test.expression;
    const auto rows = (*database)->Query("SELECT " + *sql + " FROM (" + kRow + ")");
    ASSERT_TRUE(rows.ok()) << *sql << ": " << rows.status().message();
    const auto& value = rows->rows[0][0];
    if (test.expected == nullptr) {
      EXPECT_FALSE(value.has_value()) << test.expression << " gave " << value.value_or("");
    } else {
      EXPECT_EQ(value.value_or("null"), test.expected) << test.expression;
    }
  }
}

TEST(RenderExpression, OverflowIsFoundRowByRow) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok());
  Diagnostics diagnostics;
  const Expr expr = ParseExpression("b + i", {1, 1}, kScope, &diagnostics);
  ASSERT_TRUE(expr && CanFail(expr));
  const std::string check = *RenderEvaluationFails(DuckDbDialect(), expr);
  const auto rows = (*database)->Query("SELECT " + check +
                                       " FROM (VALUES (9223372036854775807, 1), (1, 1), (NULL, 1)) "
                                       "AS v(b, i)");
  ASSERT_TRUE(rows.ok()) << rows.status().message();
  EXPECT_EQ(rows->rows[0][0], "true");
  EXPECT_EQ(rows->rows[1][0], "false");
  EXPECT_EQ(rows->rows[2][0], "false");
}

// Engines compute a part that occurs twice once, and parts without a column before any row.
TEST(RenderExpression, OverflowOfARepeatedPartIsFoundToo) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok());
  const std::string row = "SELECT (-9223372036854775808)::BIGINT AS b";
  for (const char* text : {"abs(b) + abs(b)", "b * b + b * b", "- b - (- b)", "nullif(abs(b), 1)",
                           "coalesce(abs(b), 1) * abs(b)", "abs(- (-9223372036854775808))",
                           "case when b < 0 then - b else b end"}) {
    Diagnostics diagnostics;
    const Expr expr = ParseExpression(text, {1, 1}, kScope, &diagnostics);
    ASSERT_TRUE(expr && CanFail(expr)) << text;
    const auto rows =
        (*database)->Query("SELECT " + *RenderEvaluationFails(DuckDbDialect(), expr) + ", " +
                           *RenderSafeExpression(DuckDbDialect(), expr) + " FROM (" + row + ")");
    ASSERT_TRUE(rows.ok()) << text << ": " << rows.status().message();
    EXPECT_EQ(rows->rows[0][0], "true") << text;
    EXPECT_FALSE(rows->rows[0][1].has_value()) << text;
  }
}

TEST(RenderExpression, WhatIsNotReachedDoesNotFail) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok());
  const std::string row = "SELECT (-9223372036854775808)::BIGINT AS b";
  for (const char* text : {"case when b > 0 then - b else b end", "coalesce(b, - b)",
                           "case when b < 0 then 1 when abs(b) > 0 then 2 else 3 end"}) {
    Diagnostics diagnostics;
    const Expr expr = ParseExpression(text, {1, 1}, kScope, &diagnostics);
    ASSERT_TRUE(expr && CanFail(expr)) << text;
    const auto rows = (*database)->Query("SELECT " + *RenderEvaluationFails(DuckDbDialect(), expr) +
                                         " FROM (" + row + ")");
    ASSERT_TRUE(rows.ok()) << text << ": " << rows.status().message();
    EXPECT_EQ(rows->rows[0][0], "false") << text;
  }
}

TEST(QuoteText, NothingEscapes) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok());
  for (const std::string text : {"'", "''", "\\'; DROP TABLE x; --", "a\nb", "\"", "ß\t☃"}) {
    const auto rows = (*database)->Query("SELECT " + QuoteText(DuckDbDialect(), text));
    ASSERT_TRUE(rows.ok()) << text;
    EXPECT_EQ(rows->rows[0][0], text);
  }
}

}  // namespace
}  // namespace lyceum
