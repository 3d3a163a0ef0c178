#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engines/duckdb_client.h"
#include "engines/read_function.h"
#include "engines/record_cursor.h"

namespace lyceum {

/// Delivers files of a temporary folder and reads them through the table function.
class DeliveryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/reader-XXXXXX";
    folder_ = mkdtemp(name.data());
    dataset_.name = "visits";
    dataset_.columns = {Column("id", TypeKind::kInteger), Column("name", TypeKind::kText)};
    dataset_.columns[1].aliases = {"full name"};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static SourceColumn Column(const std::string& name, TypeKind kind) {
    SourceColumn column;
    column.name = name;
    column.type.kind = kind;
    if (kind == TypeKind::kDate) column.formats = {"yyyy-MM-dd"};
    if (kind == TypeKind::kTimestamp) column.formats = {"yyyy-MM-dd HH:mm:ss"};
    if (kind == TypeKind::kBoolean) column.true_values = {"yes"}, column.false_values = {"no"};
    return column;
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::string Put(const std::string& name, std::string_view bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
    return Path(name);
  }

  std::shared_ptr<const RecordFile> Open(const std::string& name, std::string_view bytes,
                                         uint64_t chunk_bytes = kChunkBytes) {
    dataset_.format =
        name.find(".json") == std::string::npos ? FileFormat::kCsv : FileFormat::kJson;
    const auto fingerprint = FingerprintFile(Put(name, bytes));
    EXPECT_TRUE(fingerprint.ok()) << fingerprint.status().message();
    const auto file = OpenRecordFile(*fingerprint, dataset_, folder_, chunk_bytes);
    EXPECT_TRUE(file.ok()) << file.status().message();
    return *file;
  }

  /// All rows as text, a line each: position, line, element, columns, bad, reasons, raw text.
  std::vector<std::string> Rows(std::shared_ptr<const RecordFile> file) {
    EXPECT_FALSE(file->fault()) << file->fault()->reason;
    delivery_ = std::make_unique<Delivery>();
    delivery_->dataset = &dataset_;
    delivery_->files = {std::move(file)};
    delivery_->long_record_directory = folder_ + "/long";
    delivery_->records_read = std::vector<std::atomic<int64_t>>(1);
    auto database = DuckDb::Open({});
    EXPECT_TRUE(database.ok());
    EXPECT_TRUE(RegisterReadFunctions((*database)->connection()).ok());
    const std::string address = std::to_string(reinterpret_cast<uintptr_t>(delivery_.get()));
    std::string sql = "SELECT _pos, r.line, r.element";
    for (const SourceColumn& column : dataset_.columns)
      sql += ", CAST(" + column.name + " AS VARCHAR)";
    sql += ", _bad, _reasons, r.raw_text, r.stored_as FROM (SELECT *, lyceum_record(" + address +
           "::UBIGINT, _pos) AS r FROM (SELECT * FROM lyceum_read(" + address +
           "::UBIGINT) ORDER BY _pos)) ORDER BY _pos";
    const auto set = (*database)->Query(sql);
    EXPECT_TRUE(set.ok()) << set.status().message();
    std::vector<std::string> rows;
    if (!set.ok()) return rows;
    for (const auto& row : set->rows) {
      std::string text;
      for (const auto& cell : row) text += (text.empty() ? "" : "|") + cell.value_or("~");
      rows.push_back(text);
    }
    EXPECT_EQ(delivery_->records_read[0], static_cast<int64_t>(rows.size()));
    return rows;
  }

  /// `reason @offset line N` of the fault, "" if the file can be read.
  static std::string FaultOf(const RecordFile& file) {
    if (!file.fault()) return "";
    return file.fault()->reason + " @" + std::to_string(file.fault()->offset) + " line " +
           std::to_string(file.fault()->line);
  }

  std::string folder_;
  Dataset dataset_;
  std::unique_ptr<Delivery> delivery_;
};

}  // namespace lyceum
