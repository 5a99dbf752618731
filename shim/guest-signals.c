/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/guest-signals.h"

#include "shim/bus-caller.h"
#include "shim/guest-nodes.h"

#define INTERFACE "com.citrix.xenclient.guest"

/* Signals whose sender is being asked for; a guest can send faster than that. */
#define MAX_OPEN 64

static void agent_started (XmVm *vm);
static void agent_uninstalled (XmVm *vm);
static void xorg_running (XmVm *vm);

static const struct {
  const char *member;
  void (*told) (XmVm *vm);
} events[] = {
  { "agent_started", agent_started },
  { "agent_uninstalled", agent_uninstalled },
  { "xorg_running", xorg_running },
};

/* Questions hold references: they end after it has been freed. */
struct _XmGuestSignals {
  XmService *service;
  guint subscription;
  guint open;
};

/** Question: whose signal it is. */
typedef struct {
  XmGuestSignals *self; /* a reference */
  void (*told) (XmVm *vm);
} Question;

/* -- what is told ------------------------------------------------------------------ */

static void
agent_started (XmVm *vm)
{
  xm_guest_nodes_agent_told (vm, TRUE);
}

static void
agent_uninstalled (XmVm *vm)
{
  xm_guest_nodes_agent_told (vm, FALSE);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  if (!xl_xenstore_apply_finish (XL_XENSTORE (source), result, &error))
    g_warning ("that X runs in a guest is not written: %s", error->message);
}

/* Only beside a domain that is there: nothing removes the node otherwise. */
static void
xorg_running (XmVm *vm)
{
  g_autofree char *domain = g_strdup_printf ("/local/domain/%d/vm", vm->domid);
  g_autofree char *node = g_strdup_printf ("/xenmgr/vms/%s/xorg", vm->uuid);
  const XlXenstoreChange changes[] = { { domain, NULL, "r0" }, { node, "1", NULL } };
  xl_xenstore_apply_async (vm->service->xenstore, changes, G_N_ELEMENTS (changes), vm->service->end,
                           on_written, NULL);
}

/* -- listening --------------------------------------------------------------------- */

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Question *question = user_data;
  g_autoptr (XmVm) vm = xm_bus_caller_find_vm_finish (result);
  if (vm != NULL && vm->object != NULL)
    question->told (vm);
  question->self->open--;
  g_rc_box_release (question->self);
}

static void
on_signal (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *member,
           GVariant *parameters,
           gpointer user_data)
{
  XmGuestSignals *self = user_data;
  for (gsize i = 0; i < G_N_ELEMENTS (events); i++) {
    if (!g_str_equal (events[i].member, member) || self->open >= MAX_OPEN)
      continue;
    Question *question = g_new (Question, 1);
    *question = (Question){ g_rc_box_acquire (self), events[i].told };
    self->open++;
    xm_bus_caller_find_vm_async (self->service, sender, on_found, question);
  }
}

XmGuestSignals *
xm_guest_signals_new (XmService *service)
{
  XmGuestSignals *self = g_rc_box_new0 (XmGuestSignals);
  self->service = service;
  self->subscription =
      g_dbus_connection_signal_subscribe (service->connection, NULL, INTERFACE, NULL, NULL, NULL,
                                          G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  return self;
}

void
xm_guest_signals_free (XmGuestSignals *self)
{
  g_dbus_connection_signal_unsubscribe (self->service->connection, self->subscription);
  g_rc_box_release (self);
}
