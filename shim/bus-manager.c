/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/bus-manager.h"

#include <malloc.h>

#include "shim/bus-news.h"

#define GATHERING "xm-bus-gathering"

/** Gathering: for all callers since it began. The connection knows it. */
typedef struct {
  GDBusConnection *connection;
  GPtrArray *invocations;
  GHashTable *found;  /* path -> a{sa{sv}} */
  GHashTable *wanted; /* paths that must be read, again or for the first time */
} Gathering;

/* The manager itself is not below itself. */
static gboolean
is_managed (const XmBusObject *object)
{
  return object != NULL && object->kind != NULL && !g_str_equal (object->path, "/");
}

static void
on_news (const char *path, gpointer user_data)
{
  Gathering *gathering = user_data;
  g_hash_table_remove (gathering->found, path);
  g_hash_table_add (gathering->wanted, g_strdup (path));
}

/* Of a thousand VMs it was megabytes, which nobody needs again soon. */
static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_dbus_connection_flush_finish (G_DBUS_CONNECTION (source), result, NULL);
  malloc_trim (0);
}

/* @gathering: (transfer full) */
static void
answer (Gathering *gathering)
{
  GVariantBuilder objects;
  GHashTableIter iter;
  gpointer path, interfaces;
  xm_bus_news_follow (gathering->connection, NULL, NULL);
  g_object_set_data (G_OBJECT (gathering->connection), GATHERING, NULL);

  g_variant_builder_init (&objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  g_hash_table_iter_init (&iter, gathering->found);
  while (g_hash_table_iter_next (&iter, &path, &interfaces))
    g_variant_builder_add (&objects, "{o@a{sa{sv}}}", path, interfaces);
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new ("(a{oa{sa{sv}}})", &objects));
  for (guint i = 0; i < gathering->invocations->len; i++)
    g_dbus_method_invocation_return_value (gathering->invocations->pdata[i], value);

  g_ptr_array_unref (gathering->invocations);
  g_hash_table_unref (gathering->found);
  g_hash_table_unref (gathering->wanted);
  g_dbus_connection_flush (gathering->connection, NULL, on_sent, NULL);
  g_object_unref (gathering->connection);
  g_free (gathering);
}

static void read_next (Gathering *gathering);

typedef struct {
  Gathering *gathering;
  char *path;
} Reading;

static void
on_collected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Reading *reading = user_data;
  Gathering *gathering = reading->gathering;
  GVariant *interfaces = xm_bus_object_collect_finish (result);
  if (interfaces != NULL) {
    g_variant_get_data (interfaces); /* makes one block of its many parts */
    g_hash_table_insert (gathering->found, reading->path, interfaces);
  } else {
    g_free (reading->path);
  }
  read_next (gathering);
}

/* The next object that is on the bus, out of those wanted. */
static XmBusObject *
take_wanted (Gathering *gathering)
{
  GHashTable *objects = xm_bus_news_objects (gathering->connection);
  GHashTableIter iter;
  gpointer path;
  g_hash_table_iter_init (&iter, gathering->wanted);
  while (g_hash_table_iter_next (&iter, &path, NULL)) {
    XmBusObject *object = g_hash_table_lookup (objects, path);
    g_hash_table_iter_remove (&iter);
    if (is_managed (object))
      return object;
  }
  return NULL;
}

/* A task without anything to wait for ends in the next iteration of the main loop, so that others
 * have their turn between any two objects. */
static void
read_next (Gathering *gathering)
{
  XmBusObject *object = take_wanted (gathering);
  if (object == NULL) {
    answer (gathering);
    return;
  }
  Reading *reading = g_new (Reading, 1);
  *reading = (Reading){ gathering, g_strdup (object->path) };
  xm_bus_object_collect_async (object, on_collected, reading);
}

void
xm_bus_manager_answer (GDBusConnection *connection, GDBusMethodInvocation *invocation)
{
  Gathering *gathering = g_object_get_data (G_OBJECT (connection), GATHERING);
  if (gathering != NULL) {
    g_ptr_array_add (gathering->invocations, invocation);
    return;
  }
  gathering = g_new0 (Gathering, 1);
  gathering->connection = g_object_ref (connection);
  gathering->invocations = g_ptr_array_new ();
  g_ptr_array_add (gathering->invocations, invocation);
  gathering->found =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
  gathering->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_object_set_data (G_OBJECT (connection), GATHERING, gathering);
  xm_bus_news_follow (connection, on_news, gathering);

  GHashTableIter iter;
  gpointer path;
  g_hash_table_iter_init (&iter, xm_bus_news_objects (connection));
  while (g_hash_table_iter_next (&iter, &path, NULL))
    g_hash_table_add (gathering->wanted, g_strdup (path));
  read_next (gathering);
}
