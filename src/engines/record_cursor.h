#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "engines/csv_records.h"
#include "engines/record_file.h"

namespace lyceum {

/// Walks the records of a chunk in order: the scan and the look-up of rejected records are one
/// walk. Not thread-safe; one per thread.
class RecordCursor {
 public:
  RecordCursor(std::shared_ptr<const RecordFile> file, const CsvShape& shape)
      : file_(std::move(file)), shape_(shape) {}

  /// Reads chunk `index` into memory and stands before its first record.
  Status Load(size_t index);
  /// Steps to the next record of the chunk; false at its end.
  bool Next();
  /// Steps to the record that starts at `offset`, forward where possible, loading its chunk if need
  /// be.
  Status Seek(uint64_t offset);

  // The current record. CSV fields are in csv().
  uint64_t offset() const { return chunk_offset_ + begin_; }
  int64_t line() const { return line_; }
  int64_t element() const { return element_; }
  std::string_view bytes() const { return {buffer_.data() + begin_, length_}; }
  const CsvRecord& csv() const { return record_; }
  /// True if all of the chunk is UTF-8 without NUL, so that no record needs to be looked at.
  bool chunk_is_clean() const { return clean_; }
  /// Bytes that may be read behind the record; simdjson wants some.
  size_t padding() const { return buffer_.size() - begin_ - length_; }
  const RecordFile* file() const { return file_.get(); }

 private:
  bool NextCsv();
  bool NextElement();
  bool NextLine();

  std::shared_ptr<const RecordFile> file_;
  CsvShape shape_;
  size_t chunk_ = SIZE_MAX;
  uint64_t chunk_offset_ = 0;
  std::string buffer_;  ///< the chunk and padding
  size_t size_ = 0;     ///< of the chunk
  bool clean_ = false;
  size_t begin_ = 0, length_ = 0, next_ = 0;
  int64_t line_ = 1, next_line_ = 1;
  int64_t element_ = -1;
  CsvRecord record_;
};

}  // namespace lyceum
