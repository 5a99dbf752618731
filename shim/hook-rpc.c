/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/hook-rpc.h"

#include <string.h>

#include "shim/error.h"
#include "shim/remote-call.h"
#include "shim/vm.h"

/* -- the text ---------------------------------------------------------------------- */

void
xm_hook_rpc_free (XmHookRpc *rpc)
{
  g_free (rpc->destination);
  g_free (rpc->interface);
  g_free (rpc->member);
  g_free (rpc->objpath);
  g_free (rpc->vm);
  g_free (rpc);
}

static char *
without_blanks (const char *text)
{
  GString *kept = g_string_new (NULL);
  for (; *text != '\0'; text++) {
    if (!g_ascii_isspace (*text))
      g_string_append_c (kept, *text);
  }
  return g_string_free (kept, FALSE);
}

static char *
unquote (const char *value)
{
  gsize len = strlen (value);
  gboolean quoted = len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0];
  return quoted ? g_strndup (value + 1, len - 2) : g_strdup (value);
}

XmHookRpc *
xm_hook_rpc_parse (const char *text)
{
  g_autoptr (XmHookRpc) rpc = g_new0 (XmHookRpc, 1);
  const struct {
    const char *key;
    char **value;
  } keys[] = {
    { "destination", &rpc->destination },
    { "interface", &rpc->interface },
    { "member", &rpc->member },
    { "objpath", &rpc->objpath },
    { "vm", &rpc->vm },
  };
  g_autofree char *dense = without_blanks (text);
  g_auto (GStrv) pairs = g_strsplit (dense, ",", -1);
  for (char **pair = pairs; *pair != NULL; pair++) {
    char *equals = strchr (*pair, '=');
    if (equals == NULL)
      continue;
    *equals = '\0';
    for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
      if (!g_str_equal (keys[i].key, *pair))
        continue;
      g_free (*keys[i].value);
      *keys[i].value = unquote (equals + 1);
    }
  }
  if (rpc->destination == NULL || rpc->interface == NULL || rpc->member == NULL)
    return NULL;
  if (rpc->objpath == NULL)
    rpc->objpath = g_strdup ("/");
  return g_steal_pointer (&rpc);
}

/* -- the call ---------------------------------------------------------------------- */

static gboolean
check_bus (XmService *service, const char *uuid, GError **error)
{
  if (uuid == NULL)
    return TRUE;
  const XmVm *vm = xm_vm_lookup (service, uuid);
  if (vm == NULL || !xm_vm_is_running (vm))
    xm_error_set_plain (error, "required VM %s is not running", uuid);
  else
    xm_error_set_plain (error, "the bus of VM %s cannot be reached", uuid);
  return FALSE;
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) answer = xm_remote_call_finish (result, &error);
  if (answer != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
xm_hook_rpc_async (XmService *service,
                   const XmHookRpc *rpc,
                   const char *const *arguments,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  const XmRemoteMethod method = { rpc->destination, rpc->objpath, rpc->interface, rpc->member };
  GError *error = NULL;
  g_task_set_source_tag (task, xm_hook_rpc_async);
  if (!check_bus (service, rpc->vm, &error) || !xm_remote_method_check (&method, &error)) {
    g_task_return_error (task, error);
    g_object_unref (task);
    return;
  }
  g_auto (GVariantBuilder) parameters = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);
  for (; *arguments != NULL; arguments++)
    g_variant_builder_add (&parameters, "s", *arguments);
  xm_remote_call_async (service->connection, &method, g_variant_builder_end (&parameters), G_MAXINT,
                        cancellable, on_answered, task);
}

gboolean
xm_hook_rpc_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
