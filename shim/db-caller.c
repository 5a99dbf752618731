/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/db-caller.h"

#include "shim/bus-caller.h"
#include "shim/db-service.h"
#include "shim/error.h"

typedef struct {
  XmService *service;
  GDBusMethodInvocation *invocation;
} Call;

static void
handle (XmService *service, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  xm_db_handle (service->store, g_dbus_method_invocation_get_method_name (invocation), parameters,
                invocation);
}

/* The hypervisor's word for it: what xenstore says of a guest, others may have written. */
static const char *
uuid_of (const XmService *service, gint64 domid)
{
  const GPtrArray *domains = xm_domains_get_all (service->domains);
  for (guint i = 0; i < domains->len; i++) {
    const XlDomain *domain = domains->pdata[i];
    if (domain->domid == domid)
      return domain->uuid;
  }
  return NULL;
}

/* (transfer full): the path, which comes first, is below the domain's own node. */
static GVariant *
parameters_of_guest (const char *uuid, GVariant *parameters)
{
  const char *path, *value;
  gboolean two = g_variant_n_children (parameters) == 2;
  if (two)
    g_variant_get (parameters, "(&s&s)", &path, &value);
  else
    g_variant_get (parameters, "(&s)", &path);
  g_autofree char *whole = g_strconcat ("/dom-store/", uuid, "/", path, NULL);
  return g_variant_ref_sink (two ? g_variant_new ("(ss)", whole, value)
                                 : g_variant_new ("(s)", whole));
}

static void
handle_of (XmService *service, gint64 domid, GDBusMethodInvocation *invocation)
{
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  const char *uuid = domid > 0 ? uuid_of (service, domid) : NULL;
  GError *error = NULL;
  if (domid == 0) {
    handle (service, parameters, invocation);
  } else if (uuid != NULL) {
    g_autoptr (GVariant) own = parameters_of_guest (uuid, parameters);
    handle (service, own, invocation);
  } else {
    xm_error_set_plain (&error, "failed to resolve domid %d to uuid", (int)domid);
    xm_error_return (invocation, error);
  }
}

static void
on_domid (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  GError *error = NULL;
  gint64 domid = xm_bus_caller_find_domid_finish (result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    xm_error_return (call->invocation, error); /* the service has ended */
    return;
  }
  call->service->db_calls_asked--;
  if (xm_bus_caller_is_unknown (error)) {
    g_clear_error (&error);
    call->service->bus_without_domains = TRUE;
    domid = 0;
  }
  if (error != NULL)
    xm_error_return (call->invocation, xm_error_from_peer (error));
  else
    handle_of (call->service, domid, call->invocation);
}

void
xm_db_call (gpointer owner, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  XmService *service = owner;
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  gboolean first = service->db_calls_asked == 0; /* calls are answered in their order */
  if (sender == NULL || (service->bus_without_domains && first)) {
    handle (service, parameters, invocation);
    return;
  }
  Call *call = g_new (Call, 1);
  *call = (Call){ service, invocation };
  service->db_calls_asked++;
  xm_bus_caller_find_domid_async (service, sender, on_domid, call);
}
