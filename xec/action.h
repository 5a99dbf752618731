/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "xec/options.h"

G_BEGIN_DECLS

/**
 * XecAction: what a command line asks to be done with one object.
 * @interface: (nullable): given with -i; a member is looked for only there
 * @kind: the one thing to do
 * @shows_progress: while a method runs, shows on a terminal how far it is
 * @words: the property, the property and its value, or the method and its
 *   arguments; %NULL-terminated for a call
 *
 * A view: everything points into argv.
 */
typedef struct {
  const char *service;
  const char *object;
  const char *interface;
  enum {
    XEC_ACTION_LIST_INTERFACES,
    XEC_ACTION_LIST_METHODS,
    XEC_ACTION_LIST_PROPERTIES,
    XEC_ACTION_GET,
    XEC_ACTION_SET,
    XEC_ACTION_GET_ALL,
    XEC_ACTION_CALL,
    XEC_ACTION_DESCRIBE, /**< print the members of the object */
  } kind;
  gboolean shows_progress;
  char **words;
} XecAction;

/**
 * xec_action_from_options: decides what to do. Listings win over -g, -g over
 * -x, all of them over the command word; words too many for get and set are
 * ignored; without a command word the object is described.
 * @object: the object to do it with
 */
XecAction xec_action_from_options (XecOptions *options, const char *object);

/**
 * xec_action_perform: does it, and prints the results on stdout.
 *
 * Errors: as xec_bus_call(); XEC_ERROR_LOCAL for an unknown member, a wrong
 * number of arguments or an argument that is no value of its type.
 */
gboolean xec_action_perform (const XecAction *action, GDBusConnection *connection, GError **error);

G_END_DECLS
