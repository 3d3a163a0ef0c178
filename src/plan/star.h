#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace lyceum {

/// What a column of a warehouse table is for.
enum class ColumnRole {
  kSource,        ///< read from files
  kDerived,       ///< computed from the row
  kDateKey,       ///< the event's date
  kBatchDate,     ///< the delivery's date
  kEventKey,      ///< hash over a fact's identity
  kReferenceKey,  ///< surrogate key of a referenced member
  kSurrogateKey,  ///< a dimension's own key
  kInferred,      ///< marks placeholder members
  kGroup,         ///< a mart's group column
  kMeasure,       ///< a mart's aggregate
  kCalendar,      ///< calendar attribute
};

struct TableColumn {
  std::string name;
  Type type;      ///< as the warehouse stores it
  Type keyed_as;  ///< as keys and marts count it; differs from `type` for store_as: double
  ColumnRole role = ColumnRole::kSource;
  int identity_position = 0;  ///< place in a fact's identity or a dimension's key, from 1; 0: none
  /// Reference keys: `dim_student(student_id)`. A fact's date_key: the column that gives it.
  std::string refers_to;

  bool in_identity() const { return identity_position > 0; }
};

enum class TableKind { kDimension, kFact, kMart, kCalendar };

/// One table of the star schema, columns in spec order, which is the order of its digest.
struct TableSchema {
  std::string name;
  TableKind kind = TableKind::kFact;
  std::vector<TableColumn> columns;

  const TableColumn* Find(std::string_view column) const;
  /// Names of all columns, or of those with `role`.
  std::vector<std::string> Names() const;
  std::vector<std::string> NamesOf(ColumnRole role) const;
  /// The columns of the identity or key, in its order.
  std::vector<std::string> Identity() const;
  /// Name of the only column with `role`; "" if there is none.
  std::string NameOf(ColumnRole role) const;
};

/// Column names that Lyceum gives.
inline constexpr char kDateKey[] = "date_key";
inline constexpr char kBatchDate[] = "batch_date";
inline constexpr char kIsInferred[] = "is_inferred";

/// Derives the schemas of all tables of a spec: calendar, dimensions in dependency order, facts,
/// marts.
std::vector<TableSchema> StarTables(const Spec& spec);
TableSchema DimensionTable(const Spec& spec, const Dimension& dimension);
TableSchema FactTable(const Spec& spec, const Fact& fact);
TableSchema MartTable(const Spec& spec, const Mart& mart);
TableSchema CalendarSchema(const CalendarTable& calendar);

/// The dimension or fact that a dataset feeds; exactly one is set (or none for a dataset that feeds
/// nothing).
struct FedTable {
  const Dimension* dimension = nullptr;
  const Fact* fact = nullptr;
  const std::string& name() const { return fact ? fact->name : dimension->name; }
};
FedTable TableFedBy(const Spec& spec, const Dataset& dataset);

/// A row check as it is judged: the rules of the dataset, after those that its table implies
/// (identity, key and date columns are never null; event dates lie in the calendar).
std::vector<Rule> RulesOf(const Spec& spec, const Dataset& dataset);

/// The type of a dataset's source or derived column; nullptr if it has none of that name.
const Type* ColumnType(const Dataset& dataset, std::string_view name);

}  // namespace lyceum
