/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/vm-nic-specs.h"

#include <string.h>

#include "shim/error.h"
#include "shim/nic-backend.h"
#include "shim/nic-record.h"
#include "shim/text.h"
#include "shim/vm-device.h"
#include "xlwrap/xl-config.h"

/** Nic: what a specification is made of. */
typedef struct {
  const XmVm *vm;
  guint id;
  guint position; /* in `vif=[...]` */
  gboolean hvm;
  const char *network;
  const char *mac;
  const char *model;
  int backend; /* domid; 0 for dom0 */
} Nic;

typedef struct {
  XlKeyValue pairs[8];
  gsize n;
} Spec;

static void
put (Spec *spec, const char *key, const char *value)
{
  g_assert (spec->n < G_N_ELEMENTS (spec->pairs));
  spec->pairs[spec->n++] = (XlKeyValue){ key, value };
}

/* xl says that a bad MAC is one, and goes on with one of its own. */
static gboolean
is_mac (const char *text)
{
  for (guint octet = 0; octet < 6; octet++) {
    gsize digits = strspn (text, "0123456789abcdefABCDEF");
    if (digits < 1 || digits > 2 || (octet < 5 && text[digits] != ':'))
      return FALSE;
    text += digits + (octet < 5);
  }
  return *text == '\0';
}

/* xl numbers the NICs by their positions unless told otherwise; guests and the backend's interfaces
 * know them by their ids. */
static char *
stock_spec (const Nic *nic, GError **error)
{
  g_autofree char *bridge = xm_settings_bridge (nic->vm->service->settings, nic->network);
  g_autofree char *backend = g_strdup_printf ("%d", nic->backend);
  g_autofree char *devid = g_strdup_printf ("%u", nic->id);
  Spec spec = { .n = 0 };
  put (&spec, "mac", nic->mac);
  if (bridge != NULL)
    put (&spec, "bridge", bridge);
  if (nic->backend > 0)
    put (&spec, "backend", backend);
  if (nic->hvm)
    put (&spec, "model", nic->model);
  if (nic->id != nic->position)
    put (&spec, "devid", devid);
  return xl_config_format_device (spec.pairs, spec.n, error);
}

/* OpenXT's vif script takes the network's path, and its xl knows wireless devices. Only guests with
 * a stubdomain have emulated NICs there. */
static char *
openxt_spec (const Nic *nic, GError **error)
{
  g_autofree char *backend = g_strdup_printf ("%d", nic->backend);
  gboolean emulated = nic->hvm && xm_vm_read_boolean (nic->vm, "stubdom", FALSE);
  gboolean wireless =
      xm_vm_device_read_boolean (nic->vm, "nic", nic->id, "wireless-driver", FALSE) &&
      g_strcmp0 (xm_vm_read (nic->vm, "os"), "linux") != 0;
  Spec spec = { .n = 0 };
  put (&spec, "bridge", nic->network);
  put (&spec, "backend", backend);
  if (wireless)
    put (&spec, "wireless", "1");
  put (&spec, "mac", nic->mac);
  put (&spec, "type", emulated ? "ioemu" : "vif");
  if (emulated)
    put (&spec, "model", nic->model);
  return xl_config_format_device (spec.pairs, spec.n, error);
}

/* The start has found the backends; without one, as for a look at the text, they are as of now. */
static gboolean
find_backend (const XmStart *start, Nic *nic, GError **error)
{
  int domid;
  if (start != NULL) {
    nic->backend =
        GPOINTER_TO_INT (g_hash_table_lookup (start->nic_backends, GUINT_TO_POINTER (nic->id)));
    return TRUE;
  }
  if (!xm_nic_backend_domid (nic->vm, nic->id, &domid, error))
    return FALSE;
  nic->backend = MAX (domid, 0);
  return TRUE;
}

char **
xm_vm_nic_specs (XmVm *vm, const XmStart *start, gboolean hvm, GError **error)
{
  g_autoptr (GStrvBuilder) specs = g_strv_builder_new ();
  g_autoptr (GArray) ids = xm_vm_list_ids (vm, "config/nic");
  guint n = 0;
  for (guint i = 0; i < ids->len; i++) {
    guint id = g_array_index (ids, guint, i);
    if (!xm_nic_is_given (vm, id))
      continue;
    g_autofree char *mac = xm_nic_mac (vm, id);
    Nic nic = { .vm = vm,
                .id = id,
                .position = n++,
                .hvm = hvm,
                .network = xm_nic_network (vm, id),
                .mac = mac,
                .model = xm_text_or (xm_vm_device_read (vm, "nic", id, "model"), "e1000") };
    if (!is_mac (mac)) {
      xm_error_set_plain (error, "property mac of nic %u of vm %s is no MAC address: %s", id,
                          vm->uuid, mac);
      return NULL;
    }
    if (!find_backend (start, &nic, error))
      return NULL;
    g_autofree char *spec =
        start != NULL && start->openxt ? openxt_spec (&nic, error) : stock_spec (&nic, error);
    if (spec == NULL) {
      xm_vm_device_blame (error, vm, "nic", id);
      return NULL;
    }
    g_strv_builder_add (specs, spec);
  }
  return g_strv_builder_end (specs);
}
