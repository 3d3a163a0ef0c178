#pragma once

#include <atomic>
#include <functional>

#include "base/status.h"
#include "engines/spark_channel.h"
#include "engines/spark_connect.pb.h"

namespace lyceum {

/// Receives the answers of a statement, each once and in order; a failing status ends it.
using SparkAnswers = std::function<Status(const spark::connect::ExecutePlanResponse&)>;

/// Runs one plan as a reattachable operation: the server keeps what it answered until we say that
/// we have it, so that a cut connection is attached again where it was cut, and a plan whose start
/// is unknown is sent again under the same operation id without running twice. `progress` rises
/// from 0 to 1; it is -1 as long as the server says nothing of it.
Status RunSparkPlan(SparkChannel* channel, const spark::connect::Plan& plan,
                    const SparkAnswers& answers, std::atomic<double>* progress);

}  // namespace lyceum
