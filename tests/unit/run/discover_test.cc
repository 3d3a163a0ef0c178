#include "run/discover.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lyceum {
namespace {

namespace fs = std::filesystem;

struct PatternCase {
  const char* pattern;
  const char* path;
  const char* date;  ///< nullptr: no match; "": match without date
};

TEST(MatchPattern, Table) {
  const PatternCase cases[] = {
      {"students.csv", "students.csv", ""},
      {"students.csv", "students.csv.gz", ""},
      {"students.csv", "students.csv.zst", ""},
      {"students.csv", "students.csv.bz2", nullptr},
      {"students.csv", "old/students.csv", nullptr},
      {"students.csv", "Students.csv", nullptr},
      {"quiz_{batch_date}*.csv", "quiz_20250601.csv", "2025-06-01"},
      {"quiz_{batch_date}*.csv", "quiz_2025-06-01.csv", "2025-06-01"},
      {"quiz_{batch_date}*.csv", "quiz_20250601_large.csv.gz", "2025-06-01"},
      {"quiz_{batch_date}*.csv", "quiz_20250230.csv", nullptr},
      {"quiz_{batch_date}.csv", "quiz_20250601_large.csv", nullptr},
      {"dt={batch_date}/quiz*.csv", "dt=2025-06-01/quiz_7.csv", "2025-06-01"},
      {"dt={batch_date}/quiz*.csv", "dt=2025-06-01/a/quiz.csv", nullptr},
      {"*/{batch_date}.json", "logs/20250601.json", "2025-06-01"},
      {"logs_?.json", "logs_1.json", ""},
      {"logs_?.json", "logs_.json", nullptr},
  };
  for (const PatternCase& test : cases) {
    const auto match = MatchPattern(test.pattern, test.path);
    ASSERT_EQ(match.has_value(), test.date != nullptr) << test.pattern << " " << test.path;
    if (!match) continue;
    const std::string date = match->batch_date ? FormatDate(*match->batch_date) : "";
    EXPECT_EQ(date, test.date) << test.pattern << " " << test.path;
  }
}

class ScanInputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("lyceum-discover-" + std::to_string(::getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Add("students", "students.csv");
    Add("quiz", "quiz_attempts_{batch_date}*.csv");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Add(const std::string& name, const std::string& pattern) {
    Dataset dataset;
    dataset.name = name;
    dataset.files = {pattern};
    spec_.datasets.push_back(dataset);
  }
  void Touch(const std::string& name) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "x\n";
  }

  fs::path folder_;
  Spec spec_;
};

TEST_F(ScanInputTest, SortsFilesIntoDatasetsAndDates) {
  for (const char* name : {"students.csv", "quiz_attempts_20250602.csv",
                           "quiz_attempts_20250601_b.csv", "quiz_attempts_20250601_a.csv"}) {
    Touch(name);
  }
  const auto inbox = ScanInput(spec_, folder_.string());
  ASSERT_TRUE(inbox.ok()) << inbox.status().message();
  const auto quiz = inbox->For(spec_.datasets[1], *ParseBatchDate("2025-06-01"));
  ASSERT_EQ(quiz.size(), 2u);
  EXPECT_EQ(quiz[0].relative, "quiz_attempts_20250601_a.csv");
  EXPECT_EQ(quiz[1].relative, "quiz_attempts_20250601_b.csv");
  EXPECT_EQ(inbox->For(spec_.datasets[0], *ParseBatchDate("2030-01-01")).size(), 1u);
}

TEST_F(ScanInputTest, NamesNearMissesAndHiddenFiles) {
  for (const char* name : {"Students.csv", "quiz-attempts_20250601.csv",
                           "quiz_attempts_20250231.csv", "._students.csv", "notes.txt"}) {
    Touch(name);
  }
  const auto inbox = ScanInput(spec_, folder_.string());
  ASSERT_TRUE(inbox.ok()) << inbox.status().message();
  ASSERT_EQ(inbox->near_misses.size(), 3u);
  EXPECT_EQ(inbox->near_misses[0].relative, "Students.csv");
  EXPECT_EQ(inbox->near_misses[0].why, "differs in case");
  EXPECT_EQ(inbox->near_misses[1].relative, "quiz-attempts_20250601.csv");
  EXPECT_EQ(inbox->near_misses[1].why, "differs in separators, folder or ending");
  EXPECT_EQ(inbox->near_misses[2].relative, "quiz_attempts_20250231.csv");
  EXPECT_EQ(inbox->near_misses[2].why,
            "no batch date yyyyMMdd or yyyy-MM-dd where the pattern has one");
  EXPECT_EQ(inbox->ignored, std::vector<std::string>{"._students.csv"});
  EXPECT_EQ(inbox->unmatched, std::vector<std::string>{"notes.txt"});
}

TEST_F(ScanInputTest, LinksInACircleEnd) {
  Touch("students.csv");
  fs::create_directories(folder_ / "sub");
  fs::create_directory_symlink(".", folder_ / "sub" / "a");
  fs::create_directory_symlink("..", folder_ / "sub" / "b");
  const auto inbox = ScanInput(spec_, folder_.string());
  ASSERT_TRUE(inbox.ok()) << inbox.status().message();
  EXPECT_EQ(inbox->ignored, (std::vector<std::string>{"sub/a/", "sub/b/"}));
  EXPECT_EQ(inbox->For(spec_.datasets[0], 0).size(), 1u);
}

TEST_F(ScanInputTest, NamesThatAreNoTextAreEscaped) {
  Touch("quiz_attempts_20250601\xff\n.csv");
  const auto inbox = ScanInput(spec_, folder_.string());
  ASSERT_TRUE(inbox.ok()) << inbox.status().message();
  const auto quiz = inbox->For(spec_.datasets[1], *ParseBatchDate("2025-06-01"));
  ASSERT_EQ(quiz.size(), 1u);
  EXPECT_EQ(quiz[0].relative, "quiz_attempts_20250601\\xff\\x0a.csv");
  EXPECT_TRUE(fs::exists(quiz[0].path));
}

TEST_F(ScanInputTest, NamesThatLookEscapedAreEscaped) {
  Touch("quiz_attempts_20250601\n.csv");
  Touch("quiz_attempts_20250601\\x0a.csv");
  Touch("quiz_attempts_20250601\\other.csv");
  const auto inbox = ScanInput(spec_, folder_.string());
  ASSERT_TRUE(inbox.ok()) << inbox.status().message();
  std::vector<std::string> names;
  for (const FoundFile& file : inbox->For(spec_.datasets[1], *ParseBatchDate("2025-06-01"))) {
    names.push_back(file.relative);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"quiz_attempts_20250601\\\\x0a.csv",
                                             "quiz_attempts_20250601\\other.csv",
                                             "quiz_attempts_20250601\\x0a.csv"}));
}

TEST(MatchPattern, ManyStarsEnd) {
  const std::string path = std::string(200, 'a') + "_20250601.txt";
  EXPECT_FALSE(MatchPattern("*a*a*a*a*a*a*a*a*a*a*a*a_{batch_date}.csv", path));
}

TEST_F(ScanInputTest, RefusesAFileOfTwoDatasets) {
  Add("quiz_too", "quiz_attempts_{batch_date}.csv");
  Touch("quiz_attempts_20250601.csv");
  const auto inbox = ScanInput(spec_, folder_.string());
  ASSERT_FALSE(inbox.ok());
  EXPECT_EQ(inbox.status().code(), ErrorCode::kBadSpec);
  EXPECT_EQ(inbox.status().message(),
            "'quiz_attempts_20250601.csv' matches the patterns of datasets 'quiz' and 'quiz_too'; "
            "make one of them narrower");
}

}  // namespace
}  // namespace lyceum
