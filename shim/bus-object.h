/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What every object on the bus has in common: its interfaces come from
 * dbus-xml/, its methods and properties from tables beside their code. A
 * member of the XML that no table names answers NotSupported.
 *
 * One XmObjectKind describes all objects of a sort (every VM, say); an
 * XmBusObject is one of them, exported at one path.
 */

/** XmMethodFunc: handles one call; must answer @invocation sooner or later. @owner is that of the
 * XmBusObject. */
typedef void (*XmMethodFunc) (gpointer owner,
                              GVariant *parameters,
                              GDBusMethodInvocation *invocation);

typedef struct {
  const char *name;
  XmMethodFunc call;
} XmMethod;

/**
 * XmInterface: the code behind one interface.
 * @lookup: (nullable): the row of a property in the interface's table, NULL when it is not
 * implemented; those answer NotSupported and are left out of GetAll
 * @get: (transfer full): value of the property of @row; may be floating
 * @set: handles Set; must answer @invocation with an empty body or an error
 * @look: (nullable): called before Get, and with a NULL @row before GetAll, where values must be
 * waited for: begins to get them, so that @get finds them without blocking. %FALSE when there is
 * nothing to wait for; @callback is not called then. The owner may go before @callback comes.
 */
typedef struct {
  const char *name;
  const XmMethod *methods; /* ends with a NULL name; may be NULL */
  gconstpointer (*lookup) (const char *name);
  GVariant *(*get) (gpointer owner, gconstpointer row, GError **error);
  void (*set) (gpointer owner,
               const char *interface,
               gconstpointer row,
               GVariant *value,
               GDBusMethodInvocation *invocation);
  gboolean (*look) (gpointer owner,
                    gconstpointer row,
                    GAsyncReadyCallback callback,
                    gpointer user_data);
} XmInterface;

typedef struct _XmObjectKind XmObjectKind;

/**
 * xm_object_kind_new:
 * @interfaces: (array length=n): static, in the order in which introspection lists them
 *
 * Looks the interfaces up in the compiled-in XML; a name that is not there, or
 * a method that its XML does not declare, is a programming error and aborts.
 *
 * Returns: (transfer full)
 */
XmObjectKind *xm_object_kind_new (const XmInterface *interfaces, gsize n);
void xm_object_kind_free (XmObjectKind *kind);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmObjectKind, xm_object_kind_free)

typedef enum {
  XM_MEMBER_METHOD,
  XM_MEMBER_PROPERTY,
  XM_MEMBER_SIGNAL,
} XmMemberSort;

/** XmMemberFunc: called for one member of the XML; @served: whether code answers for it. Signals
 * have no code here: %FALSE. */
typedef void (*XmMemberFunc) (const char *interface,
                              const char *member,
                              XmMemberSort sort,
                              gboolean served,
                              gpointer user_data);

/** xm_object_kind_foreach_member: calls @func for every member, in the order of the XML. What is
 * not served answers NotSupported. */
void
xm_object_kind_foreach_member (const XmObjectKind *kind, XmMemberFunc func, gpointer user_data);

/**
 * XmChildrenFunc: (transfer full) (nullable) (array zero-terminated=1): names of the nodes directly
 * below an object, for introspection.
 */
typedef char **(*XmChildrenFunc) (gpointer owner);

typedef struct _XmBusObject XmBusObject;

/**
 * XmGuard: asked before each call, also of a property and for introspection. Calls @pass with
 * @user_data exactly once, now or later; not @allowed: it has answered @invocation by then.
 */
typedef void (*XmGuard) (gpointer guard,
                         GDBusMethodInvocation *invocation,
                         void (*pass) (gpointer user_data, gboolean allowed),
                         gpointer user_data);

/**
 * xm_bus_object_set_guard: has @guard, with @data, asked for all objects that are exported on
 * @connection from now on. They must be unexported before it ends.
 */
void xm_bus_object_set_guard (GDBusConnection *connection, XmGuard guard, gpointer data);

/**
 * xm_bus_object_export:
 * @kind: (nullable): %NULL for a node that only leads to others
 * @children: (nullable): what introspection lists below the object
 * @owner: handed to the tables' functions; must outlive the object
 *
 * Returns: (transfer full): the exported object, or %NULL when the path is taken
 */
XmBusObject *xm_bus_object_export (GDBusConnection *connection,
                                   const char *path,
                                   const XmObjectKind *kind,
                                   XmChildrenFunc children,
                                   gpointer owner,
                                   GError **error);

/** xm_bus_object_unexport: takes the object off the bus and frees it. */
void xm_bus_object_unexport (XmBusObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmBusObject, xm_bus_object_unexport)

/*
 * What others are told of objects: signals InterfacesAdded and
 * InterfacesRemoved of org.freedesktop.DBus.ObjectManager on `/`, and
 * PropertiesChanged of org.freedesktop.DBus.Properties. Where a guard is set
 * they carry names only: who may know a value asks for it.
 */

/** xm_bus_object_announce: tells from now on what is exported, unexported and changed, or no more.
 * At first nothing is told. */
void xm_bus_object_announce (GDBusConnection *connection, gboolean announce);

/**
 * xm_bus_object_changed: PropertiesChanged is due.
 * @object: (nullable)
 * @property: static; told for each interface that has it
 */
void xm_bus_object_changed (XmBusObject *object, const char *property);

/** xm_bus_object_all_changed: (nullable): any property may have; they are told by their names. */
void xm_bus_object_all_changed (XmBusObject *object);

G_END_DECLS
