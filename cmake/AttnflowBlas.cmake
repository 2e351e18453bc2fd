# attnflow::cblas: a BLAS with the C interface, found once for all who want one.
#
# Linked targets see ATTNFLOW_CBLAS where there is one and fall back to Eigen where there is
# none. Wanted is an OpenBLAS without threads of its own (Debian: libopenblas-serial-dev): attnflow's threads call it
# side by side, and the other kinds start a thread a core as soon as they are loaded, with 64 MiB of address space
# and more each, which hangs every command, `list` too, where that is not to be had (ulimit -v). Else it is whatever
# find_package(BLAS) finds; the reference BLAS of libblas-dev is slower than Eigen.

include(CheckCXXSourceCompiles)
include(CMakePushCheckState)

add_library(attnflow_cblas INTERFACE)
add_library(attnflow::cblas ALIAS attnflow_cblas)
set_target_properties(attnflow_cblas PROPERTIES EXPORT_NAME cblas)
install(TARGETS attnflow_cblas EXPORT attnflowTargets)

option(ATTNFLOW_BLAS "Use a CBLAS where there is one" ON)
if(ATTNFLOW_BLAS)
  set(suffixes openblas-serial ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial)
  find_path(ATTNFLOW_SERIAL_BLAS_INCLUDE cblas.h PATH_SUFFIXES ${suffixes})
  find_library(ATTNFLOW_SERIAL_BLAS openblas PATH_SUFFIXES ${suffixes})
  if(ATTNFLOW_SERIAL_BLAS MATCHES "openblas-serial" AND ATTNFLOW_SERIAL_BLAS_INCLUDE MATCHES "openblas-serial")
    # By its path: all kinds have one name at run time, so programs keep the folder (RPATH).
    set(ATTNFLOW_CBLAS_INCLUDE ${ATTNFLOW_SERIAL_BLAS_INCLUDE})
    set(cblas_libraries ${ATTNFLOW_SERIAL_BLAS})
  else()
    find_path(ATTNFLOW_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas)
    find_package(BLAS QUIET)
    set(cblas_libraries ${BLAS_LIBRARIES})
  endif()
  if(ATTNFLOW_CBLAS_INCLUDE AND cblas_libraries)
    cmake_push_check_state(RESET)
    set(CMAKE_REQUIRED_INCLUDES ${ATTNFLOW_CBLAS_INCLUDE})
    set(CMAKE_REQUIRED_LIBRARIES ${cblas_libraries})
    check_cxx_source_compiles(
      "#include <cblas.h>\nint main() { float x = 1; return cblas_sdot(1, &x, 1, &x, 1) > 2; }" ATTNFLOW_CBLAS_LINKS)
    cmake_pop_check_state()
  endif()
endif()

if(ATTNFLOW_CBLAS_LINKS)
  target_include_directories(attnflow_cblas SYSTEM INTERFACE $<BUILD_INTERFACE:${ATTNFLOW_CBLAS_INCLUDE}>)
  target_link_libraries(attnflow_cblas INTERFACE ${cblas_libraries})
  target_compile_definitions(attnflow_cblas INTERFACE ATTNFLOW_CBLAS)
else()
  target_link_libraries(attnflow_cblas INTERFACE Eigen3::Eigen)
endif()
