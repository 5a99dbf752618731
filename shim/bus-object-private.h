/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object.h"

G_BEGIN_DECLS

/* For bus-object.c, bus-news.c and bus-manager.c. */

typedef struct {
  const XmInterface *code;
  GDBusInterfaceInfo *info;
  GHashTable *methods; /* name -> XmMethod */
} XmBoundInterface;

struct _XmObjectKind {
  XmBoundInterface *interfaces;
  gsize n_interfaces;
  GHashTable *by_name; /* interface name -> XmBoundInterface */
};

/* Reference counted: a Get that waits outlives the object's time on the bus. */
struct _XmBusObject {
  GDBusConnection *connection;
  const XmObjectKind *kind;
  XmChildrenFunc children;
  gpointer owner;
  char *path;
  XmGuard guard; /* NULL: none */
  gpointer guard_data;
  gboolean known;        /* to those who listen */
  gboolean is_news;      /* waits for its turn to be told */
  gboolean all_is_new;   /* any property may have changed */
  GPtrArray *changed;    /* names of those that have, static; NULL: none */
  guint n_registrations; /* 0: off the bus */
  guint registrations[];
};

XmBusObject *xm_bus_object_ref (XmBusObject *object);
void xm_bus_object_unref (XmBusObject *object);

/** xm_bus_object_read: (transfer full) (nullable): the value of a property, without waiting for any
 * that must be waited for. Without @error what cannot be read is a warning. */
GVariant *xm_bus_object_read (const XmBusObject *object,
                              const XmBoundInterface *bound,
                              const GDBusPropertyInfo *property,
                              GError **error);

/**
 * xm_bus_object_collect_async: all properties of an object that is on the bus, by interface;
 * values that must be waited for are waited for. The object stays referenced.
 */
void
xm_bus_object_collect_async (XmBusObject *object, GAsyncReadyCallback callback, gpointer user_data);

/** xm_bus_object_collect_finish: (transfer full) (nullable): `a{sa{sv}}`; %NULL when the object has
 * left the bus meanwhile. */
GVariant *xm_bus_object_collect_finish (GAsyncResult *result);

G_END_DECLS
