# SPDX-License-Identifier: LGPL-2.1-or-later
# Warnings are errors, for gcc and clang alike.
add_compile_options (-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
                     -Wformat=2 -Wundef -Wpointer-arith -Wno-unused-parameter
                     -fno-strict-aliasing -fstack-protector-strong)
if (CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  if (NOT XM_SANITIZE)
    add_compile_definitions (_FORTIFY_SOURCE=2)
  endif ()
endif ()
set (CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options (-Wl,-z,relro,-z,now)
