/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/vm-config.h"
#include "xlwrap/xl-config.h"

G_BEGIN_DECLS

/** XmConfigBuilder: the making of one xl.cfg. */
typedef struct {
  XmVm *vm;
  const XmStart *start; /* may be NULL */
  const char *virt_type;
  gboolean hvm;
  gboolean stubdom; /* QEMU runs in a domain of its own */
  gboolean openxt;  /* for OpenXT's xl */
  XlConfig *lines;
  XmVmConfig *config; /* takes the needed files */
} XmConfigBuilder;

/**
 * xm_vm_config_add_lines: all lines of the VM's xl.cfg.
 *
 * Only keys that the xl at hand knows, and for HVM guests alone those that xl reads for HVM guests
 * alone. Values that xl would refuse are refused here, with the name of the property.
 */
gboolean xm_vm_config_add_lines (XmConfigBuilder *b, GError **error);

/** xm_vm_config_refuse: prefixes @error with @property and the VM. Returns: %FALSE. */
gboolean xm_vm_config_refuse (const XmConfigBuilder *b, const char *property, GError **error);

/** xm_vm_config_add_rows: the lines of those rows of the property table that tell theirs. */
gboolean xm_vm_config_add_rows (XmConfigBuilder *b, GError **error);

G_END_DECLS
