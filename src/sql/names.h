#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "plan/plan.h"
#include "sql/dialect.h"

namespace lyceum {

/// One statement with the reason why it is sent.
struct Statement {
  std::string purpose;
  std::string sql;
};

/// Adds statements behind others.
void AppendStatements(std::vector<Statement> from, std::vector<Statement>* to);

/// The statements of one publish step, by when they may run. A publish runs first every `resolve`
/// of all its steps, then every `remove`, `add` and `swap`: all reads of the old state come before
/// the first change, and a table's rows are deleted before any is inserted (the reverse deadlocks
/// on Redshift).
struct PublishPart {
  std::vector<Statement> resolve;  ///< temporary tables, computed from the old state
  std::vector<Statement> remove;   ///< DELETE and UPDATE
  std::vector<Statement> add;      ///< INSERT and MERGE
  std::vector<Statement> swap;     ///< DROP and RENAME

  void Append(PublishPart other);
};

/// Spells the names and literals of one run in one dialect. Warehouse tables carry their schema;
/// temporary tables have none, so that every warehouse resolves them to the session's.
class Names {
 public:
  Names(const Dialect& dialect, std::string schema, std::string run_id)
      : dialect_(dialect), schema_(std::move(schema)), run_id_(std::move(run_id)) {}

  const Dialect& dialect() const { return dialect_; }
  const std::string& run_id() const { return run_id_; }
  const std::string& schema() const { return schema_; }

  /// A quoted column, or any other plain name.
  std::string Column(std::string_view name) const { return QuoteName(dialect_, name); }
  /// A table of the star schema.
  std::string Star(std::string_view table) const { return Qualified(schema_, table); }
  /// A table of Lyceum's bookkeeping schema.
  std::string Book(std::string_view table) const { return Qualified("lyceum", table); }
  /// A private table of this run: temporary if it is a view, else beside the star tables so that it
  /// can be renamed into one.
  std::string Private(const std::string& table) const {
    const std::string name = PrivateTable(run_id_, table);
    return dialect_.private_views ? Column(name) : Star(name);
  }
  /// A temporary table of this session: `_<what>_<of>`. Names of a spec never begin with `_`, so it
  /// hides no table.
  std::string Temp(std::string_view what, std::string_view of) const;

  std::string Text(std::string_view text) const { return QuoteText(dialect_, text); }
  /// A text literal with its type, for select lists: Redshift gives a bare literal none there.
  std::string Varchar(std::string_view text, int bytes) const;
  std::string Date(Days days) const {
    return TypedLiteral(dialect_, Type{TypeKind::kDate}, FormatDate(days));
  }
  /// `"a", "b"`, each with `prefix` (such as `t.`) before it.
  std::string List(const std::vector<std::string>& columns, std::string_view prefix = "") const;
  /// `left."a" = right."a" AND ...`
  std::string Equal(const std::vector<std::string>& columns, std::string_view left,
                    std::string_view right) const;

 private:
  std::string Qualified(std::string_view schema, std::string_view table) const {
    return QuoteName(dialect_, schema) + "." + QuoteName(dialect_, table);
  }

  const Dialect& dialect_;
  std::string schema_;
  std::string run_id_;
};

}  // namespace lyceum
