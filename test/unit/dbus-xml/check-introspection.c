/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells whether the original client could read the introspection text on standard input. */
#include "client-parser.h"

#include <stdio.h>
#include <stdlib.h>

int
main (int argc, char **argv)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ClientNode) node = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[4096];
  gsize n;

  if (argc > 1) {
    fprintf (stderr, "usage: %s < INTROSPECTION-XML\n", argv[0]);
    return 2;
  }
  while ((n = fread (buffer, 1, sizeof buffer, stdin)) > 0)
    g_string_append_len (text, buffer, (gssize)n);
  if (ferror (stdin)) {
    perror ("standard input");
    return 2;
  }

  node = client_node_parse (text->str, text->len, &error);
  if (!node) {
    printf ("refused: %s\n", error->message);
    return EXIT_FAILURE;
  }
  printf ("ok: %u interfaces, %u members, %u children\n", node->interfaces->len, node->members->len,
          node->children->len);
  for (guint i = 0; i < node->interfaces->len; i++)
    printf ("  %s\n", (const char *)node->interfaces->pdata[i]);
  return EXIT_SUCCESS;
}
