/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlwrap/xl-error.h"

typedef struct {
  char **argv;
  int exit_status;
  char *message;
} XlErrorPrivate;

static void
xl_error_private_init (XlErrorPrivate *priv)
{
  priv->exit_status = -1;
}

static void
xl_error_private_copy (const XlErrorPrivate *src, XlErrorPrivate *dest)
{
  dest->argv = g_strdupv (src->argv);
  dest->exit_status = src->exit_status;
  dest->message = g_strdup (src->message);
}

static void
xl_error_private_clear (XlErrorPrivate *priv)
{
  g_strfreev (priv->argv);
  g_free (priv->message);
}

G_DEFINE_EXTENDED_ERROR (XlError, xl_error)

static XlErrorPrivate *
get_private (const GError *error)
{
  if (error == NULL || error->domain != XL_ERROR)
    return NULL;
  return xl_error_get_private (error);
}

void
xl_error_set_command (GError *error, const char *const *argv, int exit_status, const char *message)
{
  XlErrorPrivate *priv = get_private (error);

  g_return_if_fail (priv != NULL);

  g_strfreev (priv->argv);
  priv->argv = g_strdupv ((char **)argv);
  priv->exit_status = exit_status;
  g_free (priv->message);
  /* The text goes out over D-Bus, which takes nothing but UTF-8. */
  priv->message = message != NULL ? g_strstrip (g_utf8_make_valid (message, -1)) : NULL;
}

const char *const *
xl_error_get_argv (const GError *error)
{
  XlErrorPrivate *priv = get_private (error);

  return priv != NULL ? (const char *const *)priv->argv : NULL;
}

int
xl_error_get_exit_status (const GError *error)
{
  XlErrorPrivate *priv = get_private (error);

  return priv != NULL ? priv->exit_status : -1;
}

const char *
xl_error_get_message (const GError *error)
{
  XlErrorPrivate *priv = get_private (error);

  return priv != NULL && priv->message != NULL ? priv->message : "";
}
