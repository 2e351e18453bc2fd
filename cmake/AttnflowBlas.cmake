# attnflow::cblas: a BLAS with the C interface, found once for all who want one.
#
# Linked targets see ATTNFLOW_CBLAS, the name of the library at run time, where there is one, and fall back to Eigen
# where there is none. The library is loaded when a product is first wanted (graph/support/gemm.cpp), because OpenBLAS
# starts its threads as soon as it is there; attnflow::linked_cblas is for programs that call it by themselves. On Debian
# it is whatever the libblas.so alternative points to: install libopenblas-dev for speed; the reference BLAS of
# libblas-dev is slower than Eigen.

include(CheckCXXSourceCompiles)
include(CMakePushCheckState)

add_library(attnflow_cblas INTERFACE)
add_library(attnflow::cblas ALIAS attnflow_cblas)
set_target_properties(attnflow_cblas PROPERTIES EXPORT_NAME cblas)
install(TARGETS attnflow_cblas EXPORT attnflowTargets)
add_library(attnflow_linked_cblas INTERFACE)
add_library(attnflow::linked_cblas ALIAS attnflow_linked_cblas)
target_link_libraries(attnflow_linked_cblas INTERFACE attnflow_cblas)

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
  # By the name that linking would record; a library without one, such as a static one, cannot be loaded later.
  list(GET BLAS_LIBRARIES 0 library)
  execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${library} OUTPUT_VARIABLE headers ERROR_QUIET)
  string(REGEX MATCH "SONAME +([^ \n]+)" found "${headers}")
  set(soname "${CMAKE_MATCH_1}")
endif()

if(ATTNFLOW_CBLAS_LINKS AND soname)
  target_include_directories(attnflow_cblas SYSTEM INTERFACE $<BUILD_INTERFACE:${ATTNFLOW_CBLAS_INCLUDE}>)
  target_link_libraries(attnflow_cblas INTERFACE ${CMAKE_DL_LIBS})
  target_compile_definitions(attnflow_cblas INTERFACE ATTNFLOW_CBLAS="${soname}")
  target_link_libraries(attnflow_linked_cblas INTERFACE ${BLAS_LIBRARIES})
else()
  target_link_libraries(attnflow_cblas INTERFACE Eigen3::Eigen)
endif()
