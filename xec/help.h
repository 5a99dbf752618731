/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xec/options.h"

G_BEGIN_DECLS

/** xec_help: the text of `--help`, complete lines. */
const char *xec_help (XecProgram program);

G_END_DECLS
