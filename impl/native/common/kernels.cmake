# A package's kernels: one plain shared library that Python loads with ctypes, so that one build serves every Python
# version, with one copy of the arithmetic for each instruction set, chosen at run time: a wheel runs on any x86-64
# processor.
#
# XLA's foreign function interface is header-only and jaxlib ships its headers, so jaxlib is a build requirement. A
# library states the interface version it was built for (0.1 for jaxlib 0.6.0 to 0.7.1) and newer releases accept older
# versions, not the other way round: that is why pyproject.toml bounds jaxlib from above.
find_package(Python REQUIRED COMPONENTS Interpreter)
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c
          "from importlib.util import find_spec; print(find_spec('jaxlib').submodule_search_locations[0])"
  OUTPUT_VARIABLE jaxlib_directory
  OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE jaxlib_missing
  ERROR_QUIET)
if(jaxlib_missing OR NOT EXISTS "${jaxlib_directory}/include/xla/ffi/api/ffi.h")
  message(FATAL_ERROR "jaxlib >= 0.6 with its headers is not installed for ${Python_EXECUTABLE}: it is a build "
                      "requirement, see [build-system] in pyproject.toml")
endif()
find_package(Threads REQUIRED)

set(sharpbits_x86_64 FALSE)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(sharpbits_x86_64 TRUE)
endif()
set(sharpbits_common "${CMAKE_CURRENT_LIST_DIR}")

function(sharpbits_target_options target)
  set_target_properties(
    ${target} PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS ON CXX_VISIBILITY_PRESET hidden
                         VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PRIVATE "${sharpbits_common}")
  target_compile_options(${target} PRIVATE -O3 -Wall -Wextra)
  target_compile_definitions(${target} PRIVATE $<$<BOOL:${sharpbits_x86_64}>:SHARPBITS_X86_64>)
endfunction()

# sharpbits_library(NAME SOURCE... KERNEL FILE DESTINATION FOLDER [OPTIONS ...]): the sources are compiled once, the
# kernel for each instruction set, with SHARPBITS_ISA and SHARPBITS_VECTOR_BYTES defined and the options added.
function(sharpbits_library name)
  cmake_parse_arguments(ARG "" "KERNEL;DESTINATION" "OPTIONS" ${ARGN})
  add_library(${name} SHARED ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} SYSTEM PRIVATE "${jaxlib_directory}/include")
  target_link_libraries(${name} PRIVATE Threads::Threads)
  sharpbits_target_options(${name})

  set(instruction_sets baseline:32:)
  if(sharpbits_x86_64)
    list(APPEND instruction_sets avx2:32:-mavx2,-mfma avx512:64:-mavx512f,-mavx512dq,-mfma)
  endif()
  foreach(entry ${instruction_sets})
    string(REPLACE ":" ";" entry "${entry}")
    list(GET entry 0 isa)
    list(GET entry 1 vector_bytes)
    list(GET entry 2 flags)
    string(REPLACE "," ";" flags "${flags}")
    add_library(${name}_${isa} OBJECT ${ARG_KERNEL})
    sharpbits_target_options(${name}_${isa})
    target_compile_definitions(${name}_${isa} PRIVATE SHARPBITS_ISA=${isa} SHARPBITS_VECTOR_BYTES=${vector_bytes})
    # NaN and infinity keep their meaning. Vectors alias their elements.
    target_compile_options(
      ${name}_${isa} PRIVATE ${flags} ${ARG_OPTIONS} -fno-math-errno -fno-trapping-math -fno-strict-aliasing -Wno-psabi
                             -Wno-ignored-attributes -Wno-unknown-warning-option)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:${name}_${isa}>)
  endforeach()
  install(TARGETS ${name} LIBRARY DESTINATION ${ARG_DESTINATION})
endfunction()
