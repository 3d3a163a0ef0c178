#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "spec/spec.h"
#include "warehouses/warehouse.h"

namespace lyceum {

/// Reads the current content of every (dataset, batch date) of the warehouse.
Result<LedgerState> ReadLedger(Warehouse* warehouse);
/// Reads the definition hash of each mart and calendar as last built.
Result<std::map<std::string, std::string>> ReadMartHashes(Warehouse* warehouse);

/// A file of the current content.
struct CurrentFile {
  std::string base_name;
  std::string content_id;
  int64_t rows_read = 0;
};
/// Reads the files behind the current content of one dataset and date.
Result<std::vector<CurrentFile>> ReadCurrentFiles(Warehouse* warehouse, const Dataset& dataset,
                                                  Days date, const std::string& delivery_id);

/// Names of all tables and views of a schema, whoever made them and whoever may read them.
Result<std::map<std::string, bool>> ReadTableNames(const Names& names, const std::string& schema,
                                                   Warehouse* warehouse);

/// True if the warehouse holds Lyceum's bookkeeping.
Result<bool> HasBookkeeping(Warehouse* warehouse);

/// One table as lyceum.tables describes it.
struct DescribedTable {
  TableSchema schema;
  std::string dataset;  ///< that feeds it; "" if none does
};
Result<std::vector<DescribedTable>> ReadTables(Warehouse* warehouse);

/// Creates Lyceum's bookkeeping and the schemas where they are missing. No table of the star schema
/// is touched.
Status EnsureBookkeeping(const Names& names, Warehouse* warehouse);

/// The schema in which the star tables were created; "" if there are none yet.
Result<std::string> ReadStarSchema(Warehouse* warehouse);

}  // namespace lyceum
