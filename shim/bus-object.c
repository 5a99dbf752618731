/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/bus-object-private.h"

#include "shim/bus-manager.h"
#include "shim/bus-news.h"
#include "shim/error.h"
#include "shim/introspect.h"

#define MANAGER         "org.freedesktop.DBus.ObjectManager"
#define INTROSPECTABLE  "org.freedesktop.DBus.Introspectable"
#define PROPERTIES      "org.freedesktop.DBus.Properties"
#define DB_NAME         "com.citrix.xenclient.db"
#define GUARDIAN        "xm-guardian"
#define RESOURCE_PREFIX "/com/citrix/xenclient/xenmgr/"

static void
object_clear (gpointer data)
{
  XmBusObject *object = data;
  g_object_unref (object->connection);
  g_clear_pointer (&object->changed, g_ptr_array_unref);
  g_free (object->path);
}

XmBusObject *
xm_bus_object_ref (XmBusObject *object)
{
  return g_rc_box_acquire (object);
}

void
xm_bus_object_unref (XmBusObject *object)
{
  g_rc_box_release_full (object, object_clear);
}

/* -- the description of a kind ----------------------------------------------------- */

static GDBusInterfaceInfo *
load_interface (const char *name)
{
  g_autofree char *resource = g_strconcat (RESOURCE_PREFIX, name, ".xml", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) xml = g_resources_lookup_data (resource, 0, &error);
  if (xml == NULL)
    g_error ("no XML for interface %s: %s", name, error->message);

  g_autoptr (GDBusNodeInfo) node =
      g_dbus_node_info_new_for_xml (g_bytes_get_data (xml, NULL), &error);
  if (node == NULL)
    g_error ("XML of interface %s: %s", name, error->message);
  GDBusInterfaceInfo *info = g_dbus_node_info_lookup_interface (node, name);
  if (info == NULL)
    g_error ("%s does not hold interface %s", resource, name);

  g_dbus_interface_info_ref (info);
  g_dbus_interface_info_cache_build (info);
  return info;
}

/* What there is besides a kind's interfaces: @name is INTROSPECTABLE or MANAGER. */
static GDBusInterfaceInfo *
standard_interface (const char *name)
{
  static gsize once;
  static GDBusNodeInfo *node;
  if (g_once_init_enter (&once)) {
    node = g_dbus_node_info_new_for_xml (
        "<node>"
        "<interface name='" INTROSPECTABLE "'>"
        "<method name='Introspect'><arg type='s' direction='out'/></method>"
        "</interface>"
        "<interface name='" MANAGER "'>"
        "<method name='GetManagedObjects'>"
        "<arg name='objects' type='a{oa{sa{sv}}}' direction='out'/>"
        "</method>"
        "<signal name='InterfacesAdded'>"
        "<arg name='object' type='o'/><arg name='interfaces' type='a{sa{sv}}'/>"
        "</signal>"
        "<signal name='InterfacesRemoved'>"
        "<arg name='object' type='o'/><arg name='interfaces' type='as'/>"
        "</signal>"
        "</interface>"
        "</node>",
        NULL);
    g_once_init_leave (&once, 1);
  }
  return g_dbus_node_info_lookup_interface (node, name);
}

static void
bind_interface (XmBoundInterface *bound, const XmInterface *code)
{
  bound->code = code;
  bound->info = load_interface (code->name);
  bound->methods = g_hash_table_new (g_str_hash, g_str_equal);
  for (const XmMethod *method = code->methods; method != NULL && method->name != NULL; method++) {
    if (g_dbus_interface_info_lookup_method (bound->info, method->name) == NULL)
      g_error ("interface %s has no method %s", code->name, method->name);
    g_hash_table_insert (bound->methods, (gpointer)method->name, (gpointer)method);
  }
}

XmObjectKind *
xm_object_kind_new (const XmInterface *interfaces, gsize n)
{
  XmObjectKind *kind = g_new0 (XmObjectKind, 1);
  kind->interfaces = g_new0 (XmBoundInterface, n);
  kind->n_interfaces = n;
  kind->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  for (gsize i = 0; i < n; i++) {
    bind_interface (&kind->interfaces[i], &interfaces[i]);
    g_hash_table_insert (kind->by_name, (gpointer)interfaces[i].name, &kind->interfaces[i]);
  }
  return kind;
}

void
xm_object_kind_free (XmObjectKind *kind)
{
  for (gsize i = 0; i < kind->n_interfaces; i++) {
    g_hash_table_unref (kind->interfaces[i].methods);
    g_dbus_interface_info_cache_release (kind->interfaces[i].info);
    g_dbus_interface_info_unref (kind->interfaces[i].info);
  }
  g_hash_table_unref (kind->by_name);
  g_free (kind->interfaces);
  g_free (kind);
}

static gconstpointer
lookup_property (const XmBoundInterface *bound, const char *name)
{
  return bound->code->lookup != NULL ? bound->code->lookup (name) : NULL;
}

void
xm_object_kind_foreach_member (const XmObjectKind *kind, XmMemberFunc func, gpointer user_data)
{
  for (gsize i = 0; i < kind->n_interfaces; i++) {
    const XmBoundInterface *bound = &kind->interfaces[i];
    const char *interface = bound->code->name;
    for (GDBusMethodInfo **m = bound->info->methods; m != NULL && *m != NULL; m++)
      func (interface, (*m)->name, XM_MEMBER_METHOD,
            g_hash_table_contains (bound->methods, (*m)->name), user_data);
    for (GDBusPropertyInfo **p = bound->info->properties; p != NULL && *p != NULL; p++)
      func (interface, (*p)->name, XM_MEMBER_PROPERTY, lookup_property (bound, (*p)->name) != NULL,
            user_data);
    for (GDBusSignalInfo **s = bound->info->signals; s != NULL && *s != NULL; s++)
      func (interface, (*s)->name, XM_MEMBER_SIGNAL, FALSE, user_data);
  }
}

/* -- calls ------------------------------------------------------------------------- */

#define NOT_IMPLEMENTED "%s.%s is not implemented"

static void
return_not_supported (GDBusMethodInvocation *invocation, const char *interface, const char *member)
{
  g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_NOT_SUPPORTED,
                                         NOT_IMPLEMENTED, interface, member);
}

/*
 * GDBus asks for one property here for Get, and for each in turn for GetAll,
 * where it leaves out those that fail: one bad value in the store must not
 * hide the others. Only GetAll gives no @error.
 */
static GVariant *
on_get_property (GDBusConnection *connection,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *name,
                 GError **error,
                 gpointer user_data)
{
  const XmBusObject *object = user_data;
  const XmBoundInterface *bound = g_hash_table_lookup (object->kind->by_name, interface);
  gconstpointer row = lookup_property (bound, name);
  if (row == NULL) {
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_NOT_SUPPORTED, NOT_IMPLEMENTED, interface, name);
    return NULL;
  }

  GError *reason = NULL;
  GVariant *value = bound->code->get (object->owner, row, &reason);
  if (value != NULL)
    return value; // cppcheck-suppress returnDanglingLifetime; the value does not hold on to &reason
  reason = xm_error_to_dbus (reason);
  if (error == NULL)
    g_warning ("%s: property %s left out of GetAll: %s", path, name, reason->message);
  g_propagate_error (error, reason);
  return NULL;
}

/* What a table gave, floating or not, is the caller's. */
static GVariant *
take (GVariant *value)
{
  return value != NULL ? g_variant_take_ref (value) : NULL;
}

GVariant *
xm_bus_object_read (const XmBusObject *object,
                    const XmBoundInterface *bound,
                    const GDBusPropertyInfo *property,
                    GError **error)
{
  return take (on_get_property (NULL, NULL, object->path, bound->code->name, property->name, error,
                                (gpointer)object));
}

static void
read_all (const XmBusObject *object, const XmBoundInterface *bound, GVariantBuilder *values)
{
  for (GDBusPropertyInfo **p = bound->info->properties; p != NULL && *p != NULL; p++) {
    if (lookup_property (bound, (*p)->name) == NULL)
      continue;
    g_autoptr (GVariant) value = xm_bus_object_read (object, bound, *p, NULL);
    if (value != NULL)
      g_variant_builder_add (values, "{sv}", (*p)->name, value);
  }
}

/* Get and GetAll of an interface whose values must be waited for; the same answers as GDBus gives
 * of the others. */
static void
answer_from_table (const XmBusObject *object,
                   GVariant *parameters,
                   GDBusMethodInvocation *invocation)
{
  const char *interface, *name;
  if (g_variant_n_children (parameters) == 2) {
    GError *error = NULL;
    g_variant_get (parameters, "(&s&s)", &interface, &name);
    g_autoptr (GVariant) value = take (
        on_get_property (NULL, NULL, object->path, interface, name, &error, (gpointer)object));
    if (value != NULL)
      g_dbus_method_invocation_return_value (invocation, g_variant_new ("(v)", value));
    else
      g_dbus_method_invocation_take_error (invocation, error);
    return;
  }

  g_variant_get (parameters, "(&s)", &interface);
  const XmBoundInterface *bound = g_hash_table_lookup (object->kind->by_name, interface);
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  read_all (object, bound, &values);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a{sv})", &values));
}

typedef struct {
  XmBusObject *object;
  GDBusMethodInvocation *invocation;
} Looking;

static void
return_gone (const XmBusObject *object, GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT,
                                         "%s is gone", object->path);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Looking *looking = user_data;
  XmBusObject *object = looking->object;
  if (object->n_registrations > 0)
    answer_from_table (object, g_dbus_method_invocation_get_parameters (looking->invocation),
                       looking->invocation);
  else
    return_gone (object, looking->invocation);
  xm_bus_object_unref (object);
}

static void
look_and_answer (XmBusObject *object, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) interface = g_variant_get_child_value (parameters, 0);
  const XmBoundInterface *bound =
      g_hash_table_lookup (object->kind->by_name, g_variant_get_string (interface, NULL));
  gconstpointer row = NULL;
  gboolean all = g_variant_n_children (parameters) == 1;
  if (!all) {
    g_autoptr (GVariant) name = g_variant_get_child_value (parameters, 1);
    row = lookup_property (bound, g_variant_get_string (name, NULL));
  }
  Looking *looking = g_new (Looking, 1);
  *looking = (Looking){ xm_bus_object_ref (object), invocation };
  if ((all || row != NULL) && bound->code->look != NULL &&
      bound->code->look (object->owner, row, on_looked, looking))
    return; // cppcheck-suppress memleak; on_looked() frees it
  g_free (looking);
  xm_bus_object_unref (object);
  answer_from_table (object, parameters, invocation);
}

static void
set_property (XmBusObject *object, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *interface, *name;
  g_autoptr (GVariant) value = NULL;
  g_variant_get (parameters, "(&s&sv)", &interface, &name, &value);
  const XmBoundInterface *bound = g_hash_table_lookup (object->kind->by_name, interface);
  gconstpointer row = lookup_property (bound, name);
  if (row == NULL)
    return_not_supported (invocation, interface, name);
  else
    bound->code->set (object->owner, bound->code->name, row, value, invocation);
}

static void
introspect (XmBusObject *object, GDBusMethodInvocation *invocation)
{
  /* Both bus names share the objects; whoever asks for the database sees the database alone, as
   * with dbd. */
  const char *asked =
      g_dbus_message_get_destination (g_dbus_method_invocation_get_message (invocation));
  gboolean asked_db = g_strcmp0 (asked, DB_NAME) == 0;
  g_auto (GStrv) children =
      object->children != NULL && !asked_db ? object->children (object->owner) : NULL;
  const XmObjectKind *kind = object->kind;
  g_autofree GDBusInterfaceInfo **infos = NULL;
  gsize n_infos = 0;
  gboolean has_properties = FALSE;

  if (kind != NULL) {
    infos = g_new0 (GDBusInterfaceInfo *, kind->n_interfaces + 1);
    for (gsize i = 0; i < kind->n_interfaces; i++) {
      gboolean is_db = g_str_equal (kind->interfaces[i].code->name, DB_NAME);
      if (is_db != asked_db)
        continue;
      infos[n_infos++] = kind->interfaces[i].info;
      GDBusPropertyInfo **properties = kind->interfaces[i].info->properties;
      has_properties |= properties != NULL && *properties != NULL;
    }
    if (!asked_db && g_str_equal (object->path, "/"))
      infos[n_infos++] = standard_interface (MANAGER);
  }

  g_autofree char *xml =
      xm_introspect_to_xml (infos, n_infos, has_properties, (const char *const *)children);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", xml));
}

static void
dispatch (XmBusObject *object, GDBusMethodInvocation *invocation)
{
  const char *interface = g_dbus_method_invocation_get_interface_name (invocation);
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  if (g_str_equal (interface, PROPERTIES)) {
    if (g_str_equal (method, "Set"))
      set_property (object, parameters, invocation);
    else
      look_and_answer (object, parameters, invocation);
    return;
  }
  if (g_str_equal (interface, INTROSPECTABLE)) {
    introspect (object, invocation);
    return;
  }
  if (g_str_equal (interface, MANAGER)) {
    xm_bus_manager_answer (object->connection, invocation);
    return;
  }

  const XmBoundInterface *bound = g_hash_table_lookup (object->kind->by_name, interface);
  const XmMethod *handler = g_hash_table_lookup (bound->methods, method);
  if (handler == NULL)
    return_not_supported (invocation, interface, method);
  else
    handler->call (object->owner, parameters, invocation);
}

/* -- all of an object -------------------------------------------------------------- */

/** Collection: data of the task. */
typedef struct {
  XmBusObject *object;
  gsize interface; /* the next whose values may have to be waited for */
} Collection;

static void
collection_free (gpointer data)
{
  Collection *collection = data;
  xm_bus_object_unref (collection->object);
  g_free (collection);
}

static void look_further (GTask *task);

static void
on_collection_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  look_further (user_data);
}

/* @task: (transfer full) */
static void
look_further (GTask *task)
{
  Collection *collection = g_task_get_task_data (task);
  const XmBusObject *object = collection->object;
  while (object->n_registrations > 0 && collection->interface < object->kind->n_interfaces) {
    const XmInterface *code = object->kind->interfaces[collection->interface++].code;
    if (code->look != NULL && code->look (object->owner, NULL, on_collection_looked, task))
      return;
  }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
xm_bus_object_collect_async (XmBusObject *object, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Collection *collection = g_new0 (Collection, 1);
  g_task_set_source_tag (task, xm_bus_object_collect_async);
  collection->object = xm_bus_object_ref (object);
  g_task_set_task_data (task, collection, collection_free);
  look_further (task);
}

GVariant *
xm_bus_object_collect_finish (GAsyncResult *result)
{
  const Collection *collection = g_task_get_task_data (G_TASK (result));
  const XmBusObject *object = collection->object;
  if (object->n_registrations == 0)
    return NULL;
  g_auto (GVariantBuilder) interfaces = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));
  for (gsize i = 0; i < object->kind->n_interfaces; i++) {
    const XmBoundInterface *bound = &object->kind->interfaces[i];
    g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
    read_all (object, bound, &values);
    g_variant_builder_add (&interfaces, "{sa{sv}}", bound->code->name, &values);
  }
  return g_variant_ref_sink (g_variant_builder_end (&interfaces));
}

/* -- guarded calls ----------------------------------------------------------------- */

typedef struct {
  XmBusObject *object;
  GDBusMethodInvocation *invocation;
} Guarded;

static void
on_passed (gpointer user_data, gboolean allowed)
{
  g_autofree Guarded *guarded = user_data;
  if (allowed && guarded->object->n_registrations > 0)
    dispatch (guarded->object, guarded->invocation);
  else if (allowed)
    return_gone (guarded->object, guarded->invocation);
  xm_bus_object_unref (guarded->object);
}

static void
on_call (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  XmBusObject *object = user_data;
  if (object->guard == NULL) {
    dispatch (object, invocation);
    return;
  }
  Guarded *guarded = g_new (Guarded, 1);
  *guarded = (Guarded){ xm_bus_object_ref (object), invocation };
  object->guard (object->guard_data, invocation, on_passed, guarded);
}

/* -- objects ----------------------------------------------------------------------- */

/* Without a function for it GDBus hands Set to on_call(), which may answer later; access and type
 * it has checked. The same goes for Get and GetAll, which cost more that way. */
static const GDBusInterfaceVTable vtable = { .method_call = on_call,
                                             .get_property = on_get_property };
static const GDBusInterfaceVTable looking_vtable = { .method_call = on_call };

static const GDBusInterfaceVTable *
choose_vtable (const XmBusObject *object, gsize i)
{
  const XmObjectKind *kind = object->kind;
  if (object->guard != NULL)
    return &looking_vtable; /* which asks on_call() for everything */
  gboolean looks = kind != NULL && i < kind->n_interfaces && kind->interfaces[i].code->look != NULL;
  return looks ? &looking_vtable : &vtable;
}

/** Guardian: data of a connection. */
typedef struct {
  XmGuard guard;
  gpointer data;
} Guardian;

void
xm_bus_object_set_guard (GDBusConnection *connection, XmGuard guard, gpointer data)
{
  Guardian *guardian = g_new (Guardian, 1);
  *guardian = (Guardian){ guard, data };
  g_object_set_data_full (G_OBJECT (connection), GUARDIAN, guardian, g_free);
}

XmBusObject *
xm_bus_object_export (GDBusConnection *connection,
                      const char *path,
                      const XmObjectKind *kind,
                      XmChildrenFunc children,
                      gpointer owner,
                      GError **error)
{
  gsize n = kind != NULL ? kind->n_interfaces : 0;
  gboolean is_manager = g_str_equal (path, "/");
  g_autoptr (XmBusObject) object =
      g_rc_box_alloc0 (sizeof *object + (n + 2) * sizeof object->registrations[0]);
  object->connection = g_object_ref (connection);
  object->kind = kind;
  object->children = children;
  object->owner = owner;
  object->path = g_strdup (path);
  const Guardian *guardian = g_object_get_data (G_OBJECT (connection), GUARDIAN);
  if (guardian != NULL) {
    object->guard = guardian->guard;
    object->guard_data = guardian->data;
  }

  for (gsize i = 0; i <= n + is_manager; i++) {
    GDBusInterfaceInfo *info =
        i < n ? kind->interfaces[i].info : standard_interface (i == n ? INTROSPECTABLE : MANAGER);
    guint id = g_dbus_connection_register_object (connection, path, info, choose_vtable (object, i),
                                                  object, NULL, error);
    if (id == 0)
      return NULL;
    object->registrations[object->n_registrations++] = id;
  }
  xm_bus_news_added (object);
  return g_steal_pointer (&object);
}

void
xm_bus_object_unexport (XmBusObject *object)
{
  xm_bus_news_removed (object);
  for (guint i = 0; i < object->n_registrations; i++)
    g_dbus_connection_unregister_object (object->connection, object->registrations[i]);
  object->n_registrations = 0;
  xm_bus_object_unref (object);
}
