# SPDX-License-Identifier: LGPL-2.1-or-later
# Optional instrumentation: sanitizers, coverage, fuzzing.
if (XM_SANITIZE)
  add_compile_options (-fsanitize=${XM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options (-fsanitize=${XM_SANITIZE})
endif ()
if (XM_COVERAGE)
  add_compile_options (--coverage -O0)
  add_link_options (--coverage)
endif ()
if (XM_FUZZING AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message (FATAL_ERROR "XM_FUZZING needs clang (libFuzzer)")
endif ()
