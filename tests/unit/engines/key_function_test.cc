#include "engines/key_function.h"

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
