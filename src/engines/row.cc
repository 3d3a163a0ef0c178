#include "engines/row.h"

#include "base/canonical.h"

namespace lyceum {
namespace {

struct Encode {
  std::string* out;
  void operator()(std::monostate) const { AppendNull(out); }
  void operator()(int64_t value) const { AppendInteger(value, out); }
  void operator()(const DecimalValue& value) const {
    AppendDecimal(value.unscaled, value.scale, out);
  }
  void operator()(double value) const { AppendDouble(value, out); }
  void operator()(bool value) const { AppendBoolean(value, out); }
  void operator()(std::string_view value) const { AppendText(value, out); }
  void operator()(DateValue value) const { AppendDate(value.days, out); }
  void operator()(TimestampValue value) const { AppendTimestamp(value.micros, out); }
};

}  // namespace

void AppendCell(const Cell& cell, std::string* out) { std::visit(Encode{out}, cell); }

}  // namespace lyceum
