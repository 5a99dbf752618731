/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * FuzzValues: values of any D-Bus type, most of them such as a member could
 * expect, the others such as none does: words from a list, edges of numbers,
 * texts that are long, odd or nearly right. The same seed gives the same ones.
 */
typedef struct {
  GRand *random;
  GPtrArray *words; /* of char *: texts that mean something to the service */
  GPtrArray *paths; /* of char *: the objects that there are now; kept by the caller */
  guint budget;     /* so many parts the value that is being made may still get */
} FuzzValues;

/** fuzz_values_new: with the words of a file: one a line, with C escapes; `#` starts a comment;
 * $DIR stands for @directory. */
FuzzValues *fuzz_values_new (guint32 seed, const char *file, const char *directory);
void fuzz_values_free (FuzzValues *self);

/** fuzz_chance: true in one of @n cases. */
gboolean fuzz_chance (FuzzValues *self, guint n);

/** fuzz_below: 0 to @n - 1. */
guint fuzz_below (FuzzValues *self, guint n);

/** fuzz_text: (transfer full): valid UTF-8. */
char *fuzz_text (FuzzValues *self);

/** fuzz_value: (transfer floating): of @type. */
GVariant *fuzz_value (FuzzValues *self, const GVariantType *type);

/** fuzz_type: one of some types, simple ones and nested ones. */
const GVariantType *fuzz_type (FuzzValues *self);

G_END_DECLS
