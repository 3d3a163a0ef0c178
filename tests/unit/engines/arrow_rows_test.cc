#include "engines/arrow_rows.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace lyceum {
namespace {

using Cells = std::vector<std::optional<std::string>>;

/// A stream that make_arrow_streams.py wrote.
std::string Stream(const std::string& name) {
  std::ifstream file(LYCEUM_SOURCE_DIR "/tests/unit/engines/" + name + ".arrows", std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

Status Read(std::string_view stream, RowSet* set) {
  return ReadArrowRows(stream, TextRows(set), &set->columns);
}

TEST(ArrowRows, SpellsEveryTypeAsCellTextDoes) {
  RowSet set;
  ASSERT_EQ(Read(Stream("arrow_types"), &set).message(), "");
  const std::string nines(38, '9');
  EXPECT_EQ(set.columns,
            (std::vector<std::string>{"flag", "tiny", "small", "plain", "big", "single", "double",
                                      "price", "most", "name", "long_name", "bytes", "day",
                                      "moment", "clock", "nothing"}));
  ASSERT_EQ(set.rows.size(), 3u);
  EXPECT_EQ(set.rows[0],
            (Cells{"true", "-128", "-32768", "-2147483648", "-9223372036854775808", "0.1", "0.1",
                   "-0.05", nines, "", "a", "", "0001-01-01", "1969-12-31T23:59:59.999999",
                   "2024-02-29T01:02:03.500000", std::nullopt}));
  EXPECT_EQ(set.rows[1], Cells(16, std::nullopt));
  EXPECT_EQ(set.rows[2],
            (Cells{"false", "127", "32767", "2147483647", "9223372036854775807", "-1.5", "1e+300",
                   "12345678.90", "-" + nines, "Zoë \U0001F600", std::string(40, 'b'), "00ff",
                   "9999-12-31", "2024-02-29T12:00:00.000000", "0001-01-01T00:00:00.000000",
                   std::nullopt}));
}

TEST(ArrowRows, NamesTheColumnsOfNoRows) {
  RowSet set;
  ASSERT_EQ(Read(Stream("arrow_empty"), &set).message(), "");
  EXPECT_EQ(set.columns, std::vector<std::string>{"id"});
  EXPECT_TRUE(set.rows.empty());
}

TEST(ArrowRows, RefusesOtherTypes) {
  RowSet set;
  Status status = Read(Stream("arrow_nested"), &set);
  EXPECT_EQ(status.code(), ErrorCode::kInternal);
  EXPECT_EQ(status.message(), "column 'list' has a type that cannot be read: list");
  status = Read(Stream("arrow_seconds"), &set);
  EXPECT_EQ(status.message(), "column 'at' has a type that cannot be read: timestamp");
}

TEST(ArrowRows, StopsWithTheSink) {
  std::vector<std::string> columns;
  int num_rows = 0;
  const auto sink = [&](const std::vector<Cell>&) {
    ++num_rows;
    return Status(ErrorCode::kInterrupted, "enough");
  };
  EXPECT_EQ(ReadArrowRows(Stream("arrow_types"), sink, &columns).message(), "enough");
  EXPECT_EQ(num_rows, 1);
}

TEST(ArrowRows, SurvivesBrokenStreams) {
  const std::string whole = Stream("arrow_types");
  // A stream that ends between two batches cannot be told from a short one.
  for (size_t length = 0; length < whole.size(); length += 7) {
    RowSet set;
    (void)Read(whole.substr(0, length), &set);
    EXPECT_LE(set.rows.size(), 3u);
  }
  RowSet none;
  EXPECT_EQ(Read("", &none).code(), ErrorCode::kInternal);
  // Only the schema: behind it stand lengths, and what they promise is allocated before it is read.
  for (size_t i = 0; i < 900; ++i) {
    std::string changed = whole;
    changed[i] ^= 0x55;
    RowSet set;
    (void)Read(changed, &set);
  }
}

}  // namespace
}  // namespace lyceum
