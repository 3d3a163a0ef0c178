// The whole script of a batch in every warehouse's words, as a golden file.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "report/listings.h"
#include "run/session.h"

namespace lyceum {
namespace {

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

DeliveredFile File(const std::string& name, char id) {
  DeliveredFile file;
  file.relative = file.base_name = name;
  file.fingerprint.content_id = std::string(64, id);
  file.fingerprint.bytes = 100;
  return file;
}

/// A first load of a dimension and a correction of a fact's day.
PlannedDate Planned(const Spec& spec, const ResolvedTarget& target) {
  PlanInput input;
  input.run_id = "script";
  input.batch_date = *ParseBatchDate("2025-06-02");
  input.files["places"] = {File("places.csv", 'a')};
  input.files["readings"] = {File("readings_20250602.csv", 'b')};
  CurrentContent current;
  current.delivery_id = current.content_hash = current.spec_hash = std::string(64, 'c');
  current.first_date = current.last_date = input.batch_date;
  input.ledger[{"readings", input.batch_date}] = current;
  SchemaChanges schema =
      *NewSchema(spec, Names(target.dialect(), target.schema, ""), target.layouts, nullptr);
  input.table_changes = schema.notes;
  PlannedDate planned;
  planned.plan = BuildPlan(spec, input);
  planned.target = target;
  planned.schema = std::move(schema);
  planned.new_warehouse = true;
  return planned;
}

TEST(Script, StaysAsReviewed) {
  const std::string source = LYCEUM_SOURCE_DIR;
  Diagnostics diagnostics;
  const auto spec = LoadSpec(ReadText(source + "/tests/scenarios/pipeline.yaml"), &diagnostics);
  ASSERT_TRUE(spec.has_value());
  struct Case {
    const char *name, *url;
  };
  for (const Case& test :
       {Case{"postgresql", "postgresql://host/db?schema=star"},
        Case{"redshift", "redshift://host/db?schema=star&stage=s3://lake/stage"}}) {
    auto target = ResolveTarget(nullptr, test.url);
    ASSERT_TRUE(target.ok());
    target->layouts["daily_reading"] = {
        "key", "place_id", std::vector<std::string>{"date_key", "place_id"}, {}};
    const PlannedDate planned = Planned(*spec, *target);
    ASSERT_TRUE(CheckPlan(planned.plan).ok());
    const auto script = RenderScript(planned);
    ASSERT_TRUE(script.ok()) << script.status().message();
    const std::string text = RenderSqlScript(planned.plan, *script);
    const std::string path = source + "/tests/golden/scripts/" + test.name + ".sql";
    if (std::getenv("LYCEUM_UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(text, ReadText(path)) << "make golden rewrites it; read the diff";
  }
}

}  // namespace
}  // namespace lyceum
