// What marts may add up, and over what.

#include <fmt/format.h>

#include <algorithm>

#include "spec/checks.h"

namespace lyceum {
namespace {

/// Rows that a sum must have room for: ten billion.
constexpr int kRowDigits = 10;
/// Digits of the widest integers that every warehouse adds up and divides without overflow, where
/// the rounding of an average doubles them once.
constexpr int kSumDigits = 37;

class MartChecks : public SpecChecks {
 public:
  using SpecChecks::SpecChecks;

  void Run() {
    for (Mart& mart : spec_.marts) CheckMart(&mart);
  }

 private:
  /// The output columns of a fact, with the types that marts count them as.
  std::vector<ColumnInfo> FactColumns(const Fact& fact) const {
    std::vector<ColumnInfo> columns;
    if (const Dataset* dataset = spec_.FindDataset(fact.dataset)) columns = ColumnsOf(*dataset);
    columns.push_back({"date_key", {TypeKind::kDate}});
    columns.push_back({"batch_date", {TypeKind::kDate}});
    columns.push_back({fact.event_key, {TypeKind::kText}});
    for (const Reference& reference : fact.references) {
      columns.push_back({reference.surrogate_key, {TypeKind::kText}});
    }
    return columns;
  }

  void CheckMart(Mart* mart) {
    const YamlNode* node = At({"marts", mart->name});
    std::vector<const Fact*> facts;
    if (mart->measures.empty()) {
      diagnostics_.Error(mart->span, fmt::format("mart '{}' has no measures", mart->name));
    }
    for (Measure& measure : mart->measures) {
      const YamlNode& place = *node->Find("measures")->Find(measure.name);
      const YamlNode* fact_node = place.Find("fact");
      const Fact* fact = FindFact(measure.fact, fact_node ? fact_node->span : measure.span);
      if (!fact) continue;
      if (std::find(facts.begin(), facts.end(), fact) == facts.end()) facts.push_back(fact);
      CheckMeasure(*fact, place, &measure);
      const auto& group = mart->group_by;
      if (std::find(group.begin(), group.end(), measure.name) != group.end()) {
        diagnostics_.Error(measure.span,
                           fmt::format("the table already has a column '{}'", measure.name));
      }
      RefuseReserved(measure.name, measure.span);
    }
    CheckGroup(*mart, facts);
  }

  void CheckGroup(const Mart& mart, const std::vector<const Fact*>& facts) {
    const auto& group = mart.group_by;
    if (std::find(group.begin(), group.end(), "date_key") == group.end()) {
      diagnostics_.Error(SpanAt({"marts", mart.name, "group_by"}, mart.span),
                         "'group_by' lacks date_key, by which a mart is kept up to date");
    }
    for (size_t i = 0; i < group.size(); ++i) {
      const Span span = ItemSpan({"marts", mart.name, "group_by"}, i, mart.span);
      if (std::find(group.begin(), group.begin() + static_cast<ptrdiff_t>(i), group[i]) !=
          group.begin() + static_cast<ptrdiff_t>(i)) {
        diagnostics_.Error(span, fmt::format("column '{}' stands here twice", group[i]));
        continue;
      }
      std::optional<Type> type;
      for (const Fact* fact : facts) {
        const std::vector<ColumnInfo> columns = FactColumns(*fact);
        const auto found = std::find_if(columns.begin(), columns.end(),
                                        [&](const ColumnInfo& c) { return c.name == group[i]; });
        if (found == columns.end()) {
          diagnostics_.Error(span,
                             fmt::format("fact '{}' has no column '{}'", fact->name, group[i]));
        } else if (found->stored_as_double || found->type.kind == TypeKind::kDouble) {
          diagnostics_.Error(span, "a mart cannot group by a double");
        } else if (type && *type != found->type) {
          diagnostics_.Error(span, fmt::format("column '{}' is {} in one fact and {} in another",
                                               group[i], TypeName(*type), TypeName(found->type)));
        } else {
          type = found->type;
        }
      }
    }
  }

  void CheckMeasure(const Fact& fact, const YamlNode& node, Measure* measure) {
    const Dataset* dataset = spec_.FindDataset(fact.dataset);
    if (!dataset) return;
    const std::vector<ColumnInfo> columns = ColumnsOf(*dataset);
    if (const YamlNode* where = node.Find("where")) {
      std::vector<ScopeColumn> scope;
      for (const ColumnInfo& column : columns) scope.push_back({column.name, column.type});
      measure->where =
          ParseExpression(where->scalar, PlaceInScalar(*where, document_, 0), scope, &diagnostics_);
      if (measure->where && measure->where->type.kind != TypeKind::kBoolean) {
        diagnostics_.Error(where->span, fmt::format("expected a condition, got {}",
                                                    TypeName(measure->where->type)));
      } else if (measure->where && CanFail(measure->where)) {
        diagnostics_.Error(where->span,
                           "the condition may overflow; compute the number as a derived column");
      }
    }
    measure->result = {TypeKind::kBigint};
    const YamlNode* column_node = node.Find("column");
    if (measure->type == MeasureType::kCount) {
      if (column_node) diagnostics_.Error(column_node->span, "a count takes no 'column'");
      return;
    }
    if (!column_node) {
      diagnostics_.Error(node.span, "sum and average need key 'column'");
      return;
    }
    const ColumnInfo* column = FindColumn(columns, measure->column, column_node->span);
    if (!column) return;
    const Type& type = column->type;
    const bool exact = type.kind == TypeKind::kInteger || type.kind == TypeKind::kBigint ||
                       type.kind == TypeKind::kDecimal;
    if (!exact) {
      diagnostics_.Error(column_node->span,
                         fmt::format("column '{}' is {}; marts add up integer, bigint and decimal "
                                     "only, so that every engine gives the same digits",
                                     measure->column, TypeName(type)));
      return;
    }
    CheckRoom(*measure, type, column_node->span);
    measure->result = ResultType(measure->type, type);
  }

  /// Marts add up decimals as integers of 38 digits: whole values, once more times 10^scale while
  /// they are scaled. A sum keeps room for its decimals, an average for four.
  void CheckRoom(const Measure& measure, const Type& type, Span span) {
    if (type.kind != TypeKind::kDecimal) return;
    const bool sum = measure.type == MeasureType::kSum;
    const int room = kSumDigits - kRowDigits;
    const int most = !sum ? std::min(room - std::max(0, 4 - type.scale), 38 - type.scale)
                     : type.scale == 0 ? room + 1
                                       : room - type.scale;
    if (type.precision <= most) return;
    const std::string narrower =
        most > type.scale ? fmt::format("; expected at most decimal({},{})", most, type.scale)
                          : std::string("; read it with fewer digits behind the point");
    diagnostics_.Error(span,
                       fmt::format("column '{}' is {}, too wide for an exact {}{}", measure.column,
                                   TypeName(type), sum ? "sum" : "average", narrower));
  }

  static Type ResultType(MeasureType measure, const Type& type) {
    const int whole = type.kind == TypeKind::kInteger  ? 10
                      : type.kind == TypeKind::kBigint ? 19
                                                       : type.precision - type.scale;
    if (measure == MeasureType::kAverage) {
      // More than four decimals may round up to one more digit before the point.
      const int carry = type.kind == TypeKind::kDecimal && type.scale > 4 ? 1 : 0;
      return {TypeKind::kDecimal, std::min(38, whole + carry + 4), 4};
    }
    if (type.kind != TypeKind::kDecimal) return {TypeKind::kBigint};
    return {TypeKind::kDecimal, 38, type.scale};
  }
};

}  // namespace

void CheckMarts(const YamlNode& root, std::string_view document, Spec* spec,
                Diagnostics* diagnostics) {
  MartChecks(root, document, spec, diagnostics).Run();
}

}  // namespace lyceum
