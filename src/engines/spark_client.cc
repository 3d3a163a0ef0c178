#include "engines/spark_client.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "engines/arrow_rows.h"
#include "engines/spark_channel.h"
#include "engines/spark_operation.h"

namespace lyceum {
namespace {

namespace connect = spark::connect;
using connect::ExecutePlanResponse;
using Stub = SparkChannel::Stub;

// The server drops a session after an hour without a call, and may be told to do so earlier.
constexpr std::chrono::minutes kLongestSilence(10);

// A wrong address should be told soon; a server that just starts is not worth a long wait.
constexpr int kTriesToOpen = 4;

bool IsTooOld(const std::string& version) {
  int major = 0, minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) return false;
  return major < 3 || (major == 3 && minor < 5);
}

connect::Plan QueryPlan(const std::string& sql) {
  connect::Plan plan;
  plan.mutable_root()->mutable_sql()->set_query(sql);
  return plan;
}

connect::Plan CommandPlan(const std::string& sql) {
  connect::Plan plan;
  connect::SqlCommand* command = plan.mutable_command()->mutable_sql_command();
  command->set_sql(sql);
  command->mutable_input()->mutable_sql()->set_query(sql);
  return plan;
}

class ConnectClient : public SparkClient {
 public:
  ConnectClient(const SparkAddress& address, const std::string& name) : channel_(address, name) {}

  ~ConnectClient() override {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    if (keeper_.joinable()) keeper_.join();
    if (version_.empty()) return;  // no session was ever begun
    const auto request = channel_.NewRequest<connect::ReleaseSessionRequest>();
    channel_.SendDetached(&Stub::ReleaseSession, request, SparkChannel::Seconds(5));
  }

  Status Begin() {
    Result<std::string> version = channel_.AskVersion(kTriesToOpen);
    if (last_error_class().rfind("INVALID_HANDLE.SESSION_", 0) == 0) {
      return Unavailable(fmt::format(
          "'{}' does not take the session_id: that session has ended; name another one or none",
          channel_.name()));
    }
    RETURN_IF_ERROR(version.status());
    version_ = *version;
    if (IsTooOld(version_)) {
      return Unavailable(fmt::format("'{}' runs Spark {}, but Lyceum needs 3.5 or newer",
                                     channel_.name(), version_));
    }
    keeper_ = std::thread([this] { KeepAlive(); });
    return Status::Ok();
  }

  const std::string& version() const override { return version_; }

  Status Configure(const std::vector<std::pair<std::string, std::string>>& settings) override {
    if (channel_.interrupted()) return channel_.Interrupted();
    auto request = channel_.NewRequest<connect::ConfigRequest>();
    for (const auto& [key, value] : settings) {
      connect::KeyValue* pair = request.mutable_operation()->mutable_set()->add_pairs();
      pair->set_key(key);
      pair->set_value(value);
    }
    connect::ConfigResponse response;
    return channel_.Send(&Stub::Config, request, &response);
  }

  Status Execute(const std::string& sql) override {
    connect::Relation rest;
    const auto see = [&](const ExecutePlanResponse& answer) {
      if (answer.has_sql_command_result()) rest = answer.sql_command_result().relation();
      return Status::Ok();
    };
    RETURN_IF_ERROR(Run(CommandPlan(sql), see));
    // A command is over, and its rows are local; of a query the server made only the plan.
    if (rest.has_local_relation() || rest.ByteSizeLong() == 0) return Status::Ok();
    connect::Plan plan;
    *plan.mutable_root() = std::move(rest);
    return Run(plan, [](const ExecutePlanResponse&) { return Status::Ok(); });
  }

  Result<RowSet> Query(const std::string& sql) override {
    RowSet set;
    const RowSink sink = TextRows(&set);
    RETURN_IF_ERROR(Run(QueryPlan(sql), [&](const ExecutePlanResponse& answer) {
      if (!answer.has_arrow_batch()) return Status::Ok();
      const auto& batch = answer.arrow_batch();
      // Rows that come twice or not at all would be worse than none.
      if (batch.has_start_offset() &&
          batch.start_offset() != static_cast<int64_t>(set.rows.size())) {
        return Internal(fmt::format("'{}' sent rows out of order", channel_.name()));
      }
      return ReadArrowRows(batch.data(), sink, &set.columns);
    }));
    return set;
  }

  Status CreateView(const SparkFileView& view) override {
    connect::Plan plan;
    auto* command = plan.mutable_command()->mutable_create_dataframe_view();
    command->set_name(view.name);
    command->set_replace(true);
    connect::Project* project = command->mutable_input()->mutable_project();
    auto* source = project->mutable_input()->mutable_read()->mutable_data_source();
    source->set_format(view.format);
    for (const auto& [key, value] : view.options) (*source->mutable_options())[key] = value;
    for (const std::string& path : view.paths) source->add_paths(path);
    for (const std::string& expression : view.select) {
      project->add_expressions()->mutable_expression_string()->set_expression(expression);
    }
    return Run(plan, [](const ExecutePlanResponse&) { return Status::Ok(); });
  }

  const std::string& last_error_class() const override { return channel_.last_error_class(); }
  void Interrupt() override { channel_.Interrupt(); }
  double Progress() override { return progress_; }

 private:
  Status Run(const connect::Plan& plan, const SparkAnswers& answers) {
    return RunSparkPlan(&channel_, plan, answers, &progress_);
  }

  /// Says something from time to time, so that the session is not dropped while others are busy: a
  /// warehouse may load for hours.
  void KeepAlive() {
    std::unique_lock lock(mutex_);
    while (!closing_) {
      const auto silence = channel_.Silence();
      if (silence < kLongestSilence) {
        changed_.wait_for(lock, kLongestSilence - silence, [this] { return closing_; });
        continue;
      }
      lock.unlock();
      auto request = channel_.NewRequest<connect::AnalyzePlanRequest>();
      request.mutable_spark_version();
      channel_.SendDetached(&Stub::AnalyzePlan, request, SparkChannel::Seconds(20));
      lock.lock();
    }
  }

  SparkChannel channel_;
  std::string version_;
  std::atomic<double> progress_ = -1;
  std::mutex mutex_;  ///< guards closing_
  std::condition_variable changed_;
  bool closing_ = false;
  std::thread keeper_;
};

}  // namespace

bool HasSparkClient() { return true; }

Result<std::unique_ptr<SparkClient>> SparkClient::Open(const SparkAddress& address,
                                                       const std::string& name) {
  auto client = std::make_unique<ConnectClient>(address, name);
  RETURN_IF_ERROR(client->Begin());
  return std::unique_ptr<SparkClient>(std::move(client));
}

}  // namespace lyceum
