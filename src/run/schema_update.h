#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "spec/spec.h"
#include "sql/render.h"
#include "warehouses/warehouse.h"

namespace lyceum {

/// What brings the tables of a warehouse up to a spec. It runs inside the publish transaction, so
/// that a run which publishes nothing changes no table.
struct SchemaChanges {
  std::vector<std::string> notes;  ///< for `plan`: `create 'fact_quiz'`
  std::vector<Statement> define;   ///< CREATE, ALTER and DROP, before anything reads the tables
  PublishPart rows;                ///< descriptions and calendar days
  std::set<std::string> staging_tables;  ///< `staging_*` of the star's schema that are tables

  bool empty() const { return define.empty() && rows.remove.empty() && rows.add.empty(); }
};

/// Compares the spec with the tables of the warehouse. kBadSpec lists every table whose change
/// needs a rebuild (changed type, key or identity, dropped column). `names` names the star schema;
/// `layouts` are those of the target; `members` tells how new tables may store keys.
Result<SchemaChanges> CompareSchema(const Spec& spec, const Names& names,
                                    const std::map<std::string, TableLayout>& layouts,
                                    Warehouse* warehouse, const MemberCounts& members = {});

/// What a database without Lyceum's tables needs for a spec; kBadSpec if others have the names.
/// `warehouse` may be null if there is no database yet.
Result<SchemaChanges> NewSchema(const Spec& spec, const Names& names,
                                const std::map<std::string, TableLayout>& layouts,
                                Warehouse* warehouse);

}  // namespace lyceum
