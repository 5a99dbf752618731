/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The subcommands that change a domain's life or its memory and processors. */
#include "xl.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A domain held under the lock. */
typedef struct {
  int lock;
  int domid;
  SimDomain *domain; /* NULL when there is none */
} Held;

static Held
hold (const char *word)
{
  Held held = { -1, xl_domain (word), NULL };

  held.lock = sim_lock ("lock");
  held.domain = sim_domain_load (held.domid);
  return held;
}

static int
let_go (Held *held, int status)
{
  g_clear_pointer (&held->domain, sim_domain_free);
  sim_unlock (held->lock);
  return status;
}

/* --- pause, unpause, destroy --- */

int
xl_pause (XlCall *call)
{
  Held held = hold (call->argv[0]);

  if (held.domain == NULL) {
    xl_libxl_error ("libxl_domain.c:587:libxl_domain_pause", held.domid,
                    "Pausing domain: No such process");
  } else {
    held.domain->pauses++;
    sim_guest_stop (held.domain);
    sim_domain_save (held.domain);
  }
  return let_go (&held, 0);
}

int
xl_unpause (XlCall *call)
{
  Held held = hold (call->argv[0]);

  if (held.domain == NULL || held.domain->pauses == 0) {
    xl_libxl_error ("libxl_domain.c:688:domain_unpause_done", held.domid, "Unpausing domain: %s",
                    held.domain == NULL ? "No such process" : "Invalid argument");
  } else {
    held.domain->pauses--;
    if (held.domain->pauses == 0) {
      json_t *config = sim_config_load (held.domid);

      sim_guest_run (held.domain, sim_config_string (config, "b_info", "cmdline"));
      json_decref (config);
    }
    sim_domain_save (held.domain);
  }
  return let_go (&held, 0);
}

/* libxl pauses a domain before it removes the devices, which can take its time. */
static Held
remove_devices (Held held)
{
  g_auto (GStrv) policy = sim_guest_policy (held.domain->name != NULL ? held.domain->name : "");
  int domid = held.domid;
  gint64 ms;

  if (!sim_guest_policy_has (policy, "slow-destroy", &ms))
    return held;
  held.domain->pauses++;
  sim_guest_stop (held.domain);
  sim_domain_save (held.domain);
  let_go (&held, 0);
  sim_sleep_ms (ms);
  held = (Held){ -1, domid, NULL };
  held.lock = sim_lock ("lock");
  held.domain = sim_domain_load (domid);
  return held;
}

int
xl_destroy (XlCall *call)
{
  Held held = hold (call->argv[0]);

  if (held.domid == 0 && call->options['f'] == 0) {
    fprintf (stderr, "Not destroying domain 0; use -f to force.\n"
                     "This can only be done when using a disaggregated hardware domain and "
                     "toolstack.\n\n");
    return let_go (&held, 1);
  }
  if (held.domain == NULL) {
    xl_libxl_error ("libxl_domain.c:1183:libxl__destroy_domid", held.domid, "Non-existant domain");
    xl_libxl_error ("libxl_domain.c:1137:domain_destroy_callback", held.domid,
                    "Unable to destroy guest");
    xl_libxl_error ("libxl_domain.c:1064:domain_destroy_cb", held.domid,
                    "Destruction of domain failed");
    fprintf (stderr, "destroy failed (rc=-21)\n");
    return let_go (&held, 1);
  }
  held = remove_devices (held);
  if (held.domain != NULL)
    xl_destroy_domain (held.domain);
  return let_go (&held, 0);
}

/* --- shutdown, reboot --- */

gboolean
xl_wait_for_ack (int domid)
{
  struct xs_handle *xs = sim_store ();
  g_autofree char *path = g_strdup_printf ("/local/domain/%d/control/shutdown", domid);
  gint64 deadline = g_get_monotonic_time () + sim_knob ("SIMHOST_ACK_TIMEOUT", 60) * G_USEC_PER_SEC;

  xs_watch (xs, path, "ack");
  for (;;) {
    struct pollfd fd = { xs_fileno (xs), POLLIN, 0 };
    g_autofree char *request = sim_store_read (domid, "control/shutdown");
    gint64 left = deadline - g_get_monotonic_time ();
    unsigned n;

    if (request == NULL || *request == '\0')
      return TRUE;
    if (left <= 0)
      return FALSE;
    if (poll (&fd, 1, (int)(left / 1000 + 1)) > 0)
      free (xs_read_watch (xs, &n));
  }
}

typedef struct {
  const char *announcement; /* "Shutting down" */
  const char *name;         /* "shutdown" */
  const char *request;      /* what control/shutdown gets */
} Request;

static const Request shutdown_request = { "Shutting down", "shutdown", "poweroff" };
static const Request reboot_request = { "Rebooting", "reboot", "reboot" };

/* Returns: xl's status for one domain. */
static int
request (const Request *what, int domid, gboolean fallback)
{
  int lock, rc = 0;
  g_autoptr (SimDomain) domain = NULL;

  fprintf (stderr, "%s domain %d\n", what->announcement, domid);
  lock = sim_lock ("lock");
  domain = sim_domain_load (domid);
  if (domain == NULL) {
    fprintf (stderr,
             "libxl: error: libxl_dom.c:37:libxl__domain_type: unable to get domain type for "
             "domid=%d\n",
             domid);
    rc = -3;
  } else if (g_str_equal (domain->type, "hvm") && !domain->pv_control) {
    rc = -15;
    fprintf (stderr, "PV control interface not available: %s.\n",
             fallback ? "sending ACPI power button event"
                      : "external graceful shutdown not possible");
    if (fallback && what == &shutdown_request) {
      g_auto (GStrv) policy = sim_guest_policy (domain->name);

      rc = 0;
      if (domain->pauses == 0 && !sim_guest_policy_has (policy, "ignore", NULL)) {
        sim_guest_kill (domain);
        sim_domain_shut_down (domain, SIM_POWEROFF);
      }
    } else if (!fallback) {
      fprintf (stderr, "Use \"-F\" to fallback to ACPI power event.\n");
    }
  } else {
    sim_store_write (domid, "control/shutdown", what->request);
    sim_unlock (lock);
    lock = -1;
    if (!xl_wait_for_ack (domid)) {
      fprintf (stderr, "libxl: error: libxl_domain.c:854:pvcontrol_cb: guest didn't "
                       "acknowledge control request: -9\n");
      rc = -9;
    }
  }
  if (lock >= 0)
    sim_unlock (lock);
  if (rc == 0)
    return 0;
  fprintf (stderr, "%s failed (rc=%d)\n", what->name, rc);
  return 1;
}

/* `-w` waits for the shutdown, twice for the destruction. */
static void
wait_for_end (GArray *domids, int how)
{
  struct xs_handle *xs = sim_store ();
  guint left = domids->len;

  fprintf (stderr, "Waiting for %d domains\n", (int)domids->len);
  xs_watch (xs, "@releaseDomain", "end");
  while (left > 0) {
    unsigned n;

    free (xs_read_watch (xs, &n));
    for (guint i = 0; i < domids->len; i++) {
      int *domid = &g_array_index (domids, int, i);
      int lock = sim_lock ("lock");
      g_autoptr (SimDomain) domain = *domid > 0 ? sim_domain_load (*domid) : NULL;

      sim_unlock (lock);
      if (*domid < 0)
        continue;
      if (domain == NULL)
        fprintf (stderr, "Domain %d has been destroyed\n", *domid);
      else if (domain->reason != SIM_RUNNING && how == 1)
        fprintf (stderr, "Domain %d has been shut down, reason code %d\n", *domid, domain->reason);
      else
        continue;
      *domid = -1;
      left--;
    }
  }
}

static int
shut_down (XlCall *call, const Request *what)
{
  g_autoptr (GArray) domids = g_array_new (FALSE, FALSE, sizeof (int));
  int status = 0;

  if (call->options['a'] == 0 && call->argc == 0) {
    fprintf (stderr, "You must specify -a or a domain id.\n");
    return 1;
  }
  if (call->options['a'] != 0) {
    int lock = sim_lock ("lock");
    g_autoptr (GPtrArray) all = sim_domain_list ();

    sim_unlock (lock);
    for (guint i = 0; i < all->len; i++)
      g_array_append_val (domids, ((SimDomain *)g_ptr_array_index (all, i))->domid);
  } else {
    int domid = xl_domain (call->argv[0]);

    g_array_append_val (domids, domid);
  }
  for (guint i = 0; i < domids->len && status == 0; i++)
    status = request (what, g_array_index (domids, int, i), call->options['F'] != 0);
  if (status == 0 && call->options['w'] != 0)
    wait_for_end (domids, call->options['w']);
  return status;
}

int
xl_shutdown (XlCall *call)
{
  return shut_down (call, &shutdown_request);
}

int
xl_reboot (XlCall *call)
{
  return shut_down (call, &reboot_request);
}

/* --- trigger, sysrq --- */

/* What the hypervisor or libxl answers to a trigger; NULL when it is delivered. */
static const char *
trigger_error (const SimDomain *domain, const char *name)
{
  if (g_str_equal (name, "init") || g_str_equal (name, "reset"))
    return "Function not implemented";
  if (g_str_equal (domain->type, "pv") &&
      (g_str_equal (name, "power") || g_str_equal (name, "sleep")))
    return "Invalid argument";
  return NULL;
}

static int
trigger (Held *held, const char *name)
{
  static const char *const names[] = { "nmi", "reset", "init", "power", "sleep", "s3resume", NULL };
  SimDomain *domain = held->domain;
  const char *error;

  if (!g_strv_contains (names, name)) {
    fprintf (stderr, "Invalid trigger \"%s\"\n", name);
    return 1;
  }
  error = domain == NULL ? "No such process" : trigger_error (domain, name);
  if (error != NULL) {
    xl_libxl_error ("libxl_domain.c:2207:libxl_send_trigger", held->domid,
                    "Send trigger '%s' failed: %s", name, error);
    return 0;
  }
  if (g_str_equal (name, "s3resume") && !domain->s3) {
    gboolean hvm = g_str_equal (domain->type, "hvm");

    if (hvm)
      xl_libxl_error ("libxl_qmp.c:1837:qmp_ev_parse_error_messages", held->domid,
                      "Unable to wake up: guest is not in suspended state");
    xl_libxl_error ("libxl_domain.c:2162:domain_s3_resume_done", held->domid,
                    "Send trigger 's3resume' failed, rc=%d", hvm ? -28 : -6);
    return 0;
  }
  if (g_str_equal (domain->type, "hvm") && domain->reason == SIM_RUNNING && domain->pauses == 0) {
    g_auto (GStrv) policy = sim_guest_policy (domain->name);

    if (g_str_equal (name, "s3resume")) {
      sim_guest_sleep (domain, FALSE);
    } else if (g_str_equal (name, "sleep") && sim_guest_policy_has (policy, "acpi", NULL)) {
      sim_guest_sleep (domain, TRUE);
    } else if (g_str_equal (name, "power") && sim_guest_policy_has (policy, "acpi", NULL)) {
      sim_guest_kill (domain);
      sim_domain_shut_down (domain, SIM_POWEROFF);
    }
  }
  return 0;
}

int
xl_trigger (XlCall *call)
{
  Held held = hold (call->argv[0]);

  return let_go (&held, trigger (&held, call->argv[1]));
}

int
xl_button_press (XlCall *call)
{
  Held held;

  fprintf (stderr, "WARNING: \"button-press\" is deprecated. Please use \"trigger\"\n");
  held = hold (call->argv[0]);
  return let_go (&held, trigger (&held, call->argv[1]));
}

int
xl_sysrq (XlCall *call)
{
  int domid = xl_domain (call->argv[0]);

  if (strlen (call->argv[1]) != 1) {
    fprintf (stderr, "Invalid sysrq.\n\n");
    return 1;
  }
  sim_store_write (domid, "control/sysrq", call->argv[1]);
  return 0;
}

/* --- name, memory, processors, configuration --- */

int
xl_rename (XlCall *call)
{
  Held held = hold (call->argv[0]);

  if (held.domain == NULL || sim_domain_find (call->argv[1]) >= 0) {
    xl_libxl_error ("libxl_domain.c:81:libxl__domain_rename", held.domid,
                    "Domain with name \"%s\" already exists.", call->argv[1]);
    fprintf (stderr, "Can't rename domain '%s'.\n", call->argv[0]);
    return let_go (&held, 1);
  }
  g_free (held.domain->name);
  held.domain->name = g_strdup (call->argv[1]);
  sim_domain_save (held.domain);
  sim_store_write (held.domid, "name", call->argv[1]);
  return let_go (&held, 0);
}

/* xl's sizes: MiB unless a letter says otherwise; -1 when it is none. */
static gint64
parse_kb (const char *word)
{
  char *end;
  gint64 number = g_ascii_strtoll (word, &end, 10);

  if (end == word || (*end != '\0' && end[1] != '\0'))
    return -1;
  switch (*end) {
  case 'b':
    return number / 1024;
  case 'k':
    return number;
  case '\0':
  case 'm':
    return number * 1024;
  case 'g':
    return number * 1024 * 1024;
  case 't':
    return number * 1024 * 1024 * 1024;
  default:
    return -1;
  }
}

int
xl_mem_set (XlCall *call)
{
  Held held = hold (call->argv[0]);
  gint64 kb = parse_kb (call->argv[1]);
  /* libxl's target is without the memory of the display, which keeps its size. */
  g_autofree char *video = sim_store_read (held.domid, "memory/videoram");
  gint64 target_kb = kb - (video != NULL ? g_ascii_strtoll (video, NULL, 10) : 0);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, target_kb);

  if (kb < 0) {
    fprintf (stderr, "invalid memory size: %s\n", call->argv[1]);
    return let_go (&held, 1);
  }
  if (held.domain == NULL || target_kb < 0 || target_kb > held.domain->max_kb) {
    xl_libxl_error ("libxl_mem.c:278:libxl_set_memory_target", held.domid,
                    "memory_dynamic_max must be less than or equal to memory_static_max\n");
    fprintf (stderr, "cannot set domid %d dynamic max memory to : %s\n", held.domid, call->argv[1]);
    return let_go (&held, 1);
  }
  held.domain->memory_kb = kb; /* the guest balloons at once */
  sim_domain_save (held.domain);
  sim_store_write (held.domid, "memory/target", text);
  return let_go (&held, 0);
}

int
xl_mem_max (XlCall *call)
{
  Held held = hold (call->argv[0]);
  gint64 kb = parse_kb (call->argv[1]);
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, kb);

  if (kb < 0) {
    fprintf (stderr, "invalid memory size: %s\n", call->argv[1]);
    return let_go (&held, 1);
  }
  if (held.domain == NULL || kb < held.domain->memory_kb) {
    xl_libxl_error ("libxl_mem.c:59:libxl_domain_setmaxmem", held.domid,
                    "memory_static_max must be greater than or or equal to "
                    "memory_dynamic_max: Success");
    fprintf (stderr, "cannot set domid %d static max memory to : %s\n", held.domid, call->argv[1]);
    return let_go (&held, 1);
  }
  held.domain->max_kb = kb;
  sim_domain_save (held.domain);
  sim_store_write (held.domid, "memory/static-max", text);
  return let_go (&held, 0);
}

int
xl_vcpu_set (XlCall *call)
{
  Held held = hold (call->argv[0]);
  int wanted = atoi (call->argv[1]);

  if (wanted > 2 && call->options['i'] == 0) {
    fprintf (stderr,
             "You are overcommmitting! You have 2 physical CPUs and want %d vCPUs! Aborting, use "
             "--ignore-host to continue\n",
             wanted);
    return let_go (&held, 1);
  }
  if (held.domain == NULL || wanted < 1 || wanted > held.domain->max_vcpus) {
    xl_libxl_error ("libxl_domain.c:1863:libxl_set_vcpuonline", held.domid,
                    "Requested %d VCPUs!: Function not implemented", wanted);
    fprintf (stderr, "libxl_set_vcpuonline failed domid=%d max_vcpus=%d, rc: -3\n", held.domid,
             wanted);
    return let_go (&held, 1);
  }
  for (int cpu = 0; cpu < held.domain->max_vcpus; cpu++) {
    g_autofree char *node = g_strdup_printf ("cpu/%d/availability", cpu);

    sim_store_write (held.domid, node, cpu < wanted ? "online" : "offline");
  }
  held.domain->vcpus = wanted;
  sim_domain_save (held.domain);
  return let_go (&held, 0);
}

int
xl_config_update (XlCall *call)
{
  char *words[] = { call->argv[1], NULL };
  json_t *config;
  Held held;
  int status;

  fprintf (stderr, "WARNING: xl now has better capability to manage domain configuration, avoid "
                   "using this command when possible\n");
  held = hold (call->argv[0]);
  if (!g_file_test (call->argv[1], G_FILE_TEST_EXISTS)) {
    fprintf (stderr, "Failed to read config file: %s: No such file or directory\n", call->argv[1]);
    return let_go (&held, 253);
  }
  config = sim_config_parse (words, &status);
  if (config != NULL) {
    fprintf (stderr, "setting dom%d configuration\n", held.domid);
    sim_config_complete (config);
    sim_config_save (held.domid, config);
    json_decref (config);
  }
  return let_go (&held, status);
}
