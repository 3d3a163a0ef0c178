#pragma once

#include <string>
#include <vector>

#include "plan/star.h"
#include "sql/names.h"

namespace lyceum {

// How rows of the engine come into a run's private tables.

/// Creates a private table, which stays until it is swapped in.
std::string RenderPrivateTable(const std::string& qualified_name,
                               const std::vector<TableColumn>& columns, const Names& names);

/// Where private tables are views: the rows of `query`, which stays valid until the run ends.
Statement RenderPrivateView(const std::string& qualified_name, const std::string& query);
/// Drops a private table of either kind.
Statement RenderDropPrivate(const std::string& qualified_name, const Names& names);

/// PostgreSQL: receives rows in binary form from the client.
std::string RenderBinaryCopy(const std::string& qualified_name,
                             const std::vector<TableColumn>& columns, const Names& names);

/// Redshift: loads the Parquet files of a manifest. Files are read by position, so they hold
/// exactly the columns of the table.
std::string RenderParquetCopy(const std::string& qualified_name, const std::string& manifest_url,
                              const std::string& iam_role);

/// DuckDB: writes the rows of `query` as Parquet below `folder`, with the physical types that
/// Redshift's COPY takes.
std::string RenderParquetFiles(const std::vector<TableColumn>& columns, const std::string& query,
                               const std::string& folder);

}  // namespace lyceum
