#include "engines/spark_client.h"

// Stands for the real client in a build that found no gRPC.

namespace lyceum {

bool HasSparkClient() { return false; }

Result<std::unique_ptr<SparkClient>> SparkClient::Open(const SparkAddress&, const std::string&) {
  return BadSpec(
      "this build cannot talk to Spark: install libgrpc++-dev, libprotobuf-dev, protobuf-compiler "
      "and protobuf-compiler-grpc, then build again");
}

}  // namespace lyceum
