#include "sql/staging_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/render.h"

namespace lyceum {
namespace {

/// COPY splits Parquet above this size itself, so larger files load no faster.
constexpr int64_t kParquetFileBytes = 128 << 20;

/// 38 digits are the only decimals that DuckDB writes in the fixed length that COPY expects.
std::string ParquetType(const Type& type) {
  if (type.kind == TypeKind::kDecimal) return fmt::format("DECIMAL(38,{})", type.scale);
  return DuckDbDialect().type_name(type);
}

}  // namespace

Statement RenderPrivateView(const std::string& qualified_name, const std::string& query) {
  return {"its private table is a view of the rows",
          fmt::format("CREATE OR REPLACE TEMP VIEW {} AS\n{}", qualified_name, query)};
}

Statement RenderDropPrivate(const std::string& qualified_name, const Names& names) {
  return {"clean up",
          fmt::format("DROP {} IF EXISTS {}", names.dialect().private_views ? "VIEW" : "TABLE",
                      qualified_name)};
}

std::string RenderBinaryCopy(const std::string& qualified_name,
                             const std::vector<TableColumn>& columns, const Names& names) {
  std::vector<std::string> list;
  for (const TableColumn& column : columns) list.push_back(column.name);
  return fmt::format("COPY {} ({}) FROM STDIN (FORMAT BINARY)", qualified_name, names.List(list));
}

std::string RenderParquetCopy(const std::string& qualified_name, const std::string& manifest_url,
                              const std::string& iam_role) {
  const std::string role =
      iam_role == "default" ? iam_role : QuoteText(RedshiftDialect(), iam_role);
  return fmt::format("COPY {} FROM {}\nIAM_ROLE {} FORMAT AS PARQUET MANIFEST STATUPDATE OFF",
                     qualified_name, QuoteText(RedshiftDialect(), manifest_url), role);
}

std::string RenderParquetFiles(const std::vector<TableColumn>& columns, const std::string& query,
                               const std::string& folder) {
  std::vector<std::string> select;
  for (const TableColumn& column : columns) {
    const std::string name = QuoteName(DuckDbDialect(), column.name);
    select.push_back(fmt::format("CAST({0} AS {1}) AS {0}", name, ParquetType(column.type)));
  }
  return fmt::format(
      "COPY (SELECT {}\nFROM ({}))\nTO {} (FORMAT parquet, COMPRESSION snappy, FILE_SIZE_BYTES {})",
      fmt::join(select, ", "), query, QuoteText(DuckDbDialect(), folder), kParquetFileBytes);
}

}  // namespace lyceum
