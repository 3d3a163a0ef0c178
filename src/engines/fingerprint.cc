#include "base/fingerprint.h"

#include <cerrno>
#include <ctime>
#include <vector>

#include "base/sha256.h"
#include "engines/record_file.h"
#include "engines/text_file.h"

namespace lyceum {
namespace {

constexpr size_t kReadBytes = 256 * 1024;

/// File systems may stamp times as coarsely as this (FAT: two seconds): a write so soon before the
/// fingerprint can be followed by another with the same stamp.
constexpr int64_t kCoarseClockNs = 2'000'000'000;

int64_t Nanoseconds(const struct timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t Now() {
  struct timespec now {};
  clock_gettime(CLOCK_REALTIME, &now);
  return Nanoseconds(now);
}

void Describe(const struct stat& info, FileFingerprint* fingerprint) {
  fingerprint->bytes = static_cast<uint64_t>(info.st_size);
  fingerprint->device = info.st_dev;
  fingerprint->inode = info.st_ino;
  fingerprint->modified_ns = Nanoseconds(info.st_mtim);
  fingerprint->changed_ns = Nanoseconds(info.st_ctim);
}

bool SameFile(const FileFingerprint& fingerprint, const struct stat& info) {
  FileFingerprint now;
  Describe(info, &now);
  return now.bytes == fingerprint.bytes && now.device == fingerprint.device &&
         now.inode == fingerprint.inode && now.modified_ns == fingerprint.modified_ns &&
         now.changed_ns == fingerprint.changed_ns;
}

}  // namespace

Result<FileFingerprint> FingerprintFile(const std::string& path) {
  struct stat info {};
  FileFingerprint fingerprint;
  fingerprint.path = path;
  fingerprint.taken_ns = Now();
  ASSIGN_OR_RETURN(const FileDescriptor descriptor, OpenRegularFile(path, &info));
  Describe(info, &fingerprint);
  Sha256 hash;
  std::vector<char> buffer(kReadBytes);
  uint64_t offset = 0;
  for (;;) {
    const int64_t got = ReadAt(descriptor.get(), offset, buffer.size(), buffer.data());
    if (got < 0) return CannotRead(path, errno);
    if (got == 0) break;
    hash.Update({buffer.data(), static_cast<size_t>(got)});
    offset += static_cast<uint64_t>(got);
  }
  fingerprint.content_id = hash.FinishHex();
  if (fstat(descriptor.get(), &info) != 0) return CannotRead(path, errno);
  if (!SameFile(fingerprint, info) || offset != fingerprint.bytes) return ChangedWhileRead(path);
  return fingerprint;
}

Status CheckFingerprint(const FileFingerprint& fingerprint) {
  struct stat info {};
  if (stat(fingerprint.path.c_str(), &info) != 0) return CannotRead(fingerprint.path, errno);
  if (!SameFile(fingerprint, info)) return ChangedWhileRead(fingerprint.path);
  const int64_t settled = fingerprint.taken_ns - kCoarseClockNs;
  if (fingerprint.modified_ns < settled && fingerprint.changed_ns < settled) return Status::Ok();
  ASSIGN_OR_RETURN(const FileFingerprint again, FingerprintFile(fingerprint.path));
  if (again.content_id != fingerprint.content_id) return ChangedWhileRead(fingerprint.path);
  return Status::Ok();
}

}  // namespace lyceum
