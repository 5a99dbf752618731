/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-runner.h"

#include <jansson.h>

G_BEGIN_DECLS

/** XlDomainConfig: one element of `xl list -l`. It tells nothing of the domain's state. */
typedef struct {
  guint domid;    /* of the domain; the one inside @config is always 4294967295 */
  char *name;     /* c_info.name, or NULL */
  char *uuid;     /* c_info.uuid in lower case, NULL when there is none (dom0) */
  json_t *config; /* the object `config` with all its keys */
} XlDomainConfig;

void xl_domain_config_free (XlDomainConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XlDomainConfig, xl_domain_config_free)

/**
 * xl_list_long_parse:
 * @text: output of `xl list -l`: a JSON array
 * @problems: (out) (optional) (transfer full) (element-type utf8): why elements were left out
 *
 * Each element is read for itself, so that a bad one does not hide the others.
 * Integers beyond 64 bits become reals; bytes that are not UTF-8 are replaced.
 *
 * Returns: (transfer full) (element-type XlDomainConfig): in the order printed,
 * or %NULL with XL_ERROR_PARSE when the text is not one whole array.
 */
GPtrArray *xl_list_long_parse (const char *text, gssize len, GPtrArray **problems, GError **error);

/** xl_list_long_async: `xl list -l`, parsed. */
void xl_list_long_async (XlRunner *runner,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);

/**
 * xl_list_long_finish:
 * @problems: (out) (optional) (transfer full) (element-type utf8): as of
 *   xl_list_long_parse(), and what xl said of domains that have no stored
 *   configuration (half built ones, stubdomains) and are therefore missing
 */
GPtrArray *
xl_list_long_finish (XlRunner *runner, GAsyncResult *result, GPtrArray **problems, GError **error);

G_END_DECLS
