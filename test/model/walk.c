/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model-walk: a random walk over what clients, guests, admins and a killed
 * daemon can do to VMs. After each step the service is compared with a small
 * model of its own and with `xl list -v`. Run by ./run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "race.h"
#include "vms.h"
#include "walk.h"

#define SETTLE_SECONDS 20
#define HISTORY        30
#define TRIM_STEPS     1000
#define POLL_US        2000
#define XL_LOOK_STEPS  10

static struct {
  int steps, vms, seconds, seed;
  int races;
  gboolean verbose;
} options = { .steps = 1000, .vms = 4, .seed = 0 };

static const GOptionEntry entries[] = {
  { "steps", 's', 0, G_OPTION_ARG_INT, &options.steps, "How many steps (default 1000)", "N" },
  { "seed", 'r', 0, G_OPTION_ARG_INT, &options.seed, "Which walk (default: a new one)", "N" },
  { "vms", 'n', 0, G_OPTION_ARG_INT, &options.vms, "Among how many VMs (default 4)", "N" },
  { "races", 'x', 0, G_OPTION_ARG_INT, &options.races,
    "How many steps of a thousand do several things at once (default 0)", "N" },
  { "seconds", 't', 0, G_OPTION_ARG_INT, &options.seconds, "Stop after that time", "N" },
  { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options.verbose, "Print each step", NULL },
  G_OPTION_ENTRY_NULL,
};

static GRand *chance;
static GPtrArray *vms;  /* TestVm */
static char *poke_path; /* a VM that is always off */
static int step_number;
static char *history[HISTORY];
static GHashTable *times; /* name of an action -> Time */

typedef struct {
  guint count;
  gint64 total_us;
} Time;

/* -- what is printed --------------------------------------------------------------- */

void
walk_note (const char *format, ...)
{
  char **entry = &history[step_number % HISTORY];
  va_list arguments;
  va_start (arguments, format);
  g_free (*entry);
  *entry = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (options.verbose)
    g_print ("%6d  %s\n", step_number, *entry);
}

void
walk_fail (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_print ("\nseed %d, step %d: %s\n\nthe last steps:\n", options.seed, step_number, text);
  for (int i = MAX (0, step_number - HISTORY + 1); i <= step_number; i++)
    g_print ("%6d  %s\n", i, history[i % HISTORY] != NULL ? history[i % HISTORY] : "");
  exit (1);
}

static void
count_time (const char *name, gint64 started)
{
  Time *time = g_hash_table_lookup (times, name);
  if (time == NULL) {
    time = g_new0 (Time, 1);
    g_hash_table_insert (times, (char *)name, time);
  }
  time->count++;
  time->total_us += g_get_monotonic_time () - started;
}

static void
print_times (void)
{
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init (&iter, times);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const Time *time = value;
    g_print ("%7u x %7.1f ms  %s\n", time->count, (double)time->total_us / time->count / 1000,
             (const char *)key);
  }
}

/* -- comparing --------------------------------------------------------------------- */

void
walk_refresh (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = host_call (poke_path, VM, "unpause", NULL, &error);
  if (answer == NULL)
    walk_fail ("unpause of a VM that is off: %s", error->message);
}

static void
on_told (const char *uuid, const char *state, gpointer user_data)
{
  for (guint i = 0; i < vms->len; i++) {
    TestVm *vm = vms->pdata[i];
    if (g_strcmp0 (vm->uuid, uuid) == 0)
      test_vm_hear (vm, state);
  }
}

/* Whether all domains are as the model has them; @domains as the host's records, or xl, show them.
 */
static char *
look_at_host (GPtrArray *domains, const TestVm *changed, int old_domid)
{
  guint known = 0;
  for (guint i = 0; i < vms->len; i++) {
    const TestVm *vm = vms->pdata[i];
    char *difference = test_vm_look_at_host (vm, domains, vm == changed ? old_domid : -1);
    if (difference != NULL)
      return difference;
    known += vm->model.phase != PHASE_OFF;
  }
  if (known != domains->len)
    return g_strdup_printf ("xl shows %u domains, expected %u", domains->len, known);
  return NULL;
}

static char *
look_at_all (const TestVm *changed, int old_domid)
{
  g_autoptr (GPtrArray) domains = host_list ();
  char *difference = look_at_host (domains, changed, old_domid);
  if (difference != NULL)
    return difference;
  g_autofree HostGet *shown = g_new (HostGet, vms->len * N_SHOWN);
  for (guint i = 0; i < vms->len; i++)
    test_vm_ask (vms->pdata[i], &shown[i * N_SHOWN]);
  host_get_many (shown, vms->len * N_SHOWN);
  for (guint i = 0; i < vms->len && difference == NULL; i++)
    difference = test_vm_look (vms->pdata[i], domains, &shown[i * N_SHOWN]);
  for (guint i = 0; i < vms->len * N_SHOWN; i++)
    g_free (shown[i].value);
  return difference;
}

/* What the walk reads of the host without xl is what xl prints. */
static void
look_with_xl (void)
{
  g_autoptr (GPtrArray) domains = host_list_by_xl ();
  g_autofree char *difference = look_at_host (domains, NULL, -1);
  if (difference != NULL)
    walk_fail ("by xl list -v: %s", difference);
}

void
walk_expect_told (TestVm *vm, const char *pattern)
{
  g_autofree char *whole = g_strconcat ("^", pattern, "$", NULL);
  if (!g_regex_match_simple (whole, vm->told->str, 0, 0))
    walk_fail ("%s: the states told were '%s', expected '%s'", vm->name, vm->told->str, pattern);
  g_string_truncate (vm->told, 0);
}

/* Waits until the service and xl are as the model is; @changed may have a new domid.
 * @is_quiet: xl lets the guest run, or stops it, and nobody is told */
static void
wait_for_model (const TestVm *changed, int old_domid, gboolean is_quiet)
{
  gint64 limit = g_get_monotonic_time () + SETTLE_SECONDS * G_USEC_PER_SEC;
  g_autofree char *difference = NULL;
  while ((difference = look_at_all (changed, old_domid)) != NULL) {
    if (g_get_monotonic_time () > limit)
      walk_fail ("%s", difference);
    g_clear_pointer (&difference, g_free);
    if (is_quiet)
      walk_refresh ();
    host_dispatch_until (g_get_monotonic_time () + POLL_US); /* Xen's side tells nobody */
  }
  host_dispatch ();
  if (step_number % XL_LOOK_STEPS == 0)
    look_with_xl ();
}

static void
settle (TestVm *changed, int old_domid, const char *pattern, gboolean is_quiet)
{
  wait_for_model (changed, old_domid, is_quiet);
  for (guint i = 0; i < vms->len; i++) {
    TestVm *vm = vms->pdata[i];
    walk_expect_told (vm, vm == changed ? pattern : "");
  }
}

/* -- stepping ---------------------------------------------------------------------- */

/* Pauses by hand leave no trace in xenstore, nor does the first moment of a domain made by hand. */
static gboolean
is_quiet (const Row *row, const ModelVm *after)
{
  return !ACTION_IS_SERVICE (row->action)
             ? (row->effects & (EFFECT_PAUSE | EFFECT_UNPAUSE)) != 0 ||
                   ((row->effects & EFFECT_NEW_DOMAIN) != 0 && after->owner != OWNER_SERVICE)
             : (row->effects & EFFECT_NEW_DOMAIN) != 0 && after->owner == OWNER_MONITOR;
}

static void
act (TestVm *vm, const Row *row)
{
  g_autofree char *error = NULL;
  int old_domid = row->effects & EFFECT_NEW_DOMAIN ? vm->model.domid : -1;
  gboolean done = test_vm_act (vm, row->action, &error);
  if (row->answer != ANSWER_ANY && done != (row->answer == ANSWER_OK))
    walk_fail ("%s of %s: %s", model_action_name (row->action), vm->name,
               done ? "done, but expected to fail" : error);
  if (row->effects & EFFECT_NEW_DOMAIN)
    vm->model.domid = -1;
  model_apply (&vm->model, row);
  settle (vm, old_domid, row->told, is_quiet (row, &vm->model));
}

static const Row *
choose (const TestVm *vm, gboolean by_service)
{
  const Row *possible[N_ACTIONS];
  guint sums[N_ACTIONS];
  guint n = 0, sum = 0;
  for (int action = 0; action < N_ACTIONS; action++) {
    const Row *row = model_row (&vm->model, (Action)action);
    if (row == NULL || (!by_service && ACTION_IS_SERVICE (action)) ||
        (vm->model.pauses > 2 && row->effects & EFFECT_PAUSE))
      continue;
    sum += model_action_weight ((Action)action);
    possible[n] = row;
    sums[n++] = sum;
  }
  if (n == 0)
    return NULL;
  guint at = (guint)g_rand_int_range (chance, 0, (gint32)sum);
  for (guint i = 0; i < n; i++) {
    if (at < sums[i])
      return possible[i];
  }
  g_assert_not_reached ();
}

static TestVm *
choose_vm (void)
{
  return vms->pdata[g_rand_int_range (chance, 0, (gint32)vms->len)];
}

static void
daemon_control (const char *word)
{
  if (host_run ("simhost-daemon", word, NULL) != 0)
    walk_fail ("simhost-daemon %s failed", word);
}

/* A daemon that comes back tells of all that runs. */
static void
forget_told (void)
{
  host_dispatch ();
  for (guint i = 0; i < vms->len; i++)
    g_string_truncate (((TestVm *)vms->pdata[i])->told, 0);
}

/* The daemon is killed, or ends, and comes back; meanwhile things happen. */
static const char *
step_restart (void)
{
  gboolean is_kill = g_rand_boolean (chance);
  TestVm *vm = choose_vm ();
  const Row *row = g_rand_boolean (chance) ? choose (vm, FALSE) : NULL;
  int old_domid = -1;
  walk_note ("the daemon %s%s%s%s%s", is_kill ? "is killed" : "ends",
             row != NULL ? "; meanwhile " : "", row != NULL ? model_action_name (row->action) : "",
             row != NULL ? " of " : "", row != NULL ? vm->name : "");
  daemon_control (is_kill ? "kill" : "stop");
  if (row != NULL) {
    g_autofree char *error = NULL;
    old_domid = row->effects & EFFECT_NEW_DOMAIN ? vm->model.domid : -1;
    if (test_vm_act (vm, row->action, &error) != (row->answer != ANSWER_ERROR))
      walk_fail ("%s: %s", model_action_name (row->action), error);
    if (row->effects & EFFECT_NEW_DOMAIN)
      vm->model.domid = -1;
    model_apply (&vm->model, row);
  }
  daemon_control ("start");
  wait_for_model (vm, old_domid, FALSE);
  forget_told ();
  return is_kill ? "kill" : "restart";
}

static const char *
step_act (void)
{
  TestVm *vm = choose_vm ();
  const Row *row = choose (vm, TRUE);
  walk_note ("%s of %s (%s, domain %d)", model_action_name (row->action), vm->name,
             model_state (&vm->model), vm->model.domid);
  act (vm, row);
  return model_action_name (row->action);
}

static const char *
step_race (void)
{
  TestVm *vm = choose_vm ();
  if (vm->model.owner == OWNER_NOBODY) /* would stay as it ended, which is no agreement */
    return step_act ();
  if (race_run (vm, chance))
    forget_told ();
  return "at once";
}

static const char *
step (void)
{
  int dice = g_rand_int_range (chance, 0, 1000);
  if (dice < 5)
    return step_restart ();
  if (dice < 5 + options.races)
    return step_race ();
  return step_act ();
}

static void
setup (void)
{
  times = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  vms = g_ptr_array_new_with_free_func ((GDestroyNotify)test_vm_free);
  host_connect (on_told, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = host_call ("/", XENMGR, "create_vm_with_template",
                                           g_variant_new ("(s)", "new-vm-pv"), &error);
  if (answer == NULL)
    g_error ("no VM: %s", error->message);
  g_variant_get (answer, "(o)", &poke_path);
  for (int i = 0; i < options.vms; i++)
    g_ptr_array_add (vms, test_vm_new ((guint)i));
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return 2;
  }
  setvbuf (stdout, NULL, _IOLBF, 0);
  if (options.seed == 0)
    options.seed = (int)(g_random_int () >> 1);
  g_print ("seed %d, %d steps, %d VMs\n", options.seed, options.steps, options.vms);
  chance = g_rand_new_with_seed ((guint32)options.seed);
  setup ();

  gint64 started = g_get_monotonic_time ();
  gint64 limit = options.seconds > 0 ? started + options.seconds * G_USEC_PER_SEC : G_MAXINT64;
  while (step_number < options.steps && g_get_monotonic_time () < limit) {
    gint64 at = g_get_monotonic_time ();
    const char *what = step ();
    count_time (what, at);
    step_number++;
    if (step_number % TRIM_STEPS == 0) {
      host_trim_logs ();
      g_print ("%d steps, %.1f a second\n", step_number,
               step_number / ((double)(g_get_monotonic_time () - started) / G_USEC_PER_SEC));
    }
  }
  print_times ();
  g_print ("seed %d: %d steps without a difference, %.1f a second\n", options.seed, step_number,
           step_number / ((double)(g_get_monotonic_time () - started) / G_USEC_PER_SEC));

  for (guint i = 0; i < vms->len; i++) {
    g_autofree char *ignored = NULL;
    test_vm_act (vms->pdata[i], ACTION_DESTROY, &ignored);
  }
  g_ptr_array_unref (vms);
  g_hash_table_unref (times);
  g_rand_free (chance);
  g_free (poke_path);
  return 0;
}
