/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define XEC_DEFAULT_SERVICE "com.citrix.xenclient.xenmgr"

/** XecOption: everything that may stand before the command word. */
typedef enum {
  XEC_OPTION_HELP,
  XEC_OPTION_QUERY,
  XEC_OPTION_SESSION,
  XEC_OPTION_LIST_INTERFACES,
  XEC_OPTION_LIST_METHODS,
  XEC_OPTION_LIST_PROPERTIES,
  XEC_OPTION_SERVICE,
  XEC_OPTION_OBJECT,
  XEC_OPTION_INTERFACE,
  XEC_OPTION_GET,
  XEC_OPTION_SET,
  XEC_OPTION_TARGET_DOMID,
  XEC_OPTION_HOST,
  /* xec-vm only */
  XEC_OPTION_NAME,
  XEC_OPTION_UUID,
  XEC_OPTION_DOMID,
  XEC_OPTION_DISK,
  XEC_OPTION_NIC,
  XEC_OPTION_LIST_DISKS,
  XEC_OPTION_LIST_NICS,
  XEC_OPTION_LONG,
  XEC_N_OPTIONS,
} XecOption;

/** XecProgram: which program reads the options; xec-vm knows all of them. */
typedef enum { XEC_PROGRAM_XEC, XEC_PROGRAM_XEC_VM } XecProgram;

/**
 * XecOptions: the command line taken apart; everything points into argv.
 * @given: the option was there, with all its arguments
 * @arguments: its arguments, of which the last option (-x) has two; a repeated
 *   option counts the first time
 * @words: the command word and what follows it, %NULL-terminated
 */
typedef struct {
  gboolean given[XEC_N_OPTIONS];
  char *arguments[XEC_N_OPTIONS][2];
  char **words;
} XecOptions;

/**
 * xec_options_parse: reads options up to the first word that is none.
 *
 * There is no wrong command line, as in the original: an unknown option is a
 * command word, and an option that lacks an argument at the end of the line is
 * ignored (shell completion asks `xec --list-properties -g`).
 */
void xec_options_parse (XecOptions *options, XecProgram program, char **argv);

/** xec_options_argument: the first argument of @option, or @otherwise when it was not given. */
const char *
xec_options_argument (const XecOptions *options, XecOption option, const char *otherwise);

/**
 * xec_options_log_line: the line that the system log gets: the command line,
 * its control characters turned into blanks, so it stays one line.
 *
 * Returns: (transfer full) (nullable): %NULL for a quiet query, -q
 */
char *xec_options_log_line (const XecOptions *options, char **argv);

/** xec_options_log: sends that line to syslog, facility user, level info. */
void xec_options_log (const XecOptions *options, const char *program, char **argv);

G_END_DECLS
