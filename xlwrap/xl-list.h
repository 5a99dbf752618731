/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/** XlDomainState: the letters of the state column `rbpscd` of `xl list`; all clear is runnable. */
typedef enum {
  XL_DOMAIN_RUNNING = 1 << 0,  /* r: on a CPU now */
  XL_DOMAIN_BLOCKED = 1 << 1,  /* b: waiting for an event */
  XL_DOMAIN_PAUSED = 1 << 2,   /* p */
  XL_DOMAIN_SHUTDOWN = 1 << 3, /* s: has ended, not yet destroyed */
  XL_DOMAIN_DYING = 1 << 4,    /* d: being destroyed */
} XlDomainState;

/** XlShutdownReason: Xen's SHUTDOWN_* codes, as `xl list -v` prints them. */
typedef enum {
  XL_SHUTDOWN_REASON_UNKNOWN = -2, /* it has ended, but not even libxl knows why */
  XL_SHUTDOWN_REASON_NONE = -1,    /* the domain has not ended */
  XL_SHUTDOWN_REASON_POWEROFF = 0,
  XL_SHUTDOWN_REASON_REBOOT = 1,
  XL_SHUTDOWN_REASON_SUSPEND = 2,
  XL_SHUTDOWN_REASON_CRASH = 3,
  XL_SHUTDOWN_REASON_WATCHDOG = 4,
  XL_SHUTDOWN_REASON_SOFT_RESET = 5,
} XlShutdownReason;

/** XlDomain: one line of `xl list` or `xl list -v`. */
typedef struct {
  guint domid;
  char *name; /* as printed; "(null)" for a half-built domain; invalid UTF-8 replaced by U+FFFD */
  guint64 memory; /* MiB */
  guint vcpus;
  guint state; /* XlDomainState */
  double cpu_seconds;
  char *uuid;          /* lower case with dashes; NULL without -v */
  int shutdown_reason; /* XlShutdownReason, or a code that Xen may add; NONE without -v except for
                          the letter after `s` */
  char *label;         /* security label; NULL when none or without -v */
} XlDomain;

XlDomain *xl_domain_copy (const XlDomain *domain);
void xl_domain_free (XlDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlDomain, xl_domain_free)

/**
 * xl_list_parse:
 * @text: output of `xl list` or `xl list -v`
 * @len: its length, -1 when NUL-terminated
 *
 * Columns are found from the right, because names may hold blanks and look
 * like columns. Which of the two formats it is, the header tells.
 *
 * Returns: (transfer full) (element-type XlDomain): in the order printed, or
 * %NULL with XL_ERROR_PARSE naming the line that cannot be understood.
 */
GPtrArray *xl_list_parse (const char *text, gssize len, GError **error);

/** xl_list_async: `xl list -v`, parsed. */
void xl_list_async (XlRunner *runner,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data);
GPtrArray *xl_list_finish (XlRunner *runner, GAsyncResult *result, GError **error);

G_END_DECLS
