# SPDX-License-Identifier: LGPL-2.1-or-later
# Optional instrumentation: sanitizers, coverage, fuzzing.
if (XM_SANITIZE)
  add_compile_options (-fsanitize=${XM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options (-fsanitize=${XM_SANITIZE})
endif ()
# For a stand-in of another's program, which tests start hundreds of times: what a sanitizer's
# process costs to begin and end is most of what it does.
function (xm_not_sanitized target)
  if (XM_SANITIZE)
    target_compile_options (${target} PRIVATE -fno-sanitize=all)
    target_link_options (${target} PRIVATE -fno-sanitize=all)
  endif ()
endfunction ()
if (XM_COVERAGE)
  add_compile_options (--coverage -O0)
  add_link_options (--coverage)
endif ()
if (XM_FUZZING AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message (FATAL_ERROR "XM_FUZZING needs clang (libFuzzer)")
endif ()
