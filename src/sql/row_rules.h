#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "sql/names.h"

namespace lyceum {

// How rows are judged, for every engine: rules become bits of mask columns `_failed0`, `_failed1`,
// ..., so that good rows cost a comparison with zero and reasons are spelled only for bad ones. The
// read rows have, besides their columns, `_pos` (their rank), `_bad` (null, `*` for a broken
// structure, or `,0,3,` with the ordinals of source columns whose text has another type) and
// `_reasons` (the inside of a JSON array).

/// The rules judged row by row, and those judged among the accepted rows; in order.
std::vector<Rule> RowRules(const std::vector<Rule>& rules);
std::vector<Rule> UniqueRules(const std::vector<Rule>& rules);

/// The SELECT over the rows of `from` that adds the derived columns and, last, the masks.
Result<std::string> RenderJudgement(const Dataset& dataset, const std::vector<Rule>& rules,
                                    std::string from, const Names& names);

/// True exactly on read rows that load or are duplicates.
std::string RenderGood(const std::vector<Rule>& rules, const Names& names);
/// True on read rows that break the row rule with this index.
std::string RenderBroken(size_t row_rule, const Names& names);
/// The reasons of a read row as a JSON array.
std::string RenderReasons(const std::vector<Rule>& row_rules, const Names& names);

/// Rows of `kept` that repeat a value which a `unique` rule wants once: `_pos`, and `_repeats` with
/// a bit per rule.
std::string RenderRepeated(const std::vector<Rule>& unique, const std::string& kept,
                           const Names& names);
std::string RenderUniqueReasons(const std::vector<Rule>& unique, const Names& names);
/// The bits of those rules that reject rows.
uint64_t RejectingBits(const std::vector<Rule>& unique);

/// Aggregates over the read rows: for every rule of `step.rules`, in order, the number of rows that
/// fail it (`unique` included), and last the rows that were judged.
std::vector<std::string> RuleCounts(const ReadStep& step, const Names& names);

/// Names of the source columns, and of source and derived columns.
std::vector<std::string> SourceColumns(const Dataset& dataset);
std::vector<std::string> DatasetColumns(const Dataset& dataset);
/// The source columns outside the identity, in which duplicates may differ. Derived columns differ
/// only where these do.
std::vector<std::string> FreeColumns(const DeduplicateStep& step);
/// The reason of a duplicate that differs in `column`, as a JSON string.
std::string ConflictReason(const std::string& column);

}  // namespace lyceum
