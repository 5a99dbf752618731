/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

G_BEGIN_DECLS

/** XlVcpu: one line of `xl vcpu-list`. */
typedef struct {
  guint domid;
  char *name; /* of the domain, as printed; invalid UTF-8 replaced by U+FFFD */
  guint vcpu;
  int cpu; /* the physical CPU it runs on; -1 while it is offline */
  gboolean online;
  gboolean running;
  gboolean blocked;
  double cpu_seconds;
  char *hard_affinity; /* such as `all`, `none`, `0-1,3` */
  char *soft_affinity;
} XlVcpu;

void xl_vcpu_free (XlVcpu *vcpu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlVcpu, xl_vcpu_free)

/**
 * xl_vcpu_list_parse:
 *
 * Returns: (transfer full) (element-type XlVcpu): in the order printed, or
 * %NULL with XL_ERROR_PARSE naming the line that cannot be understood.
 */
GPtrArray *xl_vcpu_list_parse (const char *text, gssize len, GError **error);

/** xl_vcpu_list_async: `xl vcpu-list` of all domains, parsed. */
void xl_vcpu_list_async (XlRunner *runner,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);

/** xl_vcpu_list_finish: Returns: (transfer full) (element-type XlVcpu): as xl_vcpu_list_parse(). */
GPtrArray *xl_vcpu_list_finish (XlRunner *runner, GAsyncResult *result, GError **error);

G_END_DECLS
