#include "engines/key_function.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "engines/duckdb_client.h"

namespace lyceum {
namespace {

struct KeyCase {
  const char* arguments;
  const char* encoding;
};

TEST(KeyFunction, HashesTheCanonicalEncoding) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok()) << database.status().message();
  ASSERT_TRUE(RegisterKeyFunction((*database)->connection()).ok());
  const KeyCase cases[] = {
      {"42::INTEGER, 'login'", "i2:42;t5:login;"},
      {"42::BIGINT", "i2:42;"},
      {"NULL::INTEGER, NULL::VARCHAR", "n;n;"},
      {"''", "t0:;"},
      {"85.50::DECIMAL(5,2)", "m4:85.5;"},
      {"-0.10::DECIMAL(4,2)", "m4:-0.1;"},
      {"100::DECIMAL(5,2)", "m3:100;"},
      {"12345678901234567890123456789012345.678::DECIMAL(38,3)",
       "m39:12345678901234567890123456789012345.678;"},
      {"DATE '0001-01-01'", "d10:0001-01-01;"},
      {"TIMESTAMP '2025-06-08 22:29:14'", "s26:2025-06-08T22:29:14.000000;"},
      {"TIMESTAMP '1969-12-31 23:59:59.5'", "s26:1969-12-31T23:59:59.500000;"},
      {"true, false", "b4:true;b5:false;"},
      {"'straße'", "t7:straße;"},
  };
  for (const KeyCase& test : cases) {
    auto row = (*database)->Query(std::string("SELECT lyceum_key(") + test.arguments + ")");
    ASSERT_TRUE(row.ok()) << test.arguments << ": " << row.status().message();
    EXPECT_EQ(*row->rows[0][0], Sha256Hex(test.encoding)) << test.arguments;
  }
}

TEST(KeyFunction, GivesMembersTheirKeyHoweverOftenTheyCome) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok()) << database.status().message();
  ASSERT_TRUE(RegisterKeyFunction((*database)->connection()).ok());
  // Few members, many members, nulls, and some of each in one chunk of rows.
  for (const char* number : {"i % 7", "i % 100003", "CASE WHEN i % 3 = 0 THEN NULL ELSE i % 50 END",
                             "CASE WHEN i < 1000 THEN 5 ELSE i END", "-i"}) {
    auto wrong = (*database)->Query(fmt::format(
        "SELECT count(*), count(*) FILTER (WHERE k IS DISTINCT FROM sha256(CASE WHEN n IS NULL "
        "THEN "
        "'n;' ELSE 'i' || length(n::VARCHAR) || ':' || n::VARCHAR || ';' END)) FROM (SELECT n, "
        "lyceum_key(n) AS k FROM (SELECT ({})::INTEGER AS n FROM range(300000) AS t(i)))",
        number));
    ASSERT_TRUE(wrong.ok()) << wrong.status().message();
    EXPECT_EQ(*wrong->rows[0][0], "300000") << number;
    EXPECT_EQ(*wrong->rows[0][1], "0") << number;
  }
}

TEST(KeyFunction, RefusesDoubles) {
  auto database = DuckDb::Open({});
  ASSERT_TRUE(database.ok()) << database.status().message();
  ASSERT_TRUE(RegisterKeyFunction((*database)->connection()).ok());
  auto row = (*database)->Query("SELECT lyceum_key(1.5::DOUBLE)");
  ASSERT_FALSE(row.ok());
  EXPECT_NE(row.status().message().find("lyceum_key: unsupported argument type"),
            std::string::npos);
}

}  // namespace
}  // namespace lyceum
