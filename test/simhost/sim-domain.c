/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of the domains, and what the stand-in for the hypervisor knows of them. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP "domain"

void
sim_domain_free (SimDomain *domain)
{
  g_free (domain->name);
  g_free (domain->uuid);
  g_free (domain->type);
  g_free (domain);
}

SimDomain *
sim_domain_load (int domid)
{
  g_autofree char *path = sim_path ("domains/%d", domid);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  SimDomain *domain;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return NULL;
  domain = g_new0 (SimDomain, 1);
  domain->domid = domid;
  domain->name = g_key_file_get_string (file, GROUP, "name", NULL);
  domain->uuid = g_key_file_get_string (file, GROUP, "uuid", NULL);
  domain->type = g_key_file_get_string (file, GROUP, "type", NULL);
  domain->memory_kb = g_key_file_get_int64 (file, GROUP, "memory-kb", NULL);
  domain->max_kb = g_key_file_get_int64 (file, GROUP, "max-kb", NULL);
  domain->vcpus = g_key_file_get_integer (file, GROUP, "vcpus", NULL);
  domain->max_vcpus = g_key_file_get_integer (file, GROUP, "max-vcpus", NULL);
  domain->pauses = g_key_file_get_integer (file, GROUP, "pauses", NULL);
  domain->reason = g_key_file_get_integer (file, GROUP, "reason", NULL);
  domain->dying = g_key_file_get_boolean (file, GROUP, "dying", NULL);
  domain->s3 = g_key_file_get_boolean (file, GROUP, "s3", NULL);
  domain->pv_control = g_key_file_get_boolean (file, GROUP, "pv-control", NULL);
  domain->guest_pid = g_key_file_get_integer (file, GROUP, "guest-pid", NULL);
  domain->qemu_pid = g_key_file_get_integer (file, GROUP, "qemu-pid", NULL);
  domain->started_us = g_key_file_get_int64 (file, GROUP, "started-us", NULL);
  return domain;
}

void
sim_domain_save (const SimDomain *domain)
{
  g_autofree char *path = sim_path ("domains/%d", domain->domid);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize length;

  if (domain->name != NULL)
    g_key_file_set_string (file, GROUP, "name", domain->name);
  if (domain->uuid != NULL)
    g_key_file_set_string (file, GROUP, "uuid", domain->uuid);
  if (domain->type != NULL)
    g_key_file_set_string (file, GROUP, "type", domain->type);
  g_key_file_set_int64 (file, GROUP, "memory-kb", domain->memory_kb);
  g_key_file_set_int64 (file, GROUP, "max-kb", domain->max_kb);
  g_key_file_set_integer (file, GROUP, "vcpus", domain->vcpus);
  g_key_file_set_integer (file, GROUP, "max-vcpus", domain->max_vcpus);
  g_key_file_set_integer (file, GROUP, "pauses", domain->pauses);
  g_key_file_set_integer (file, GROUP, "reason", domain->reason);
  g_key_file_set_boolean (file, GROUP, "dying", domain->dying);
  g_key_file_set_boolean (file, GROUP, "s3", domain->s3);
  g_key_file_set_boolean (file, GROUP, "pv-control", domain->pv_control);
  g_key_file_set_integer (file, GROUP, "guest-pid", domain->guest_pid);
  g_key_file_set_integer (file, GROUP, "qemu-pid", domain->qemu_pid);
  g_key_file_set_int64 (file, GROUP, "started-us", domain->started_us);
  text = g_key_file_to_data (file, &length, NULL);
  sim_write_file (path, text, (gssize)length);
  sim_hv_write (domain);
}

void
sim_domain_forget (const SimDomain *domain)
{
  g_autofree char *path = sim_path ("domains/%d", domain->domid);
  g_autofree char *config = sim_path ("domains/%d.json", domain->domid);

  unlink (path);
  unlink (config);
  sim_hv_remove (domain->domid);
  sim_hv_poke ();
}

static int
by_domid (gconstpointer a, gconstpointer b)
{
  const SimDomain *const *one = a, *const *two = b;

  return (*one)->domid - (*two)->domid;
}

GPtrArray *
sim_domain_list (void)
{
  g_autofree char *path = sim_path ("domains");
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *domains = g_ptr_array_new_with_free_func ((GDestroyNotify)sim_domain_free);
  const char *entry;

  if (dir == NULL)
    g_error ("%s does not exist", path);
  while ((entry = g_dir_read_name (dir)) != NULL) {
    SimDomain *domain = NULL;

    if (strspn (entry, "0123456789") == strlen (entry))
      domain = sim_domain_load (atoi (entry));
    if (domain != NULL)
      g_ptr_array_add (domains, domain);
  }
  g_ptr_array_sort (domains, by_domid);
  return domains;
}

int
sim_domain_find (const char *name)
{
  g_autoptr (GPtrArray) domains = sim_domain_list ();

  if (g_str_equal (name, "Domain-0"))
    return 0;
  for (guint i = 0; i < domains->len; i++) {
    const SimDomain *domain = g_ptr_array_index (domains, i);

    if (g_strcmp0 (domain->name, name) == 0)
      return domain->domid;
  }
  return -1;
}

int
sim_domain_next (void)
{
  g_autofree char *path = sim_path ("next-domid");
  g_autofree char *text = NULL;
  g_autofree char *next = NULL;
  int domid = 1;

  if (g_file_get_contents (path, &text, NULL, NULL))
    domid = atoi (text);
  next = g_strdup_printf ("%d\n", domid + 1);
  sim_write_file (path, next, -1);
  return domid;
}

void
sim_domain_shut_down (SimDomain *domain, int reason)
{
  domain->reason = reason;
  domain->s3 = FALSE;
  sim_domain_save (domain);
  sim_hv_poke ();
}

gint64
sim_memory_total_kb (void)
{
  return sim_knob ("SIMHOST_MEMORY_MIB", 65536) * 1024;
}

gint64
sim_memory_free_kb (void)
{
  g_autoptr (GPtrArray) domains = sim_domain_list ();
  gint64 left = sim_memory_total_kb () - 786432;

  for (guint i = 0; i < domains->len; i++)
    left -= ((SimDomain *)g_ptr_array_index (domains, i))->memory_kb;
  return left;
}

void
sim_domain_letters (const SimDomain *domain, char letters[7])
{
  gboolean down = domain->reason != SIM_RUNNING;

  strcpy (letters, "------");
  if (domain->pauses > 0)
    letters[2] = 'p';
  else if (!down && !domain->s3 && !domain->dying)
    letters[1] = 'b';
  if (down) {
    letters[3] = 's';
    letters[4] = "-rscw"[domain->reason];
  }
  if (domain->dying)
    letters[5] = 'd';
}
