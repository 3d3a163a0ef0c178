#include "warehouses/pg_copy.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace lyceum {
namespace {

constexpr char kHeader[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
constexpr size_t kHeaderBytes = 19;
/// PostgreSQL counts days and microseconds from 2000-01-01.
constexpr int32_t kEpochDays = 10957;
constexpr int64_t kEpochMicros = int64_t{kEpochDays} * 86'400'000'000;

template <typename Integer>
void AppendBigEndian(Integer value, std::string* out) {
  auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
  char bytes[sizeof bits];
  for (size_t i = sizeof bits; i-- > 0; bits >>= 8 * (sizeof bits > 1)) {
    bytes[i] = static_cast<char>(bits & 0xff);
  }
  out->append(bytes, sizeof bytes);
}

template <typename Integer>
void AppendField(Integer value, std::string* out) {
  AppendBigEndian<int32_t>(sizeof value, out);
  AppendBigEndian(value, out);
}

/// Digits of base 10,000, most significant first, aligned to the decimal point.
void AppendNumeric(const DecimalValue& value, std::string* out) {
  const bool negative = value.unscaled < 0;
  unsigned __int128 magnitude = negative ? -static_cast<unsigned __int128>(value.unscaled)
                                         : static_cast<unsigned __int128>(value.unscaled);
  // So many base-10,000 digits stand behind the point; fill the last one up with zeros. 38 digits
  // and three zeros do not fit 128 bits, so whole and fraction are split first.
  unsigned __int128 unit = 1;
  for (int i = 0; i < value.scale; ++i) unit *= 10;
  unsigned __int128 whole = magnitude / unit, fraction = magnitude % unit;
  const int fraction_digits = (value.scale + 3) / 4;
  std::vector<int16_t> digits;
  for (; whole > 0; whole /= 10000)
    digits.insert(digits.begin(), static_cast<int16_t>(whole % 10000));
  const int weight = static_cast<int>(digits.size()) - 1;
  for (int i = 0; i < fraction_digits; ++i) {
    // The next four decimal digits; near the end of 38 digits `fraction * 10^4` may overflow, so
    // the unit shrinks instead.
    if (unit >= 10000) {
      unit /= 10000;
      digits.push_back(static_cast<int16_t>(fraction / unit));
      fraction %= unit;
    } else {
      digits.push_back(static_cast<int16_t>(fraction * 10000 / unit));
      fraction = 0;
    }
  }
  AppendBigEndian<int32_t>(static_cast<int32_t>(8 + 2 * digits.size()), out);
  AppendBigEndian<int16_t>(static_cast<int16_t>(digits.size()), out);
  AppendBigEndian<int16_t>(static_cast<int16_t>(weight), out);
  AppendBigEndian<uint16_t>(negative ? 0x4000 : 0, out);
  AppendBigEndian<int16_t>(static_cast<int16_t>(value.scale), out);
  for (int16_t digit : digits) AppendBigEndian(digit, out);
}

/// Appends one value as its column's type wants it; false if it is of another kind.
bool AppendValue(TypeKind type, const Cell& cell, std::string* out) {
  switch (type) {
    case TypeKind::kInteger:
      if (const auto* value = std::get_if<int64_t>(&cell)) {
        AppendField(static_cast<int32_t>(*value), out);
        return *value >= INT32_MIN && *value <= INT32_MAX;
      }
      return false;
    case TypeKind::kBigint:
      if (const auto* value = std::get_if<int64_t>(&cell)) {
        AppendField(*value, out);
        return true;
      }
      return false;
    case TypeKind::kDecimal:
      if (const auto* value = std::get_if<DecimalValue>(&cell)) {
        AppendNumeric(*value, out);
        return true;
      }
      return false;
    case TypeKind::kDouble:
      if (const auto* value = std::get_if<double>(&cell)) {
        AppendField(std::bit_cast<int64_t>(*value), out);
        return true;
      }
      return false;
    case TypeKind::kBoolean:
      if (const auto* value = std::get_if<bool>(&cell)) {
        AppendField(static_cast<int8_t>(*value ? 1 : 0), out);
        return true;
      }
      return false;
    case TypeKind::kText:
      if (const auto* value = std::get_if<std::string_view>(&cell)) {
        AppendBigEndian<int32_t>(static_cast<int32_t>(value->size()), out);
        out->append(*value);
        return true;
      }
      return false;
    case TypeKind::kDate:
      if (const auto* value = std::get_if<DateValue>(&cell)) {
        AppendField(value->days - kEpochDays, out);
        return true;
      }
      return false;
    case TypeKind::kTimestamp:
      if (const auto* value = std::get_if<TimestampValue>(&cell)) {
        AppendField(value->micros - kEpochMicros, out);
        return true;
      }
      return false;
  }
  return false;
}

}  // namespace

PgBinaryRows::PgBinaryRows(const std::vector<TableColumn>& columns)
    : buffer_(kHeader, kHeaderBytes) {
  for (const TableColumn& column : columns) types_.push_back(column.type.kind);
}

Status PgBinaryRows::Add(const std::vector<Cell>& row) {
  if (row.size() != types_.size()) return Internal("a staged row has another number of columns");
  AppendBigEndian(static_cast<int16_t>(row.size()), &buffer_);
  for (size_t i = 0; i < row.size(); ++i) {
    if (std::holds_alternative<std::monostate>(row[i])) {
      AppendBigEndian<int32_t>(-1, &buffer_);
    } else if (!AppendValue(types_[i], row[i], &buffer_)) {
      return Internal(fmt::format("staged column {} holds a value of another type", i + 1));
    }
  }
  return Status::Ok();
}

void PgBinaryRows::Finish() { AppendBigEndian<int16_t>(-1, &buffer_); }

}  // namespace lyceum
