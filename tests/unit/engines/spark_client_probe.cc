// Drives a SparkClient from a test program in another language: each line of standard input is a
// JSON object that asks for something, each line of standard output is the answer.
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "engines/spark_client.h"

namespace lyceum {
namespace {

using nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

const char* NameOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
      return "ok";
    case ErrorCode::kBadSpec:
      return "bad spec";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kInternal:
      return "internal";
    default:
      return "another code";
  }
}

json Answer(const Status& status) {
  json answer = {{"code", NameOf(status.code())}};
  if (!status.ok()) answer["message"] = status.message();
  return answer;
}

Pairs PairsOf(const json& object) {
  Pairs pairs;
  for (const auto& [key, value] : object.items()) pairs.emplace_back(key, value);
  return pairs;
}

json RowsOf(const RowSet& set) {
  json rows = json::array();
  for (const auto& row : set.rows) {
    json cells = json::array();
    for (const auto& cell : row) cells.push_back(cell ? json(*cell) : json());
    rows.push_back(std::move(cells));
  }
  return rows;
}

/// Asks for progress as long as a statement runs.
class Watch {
 public:
  explicit Watch(SparkClient* client) : thread_([this, client] { Follow(client); }) {}
  ~Watch() {
    over_ = true;
    thread_.join();
  }
  std::vector<double> seen() const { return seen_; }

 private:
  void Follow(SparkClient* client) {
    while (!over_) {
      const double share = client->Progress();
      if (seen_.empty() || seen_.back() != share) seen_.push_back(share);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  std::atomic<bool> over_ = false;
  std::vector<double> seen_;
  std::thread thread_;
};

json Ask(SparkClient* client, const json& request) {
  if (request.contains("execute")) {
    json answer;
    std::vector<double> seen;
    {
      Watch watch(client);
      answer = Answer(client->Execute(request["execute"]));
      seen = watch.seen();
    }
    answer["progress"] = seen;
    return answer;
  }
  if (request.contains("query")) {
    const Result<RowSet> set = client->Query(request["query"]);
    json answer = Answer(set.status());
    if (!set.ok()) return answer;
    answer["columns"] = set->columns;
    answer["rows"] = RowsOf(*set);
    return answer;
  }
  if (request.contains("configure"))
    return Answer(client->Configure(PairsOf(request["configure"])));
  const json& view = request["view"];
  return Answer(client->CreateView(
      {view["name"], view["format"], PairsOf(view["options"]), view["paths"], view["select"]}));
}

int Main(const std::string& url) {
  const Result<SparkAddress> address = ParseSparkUrl(url);
  Result<std::unique_ptr<SparkClient>> client =
      address.ok() ? SparkClient::Open(*address, "lake")
                   : Result<std::unique_ptr<SparkClient>>(address.status());
  json opened = Answer(client.status());
  if (client.ok()) opened["version"] = (*client)->version();
  std::cout << opened << std::endl;
  if (!client.ok()) return 0;
  std::thread interrupter;
  for (std::string line; std::getline(std::cin, line);) {
    const json request = json::parse(line);
    if (request.contains("interrupt_after_seconds")) {
      interrupter = std::thread([&, wait = double(request["interrupt_after_seconds"])] {
        std::this_thread::sleep_for(std::chrono::duration<double>(wait));
        (*client)->Interrupt();
      });
      continue;
    }
    json answer = Ask(client->get(), request);
    if (answer["code"] != "ok") answer["class"] = (*client)->last_error_class();
    std::cout << answer << std::endl;
  }
  if (interrupter.joinable()) interrupter.join();
  return 0;
}

}  // namespace
}  // namespace lyceum

int main(int argc, char** argv) { return argc == 2 ? lyceum::Main(argv[1]) : 2; }
