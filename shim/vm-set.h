/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/*
 * The set of VMs: which are on the bus follows the children of /vm in the
 * store, whoever changed them; creating and deleting go through the store.
 */

/** xm_vm_set_sync: exports VMs that are in the store and unexports those that are not. */
void xm_vm_set_sync (XmService *service);

/** xm_vm_set_store_changed: handler of XmStore::changed: brings what @path touches in line. */
void xm_vm_set_store_changed (XmService *service, const char *path);

/** xm_vm_set_list: (transfer container) (element-type XmVm): the exported VMs in the store's order.
 */
GPtrArray *xm_vm_set_list (XmService *service);

/** xm_vm_set_paths: (transfer none): their object paths in that order, `(ao)`; made anew only when
 * the set has changed. */
GVariant *xm_vm_set_paths (XmService *service);

/** XmCreate: what a create_vm* call asks for; all but @template may be NULL. */
typedef struct {
  const char *template; /* blank: nothing */
  const char *json;     /* merged over the template; blank: nothing */
  const char *uuid;
  const char *name; /* only when template and @json give none */
  const char *description;
  const char *image_path;
  gboolean unrestricted; /* no policy check */
  gboolean no_slot;      /* none but what the template gives */
} XmCreate;

/**
 * xm_vm_set_create: makes a VM in the store and on the bus. In memory: the caller waits for the
 * disk and then emits `vm_created`. Returns: (transfer none) (nullable)
 */
XmVm *xm_vm_set_create (XmService *service, const XmCreate *create, GError **error);

/**
 * xm_vm_set_delete_async: removes a VM that is not running from the store, with the images that are
 * its alone, and emits `vm_deleted`.
 */
void xm_vm_set_delete_async (XmVm *vm,
                             gboolean unrestricted,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean xm_vm_set_delete_finish (GAsyncResult *result, GError **error);

G_END_DECLS
