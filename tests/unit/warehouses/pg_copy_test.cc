#include "warehouses/pg_copy.h"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

constexpr size_t kHeaderBytes = 19;

std::string Hex(std::string_view bytes) {
  static const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned char c : bytes) {
    hex += kDigits[c >> 4];
    hex += kDigits[c & 15];
  }
  return hex;
}

/// The fields of a row with one column, without header and count.
std::string Field(const Type& type, const Cell& cell) {
  TableColumn column;
  column.type = type;
  PgBinaryRows rows({column});
  EXPECT_TRUE(rows.Add({cell}).ok());
  return Hex(std::string_view(rows.buffer()).substr(kHeaderBytes + 2));
}

TEST(PgBinaryRows, EncodesEveryTypeAsPostgresReceivesIt) {
  const Type numeric{TypeKind::kDecimal, 38, 4};
  struct Case {
    Type type;
    Cell cell;
    const char* field;  ///< length and bytes, as pg_recvlogical's COPY BINARY shows them
  };
  const Case cases[] = {
      {{TypeKind::kInteger}, int64_t{-2}, "00000004fffffffe"},
      {{TypeKind::kBigint}, int64_t{1} << 40, "000000080000010000000000"},
      {{TypeKind::kDouble}, 1.5, "000000083ff8000000000000"},
      {{TypeKind::kBoolean}, true, "0000000101"},
      {{TypeKind::kText}, std::string_view("aé"), "0000000361c3a9"},
      {{TypeKind::kDate}, DateValue{10957}, "0000000400000000"},
      {{TypeKind::kDate}, DateValue{10956}, "00000004ffffffff"},
      {{TypeKind::kTimestamp}, TimestampValue{946684800000001}, "000000080000000000000001"},
      {{TypeKind::kText}, Cell(), "ffffffff"},
      // ndigits, weight, sign, scale, digits of base 10,000
      {numeric, DecimalValue{0, 4},
       "0000000a"
       "0001"
       "ffff"
       "0000"
       "0004"
       "0000"},
      {numeric, DecimalValue{12345, 2},
       "0000000c"
       "0002"
       "0000"
       "0000"
       "0002"
       "007b"
       "1194"},
      {numeric, DecimalValue{-100000001, 4},
       "0000000e"
       "0003"
       "0001"
       "4000"
       "0004"
       "0001"
       "0000"
       "0001"},
      {numeric, DecimalValue{7, 0},
       "0000000a"
       "0001"
       "0000"
       "0000"
       "0000"
       "0007"},
      {numeric, DecimalValue{5, 5},
       "0000000c"
       "0002"
       "ffff"
       "0000"
       "0005"
       "0000"
       "1388"},
  };
  for (const Case& test : cases) EXPECT_EQ(Field(test.type, test.cell), test.field);
}

TEST(PgBinaryRows, WritesHeaderCountAndEnd) {
  TableColumn column;
  column.type = {TypeKind::kBoolean};
  PgBinaryRows rows({column, column});
  ASSERT_TRUE(rows.Add({true, Cell()}).ok());
  rows.Finish();
  EXPECT_EQ(Hex(rows.buffer()),
            "5047434f50590aff0d0a00"
            "00000000"
            "00000000"
            "0002"
            "0000000101"
            "ffffffff"
            "ffff");
}

TEST(PgBinaryRows, RefusesWhatDoesNotFit) {
  TableColumn column;
  column.type = {TypeKind::kInteger};
  PgBinaryRows rows({column});
  EXPECT_EQ(rows.Add({int64_t{1} << 40}).message(),
            "staged column 1 holds a value of another type");
  EXPECT_EQ(rows.Add({std::string_view("x")}).message(),
            "staged column 1 holds a value of another type");
  EXPECT_EQ(rows.Add({}).message(), "a staged row has another number of columns");
}

}  // namespace
}  // namespace lyceum
