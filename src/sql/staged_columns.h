#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "sql/names.h"

namespace lyceum {

/// The columns of a staging table: those of the star table without the placeholder mark.
std::vector<TableColumn> StagedColumns(const TableSchema& table);

/// The items of the SELECT that makes staged rows of accepted ones, in the order of
/// StagedColumns(). `key_of` renders the key over some of the dataset's columns.
using RenderKeyOf = std::function<std::string(const std::vector<std::string>& columns)>;
Result<std::vector<std::string>> RenderStagedItems(const StageStep& step, const Names& names,
                                                   const RenderKeyOf& key_of);

}  // namespace lyceum
