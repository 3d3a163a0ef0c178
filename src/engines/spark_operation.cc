#include "engines/spark_operation.h"

#include <fmt/format.h>

#include <algorithm>

// A stream of answers may end in four ways:
// - after `result_complete`: the statement is over;
// - without it and without an error: the server closes streams after some minutes or bytes, and
// waits
//   for us to attach again after the last answer that we saw;
// - with an error of the connection: we attach again in the same way, after a wait;
// - with an error of the statement: it is over too.
// If the first answer never came, the statement may or may not have reached the server. To attach
// is safe in both cases. Only if the server says that it knows no such operation do we send the
// plan again; the operation id is the same, so that the server refuses it if both arrive after all.

namespace lyceum {
namespace {

using spark::connect::ExecutePlanResponse;

// The server keeps 10 MB of what it sent; it need not keep what we already have.
constexpr int64_t kReleaseBytes = 2 << 20;
constexpr int kReleaseAnswers = 64;

// The server closes a stream after two minutes. One that lives longer may have lost its server
// without a word: then we ask, and attach again.
constexpr SparkChannel::Seconds kStreamTime(180);

// A stream that the server closes later than this was of use, even if a long statement had nothing
// to answer in the meantime.
constexpr std::chrono::milliseconds kShortStream(250);

class Operation {
 public:
  Operation(SparkChannel* channel, const SparkAnswers& answers, std::atomic<double>* progress)
      : channel_(channel), answers_(answers), progress_(progress), id_(NewUuid()) {}

  Status Run(const spark::connect::Plan& plan) {
    const Status status = Follow(plan);
    // After an interruption the server drops the operation itself.
    if (!channel_->interrupted()) Release(/*all=*/true);
    return status;
  }

 private:
  using Stream = std::unique_ptr<grpc::ClientReader<ExecutePlanResponse>>;

  Status Follow(const spark::connect::Plan& plan) {
    bool send_plan = true;  // or attach
    int tries = 0;          // in a row and of no use
    SparkError broken;      // how the connection broke the last time
    for (;;) {
      SparkError error;
      const auto begin = std::chrono::steady_clock::now();
      {
        SparkChannel::Call call(channel_, kStreamTime);
        const Stream stream = send_plan ? Execute(plan, &call) : Attach(&call);
        ExecutePlanResponse answer;
        while (stream->Read(&answer)) {
          tries = 0;
          if (Status status = Take(answer); !status.ok()) {
            call.context.TryCancel();
            return status;
          }
        }
        error = ReadSparkError(stream->Finish());
      }
      if (complete_) return Status::Ok();
      if (channel_->interrupted()) return channel_->Interrupted();
      ++tries;
      if (error.ok()) {
        send_plan = false;
        if (std::chrono::steady_clock::now() - begin >= kShortStream) tries = 0;
        if (tries <= 1) continue;
      } else if (error.code == grpc::StatusCode::DEADLINE_EXCEEDED) {
        RETURN_IF_ERROR(channel_->AskVersion().status());
        send_plan = false;
        tries = 0;
        continue;
      } else if (error.may_retry) {
        send_plan = false;
        broken = error;
      } else if (!send_plan && last_answer_.empty() &&
                 error.is("INVALID_HANDLE.OPERATION_NOT_FOUND")) {
        send_plan = true;  // it never arrived
      } else if (send_plan && error.is("INVALID_HANDLE.OPERATION_ALREADY_EXISTS") && !broken.ok()) {
        send_plan = false;  // it arrived after all
      } else {
        const Status status = channel_->Fail(error);
        if (broken.ok() || !HasDropped(error)) return status;
        return Unavailable(fmt::format(
            "'{}' dropped a statement while the connection was cut; run again", channel_->name()));
      }
      if (tries >= SparkChannel::kMaxTries) {
        if (!error.ok()) return channel_->Fail(broken.ok() ? error : broken);
        return Unavailable(
            fmt::format("'{}' ends the answers to a statement again and again", channel_->name()));
      }
      if (!send_plan && !channel_->WaitBeforeTry(tries, error)) return channel_->Interrupted();
    }
  }

  /// The server gave up to keep the statement, or its answers, for us.
  static bool HasDropped(const SparkError& error) {
    return error.is("INVALID_HANDLE.OPERATION_NOT_FOUND") ||
           error.is("INVALID_HANDLE.OPERATION_ABANDONED") ||
           error.error_class.rfind("INVALID_CURSOR.", 0) == 0;
  }

  Stream Execute(const spark::connect::Plan& plan, SparkChannel::Call* call) {
    auto request = channel_->NewRequest<spark::connect::ExecutePlanRequest>();
    *request.mutable_plan() = plan;
    request.set_operation_id(id_);
    request.add_request_options()->mutable_reattach_options()->set_reattachable(true);
    return channel_->stub().ExecutePlan(&call->context, request);
  }

  Stream Attach(SparkChannel::Call* call) {
    auto request = channel_->NewRequest<spark::connect::ReattachExecuteRequest>();
    request.set_operation_id(id_);
    if (!last_answer_.empty()) request.set_last_response_id(last_answer_);
    return channel_->stub().ReattachExecute(&call->context, request);
  }

  Status Take(const ExecutePlanResponse& answer) {
    RETURN_IF_ERROR(channel_->SeeServerSession(answer.server_side_session_id()));
    if (answer.has_result_complete()) complete_ = true;
    if (answer.has_execution_progress()) Advance(answer.execution_progress());
    if (!complete_) RETURN_IF_ERROR(answers_(answer));
    if (answer.response_id().empty()) return Status::Ok();
    last_answer_ = answer.response_id();
    unreleased_bytes_ += answer.arrow_batch().data().size();
    if (!complete_ &&
        (++num_unreleased_ >= kReleaseAnswers || unreleased_bytes_ >= kReleaseBytes)) {
      Release(/*all=*/false);
    }
    return Status::Ok();
  }

  void Release(bool all) {
    auto request = channel_->NewRequest<spark::connect::ReleaseExecuteRequest>();
    request.set_operation_id(id_);
    if (all) {
      request.mutable_release_all();
    } else {
      request.mutable_release_until()->set_response_id(last_answer_);
    }
    unreleased_bytes_ = num_unreleased_ = 0;
    channel_->SendDetached(&SparkChannel::Stub::ReleaseExecute, request, SparkChannel::Seconds(5));
  }

  void Advance(const ExecutePlanResponse::ExecutionProgress& stages) {
    int64_t num_tasks = 0, num_done = 0;
    for (const auto& stage : stages.stages()) {
      num_tasks += stage.num_tasks();
      num_done += stage.num_completed_tasks();
    }
    if (num_tasks == 0) return;
    // Stages show up as they begin, so that the plain share would fall.
    const double share = std::min(1.0, static_cast<double>(num_done) / num_tasks);
    *progress_ = std::max(progress_->load(), share);
  }

  SparkChannel* channel_;
  const SparkAnswers& answers_;
  std::atomic<double>* progress_;
  const std::string id_;
  std::string last_answer_;
  int64_t unreleased_bytes_ = 0;
  int num_unreleased_ = 0;
  bool complete_ = false;
};

}  // namespace

Status RunSparkPlan(SparkChannel* channel, const spark::connect::Plan& plan,
                    const SparkAnswers& answers, std::atomic<double>* progress) {
  *progress = -1;
  channel->ForgetError();
  if (channel->interrupted()) return channel->Interrupted();
  return Operation(channel, answers, progress).Run(plan);
}

}  // namespace lyceum
