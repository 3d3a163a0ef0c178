#include "run/cluster_input.h"

#include <fmt/format.h>

#include <filesystem>

#include "engines/object_store.h"
#include "engines/spark_files.h"

namespace lyceum {

bool IsOnCluster(const ResolvedEngine& engine, const std::string& input) {
  if (engine.kind != EngineKind::kSpark || engine.address.host.empty()) return false;
  std::error_code error;
  return !std::filesystem::exists(input, error);
}

Result<Inbox> OpenClusterInbox(const Spec& spec, const std::string& input,
                               const ResolvedEngine& engine) {
  std::string prefix = IsObjectUrl(input) ? ClusterDirectory(input) : input;
  while (prefix.size() > 1 && prefix.back() == '/') prefix.pop_back();
  ASSIGN_OR_RETURN(const auto client, SparkClient::Open(engine.address, engine.name));
  const auto listed = ListFiles(client.get(), {prefix});
  if (!listed.ok()) {
    std::string message =
        fmt::format("cannot list '{}' on '{}': {}", prefix, engine.name, listed.status().message());
    // What Spark itself says begins with its class.
    if (listed.status().message().starts_with("[") && !IsUnseenFile(client->last_error_class())) {
      message += ClusterPathHint(prefix) + "; the server's log has the full message";
    }
    return Unavailable(message);
  }
  if (listed->empty()) {
    return Unavailable(fmt::format("nothing lies below '{}' on '{}'", prefix, engine.name));
  }
  // The cluster may spell the folder in its own way (`file:/x` for `/x`), but not what is below it.
  const size_t root = prefix.find('/');
  const std::string below = (root == std::string::npos ? prefix : prefix.substr(root)) + "/";
  std::vector<std::string> urls;
  std::map<std::string, ClusterFile> on_cluster;
  for (const ListedFile& file : *listed) {
    const size_t at = file.path.find(below);
    if (at == std::string::npos) {
      return Internal(fmt::format("the cluster lists '{}' below '{}'", file.path, prefix));
    }
    const std::string url = prefix + "/" + file.path.substr(at + below.size());
    urls.push_back(url);
    on_cluster[url] = {file.path, file.bytes, file.content_id};
  }
  ASSIGN_OR_RETURN(Inbox inbox, PlaceObjects(spec, prefix, urls));
  inbox.on_cluster = std::move(on_cluster);
  return inbox;
}

}  // namespace lyceum
