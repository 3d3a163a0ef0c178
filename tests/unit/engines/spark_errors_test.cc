#include "engines/spark_errors.h"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

using Metadata = std::map<std::string, std::string>;

/// A failed call as a server describes it.
grpc::Status Failed(const std::string& message, const std::string& java_class,
                    const Metadata& metadata) {
  spark::connect::ErrorInfo info;
  info.set_reason(java_class);
  info.set_domain("org.apache.spark");
  info.mutable_metadata()->insert(metadata.begin(), metadata.end());
  spark::connect::RpcStatus rpc;
  rpc.set_code(13);
  google::protobuf::Any* detail = rpc.add_details();
  detail->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  detail->set_value(info.SerializeAsString());
  return {grpc::StatusCode::INTERNAL, message, rpc.SerializeAsString()};
}

Status Told(const std::string& message, const std::string& java_class = "",
            const Metadata& metadata = {}) {
  return SparkErrorStatus(ReadSparkError(Failed(message, java_class, metadata)));
}

TEST(SparkErrors, TellsWhatIsFoundBeforeRowsAreRead) {
  Status status = Told(
      "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `x` cannot be resolved. "
      "SQLSTATE: 42703; line 1 pos 7;\n'Project ['x]",
      "org.apache.spark.sql.AnalysisException",
      {{"errorClass", "UNRESOLVED_COLUMN.WITH_SUGGESTION"}, {"sqlState", "42703"}});
  EXPECT_EQ(status.code(), ErrorCode::kInternal);
  EXPECT_EQ(
      status.message(),
      "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `x` cannot be resolved.; line 1 "
      "pos 7 (SQLSTATE 42703)");
  status = Told("\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601\n== SQL ==\nx",
                "org.apache.spark.sql.catalyst.parser.ParseException");
  EXPECT_EQ(status.message(), "[PARSE_SYNTAX_ERROR] Syntax error at or near 'x' (SQLSTATE 42601)");
  status = Told("no class at all", "org.apache.spark.sql.AnalysisException");
  EXPECT_EQ(status.message(), "[org.apache.spark.sql.AnalysisException] no class at all");
}

TEST(SparkErrors, TellsWhichFileOrLimit) {
  Status status = Told(
      "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file f.parquet. "
      " SQLSTATE: KD001",
      "org.apache.spark.SparkException");
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(status.message(),
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file f.parquet (SQLSTATE "
            "KD001)");
  status = Told("[PATH_NOT_FOUND] Path does not exist: file:/x. SQLSTATE: 42K03",
                "org.apache.spark.sql.AnalysisException");
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
}

TEST(SparkErrors, HidesWhatMayQuoteRows) {
  struct Case {
    const char* message;
    const char* java_class;
    const char* told;
  };
  const Case cases[] = {
      {"[CAST_INVALID_INPUT] The value 'Ann' of the type \"STRING\" cannot be cast. SQLSTATE: "
       "22018",
       "org.apache.spark.SparkNumberFormatException",
       "[CAST_INVALID_INPUT] (SQLSTATE 22018), values left out"},
      {"[USER_RAISED_EXCEPTION] Ann SQLSTATE: P0001", "org.apache.spark.SparkRuntimeException",
       "[USER_RAISED_EXCEPTION] (SQLSTATE P0001), values left out"},
      {"[PARTITIONS_ALREADY_EXIST] Cannot ADD PARTITION(s) name = Ann. SQLSTATE: 428FT",
       "org.apache.spark.sql.AnalysisException",
       "[PARTITIONS_ALREADY_EXIST] (SQLSTATE 428FT), values left out"},
      {"[INVALID_FORMAT.MISMATCH_INPUT] The input Ann does not match. SQLSTATE: 42601",
       "org.apache.spark.SparkIllegalArgumentException",
       "[INVALID_FORMAT.MISMATCH_INPUT] (SQLSTATE 42601), values left out"},
      {"[INTERNAL_ERROR] Ann SQLSTATE: XX000", "org.apache.spark.SparkException",
       "[INTERNAL_ERROR] (SQLSTATE XX000), values left out"},
      {"[BRAND_NEW] Ann SQLSTATE: 22XXX", "", "[BRAND_NEW] (SQLSTATE 22XXX), values left out"},
      {"For input string: \"Ann\"", "java.lang.NumberFormatException",
       "[java.lang.NumberFormatException], values left out"},
      {"Job aborted due to stage failure: Lost task: java.lang.NumberFormatException: Ann",
       "org.apache.spark.SparkException", "[org.apache.spark.SparkException], values left out"},
      {"Ann", "", "[gRPC code 13], values left out"},
  };
  for (const Case& c : cases) {
    const Status status = Told(c.message, c.java_class);
    EXPECT_EQ(status.message(), c.told);
    EXPECT_EQ(status.code(), ErrorCode::kInternal) << c.told;
  }
}

TEST(SparkErrors, SaysInOwnWordsWhatTheClusterSuffered) {
  Status status = Told(
      "Job aborted due to stage failure: Task 0 failed: ExecutorLostFailure (executor 1 exited)",
      "org.apache.spark.SparkException");
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(status.message(), "[org.apache.spark.SparkException] an executor was lost");
  status =
      Told("`s3a://x/': Bucket does not exist", "org.apache.hadoop.fs.s3a.UnknownStoreException");
  EXPECT_EQ(status.message(),
            "[org.apache.hadoop.fs.s3a.UnknownStoreException] there is no such bucket");
  status = Told("s3a://x: getFileStatus: 403 Forbidden", "java.nio.file.AccessDeniedException");
  EXPECT_EQ(
      status.message(),
      "[java.nio.file.AccessDeniedException] access denied, or the cluster has no credentials");
  status = Told(
      "java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",
      "java.lang.RuntimeException");
  EXPECT_EQ(status.message(),
            "[java.lang.RuntimeException] the cluster lacks hadoop-aws, which reads and writes "
            "s3a://");
  status = Told("Java heap space", "java.lang.OutOfMemoryError");
  EXPECT_EQ(status.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(status.message(), "[java.lang.OutOfMemoryError] out of memory");
  EXPECT_EQ(Told("Ann", "java.io.IOException").code(), ErrorCode::kUnavailable);
}

TEST(SparkErrors, SaysWhyAServerCannotBeReached) {
  const std::string failed = "failed to connect to all addresses; last error: UNKNOWN: ";
  const char* no_tls =
      "it speaks no TLS, which a token or use_ssl=true asks for; say use_ssl=false on a trusted "
      "network, or put a proxy with TLS before it";
  struct Case {
    std::string message;
    const char* told;
  };
  const Case cases[] = {
      {failed + "ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused",
       "connection refused; is the server running, and are host and port right?"},
      {"DNS resolution failed for h.invalid:15002: UNKNOWN: Domain name not found",
       "its host name is unknown; is it right?"},
      {failed + "Ssl handshake failed: SSL_ERROR_SSL: error:1408F10B: wrong version number",
       no_tls},
      {failed + "SSL_ERROR_SSL: error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER",
       no_tls},
      {failed + "SSL_ERROR_SSL: CERTIFICATE_VERIFY_FAILED",
       "its TLS certificate is signed by no authority that this machine trusts; "
       "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH may name a file with another one"},
      {"Deadline Exceeded",
       "no answer in time; are host and port right, and does a firewall let us through?"},
      {"Socket closed", "Socket closed; is the server running, and are host and port right?"},
  };
  for (const Case& c : cases) EXPECT_EQ(ConnectionProblem(c.message), c.told);
}

TEST(SparkErrors, KnowsServersOfOtherKinds) {
  EXPECT_TRUE(IsOtherServer(ReadSparkError({grpc::StatusCode::UNIMPLEMENTED, "no method"})));
  for (const char* text : {"ipv4:127.0.0.1:80: Failed parsing HTTP/2",
                           "Trying to connect an http1.x server (HTTP status 400)"}) {
    EXPECT_TRUE(IsOtherServer(ReadSparkError({grpc::StatusCode::UNAVAILABLE, text})));
  }
  EXPECT_FALSE(IsOtherServer(ReadSparkError({grpc::StatusCode::UNAVAILABLE, "refused"})));
}

TEST(SparkErrors, PointsToTheStatement) {
  SparkError error = ReadSparkError(Failed("[DIVIDE_BY_ZERO] x. SQLSTATE: 22012", "", {}));
  spark::connect::FetchErrorDetailsResponse details;
  details.set_root_error_idx(0);
  details.add_errors()->set_cause_idx(1);
  auto* context = details.add_errors()->mutable_spark_throwable()->add_query_contexts();
  context->set_fragment("a\n  / " + std::string(300, 'b') + "ä");
  AddErrorDetails(details, &error);
  EXPECT_EQ(SparkErrorStatus(error).message(),
            "[DIVIDE_BY_ZERO] (SQLSTATE 22012), values left out at: a / " + std::string(194, 'b') +
                "...");
  // A ring of causes ends.
  details.mutable_errors(1)->set_cause_idx(0);
  error.fragment = "";
  AddErrorDetails(details, &error);
  EXPECT_FALSE(error.fragment.empty());
}

TEST(SparkErrors, KnowsWhatMayBeTriedAgain) {
  EXPECT_TRUE(ReadSparkError({grpc::StatusCode::UNAVAILABLE, "gone"}).may_retry);
  EXPECT_FALSE(ReadSparkError({grpc::StatusCode::INTERNAL, "gone"}).may_retry);
  EXPECT_TRUE(ReadSparkError({grpc::StatusCode::INTERNAL, "Received RST_STREAM with error code 2"})
                  .may_retry);
  EXPECT_FALSE(ReadSparkError({grpc::StatusCode::INTERNAL, "gone", "no details"}).may_retry);
  EXPECT_TRUE(ReadSparkError(Failed("[INVALID_CURSOR.DISCONNECTED] x", "", {})).may_retry);
  EXPECT_TRUE(ReadSparkError(Failed("[INVALID_HANDLE.SESSION_CLOSED] x", "", {})).lost_session());

  spark::connect::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  spark::connect::RpcStatus rpc;
  google::protobuf::Any* detail = rpc.add_details();
  detail->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  detail->set_value(retry.SerializeAsString());
  const SparkError error =
      ReadSparkError({grpc::StatusCode::INTERNAL, "wait", rpc.SerializeAsString()});
  EXPECT_TRUE(error.may_retry);
  EXPECT_EQ(error.retry_delay, std::chrono::seconds(2));
}

}  // namespace
}  // namespace lyceum
