#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "engines/record_file.h"
#include "engines/text_file.h"

namespace lyceum {

enum class Compression { kNone, kGzip, kZstd };

/// What a file's name says: `.gz`, `.zst` or neither.
Compression CompressionOf(const std::string& path);

/// Decompresses `source` into an unlinked file of `spool_directory`, streaming. Data that is cut
/// off or damaged is no error: `fault` says so then, and the text ends where it stopped making
/// sense. kUnavailable: reading, or writing the spool file, failed (a full disk, say).
Result<TextFile> Decompress(const TextFile& source, Compression compression,
                            const std::string& spool_directory, std::optional<FileFault>* fault);

}  // namespace lyceum
