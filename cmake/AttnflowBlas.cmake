# attnflow::cblas: a BLAS with the C interface, found once for all who want one.
#
# Linked targets see ATTNFLOW_CBLAS where there is one and fall back to Eigen where there is
# none. On Debian the library is whatever the libblas.so alternative points to: install
# libopenblas-dev for speed; the reference BLAS of libblas-dev is slower than Eigen.

include(CheckCXXSourceCompiles)
include(CMakePushCheckState)

add_library(attnflow_cblas INTERFACE)
add_library(attnflow::cblas ALIAS attnflow_cblas)
set_target_properties(attnflow_cblas PROPERTIES EXPORT_NAME cblas)
install(TARGETS attnflow_cblas EXPORT attnflowTargets)

option(ATTNFLOW_BLAS "Use a CBLAS where there is one" ON)
if(ATTNFLOW_BLAS)
  find_path(ATTNFLOW_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas)
  find_package(BLAS QUIET)
  if(ATTNFLOW_CBLAS_INCLUDE AND BLAS_FOUND)
    cmake_push_check_state(RESET)
    set(CMAKE_REQUIRED_INCLUDES ${ATTNFLOW_CBLAS_INCLUDE})
    set(CMAKE_REQUIRED_LIBRARIES ${BLAS_LIBRARIES})
    check_cxx_source_compiles(
      "#include <cblas.h>\nint main() { float x = 1; return cblas_sdot(1, &x, 1, &x, 1) > 2; }" ATTNFLOW_CBLAS_LINKS)
    cmake_pop_check_state()
  endif()
endif()

if(ATTNFLOW_CBLAS_LINKS)
  target_include_directories(attnflow_cblas SYSTEM INTERFACE $<BUILD_INTERFACE:${ATTNFLOW_CBLAS_INCLUDE}>)
  target_link_libraries(attnflow_cblas INTERFACE ${BLAS_LIBRARIES})
  target_compile_definitions(attnflow_cblas INTERFACE ATTNFLOW_CBLAS)
else()
  target_link_libraries(attnflow_cblas INTERFACE Eigen3::Eigen)
endif()
