#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "spec/spec.h"
#include "sql/dialect.h"

namespace lyceum {

enum class TargetKind { kDuckDb, kPostgres, kRedshift };

/// A target with its variables expanded.
struct ResolvedTarget {
  TargetKind kind = TargetKind::kDuckDb;
  std::string name;      ///< as the user wrote it, without a password; safe to print
  std::string path;      ///< duckdb: the database file
  std::string url;       ///< postgresql, redshift: a URL that libpq reads; may hold a password
  std::string schema;    ///< of the star tables; "" if nobody says
  std::string stage;     ///< redshift: `s3://bucket/prefix`, without a slash at its end
  std::string iam_role;  ///< redshift
  std::map<std::string, TableLayout> layouts;  ///< redshift

  const Dialect& dialect() const;
  /// The schema of a new warehouse if nobody says.
  std::string DefaultSchema() const;
  /// Where the records of runs go if nobody says otherwise: `<database>.runs`.
  std::string DefaultRunDirectory() const;
};

/// Finds what `--target` means: a name of the spec (`spec` may be null), `duckdb:PATH`,
/// `postgresql://...`, `redshift://...?stage=s3://...&iam_role=...`, or with "" the spec's default
/// target. URLs take `schema=` too. kBadSpec lists the names if there is no such target; no message
/// holds a password.
Result<ResolvedTarget> ResolveTarget(const Spec* spec, const std::string& name_or_url);

}  // namespace lyceum
