/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/service.h"

G_BEGIN_DECLS

/*
 * Settings of the host, on object `/`: the properties of the interfaces
 * com.citrix.xenclient.xenmgr.config and .config.ui. One row each; D-Bus, the
 * service's own parts and docs/host-config.md all read the same one.
 */

/** XmRootSource: where the value of a row is kept. */
typedef enum {
  XM_ROOT_STORE,    /* key of the store */
  XM_ROOT_CAPS,     /* key of the host's capability file (caps.h); read only */
  XM_ROOT_FLAG,     /* file of the host that exists when the value is false */
  XM_ROOT_LANGUAGE, /* a line of a file of the host */
  XM_ROOT_FIXED,    /* always the default; what is set counts for nothing */
} XmRootSource;

typedef enum {
  XM_ROOT_NONE = 0,
  XM_ROOT_READ_ONLY = 1 << 0,
  XM_ROOT_SILENT = 1 << 1,       /* no `config_changed` */
  XM_ROOT_INVERTED = 1 << 2,     /* the store has the opposite */
  XM_ROOT_TRUE_REMOVES = 1 << 3, /* true removes the key */
  XM_ROOT_MILLI = 1 << 4,        /* thousandths here, whole ones with a decimal fraction there */
  XM_ROOT_HOST_PATH = 1 << 5,    /* the default is a path of the host */
} XmRootFlags;

typedef struct {
  const char *name;
  char type; /* 'b', 'i', 's'; 'a' for a list of texts, one word each where it is kept */
  XmRootSource source;
  const char *key;      /* in the store or the capability file, or the path of the file */
  const char *fallback; /* text of the default */
  XmRootFlags flags;
  const char *const *words; /* what is stored; NULL: any text */
  const char *other_word;   /* stored in place of what is none of @words */
  XmCommand commands[2];    /* what false and true have done to the host */
} XmRootRow;

/** xm_root_config_rows: (array length=n): all, by interface and name. */
const XmRootRow *xm_root_config_rows (gsize *n);

/* -- for the parts of the service; @name must be a row of that type ------------------ */

/** xm_root_config_allows: the value of a boolean, for what must not happen by mistake: text in the
 * store that is no boolean is an error. */
gboolean
xm_root_config_allows (XmService *service, const char *name, gboolean *value, GError **error);

/** xm_root_config_boolean, _integer, _text: where the text in the store cannot be read as the
 * row's type, the default, with a warning. */
gboolean xm_root_config_boolean (XmService *service, const char *name);
gint32 xm_root_config_integer (XmService *service, const char *name);
/** Returns: (transfer full) */
char *xm_root_config_text (XmService *service, const char *name);

/* -- for the XmInterfaces ------------------------------------------------------------ */

gconstpointer xm_root_config_lookup (const char *name);
gboolean xm_root_config_look (gpointer service,
                              gconstpointer row,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
GVariant *xm_root_config_get (gpointer service, gconstpointer row, GError **error);
void xm_root_config_set (gpointer service,
                         const char *interface,
                         gconstpointer row,
                         GVariant *value,
                         GDBusMethodInvocation *invocation);

G_END_DECLS
