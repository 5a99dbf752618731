/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SurfaceInterface:
 * @name: the interface
 * @path: the object that has it, with `<uuid>` and `<id>` standing for what varies
 * @members: (element-type utf8): its rows, in the form of ClientNode.members
 */
typedef struct {
  char *name;
  char *path;
  GPtrArray *members;
} SurfaceInterface;

/** surface_load: (transfer container): the recorded surface of the service, in its order; aborts
 * when unreadable. */
GPtrArray *surface_load (void);

G_END_DECLS
