#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>

#include "base/status.h"
#include "engines/spark_connect.pb.h"

namespace lyceum {

/// One failed call, as gRPC and Spark describe it. Not for users' eyes: `message` may quote rows.
struct SparkError {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;
  std::string error_class;  ///< `FAILED_READ_FILE.NO_HINT`, "" if the server gave none
  std::string sql_state;
  std::string java_class;  ///< of the exception, and of those it is derived from
  std::string error_id;    ///< FetchErrorDetails() knows more under it, once
  std::string fragment;    ///< part of the statement that the error points to
  bool may_retry = false;  ///< the call did not reach the server, or may be sent again
  std::chrono::milliseconds retry_delay{0};  ///< that the server asks for

  bool ok() const { return code == grpc::StatusCode::OK; }
  /// The server does not know the session any more.
  bool lost_session() const;
  bool is(std::string_view wanted_class) const { return error_class == wanted_class; }
};

/// True if what answers is no Spark Connect server: it knows no such call, or speaks no HTTP/2.
bool IsOtherServer(const SparkError& error);

/// Why a server cannot be reached, in words that gRPC's message stands for, and what to do next.
std::string ConnectionProblem(const std::string& message);

SparkError ReadSparkError(const grpc::Status& status);

/// Adds what FetchErrorDetails() says.
void AddErrorDetails(const spark::connect::FetchErrorDetailsResponse& details, SparkError* error);

/// What users are told of an error of Spark itself, without values of rows: `[CLASS] what happened
/// (SQLSTATE 42703) at: part of the statement`.
Status SparkErrorStatus(const SparkError& error);

}  // namespace lyceum
