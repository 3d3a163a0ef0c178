// Marts are aggregated from facts in integers: a decimal that a warehouse stores as double counts
// as round(x * 10^scale), so every engine and every order of rows gives the same digits.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "sql/ledger_sql.h"
#include "sql/render.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

/// One column of the per-fact query: a measure has one, an average two (sum and count).
struct Part {
  const Measure* measure;
  std::string name;
  std::string over_fact;  ///< what a row of the measure's own fact contributes
  std::string elsewhere;  ///< what a row of another fact contributes
};

std::string PowerOfTen(int exponent) { return "1" + std::string(exponent, '0'); }

/// The column's exact value times 10^scale, as an integer.
std::string ScaledValue(const TableColumn& column, const Names& names) {
  const std::string name = names.Column(column.name);
  if (column.keyed_as.kind != TypeKind::kDecimal) return name;
  if (column.type.kind == TypeKind::kDouble) {
    return fmt::format("CAST(round({} * {}) AS BIGINT)", name, PowerOfTen(column.keyed_as.scale));
  }
  const Type wide{TypeKind::kDecimal, 38, column.keyed_as.scale};
  const std::string value =
      names.dialect().narrow_decimals
          ? fmt::format("CAST({} AS {})", name, names.dialect().type_name(wide))
          : name;
  return fmt::format("CAST({} * {} AS {})", value, PowerOfTen(column.keyed_as.scale),
                     names.dialect().wide_integer);
}

/// The type of ScaledValue.
std::string ScaledType(const TableColumn& column, const Names& names) {
  const bool wide =
      column.keyed_as.kind == TypeKind::kDecimal && column.type.kind == TypeKind::kDecimal;
  return wide ? names.dialect().wide_integer : names.dialect().type_name(Type{TypeKind::kBigint});
}

int ScaleOf(const TableColumn& column) {
  return column.keyed_as.kind == TypeKind::kDecimal ? column.keyed_as.scale : 0;
}

/// Names of a spec never begin with `_`.
std::string CountPart(const Measure& measure) { return "_count_" + measure.name; }

Result<std::vector<Part>> PartsOf(const Measure& measure, const TableSchema& fact,
                                  const Names& names) {
  std::string condition = "TRUE";
  if (measure.where) {
    ASSIGN_OR_RETURN(condition, RenderExpression(names.dialect(), measure.where));
  }
  if (measure.type == MeasureType::kCount) {
    return std::vector<Part>{
        {&measure, measure.name, fmt::format("CASE WHEN {} THEN 1 ELSE 0 END", condition), "0"}};
  }
  const TableColumn& column = *fact.Find(measure.column);
  std::vector<Part> parts = {
      {&measure, measure.name,
       fmt::format("CASE WHEN {} THEN {} END", condition, ScaledValue(column, names)),
       // Typed, since PostgreSQL takes a union of bare nulls for text.
       fmt::format("CAST(NULL AS {})", ScaledType(column, names))}};
  if (measure.type == MeasureType::kAverage) {
    parts.push_back({&measure, CountPart(measure),
                     fmt::format("CASE WHEN ({}) AND {} IS NOT NULL THEN 1 ELSE 0 END", condition,
                                 names.Column(measure.column)),
                     "0"});
  }
  return parts;
}

/// An integer, 10^-`scale` times which is the value, as the measure's decimal type.
std::string Unscale(const std::string& integer, int scale, const Type& type, const Names& names) {
  const std::string sql_type = names.dialect().type_name(type);
  if (scale == 0) return fmt::format("CAST({} AS {})", integer, sql_type);
  const std::string unit = fmt::format("0.{}1", std::string(scale - 1, '0'));
  return fmt::format("CAST(CAST({} AS DECIMAL({}, 0)) * {} AS {})", integer, 37 - scale, unit,
                     sql_type);
}

/// sum / count to four places, half away from zero, in integer arithmetic only.
std::string Average(const std::string& sum, const std::string& count, int scale,
                    const Names& names) {
  const auto wide = [&](const std::string& number) {
    return fmt::format("CAST({} AS {})", number, names.dialect().wide_integer);
  };
  const int up = std::max(0, 4 - scale);
  const int down = std::max(0, scale - 4);
  const std::string numerator = fmt::format("abs({}) * {}", wide(sum), PowerOfTen(up));
  const std::string denominator = fmt::format("({} * {})", wide(count), PowerOfTen(down));
  return fmt::format("(CASE WHEN {} < 0 THEN -1 ELSE 1 END * {})", sum,
                     names.dialect().quotient(fmt::format("(2 * {} + {})", numerator, denominator),
                                              fmt::format("(2 * {})", denominator)));
}

std::string Aggregate(const Measure& measure, const TableSchema& fact, const Names& names) {
  const std::string sum = fmt::format("sum({})", names.Column(measure.name));
  const std::string name = names.Column(measure.name);
  switch (measure.type) {
    case MeasureType::kCount:
      return fmt::format("CAST({} AS BIGINT) AS {}", sum, name);
    case MeasureType::kSum:
      return fmt::format("{} AS {}",
                         Unscale(fmt::format("coalesce({}, 0)", sum),
                                 ScaleOf(*fact.Find(measure.column)), measure.result, names),
                         name);
    case MeasureType::kAverage:
      break;
  }
  const std::string count = fmt::format("sum({})", names.Column(CountPart(measure)));
  const std::string average = Average(sum, count, ScaleOf(*fact.Find(measure.column)), names);
  return fmt::format("CASE WHEN {} = 0 THEN NULL ELSE {} END AS {}", count,
                     Unscale(average, 4, measure.result, names), name);
}

/// Keys of members that can be computed from other group columns, with the reference that says how:
/// in all facts of the mart it must be the same. Grouping would spend its time on comparing them.
std::map<std::string, Reference> ComputedKeys(const Mart& mart, const Spec& spec,
                                              const TableSchema& table, const Names& names) {
  std::map<std::string, Reference> computed;
  for (const std::string& name : mart.group_by) {
    std::set<std::vector<std::string>> bases;
    for (const Measure& measure : mart.measures) {
      std::vector<std::string> basis;
      for (const Reference& reference : spec.FindFact(measure.fact)->references) {
        if (reference.surrogate_key != name) continue;
        basis = reference.columns;
        computed[name] = reference;
      }
      bases.insert(std::move(basis));
    }
    const bool same = bases.size() == 1 && computed.count(name) > 0;
    if (!same || !KeyFollows(computed[name], table, names)) computed.erase(name);
  }
  return computed;
}

/// The group columns of a mart as a select list. Texts are spelled by `spell` if there is one,
/// since grouping compares; keys of members are hex digits and compare exactly as they are.
std::string GroupColumns(const TableSchema& mart, const Names& names,
                         std::string (*spell)(std::string_view value),
                         const std::map<std::string, Reference>& computed, bool outer) {
  std::vector<std::string> columns;
  for (const TableColumn& column : mart.columns) {
    if (column.role != ColumnRole::kGroup && column.role != ColumnRole::kDateKey) continue;
    const std::string name = names.Column(column.name);
    const bool text = column.type.kind == TypeKind::kText && column.refers_to.empty();
    if (const auto key = computed.find(column.name); key != computed.end()) {
      if (!outer) continue;
      const std::vector<std::string>& basis = key->second.columns;
      columns.push_back(fmt::format(
          "{} AS {}", RenderReferenceKey(basis, names.dialect().key_of(names.List(basis)), names),
          name));
    } else {
      columns.push_back(spell && text ? fmt::format("{} AS {}", spell(name), name) : name);
    }
  }
  return fmt::format("{}", fmt::join(columns, ", "));
}

std::vector<std::string> GroupedBy(const Mart& mart,
                                   const std::map<std::string, Reference>& computed) {
  std::vector<std::string> columns;
  for (const std::string& name : mart.group_by) {
    if (computed.count(name) == 0) columns.push_back(name);
  }
  return columns;
}

/// What a load accepted, where it lies once it is published.
std::string PublishedRows(const TableSchema& table, const StagingSwap& swap, const Names& names) {
  std::vector<std::string> columns;
  for (const TableColumn& column : StagedColumns(table)) columns.push_back(column.name);
  const std::string list = names.List(columns);
  if (table.kind == TableKind::kDimension) {
    return fmt::format("SELECT {} FROM {} WHERE delivery_id = {}", list,
                       names.Book(VersionsTable(table.name)), names.Text(swap.delivery_id));
  }
  const auto rows = [&](const std::string& from) {
    return fmt::format("SELECT {} FROM {} WHERE {} = {}", list, from, names.Column(kBatchDate),
                       names.Date(swap.batch_date));
  };
  return rows(names.Star(table.name)) + "\nUNION ALL " + rows(names.Book(WaitingTable(table.name)));
}

}  // namespace

Result<PublishPart> RenderRefreshMart(const RefreshMartStep& step, const Spec& spec,
                                      const Names& names,
                                      const std::vector<std::string>& changed_facts) {
  const Mart& mart = *step.mart;
  const std::string star = names.Star(mart.name);
  const std::string touched = names.Temp("touched", mart.name);
  const std::string date = names.Column(kDateKey);
  const auto computed = ComputedKeys(mart, spec, step.table, names);
  std::vector<std::string> facts, dates;
  std::vector<Part> parts;
  for (const Measure& measure : mart.measures) {
    if (std::find(facts.begin(), facts.end(), measure.fact) == facts.end()) {
      facts.push_back(measure.fact);
    }
    ASSIGN_OR_RETURN(const std::vector<Part> more,
                     PartsOf(measure, FactTable(spec, *spec.FindFact(measure.fact)), names));
    parts.insert(parts.end(), more.begin(), more.end());
  }
  for (const std::string& fact : facts) {
    if (std::find(changed_facts.begin(), changed_facts.end(), fact) == changed_facts.end())
      continue;
    dates.push_back(fmt::format("SELECT {} FROM {}", date, names.Temp("touched", fact)));
  }
  const std::string where =
      step.whole ? "" : fmt::format(" WHERE {0} IN (SELECT {0} FROM {1})", date, touched);
  std::vector<std::string> sources;
  for (const std::string& fact : facts) {
    std::vector<std::string> select;
    for (const Part& part : parts) {
      const bool own = part.measure->fact == fact;
      select.push_back(
          fmt::format("{} AS {}", own ? part.over_fact : part.elsewhere, names.Column(part.name)));
    }
    sources.push_back(fmt::format(
        "SELECT {}, {}\n  FROM {}{}",
        GroupColumns(step.table, names, names.dialect().equal_text, computed, /*outer=*/false),
        fmt::join(select, ", "), names.Star(fact), where));
  }
  std::vector<std::string> aggregates;
  for (const Measure& measure : mart.measures) {
    aggregates.push_back(Aggregate(measure, FactTable(spec, *spec.FindFact(measure.fact)), names));
  }
  PublishPart part;
  if (!step.whole) {
    part.resolve.push_back(
        {fmt::format("dates of '{}' that change", mart.name),
         fmt::format("CREATE TEMP TABLE {} AS\n{}", touched, fmt::join(dates, " UNION "))});
  }
  part.remove.push_back({fmt::format("take them out of '{}'", mart.name),
                         fmt::format("DELETE FROM {}{}", star, where)});
  part.add.push_back(
      {fmt::format("aggregate '{}' anew", mart.name),
       fmt::format("INSERT INTO {} ({})\nSELECT {}, {}\nFROM ({}) AS s\nGROUP BY {}", star,
                   names.List(step.table.Names()),
                   GroupColumns(step.table, names, names.dialect().plain_text, computed,
                                /*outer=*/true),
                   fmt::join(aggregates, ",\n  "), fmt::join(sources, "\n  UNION ALL "),
                   names.List(GroupedBy(mart, computed)))});
  part.Append(RenderDefinition(names, mart.name, step.mart_hash));
  return part;
}

PublishPart RenderSwapStaging(const SwapStagingStep& step, const Names& names,
                              const StagingSwap& swap) {
  const std::string staging = "staging_" + step.table.name;
  PublishPart part;
  if (names.dialect().private_views) {
    if (swap.was_table) {
      part.swap.push_back({"the staging table of the batch before was a table",
                           fmt::format("DROP TABLE {}", names.Star(staging))});
    }
    part.swap.push_back({"show the rows of this batch",
                         fmt::format("CREATE OR REPLACE VIEW {} AS\n{}", names.Star(staging),
                                     PublishedRows(step.table, swap, names))});
    return part;
  }
  part.swap = {{fmt::format("drop the staging table of the batch before"),
                fmt::format("DROP TABLE IF EXISTS {}", names.Star(staging))},
               {"put this batch's in its place",
                fmt::format("ALTER TABLE {} RENAME TO {}", names.Private(step.table.name),
                            names.Column(staging))}};
  return part;
}

}  // namespace lyceum
