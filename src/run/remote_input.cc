#include "run/remote_input.h"

#include <fmt/format.h>

#include <filesystem>

namespace lyceum {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<std::shared_ptr<RemoteInput>> RemoteInput::Open(const std::string& temp_directory) {
  std::shared_ptr<RemoteInput> input(new RemoteInput);
  ASSIGN_OR_RETURN(input->folder_,
                   SpillFolder::Make(temp_directory.empty() ? fs::temp_directory_path().string()
                                                            : temp_directory));
  DuckDbOptions options;
  options.threads = 1;
  options.memory_limit = "256MiB";
  ASSIGN_OR_RETURN(input->database_, DuckDb::Open(options));
  ASSIGN_OR_RETURN(input->store_, ObjectStore::Open(input->database_.get()));
  return input;
}

Result<std::string> RemoteInput::Fetch(const std::string& url) {
  if (const auto copy = copies_.find(url); copy != copies_.end()) return copy->second;
  // A folder per file keeps its name, whose ending says how it is compressed.
  const fs::path folder = fs::path(folder_->path()) / std::to_string(++fetched_);
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) {
    return Unavailable(
        fmt::format("cannot create folder '{}': {}", folder.string(), error.message()));
  }
  const std::string path = (folder / url.substr(url.rfind('/') + 1)).string();
  RETURN_IF_ERROR(store_->Download(url, path));
  copies_[url] = path;
  return path;
}

void RemoteInput::KeepOnly(const std::set<std::string>& urls) {
  std::error_code error;
  for (auto copy = copies_.begin(); copy != copies_.end();) {
    if (urls.count(copy->first) > 0) {
      ++copy;
      continue;
    }
    fs::remove_all(fs::path(copy->second).parent_path(), error);
    copy = copies_.erase(copy);
  }
}

Result<Inbox> OpenInbox(const Spec& spec, const std::string& input,
                        const std::string& temp_directory) {
  if (!IsObjectUrl(input)) return ScanInput(spec, input);
  ASSIGN_OR_RETURN(std::shared_ptr<RemoteInput> remote, RemoteInput::Open(temp_directory));
  std::string prefix = input;
  while (prefix.size() > 5 && prefix.back() == '/') prefix.pop_back();
  ASSIGN_OR_RETURN(const std::vector<std::string> urls, remote->List(prefix));
  if (urls.empty()) return Unavailable(fmt::format("nothing lies below '{}'", prefix));
  ASSIGN_OR_RETURN(Inbox inbox, PlaceObjects(spec, prefix, urls));
  inbox.remote = std::move(remote);
  return inbox;
}

}  // namespace lyceum
