/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * The properties of com.citrix.xenclient.xenmgr.host, one row each. None ever
 * fails to be read: what the host does not have is empty, zero or false.
 */

/** XmHostSource: where a value comes from, if reading it takes more than a moment. */
typedef enum {
  XM_HOST_AT_HAND,
  XM_HOST_HARDWARE, /* many small files: kept once it is known */
  XM_HOST_FROM_XL,  /* `xl info` of now */
  XM_HOST_FROM_XL_ONCE,
  XM_HOST_FROM_STORAGE, /* the file system for disks */
  XM_HOST_FROM_FILES,   /* host-files.h */
} XmHostSource;

typedef struct _XmHostProperty XmHostProperty;
struct _XmHostProperty {
  const char *name;
  XmHostSource source;
  GVariant *(*get) (XmService *service, const XmHostProperty *row); /* (transfer floating) */
  const char *detail; /* for @get: a path, a key of the store, ... */
  /* NULL: read-only. Answers @invocation. */
  void (*set) (XmService *service,
               const XmHostProperty *row,
               GVariant *value,
               GDBusMethodInvocation *invocation);
};

/* For the XmInterface; the owner is the XmService. */
gconstpointer xm_host_property_lookup (const char *name);
gboolean xm_host_property_look (gpointer service,
                                gconstpointer row,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GVariant *xm_host_property_get (gpointer service, gconstpointer row, GError **error);
void xm_host_property_set (gpointer service,
                           const char *interface,
                           gconstpointer row,
                           GVariant *value,
                           GDBusMethodInvocation *invocation);

G_END_DECLS
