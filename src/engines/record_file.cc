// Opens a delivered file: decompress, tell what it is, find record boundaries. One sequential pass
// over the text finds every place where a chunk may start; scans then read chunks in parallel.

#include "engines/record_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "base/position.h"
#include "engines/csv_header.h"
#include "engines/csv_records.h"
#include "engines/decompress.h"
#include "engines/json_records.h"
#include "engines/text_file.h"
#include "engines/utf8.h"

namespace lyceum {
namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr size_t kHeadBytes = 64 * 1024;

class IndexedFile : public RecordFile {
 public:
  IndexedFile(const FileFingerprint& fingerprint, const Dataset& dataset, uint64_t chunk_bytes)
      : fingerprint_(fingerprint), dataset_(dataset), chunk_bytes_(chunk_bytes) {}

  const std::optional<FileFault>& fault() const override { return fault_; }
  const std::vector<Chunk>& chunks() const override { return chunks_; }
  const FileColumns& columns() const override { return columns_; }
  Layout layout() const override { return layout_; }
  int64_t empty_lines() const override { return empty_lines_; }
  uint64_t text_bytes() const override { return text_.size(); }
  bool one_line_per_record() const override { return one_line_per_record_; }
  Status Read(uint64_t offset, uint64_t length, char* out) const override {
    return text_.Read(offset, length, out);
  }
  Status CheckUnchanged() const override { return CheckFingerprint(fingerprint_); }

  Status Open(const std::string& spool_directory) {
    struct stat info {};
    ASSIGN_OR_RETURN(FileDescriptor descriptor, OpenRegularFile(fingerprint_.path, &info));
    if (static_cast<uint64_t>(info.st_size) != fingerprint_.bytes) {
      return ChangedWhileRead(fingerprint_.path);
    }
    TextFile delivered(std::move(descriptor), fingerprint_.path, fingerprint_.bytes);
    const Compression compression = CompressionOf(fingerprint_.path);
    if (compression == Compression::kNone) {
      text_ = std::move(delivered);
    } else {
      ASSIGN_OR_RETURN(text_, Decompress(delivered, compression, spool_directory, &fault_));
    }
    if (fault_) return Status::Ok();
    if (text_.size() > static_cast<uint64_t>(kOffsetMask)) {
      Fault("is larger than 1 TiB");
      return Status::Ok();
    }
    RETURN_IF_ERROR(ReadHead());
    if (fault_) return Status::Ok();
    RETURN_IF_ERROR(dataset_.format == FileFormat::kCsv ? IndexCsv() : IndexJson());
    if (fault_) chunks_.clear();
    return Status::Ok();
  }

 private:
  void Fault(std::string reason, uint64_t offset = 0, int64_t line = 1) {
    if (!fault_) fault_ = FileFault{std::move(reason), offset, line};
  }

  bool HeadStartsWith(std::string_view magic) const {
    return std::string_view(head_).substr(0, magic.size()) == magic;
  }

  /// Reads the front of the text and refuses what is no text at all.
  Status ReadHead() {
    head_.resize(std::min<uint64_t>(kHeadBytes, text_.size()));
    RETURN_IF_ERROR(text_.Read(0, head_.size(), head_.data()));
    if (HeadStartsWith("\xEF\xBB\xBF")) start_ = 3;
    if (HeadStartsWith("\xFF\xFE") || HeadStartsWith("\xFE\xFF")) {
      Fault("is UTF-16; save it as UTF-8");
    } else if (HeadStartsWith("\x1F\x8B")) {
      Fault("is gzip data; name it .gz");
    } else if (HeadStartsWith("\x28\xB5\x2F\xFD")) {
      Fault("is zstd data; name it .zst");
    }
    return Status::Ok();
  }

  void AddChunk(uint64_t offset, int64_t line, int64_t element) {
    chunks_.push_back({offset, 0, line, element});
  }

  /// Gives every chunk its length once the end of the records is known.
  void CloseChunks(uint64_t end) {
    for (size_t i = 0; i < chunks_.size(); ++i) {
      const uint64_t next = i + 1 < chunks_.size() ? chunks_[i + 1].offset : end;
      chunks_[i].length = next - chunks_[i].offset;
    }
  }

  void NoteLineEnd(int64_t lines, std::string_view end) {
    if (lines > 1 || end == "\r") one_line_per_record_ = false;
  }

  bool ChunkIsFull(uint64_t offset) const {
    return chunks_.empty() || offset - chunks_.back().offset >= chunk_bytes_;
  }

  /// Makes `block` hold a whole record of the text, or all that is left.
  Status Grow(BlockReader* block, size_t consumed, bool* too_long) {
    // Doubling keeps the work of a very long record linear.
    const size_t wanted = 2 * (block->size() - consumed);
    RETURN_IF_ERROR(block->Next(consumed));
    while (block->size() < wanted && !block->at_end()) RETURN_IF_ERROR(block->Next(0));
    *too_long = block->size() > kMaxRecordBytes + kBlockBytes;
    return Status::Ok();
  }

  // ---- CSV

  CsvShape Shape() const { return {dataset_.delimiter, dataset_.quoted_newlines}; }

  Status IndexCsv() {
    BlockReader block(&text_, start_, std::max<size_t>(kBlockBytes, kHeadBytes));
    RETURN_IF_ERROR(block.Next(0));
    size_t at = 0;
    int64_t line = 1;
    bool header = true;
    CsvRecord record;
    const CsvShape shape = Shape();
    for (;;) {
      const std::string_view rest(block.data() + at, block.size() - at);
      if (rest.empty() && block.at_end()) break;
      // A record is whole if its line end and one byte more (CR may be half of CRLF) are in the
      // block.
      size_t length = 0, next = 0;
      int64_t lines = 1;
      const bool whole =
          FindRecordEnd(rest, shape, block.at_end(), &record, &length, &next, &lines);
      if (!whole) {
        bool too_long = false;
        RETURN_IF_ERROR(Grow(&block, at, &too_long));
        at = 0;
        if (too_long) {
          Fault(fmt::format("holds a record longer than {} MiB", kMaxRecordBytes >> 20),
                block.offset(), line);
          return Status::Ok();
        }
        continue;
      }
      const uint64_t offset = block.offset() + at;
      NoteLineEnd(lines, rest.substr(length, next - length));
      if (length == 0) {
        ++empty_lines_;
      } else if (header) {
        CsvHeader found = ReadCsvHeader(rest.substr(0, length), dataset_);
        columns_ = std::move(found.columns);
        if (!found.fault.empty()) {
          Fault(std::move(found.fault));
          return Status::Ok();
        }
        header = false;
      } else {
        if (record.open_quote && shape.quoted_newlines) {
          Fault(fmt::format("quote is not closed: it opens on line {}", line + record.quote_line),
                offset + record.quote_at, line + record.quote_line);
          return Status::Ok();
        }
        if (ChunkIsFull(offset)) AddChunk(offset, line, -1);
      }
      at += next;
      line += lines;
    }
    if (header) Fault("is empty: no header");
    CloseChunks(text_.size());
    return Status::Ok();
  }

  /// Finds the end of the record at the front of `rest`; false if more bytes are needed.
  static bool FindRecordEnd(std::string_view rest, const CsvShape& shape, bool at_end,
                            CsvRecord* record, size_t* length, size_t* next, int64_t* lines) {
    record->open_quote = false;
    *lines = 1;
    const std::string_view line = rest.substr(0, FindLineEnd(rest));
    const bool quotes = std::memchr(line.data(), '"', line.size()) != nullptr;
    if (!quotes) {
      const std::string_view end = rest.substr(line.size());
      if (!at_end && end.size() < 2) return false;
      *length = line.size();
      *next = line.size() + LineEndLength(end);
      return true;
    }
    ReadCsvRecord(rest, shape, record);
    const bool spills = record->open_quote && shape.quoted_newlines;
    if (!at_end && (record->next >= rest.size() || spills)) return false;
    *length = record->length;
    *next = record->next;
    *lines = record->lines;
    return true;
  }

  // ---- JSON

  Status IndexJson() {
    columns_.field_of_column.assign(dataset_.columns.size(), -1);
    int64_t line = 1;
    // Blanks may be longer than the head, so they are skipped block by block.
    BlockReader block(&text_, start_, kBlockBytes);
    size_t at = 0;
    bool after_return = false;
    do {
      RETURN_IF_ERROR(block.Next(at));
      at = SkipJsonBlanks({block.data(), block.size()}, 0, &line, &after_return);
    } while (at == block.size() && !block.at_end());
    if (at == block.size()) {
      // Blank lines are lines without a record; no byte at all is a file that went wrong.
      if (text_.size() == start_) Fault("is empty: expected a JSON array or one object per line");
      layout_ = Layout::kJsonLines;
      return IndexLines(start_);
    }
    const std::string_view head(block.data(), block.size());
    const size_t first = at;
    if (head[first] == '[') {
      layout_ = Layout::kJsonArray;
      one_line_per_record_ = false;
      return IndexArray(block.offset() + first + 1, line);
    }
    if (head[first] != '{') {
      const bool text = !HasControl(head.substr(0, 512));
      Fault(text ? "is no JSON: expected an array or one object per line" : "is not text");
      return Status::Ok();
    }
    layout_ = Layout::kJsonLines;
    return IndexLines(start_);
  }

  Status IndexArray(uint64_t start, int64_t line) {
    BlockReader block(&text_, start, kBlockBytes);
    RETURN_IF_ERROR(block.Next(0));
    size_t at = 0;
    int64_t element = 0;
    bool first = true, after_return = false;
    const auto broken = [&](uint64_t offset) {
      Fault(element == 0 ? std::string("JSON is cut off or broken before its first element")
                         : fmt::format("JSON is cut off or broken after element {}", element - 1),
            offset, line);
    };
    for (;;) {
      // Blanks, then an element or the end of the array.
      const std::string_view all(block.data(), block.size());
      at = SkipJsonBlanks(all, at, &line, &after_return);
      if (at >= all.size()) {
        if (block.at_end()) {
          broken(block.offset() + at);
          return Status::Ok();
        }
        RETURN_IF_ERROR(block.Next(at));
        at = 0;
        continue;
      }
      if (all[at] == ']' && first) return EndArray(block.offset() + at + 1, line);
      const JsonElement found = FindElement(all.substr(at));
      // Only a closing quote or bracket says that an element does not go on behind the block.
      const bool closed = at + found.length < all.size() || IsClosed(all.substr(at));
      const bool needs_more = !found.complete || !closed;
      if (needs_more && !block.at_end()) {
        bool too_long = false;
        RETURN_IF_ERROR(Grow(&block, at, &too_long));
        at = 0;
        if (!too_long) continue;
      }
      if (!found.complete || needs_more) {
        broken(block.offset() + at);
        return Status::Ok();
      }
      const uint64_t offset = block.offset() + at;
      if (ChunkIsFull(offset)) AddChunk(offset, line, element);
      line += CountLineEnds(all.substr(at, found.length));
      at += found.length;
      ++element;
      first = false;
      // A comma, or the end of the array.
      for (;;) {
        const std::string_view now(block.data(), block.size());
        at = SkipJsonBlanks(now, at, &line, &after_return);
        if (at < now.size() || block.at_end()) break;
        RETURN_IF_ERROR(block.Next(at));
        at = 0;
      }
      const char next = at < block.size() ? block.data()[at] : '\0';
      if (next == ']') return EndArray(block.offset() + at + 1, line);
      if (next != ',') {
        broken(block.offset() + at);
        return Status::Ok();
      }
      ++at;
    }
  }

  static bool IsClosed(std::string_view element) {
    return element[0] == '"' || element[0] == '{' || element[0] == '[';
  }

  /// Behind the closing bracket only blanks may stand.
  Status EndArray(uint64_t end, int64_t line) {
    CloseChunks(end - 1);
    BlockReader block(&text_, end, kBlockBytes);
    RETURN_IF_ERROR(block.Next(0));
    bool after_return = false;
    for (;;) {
      const size_t at = SkipJsonBlanks({block.data(), block.size()}, 0, &line, &after_return);
      if (at < block.size()) {
        Fault("has text behind its JSON array", block.offset() + at, line);
        return Status::Ok();
      }
      if (block.at_end()) return Status::Ok();
      RETURN_IF_ERROR(block.Next(at));
    }
  }

  Status IndexLines(uint64_t start) {
    BlockReader block(&text_, start, kBlockBytes);
    RETURN_IF_ERROR(block.Next(0));
    size_t at = 0;
    int64_t line = 1, records = 0;
    uint64_t last_offset = 0;
    std::string last;
    for (;;) {
      const std::string_view rest(block.data() + at, block.size() - at);
      if (rest.empty() && block.at_end()) break;
      const size_t length = FindLineEnd(rest);
      const std::string_view end = rest.substr(length);
      if (!block.at_end() && end.size() < 2) {
        bool too_long = false;
        RETURN_IF_ERROR(Grow(&block, at, &too_long));
        at = 0;
        if (!too_long) continue;
        Fault(fmt::format("holds a record longer than {} MiB", kMaxRecordBytes >> 20),
              block.offset(), line);
        return Status::Ok();
      }
      const uint64_t offset = block.offset() + at;
      NoteLineEnd(1, end.substr(0, LineEndLength(end)));
      int64_t none = 0;
      const std::string_view text = rest.substr(0, length);
      if (SkipJsonBlanks(text, 0, &none) == text.size()) {
        ++empty_lines_;
      } else {
        if (ChunkIsFull(offset)) AddChunk(offset, line, -1);
        ++records;
        last_offset = offset;
        const bool unterminated = end.empty();
        if (records == 1 || unterminated) last = std::string(text);
        // The first line alone tells a pretty-printed object from lines.
        if (records == 1 && !unterminated && !FindElement(TrimJson(last)).complete) {
          bool is_lines = false;
          RETURN_IF_ERROR(TellSingleObject(offset, text, &is_lines));
          if (!is_lines) return Status::Ok();
        }
        if (unterminated && !FindElement(TrimJson(last)).complete) {
          Fault(fmt::format("JSON is cut off in line {}", line), last_offset, line);
          return Status::Ok();
        }
      }
      at += length + LineEndLength(end);
      ++line;
    }
    CloseChunks(text_.size());
    return Status::Ok();
  }

  static std::string_view TrimJson(std::string_view text) {
    while (!text.empty() && IsJsonBlank(text.front())) text.remove_prefix(1);
    return text;
  }

  /// The first line opens an object that it does not close. In a file of one object over several
  /// lines the next line goes on with a key or a bracket; if it opens an object too, only the first
  /// line is broken.
  Status TellSingleObject(uint64_t offset, std::string_view line, bool* is_lines) {
    std::string text(std::min<uint64_t>(text_.size() - offset, kMaxRecordBytes), '\0');
    RETURN_IF_ERROR(text_.Read(offset, text.size(), text.data()));
    int64_t none = 0;
    const size_t second = SkipJsonBlanks(text, line.size(), &none);
    *is_lines = second < text.size() && text[second] == '{';
    if (*is_lines) return Status::Ok();
    const size_t first = SkipJsonBlanks(text, 0, &none);
    const JsonElement object = FindElement(std::string_view(text).substr(first));
    if (!object.complete) {
      Fault("JSON is cut off in line 1");
    } else if (SkipJsonBlanks(text, first + object.length, &none) < text.size()) {
      Fault("is no JSON: expected an array or one object per line");
    } else {
      Fault("is one JSON object, expected an array or one object per line");
    }
    return Status::Ok();
  }

  FileFingerprint fingerprint_;
  const Dataset& dataset_;
  uint64_t chunk_bytes_;
  TextFile text_;
  std::string head_;
  uint64_t start_ = 0;  ///< behind a byte order mark
  Layout layout_ = Layout::kCsv;
  std::optional<FileFault> fault_;
  std::vector<Chunk> chunks_;
  FileColumns columns_;
  int64_t empty_lines_ = 0;
  bool one_line_per_record_ = true;
};

}  // namespace

Result<std::shared_ptr<const RecordFile>> OpenRecordFile(const FileFingerprint& fingerprint,
                                                         const Dataset& dataset,
                                                         const std::string& spool_directory,
                                                         uint64_t chunk_bytes) {
  auto file = std::make_shared<IndexedFile>(fingerprint, dataset, chunk_bytes);
  RETURN_IF_ERROR(file->Open(spool_directory));
  return std::shared_ptr<const RecordFile>(std::move(file));
}

Result<std::shared_ptr<const RecordFile>> RecordFile::Open(const FileFingerprint& fingerprint,
                                                           const Dataset& dataset,
                                                           const std::string& spool_directory) {
  return OpenRecordFile(fingerprint, dataset, spool_directory, kChunkBytes);
}

}  // namespace lyceum
