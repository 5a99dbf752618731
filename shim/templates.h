/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <jansson.h>

G_BEGIN_DECLS

/**
 * XmTemplates:
 *
 * The templates of one flavour: a directory of files with a JSON object each.
 * A tag is the file's name without extension (`.json` or none). The files are
 * read at each call, so that the admin's changes count at once.
 */
typedef struct _XmTemplates XmTemplates;

/** xm_templates_new: @directory need not exist; then there are no templates. */
XmTemplates *xm_templates_new (const char *directory);
void xm_templates_free (XmTemplates *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmTemplates, xm_templates_free)

/** xm_templates_list: (transfer full): sorted tags of all but the `service-` ones. */
char **xm_templates_list (XmTemplates *self, GError **error);

/**
 * xm_templates_list_ui: Returns: (transfer floating): aa{ss}, `description` and `template` of those
 * whose `ui-selectable` is "true". One file that cannot be read fails the call.
 */
GVariant *xm_templates_list_ui (XmTemplates *self, GError **error);

/** xm_templates_list_child: (transfer full): the rest of the names that start with `child-`. */
char **xm_templates_list_child (XmTemplates *self, GError **error);

/** xm_templates_list_service: (transfer full): the rest of the names that start with `service-`. */
char **xm_templates_list_service (XmTemplates *self, GError **error);

/**
 * xm_templates_load:
 * @name: a tag, or the absolute path of a file directly in the directory; blank: no template, `{}`
 *
 * Returns: (transfer full): a JSON object. Errors: 223 for a file that is missing or
 * beyond 1 MiB, XM_ERROR_PLAIN for other names and for bad JSON.
 */
json_t *xm_templates_load (XmTemplates *self, const char *name, GError **error);

/** xm_json_parse_object: (transfer full): what a user gave; blank is `{}`. Errors: `malformed JSON:
 * ...`. */
json_t *xm_json_parse_object (const char *text, GError **error);

/**
 * xm_json_merge: (transfer full): a new object: @template with objects of @overrides merged in at
 * all levels, and anything else of @overrides in place of the template's. Shares nothing with the
 * two.
 */
json_t *xm_json_merge (json_t *template, json_t *overrides);

G_END_DECLS
