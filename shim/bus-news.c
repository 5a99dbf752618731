/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/bus-news.h"

#define NEWS           "xm-bus-news"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* Objects that are told of before the bus must have taken it. */
#define MAX_AT_ONCE 16

/** News: of a connection, which owns it. */
typedef struct {
  GDBusConnection *connection; /* not owned */
  GHashTable *objects;         /* path -> XmBusObject, not owned */
  GQueue waiting;              /* XmBusObject, in the order of their first change */
  gboolean announces;
  guint source;      /* that will tell */
  gboolean flushing; /* the bus takes what was told */
  void (*follow) (const char *path, gpointer user_data);
  gpointer follow_data;
} News;

static void
news_free (gpointer data)
{
  News *news = data;
  g_assert (g_queue_is_empty (&news->waiting) && news->source == 0); /* they hold the connection */
  g_hash_table_unref (news->objects);
  g_free (news);
}

static News *
get_news (GDBusConnection *connection)
{
  News *news = g_object_get_data (G_OBJECT (connection), NEWS);
  if (news != NULL)
    return news;
  news = g_new0 (News, 1);
  news->connection = connection;
  news->objects = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&news->waiting);
  g_object_set_data_full (G_OBJECT (connection), NEWS, news, news_free);
  return news;
}

static void
emit (const XmBusObject *object,
      const char *path,
      const char *interface,
      const char *member,
      GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  if (!g_dbus_connection_emit_signal (object->connection, NULL, path, interface, member, parameters,
                                      &error))
    g_debug ("%s: %s is not told: %s", object->path, member, error->message);
}

/* -- PropertiesChanged ------------------------------------------------------------- */

static void
emit_changed (const XmBusObject *object,
              const XmBoundInterface *bound,
              GVariantBuilder *values,
              GVariantBuilder *names)
{
  emit (object, object->path, PROPERTIES, "PropertiesChanged",
        g_variant_new ("(sa{sv}as)", bound->code->name, values, names));
}

/** Look: a property whose value is being waited for. */
typedef struct {
  XmBusObject *object;
  const XmBoundInterface *bound;
  const GDBusPropertyInfo *property;
} Look;

/* %FALSE when it has no value now. */
static gboolean
add_value (const Look *look, GVariantBuilder *values)
{
  g_autoptr (GError) error = NULL; /* whoever asks is told */
  g_autoptr (GVariant) value =
      xm_bus_object_read (look->object, look->bound, look->property, &error);
  if (value == NULL)
    return FALSE;
  g_variant_builder_add (values, "{sv}", look->property->name, value);
  return TRUE;
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Look *look = user_data;
  if (look->object->n_registrations > 0) {
    g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
    g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
    if (!add_value (look, &values))
      g_variant_builder_add (&names, "s", look->property->name);
    emit_changed (look->object, look->bound, &values, &names);
  }
  xm_bus_object_unref (look->object);
}

/* Whether the value has to be waited for; it is told then. */
static gboolean
begin_look (const Look *what)
{
  const XmInterface *code = what->bound->code;
  if (code->look == NULL)
    return FALSE;
  Look *look = g_memdup2 (what, sizeof *what);
  xm_bus_object_ref (look->object);
  if (code->look (look->object->owner, code->lookup (look->property->name), on_looked, look))
    return TRUE;
  xm_bus_object_unref (look->object);
  g_free (look);
  return FALSE;
}

/* Where each caller must be allowed to read, values are for those who ask. */
static void
tell_some (XmBusObject *object, const XmBoundInterface *bound, const GPtrArray *changed)
{
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  gboolean any = FALSE;
  for (guint i = 0; i < changed->len; i++) {
    const char *name = changed->pdata[i];
    const Look look = { object, bound, g_dbus_interface_info_lookup_property (bound->info, name) };
    if (look.property == NULL || bound->code->lookup (name) == NULL)
      continue;
    if (object->guard == NULL && begin_look (&look))
      continue;
    any = TRUE;
    if (object->guard != NULL || !add_value (&look, &values))
      g_variant_builder_add (&names, "s", name);
  }
  if (any)
    emit_changed (object, bound, &values, &names);
}

static void
tell_all (const XmBusObject *object, const XmBoundInterface *bound)
{
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  for (GDBusPropertyInfo **p = bound->info->properties; p != NULL && *p != NULL; p++) {
    if (bound->code->lookup ((*p)->name) != NULL)
      g_variant_builder_add (&names, "s", (*p)->name);
  }
  emit_changed (object, bound, &values, &names);
}

static void
tell_changes (XmBusObject *object)
{
  g_autoptr (GPtrArray) changed = g_steal_pointer (&object->changed);
  gboolean all = object->all_is_new;
  object->all_is_new = FALSE;
  for (gsize i = 0; i < object->kind->n_interfaces; i++) {
    const XmBoundInterface *bound = &object->kind->interfaces[i];
    if (bound->code->lookup == NULL)
      continue;
    if (all)
      tell_all (object, bound);
    else if (changed != NULL)
      tell_some (object, bound, changed);
  }
}

/* -- InterfacesAdded, InterfacesRemoved -------------------------------------------- */

static void wait_for_turn (News *news, XmBusObject *object);

static void
emit_added (const XmBusObject *object, GVariant *interfaces)
{
  emit (object, "/", OBJECT_MANAGER, "InterfacesAdded",
        g_variant_new ("(o@a{sa{sv}})", object->path, interfaces));
}

static void
on_collected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  XmBusObject *object = user_data;
  g_autoptr (GVariant) interfaces = xm_bus_object_collect_finish (result);
  if (interfaces != NULL) {
    emit_added (object, interfaces);
    object->known = TRUE;
    object->is_news = FALSE;
    if (object->changed != NULL || object->all_is_new)
      wait_for_turn (get_news (object->connection), object);
  }
  xm_bus_object_unref (object);
}

static void
tell_added (XmBusObject *object)
{
  g_clear_pointer (&object->changed, g_ptr_array_unref);
  object->all_is_new = FALSE;
  if (object->guard == NULL) {
    object->is_news = TRUE; /* until then; what changes meanwhile is told after it */
    xm_bus_object_collect_async (object, on_collected, xm_bus_object_ref (object));
    return;
  }
  g_auto (GVariantBuilder) interfaces = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));
  for (gsize i = 0; i < object->kind->n_interfaces; i++)
    g_variant_builder_add (&interfaces, "{sa{sv}}", object->kind->interfaces[i].code->name, NULL);
  emit_added (object, g_variant_builder_end (&interfaces));
  object->known = TRUE;
}

static void
tell_removed (const XmBusObject *object)
{
  g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  for (gsize i = 0; i < object->kind->n_interfaces; i++)
    g_variant_builder_add (&names, "s", object->kind->interfaces[i].code->name);
  emit (object, "/", OBJECT_MANAGER, "InterfacesRemoved",
        g_variant_new ("(oas)", object->path, &names));
}

/* -- in its turn ------------------------------------------------------------------- */

static gboolean on_turn (gpointer user_data);

static void
schedule (News *news)
{
  if (news->source == 0 && !news->flushing && !g_queue_is_empty (&news->waiting))
    news->source = g_idle_add_full (G_PRIORITY_DEFAULT, on_turn, news, NULL);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GDBusConnection) connection = user_data;
  News *news = get_news (connection);
  news->flushing = FALSE;
  g_dbus_connection_flush_finish (connection, result, NULL); /* closed: nobody is left to tell */
  schedule (news);
}

static gboolean
on_turn (gpointer user_data)
{
  News *news = user_data;
  news->source = 0;
  for (guint i = 0; i < MAX_AT_ONCE && !g_queue_is_empty (&news->waiting); i++) {
    XmBusObject *object = g_queue_pop_head (&news->waiting);
    object->is_news = FALSE;
    if (object->known)
      tell_changes (object);
    else
      tell_added (object);
    xm_bus_object_unref (object);
  }
  if (!g_queue_is_empty (&news->waiting)) {
    news->flushing = TRUE;
    g_dbus_connection_flush (news->connection, NULL, on_flushed, g_object_ref (news->connection));
  }
  return G_SOURCE_REMOVE;
}

static void
wait_for_turn (News *news, XmBusObject *object)
{
  if (news->follow != NULL)
    news->follow (object->path, news->follow_data);
  if (!news->announces || object->is_news)
    return;
  object->is_news = TRUE;
  g_queue_push_tail (&news->waiting, xm_bus_object_ref (object));
  schedule (news);
}

static void
drop (News *news, XmBusObject *object)
{
  g_clear_pointer (&object->changed, g_ptr_array_unref);
  object->all_is_new = FALSE;
  if (!object->is_news)
    return;
  object->is_news = FALSE;
  if (g_queue_remove (&news->waiting, object))
    xm_bus_object_unref (object);
  if (g_queue_is_empty (&news->waiting))
    g_clear_handle_id (&news->source, g_source_remove);
}

/* -- public ------------------------------------------------------------------------ */

void
xm_bus_news_added (XmBusObject *object)
{
  News *news = get_news (object->connection);
  g_hash_table_insert (news->objects, object->path, object);
  object->known = !news->announces;
  if (object->kind != NULL)
    wait_for_turn (news, object);
}

void
xm_bus_news_removed (XmBusObject *object)
{
  News *news = get_news (object->connection);
  drop (news, object);
  g_hash_table_remove (news->objects, object->path);
  if (object->kind == NULL)
    return;
  if (news->follow != NULL)
    news->follow (object->path, news->follow_data);
  if (news->announces && object->known)
    tell_removed (object);
}

GHashTable *
xm_bus_news_objects (GDBusConnection *connection)
{
  return get_news (connection)->objects;
}

void
xm_bus_news_follow (GDBusConnection *connection,
                    void (*func) (const char *path, gpointer user_data),
                    gpointer user_data)
{
  News *news = get_news (connection);
  news->follow = func;
  news->follow_data = user_data;
}

void
xm_bus_object_announce (GDBusConnection *connection, gboolean announce)
{
  News *news = get_news (connection);
  news->announces = announce;
  if (announce)
    return;
  while (!g_queue_is_empty (&news->waiting))
    drop (news, g_queue_peek_head (&news->waiting));
}

void
xm_bus_object_changed (XmBusObject *object, const char *property)
{
  if (object == NULL)
    return;
  News *news = get_news (object->connection);
  if (news->announces && !object->all_is_new) {
    if (object->changed == NULL)
      object->changed = g_ptr_array_new ();
    if (!g_ptr_array_find_with_equal_func (object->changed, property, g_str_equal, NULL))
      g_ptr_array_add (object->changed, (gpointer)property);
  }
  wait_for_turn (news, object);
}

void
xm_bus_object_all_changed (XmBusObject *object)
{
  if (object == NULL)
    return;
  News *news = get_news (object->connection);
  object->all_is_new = news->announces;
  wait_for_turn (news, object);
}
