# The client of Spark Connect needs gRPC, protobuf and nanoarrow. With them come the targets
# `spark_connect` (the messages and calls of src/engines/spark_connect.proto) and `nanoarrow` (the
# sources that tools/setup.sh fetched); without them a stand-in that says so is built. Either way
# LYCEUM_SPARK_LEFT_OUT is a pattern of the sources that are not built.
set(LYCEUM_SPARK_LEFT_OUT "/engines/(spark_(client|channel|operation|errors)|arrow_rows)\\.cc$")
if(NOT LYCEUM_SPARK)
  return()
endif()

set(NANOARROW_DIR ${CMAKE_SOURCE_DIR}/.cache/nanoarrow)
pkg_check_modules(GRPC IMPORTED_TARGET grpc++ protobuf)
find_program(PROTOC protoc)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin)
if(NOT GRPC_FOUND OR NOT PROTOC OR NOT GRPC_CPP_PLUGIN OR NOT EXISTS ${NANOARROW_DIR}/nanoarrow/nanoarrow.h)
  message(STATUS "Spark is left out: gRPC, protobuf or nanoarrow is missing")
  return()
endif()
set(LYCEUM_SPARK_LEFT_OUT "/engines/spark_client_absent\\.cc$")

# Code that others wrote or generated is not held to our warnings, and its headers are not either.
set(spark_proto ${CMAKE_SOURCE_DIR}/src/engines/spark_connect.proto)
set(spark_generated ${GENERATED_DIR}/engines/spark_connect)
add_custom_command(
  OUTPUT ${spark_generated}.pb.cc ${spark_generated}.pb.h ${spark_generated}.grpc.pb.cc ${spark_generated}.grpc.pb.h
  COMMAND ${CMAKE_COMMAND} -E make_directory ${GENERATED_DIR}
  COMMAND ${PROTOC} --proto_path=${CMAKE_SOURCE_DIR}/src --cpp_out=${GENERATED_DIR} --grpc_out=${GENERATED_DIR}
          --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${spark_proto}
  DEPENDS ${spark_proto})
add_library(spark_connect STATIC ${spark_generated}.pb.cc ${spark_generated}.grpc.pb.cc)
target_include_directories(spark_connect SYSTEM PUBLIC ${GENERATED_DIR})
target_compile_options(spark_connect PRIVATE -w)
target_link_libraries(spark_connect PUBLIC PkgConfig::GRPC)
# pkg-config names every library below gRPC; the program needs few of them itself.
target_link_options(spark_connect INTERFACE -Wl,--as-needed)

file(GLOB nanoarrow_sources CONFIGURE_DEPENDS ${NANOARROW_DIR}/nanoarrow/*/*.c ${NANOARROW_DIR}/flatcc/*.c)
add_library(nanoarrow STATIC ${nanoarrow_sources})
target_include_directories(nanoarrow SYSTEM PUBLIC ${NANOARROW_DIR})
target_compile_options(nanoarrow PRIVATE -w)
