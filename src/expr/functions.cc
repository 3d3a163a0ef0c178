#include "expr/expr.h"

namespace lyceum {

const std::vector<FunctionSignature>& AllFunctions() {
  static const Type kInteger{TypeKind::kInteger}, kBoolean{TypeKind::kBoolean},
      kText{TypeKind::kText}, kDate{TypeKind::kDate}, kTimestamp{TypeKind::kTimestamp};
  static const std::vector<FunctionSignature> functions = {
      {"length", {kText}, kInteger, "number of code points"},
      {"lower_ascii", {kText}, kText, "A to Z become a to z, nothing else changes"},
      {"upper_ascii", {kText}, kText, "a to z become A to Z, nothing else changes"},
      {"trim", {kText}, kText, "without spaces and tabs at both ends"},
      {"starts_with", {kText, kText}, kBoolean, "the first text begins with the second"},
      {"ends_with", {kText, kText}, kBoolean, "the first text ends with the second"},
      {"contains", {kText, kText}, kBoolean, "the first text has the second in it"},
      {"concat", {kText, kText}, kText, "both texts in a row; null if either is null"},
      {"date", {kTimestamp}, kDate, "the date of a timestamp"},
      {"year", {kDate}, kInteger, "year of a date"},
      {"year", {kTimestamp}, kInteger, "year of a timestamp"},
      {"month", {kDate}, kInteger, "month of a date, 1 to 12"},
      {"month", {kTimestamp}, kInteger, "month of a timestamp, 1 to 12"},
      {"day", {kDate}, kInteger, "day of the month"},
      {"day", {kTimestamp}, kInteger, "day of the month"},
      {"hour", {kTimestamp}, kInteger, "hour of the day, 0 to 23"},
      {"days_between", {kDate, kDate}, kInteger, "days from the first date to the second"},
  };
  return functions;
}

}  // namespace lyceum
