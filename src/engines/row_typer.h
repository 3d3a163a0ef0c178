#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engines/read_function.h"
#include "engines/record_cursor.h"
#include "engines/typing.h"

namespace lyceum {

/// Types the values of records and writes them straight into the vectors of an output chunk. Not
/// thread-safe; one per thread.
class RowTyper {
 public:
  explicit RowTyper(const Delivery& delivery);
  ~RowTyper();
  RowTyper(const RowTyper&) = delete;
  RowTyper& operator=(const RowTyper&) = delete;

  /// Points at the vectors of `chunk`: the dataset's columns, then _pos, _bad and _reasons.
  void Begin(duckdb_data_chunk chunk);
  /// Writes the cursor's record as row `row`.
  void Write(const RecordCursor& cursor, size_t file, uint64_t row);

  /// JSON keys that no column matches, with the number of records that have them.
  const std::map<std::string, int64_t>& unknown_keys() const { return unknown_keys_; }

 private:
  struct Column;
  struct JsonParser;

  void WriteCsv(const RecordCursor& cursor, uint64_t row);
  void WriteJson(const RecordCursor& cursor, uint64_t row);
  /// Reasons why the record cannot be taken apart at all.
  void CheckBytes(const RecordCursor& cursor);
  void WriteText(size_t column, std::string_view text, uint64_t row);
  void WriteNull(size_t column, uint64_t row);
  void Reject(size_t column, std::string_view reason);
  void Structure(std::string_view reason);
  bool IsNullToken(std::string_view text) const;
  int ColumnOfKey(std::string_view key);

  const Delivery& delivery_;
  std::vector<Column> columns_;
  std::vector<duckdb_vector> vectors_;
  std::vector<void*> data_;
  std::vector<uint64_t*> validity_;
  std::unique_ptr<JsonParser> json_;
  std::unordered_map<std::string, int> column_of_key_;
  std::map<std::string, int64_t> unknown_keys_;
  std::string scratch_;
  std::string bad_, reasons_;                             ///< of the current row
  std::vector<std::pair<size_t, std::string>> rejected_;  ///< its columns, with why
  bool broken_ = false;                                   ///< the current row's structure is
};

}  // namespace lyceum
