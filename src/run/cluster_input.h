#pragma once

#include <string>

#include "base/status.h"
#include "run/discover.h"
#include "run/engine_choice.h"

namespace lyceum {

/// True if the files below `input` are looked for on the cluster of `engine`: a URL, or a folder
/// that this machine does not have.
bool IsOnCluster(const ResolvedEngine& engine, const std::string& input);

/// Lists what lies below `input`, as ScanInput does, on the cluster. Content ids go by path, size
/// and time of each file. kUnavailable if the cluster does not answer, or has nothing there.
Result<Inbox> OpenClusterInbox(const Spec& spec, const std::string& input,
                               const ResolvedEngine& engine);

}  // namespace lyceum
