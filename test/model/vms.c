/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vms.h"

#include <string.h>
#include <unistd.h>

#define MEMORY_MIB 128 /* what the lab's guest needs */

/* -- making ------------------------------------------------------------------------ */

static void
write_config (const TestVm *vm)
{
  g_autofree char *text = g_strdup_printf (
      "name = \"%s\"\nuuid = \"%s\"\ntype = \"pv\"\n"
      "memory = %d\nkernel = \"%s\"\nramdisk = \"%s\"\n",
      vm->name, vm->uuid, MEMORY_MIB, g_getenv ("XM_GUEST_KERNEL"), g_getenv ("XM_GUEST_RAMDISK"));
  g_autoptr (GError) error = NULL;
  if (!g_file_set_contents (vm->config, text, -1, &error))
    g_error ("%s", error->message);
}

static void
create (TestVm *vm)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = host_call ("/", XENMGR, "create_vm_with_template",
                                           g_variant_new ("(s)", "new-vm-pv"), &error);
  if (answer == NULL)
    g_error ("no VM: %s", error->message);
  g_free (vm->path);
  g_free (vm->uuid);
  g_variant_get (answer, "(o)", &vm->path);
  vm->uuid = g_strdelimit (g_strdup (vm->path + strlen ("/vm/")), "_", '-');
  host_set (vm->path, "name", g_variant_new_string (vm->name));
  host_set (vm->path, "memory", g_variant_new_int32 (MEMORY_MIB));
  host_set (vm->path, "memory-static-max", g_variant_new_int32 (MEMORY_MIB));
  host_set (vm->path, "kernel", g_variant_new_string (g_getenv ("XM_GUEST_KERNEL")));
  host_set (vm->path, "initrd", g_variant_new_string (g_getenv ("XM_GUEST_RAMDISK")));
  write_config (vm);
}

TestVm *
test_vm_new (guint number)
{
  TestVm *vm = g_new0 (TestVm, 1);
  vm->number = number;
  vm->name = g_strdup_printf ("model-%u", number);
  vm->image = host_file ("model-%u.image", number);
  vm->xl_image = host_file ("model-%u.xl-image", number);
  vm->config = host_file ("model-%u.cfg", number);
  vm->told = g_string_new (NULL);
  vm->model.domid = -1;
  create (vm);
  return vm;
}

void
test_vm_free (TestVm *vm)
{
  g_free (vm->name);
  g_free (vm->uuid);
  g_free (vm->path);
  g_free (vm->image);
  g_free (vm->xl_image);
  g_free (vm->config);
  g_string_free (vm->told, TRUE);
  g_free (vm);
}

void
test_vm_hear (TestVm *vm, const char *state)
{
  g_autofree char *word = g_strconcat (state, " ", NULL);
  gsize length = strlen (word);
  /* both internal states of a creation have one word in public */
  if (vm->told->len < length || !g_str_has_suffix (vm->told->str, word) ||
      (vm->told->len > length && vm->told->str[vm->told->len - length - 1] != ' '))
    g_string_append (vm->told, word);
}

/* -- acting ------------------------------------------------------------------------ */

static char **words (const char *first, ...) G_GNUC_NULL_TERMINATED;
static char **
words (const char *first, ...)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  va_list arguments;
  va_start (arguments, first);
  for (const char *word = first; word != NULL; word = va_arg (arguments, const char *))
    g_strv_builder_add (builder, word);
  va_end (arguments);
  return g_strv_builder_end (builder);
}

char **
test_vm_argv (const TestVm *vm, Action action)
{
  g_autofree char *domid = g_strdup_printf ("%d", vm->model.domid);
  g_autofree char *other_name = g_strconcat (vm->name, vm->model.renamed ? "" : "-renamed", NULL);
  switch ((int)action) {
  case ACTION_XL_CREATE:
    return words ("xl", "create", "-q", vm->config, NULL);
  case ACTION_XL_CREATE_PAUSED:
    return words ("xl", "create", "-q", "-p", vm->config, NULL);
  case ACTION_XL_CREATE_DETACHED:
    return words ("xl", "create", "-q", "-e", vm->config, NULL);
  case ACTION_XL_PAUSE:
    return words ("xl", "pause", domid, NULL);
  case ACTION_XL_UNPAUSE:
    return words ("xl", "unpause", domid, NULL);
  case ACTION_XL_DESTROY:
    return words ("xl", "destroy", domid, NULL);
  case ACTION_XL_SHUTDOWN:
    return words ("xl", "shutdown", domid, NULL);
  case ACTION_XL_REBOOT:
    return words ("xl", "reboot", domid, NULL);
  case ACTION_XL_RENAME:
    return words ("xl", "rename", domid, other_name, NULL);
  case ACTION_XL_SAVE:
    return words ("xl", "save", domid, vm->xl_image, NULL);
  case ACTION_XL_RESTORE:
    return words ("xl", "restore", vm->xl_image, NULL);
  case ACTION_GUEST_POWEROFF:
    return words ("xl-sim", "guest", domid, "poweroff", NULL);
  case ACTION_GUEST_REBOOT:
    return words ("xl-sim", "guest", domid, "reboot", NULL);
  case ACTION_GUEST_CRASH:
    return words ("xl-sim", "guest", domid, "crash", NULL);
  default:
    return NULL;
  }
}

/* The service's method, and what it is called with. */
static const char *
method (const TestVm *vm, Action action, GVariant **parameters)
{
  static const char *const methods[] = {
    [ACTION_START] = "start",
    [ACTION_SHUTDOWN] = "shutdown",
    [ACTION_REBOOT] = "reboot",
    [ACTION_PAUSE] = "pause",
    [ACTION_UNPAUSE] = "unpause",
    [ACTION_DESTROY] = "destroy",
    [ACTION_SUSPEND] = "suspend_to_file",
    [ACTION_RESUME] = "resume_from_file",
    [ACTION_DELETE] = "delete",
  };
  *parameters =
      action == ACTION_SUSPEND || action == ACTION_RESUME ? g_variant_new ("(s)", vm->image) : NULL;
  return methods[action];
}

gboolean
test_vm_act (TestVm *vm, Action action, char **error)
{
  g_auto (GStrv) argv = test_vm_argv (vm, action);
  g_autoptr (GError) failure = NULL;
  GVariant *parameters;
  if (argv != NULL) {
    int status = host_wait (host_spawn ((const char *const *)argv));
    if (status != 0)
      *error = g_strdup_printf ("status %d", status);
    return status == 0;
  }
  const char *name = method (vm, action, &parameters);
  g_autoptr (GVariant) answer = host_call (vm->path, VM, name, parameters, &failure);
  if (answer == NULL) {
    *error = g_strdup (failure->message);
    return FALSE;
  }
  if (action == ACTION_DELETE) {
    host_dispatch ();
    unlink (vm->image);
    unlink (vm->xl_image);
    create (vm);
  }
  return TRUE;
}

void
test_vm_call (TestVm *vm, Action action, HostAnswered answered, gpointer user_data)
{
  GVariant *parameters;
  const char *name = method (vm, action, &parameters);
  host_call_async (vm->path, VM, name, parameters, answered, user_data);
}

/* -- looking ----------------------------------------------------------------------- */

const HostDomain *
test_vm_domain (const TestVm *vm, GPtrArray *domains)
{
  const HostDomain *found = NULL;
  for (guint i = 0; i < domains->len; i++) {
    const HostDomain *domain = domains->pdata[i];
    if (g_str_equal (domain->uuid, vm->uuid))
      found = domain;
  }
  return found;
}

int
test_vm_owned_domid (const TestVm *vm)
{
  g_autofree char *path = host_file ("run/%s.domid", vm->uuid);
  g_autofree char *text = NULL;
  return g_file_get_contents (path, &text, NULL, NULL) ? (int)g_ascii_strtoll (text, NULL, 10) : -1;
}

static Phase
phase_of (const HostDomain *domain)
{
  if (domain == NULL)
    return PHASE_OFF;
  if (strchr (domain->state, 's') != NULL || domain->state[5] == 'd')
    return PHASE_ENDED;
  return domain->state[2] == 'p' ? PHASE_PAUSED : PHASE_RUNNING;
}

static char *
compare_shown (const TestVm *vm, const HostGet shown[N_SHOWN], const char *state, int domid)
{
  g_autofree char *want_domid = g_strdup_printf ("%d", domid);
  if (!g_str_equal (shown[SHOWN_STATE].value, state))
    return g_strdup_printf ("%s: the service says %s, expected %s", vm->name,
                            shown[SHOWN_STATE].value, state);
  if (!g_str_equal (shown[SHOWN_DOMID].value, want_domid))
    return g_strdup_printf ("%s: the service says domid %s, expected %s", vm->name,
                            shown[SHOWN_DOMID].value, want_domid);
  return NULL;
}

void
test_vm_ask (const TestVm *vm, HostGet shown[N_SHOWN])
{
  shown[SHOWN_STATE] = (HostGet){ .path = vm->path, .property = "state" };
  shown[SHOWN_DOMID] = (HostGet){ .path = vm->path, .property = "domid" };
}

/* What the service says of the VM, against what it should. */
static char *
compare_service (const TestVm *vm, const char *state, int domid)
{
  HostGet shown[N_SHOWN];
  test_vm_ask (vm, shown);
  host_get_many (shown, N_SHOWN);
  char *difference = compare_shown (vm, shown, state, domid);
  for (int i = 0; i < N_SHOWN; i++)
    g_free (shown[i].value);
  return difference;
}

char *
test_vm_look_at_host (const TestVm *vm, GPtrArray *domains, int old_domid)
{
  const ModelVm *model = &vm->model;
  const HostDomain *domain = test_vm_domain (vm, domains);
  if (phase_of (domain) != model->phase)
    return g_strdup_printf ("%s: xl shows %s, expected %s", vm->name,
                            domain != NULL ? domain->state : "nothing", model_state (model));
  if (domain != NULL && old_domid >= 0 && domain->domid == old_domid)
    return g_strdup_printf ("%s: still has domid %d", vm->name, old_domid);
  if (domain != NULL && old_domid < 0 && model->domid >= 0 && model->domid != domain->domid)
    return g_strdup_printf ("%s: has domid %d, expected %d", vm->name, domain->domid, model->domid);
  return NULL;
}

char *
test_vm_look (TestVm *vm, GPtrArray *domains, const HostGet shown[N_SHOWN])
{
  ModelVm *model = &vm->model;
  const HostDomain *domain = test_vm_domain (vm, domains);
  int domid = domain != NULL ? domain->domid : -1;
  char *difference = compare_shown (vm, shown, model_state (model), domid);
  if (difference != NULL)
    return difference;
  int owned = test_vm_owned_domid (vm);
  if (owned != (model->owner == OWNER_SERVICE ? domid : -1))
    return g_strdup_printf ("%s: the service owns domid %d, xl shows %d, expected owner %d",
                            vm->name, owned, domid, model->owner);
  model->domid = domid;
  return NULL;
}

char *
test_vm_look_at_service (const TestVm *vm, GPtrArray *domains)
{
  static const char *const states[] = { "stopped", "running", "paused", "stopping" };
  const HostDomain *domain = test_vm_domain (vm, domains);
  int domid = domain != NULL ? domain->domid : -1;
  int owned = test_vm_owned_domid (vm);
  guint n = 0;
  for (guint i = 0; i < domains->len; i++)
    n += g_str_equal (((HostDomain *)domains->pdata[i])->uuid, vm->uuid);
  if (n > 1)
    return g_strdup_printf ("%s: has %u domains", vm->name, n);
  if (owned != -1 && owned != domid)
    return g_strdup_printf ("%s: the service owns domid %d, xl shows %d", vm->name, owned, domid);
  if (phase_of (domain) == PHASE_ENDED)
    return g_strdup_printf ("%s: domain %d is down and was not removed", vm->name, domid);
  return compare_service (vm, states[phase_of (domain)], domid);
}
