#include "run/engine_choice.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace lyceum {
namespace {

DeclaredEngine Cluster() {
  DeclaredEngine cluster;
  cluster.name = "cluster";
  cluster.type = "spark";
  cluster.url = "sc://${LYCEUM_TEST_HOST:-host}:15003/;token=${LYCEUM_TEST_TOKEN}";
  cluster.run_directory = "s3://bucket/runs/";
  cluster.settings = {{"spark.sql.shuffle.partitions", "${LYCEUM_TEST_PARTITIONS:-8}"}};
  return cluster;
}

TEST(ResolveEngine, FindsWhatIsMeant) {
  setenv("LYCEUM_TEST_TOKEN", "abc", 1);
  Spec spec;
  spec.engines = {Cluster()};
  struct Case {
    const Spec* spec;
    const char *text, *default_engine, *name;
    EngineKind kind;
  };
  const Case cases[] = {
      {nullptr, "", "", "duckdb", EngineKind::kDuckDb},
      {nullptr, "duckdb", "", "duckdb", EngineKind::kDuckDb},
      {nullptr, "sc://host:15003", "", "sc://host:15003", EngineKind::kSpark},
      {&spec, "", "", "duckdb", EngineKind::kDuckDb},
      {&spec, "", "cluster", "cluster", EngineKind::kSpark},
      {&spec, "duckdb", "cluster", "duckdb", EngineKind::kDuckDb},
      {&spec, "sc://other/;token=abc", "cluster", "sc://other:15002", EngineKind::kSpark},
  };
  for (const Case& test : cases) {
    spec.default_engine = test.default_engine;
    const auto engine = ResolveEngine(test.spec, test.text);
    ASSERT_TRUE(engine.ok()) << test.text << ": " << engine.status().message();
    EXPECT_EQ(engine->name, test.name);
    EXPECT_EQ(engine->kind, test.kind);
  }
  spec.engines.front().name = "duckdb";
  const auto engine = ResolveEngine(&spec, "duckdb");
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  EXPECT_EQ(engine->kind, EngineKind::kSpark);
}

TEST(ResolveEngine, ExpandsVariablesAndNamesTheFolderOfTheCluster) {
  setenv("LYCEUM_TEST_TOKEN", "abc", 1);
  const std::string here = std::filesystem::current_path().string();
  struct Case {
    const char *ours, *theirs;
    std::string resolved, of_cluster;
  };
  const Case cases[] = {
      {"s3://bucket/runs/", "", "s3://bucket/runs", "s3a://bucket/runs"},
      {"s3://bucket/runs", "s3://bucket/runs/", "s3://bucket/runs", "s3://bucket/runs"},
      {"./x/", "", "./x", here + "/x"},
      {"/", "", "/", "/"},
      {"x", "/mnt/x", "x", "/mnt/x"},
      {"", "", "", ""},
      {"", "/mnt/x", "", "/mnt/x"},
  };
  for (const Case& test : cases) {
    Spec spec;
    spec.engines = {Cluster()};
    spec.engines.front().run_directory = test.ours;
    spec.engines.front().cluster_run_directory = test.theirs;
    const auto engine = ResolveEngine(&spec, "cluster");
    ASSERT_TRUE(engine.ok()) << engine.status().message();
    EXPECT_EQ(engine->address.host, "host");
    EXPECT_EQ(engine->address.port, 15003);
    EXPECT_EQ(engine->address.token, "abc");
    EXPECT_EQ(engine->run_directory, test.resolved);
    EXPECT_EQ(engine->cluster_run_directory, test.of_cluster);
    EXPECT_EQ(engine->settings.at("spark.sql.shuffle.partitions"), "8");
  }
}

TEST(ResolveEngine, SaysWhatIsWrongAndNoSecret) {
  setenv("LYCEUM_TEST_TOKEN", "abc", 1);
  setenv("LYCEUM_TEST_URL", "https://host/;token=abc", 1);
  setenv("LYCEUM_TEST_FOLDER", "gs://abc", 1);
  Spec spec;
  spec.engines = {Cluster(), Cluster(), Cluster()};
  spec.engines[1].name = "web";
  spec.engines[1].url = "${LYCEUM_TEST_URL}";
  spec.engines[2].name = "lake";
  spec.engines[2].run_directory = "${LYCEUM_TEST_FOLDER}";
  struct Case {
    const Spec* spec;
    const char *text, *message;
  };
  const Case cases[] = {
      {&spec, "web", "engine 'web': expected 'sc://host:15002'"},
      {&spec, "lake",
       "engine 'lake': expected a folder or 's3://bucket/prefix' as its 'run_directory'"},
      {&spec, "clster", "the spec has no engine 'clster'; did you mean 'cluster'?"},
      {&spec, "sprak", "the spec has no engine 'sprak'; did you mean 'spark'?"},
      {&spec, "flink",
       "the spec has no engine 'flink'; expected one of 'cluster', 'web', 'lake', 'duckdb', "
       "'sc://host:15002', 'results:FOLDER'"},
      {nullptr, "cluster",
       "'cluster' names an engine of a spec, but no spec is given; give the spec, or --engine "
       "sc://host:15002"},
      {&spec, "http://host/;token=abc",
       "--engine 'http://host...' is no name of an engine; expected a name of the spec, duckdb, "
       "sc://host:15002 or results:FOLDER"},
      {&spec, "SC://host:15002",
       "--engine 'SC://host:15002' is no name of an engine; expected a name of the spec, duckdb, "
       "sc://host:15002 or results:FOLDER"},
      {&spec, "spark://ann:abc@host",
       "--engine 'spark://...' is no name of an engine; expected a name of the spec, duckdb, "
       "sc://host:15002 or results:FOLDER"},
      {&spec, "token=abc",
       "--engine is no name of an engine; expected a name of the spec, duckdb, sc://host:15002 or "
       "results:FOLDER"},
  };
  for (const Case& test : cases) {
    const auto engine = ResolveEngine(test.spec, test.text);
    ASSERT_FALSE(engine.ok()) << test.text;
    EXPECT_EQ(engine.status().message(), test.message);
    EXPECT_EQ(engine.status().code(), ErrorCode::kBadSpec);
  }
}

TEST(ResolveEngine, SparkAloneIsForScripts) {
  const auto engine = ResolveEngine(nullptr, "spark");
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ(engine->kind, EngineKind::kSpark);
  const Status status = CheckRunnable(*engine);
  EXPECT_EQ(status.code(), ErrorCode::kBadSpec);
  EXPECT_EQ(status.message(),
            "'spark' does not say which cluster; write --engine sc://host:15002, or name one under "
            "'engines:' in the spec; 'spark' alone is for `lyceum sql`, which writes a script");
  EXPECT_TRUE(CheckScriptable(*engine).ok());
}

TEST(ResolveEngine, LooksAtTheFolderOfResults) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "lyceum-engine-choice";
  fs::remove_all(folder);
  fs::create_directories(folder / "runs" / "p-2025-06-01" / "students" / "counts");
  fs::create_directories(folder / "other");
  const std::string right = (folder / "runs" / "p-2025-06-01").string();
  const auto checked = [&](const std::string& path) {
    const auto engine = ResolveEngine(nullptr, "results:" + path);
    EXPECT_TRUE(engine.ok());
    EXPECT_EQ(CheckScriptable(*engine).message(),
              "'results:" + path +
                  "' names what a script wrote, and no engine to write one for; "
                  "write --engine spark, or leave --engine out");
    return CheckRunnable(*engine).message();
  };
  EXPECT_EQ(checked(right), "");
  EXPECT_EQ(checked((folder / "other").string()), "");
  EXPECT_EQ(checked("s3://bucket/x"), "");
  const std::string none = (folder / "none").string();
  EXPECT_EQ(checked(none), "results folder '" + none +
                               "' does not exist; run the script first, or "
                               "name the folder that it wrote");
  for (const std::string& wrong : {(folder / "runs").string(), right + "/students"}) {
    EXPECT_EQ(checked(wrong), "'" + wrong +
                                  "' is not the folder that a script wrote; did you mean "
                                  "'results:" +
                                  right + "'?");
  }
  fs::remove_all(folder);
}

TEST(CheckSpecRuns, SaysOnceWhatLoadingTheSpecWarnedOf) {
  Spec spec;
  Dataset dataset;
  dataset.name = "people";
  Rule rule;
  rule.type = RuleType::kPattern;
  rule.columns = {"name"};
  rule.pattern = "(a+)+b";
  rule.span.line = 7;
  dataset.rules = {rule};
  spec.datasets = {dataset};
  const auto engine = ResolveEngine(&spec, "sc://host");
  EXPECT_EQ(CheckSpecRuns(spec, *engine).message(),
            "line 7 of the spec: the pattern of 'name' repeats a group that holds a repeat or "
            "longer alternatives, on which Spark's matching may take for ever; write it without, "
            "or run it on the embedded engine");
  spec.engines = {Cluster()};
  EXPECT_EQ(CheckSpecRuns(spec, *engine).message(),
            "'sc://host:15002' cannot run the spec; see the warning above");
}

}  // namespace
}  // namespace lyceum
