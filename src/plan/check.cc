// What must be true of every plan, whatever built it. A breach is a bug of the builder.

#include <fmt/format.h>

#include <set>

#include "plan/plan.h"

namespace lyceum {
namespace {

/// Walks the steps in order and notes what each makes possible.
struct Checker {
  std::set<std::string> read, staged, quarantined, resolved, applied, swapped;
  bool gate = false;
  bool recorded = false;
  std::string breach;

  void Need(bool condition, const std::string& text) {
    if (!condition && breach.empty()) breach = text;
  }
  void operator()(const ReadStep& step) {
    Need(!gate, fmt::format("'{}' is read after the gate", step.dataset->name));
    read.insert(step.dataset->name);
  }
  void operator()(const DeduplicateStep& step) {
    Need(read.count(step.dataset->name) > 0,
         fmt::format("'{}' is deduplicated before it is read", step.dataset->name));
  }
  void operator()(const StageStep& step) {
    Need(read.count(step.dataset->name) > 0,
         fmt::format("'{}' is staged before it is read", step.dataset->name));
    staged.insert(step.table.name);
  }
  void operator()(const QuarantineStep& step) {
    Need(read.count(step.dataset->name) > 0,
         fmt::format("'{}' has rejects before it is read", step.dataset->name));
    quarantined.insert(step.dataset->name);
  }
  void operator()(const GateStep&) {
    Need(read == quarantined, "a dataset is read whose rejects go nowhere");
    gate = true;
  }
  void operator()(const ResolveFactStep& step) {
    Need(gate && staged.count(step.table.name) > 0,
         fmt::format("'{}' is resolved without staged rows", step.table.name));
    Need(applied.empty(), fmt::format("'{}' is resolved after a change was made", step.table.name));
    resolved.insert(step.table.name);
  }
  void operator()(const ResolveDimensionStep& step) {
    Need(gate && applied.empty(),
         fmt::format("'{}' is resolved after a change was made", step.table.name));
    for (const Reference& reference : step.references) {
      Need(resolved.count(reference.dimension) == 0,
           fmt::format("'{}' is resolved before '{}', which uses it", reference.dimension,
                       step.table.name));
    }
    resolved.insert(step.table.name);
  }
  void operator()(const ApplyDimensionStep& step) {
    const std::string& name = step.resolved.table.name;
    Need(resolved.count(name) > 0, fmt::format("'{}' is merged before it is resolved", name));
    applied.insert(name);
  }
  void operator()(const ApplyFactStep& step) {
    const std::string& name = step.resolved.table.name;
    Need(resolved.count(name) > 0, fmt::format("'{}' is replaced before it is resolved", name));
    applied.insert(name);
  }
  void operator()(const RefreshMartStep& step) {
    for (const Measure& measure : step.mart->measures) {
      Need(resolved.count(measure.fact) == 0 || applied.count(measure.fact) > 0,
           fmt::format("'{}' is refreshed before '{}' changed", step.mart->name, measure.fact));
    }
  }
  void operator()(const SwapStagingStep& step) { swapped.insert(step.table.name); }
  void operator()(const RecordStep&) {
    Need(resolved == applied, "a resolved table was not changed");
    Need(staged == swapped, "a staged table was not swapped in");
    recorded = true;
  }
};

}  // namespace

Status CheckPlan(const Plan& plan) {
  Checker checker;
  for (const Step& step : plan.steps) std::visit(checker, step);
  if (plan.publishes()) checker.Need(checker.recorded, "the ledger is not written");
  if (checker.breach.empty()) return Status::Ok();
  return Internal(fmt::format("broken plan: {}", checker.breach));
}

}  // namespace lyceum
