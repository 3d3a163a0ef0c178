// Turns a tree into structs, part by part. Expressions that need the columns of other parts (marts)
// are parsed in checks.cc.

#include "spec/spec_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "spec/pattern_subset.h"

namespace lyceum {
namespace {

class SpecReader {
 public:
  SpecReader(std::string_view document, Diagnostics* diagnostics)
      : document_(document), diagnostics_(diagnostics) {}

  Spec Read(const YamlNode& root) {
    Spec spec;
    spec.pipeline = Text(root, "pipeline");
    if (root.Find("timezone")) spec.timezone = Text(root, "timezone");
    spec.default_target = Text(root, "default_target");
    Each(root, "targets", [&](const YamlNode& key, const YamlNode& value) {
      Target target;
      target.name = key.scalar;
      target.span = key.span;
      target.type = Text(value, "type");
      target.path = Text(value, "path");
      target.url = Text(value, "url");
      target.schema = Text(value, "schema");
      target.stage = Text(value, "stage");
      target.iam_role = value.Find("iam_role") ? Text(value, "iam_role") : "default";
      Each(value, "tables", [&](const YamlNode& table, const YamlNode& settings) {
        target.tables[table.scalar] = Layout(table, settings);
      });
      spec.targets.push_back(std::move(target));
    });
    spec.default_engine = Text(root, "default_engine");
    Each(root, "engines", [&](const YamlNode& key, const YamlNode& value) {
      DeclaredEngine engine;
      engine.name = key.scalar;
      engine.span = key.span;
      engine.type = Text(value, "type");
      engine.url = Text(value, "url");
      engine.run_directory = Text(value, "run_directory");
      engine.cluster_run_directory = Text(value, "cluster_run_directory");
      Each(value, "settings", [&](const YamlNode& setting, const YamlNode& text) {
        engine.settings[setting.scalar] = text.scalar;
      });
      spec.engines.push_back(std::move(engine));
    });
    Each(root, "datasets", [&](const YamlNode& key, const YamlNode& value) {
      spec.datasets.push_back(ReadDataset(key, value));
    });
    if (const YamlNode* calendar = root.Find("calendar")) spec.calendar = ReadCalendar(*calendar);
    Each(root, "dimensions", [&](const YamlNode& key, const YamlNode& value) {
      Dimension dimension;
      dimension.name = key.scalar;
      dimension.span = key.span;
      dimension.dataset = Text(value, "dataset");
      dimension.members_from = List(value, "members_from");
      dimension.key = List(value, "key");
      dimension.surrogate_key = Text(value, "surrogate_key");
      dimension.references = ReadReferences(value);
      spec.dimensions.push_back(std::move(dimension));
    });
    Each(root, "facts", [&](const YamlNode& key, const YamlNode& value) {
      Fact fact;
      fact.name = key.scalar;
      fact.span = key.span;
      fact.dataset = Text(value, "dataset");
      fact.identity = List(value, "identity");
      fact.event_key = Text(value, "event_key");
      fact.date_column = Text(value, "date_column");
      fact.references = ReadReferences(value);
      spec.facts.push_back(std::move(fact));
    });
    Each(root, "marts", [&](const YamlNode& key, const YamlNode& value) {
      spec.marts.push_back(ReadMart(key, value));
    });
    return spec;
  }

 private:
  static std::string Text(const YamlNode& node, std::string_view key) {
    const YamlNode* value = node.Find(key);
    return value ? value->scalar : "";
  }
  static bool Flag(const YamlNode& node, std::string_view key, bool otherwise) {
    const YamlNode* value = node.Find(key);
    return value ? value->scalar == "true" : otherwise;
  }
  static std::vector<std::string> List(const YamlNode& node, std::string_view key) {
    std::vector<std::string> list;
    if (const YamlNode* value = node.Find(key)) {
      for (const YamlNode& item : value->items) list.push_back(item.scalar);
    }
    return list;
  }
  template <typename Body>
  static void Each(const YamlNode& node, std::string_view key, Body body) {
    const YamlNode* value = node.Find(key);
    if (!value) return;
    std::set<std::string_view> seen;
    for (const auto& [name, child] : value->entries) {
      if (seen.insert(name.scalar).second) body(name, child);
    }
  }

  static TableLayout Layout(const YamlNode& key, const YamlNode& node) {
    TableLayout layout;
    layout.span = key.span;
    if (node.Find("diststyle")) layout.diststyle = Text(node, "diststyle");
    layout.distkey = Text(node, "distkey");
    if (node.Find("sortkey")) layout.sortkey = List(node, "sortkey");
    return layout;
  }

  Type ReadType(const YamlNode& node) {
    const YamlNode* value = node.Find("type");
    if (!value) return {};
    if (const std::optional<Type> type = ParseTypeName(value->scalar)) return *type;
    diagnostics_->Error(
        value->span,
        fmt::format("'{}' is no type{}", value->scalar,
                    SuggestName(value->scalar, {"integer", "bigint", "decimal(p,s)", "double",
                                                "boolean", "text", "date", "timestamp"})));
    return {};
  }

  Dataset ReadDataset(const YamlNode& key, const YamlNode& node) {
    Dataset dataset;
    dataset.name = key.scalar;
    dataset.span = key.span;
    dataset.files = List(node, "files");
    dataset.format = Text(node, "format") == "json" ? FileFormat::kJson : FileFormat::kCsv;
    if (const YamlNode* delimiter = node.Find("delimiter")) {
      const std::string& text = delimiter->scalar;
      if (text.size() != 1 || text == "\"" || text == "\n" || text == "\r") {
        diagnostics_->Error(delimiter->span,
                            "'delimiter' takes one byte that is no quote and no line end");
      } else {
        dataset.delimiter = text[0];
      }
    }
    dataset.quoted_newlines = Flag(node, "quoted_newlines", true);
    if (node.Find("null_tokens")) dataset.null_tokens = List(node, "null_tokens");
    const std::string unknown = Text(node, "unknown_columns");
    if (unknown == "fail") dataset.unknown_columns = UnknownColumns::kFail;
    if (unknown == "ignore") dataset.unknown_columns = UnknownColumns::kIgnore;
    if (Text(node, "on_missing") == "fail") dataset.on_missing = OnMissing::kFail;
    std::vector<ScopeColumn> scope;
    Each(node, "columns", [&](const YamlNode& name, const YamlNode& value) {
      dataset.columns.push_back(ReadColumn(name, value));
      scope.push_back({name.scalar, dataset.columns.back().type});
    });
    Each(node, "derived", [&](const YamlNode& name, const YamlNode& value) {
      ReadDerived(name, value, &scope, &dataset);
    });
    if (const YamlNode* rules = node.Find("rules")) {
      for (const YamlNode& rule : rules->items) ReadRule(rule, scope, &dataset);
    }
    if (const YamlNode* thresholds = node.Find("thresholds")) {
      ReadPercent(*thresholds, "warn_above_percent", &dataset.thresholds.warn_above_percent);
      ReadPercent(*thresholds, "fail_above_percent", &dataset.thresholds.fail_above_percent);
    }
    return dataset;
  }

  void ReadPercent(const YamlNode& node, std::string_view key, std::optional<double>* out) {
    const YamlNode* value = node.Find(key);
    if (!value) return;
    double percent = -1;
    std::from_chars(value->scalar.data(), value->scalar.data() + value->scalar.size(), percent);
    if (percent < 0 || percent > 100) {
      diagnostics_->Error(value->span, fmt::format("'{}' takes a number from 0 to 100", key));
    }
    *out = percent;
  }

  SourceColumn ReadColumn(const YamlNode& name, const YamlNode& node) {
    SourceColumn column;
    column.name = name.scalar;
    column.span = name.span;
    column.type = ReadType(node);
    column.aliases = List(node, "aliases");
    column.optional = Flag(node, "optional", false);
    column.allow_zero_fraction = Flag(node, "allow_zero_fraction", false);
    column.store_as_double = node.Find("store_as") != nullptr;
    const bool dated =
        column.type.kind == TypeKind::kDate || column.type.kind == TypeKind::kTimestamp;
    OnlyFor(node, "formats", dated, "date and timestamp columns");
    OnlyFor(node, "allow_zero_fraction",
            column.type.kind == TypeKind::kInteger || column.type.kind == TypeKind::kBigint,
            "integer and bigint columns");
    OnlyFor(node, "true_values", column.type.kind == TypeKind::kBoolean, "boolean columns");
    OnlyFor(node, "false_values", column.type.kind == TypeKind::kBoolean, "boolean columns");
    OnlyFor(node, "store_as", column.type.kind == TypeKind::kDecimal && column.type.precision <= 15,
            "decimal columns of at most 15 digits");
    if (dated) ReadFormats(node, &column);
    if (column.type.kind == TypeKind::kBoolean) {
      column.true_values =
          node.Find("true_values") ? List(node, "true_values") : std::vector<std::string>{"true"};
      column.false_values = node.Find("false_values") ? List(node, "false_values")
                                                      : std::vector<std::string>{"false"};
      RefuseCommonWords(node, column);
    }
    return column;
  }

  void RefuseCommonWords(const YamlNode& node, const SourceColumn& column) {
    const YamlNode* words = node.Find(node.Find("false_values") ? "false_values" : "true_values");
    if (!words) return;
    const bool of_false = node.Find("false_values") != nullptr;
    for (const YamlNode& word : words->items) {
      for (const std::string& other : of_false ? column.true_values : column.false_values) {
        if (!EqualIgnoringCase(word.scalar, other)) continue;
        diagnostics_->Error(word.span, fmt::format("'{}' means {} already", word.scalar,
                                                   of_false ? "true" : "false"));
      }
    }
  }

  static bool EqualIgnoringCase(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
      return std::tolower(x) == std::tolower(y);
    });
  }

  void OnlyFor(const YamlNode& node, std::string_view key, bool fits, std::string_view what) {
    if (const YamlNode* value = node.Find(key); value && !fits) {
      diagnostics_->Error(value->span, fmt::format("'{}' is only for {}", key, what));
    }
  }

  void ReadFormats(const YamlNode& node, SourceColumn* column) {
    const bool timestamp = column->type.kind == TypeKind::kTimestamp;
    const YamlNode* formats = node.Find("formats");
    if (!formats) {
      column->formats =
          timestamp ? std::vector<std::string>{"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss"}
                    : std::vector<std::string>{"yyyy-MM-dd"};
      return;
    }
    for (const YamlNode& item : formats->items) {
      const std::string wrong = WhatIsWrong(item.scalar, timestamp);
      if (!wrong.empty()) diagnostics_->Error(item.span, wrong);
      column->formats.push_back(item.scalar);
    }
  }

  /// Checks a fixed-width format: tokens once each, a date in any order, times from the left.
  static std::string WhatIsWrong(const std::string& format, bool timestamp) {
    static constexpr std::string_view kTokens[] = {"yyyy", "MM", "dd", "HH", "mm", "ss"};
    bool seen[6] = {};
    for (size_t i = 0; i < format.size();) {
      if (format[i] == '\'') {
        const size_t close = format.find('\'', i + 1);
        if (close == std::string::npos) return "a quote of the format is not closed";
        i = close + 1;
        continue;
      }
      bool token = false;
      for (size_t t = 0; t < std::size(kTokens) && !token; ++t) {
        if (format.compare(i, kTokens[t].size(), kTokens[t]) != 0) continue;
        if (seen[t]) return fmt::format("'{}' stands in the format twice", kTokens[t]);
        seen[t] = token = true;
        i += kTokens[t].size();
      }
      if (token) continue;
      if (std::isalpha(static_cast<unsigned char>(format[i]))) {
        return fmt::format(
            "'{}' means nothing in a format; expected yyyy MM dd HH mm ss, other "
            "letters in single quotes",
            format[i]);
      }
      ++i;
    }
    if (!seen[0] || !seen[1] || !seen[2]) return "the format lacks yyyy, MM or dd";
    if (!timestamp && (seen[3] || seen[4] || seen[5])) return "a date has no time of day";
    if ((seen[4] && !seen[3]) || (seen[5] && !seen[4])) return "the format skips HH or mm";
    return "";
  }

  Expr ParseAt(const YamlNode& node, const std::vector<ScopeColumn>& scope) {
    if (scope.empty()) return nullptr;  // that there are no columns is reported once
    return ParseExpression(node.scalar, PlaceInScalar(node, document_, 0), scope, diagnostics_);
  }

  void ReadDerived(const YamlNode& name, const YamlNode& node, std::vector<ScopeColumn>* scope,
                   Dataset* dataset) {
    DerivedColumn column;
    column.name = name.scalar;
    column.span = name.span;
    column.type = ReadType(node);
    if (const YamlNode* expression = node.Find("expression")) {
      column.expression = ParseAt(*expression, *scope);
      if (column.expression && !Fits(column.expression->type, column.type)) {
        diagnostics_->Error(expression->span,
                            fmt::format("the expression is {}, but the column is {}",
                                        TypeName(column.expression->type), TypeName(column.type)));
      }
    }
    scope->push_back({column.name, column.type});
    dataset->derived.push_back(std::move(column));
  }

  /// True if every value of `from` is one of `to`.
  static bool Fits(const Type& from, const Type& to) {
    if (from == to) return true;
    if (from.kind == TypeKind::kInteger && to.kind == TypeKind::kBigint) return true;
    const int whole = from.kind == TypeKind::kInteger  ? 10
                      : from.kind == TypeKind::kBigint ? 19
                                                       : from.precision - from.scale;
    const bool exact = from.kind == TypeKind::kInteger || from.kind == TypeKind::kBigint ||
                       from.kind == TypeKind::kDecimal;
    return exact && to.kind == TypeKind::kDecimal && from.scale <= to.scale &&
           whole <= to.precision - to.scale;
  }

  const YamlNode* Need(const YamlNode& node, std::string_view key, std::string_view type) {
    const YamlNode* value = node.Find(key);
    if (!value) {
      diagnostics_->Error(node.span, fmt::format("rule '{}' needs key '{}'", type, key));
    }
    return value;
  }

  /// Keys that a rule of `type` does not take.
  void Refuse(const YamlNode& node, std::string_view type,
              const std::vector<std::string_view>& allowed) {
    for (const auto& [key, value] : node.entries) {
      if (key.scalar == "type" || key.scalar == "severity") continue;
      if (std::find(allowed.begin(), allowed.end(), key.scalar) != allowed.end()) continue;
      diagnostics_->Error(key.span, fmt::format("rule '{}' takes no key '{}'", type, key.scalar));
    }
  }

  void ReadRule(const YamlNode& node, const std::vector<ScopeColumn>& scope, Dataset* dataset) {
    Rule rule;
    rule.span = node.span;
    const std::string type = Text(node, "type");
    if (type.empty()) return;
    const std::string severity = Text(node, "severity");
    if (severity == "warn") rule.severity = RuleSeverity::kWarn;
    if (severity == "fail") rule.severity = RuleSeverity::kFail;
    const Type* column_type = nullptr;
    const bool single = type != "unique" && type != "expression";
    if (single) {
      const YamlNode* column = Need(node, "column", type);
      if (!column) return;
      column_type = FindColumn(*column, scope);
      if (!column_type) return;
      rule.columns = {column->scalar};
    }
    const std::string name = single ? rule.columns[0] : "";
    bool read = true;
    if (type == "not_null") {
      Refuse(node, type, {"column"});
      rule.type = RuleType::kNotNull;
      rule.reason = name + ": is null";
    } else if (type == "range") {
      Refuse(node, type, {"column", "min", "max"});
      read = ReadRange(node, *column_type, &rule);
    } else if (type == "accepted_values") {
      Refuse(node, type, {"column", "values"});
      read = ReadValues(node, *column_type, &rule);
    } else if (type == "pattern") {
      Refuse(node, type, {"column", "pattern"});
      read = ReadPattern(node, *column_type, &rule);
    } else if (type == "length") {
      Refuse(node, type, {"column", "min", "max"});
      read = ReadLength(node, *column_type, &rule);
    } else if (type == "unique") {
      Refuse(node, type, {"column", "columns"});
      read = ReadUnique(node, scope, &rule);
    } else if (type == "expression") {
      Refuse(node, type, {"expression", "name"});
      read = ReadCondition(node, scope, &rule);
    } else {
      return;
    }
    if (read) dataset->rules.push_back(std::move(rule));
  }

  const Type* FindColumn(const YamlNode& name, const std::vector<ScopeColumn>& scope) {
    if (scope.empty()) return nullptr;  // that there are no columns is reported once
    std::vector<std::string> known;
    for (const ScopeColumn& column : scope) {
      if (column.name == name.scalar) return &column.type;
      known.push_back(column.name);
    }
    diagnostics_->UnknownName(name.span, "column", name.scalar, known);
    return nullptr;
  }

  std::optional<std::string> ReadBound(const YamlNode& node, std::string_view key,
                                       const Type& type) {
    const YamlNode* value = node.Find(key);
    if (!value) return std::nullopt;
    std::optional<std::string> canonical = CanonicalValue(type, value->scalar);
    if (!canonical) {
      diagnostics_->Error(value->span, fmt::format("'{}' takes {}", key,
                                                   type.kind == TypeKind::kDate
                                                       ? "a date yyyy-MM-dd"
                                                       : "a value of type " + TypeName(type)));
    }
    return canonical;
  }

  bool ReadRange(const YamlNode& node, const Type& type, Rule* rule) {
    rule->type = RuleType::kRange;
    rule->bounds_are_dates = type.kind == TypeKind::kTimestamp;
    const Type bound = rule->bounds_are_dates ? Type{TypeKind::kDate} : type;
    if (type.kind == TypeKind::kBoolean || type.kind == TypeKind::kText) {
      diagnostics_->Error(node.span, fmt::format("a {} column has no range", TypeName(type)));
      return false;
    }
    rule->min = ReadBound(node, "min", bound);
    rule->max = ReadBound(node, "max", bound);
    if (!node.Find("min") && !node.Find("max")) {
      diagnostics_->Error(node.span, "rule 'range' needs key 'min' or 'max'");
      return false;
    }
    const std::string& name = rule->columns[0];
    if (rule->min && rule->max) {
      rule->reason = fmt::format("{}: not in range {} to {}", name, *rule->min, *rule->max);
      const bool dates = bound.kind == TypeKind::kDate;
      const bool rising = dates ? *rule->min <= *rule->max
                                : std::strtold(rule->min->c_str(), nullptr) <=
                                      std::strtold(rule->max->c_str(), nullptr);
      if (!rising) diagnostics_->Error(node.span, "'min' is greater than 'max'");
    } else if (rule->min) {
      rule->reason = fmt::format("{}: less than {}", name, *rule->min);
    } else if (rule->max) {
      rule->reason = fmt::format("{}: greater than {}", name, *rule->max);
    }
    return true;
  }

  bool ReadValues(const YamlNode& node, const Type& type, Rule* rule) {
    rule->type = RuleType::kAcceptedValues;
    rule->reason = rule->columns[0] + ": not an accepted value";
    const YamlNode* values = Need(node, "values", "accepted_values");
    if (!values) return false;
    for (const YamlNode& item : values->items) {
      if (const std::optional<std::string> value = CanonicalValue(type, item.scalar)) {
        rule->values.push_back(*value);
      } else {
        diagnostics_->Error(item.span, fmt::format("expected {}", TypeName(type)));
      }
    }
    return !rule->values.empty();
  }

  bool RequireText(const YamlNode& node, const Type& type, std::string_view rule) {
    if (type.kind == TypeKind::kText) return true;
    diagnostics_->Error(node.span, fmt::format("rule '{}' is only for text columns", rule));
    return false;
  }

  bool ReadPattern(const YamlNode& node, const Type& type, Rule* rule) {
    rule->type = RuleType::kPattern;
    rule->reason = rule->columns[0] + ": does not match the pattern";
    const YamlNode* pattern = Need(node, "pattern", "pattern");
    if (!pattern || !RequireText(node, type, "pattern")) return false;
    size_t offset = 0;
    const std::string wrong = CheckPattern(pattern->scalar, &offset);
    if (!wrong.empty()) {
      Span span = PlaceInScalar(*pattern, document_, offset);
      span.length = 1;
      diagnostics_->Error(span, fmt::format("pattern: {}", wrong));
    }
    rule->pattern = pattern->scalar;
    return true;
  }

  bool ReadLength(const YamlNode& node, const Type& type, Rule* rule) {
    rule->type = RuleType::kLength;
    if (!RequireText(node, type, "length")) return false;
    const Type number{TypeKind::kInteger};
    rule->min = ReadBound(node, "min", number);
    rule->max = ReadBound(node, "max", number);
    const std::string& name = rule->columns[0];
    if (!node.Find("min") && !node.Find("max")) {
      diagnostics_->Error(node.span, "rule 'length' needs key 'min' or 'max'");
      return false;
    }
    rule->reason =
        rule->min && rule->max
            ? fmt::format("{}: not {} to {} characters long", name, *rule->min, *rule->max)
        : rule->min ? fmt::format("{}: shorter than {} characters", name, *rule->min)
                    : fmt::format("{}: longer than {} characters", name, rule->max.value_or(""));
    return true;
  }

  bool ReadUnique(const YamlNode& node, const std::vector<ScopeColumn>& scope, Rule* rule) {
    rule->type = RuleType::kUnique;
    std::vector<const YamlNode*> columns;
    if (const YamlNode* column = node.Find("column")) columns.push_back(column);
    if (const YamlNode* list = node.Find("columns")) {
      for (const YamlNode& item : list->items) columns.push_back(&item);
    }
    if (columns.empty()) {
      diagnostics_->Error(node.span, "rule 'unique' needs key 'column' or 'columns'");
      return false;
    }
    for (const YamlNode* column : columns) {
      if (!FindColumn(*column, scope)) return false;
      rule->columns.push_back(column->scalar);
      rule->reason += (rule->reason.empty() ? "" : ", ") + column->scalar;
    }
    rule->reason += ": not unique";
    return true;
  }

  bool ReadCondition(const YamlNode& node, const std::vector<ScopeColumn>& scope, Rule* rule) {
    rule->type = RuleType::kExpression;
    const YamlNode* expression = Need(node, "expression", "expression");
    const YamlNode* name = Need(node, "name", "expression");
    if (!expression || !name) return false;
    rule->reason = name->scalar;
    const bool plain = std::all_of(name->scalar.begin(), name->scalar.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) ||
             std::string_view(" _-.,:()<>=+/").find(c) != std::string_view::npos;
    });
    if (!plain || name->scalar.empty()) {
      diagnostics_->Error(name->span, "'name' takes letters, digits, blanks and _-.,:()<>=+/");
    }
    rule->expression = ParseAt(*expression, scope);
    if (!rule->expression) return false;
    if (rule->expression->type.kind != TypeKind::kBoolean) {
      diagnostics_->Error(expression->span, fmt::format("expected a condition, got {}",
                                                        TypeName(rule->expression->type)));
      return false;
    }
    return true;
  }

  std::optional<CalendarTable> ReadCalendar(const YamlNode& node) {
    CalendarTable calendar;
    calendar.span = node.span;
    calendar.table = Text(node, "table");
    for (const char* key : {"from", "to"}) {
      const YamlNode* value = node.Find(key);
      if (!value) return std::nullopt;
      const std::optional<Days> day =
          value->scalar.size() == 10 ? ParseBatchDate(value->scalar) : std::nullopt;
      if (!day) {
        diagnostics_->Error(value->span, fmt::format("'{}' takes a date yyyy-MM-dd", key));
        return std::nullopt;
      }
      (std::string_view(key) == "from" ? calendar.from : calendar.to) = *day;
    }
    if (calendar.from > calendar.to) {
      diagnostics_->Error(node.span, "the calendar's 'from' is after its 'to'");
    }
    return calendar;
  }

  std::vector<Reference> ReadReferences(const YamlNode& node) {
    std::vector<Reference> references;
    const YamlNode* list = node.Find("references");
    if (!list) return references;
    for (const YamlNode& item : list->items) {
      Reference reference;
      reference.span = item.span;
      reference.dimension = Text(item, "dimension");
      reference.columns = List(item, "columns");
      reference.surrogate_key = Text(item, "surrogate_key");
      const std::string unknown = Text(item, "unknown");
      if (unknown == "hold") reference.unknown = UnknownMember::kHold;
      if (unknown == "quarantine") reference.unknown = UnknownMember::kQuarantine;
      references.push_back(std::move(reference));
    }
    return references;
  }

  static Mart ReadMart(const YamlNode& key, const YamlNode& node) {
    Mart mart;
    mart.name = key.scalar;
    mart.span = key.span;
    mart.group_by = List(node, "group_by");
    Each(node, "measures", [&](const YamlNode& name, const YamlNode& value) {
      Measure measure;
      measure.name = name.scalar;
      measure.span = name.span;
      const std::string type = Text(value, "type");
      measure.type = type == "sum"       ? MeasureType::kSum
                     : type == "average" ? MeasureType::kAverage
                                         : MeasureType::kCount;
      measure.fact = Text(value, "fact");
      measure.column = Text(value, "column");
      mart.measures.push_back(std::move(measure));
    });
    return mart;
  }

  std::string_view document_;
  Diagnostics* diagnostics_;
};

}  // namespace

std::optional<std::string> CanonicalValue(const Type& type, const std::string& text) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  switch (type.kind) {
    case TypeKind::kInteger: {
      int32_t value = 0;
      const auto [stop, error] = std::from_chars(begin, end, value);
      if (error != std::errc() || stop != end) return std::nullopt;
      return fmt::format("{}", value);
    }
    case TypeKind::kBigint: {
      int64_t value = 0;
      const auto [stop, error] = std::from_chars(begin, end, value);
      if (error != std::errc() || stop != end) return std::nullopt;
      return fmt::format("{}", value);
    }
    case TypeKind::kDecimal: {
      const size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
      const size_t point = text.find('.');
      const std::string whole =
          text.substr(sign, (point == std::string::npos ? text.size() : point) - sign);
      const std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
      const std::string digits = whole + fraction;
      const bool plain = !whole.empty() && std::all_of(digits.begin(), digits.end(),
                                                       [](char c) { return c >= '0' && c <= '9'; });
      const size_t zeros = std::min(whole.find_first_not_of('0'), whole.size());
      const bool fits = static_cast<int>(fraction.size()) <= type.scale &&
                        static_cast<int>(whole.size() - zeros) <= type.precision - type.scale;
      if (!plain || !fits) return std::nullopt;
      return text;
    }
    case TypeKind::kDouble: {
      double value = 0;
      const auto [stop, error] = std::from_chars(begin, end, value);
      if (error != std::errc() || stop != end || value - value != 0) return std::nullopt;
      return text;
    }
    case TypeKind::kBoolean:
      if (text != "true" && text != "false") return std::nullopt;
      return text;
    case TypeKind::kText:
      return text;
    case TypeKind::kDate:
      if (text.size() != 10 || !ParseBatchDate(text)) return std::nullopt;
      return text;
    case TypeKind::kTimestamp:
      return std::nullopt;
  }
  return std::nullopt;
}

Spec ReadSpec(const YamlNode& root, std::string_view document, Diagnostics* diagnostics) {
  return SpecReader(document, diagnostics).Read(root);
}

}  // namespace lyceum
