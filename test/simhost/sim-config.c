/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configurations: read by the real xl, printed as libxl prints them. */
#include "sim.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REAL_XL "/usr/lib/xen-4.17/bin/xl"

static char **
standin_environment (void)
{
  g_autofree char *hv = sim_path ("hv");
  const char *library = g_getenv ("SIMHOST_STANDIN");
  char **envp = g_get_environ ();

  envp = g_environ_setenv (envp, "LD_PRELOAD", library != NULL ? library : STANDIN_LIBRARY, TRUE);
  envp = g_environ_setenv (envp, "XENSTORED_PATH", "/dev/xen/xenbus", TRUE); /* asks nobody */
  return g_environ_setenv (envp, "XENSTANDIN_DIR", hv, TRUE);
}

void
sim_real_xl (char **argv)
{
  g_auto (GStrv) envp = standin_environment ();

  fflush (NULL);
  argv[0] = (char *)REAL_XL;
  execve (REAL_XL, argv, envp);
  g_error ("cannot run " REAL_XL);
}

json_t *
sim_config_parse (char **arguments, int *status)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_auto (GStrv) envp = standin_environment ();
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  json_error_t where;
  json_t *config;
  int wait_status;

  g_ptr_array_add (argv, (char *)REAL_XL);
  g_ptr_array_add (argv, (char *)"-N");
  g_ptr_array_add (argv, (char *)"create");
  for (char **p = arguments; *p != NULL; p++)
    g_ptr_array_add (argv, *p);
  g_ptr_array_add (argv, NULL);
  if (!g_spawn_sync (NULL, (char **)argv->pdata, envp, G_SPAWN_DEFAULT, NULL, NULL, &out, &err,
                     &wait_status, &error))
    g_error ("%s", error->message);
  fputs (err, stderr);
  *status = WIFEXITED (wait_status) ? WEXITSTATUS (wait_status) : 1;
  if (*status != 0)
    return NULL;
  config = json_loads (out, 0, &where);
  if (config == NULL)
    g_error ("xl printed no JSON: %s", where.text);
  return config;
}

json_t *
sim_config_load (int domid)
{
  g_autofree char *path = sim_path ("domains/%d.json", domid);

  return json_load_file (path, 0, NULL);
}

void
sim_config_save (int domid, json_t *config)
{
  g_autofree char *path = sim_path ("domains/%d.json", domid);
  g_autofree char *text = sim_config_text (config);

  sim_write_file (path, text, -1);
}

/* --- members --- */

void
sim_config_set_after (json_t *object, const char *after, const char *key, json_t *value)
{
  json_t *copy = json_object ();
  const char *name;
  json_t *member;

  json_object_del (object, key);
  json_object_foreach (object, name, member)
  {
    json_object_set (copy, name, member);
    if (after != NULL && g_str_equal (name, after))
      json_object_set (copy, key, value);
  }
  if (json_object_get (copy, key) == NULL)
    json_object_set (copy, key, value);
  json_decref (value);
  json_object_clear (object);
  json_object_update (object, copy);
  json_decref (copy);
}

const char *
sim_config_string (json_t *config, const char *section, const char *key)
{
  json_t *object = section != NULL ? json_object_get (config, section) : config;

  return json_string_value (json_object_get (object, key));
}

gint64
sim_config_number (json_t *config, const char *section, const char *key, gint64 fallback)
{
  json_t *value = json_object_get (json_object_get (config, section), key);

  return json_is_integer (value) ? json_integer_value (value) : fallback;
}

static void
complete_nic (json_t *nic, int devid)
{
  json_t *old = json_copy (nic);

  if (json_object_get (old, "devid") == NULL) {
    json_object_clear (nic);
    json_object_set_new (nic, "devid", json_integer (devid));
    json_object_update (nic, old);
  }
  if (json_object_get (nic, "mac") == NULL) {
    g_autofree char *mac =
        g_strdup_printf ("00:16:3e:%02x:%02x:%02x", g_random_int_range (0, 128),
                         g_random_int_range (0, 256), g_random_int_range (0, 256));

    sim_config_set_after (nic, "devid", "mac", json_string (mac));
  }
  if (json_object_get (nic, "bridge") == NULL)
    sim_config_set_after (nic, "mac", "bridge", json_string ("xenbr0"));
  if (json_object_get (nic, "nictype") == NULL)
    json_object_set_new (nic, "nictype", json_string ("vif"));
  json_decref (old);
}

void
sim_config_complete (json_t *config)
{
  json_t *info = json_object_get (config, "c_info");
  json_t *build = json_object_get (config, "b_info");
  json_t *params = json_object_get (build, "sched_params");
  json_t *device;
  size_t i;

  /* libxl prints its "no domain" number there, whatever the domid */
  sim_config_set_after (info, "name", "domid", json_integer (4294967295));
  if (json_object_get (build, "video_memkb") == NULL)
    sim_config_set_after (build, "target_memkb", "video_memkb", json_integer (0));
  json_object_set_new (params, "sched", json_string ("credit2"));
  json_object_set_new (params, "weight", json_integer (256));
  json_object_set_new (params, "cap", json_integer (0));
  json_object_set_new (json_object_get (build, "arch_x86"), "msr_relaxed", json_string ("False"));
  json_array_foreach (json_object_get (config, "disks"), i, device)
  {
    if (json_object_get (device, "colo_restore_enable") == NULL)
      json_object_set_new (device, "colo_restore_enable", json_string ("False"));
  }
  json_array_foreach (json_object_get (config, "nics"), i, device)
  {
    complete_nic (device, (int)i);
  }
}

/* --- printing --- */

static void
print_string (GString *text, const char *value)
{
  static const char special[] = "\b\f\n\r\t";
  static const char letters[] = "bfnrt";

  g_string_append_c (text, '"');
  for (const char *p = value; *p != '\0'; p++) {
    const char *at = strchr (special, *p);

    if (*p == '"' || *p == '\\')
      g_string_append_printf (text, "\\%c", *p);
    else if (at != NULL)
      g_string_append_printf (text, "\\%c", letters[at - special]);
    else if ((guchar)*p < 32)
      g_string_append_printf (text, "\\u%04X", *p);
    else
      g_string_append_c (text, *p);
  }
  g_string_append_c (text, '"');
}

static void
indent (GString *text, int depth)
{
  g_string_append_printf (text, "%*s", depth * 4, "");
}

static void
print_value (GString *text, json_t *value, int depth)
{
  gboolean array = json_is_array (value);
  const char *separator = "\n";

  if (array || json_is_object (value)) {
    g_string_append_c (text, array ? '[' : '{');
    if (array) {
      json_t *element;
      size_t i;

      json_array_foreach (value, i, element)
      {
        g_string_append (text, separator);
        indent (text, depth + 1);
        print_value (text, element, depth + 1);
        separator = ",\n";
      }
    } else {
      const char *key;
      json_t *member;

      json_object_foreach (value, key, member)
      {
        g_string_append (text, separator);
        indent (text, depth + 1);
        print_string (text, key);
        g_string_append (text, ": ");
        print_value (text, member, depth + 1);
        separator = ",\n";
      }
    }
    /* libxl's printer leaves an empty line in an empty container */
    g_string_append (text, separator[0] == '\n' ? "\n\n" : "\n");
    indent (text, depth);
    g_string_append_c (text, array ? ']' : '}');
  } else if (json_is_string (value)) {
    print_string (text, json_string_value (value));
  } else {
    char *scalar = json_dumps (value, JSON_ENCODE_ANY);

    g_string_append (text, scalar);
    free (scalar);
  }
}

char *
sim_config_text (json_t *value)
{
  GString *text = g_string_new (NULL);

  print_value (text, value, 0);
  return g_string_free (text, FALSE);
}

int
sim_disk_number (const char *vdev)
{
  static const int hd_majors[] = { 3, 3, 22, 22 };
  gint64 part = 0;
  int disk;

  if (vdev == NULL || strlen (vdev) < 3)
    return -1;
  disk = vdev[2] - 'a';
  if (g_str_has_prefix (vdev, "xvd")) {
    disk = vdev[3] - 'a';
    part = vdev[3] != '\0' ? g_ascii_strtoll (vdev + 4, NULL, 10) : 0;
    return (202 << 8) | (disk << 4) | (int)part;
  }
  if (g_str_has_prefix (vdev, "hd") && disk >= 0 && disk < 4)
    return (hd_majors[disk] << 8) | ((disk % 2) << 6);
  if (g_str_has_prefix (vdev, "sd") && disk >= 0 && disk < 16)
    return (8 << 8) | (disk << 4);
  return -1;
}
