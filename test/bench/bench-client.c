/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-client: calls xenmgr-xl and its peers in turn and prints how they compare.
 *
 * Slices of the same call to each peer follow one another, in rounds, so that
 * whatever else the machine does meets all of them; a ratio is the median over
 * the rounds. Figures per second say something of the machine, ratios of the
 * service.
 */
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench-load.h"
#include "bench-peer.h"

#define MAX_ROUNDS   99
#define CLOSE_ROUNDS 5 /* times as many where a ratio is close to its target */

static struct {
  int rounds;
  double seconds;
  char *spawn_log;
  gboolean strict;
} options = { .rounds = 5, .seconds = 0.05 };

static const GOptionEntry entries[] = {
  { "rounds", 'r', 0, G_OPTION_ARG_INT, &options.rounds,
    "Rounds per figure (default 5), five times that for Get at the most VMs", "N" },
  { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options.seconds,
    "Length of a slice, per peer and round (default 0.05)", "S" },
  { "spawn-log", 'l', 0, G_OPTION_ARG_FILENAME, &options.spawn_log,
    "File that grows by a line for each process the service starts", "FILE" },
  { "strict", 0, 0, G_OPTION_ARG_NONE, &options.strict, "Fail when a ratio misses its target",
    NULL },
  G_OPTION_ENTRY_NULL,
};

static const guint sizes[] = { 1, 100, 1000 };
static const guint windows[] = { 1, 32 };
static const char *const call_names[BENCH_N_CALLS] = { "Get", "GetAll", "list" };

/*
 * Ratios to a peer that the product must reach, at the largest size. The echo
 * service does nothing but carry the answer; of GetAll's rate getters by
 * themselves leave about a half.
 */
static const struct {
  BenchCall call;
  int peer;
  double least;
} targets[] = {
  { BENCH_GET, BENCH_ECHO, 0.95 },
  { BENCH_GET_ALL, BENCH_ECHO, 0.4 },
  { BENCH_LIST, BENCH_LIBVIRT, 1.0 },
};
#define MAX_RESIDENT_KIB (16 * 1024)
#define MOST_VMS         (sizes[G_N_ELEMENTS (sizes) - 1])

/* One row of the table. */
typedef struct {
  guint n_vms;
  BenchCall call;
  guint window;
  double rate;                     /* of the service under test, per second */
  double ratio[BENCH_N_PEERS];     /* of its rate to each peer's */
  double cpu_ratio[BENCH_N_PEERS]; /* of its rate per processor time */
} Row;

static int
compare_doubles (const void *a, const void *b)
{
  double first = *(const double *)a;
  double second = *(const double *)b;

  return first < second ? -1 : first > second;
}

static double
median (double *values, int n)
{
  qsort (values, (size_t)n, sizeof *values, compare_doubles);
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static gboolean
measure_row (Row *row, GDBusConnection *connection, GError **error)
{
  double ratios[BENCH_N_PEERS][MAX_ROUNDS * CLOSE_ROUNDS];
  double cpu_ratios[BENCH_N_PEERS][MAX_ROUNDS * CLOSE_ROUNDS];
  double rates[MAX_ROUNDS * CLOSE_ROUNDS];
  gboolean is_close = row->call == BENCH_GET && row->n_vms == MOST_VMS;
  int n_rounds = options.rounds * (is_close ? CLOSE_ROUNDS : 1);

  for (int round = 0; round < n_rounds; round++) {
    BenchResult results[BENCH_N_PEERS];
    for (int i = 0; i < BENCH_N_PEERS; i++) {
      /* Whoever comes first has another cache: each does in turn. */
      int peer = (i + round) % BENCH_N_PEERS;
      if (!bench_load (&bench_peers[peer], connection, row->call, row->window, options.seconds,
                       &results[peer], error))
        return FALSE;
    }
    const BenchResult *own = &results[BENCH_XENMGR];
    rates[round] = own->rate;
    for (int peer = 0; peer < BENCH_N_PEERS; peer++) {
      ratios[peer][round] = own->rate / results[peer].rate;
      cpu_ratios[peer][round] = own->rate_per_cpu / results[peer].rate_per_cpu;
    }
  }
  row->rate = median (rates, n_rounds);
  for (int peer = 0; peer < BENCH_N_PEERS; peer++) {
    row->ratio[peer] = median (ratios[peer], n_rounds);
    row->cpu_ratio[peer] = median (cpu_ratios[peer], n_rounds);
  }
  return TRUE;
}

static void
print_header (void)
{
  puts ("Calls per second of xenmgr-xl, and how many times the rate of each peer that is;\n"
        "in brackets the same per second of the services' own processor time.\n");
  printf ("%5s  %-6s  %9s  %9s", "VMs", "call", "in flight", "calls/s");
  for (int peer = BENCH_ECHO; peer < BENCH_N_PEERS; peer++)
    printf ("  %13s", bench_peers[peer].title);
  putchar ('\n');
}

static void
print_row (const Row *row)
{
  printf ("%5u  %-6s  %9u  %9.0f", row->n_vms, call_names[row->call], row->window, row->rate);
  for (int peer = BENCH_ECHO; peer < BENCH_N_PEERS; peer++)
    printf ("  %5.2f (%5.2f)", row->ratio[peer], row->cpu_ratio[peer]);
  putchar ('\n');
  fflush (stdout);
}

static gboolean
verdict (gboolean met, const char *what)
{
  printf ("%-6s  %s\n", met ? "met" : "MISSED", what);
  return met;
}

/* Whether all targets are met that rows with the most VMs are held against. */
static gboolean
judge_ratios (const Row *rows, gsize n_rows)
{
  gboolean all_met = TRUE;

  for (gsize i = 0; i < n_rows; i++) {
    for (gsize j = 0; j < G_N_ELEMENTS (targets); j++) {
      if (rows[i].n_vms != MOST_VMS || rows[i].call != targets[j].call)
        continue;
      g_autofree char *what = g_strdup_printf (
          "%s, %u in flight: %.2f of %s, at least %.2f", call_names[rows[i].call], rows[i].window,
          rows[i].ratio[targets[j].peer], bench_peers[targets[j].peer].title, targets[j].least);
      all_met &= verdict (rows[i].ratio[targets[j].peer] >= targets[j].least, what);
    }
  }
  return all_met;
}

/* The number of processes that the service has started so far; -1 without a way to tell. */
static gint64
count_spawns (void)
{
  g_autofree char *log = NULL;
  gint64 n = 0;

  if (options.spawn_log == NULL)
    return -1;
  if (!g_file_get_contents (options.spawn_log, &log, NULL, NULL))
    return 0;
  for (const char *c = log; *c != '\0'; c++)
    n += *c == '\n';
  return n;
}

static gboolean
judge_cost (gint64 n_spawned)
{
  guint64 resident = bench_peer_resident (&bench_peers[BENCH_XENMGR]);
  g_autofree char *memory = g_strdup_printf (
      "resident memory %.1f MiB, below %d MiB (echo %.1f, getters %.1f)", (double)resident / 1024,
      MAX_RESIDENT_KIB / 1024, (double)bench_peer_resident (&bench_peers[BENCH_ECHO]) / 1024,
      (double)bench_peer_resident (&bench_peers[BENCH_GETTERS]) / 1024);
  gboolean met = verdict (resident > 0 && resident < MAX_RESIDENT_KIB, memory);

  if (n_spawned >= 0) {
    g_autofree char *spawns =
        g_strdup_printf ("processes started by reads: %" G_GINT64_FORMAT, n_spawned);
    met &= verdict (n_spawned == 0, spawns);
  }
  return met;
}

static gboolean
run (GDBusConnection *connection, gboolean *good, GError **error)
{
  Row rows[G_N_ELEMENTS (sizes) * BENCH_N_CALLS * G_N_ELEMENTS (windows)];
  gsize n_rows = 0;
  gint64 n_spawned = options.spawn_log != NULL ? 0 : -1;

  for (int peer = 0; peer < BENCH_N_PEERS; peer++)
    if (!bench_peer_connect (&bench_peers[peer], connection, error))
      return FALSE;
  print_header ();
  for (gsize size = 0; size < G_N_ELEMENTS (sizes); size++) {
    for (int peer = 0; peer < BENCH_N_PEERS; peer++)
      if (!bench_peer_populate (&bench_peers[peer], connection, sizes[size], error))
        return FALSE;
    gint64 n_spawned_before = count_spawns ();
    for (int call = 0; call < BENCH_N_CALLS; call++) {
      for (gsize window = 0; window < G_N_ELEMENTS (windows); window++) {
        Row *row = &rows[n_rows++];
        *row = (Row){ .n_vms = sizes[size], .call = (BenchCall)call, .window = windows[window] };
        if (!measure_row (row, connection, error))
          return FALSE;
        print_row (row);
      }
    }
    if (n_spawned >= 0)
      n_spawned += count_spawns () - n_spawned_before;
  }
  putchar ('\n');
  gboolean ratios_met = judge_ratios (rows, n_rows);
  *good = judge_cost (n_spawned) && (ratios_met || !options.strict);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean good = FALSE;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (
      context, "Compares xenmgr-xl with other services on the same system bus: a GDBus service\n"
               "that echoes answers made before (echo), one with the same properties and constant\n"
               "getters (getters), and libvirt-dbus with libvirt's test driver.\n"
               "Fails when memory or the number of started processes is over its limit.");
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("bench-client: %s\n", error->message);
    return EXIT_FAILURE;
  }
  if (options.rounds < 1 || options.rounds > MAX_ROUNDS || !(options.seconds > 0)) {
    g_printerr ("bench-client: 1 to %d rounds of more than 0 seconds\n", MAX_ROUNDS);
    return EXIT_FAILURE;
  }
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  if (connection == NULL || !run (connection, &good, &error)) {
    g_printerr ("bench-client: %s\n", error->message);
    return EXIT_FAILURE;
  }
  g_free (options.spawn_log);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
