#include "engines/spark_url.h"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

constexpr const char* kUuid = "01234567-89ab-4cde-8f01-23456789abcd";

SparkAddress Parsed(const std::string& url) {
  Result<SparkAddress> address = ParseSparkUrl(url);
  EXPECT_EQ(address.status().message(), "") << url;
  return address.ok() ? *address : SparkAddress();
}

TEST(SparkUrl, ReadsEveryPart) {
  const SparkAddress address =
      Parsed(std::string("sc://spark.example.org:443/;use_ssl=true;token=a%3Bb%25=c+d;user_id=ann;"
                         "user_agent=nightly%20load;grpc_max_message_size=1000000;session_id=") +
             kUuid + ";X-Cluster=1-2;");
  EXPECT_EQ(address.host, "spark.example.org");
  EXPECT_EQ(address.port, 443);
  EXPECT_TRUE(address.use_tls);
  EXPECT_EQ(address.token, "a;b%=c+d");
  EXPECT_EQ(address.user_id, "ann");
  EXPECT_EQ(address.user_agent, "nightly load");
  EXPECT_EQ(address.max_message_bytes, 1000000);
  EXPECT_EQ(address.session_id, kUuid);
  ASSERT_EQ(address.headers.size(), 1u);
  EXPECT_EQ(address.headers[0], (std::pair<std::string, std::string>("x-cluster", "1-2")));
  EXPECT_EQ(address.Shown(), "sc://spark.example.org:443");
}

TEST(SparkUrl, KnowsDefaults) {
  for (const char* url : {"sc://localhost", "sc://localhost/", "sc://localhost:15002",
                          "sc://localhost/;", "sc://localhost:15002/;use_ssl=false"}) {
    const SparkAddress address = Parsed(url);
    EXPECT_EQ(address.Shown(), "sc://localhost:15002") << url;
    EXPECT_FALSE(address.use_tls) << url;
    EXPECT_EQ(address.max_message_bytes, 128 << 20);
    EXPECT_TRUE(address.headers.empty());
  }
  EXPECT_TRUE(Parsed("sc://h/;token=x").use_tls);
  EXPECT_FALSE(Parsed("sc://h/;token=x;use_ssl=false").use_tls);
  EXPECT_TRUE(Parsed("sc://h/;use_ssl=true").use_tls);
}

TEST(SparkUrl, ReadsIpv6) {
  const SparkAddress address = Parsed("sc://[::1]:9/;user_id=x");
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 9);
  EXPECT_EQ(address.Shown(), "sc://[::1]:9");
  EXPECT_EQ(Parsed("sc://[fe80::1]").Shown(), "sc://[fe80::1]:15002");
}

TEST(SparkUrl, RefusesHeadersThatAreNearlyKeys) {
  struct Case {
    const char *written, *meant;
  };
  for (const Case& c : {Case{"tokn", "token"}, Case{"Token", "token"}, Case{"use-ssl", "use_ssl"},
                        Case{"userid", "user_id"}, Case{"session-id", "session_id"},
                        Case{"grpc_max_mesage_size", "grpc_max_message_size"}}) {
    const auto address = ParseSparkUrl(std::string("sc://h/;") + c.written + "=SECRET");
    ASSERT_FALSE(address.ok()) << c.written;
    EXPECT_EQ(address.status().code(), ErrorCode::kBadSpec);
    EXPECT_EQ(address.status().message(), std::string("Spark connection string: unknown key '") +
                                              c.written + "'; did you mean '" + c.meant +
                                              "'? A header of your own begins with 'x-'");
  }
  const SparkAddress address = Parsed("sc://h/;x-token=1;X-User-Id=2;tenant=3;authorization=4");
  ASSERT_EQ(address.headers.size(), 4u);
  EXPECT_EQ(address.headers[0].first, "x-token");
}

TEST(SparkUrl, NamesThePartThatIsWrongAndNoValue) {
  struct Case {
    std::string url;
    std::string what;
  };
  const Case cases[] = {
      {"http://SECRET", "it does not begin with 'sc://'"},
      {"sc://", "it names no host"},
      {"sc://:1", "it names no host"},
      {"sc:///;token=SECRET", "it names no host"},
      {"sc://ann:SECRET@host",
       "a user before the host is not known there, write ';user_id=' or ';token='"},
      {"sc://a b", "the host name has characters that none can have"},
      {"sc://h:", "the port is no number from 1 to 65535"},
      {"sc://h:0", "the port is no number from 1 to 65535"},
      {"sc://h:SECRET", "the port is no number from 1 to 65535"},
      {"sc://h:65536", "the port is no number from 1 to 65535"},
      {"sc://[::1", "the IPv6 address in brackets is none"},
      {"sc://[SECRET]", "the IPv6 address in brackets is none"},
      {"sc://[::1]9", "something follows the IPv6 address"},
      {"sc://h;token=SECRET", "a '/' is missing before the first ';'"},
      {"sc://h/SECRET", "the path after the host is not empty"},
      {"sc://h/SECRET;token=x", "the path after the host is not empty"},
      {"sc://h?token=SECRET", "'?' and '#' begin nothing there"},
      {"sc://h/;SECRET", "part 1 after the host is not 'key=value'"},
      {"sc://h/;user_id=a;=SECRET", "part 2 after the host is not 'key=value'"},
      {"sc://h/;token=", "'token' is empty"},
      {"sc://h/;token=SECRET%4", "the value of 'token' has a '%' without two hex digits"},
      {"sc://h/;token=SECRET%zz", "the value of 'token' has a '%' without two hex digits"},
      {"sc://h/;token=SECRET%0a", "part 1 has characters beyond visible ASCII"},
      {"sc://h/;token=SECRET;token=SECRET", "'token' is said twice"},
      {"sc://h/;use_ssl=SECRET", "'use_ssl' is neither true nor false"},
      {"sc://h/;session_id=SECRET", "'session_id' is no UUID"},
      {"sc://h/;grpc_max_message_size=SECRET", "'grpc_max_message_size' is no number of bytes"},
      {"sc://h/;grpc-timeout=SECRET", "'grpc-timeout' cannot be the name of a header"},
      {"sc://h/;user-agent=SECRET", "'user-agent' cannot be the name of a header"},
      {"sc://h/;a%20b=SECRET", "'a b' cannot be the name of a header"},
      {"sc://h/;token=SECRET;Authorization=SECRET",
       "'token' and 'authorization' say the same thing twice"},
  };
  for (const Case& c : cases) {
    const Result<SparkAddress> address = ParseSparkUrl(c.url);
    ASSERT_FALSE(address.ok()) << c.url;
    EXPECT_EQ(address.status().code(), ErrorCode::kBadSpec);
    EXPECT_EQ(address.status().message(), "Spark connection string: " + c.what +
                                              "; expected 'sc://host[:port][/;key=value;...]'")
        << c.url;
  }
}

}  // namespace
}  // namespace lyceum
