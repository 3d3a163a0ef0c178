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

/// A reference's key, null where one of its columns is. `key` is the key over `columns`.
std::string RenderReferenceKey(const std::vector<std::string>& columns, const std::string& key,
                               const Names& names);
/// Whether the dialect can compute the reference's key from the columns of `table`: they are all
/// there, in the form that keys encode.
bool KeyFollows(const Reference& reference, const TableSchema& table, const Names& names);

/// The items of the SELECT that makes staged rows of accepted ones, in the order of
/// StagedColumns(). `key_of` renders the key over some of the dataset's columns.
using RenderKeyOf = std::function<std::string(const std::vector<std::string>& columns)>;
Result<std::vector<std::string>> RenderStagedItems(const StageStep& step, const Names& names,
                                                   const RenderKeyOf& key_of);

}  // namespace lyceum
