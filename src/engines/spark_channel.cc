#include "engines/spark_channel.h"

#include <fmt/format.h>
#include <grpc/support/log.h>

#include <algorithm>
#include <cstdlib>
#include <random>

namespace lyceum {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

std::shared_ptr<grpc::Channel> OpenChannel(const SparkAddress& address) {
  // gRPC would write to standard error, which belongs to the command line.
  gpr_set_log_function([](gpr_log_func_args*) {});
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(address.max_message_bytes);
  arguments.SetMaxSendMessageSize(address.max_message_bytes);
  // While gRPC waits before it connects again, calls fail at once: our own waits decide.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // How long one attempt to connect may take, whatever its name says.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10000);
  // A connection that died without a word is found out. Servers close one that asks more often than
  // every five minutes.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 360000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // A statement is never sent twice behind our back.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (IsLoopback(address.host)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const std::string target = address.Shown().substr(std::string_view("sc://").size());
  return grpc::CreateCustomChannel(target,
                                   address.use_tls
                                       ? grpc::SslCredentials(grpc::SslCredentialsOptions())
                                       : grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

std::string NewUuid() {
  std::random_device random;
  std::string text;
  for (int i = 0; i < 16; ++i) {
    unsigned byte = random() & 0xff;
    if (i == 6) byte = (byte & 0x0f) | 0x40;  // version 4: random
    if (i == 8) byte = (byte & 0x3f) | 0x80;  // RFC 4122
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

SparkChannel::SparkChannel(const SparkAddress& address, std::string name)
    : address_(address),
      name_(std::move(name)),
      stub_(spark::connect::SparkConnectService::NewStub(OpenChannel(address))),
      last_call_(steady_clock::now().time_since_epoch().count()) {
  if (address_.session_id.empty()) address_.session_id = NewUuid();
  if (address_.user_agent.empty()) address_.user_agent = "lyceum/" LYCEUM_VERSION;
  if (address_.user_id.empty()) {
    const char* user = std::getenv("USER");
    address_.user_id = user && *user ? user : "lyceum";
  }
}

SparkChannel::~SparkChannel() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return num_interrupting_ == 0; });
}

SparkChannel::Call::Call(SparkChannel* channel, Seconds timeout, Kind kind) : channel_(channel) {
  const SparkAddress& address = channel->address_;
  // Not as call credentials: gRPC refuses those on connections without TLS.
  if (!address.token.empty()) context.AddMetadata("authorization", "Bearer " + address.token);
  for (const auto& [key, value] : address.headers) context.AddMetadata(key, value);
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  channel->last_call_ = steady_clock::now().time_since_epoch().count();
  if (kind == kDetached) return;
  std::lock_guard lock(channel->mutex_);
  channel->calls_.insert(&context);
  // Takes effect when the call begins.
  if (channel->interrupted_) context.TryCancel();
}

SparkChannel::Call::~Call() {
  std::lock_guard lock(channel_->mutex_);
  channel_->calls_.erase(&context);
}

Result<std::string> SparkChannel::AskVersion(int max_tries) {
  auto request = NewRequest<spark::connect::AnalyzePlanRequest>();
  request.mutable_spark_version();
  spark::connect::AnalyzePlanResponse response;
  RETURN_IF_ERROR(Send(&Stub::AnalyzePlan, request, &response, max_tries));
  return response.spark_version().version();
}

Status SparkChannel::Interrupted() const {
  return {ErrorCode::kInterrupted, fmt::format("the statement on '{}' was interrupted", name_)};
}

Status SparkChannel::SessionLost() const {
  return Unavailable(
      fmt::format("the session on '{}' has ended (the server was restarted or dropped it); run "
                  "again",
                  name_));
}

Status SparkChannel::Fail(const SparkError& error) {
  last_error_class_ = error.error_class;
  if (interrupted_) return Interrupted();
  if (error.lost_session()) return SessionLost();
  if (IsOtherServer(error)) {
    return Unavailable(fmt::format(
        "what answers at {} is no Spark Connect server, or one older than 3.5; is the port right?",
        address_.Shown()));
  }
  switch (error.code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Unavailable(fmt::format("the Spark server at {} does not answer: {}", address_.Shown(),
                                     ConnectionProblem(error.message)));
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      // The server's own text might repeat what it was sent.
      return Unavailable(fmt::format("the Spark server at {} refuses us: {}", address_.Shown(),
                                     address_.token.empty()
                                         ? "it asks for a token"
                                         : "the token is wrong or may not do this"));
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Unavailable(
          fmt::format("an answer of '{}' is larger than grpc_max_message_size or "
                      "the server is overloaded",
                      name_));
    default:
      break;
  }
  SparkError whole = error;
  if (!error.error_id.empty()) {
    auto request = NewRequest<spark::connect::FetchErrorDetailsRequest>();
    request.set_error_id(error.error_id);
    spark::connect::FetchErrorDetailsResponse details;
    Call call(this, Seconds(10));
    // Servers of 3.5 do not know this call; what the error itself says must do then.
    if (stub_->FetchErrorDetails(&call.context, request, &details).ok()) {
      AddErrorDetails(details, &whole);
    }
  }
  if (interrupted_) return Interrupted();
  return SparkErrorStatus(whole);
}

bool SparkChannel::WaitBeforeTry(int tries, const SparkError& error) {
  const milliseconds longest(3000);
  const milliseconds own = std::min(longest, milliseconds(50) * (1 << std::min(tries - 1, 6)));
  const milliseconds asked = std::min(error.retry_delay, milliseconds(30000));
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::max(own, asked), [this] { return interrupted_.load(); });
}

Status SparkChannel::SeeServerSession(const std::string& id) {
  if (id.empty()) return Status::Ok();  // a server of 3.5
  std::lock_guard lock(mutex_);
  if (server_session_.empty()) server_session_ = id;
  return server_session_ == id ? Status::Ok() : SessionLost();
}

std::string SparkChannel::server_session() const {
  std::lock_guard lock(mutex_);
  return server_session_;
}

void SparkChannel::Interrupt() {
  {
    std::lock_guard lock(mutex_);
    ++num_interrupting_;
    interrupted_ = true;
    // The statement's thread goes on at once; the server is told after.
    for (grpc::ClientContext* context : calls_) context->TryCancel();
  }
  changed_.notify_all();
  auto request = NewRequest<spark::connect::InterruptRequest>();
  request.set_interrupt_type(spark::connect::InterruptRequest::INTERRUPT_TYPE_ALL);
  SendDetached(&Stub::Interrupt, request, Seconds(3));
  // Under the lock, so that the destructor cannot pass before the last use of this.
  std::lock_guard lock(mutex_);
  --num_interrupting_;
  changed_.notify_all();
}

std::chrono::steady_clock::duration SparkChannel::Silence() const {
  return steady_clock::now().time_since_epoch() - steady_clock::duration(last_call_.load());
}

}  // namespace lyceum
