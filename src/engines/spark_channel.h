#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/status.h"
#include "engines/spark_connect.grpc.pb.h"
#include "engines/spark_errors.h"
#include "engines/spark_url.h"

namespace lyceum {

/// 122 random bits in the canonical text of a UUID, the only names that Spark takes.
std::string NewUuid();

/// The way to one session on a server: what every call carries, the waits between tries, and the
/// end of all calls by Interrupt(). Thread-safe.
class SparkChannel {
 public:
  using Stub = spark::connect::SparkConnectService::Stub;
  using Seconds = std::chrono::seconds;

  SparkChannel(const SparkAddress& address, std::string name);
  /// Waits until no Interrupt() is under way.
  ~SparkChannel();
  SparkChannel(const SparkChannel&) = delete;
  SparkChannel& operator=(const SparkChannel&) = delete;

  /// One RPC: its headers and deadline. Interrupt() cancels it as long as this lives, unless it is
  /// `detached`: such calls clean up, and outlive an interruption.
  class Call {
   public:
    enum Kind { kCancellable, kDetached };
    Call(SparkChannel* channel, Seconds timeout, Kind kind = kCancellable);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    grpc::ClientContext context;

   private:
    SparkChannel* channel_;
  };

  /// A request that says whose it is.
  template <typename Request>
  Request NewRequest() {
    Request request;
    request.set_session_id(address_.session_id);
    request.mutable_user_context()->set_user_id(address_.user_id);
    request.mutable_user_context()->set_user_name(address_.user_id);
    request.set_client_type(address_.user_agent);
    if constexpr (requires { request.set_client_observed_server_side_session_id(""); }) {
      if (const std::string id = server_session(); !id.empty()) {
        request.set_client_observed_server_side_session_id(id);
      }
    }
    return request;
  }

  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  /// Sends one request, and again while the server does not answer, `max_tries` times in all.
  template <typename Request, typename Response>
  Status Send(Method<Request, Response> method, const Request& request, Response* response,
              int max_tries = kMaxTries) {
    ForgetError();
    for (int tries = 1;; ++tries) {
      SparkError error;
      {
        Call call(this, Seconds(120));
        error = ReadSparkError((stub_.get()->*method)(&call.context, request, response));
      }
      if (error.ok()) return SeeServerSession(response->server_side_session_id());
      if (!error.may_retry || tries >= max_tries) return Fail(error);
      if (!WaitBeforeTry(tries, error)) return Interrupted();
    }
  }

  /// Sends one request of cleaning up: nobody waits for its answer for long, and no failure counts.
  template <typename Request, typename Response>
  void SendDetached(Method<Request, Response> method, const Request& request, Seconds timeout) {
    Response response;
    Call call(this, timeout, Call::kDetached);
    (void)(stub_.get()->*method)(&call.context, request, &response);
  }

  /// Asks the server for its version: whether it is there.
  Result<std::string> AskVersion(int max_tries = kMaxTries);

  /// What users are told of `error`; remembers its class. Asks the server for the part of the
  /// statement that it points to.
  Status Fail(const SparkError& error);
  Status Interrupted() const;
  Status SessionLost() const;
  const std::string& last_error_class() const { return last_error_class_; }
  void ForgetError() { last_error_class_.clear(); }

  /// Waits before the try after the `tries`-th; false if an interruption came.
  bool WaitBeforeTry(int tries, const SparkError& error);

  /// Fails if the server's side of the session is another one than before: the server was started
  /// anew in between, and all views are gone.
  Status SeeServerSession(const std::string& id);

  void Interrupt();
  bool interrupted() const { return interrupted_; }
  /// How long no call was begun.
  std::chrono::steady_clock::duration Silence() const;
  Stub& stub() { return *stub_; }
  const std::string& name() const { return name_; }

  /// Some 15 seconds in all.
  static constexpr int kMaxTries = 10;

 private:
  std::string server_session() const;

  SparkAddress address_;
  std::string name_;
  std::unique_ptr<Stub> stub_;
  std::string last_error_class_;
  std::atomic<bool> interrupted_ = false;
  std::atomic<int64_t> last_call_;  ///< steady clock's ticks

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::set<grpc::ClientContext*> calls_;
  std::string server_session_;
  int num_interrupting_ = 0;
};

}  // namespace lyceum
