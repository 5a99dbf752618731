/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xlwrap/xl-list.h"
#include "xlwrap/xl-xenstore.h"

G_BEGIN_DECLS

/**
 * XmDomains: the picture of Xen's domains that all readers share.
 *
 * It is refreshed (one `xl list -v`) when xenstored tells that a domain came
 * or went, when an operation asks for it, and at a slow interval while guests
 * exist, because pause and unpause by hand leave no trace in xenstore. Reading
 * it starts no process.
 */
#define XM_TYPE_DOMAINS (xm_domains_get_type ())
G_DECLARE_FINAL_TYPE (XmDomains, xm_domains, XM, DOMAINS, GObject)

/**
 * xm_domains_new:
 * @interval: seconds between refreshes while guests exist; 0 for none
 */
XmDomains *xm_domains_new (XlRunner *runner, XlXenstore *xenstore, guint interval);

void xm_domains_set_interval (XmDomains *self, guint interval);

/** xm_domains_look_within: has the picture refreshed in @ms from now at the latest: for what leaves
 * no trace in xenstore, but is sure to come. */
void xm_domains_look_within (XmDomains *self, guint ms);

/** xm_domains_stop: no further refresh; the last reference may then be dropped at any time. */
void xm_domains_stop (XmDomains *self);

/**
 * xm_domains_refresh_async: ends with a picture that is not older than this call. Callers that wait
 * at the same time share one `xl list -v`.
 */
void xm_domains_refresh_async (XmDomains *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean xm_domains_refresh_finish (XmDomains *self, GAsyncResult *result, GError **error);

/**
 * xm_domains_find_uuid:
 * @uuid: compared without regard to case
 *
 * Returns: (transfer container) (element-type XlDomain): the domains with it, as last seen, valid
 * until the next refresh; more than one where an admin made them. Neither dom0 nor dying domains
 * without a name count.
 */
GPtrArray *xm_domains_find_uuid (XmDomains *self, const char *uuid);

/** xm_domains_get_all: (transfer none) (element-type XlDomain): all, dom0 too, as last seen. */
const GPtrArray *xm_domains_get_all (XmDomains *self);

/**
 * XmDomains::refreshed: emitted after each successful refresh, before those who wait for it are
 * told.
 */

G_END_DECLS
