#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "base/diagnostic.h"
#include "base/status.h"
#include "base/type.h"
#include "expr/expr.h"

namespace lyceum {

/// One column of a dataset's files.
struct SourceColumn {
  std::string name;
  Type type;
  /// Other headers (or JSON keys) that mean this column. Case and outer blanks are ignored.
  std::vector<std::string> aliases;
  /// Formats of a date or timestamp, tried in order; never empty for those two types.
  std::vector<std::string> formats;
  /// True if files may lack the column; it is null then.
  bool optional = false;
  /// integer and bigint: read `12.0` as 12.
  bool allow_zero_fraction = false;
  /// boolean: the words read as true and false, compared without case; never empty for boolean.
  std::vector<std::string> true_values;
  std::vector<std::string> false_values;
  /// decimal with precision <= 15 only: the warehouse stores the value as double, keys and marts
  /// still count it as the decimal that it was read as.
  bool store_as_double = false;
  Span span;
};

/// A column computed from the row's other columns, before its rules are judged.
struct DerivedColumn {
  std::string name;
  Type type;
  Expr expression;
  Span span;
};

enum class RuleType {
  kNotNull,
  kRange,
  kAcceptedValues,
  kPattern,
  kLength,
  kUnique,
  kExpression,
  /// Not written in specs: a derived column's expression overflows on the row.
  kComputable,
  /// Not written in specs: a derived text has at most 65,535 bytes, like one that is read.
  kTextFits,
};

enum class RuleSeverity {
  kQuarantine,  ///< the row goes to quarantine
  kWarn,        ///< the row loads, the failure is counted
  kFail,        ///< one failing row closes the gate of the batch date
};

/// One check of every row. All rules but not_null pass on null.
struct Rule {
  RuleType type;
  RuleSeverity severity = RuleSeverity::kQuarantine;
  /// What reports call the rule when it fails: `quiz_score: not in range 0 to 100`. Holds no row
  /// value.
  std::string reason;
  /// The column judged; unique has one or more, expression none.
  std::vector<std::string> columns;
  /// range: inclusive bounds as canonical text of the column's type (a timestamp column takes
  /// dates: the bound then holds for the value's date). length: numbers of code points.
  std::optional<std::string> min;
  std::optional<std::string> max;
  /// range on a timestamp column: bounds are dates.
  bool bounds_are_dates = false;
  std::vector<std::string> values;  ///< accepted_values, as canonical text of the column's type
  std::string pattern;              ///< pattern: must match the whole value
  Expr expression;                  ///< expression: must not be false
  Span span;
};

enum class FileFormat { kCsv, kJson };
enum class UnknownColumns { kWarn, kFail, kIgnore };
enum class OnMissing { kWarn, kFail };

/// Limits on the rows that quarantine takes, in percent of rows read per dataset and batch date.
/// A limit is crossed when the percentage is greater than it.
struct Thresholds {
  std::optional<double> warn_above_percent = 0.0;
  std::optional<double> fail_above_percent;
};

/// One kind of file that arrives: where, in which form, with which columns, judged how.
struct Dataset {
  std::string name;
  /// Patterns of the path below --input: `*` and `?` match within one folder, `{batch_date}`
  /// matches yyyyMMdd or yyyy-MM-dd. `.gz` and `.zst` after the pattern match too.
  std::vector<std::string> files;
  FileFormat format = FileFormat::kCsv;
  char delimiter = ',';
  bool quoted_newlines = true;
  std::vector<std::string> null_tokens = {""};
  UnknownColumns unknown_columns = UnknownColumns::kWarn;
  OnMissing on_missing = OnMissing::kWarn;
  std::vector<SourceColumn> columns;
  std::vector<DerivedColumn> derived;
  std::vector<Rule> rules;
  Thresholds thresholds;
  Span span;

  /// True if the batch date stands in the file names; false for static files, whose snapshot date
  /// is the date of the run. All patterns of a dataset agree.
  bool dated() const;
};

enum class UnknownMember {
  kInfer,       ///< a placeholder member appears
  kHold,        ///< the row waits
  kQuarantine,  ///< the row goes to quarantine
};

/// Columns of a fact or dimension that name a member of a dimension.
struct Reference {
  std::string dimension;
  std::vector<std::string> columns;  ///< in the order of the dimension's key, with its types
  std::string surrogate_key;         ///< column that receives the member's surrogate key
  UnknownMember unknown = UnknownMember::kInfer;
  Span span;
};

/// A dimension. Exactly one of `dataset` and `members_from` is set.
struct Dimension {
  std::string name;
  std::string dataset;                    ///< snapshots of the members come from this dataset
  std::vector<std::string> members_from;  ///< or: its members are the keys that these facts use
  std::vector<std::string> key;
  std::string surrogate_key;
  std::vector<Reference> references;
  Span span;
};

/// A fact: one row per identity over all batches.
struct Fact {
  std::string name;
  std::string dataset;
  std::vector<std::string> identity;
  std::string event_key;    ///< column that receives the hash over the identity
  std::string date_column;  ///< source date or timestamp column that gives date_key
  std::vector<Reference> references;
  Span span;
};

enum class MeasureType { kCount, kSum, kAverage };

/// One aggregated column of a mart.
struct Measure {
  std::string name;
  MeasureType type = MeasureType::kCount;
  std::string fact;
  std::string column;  ///< sum and average: a fact column
  Expr where;          ///< rows that count; nullptr for all
  Type result;         ///< count: bigint; sum of integers: bigint; average: decimal(x,4)
  Span span;
};

/// A table aggregated from facts, kept up to date for touched dates. `group_by` holds date_key and
/// columns that every used fact has with one type.
struct Mart {
  std::string name;
  std::vector<std::string> group_by;
  std::vector<Measure> measures;
  Span span;
};

/// The calendar dimension (date_key, year, quarter, month, day, iso_week, iso_weekday, is_weekend).
struct CalendarTable {
  std::string table;
  Days from = 0;
  Days to = 0;
  Span span;
};

/// How Redshift lays out one table; unset parts keep their default.
struct TableLayout {
  std::optional<std::string> diststyle;  ///< auto, all, even, key
  std::string distkey;
  std::optional<std::vector<std::string>> sortkey;
  Span span;
};

/// A named warehouse. Settings are kept as written; `${NAME}` and `${NAME:-default}` are expanded
/// by ExpandEnvironment when the target is used, never when it is only listed.
struct Target {
  std::string name;
  std::string type;      ///< duckdb, postgresql, redshift
  std::string path;      ///< duckdb: the database file
  std::string url;       ///< postgresql, redshift: the connection; secret
  std::string schema;    ///< schema of the star tables; "": the default of its type
  std::string stage;     ///< redshift: s3:// prefix of staged files
  std::string iam_role;  ///< redshift: "default" or an ARN
  std::map<std::string, TableLayout> tables;  ///< redshift: layouts that differ from the default
  Span span;
};

/// A named engine that runs the load steps. Settings are kept as written, like a target's.
struct DeclaredEngine {
  std::string name;
  std::string type;                   ///< duckdb, spark
  std::string url;                    ///< spark: the connection; secret
  std::string run_directory;          ///< spark: where the cluster writes; "": the run's directory
  std::string cluster_run_directory;  ///< spark: the same as the cluster sees it
  std::map<std::string, std::string> settings;  ///< spark: further settings of the session
  Span span;
};

/// A checked pipeline. Names are unique, references resolve, types agree, dimensions are in
/// dependency order (a referenced dimension comes first), every fact has a date_key.
struct Spec {
  std::string pipeline;
  std::string timezone = "UTC";
  std::vector<Dataset> datasets;
  std::optional<CalendarTable> calendar;
  std::vector<Dimension> dimensions;
  std::vector<Fact> facts;
  std::vector<Mart> marts;
  std::vector<Target> targets;
  std::string default_target;  ///< "" if none
  std::vector<DeclaredEngine> engines;
  std::string default_engine;  ///< "" if none

  const Dataset* FindDataset(std::string_view name) const;
  const Dimension* FindDimension(std::string_view name) const;
  const Fact* FindFact(std::string_view name) const;
};

/// Returns what is wrong with the name of a time zone, or "". Only the machine knows its zones, and
/// this layer does not ask it.
using TimezoneProblem = std::function<std::string(const std::string& name)>;

/// Reads and checks a spec. No I/O: `text` is the content. Returns nullopt exactly if `diagnostics`
/// has errors afterwards; warnings may stand beside a spec. Without `timezone_problem` every name
/// of a time zone is taken.
std::optional<Spec> LoadSpec(std::string_view text, Diagnostics* diagnostics,
                             const TimezoneProblem& timezone_problem = nullptr);

/// What of a spec cannot run on Spark, with its place.
std::vector<Diagnostic> SparkProblems(const Spec& spec);

/// Prints the canonical form of everything that can change the rows of `dataset` or of the table it
/// feeds: files, format, types, rules, identity, keys, references, timezone, the semantics version.
/// Comments, order of keys, thresholds, aliases' order, targets and engines do not count. Its
/// SHA-256 is the dataset's spec hash.
std::string CanonicalDataset(const Spec& spec, const Dataset& dataset);
std::string SpecHash(const Spec& spec, const Dataset& dataset);

/// Prints the canonical form of a mart, with what its facts' columns mean; its SHA-256 tells
/// whether the mart must be rebuilt whole.
std::string MartHash(const Spec& spec, const Mart& mart);

/// Replaces `${NAME}` and `${NAME:-default}` by values of the environment; kBadSpec names the
/// variable that is not set. Never puts a value into a message.
Result<std::string> ExpandEnvironment(std::string_view text);

/// The JSON Schema of spec files (draft 2020-12), for editors.
std::string SpecJsonSchema();
/// The reference page of spec files, in Markdown.
std::string SpecReference();

}  // namespace lyceum
