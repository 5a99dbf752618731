/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db-cmd: the configuration database from scripts. `db-cmd read /a` and, through
 * a link of that name, `db-read /a` are the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xec/bus.h"
#include "xec/error.h"

#define SERVICE "com.citrix.xenclient.db"

/* Levels of nodes that db-ls descends; a service that tells of more is broken. */
#define MAX_DEPTH 1000

typedef struct {
  GDBusConnection *connection;
  char **arguments; /* %NULL-terminated, all valid UTF-8 */
  gboolean full;    /* ls -f: paths in place of names */
} Request;

static int
usage (FILE *out)
{
  fputs ("Usage: db-cmd <cmd> <parameters>\n", out);
  return EXIT_FAILURE;
}

/* -- calls ------------------------------------------------------------------------- */

/* Calls with one text or two and checks the type of what comes back, such as "(s)". */
static GVariant *
call (const Request *request,
      const char *method,
      const char *path,
      const char *value,
      const char *type,
      GError **error)
{
  GVariant *arguments =
      value != NULL ? g_variant_new ("(ss)", path, value) : g_variant_new ("(s)", path);
  g_autoptr (GVariant) results =
      xec_bus_call (request->connection, SERVICE, "/", SERVICE, method, arguments, error);

  if (results == NULL)
    return NULL;
  if (!g_variant_is_of_type (results, G_VARIANT_TYPE (type))) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "%s answered with %s, not %s", method,
                 g_variant_get_type_string (results), type);
    return NULL;
  }
  return g_steal_pointer (&results);
}

static gboolean
call_without_result (const Request *request,
                     const char *method,
                     const char *path,
                     const char *value,
                     GError **error)
{
  g_autoptr (GVariant) results = call (request, method, path, value, "()", error);

  return results != NULL;
}

static char *
call_for_text (const Request *request, const char *method, const char *path, GError **error)
{
  g_autoptr (GVariant) results = call (request, method, path, NULL, "(s)", error);
  char *text = NULL;

  if (results != NULL)
    g_variant_get (results, "(s)", &text);
  return text;
}

static char **
call_for_names (const Request *request, const char *path, GError **error)
{
  g_autoptr (GVariant) results = call (request, "list", path, NULL, "(as)", error);
  char **names = NULL;

  if (results != NULL)
    g_variant_get (results, "(^as)", &names);
  return names;
}

/* -- commands ---------------------------------------------------------------------- */

/* Paths as the database takes them: doubled slashes and those at the ends do not count. */
static char *
normal_path (const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);
  g_autoptr (GString) normal = g_string_new (NULL);

  for (char **name = names; *name != NULL; name++)
    if (**name != '\0')
      g_string_append_printf (normal, "/%s", *name);
  return g_string_free (g_steal_pointer (&normal), FALSE);
}

static gboolean
do_read (const Request *request, GError **error)
{
  g_autofree char *text = call_for_text (request, "read", request->arguments[0], error);

  if (text != NULL)
    puts (text);
  return text != NULL;
}

/* A slip of the finger must not cost all VMs. */
static gboolean
do_write (const Request *request, GError **error)
{
  g_autofree char *path = normal_path (request->arguments[0]);

  if (*path == '\0' || g_str_equal (path, "/vm")) {
    fputs ("Nope, not doing that.\n", stderr);
    return FALSE;
  }
  return call_without_result (request, "write", request->arguments[0], request->arguments[1],
                              error);
}

static gboolean
do_rm (const Request *request, GError **error)
{
  g_autofree char *path = normal_path (request->arguments[0]);

  if (*path == '\0') {
    puts ("bad path");
    return FALSE;
  }
  return call_without_result (request, "rm", request->arguments[0], NULL, error);
}

static gboolean
do_exists (const Request *request, GError **error)
{
  g_autoptr (GVariant) results =
      call (request, "exists", request->arguments[0], NULL, "(b)", error);
  gboolean exists;

  if (results == NULL)
    return FALSE;
  g_variant_get (results, "(b)", &exists);
  puts (exists ? "true" : "false");
  return TRUE;
}

static gboolean
do_nodes (const Request *request, GError **error)
{
  g_auto (GStrv) names = call_for_names (request, request->arguments[0], error);
  g_autofree char *line = names != NULL ? g_strjoinv (" ", names) : NULL;

  if (line != NULL)
    puts (line);
  return line != NULL;
}

static gboolean
do_cat (const Request *request, GError **error)
{
  g_autoptr (GVariant) results =
      call (request, "read_binary", request->arguments[0], NULL, "(ay)", error);
  gsize len;

  if (results == NULL)
    return FALSE;
  g_autoptr (GVariant) bytes = g_variant_get_child_value (results, 0);
  const char *data = g_variant_get_fixed_array (bytes, &len, 1);
  if (len > 0)
    fwrite (data, 1, len, stdout);
  return TRUE;
}

/* @name: the last part of @path, or all of it */
static gboolean
list_node (const Request *request, const char *path, const char *name, guint depth, GError **error)
{
  g_auto (GStrv) children = call_for_names (request, path, error);

  if (children == NULL)
    return FALSE;
  if (*children == NULL) {
    g_autofree char *text = call_for_text (request, "read", path, error);
    if (text != NULL)
      printf ("%*s%s = \"%s\"\n", (int)depth, "", name, text);
    return text != NULL;
  }
  if (depth == MAX_DEPTH) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "more than %d levels of nodes", MAX_DEPTH);
    return FALSE;
  }
  printf ("%*s%s =\n", (int)depth, "", name);
  for (char **child = children; *child != NULL; child++) {
    g_autofree char *below = g_strconcat (path, "/", *child, NULL);
    if (!list_node (request, below, request->full ? below : *child, depth + 1, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
do_ls (const Request *request, GError **error)
{
  Request all = *request;
  char **argument = all.arguments;

  if (*argument != NULL && g_str_equal (*argument, "-f")) {
    all.full = TRUE;
    argument++;
  }
  if (*argument != NULL && argument[1] != NULL) {
    usage (stderr);
    return FALSE;
  }
  g_autofree char *path = normal_path (*argument != NULL ? *argument : "");
  const char *slash = strrchr (path, '/');
  return list_node (&all, path, slash != NULL && !all.full ? slash + 1 : path, 0, error);
}

static const struct {
  const char *name;
  int n_least, n_most; /* arguments */
  /* Prints the result. FALSE without an error: what there was to say has been said. */
  gboolean (*run) (const Request *request, GError **error);
  const char *help;
} commands[] = {
  { "cat", 1, 1, do_cat, "PATH           content of a binary node" },
  { "exists", 1, 1, do_exists, "PATH        whether the node is there: true or false" },
  { "ls", 0, 2, do_ls, "[-f] [PATH]     all below the node; -f: with full paths" },
  { "nodes", 1, 1, do_nodes, "PATH         names of the node's children" },
  { "read", 1, 1, do_read, "PATH          value of the node; an empty line when there is none" },
  { "rm", 1, 1, do_rm, "PATH            remove the node and all below it" },
  { "write", 2, 2, do_write, "PATH VALUE   set the value of the node" },
};

/* -- the program ------------------------------------------------------------------- */

static int
help (void)
{
  usage (stdout);
  puts ("Reads and changes the configuration database.\n\nCommands, each also a program db-<cmd>:");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    printf ("  %s %s\n", commands[i].name, commands[i].help);
  puts ("\nEnvironment:\n  DBUS_SYSTEM_BUS_ADDRESS  address of the system bus");
  return EXIT_SUCCESS;
}

static gboolean
check_texts (char **arguments, GError **error)
{
  for (; *arguments != NULL; arguments++)
    if (!g_utf8_validate (*arguments, -1, NULL)) {
      g_set_error_literal (error, XEC_ERROR, XEC_ERROR_LOCAL, "an argument is not UTF-8 text");
      return FALSE;
    }
  return TRUE;
}

static int
run (gsize command, char **arguments)
{
  const XecOptions options = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;

  if (check_texts (arguments, &error)) {
    g_autoptr (GDBusConnection) connection = xec_bus_connect (&options, &error);
    const Request request = { .connection = connection, .arguments = arguments };
    done = connection != NULL && commands[command].run (&request, &error);
  }
  /* What a script reads from stdout is a value, or nothing. */
  fflush (stdout);
  if (error != NULL)
    fprintf (stderr, "db-%s: %s\n", commands[command].name, error->message);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  const char *slash = argc > 0 ? strrchr (argv[0], '/') : NULL;
  const char *program = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";
  char **words = argc > 0 ? argv + 1 : argv;
  const char *name = g_str_has_prefix (program, "db-") ? program + strlen ("db-") : "cmd";
  int status;

  if (g_str_equal (name, "cmd"))
    name = *words != NULL ? *words++ : "";
  if (g_str_equal (name, "--help") || g_str_equal (name, "-h") ||
      (*words != NULL && g_str_equal (*words, "--help")))
    return help ();

  int n = (int)g_strv_length (words);
  status = -1;
  for (gsize i = 0; i < G_N_ELEMENTS (commands) && status < 0; i++)
    if (g_str_equal (commands[i].name, name) && n >= commands[i].n_least && n <= commands[i].n_most)
      status = run (i, words);
  if (status < 0)
    status = usage (stderr);
  /* A script must not take for a value what did not fit on the disk. */
  return fflush (stdout) == 0 && !ferror (stdout) ? status : EXIT_FAILURE;
}
