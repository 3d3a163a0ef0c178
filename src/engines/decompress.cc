#include "engines/decompress.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

namespace lyceum {
namespace {

constexpr size_t kBlockBytes = 256 * 1024;

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// A file without name: it is gone when its descriptor is closed, whatever happens.
class SpoolFile {
 public:
  static Result<SpoolFile> Create(const std::string& directory) {
    std::string path = directory + "/spool-XXXXXX";
    SpoolFile file;
    file.descriptor_ = FileDescriptor(mkostemp(path.data(), O_CLOEXEC));
    if (file.descriptor_.get() < 0) {
      return Unavailable(fmt::format("cannot write to '{}': {}", directory, ErrnoText(errno)));
    }
    unlink(path.c_str());
    file.directory_ = directory;
    return file;
  }

  Status Append(const char* data, size_t size) {
    while (size > 0) {
      const ssize_t put = write(descriptor_.get(), data, size);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        return Unavailable(fmt::format("cannot write to '{}': {}", directory_, ErrnoText(errno)));
      }
      data += put;
      size -= static_cast<size_t>(put);
      size_ += static_cast<uint64_t>(put);
    }
    return Status::Ok();
  }

  TextFile Finish(const std::string& shown_path) {
    return TextFile(std::move(descriptor_), shown_path, size_);
  }

 private:
  FileDescriptor descriptor_;
  std::string directory_;
  uint64_t size_ = 0;
};

/// Feeds a whole file, block by block, to `consume(data, size)`.
template <typename Consume>
Status ForEachBlock(const TextFile& source, Consume consume) {
  std::vector<char> block(kBlockBytes);
  for (uint64_t at = 0; at < source.size();) {
    const size_t size = std::min<uint64_t>(block.size(), source.size() - at);
    RETURN_IF_ERROR(source.Read(at, size, block.data()));
    RETURN_IF_ERROR(consume(block.data(), size));
    at += size;
  }
  return Status::Ok();
}

Status Gunzip(const TextFile& source, SpoolFile* spool, std::string* damage) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);  // gzip headers only
  std::vector<char> out(kBlockBytes);
  bool ended = true;
  const Status status = ForEachBlock(source, [&](char* data, size_t size) -> Status {
    stream.next_in = reinterpret_cast<Bytef*>(data);
    stream.avail_in = static_cast<uInt>(size);
    while (stream.avail_in > 0 && damage->empty()) {
      if (ended) inflateReset(&stream);  // a file may hold several members
      ended = false;
      int result = Z_OK;
      do {
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        result = inflate(&stream, Z_NO_FLUSH);
        RETURN_IF_ERROR(spool->Append(out.data(), out.size() - stream.avail_out));
      } while (result == Z_OK && stream.avail_out == 0);
      if (result == Z_STREAM_END) {
        ended = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        *damage = "gzip data is damaged";
      }
    }
    return Status::Ok();
  });
  inflateEnd(&stream);
  if (damage->empty() && !ended) *damage = "gzip data is cut off";
  return status;
}

Status Unzstd(const TextFile& source, SpoolFile* spool, std::string* damage) {
  ZSTD_DStream* stream = ZSTD_createDStream();
  std::vector<char> out(kBlockBytes);
  size_t left = 0;
  const Status status = ForEachBlock(source, [&](char* data, size_t size) -> Status {
    ZSTD_inBuffer in{data, size, 0};
    bool full = false;
    while ((in.pos < in.size || full) && damage->empty()) {
      ZSTD_outBuffer block{out.data(), out.size(), 0};
      left = ZSTD_decompressStream(stream, &block, &in);
      if (ZSTD_isError(left)) {
        *damage = "zstd data is damaged";
        break;
      }
      RETURN_IF_ERROR(spool->Append(out.data(), block.pos));
      // Once a frame is out, another call without input would begin the next one.
      full = block.pos == block.size && left != 0;
    }
    return Status::Ok();
  });
  ZSTD_freeDStream(stream);
  if (damage->empty() && left != 0) *damage = "zstd data is cut off";
  return status;
}

}  // namespace

Compression CompressionOf(const std::string& path) {
  if (EndsWith(path, ".gz")) return Compression::kGzip;
  if (EndsWith(path, ".zst")) return Compression::kZstd;
  return Compression::kNone;
}

Result<TextFile> Decompress(const TextFile& source, Compression compression,
                            const std::string& spool_directory, std::optional<FileFault>* fault) {
  ASSIGN_OR_RETURN(SpoolFile spool, SpoolFile::Create(spool_directory));
  std::string damage;
  if (source.size() == 0) {
    damage = compression == Compression::kGzip ? "gzip data is cut off" : "zstd data is cut off";
  } else if (compression == Compression::kGzip) {
    RETURN_IF_ERROR(Gunzip(source, &spool, &damage));
  } else {
    RETURN_IF_ERROR(Unzstd(source, &spool, &damage));
  }
  if (!damage.empty()) *fault = FileFault{damage, 0, 1};
  return spool.Finish(source.path());
}

}  // namespace lyceum
