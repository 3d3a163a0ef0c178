#pragma once

#include <cstddef>
#include <functional>

#include "base/status.h"

namespace lyceum {

/// Calls `work(i)` for every i below `count`, on up to one thread per core, and waits for all.
/// Calls start in order of i; after a failure no more start. Returns the failure of the smallest i.
Status ForEachInParallel(size_t count, const std::function<Status(size_t)>& work);

}  // namespace lyceum
