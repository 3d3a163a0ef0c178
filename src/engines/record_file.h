#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fingerprint.h"
#include "base/limits.h"
#include "base/status.h"
#include "spec/spec.h"

namespace lyceum {

/// Reads the whole file once and hashes it. Fails with kUnavailable if it is missing, no regular
/// file, not readable, or changes meanwhile.
Result<FileFingerprint> FingerprintFile(const std::string& path);

/// Why a file cannot be read as records; the whole file goes to quarantine as one record.
struct FileFault {
  std::string reason;   ///< `quote is not closed: it opens on line 7`; holds no value of the file
  uint64_t offset = 0;  ///< byte where reading stopped making sense, in the decompressed text
  int64_t line = 1;
};

/// A run of whole records that one thread reads. Every chunk starts at a record's first byte.
struct Chunk {
  uint64_t offset = 0;
  uint64_t length = 0;
  int64_t first_line = 1;     ///< physical line of the first record, from 1
  int64_t first_element = 0;  ///< JSON: index of the first element (from 0)
};

/// How the records of a file are laid out.
enum class Layout { kCsv, kJsonArray, kJsonLines };

/// One record found by its position.
struct RecordText {
  int64_t line = 0;
  int64_t element = -1;  ///< JSON arrays only: index of the element, from 0
  uint64_t length = 0;   ///< bytes, without the line end
  std::string bytes;
};

/// How a file's fields map to the columns of its dataset.
struct FileColumns {
  /// For each spec column its field in the file (CSV), or -1 if the file lacks it.
  std::vector<int> field_of_column;
  int num_fields = 0;                        ///< CSV: fields of the header
  std::vector<std::string> unknown_columns;  ///< CSV: header names that match no spec column
};

/// A delivered file, decompressed if need be (into an unlinked file of the spool folder), with its
/// record boundaries known every megabyte or so. Immutable; threads may share it. Memory is bounded
/// by the index, not by the file.
class RecordFile {
 public:
  /// Opens and indexes the file that `fingerprint` describes. A file that cannot be understood is
  /// no error: see fault(). kUnavailable: I/O failed, or the file is no longer what the fingerprint
  /// says.
  static Result<std::shared_ptr<const RecordFile>> Open(const FileFingerprint& fingerprint,
                                                        const Dataset& dataset,
                                                        const std::string& spool_directory);
  virtual ~RecordFile() = default;

  virtual const std::optional<FileFault>& fault() const = 0;
  virtual const std::vector<Chunk>& chunks() const = 0;
  virtual const FileColumns& columns() const = 0;
  virtual Layout layout() const = 0;
  virtual int64_t empty_lines()
      const = 0;  ///< physical lines with nothing on them, outside records
  virtual uint64_t text_bytes() const = 0;  ///< size of the decompressed text
  /// True if every record is one physical line that ends in LF, CRLF or the file's end: such a file
  /// may be cut anywhere at a line feed. Never of arrays.
  virtual bool one_line_per_record() const = 0;

  /// Reads `length` bytes at `offset` of the decompressed text into `out`; kUnavailable if the file
  /// is shorter than it was.
  virtual Status Read(uint64_t offset, uint64_t length, char* out) const = 0;

  /// Fails with kUnavailable if the file changed since its fingerprint was taken. Call after the
  /// last read. Where the clock is too coarse to tell, it reads and hashes the file again.
  virtual Status CheckUnchanged() const = 0;
};

/// Chunks are about this long; tests make them tiny.
inline constexpr uint64_t kChunkBytes = 1 << 20;
/// Longer records are refused, since one is held in memory whole.
inline constexpr uint64_t kMaxRecordBytes = 256 << 20;

/// As RecordFile::Open, with another chunk size.
Result<std::shared_ptr<const RecordFile>> OpenRecordFile(const FileFingerprint& fingerprint,
                                                         const Dataset& dataset,
                                                         const std::string& spool_directory,
                                                         uint64_t chunk_bytes);

/// Fails with kUnavailable if the file is no longer what its fingerprint says.
Status CheckFingerprint(const FileFingerprint& fingerprint);

/// As EscapeBytes, cut before `max_bytes` of escaped text; `whole` tells whether all fitted.
std::string EscapeBytesUpTo(std::string_view bytes, size_t max_bytes, bool* whole);
/// A header name or JSON key as messages show it: escaped and cut.
std::string ShowName(std::string_view name);

/// Escapes bytes for quarantine: printable UTF-8 stays, `\` becomes `\\`, every other byte `\xNN`
/// (tab, line ends, NUL and bytes that are not UTF-8 too). Reversible; the same text everywhere.
std::string EscapeBytes(std::string_view bytes);
/// Turns EscapeBytes back; nullopt if `text` is not such a text.
std::optional<std::string> UnescapeBytes(std::string_view text);

}  // namespace lyceum
