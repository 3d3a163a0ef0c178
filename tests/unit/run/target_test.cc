#include "run/target.h"

#include <gtest/gtest.h>

#include "base/redact.h"

namespace lyceum {
namespace {

TEST(ResolveTarget, ReadsUrls) {
  struct Case {
    const char* url;
    TargetKind kind;
    const char *name, *connection, *schema, *stage, *role, *runs;
  };
  const Case cases[] = {
      {"duckdb:a/b.duckdb", TargetKind::kDuckDb, "duckdb:a/b.duckdb", "", "", "", "",
       "a/b.duckdb.runs"},
      {"postgresql://me:pw@host:5433/edtech?sslmode=disable&schema=star", TargetKind::kPostgres,
       "postgresql://me@host:5433/edtech", "postgresql://me:pw@host:5433/edtech?sslmode=disable",
       "star", "", "", "edtech.runs"},
      {"postgres://host/edtech", TargetKind::kPostgres, "postgres://host/edtech",
       "postgres://host/edtech", "", "", "", "edtech.runs"},
      {"redshift://me:p%40w@c.x.redshift.amazonaws.com/dev?stage=s3://b/p/"
       "&iam_role=arn%3Aaws:iam::1:role/r",
       TargetKind::kRedshift, "redshift://me@c.x.redshift.amazonaws.com/dev",
       "postgresql://me:p%40w@c.x.redshift.amazonaws.com/dev?port=5439&sslmode=require", "",
       "s3://b/p", "arn:aws:iam::1:role/r", "dev.runs"},
      {"redshift://c:5555/dev?stage=s3://b&sslmode=verify-full", TargetKind::kRedshift,
       "redshift://c:5555/dev", "postgresql://c:5555/dev?sslmode=verify-full", "", "s3://b",
       "default", "dev.runs"},
  };
  for (const Case& test : cases) {
    const auto target = ResolveTarget(nullptr, test.url);
    ASSERT_TRUE(target.ok()) << test.url << ": " << target.status().message();
    EXPECT_EQ(target->kind, test.kind);
    EXPECT_EQ(target->name, test.name);
    EXPECT_EQ(target->url, test.connection);
    EXPECT_EQ(target->schema, test.schema);
    EXPECT_EQ(target->stage, test.stage);
    EXPECT_EQ(target->iam_role, test.role);
    EXPECT_EQ(target->DefaultRunDirectory(), test.runs);
  }
}

TEST(ResolveTarget, SaysWhatIsWrongAndNoPassword) {
  struct Case {
    const char *url, *message;
  };
  const Case cases[] = {
      {"", "no target; give --target NAME, duckdb:PATH, or a postgresql:// or redshift:// URL"},
      {"duckdb:", "'duckdb:' lacks a path; write 'duckdb:warehouse.duckdb'"},
      {"redshift://me:pw@c/dev",
       "target 'redshift://me@c/dev' needs a stage, 's3://bucket/prefix'"},
      {"mysql://me:pw@c/dev",
       "target 'mysql://me@c/dev': expected 'postgresql://...' or 'redshift://...'"},
      {"postgresql://me:pw@c/dev?schema=lyceum",
       "schema 'lyceum' is for the bookkeeping; choose another"},
  };
  for (const Case& test : cases) {
    const auto target = ResolveTarget(nullptr, test.url);
    ASSERT_FALSE(target.ok()) << test.url;
    EXPECT_EQ(target.status().message(), test.message);
    EXPECT_EQ(target.status().code(), ErrorCode::kBadSpec);
  }
}

TEST(MaskPasswords, HidesThemAndNothingElse) {
  struct Case {
    const char *text, *masked;
  };
  const Case cases[] = {
      {"url: postgresql://me:pass@host/db", "url: postgresql://me:****@host/db"},
      {"{url: 'redshift://me:p@ss:w/d@host:5439/db', x: 1}",
       "{url: 'redshift://me:********@host:5439/db', x: 1}"},
      {"postgresql://me:${PASSWORD}@host/db", "postgresql://me:${PASSWORD}@host/db"},
      {"postgresql://me@host:5432/db", "postgresql://me@host:5432/db"},
      {"postgresql://host/db?password=abc&x=1", "postgresql://host/db?password=***&x=1"},
      {"s3://bucket/key: a@b", "s3://bucket/key: a@b"},
      {"url: sc://host:15002/;token=abc;user_id=me@x",
       "url: sc://host:15002/;token=***;user_id=me@x"},
      {"'sc://host/;use_ssl=false;x-key=ab;token=${TOKEN}', b: 1",
       "'sc://host/;use_ssl=false;x-key=**;token=${TOKEN}', b: 1"},
      {"sc://me:pass@host:15002/;user_agent=a", "sc://me:****@host:15002/;user_agent=a"},
      {"sc://host;token=abc", "sc://host;token=***"},
      {"sc://host/;x=abc;flag;y=d", "sc://host/;x=***;flag;y=*"},
      {"{spark.x.secret.key: ab/c, spark.sql.y: d}", "{spark.x.secret.key: ****, spark.sql.y: d}"},
      {"{spark.x.Password: 'a''b', spark.sql.y: d}", "{spark.x.Password: '****', spark.sql.y: d}"},
      {"\"spark.x.token\": \"abc", "\"spark.x.token\": \"***"},
      {"spark.x.token: ${TOKEN}", "spark.x.token: ${TOKEN}"},
      {"spark.x.token:", "spark.x.token:"},
      {"drop spark.x.secret.key here", "drop spark.x.secret.key here"},
  };
  for (const Case& test : cases) EXPECT_EQ(MaskPasswords(test.text), test.masked);
}

TEST(HoldsPassword, KnowsTokensOfSpark) {
  EXPECT_TRUE(HoldsPassword("sc://host/;token=abc"));
  EXPECT_TRUE(HoldsPassword("sc://host/;X-Api-Key=abc"));
  EXPECT_TRUE(HoldsPassword("sc://me:pass@host"));
  EXPECT_FALSE(HoldsPassword("sc://host/;token=${TOKEN}"));
  EXPECT_FALSE(HoldsPassword("sc://host/;x-cluster=abc;user_id=me@host"));
}

}  // namespace
}  // namespace lyceum
