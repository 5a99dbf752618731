/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "race.h"

#include <string.h>

#define RACERS         3
#define MAX_DELAY_US   30000
#define SETTLE_SECONDS 30

/* What may happen at once. None of these leaves a domain that nobody removes. */
static const Action racers[] = {
  ACTION_START,        ACTION_START,       ACTION_DESTROY,    ACTION_SHUTDOWN,
  ACTION_REBOOT,       ACTION_PAUSE,       ACTION_UNPAUSE,    ACTION_XL_CREATE,
  ACTION_XL_DESTROY,   ACTION_XL_PAUSE,    ACTION_XL_UNPAUSE, ACTION_GUEST_POWEROFF,
  ACTION_GUEST_REBOOT, ACTION_GUEST_CRASH,
};

static void
on_answered (const GError *error, gpointer user_data)
{
  guint *left = user_data; /* that something failed is no wonder; that it was not answered is */
  (*left)--;
}

static void
pass (gint64 us)
{
  gint64 end = g_get_monotonic_time () + us;
  while (g_get_monotonic_time () < end)
    host_dispatch_until (end);
}

static int
current_domid (const TestVm *vm)
{
  g_autoptr (GPtrArray) domains = host_list ();
  const HostDomain *domain = test_vm_domain (vm, domains);
  return domain != NULL ? domain->domid : vm->model.domid;
}

/* Twice the same, with a look of the service between: nothing goes on any more. */
static void
wait_for_agreement (TestVm *vm)
{
  gint64 limit = g_get_monotonic_time () + SETTLE_SECONDS * G_USEC_PER_SEC;
  guint agreed = 0;
  while (agreed < 2) {
    walk_refresh ();
    host_wait_for_xl ();
    g_autoptr (GPtrArray) domains = host_list ();
    g_autofree char *difference = test_vm_look_at_service (vm, domains);
    agreed = difference == NULL ? agreed + 1 : 0;
    if (difference != NULL && g_get_monotonic_time () > limit)
      walk_fail ("%s", difference);
    pass (difference != NULL ? 10000 : 40000); /* the monitor of xl rests before it restarts */
  }
}

/* Back to what the model knows: what is left goes. */
static void
end_it (TestVm *vm)
{
  g_autofree char *error = NULL;
  if (!test_vm_act (vm, ACTION_DESTROY, &error))
    walk_fail ("destroy of %s: %s", vm->name, error);
  wait_for_agreement (vm);
  g_autoptr (GPtrArray) domains = host_list ();
  if (test_vm_domain (vm, domains) != NULL)
    walk_fail ("%s has a domain after destroy", vm->name);
  vm->model.phase = PHASE_OFF;
  vm->model.owner = OWNER_NONE;
  vm->model.domid = -1;
  vm->model.pauses = 0;
  vm->model.renamed = FALSE;
  host_dispatch ();
  g_string_truncate (vm->told, 0);
}

gboolean
race_run (TestVm *vm, GRand *chance)
{
  g_autoptr (GString) text = g_string_new ("at once");
  guint n = 2 + (guint)g_rand_int_range (chance, 0, RACERS - 1);
  guint unanswered = 0;
  pid_t processes[RACERS];
  guint n_processes = 0;
  Action actions[RACERS];
  gint32 delays[RACERS];
  gboolean is_kill = g_rand_int_range (chance, 0, 4) == 0;
  for (guint i = 0; i < n; i++) {
    actions[i] = racers[g_rand_int_range (chance, 0, G_N_ELEMENTS (racers))];
    delays[i] = g_rand_int_range (chance, 0, MAX_DELAY_US);
    g_string_append_printf (text, "%s %s, %d us", i > 0 ? ";" : "", model_action_name (actions[i]),
                            delays[i]);
  }
  walk_note ("%s%s: %s (%s, domain %d)", text->str, is_kill ? "; the daemon is killed" : "",
             vm->name, model_state (&vm->model), vm->model.domid);

  for (guint i = 0; i < n; i++) {
    if (ACTION_IS_SERVICE (actions[i])) {
      unanswered++;
      test_vm_call (vm, actions[i], on_answered, &unanswered);
    } else {
      vm->model.domid = current_domid (vm);
      g_auto (GStrv) argv = test_vm_argv (vm, actions[i]);
      processes[n_processes++] = host_spawn ((const char *const *)argv);
    }
    pass (delays[i]);
  }
  if (is_kill && (host_run ("simhost-daemon", "kill", NULL) != 0 ||
                  host_run ("simhost-daemon", "start", NULL) != 0))
    walk_fail ("the daemon does not start again");
  for (guint i = 0; i < n_processes; i++)
    host_wait (processes[i]);
  gint64 limit = g_get_monotonic_time () + SETTLE_SECONDS * G_USEC_PER_SEC;
  while (unanswered > 0) {
    if (g_get_monotonic_time () > limit)
      walk_fail ("%s: a call is not answered", vm->name);
    host_dispatch_until (limit);
  }
  wait_for_agreement (vm);
  vm->model.configured = FALSE;
  end_it (vm);
  g_autofree char *config = host_file ("run/%s.cfg", vm->uuid);
  vm->model.configured = g_file_test (config, G_FILE_TEST_EXISTS);
  return is_kill;
}
