#include "plan/plan.h"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

constexpr char kSpec[] = R"(
lyceum: 1
pipeline: p
datasets:
  people:
    files: [people.csv]
    format: csv
    columns: {person_id: {type: integer}, name: {type: text}}
  visits:
    files: ['visits_{batch_date}*.csv']
    format: csv
    columns: {person_id: {type: integer}, at: {type: timestamp}}
calendar: {table: dim_date, from: 2000-01-01, to: 2050-12-31}
dimensions:
  dim_person: {dataset: people, key: [person_id], surrogate_key: person_sk}
facts:
  fact_visit:
    dataset: visits
    identity: [person_id, at]
    event_key: visit_id
    date_column: at
    references: [{dimension: dim_person, columns: [person_id], surrogate_key: person_sk}]
)";

DeliveredFile File(const std::string& name, const std::string& content) {
  DeliveredFile file;
  file.relative = file.base_name = name;
  file.fingerprint.content_id = content;
  return file;
}

class PlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Diagnostics diagnostics;
    spec_ = LoadSpec(kSpec, &diagnostics);
    ASSERT_TRUE(spec_) << RenderDiagnostics(diagnostics, "spec.yaml", kSpec);
    input_.run_id = "20250601T000000Z-0123abcd";
    input_.batch_date = *ParseBatchDate("2025-06-01");
    input_.files["people"] = {File("people.csv", "aa")};
    input_.files["visits"] = {File("visits_20250601.csv", "bb")};
  }

  /// Publishes the plan: its deliveries become current.
  void Publish(const Plan& plan) {
    for (const DatasetPlan& dataset : plan.datasets) {
      if (dataset.files.empty()) continue;
      input_.ledger[{dataset.dataset->name, plan.batch_date}] = {
          dataset.delivery_id, dataset.content_hash, dataset.spec_hash, {}, {}, 7, 1};
    }
  }

  DatasetAction Action(size_t dataset) {
    const Plan plan = BuildPlan(*spec_, input_);
    EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan).message();
    return plan.datasets[dataset].action;
  }

  std::optional<Spec> spec_;
  PlanInput input_;
};

TEST_F(PlanTest, LoadsWhatIsNewAndSkipsWhatIsUnchanged) {
  EXPECT_EQ(Action(0), DatasetAction::kLoad);
  EXPECT_EQ(Action(1), DatasetAction::kLoad);
  Publish(BuildPlan(*spec_, input_));
  EXPECT_EQ(Action(0), DatasetAction::kSkip);
  EXPECT_EQ(Action(1), DatasetAction::kSkip);
  EXPECT_FALSE(BuildPlan(*spec_, input_).publishes());
  input_.force = true;
  EXPECT_EQ(Action(1), DatasetAction::kLoad);
}

TEST_F(PlanTest, StaticContentIsLoadedOnceForAllDates) {
  Publish(BuildPlan(*spec_, input_));
  input_.batch_date += 1;
  EXPECT_EQ(Action(0), DatasetAction::kSnapshot);
  EXPECT_EQ(Action(1), DatasetAction::kLoad);
}

TEST_F(PlanTest, MissingFilesKeepTheCurrentContent) {
  input_.files.erase("visits");
  EXPECT_EQ(Action(1), DatasetAction::kMissing);
}

TEST_F(PlanTest, IdenticalFilesAreReadOnce) {
  input_.files["visits"].push_back(File("visits_20250601.csv", "bb"));
  const Plan plan = BuildPlan(*spec_, input_);
  EXPECT_EQ(plan.datasets[1].files.size(), 1u);
  EXPECT_EQ(plan.datasets[1].identical.size(), 1u);
}

TEST_F(PlanTest, OrderOfFilesIsNoMatter) {
  input_.files["visits"].push_back(File("visits_20250601_b.csv", "cc"));
  const Plan one = BuildPlan(*spec_, input_);
  std::swap(input_.files["visits"][0], input_.files["visits"][1]);
  const Plan two = BuildPlan(*spec_, input_);
  EXPECT_EQ(one.datasets[1].delivery_id, two.datasets[1].delivery_id);
  EXPECT_EQ(two.datasets[1].files[0].base_name, "visits_20250601.csv");
}

TEST_F(PlanTest, BrokenPlansAreCaught) {
  Plan plan = BuildPlan(*spec_, input_);
  std::swap(plan.steps.front(), plan.steps.back());
  EXPECT_FALSE(CheckPlan(plan).ok());
  plan = BuildPlan(*spec_, input_);
  plan.steps.pop_back();
  EXPECT_EQ(CheckPlan(plan).message(), "broken plan: the ledger is not written");
}

TEST_F(PlanTest, Explains) {
  EXPECT_EQ(ExplainPlan(BuildPlan(*spec_, input_)),
            R"(plan of p for batch date 2025-06-01

datasets
  load      people -> dim_person (new)
            people.csv  0 bytes  aa
  load      visits -> fact_visit (new)
            visits_20250601.csv  0 bytes  bb

steps
  read        people: 2 columns, 1 rules
  deduplicate people: first row of each (person_id)
  stage       dim_person: 4 columns, 0 references
  quarantine  people: raw text and all reasons
  read        visits: 2 columns, 3 rules
  deduplicate visits: first row of each (person_id, at)
  stage       fact_visit: 6 columns, 1 references
  quarantine  visits: raw text and all reasons
  gate        thresholds of all datasets; closed, nothing below happens
  resolve     fact_visit: overlaps with other batches, bounded by date
  resolve     dim_person: snapshot and placeholders
  merge       dim_person
  replace     fact_visit: insert the batch
  swap        staging_dim_person
  swap        staging_fact_visit
  record      ledger, quality results, quarantine
)");
}

TEST(PrivateTable, FitsPostgres) {
  const std::string longest(50, 'x');
  EXPECT_LE(PrivateTable("20250601T000000Z-0123abcd", longest).size(), 63u);
  EXPECT_EQ(PrivateTable("20250601T000000Z-0123abcd", "fact"), "ld_0123abcd_fact");
}

}  // namespace
}  // namespace lyceum
