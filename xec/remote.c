/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xec/remote.h"

#include <signal.h>
#include <string.h>

#include "xec/error.h"

/* Where the port begins: after the last colon, unless there are more, as in an IPv6 address that
 * is not in brackets. */
static const char *
find_port (const char *host)
{
  const char *bracket = strrchr (host, ']');
  const char *colon = strrchr (host, ':');
  if (colon == NULL || (bracket != NULL && colon < bracket))
    return NULL;
  if (bracket == NULL && strchr (host, ':') != colon)
    return NULL;
  return colon + 1;
}

char **
xec_remote_argv (const char *host)
{
  const char *port = find_port (host);
  g_autofree char *target =
      port != NULL ? g_strndup (host, (gsize)(port - host - 1)) : g_strdup (host);
  const char *name = strrchr (target, '@') != NULL ? strrchr (target, '@') + 1 : target;
  if (*name == '\0' || *target == '-' || *target == '@')
    return NULL;
  if (port != NULL && (*port == '\0' || port[strspn (port, "0123456789")] != '\0'))
    return NULL;
  if (*name == '[' && g_str_has_suffix (name, "]")) { /* ssh has none */
    gsize at = (gsize)(name - target);
    memmove (target + at, target + at + 1, strlen (target + at));
    target[strlen (target) - 1] = '\0';
  }

  g_autoptr (GStrvBuilder) argv = g_strv_builder_new ();
  g_strv_builder_add_many (argv, "ssh", "-xT", NULL);
  if (port != NULL)
    g_strv_builder_add_many (argv, "-p", port, NULL);
  g_strv_builder_add_many (argv, "--", target, "systemd-stdio-bridge", NULL);
  return g_strv_builder_end (argv);
}

GDBusConnection *
xec_remote_connect (const char *host, GError **error)
{
  g_auto (GStrv) argv = xec_remote_argv (host);
  if (argv == NULL) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "'%s' is not [USER@]HOST[:PORT]", host);
    return NULL;
  }

  signal (SIGPIPE, SIG_IGN); /* an ssh that has ended is an error to report; sockets have none */
  g_autoptr (GError) reason = NULL;
  g_autoptr (GSubprocess) ssh =
      g_subprocess_newv ((const char *const *)argv,
                         G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &reason);
  GDBusConnection *connection = NULL;
  if (ssh != NULL) {
    g_autoptr (GIOStream) stream = g_simple_io_stream_new (g_subprocess_get_stdout_pipe (ssh),
                                                           g_subprocess_get_stdin_pipe (ssh));
    connection = g_dbus_connection_new_sync (stream, NULL,
                                             G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                 G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                             NULL, NULL, &reason);
  }
  if (connection == NULL) {
    g_set_error (error, XEC_ERROR, XEC_ERROR_LOCAL, "cannot connect to the system bus of %s: %s",
                 host, reason->message);
    return NULL;
  }
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  return connection;
}
