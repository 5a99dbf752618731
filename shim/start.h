/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm.h"

G_BEGIN_DECLS

/**
 * XmStart: one start of a VM, from the decision to start it to `xl create`. Its steps (start.c) run
 * one after the other and leave here what the xl.cfg needs and the store does not hold.
 */
typedef struct {
  XmVm *vm;
  GCancellable *cancellable;
  GHashTable
      *disk_formats;    /* disk id -> format that the image has, where its type leaves it open */
  GHashTable *overlays; /* disk id -> path of the image to use instead of the disk's own */
  GHashTable
      *nic_backends; /* NIC id -> domid of the backend that serves it, where it is not dom0 */
  gboolean openxt;   /* the xl at hand is OpenXT's: see xm_toolstack_is_openxt() */
  gboolean chooses_qmp_proxy; /* see xm_toolstack_chooses_qmp_proxy() */
  GPtrArray *pci_devices;     /* XmPassedDevice, NULL for none */
  char *kernel;               /* taken out of a disk because the property is empty; NULL for none */
  char *ovf_iso;              /* CD image with the OVF environment, NULL for none */
  char *config_path;          /* the xl.cfg, once it is written */
  char *image;                /* saved state to restore instead of creating, NULL for none */
  guint64 image_size;         /* its bytes */
  char **monitor; /* QEMU's arguments for a monitor of the service's own, NULL for none */
} XmStart;

XmStart *xm_start_new (XmVm *vm, GCancellable *cancellable);
void xm_start_free (XmStart *start);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmStart, xm_start_free)

/**
 * XmStartStep: does one thing for @start.
 * @task: (transfer full): to be answered with a boolean: %TRUE or an error. It carries the start's
 * cancellable. XM_ERROR_NOT_STARTED ends the start with a warning in the log, and the call of
 * `start` succeeds without a domain, as in the original.
 */
typedef void (*XmStartStep) (XmStart *start, GTask *task);

/**
 * xm_start_prepare_async: runs all steps up to the finished xl.cfg. @start must live until the end.
 */
void xm_start_prepare_async (XmStart *start, GAsyncReadyCallback callback, gpointer user_data);

/** xm_start_prepare_finish: (transfer full): path of the xl.cfg. */
char *xm_start_prepare_finish (GAsyncResult *result, GError **error);

/**
 * xm_start_undo: removes what the steps left on the host for one run of the VM: called once the
 * domain is gone, after a start that failed, and for each VM without a domain when the service
 * begins. Never fails; what cannot be removed is logged.
 */
void xm_start_undo (XmVm *vm);

G_END_DECLS
