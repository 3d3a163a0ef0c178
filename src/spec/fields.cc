#include "spec/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.h"
#include "base/type.h"

namespace lyceum {
namespace {

using enum FieldKind;

const std::vector<Field> kPipelineFields = {
    {.path = "lyceum",
     .kind = kWord,
     .required = true,
     .words = {"1"},
     .doc = "Version of the spec format."},
    {.path = "pipeline",
     .kind = kName,
     .required = true,
     .doc = "Name of the pipeline in reports and in the ledger."},
    {.path = "timezone",
     .kind = kText,
     .default_value = "UTC",
     .doc = "Zone into which timestamps with an offset are converted, such as `Asia/Kolkata`. "
            "Timestamps without an offset are taken as written."},
    {.path = "targets",
     .kind = kNamedObjects,
     .may_be_empty = true,
     .doc = "Warehouses to publish to."},
    {.path = "targets.*.type",
     .kind = kWord,
     .required = true,
     .words = {"duckdb", "postgresql", "redshift"},
     .doc = "Kind of warehouse."},
    {.path = "targets.*.path",
     .kind = kText,
     .required = true,
     .only_for = {"duckdb"},
     .doc =
         "Database file; a relative path starts at the current folder, not at the spec's. In all "
         "settings of a target `${NAME}` and `${NAME:-default}` stand for environment variables, "
         "`$$` for a dollar."},
    {.path = "targets.*.url",
     .kind = kText,
     .required = true,
     .only_for = {"postgresql", "redshift"},
     .secret = true,
     .doc =
         "Connection, `postgresql://user:password@host:port/database?sslmode=...`, or "
         "`redshift://...`. Take it, or the password, from the environment. Special characters of "
         "user and password are written as in URLs: `%40` for `@`, `%2F` for `/`."},
    {.path = "targets.*.schema",
     .kind = kName,
     .default_value = "main for duckdb, public otherwise",
     .doc = "Schema of the star tables. Lyceum's own tables live in the schema `lyceum`."},
    {.path = "targets.*.stage",
     .kind = kText,
     .required = true,
     .only_for = {"redshift"},
     .doc = "`s3://bucket/prefix` that receives staged Parquet files, each run below a folder of "
            "its own. The bucket must be in the cluster's region."},
    {.path = "targets.*.iam_role",
     .kind = kText,
     .default_value = "default",
     .only_for = {"redshift"},
     .doc = "Role with which the cluster reads the stage: an ARN, or `default`."},
    {.path = "targets.*.tables",
     .kind = kNamedObjects,
     .only_for = {"redshift"},
     .may_be_empty = true,
     .doc = "Layout of single tables, where the default does not suit; it counts when a table is "
            "created. The default: dimensions "
            "DISTSTYLE ALL; facts and marts distributed by the surrogate key of the first "
            "dimension that they refer to, sorted by `date_key`."},
    {.path = "targets.*.tables.*.diststyle",
     .kind = kWord,
     .words = {"auto", "all", "even", "key"},
     .doc = "How rows are spread over the nodes. `key` needs `distkey`."},
    {.path = "targets.*.tables.*.distkey",
     .kind = kName,
     .doc = "Column by which rows are distributed."},
    {.path = "targets.*.tables.*.sortkey",
     .kind = kNames,
     .may_be_empty = true,
     .doc = "Columns by which rows are sorted, most important first; an empty list leaves it to "
            "Redshift."},
    {.path = "default_target",
     .kind = kName,
     .doc = "Target that commands use when `--target` is not given."},
    {.path = "engines",
     .kind = kNamedObjects,
     .may_be_empty = true,
     .doc = "Where the load steps may run, besides `duckdb`, the engine inside Lyceum."},
    {.path = "engines.*.type",
     .kind = kWord,
     .required = true,
     .words = {"duckdb", "spark"},
     .doc = "Kind of engine. `spark` is a cluster that is reached through Spark Connect."},
    {.path = "engines.*.url",
     .kind = kText,
     .required = true,
     .only_for = {"spark"},
     .secret = true,
     .doc = "Connection, `sc://host:15002/;token=${TOKEN};...`. Take the token, and all that is "
            "secret, from the environment. `token` means TLS, unless `use_ssl=false` stands there "
            "too. In all settings of an engine `${NAME}` and `${NAME:-default}` stand for "
            "environment variables, `$$` for a dollar."},
    {.path = "engines.*.run_directory",
     .kind = kText,
     .default_value = "the run directory of the run",
     .only_for = {"spark"},
     .doc = "Folder, or `s3://bucket/prefix`, that receives the cluster's results, as Lyceum sees "
            "it."},
    {.path = "engines.*.cluster_run_directory",
     .kind = kText,
     .default_value = "the same path, s3:// becomes s3a://",
     .only_for = {"spark"},
     .doc = "The same folder as the cluster sees it: an absolute path or a URL."},
    {.path = "engines.*.settings",
     .kind = kSettings,
     .only_for = {"spark"},
     .may_be_empty = true,
     .doc = "Further settings of the session, such as `spark.sql.shuffle.partitions: 64`. Those on "
            "which the meaning of values depends are Lyceum's own and refused: "
            "`spark.sql.ansi.enabled`, `spark.sql.session.timeZone`, `spark.sql.caseSensitive`, "
            "`spark.sql.variable.substitute`, `spark.sql.parser.escapedStringLiterals`, "
            "`spark.sql.storeAssignmentPolicy`, `spark.sql.timestampType`, "
            "`spark.sql.files.ignoreCorruptFiles`, `spark.sql.files.ignoreMissingFiles`, "
            "`spark.sql.parquet.compression.codec`, `spark.sql.parquet.datetimeRebaseModeIn*`, "
            "`spark.sql.parquet.inferTimestampNTZ.enabled`, "
            "`spark.sql.parquet.writeLegacyFormat`, "
            "`spark.sql.decimalOperations.allowPrecisionLoss`, `spark.sql.legacy.*`."},
    {.path = "default_engine",
     .kind = kName,
     .default_value = "duckdb",
     .doc = "Engine that commands use when `--engine` is not given."},
};

const std::vector<Field> kDatasetFields = {
    {.path = "datasets",
     .kind = kNamedObjects,
     .required = true,
     .doc = "Kinds of files that arrive. Each feeds one dimension or one fact."},
    {.path = "datasets.*.files",
     .kind = kTexts,
     .required = true,
     .doc = "Patterns of the path below `--input`. `*` and `?` match within one folder, "
            "`{batch_date}` matches yyyyMMdd or yyyy-MM-dd. `.gz` and `.zst` behind the pattern "
            "match too. Files whose patterns hold no `{batch_date}` are snapshots."},
    {.path = "datasets.*.format",
     .kind = kWord,
     .default_value = "csv",
     .words = {"csv", "json"},
     .doc = "Form of the files. `json` is one array of objects or one object per line."},
    {.path = "datasets.*.delimiter",
     .kind = kText,
     .default_value = "','",
     .only_for = {"csv"},
     .selector = "format",
     .doc = "Character between two columns."},
    {.path = "datasets.*.quoted_newlines",
     .kind = kBoolean,
     .default_value = "true",
     .only_for = {"csv"},
     .selector = "format",
     .doc =
         "Whether a quoted value may hold a line end. If false, such a row goes to quarantine, and "
         "a cluster may split the file."},
    {.path = "datasets.*.null_tokens",
     .kind = kTexts,
     .default_value = "['']",
     .may_be_empty = true,
     .doc = "Texts that mean null, quoted or not, after outer blanks are trimmed."},
    {.path = "datasets.*.unknown_columns",
     .kind = kWord,
     .default_value = "warn",
     .words = {"warn", "fail", "ignore"},
     .doc = "What happens when a file has a column that the spec does not know."},
    {.path = "datasets.*.on_missing",
     .kind = kWord,
     .default_value = "warn",
     .words = {"warn", "fail"},
     .doc =
         "What happens when a batch has no file of the dataset. `fail` ends the run with exit 1."},
    {.path = "datasets.*.columns",
     .kind = kNamedObjects,
     .required = true,
     .doc = "Columns of the files, in the order of the table. Files may have them in any order."},
    {.path = "datasets.*.columns.*.type",
     .kind = kType,
     .required = true,
     .doc = "`integer`, `bigint`, `decimal(p,s)`, `double`, `boolean`, `text`, `date` or "
            "`timestamp`. A value that does not fit goes to quarantine."},
    {.path = "datasets.*.columns.*.aliases",
     .kind = kTexts,
     .may_be_empty = true,
     .doc = "Other headers, or JSON keys, of the column. Case and outer blanks are ignored."},
    {.path = "datasets.*.columns.*.formats",
     .kind = kTexts,
     .only_for = {"date", "timestamp"},
     .doc =
         "Fixed-width forms, tried in order, of the tokens yyyy MM dd HH mm ss; other letters "
         "stand in single quotes. Default: `yyyy-MM-dd` for dates, `yyyy-MM-dd HH:mm:ss` and "
         "`yyyy-MM-dd'T'HH:mm:ss` for timestamps. Fractions of a second and offsets behind ss are "
         "always read."},
    {.path = "datasets.*.columns.*.optional",
     .kind = kBoolean,
     .default_value = "false",
     .doc = "Whether files may lack the column. It is null then."},
    {.path = "datasets.*.columns.*.allow_zero_fraction",
     .kind = kBoolean,
     .default_value = "false",
     .only_for = {"integer", "bigint"},
     .doc = "Whether `12.0` is read as 12."},
    {.path = "datasets.*.columns.*.true_values",
     .kind = kTexts,
     .default_value = "['true']",
     .only_for = {"boolean"},
     .doc = "Words that mean true, compared without case."},
    {.path = "datasets.*.columns.*.false_values",
     .kind = kTexts,
     .default_value = "['false']",
     .only_for = {"boolean"},
     .doc = "Words that mean false, compared without case."},
    {.path = "datasets.*.columns.*.store_as",
     .kind = kWord,
     .words = {"double"},
     .only_for = {"decimal"},
     .doc = "Type of the column in the warehouse, where it differs from the one that is read. "
            "Allowed up to 15 digits. Keys and marts count the exact decimal."},
    {.path = "datasets.*.derived",
     .kind = kNamedObjects,
     .may_be_empty = true,
     .doc = "Columns computed from the row. Later ones may use earlier ones."},
    {.path = "datasets.*.derived.*.type",
     .kind = kType,
     .required = true,
     .doc = "Type of the column. The expression's type must fit into it."},
    {.path = "datasets.*.derived.*.expression",
     .kind = kText,
     .required = true,
     .doc = "Expression over the row's columns."},
};

const std::vector<Field> kRuleFields = {
    {.path = "datasets.*.rules",
     .kind = kObjects,
     .may_be_empty = true,
     .doc = "Checks of every row. All but `not_null` pass on null."},
    {.path = "datasets.*.rules[].type",
     .kind = kWord,
     .required = true,
     .words = {"not_null", "range", "accepted_values", "pattern", "length", "unique", "expression"},
     .doc = "Kind of check."},
    {.path = "datasets.*.rules[].column",
     .kind = kName,
     .only_for = {"not_null", "range", "accepted_values", "pattern", "length", "unique"},
     .doc = "Column to check. Required but for `unique`, which may take `columns`."},
    {.path = "datasets.*.rules[].columns",
     .kind = kNames,
     .only_for = {"unique"},
     .doc = "Columns whose values together occur once per dataset and batch date; nulls are "
            "ignored."},
    {.path = "datasets.*.rules[].min",
     .kind = kScalar,
     .only_for = {"range", "length"},
     .doc = "Least value, inclusive. Range: a value of the column's type, a date for a timestamp "
            "column. Length: a number of code points."},
    {.path = "datasets.*.rules[].max",
     .kind = kScalar,
     .only_for = {"range", "length"},
     .doc = "Greatest value, inclusive. A rule needs `min`, `max` or both."},
    {.path = "datasets.*.rules[].values",
     .kind = kScalars,
     .required = true,
     .only_for = {"accepted_values"},
     .doc = "All values that the column may have."},
    {.path = "datasets.*.rules[].pattern",
     .kind = kText,
     .required = true,
     .only_for = {"pattern"},
     .doc = "Regular expression for the whole value: literals, `.`, classes, groups, `|`, repeats "
            "and `\\d \\w \\s`."},
    {.path = "datasets.*.rules[].expression",
     .kind = kText,
     .required = true,
     .only_for = {"expression"},
     .doc = "Condition over the row's columns. A row fails when it is false."},
    {.path = "datasets.*.rules[].name",
     .kind = kText,
     .required = true,
     .only_for = {"expression"},
     .doc = "Reason that reports give for a row that fails."},
    {.path = "datasets.*.rules[].severity",
     .kind = kWord,
     .default_value = "quarantine",
     .words = {"quarantine", "warn", "fail"},
     .doc = "`quarantine` keeps the row out, `warn` only counts it, `fail` closes the gate of the "
            "batch date."},
    {.path = "datasets.*.thresholds",
     .kind = kObject,
     .doc = "Limits on quarantined rows, per dataset and batch date."},
    {.path = "datasets.*.thresholds.warn_above_percent",
     .kind = kPercent,
     .default_value = "0",
     .unit = "percent of rows read",
     .doc = "More quarantined rows than this give a warning."},
    {.path = "datasets.*.thresholds.fail_above_percent",
     .kind = kPercent,
     .unit = "percent of rows read",
     .doc =
         "More quarantined rows than this close the gate: nothing is published, exit 2. No limit "
         "if left out. A changed limit judges content that is published already only with "
         "`--force`."},
};

const std::vector<Field> kTableFields = {
    {.path = "calendar",
     .kind = kObject,
     .doc = "Date dimension with one row per day. Facts need it; events outside it go to "
            "quarantine."},
    {.path = "calendar.table", .kind = kName, .required = true, .doc = "Name of the table."},
    {.path = "calendar.from", .kind = kDate, .required = true, .doc = "First day."},
    {.path = "calendar.to", .kind = kDate, .required = true, .doc = "Last day, inclusive."},
    {.path = "dimensions",
     .kind = kNamedObjects,
     .may_be_empty = true,
     .doc = "Who and what. The name is the table's name. Each takes `dataset` or `members_from`."},
    {.path = "dimensions.*.dataset",
     .kind = kName,
     .doc = "Dataset whose snapshots bring the members."},
    {.path = "dimensions.*.members_from",
     .kind = kNames,
     .doc = "Facts whose keys are the members; the dimension has no other columns."},
    {.path = "dimensions.*.key",
     .kind = kNames,
     .required = true,
     .doc = "Columns that identify a member."},
    {.path = "dimensions.*.surrogate_key",
     .kind = kName,
     .required = true,
     .doc = "Column that receives the hash over the key."},
    {.path = "dimensions.*.references",
     .kind = kObjects,
     .may_be_empty = true,
     .doc = "Members of other dimensions that a member names."},
    {.path = "dimensions.*.references[].dimension",
     .kind = kName,
     .required = true,
     .doc = "Dimension that is named."},
    {.path = "dimensions.*.references[].columns",
     .kind = kNames,
     .required = true,
     .doc = "Columns of this table, in the order of the dimension's key."},
    {.path = "dimensions.*.references[].surrogate_key",
     .kind = kName,
     .required = true,
     .doc = "Column that receives the member's surrogate key."},
    {.path = "dimensions.*.references[].unknown",
     .kind = kWord,
     .default_value = "infer",
     .words = {"infer"},
     .refused = {"hold", "quarantine"},
     .refusal = "dimensions support only 'infer'; write 'unknown: infer' or leave the key out",
     .doc = "What happens when no snapshot has the member: `infer` adds a placeholder row."},
    {.path = "facts",
     .kind = kNamedObjects,
     .may_be_empty = true,
     .doc = "What happened. The name is the table's name."},
    {.path = "facts.*.dataset",
     .kind = kName,
     .required = true,
     .doc = "Dataset that brings the rows; its files must have a `{batch_date}`."},
    {.path = "facts.*.identity",
     .kind = kNames,
     .required = true,
     .doc =
         "Columns that say which rows are one event, within a batch and between batches. They are "
         "never null."},
    {.path = "facts.*.event_key",
     .kind = kName,
     .required = true,
     .doc = "Column that receives the hash over the identity."},
    {.path = "facts.*.date_column",
     .kind = kName,
     .required = true,
     .doc = "Date or timestamp column that gives `date_key`. It is never null."},
    {.path = "facts.*.references",
     .kind = kObjects,
     .may_be_empty = true,
     .doc = "Members of dimensions that an event names."},
    {.path = "facts.*.references[].dimension",
     .kind = kName,
     .required = true,
     .doc = "Dimension that is named."},
    {.path = "facts.*.references[].columns",
     .kind = kNames,
     .required = true,
     .doc = "Columns of this table, in the order of the dimension's key."},
    {.path = "facts.*.references[].surrogate_key",
     .kind = kName,
     .required = true,
     .doc = "Column that receives the member's surrogate key."},
    {.path = "facts.*.references[].unknown",
     .kind = kWord,
     .default_value = "infer",
     .words = {"infer"},
     .refused = {"hold", "quarantine"},
     .refusal = "this version supports only 'infer'; write 'unknown: infer' or leave the key out",
     .doc = "What happens when no snapshot has the member: `infer` adds a placeholder row."},
    {.path = "marts",
     .kind = kNamedObjects,
     .may_be_empty = true,
     .doc = "Tables aggregated from facts, kept up to date for the dates that a batch touches."},
    {.path = "marts.*.group_by",
     .kind = kNames,
     .required = true,
     .doc = "`date_key`, and columns that every used fact has with one type."},
    {.path = "marts.*.measures",
     .kind = kNamedObjects,
     .required = true,
     .doc = "Aggregated columns."},
    {.path = "marts.*.measures.*.type",
     .kind = kWord,
     .required = true,
     .words = {"count", "sum", "average"},
     .doc = "`count` counts rows. `sum` is 0 and `average` is null where there are none; averages "
            "have four exact decimals."},
    {.path = "marts.*.measures.*.fact",
     .kind = kName,
     .required = true,
     .doc = "Fact whose rows count."},
    {.path = "marts.*.measures.*.column",
     .kind = kName,
     .required = true,
     .only_for = {"sum", "average"},
     .doc = "Column of integer, bigint or decimal. A decimal must leave room for an exact result "
            "over ten billion rows; `validate` says how many digits that is."},
    {.path = "marts.*.measures.*.where",
     .kind = kText,
     .doc = "Condition over the fact's columns; all rows count if it is left out."},
};

std::vector<Field> JoinFields() {
  std::vector<Field> fields;
  for (const auto* part : {&kPipelineFields, &kDatasetFields, &kRuleFields, &kTableFields}) {
    fields.insert(fields.end(), part->begin(), part->end());
  }
  return fields;
}

/// Names of types in other systems, too far from ours for the nearest name.
struct ForeignType {
  std::string_view name;
  std::string_view ours;
};
constexpr ForeignType kForeignTypes[] = {
    {"int", "integer"},        {"int32", "integer"},       {"smallint", "integer"},
    {"int64", "bigint"},       {"long", "bigint"},         {"string", "text"},
    {"varchar", "text"},       {"char", "text"},           {"str", "text"},
    {"float", "double"},       {"real", "double"},         {"bool", "boolean"},
    {"datetime", "timestamp"}, {"number", "decimal(p,s)"}, {"numeric", "decimal(p,s)"},
};

}  // namespace

std::string_view Field::key() const {
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

const std::vector<Field>& AllFields() {
  static const std::vector<Field> fields = JoinFields();
  return fields;
}

std::vector<const Field*> FieldsOf(std::string_view path) {
  std::vector<const Field*> found;
  for (const Field& field : AllFields()) {
    const std::string_view key = field.key();
    const size_t parent_size = field.path.size() - key.size();
    const std::string_view parent = field.path.substr(0, parent_size == 0 ? 0 : parent_size - 1);
    if (parent == path) found.push_back(&field);
  }
  return found;
}

std::string ChildPath(const Field& field) {
  switch (field.kind) {
    case kObjects:
      return fmt::format("{}[]", field.path);
    case kNamedObjects:
      return fmt::format("{}.*", field.path);
    default:
      return std::string(field.path);
  }
}

std::string NameProblem(std::string_view name) {
  if (!name.empty() && name[0] == '_') return "names that begin with '_' are reserved";
  const bool well_formed = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
                           std::all_of(name.begin(), name.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                           });
  if (!well_formed) {
    return fmt::format(
        "'{}' is no name; expected lower-case letters, digits and '_', beginning with "
        "a letter",
        name);
  }
  if (name.size() > kMaxNameBytes) {
    return fmt::format("the name has {} characters; expected at most {}", name.size(),
                       kMaxNameBytes);
  }
  return "";
}

std::string TypeProblem(std::string_view text) {
  if (ParseTypeName(text)) return "";
  const std::string_view word = text.substr(0, text.find('('));
  if (word == "decimal" || word == "decimal ") {
    // `{type: decimal(5,2)}` ends at the comma.
    const bool cut = text.find('(') != std::string_view::npos && text.back() != ')';
    return cut ? "write a type with a comma in quotes: 'decimal(5,2)'"
               : "expected 'decimal(p,s)' with 1 to 38 digits, of which s, at most p and 37, stand "
                 "behind the point";
  }
  for (const ForeignType& foreign : kForeignTypes) {
    if (foreign.name == word) {
      return fmt::format("unknown type '{}'; did you mean '{}'?", text, foreign.ours);
    }
  }
  return fmt::format("unknown type '{}'{}", text,
                     SuggestName(text, {"integer", "bigint", "decimal(p,s)", "double", "boolean",
                                        "text", "date", "timestamp"}));
}

}  // namespace lyceum
