#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"

namespace lyceum {

/// What a publish knows beyond its plan: what loading the files told.
struct PublishFacts {
  std::map<std::string, DateBounds> bounds;  ///< date_key of the staged rows, by dataset
  std::map<std::string, std::vector<DateBounds>> others;  ///< of other batch dates, by dataset
  std::map<std::string, BatchDifference> differences;     ///< of facts, by dataset
  std::set<std::string> staging_tables;               ///< `staging_*` that are tables, not views
  std::map<std::string, std::vector<FileRow>> files;  ///< ledger lines of loaded files, by dataset
  std::vector<QualityRow> quality;
  RunRow run;
  bool quarantine_staged = false;  ///< the private quarantine table exists
  /// What brings the tables up to the spec: CREATE, ALTER and DROP, then rows.
  std::vector<Statement> define;
  PublishPart schema_rows;
};

/// A statement and the plan's step that it belongs to.
struct StepStatement {
  std::string step;
  Statement statement;
};

/// Takes the lock that makes writers of one warehouse take turns; it must be the first statement of
/// a transaction. Empty where the warehouse admits one writing process anyway.
std::vector<Statement> RenderLock(const Names& names);

/// Whether rows of this publish may meet rows of other batch dates in the fact of `step`.
bool FactMayOverlap(const Spec& spec, const PublishFacts& facts, const ResolveFactStep& step);

/// How the batch of `step` is replaced by its difference; nullptr if it is replaced as a whole.
const BatchDifference* DifferenceOf(const Spec& spec, const PublishFacts& facts,
                                    const ResolveFactStep& step);

/// Everything between the lock and COMMIT of one publish, in order: new tables, all temporary
/// tables, then all DELETE and UPDATE, then all INSERT and MERGE, then the swap of the staging
/// tables.
Result<std::vector<StepStatement>> RenderPublish(const Plan& plan, const PublishFacts& facts,
                                                 const Names& names);

}  // namespace lyceum
