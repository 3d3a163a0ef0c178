// Builds a plan in two passes: first what happens to each dataset, then the steps that follow from
// it. Steps stand in the order of semantics.md: everything is read and staged, the gate decides,
// then the publish transaction computes all changes from the old state before it makes any.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "plan/plan.h"

namespace lyceum {
namespace {

/// The random part of a run's id.
constexpr size_t kRunIdEndBytes = 8;

bool RanksBefore(const DeliveredFile& a, const DeliveredFile& b) {
  return std::tie(a.base_name, a.content_id(), a.relative) <
         std::tie(b.base_name, b.content_id(), b.relative);
}

/// Sorts by rank and sets aside files that are identical in base name and content.
void RankFiles(std::vector<DeliveredFile> files, DatasetPlan* plan) {
  std::sort(files.begin(), files.end(), RanksBefore);
  for (DeliveredFile& file : files) {
    const bool repeated = !plan->files.empty() && plan->files.back().base_name == file.base_name &&
                          plan->files.back().content_id() == file.content_id();
    (repeated ? plan->identical : plan->files).push_back(std::move(file));
  }
}

bool PublishedElsewhere(const LedgerState& ledger, const std::string& dataset, Days except,
                        const std::string& delivery_id) {
  for (const auto& [key, content] : ledger) {
    if (key.first == dataset && key.second != except && content.delivery_id == delivery_id) {
      return true;
    }
  }
  return false;
}

void Decide(const PlanInput& input, DatasetPlan* plan) {
  const Dataset& dataset = *plan->dataset;
  if (plan->files.empty()) {
    plan->action = DatasetAction::kMissing;
    plan->why = "no file";
    return;
  }
  const auto& header_only = input.header_only;
  if (std::find(header_only.begin(), header_only.end(), dataset.name) != header_only.end()) {
    plan->action = DatasetAction::kSkip;
    plan->why = "no record below the header";
    return;
  }
  const bool unchanged = plan->current && plan->current->content_hash == plan->content_hash &&
                         plan->current->spec_hash == plan->spec_hash;
  if (unchanged && !input.force) {
    plan->action = DatasetAction::kSkip;
    plan->why = "unchanged";
    return;
  }
  if (!dataset.dated() && !unchanged &&
      PublishedElsewhere(input.ledger, dataset.name, input.batch_date, plan->delivery_id)) {
    plan->action = DatasetAction::kSnapshot;
    plan->why = "same content as on another date";
    return;
  }
  plan->action = DatasetAction::kLoad;
  if (!plan->current) {
    plan->why = "new";
  } else if (unchanged) {
    plan->why = "forced";
  } else if (plan->current->content_hash != plan->content_hash) {
    plan->why = "content changed";
  } else {
    plan->why = "spec changed";
  }
}

DatasetPlan PlanDataset(const Spec& spec, const Dataset& dataset, const PlanInput& input) {
  DatasetPlan plan;
  plan.dataset = &dataset;
  const FedTable fed = TableFedBy(spec, dataset);
  if (fed.fact) plan.table = FactTable(spec, *fed.fact);
  if (fed.dimension) plan.table = DimensionTable(spec, *fed.dimension);
  if (auto files = input.files.find(dataset.name); files != input.files.end()) {
    RankFiles(files->second, &plan);
  }
  plan.content_hash = ContentHash(plan.files);
  plan.spec_hash = SpecHash(spec, dataset);
  plan.delivery_id =
      Sha256Hex(fmt::format("{}\n{}\n{}\n", dataset.name, plan.content_hash, plan.spec_hash));
  const auto current = input.ledger.find({dataset.name, input.batch_date});
  if (current != input.ledger.end()) {
    plan.current = current->second;
    plan.current_ends = !PublishedElsewhere(input.ledger, dataset.name, input.batch_date,
                                            current->second.delivery_id);
  }
  Decide(input, &plan);
  return plan;
}

const DatasetPlan* PlanOf(const Plan& plan, const std::string& dataset) {
  for (const DatasetPlan& candidate : plan.datasets) {
    if (candidate.dataset->name == dataset) return &candidate;
  }
  return nullptr;
}

bool Changes(const DatasetPlan& plan) {
  return plan.action == DatasetAction::kLoad || plan.action == DatasetAction::kSnapshot;
}

void AddLoadSteps(const Spec& spec, const DatasetPlan& plan, Days batch_date,
                  std::vector<Step>* steps) {
  const Dataset& dataset = *plan.dataset;
  const FedTable fed = TableFedBy(spec, dataset);
  const std::vector<Rule> rules = RulesOf(spec, dataset);
  steps->push_back(ReadStep{&dataset, plan.table, rules});
  steps->push_back(DeduplicateStep{&dataset, plan.table, rules});
  if (fed.fact) {
    steps->push_back(StageStep{&dataset, plan.table, fed.fact->identity, fed.fact->references,
                               fed.fact->date_column, batch_date});
  } else if (fed.dimension) {
    steps->push_back(StageStep{&dataset, plan.table, fed.dimension->key, fed.dimension->references,
                               "", batch_date});
  }
  steps->push_back(QuarantineStep{&dataset, plan.table, rules, plan.delivery_id});
}

ResolveFactStep ResolveFact(const Fact& fact, const DatasetPlan& plan) {
  ResolveFactStep step{plan.table, fact.references, plan.current, false};
  step.date_in_identity = std::find(fact.identity.begin(), fact.identity.end(), fact.date_column) !=
                          fact.identity.end();
  return step;
}

ResolveDimensionStep ResolveDimension(const Spec& spec, const Dimension& dimension,
                                      const Plan& plan) {
  ResolveDimensionStep step;
  step.table = DimensionTable(spec, dimension);
  step.dimension = &dimension;
  step.references = dimension.references;
  if (const DatasetPlan* dataset = PlanOf(plan, dimension.dataset)) {
    step.action = dataset->action;
    step.delivery_id = dataset->delivery_id;
    if (dataset->current) step.old_delivery_id = dataset->current->delivery_id;
  }
  return step;
}

bool MartStale(const Spec& spec, const Mart& mart, const PlanInput& input) {
  const auto published = input.mart_hashes.find(mart.name);
  return published == input.mart_hashes.end() || published->second != MartHash(spec, mart);
}

bool AnyMartStale(const Spec& spec, const PlanInput& input) {
  return std::any_of(spec.marts.begin(), spec.marts.end(),
                     [&](const Mart& mart) { return MartStale(spec, mart, input); });
}

void AddPublishSteps(const Spec& spec, const PlanInput& input, Plan* plan) {
  std::vector<Step>& steps = plan->steps;
  std::vector<Step> apply;
  std::set<std::string> changed_facts;
  for (const Fact& fact : spec.facts) {
    const DatasetPlan* dataset = PlanOf(*plan, fact.dataset);
    if (!Changes(*dataset)) continue;
    changed_facts.insert(fact.name);
    steps.push_back(ResolveFact(fact, *dataset));
    apply.push_back(ApplyFactStep{ResolveFact(fact, *dataset)});
  }
  // A dimension is resolved after all that refer to it, and applied before them.
  for (size_t i = spec.dimensions.size(); i-- > 0;) {
    steps.push_back(ResolveDimension(spec, spec.dimensions[i], *plan));
  }
  for (const Dimension& dimension : spec.dimensions) {
    ApplyDimensionStep step{ResolveDimension(spec, dimension, *plan), false};
    const DatasetPlan* dataset = PlanOf(*plan, dimension.dataset);
    step.old_delivery_ends = dataset && dataset->current_ends;
    steps.push_back(step);
  }
  steps.insert(steps.end(), apply.begin(), apply.end());
  for (const Mart& mart : spec.marts) {
    RefreshMartStep step{MartTable(spec, mart), &mart, false, MartHash(spec, mart)};
    step.whole = MartStale(spec, mart, input);
    const bool touched =
        std::any_of(mart.measures.begin(), mart.measures.end(),
                    [&](const Measure& measure) { return changed_facts.count(measure.fact) > 0; });
    if (step.whole || touched) steps.push_back(step);
  }
  for (const DatasetPlan& dataset : plan->datasets) {
    const bool staged = dataset.action == DatasetAction::kLoad && !dataset.table.name.empty();
    if (staged) steps.push_back(SwapStagingStep{dataset.table});
  }
  steps.push_back(RecordStep{});
}

}  // namespace

std::string ContentHash(const std::vector<DeliveredFile>& files) {
  std::set<std::pair<std::string, std::string>> set;
  for (const DeliveredFile& file : files) set.emplace(file.base_name, file.content_id());
  std::string text;
  for (const auto& [name, id] : set) text += fmt::format("{}:{}:{}\n", name.size(), name, id);
  return Sha256Hex(text);
}

std::string PrivateTable(const std::string& run_id, const std::string& table) {
  // Short, so that the longest table name stays within PostgreSQL's 63 bytes.
  return fmt::format("ld_{:0>8}_{}",
                     run_id.substr(run_id.size() - std::min(kRunIdEndBytes, run_id.size())), table);
}

size_t PrivateTablePrefixBytes() { return PrivateTable("", "").size(); }

Plan BuildPlan(const Spec& spec, const PlanInput& input) {
  Plan plan;
  plan.spec = &spec;
  plan.run_id = input.run_id;
  plan.batch_date = input.batch_date;
  plan.table_changes = input.table_changes;
  for (const Dataset& dataset : spec.datasets) {
    plan.datasets.push_back(PlanDataset(spec, dataset, input));
  }
  const bool changes =
      std::any_of(plan.datasets.begin(), plan.datasets.end(), Changes) ||
      (!input.ledger.empty() && (AnyMartStale(spec, input) || !input.table_changes.empty()));
  if (!changes) return plan;
  for (const DatasetPlan& dataset : plan.datasets) {
    if (dataset.action == DatasetAction::kLoad)
      AddLoadSteps(spec, dataset, input.batch_date, &plan.steps);
  }
  plan.steps.push_back(GateStep{});
  AddPublishSteps(spec, input, &plan);
  return plan;
}

}  // namespace lyceum
