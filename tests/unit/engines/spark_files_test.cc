#include "engines/spark_files.h"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

/// A cluster on which every query ends with an error of one class.
class FailingClient : public SparkClient {
 public:
  explicit FailingClient(std::string error_class) : error_class_(std::move(error_class)) {}
  const std::string& version() const override { return error_class_; }
  Status Configure(const std::vector<std::pair<std::string, std::string>>&) override {
    return Status::Ok();
  }
  Status Execute(const std::string&) override { return Status::Ok(); }
  Result<RowSet> Query(const std::string&) override {
    return Unavailable("[" + error_class_ + "]");
  }
  Status CreateView(const SparkFileView&) override { return Status::Ok(); }
  const std::string& last_error_class() const override { return error_class_; }
  void Interrupt() override {}
  double Progress() override { return -1; }

 private:
  std::string error_class_;
};

TEST(SparkFiles, TakesFilesThatMayNotBeOpenedForNoDamage) {
  Dataset dataset;
  dataset.name = "places";
  DatasetPlan plan;
  plan.dataset = &dataset;
  DeliveredFile file;
  file.relative = file.base_name = "places.csv.gz";
  file.fingerprint.path = "/inbox/places.csv.gz";
  file.fingerprint.content_id = "listing:1";
  plan.files = {file};
  const auto opened = [&](const char* error_class) {
    FailingClient client(error_class);
    SparkLoad load;
    load.dataset = &dataset;
    return OpenSparkFiles(plan, "", &client, &load);
  };
  const auto unseen = opened("FAILED_READ_FILE.FILE_NOT_EXIST");
  ASSERT_FALSE(unseen.ok());
  EXPECT_EQ(unseen.status().message(), "[FAILED_READ_FILE.FILE_NOT_EXIST]");
  const auto damaged = opened("FAILED_READ_FILE.NO_HINT");
  ASSERT_TRUE(damaged.ok()) << damaged.status().message();
  EXPECT_EQ((*damaged)[0].fault, "gzip data is damaged");
}

TEST(SparkFiles, SaysWhatToCheckOfForeignPaths) {
  EXPECT_EQ(ClusterPathHint("s3a://bucket/x"), "; check that the cluster knows paths of 's3a:'");
  EXPECT_EQ(ClusterPathHint("dbfs:/x"), "; check that the cluster knows paths of 'dbfs:'");
  for (const char* path : {"/x", "file:/x", "/a:b/c", "x"}) EXPECT_EQ(ClusterPathHint(path), "");
}

}  // namespace
}  // namespace lyceum
