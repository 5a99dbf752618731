/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client-parser.h"

#include <string.h>

/* --- tokens --- */

typedef enum {
  TOKEN_START,
  TOKEN_END,
  TOKEN_BLANK,
  TOKEN_TEXT,
  TOKEN_MISC,
  TOKEN_DOCTYPE,
  TOKEN_EOF
} TokenKind;

typedef struct {
  const char *start;
  const char *p;
  const char *end;
  /* The last token; name and attributes belong to TOKEN_START and TOKEN_END. */
  char *name;
  GHashTable *attributes;
  gboolean self_closed;
} Reader;

static gboolean
    G_GNUC_PRINTF (3, 4) fail (const Reader *reader, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  int line = 1;
  va_list args;

  for (const char *c = reader->start; c < reader->p; c++)
    line += *c == '\n';
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_PARSE, "line %d: %s", line, text);
  return FALSE;
}

static gboolean
looking_at (const Reader *reader, const char *text)
{
  gsize length = strlen (text);

  return (gsize)(reader->end - reader->p) >= length && memcmp (reader->p, text, length) == 0;
}

static gboolean
skip_past (Reader *reader, const char *text, GError **error)
{
  for (; reader->p < reader->end; reader->p++) {
    if (looking_at (reader, text)) {
      reader->p += strlen (text);
      return TRUE;
    }
  }
  return fail (reader, error, "`%s` is missing", text);
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static gboolean
skip_blanks (Reader *reader)
{
  const char *from = reader->p;

  while (reader->p < reader->end && is_blank (*reader->p))
    reader->p++;
  return reader->p > from;
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || strchr ("_:-.", c) != NULL || (c & 0x80);
}

static char *
read_name (Reader *reader, GError **error)
{
  const char *from = reader->p;

  while (reader->p < reader->end && *reader->p && is_name_char (*reader->p))
    reader->p++;
  if (reader->p == from || g_ascii_isdigit (*from) || *from == '-' || *from == '.') {
    fail (reader, error, "a name is missing");
    return NULL;
  }
  return g_strndup (from, reader->p - from);
}

/* Appends the character that the entity at `&` stands for. */
static gboolean
read_entity (Reader *reader, GString *value, GError **error)
{
  static const struct {
    const char *text;
    char character;
  } predefined[] = {
    { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' },
  };

  for (guint i = 0; i < G_N_ELEMENTS (predefined); i++) {
    if (looking_at (reader, predefined[i].text)) {
      g_string_append_c (value, predefined[i].character);
      reader->p += strlen (predefined[i].text);
      return TRUE;
    }
  }
  if (looking_at (reader, "&#")) {
    gboolean hex = looking_at (reader, "&#x");
    char *after = NULL;
    guint64 code;

    reader->p += hex ? 3 : 2;
    if (!g_ascii_isxdigit (*reader->p))
      return fail (reader, error, "bad character reference");
    code = g_ascii_strtoull (reader->p, &after, hex ? 16 : 10);
    if (*after != ';' || code == 0 || code > 0x10ffff || !g_unichar_validate ((gunichar)code))
      return fail (reader, error, "bad character reference");
    g_string_append_unichar (value, (gunichar)code);
    reader->p = after + 1;
    return TRUE;
  }
  return fail (reader, error, "unknown entity");
}

static char *
read_value (Reader *reader, GError **error)
{
  g_autoptr (GString) value = g_string_new (NULL);
  char quote = *reader->p;

  if (quote != '"' && quote != '\'') {
    fail (reader, error, "an attribute's value is not quoted");
    return NULL;
  }
  for (reader->p++; reader->p < reader->end && *reader->p != quote;) {
    if (*reader->p == '<') {
      fail (reader, error, "`<` in an attribute's value");
      return NULL;
    }
    if (*reader->p == '&') {
      if (!read_entity (reader, value, error))
        return NULL;
    } else {
      g_string_append_c (value, *reader->p++);
    }
  }
  if (reader->p == reader->end) {
    fail (reader, error, "an attribute's value has no end");
    return NULL;
  }
  reader->p++;
  return g_strdup (value->str);
}

static gboolean
read_attributes (Reader *reader, GError **error)
{
  for (;;) {
    gboolean separated = skip_blanks (reader);
    g_autofree char *name = NULL;
    char *value;

    if (looking_at (reader, ">") || looking_at (reader, "/>"))
      return TRUE;
    if (!separated)
      return fail (reader, error, "a blank is missing before an attribute");
    name = read_name (reader, error);
    if (!name)
      return FALSE;
    skip_blanks (reader);
    if (!looking_at (reader, "="))
      return fail (reader, error, "attribute `%s` has no value", name);
    reader->p++;
    skip_blanks (reader);
    value = read_value (reader, error);
    if (!value)
      return FALSE;
    if (!g_hash_table_insert (reader->attributes, g_steal_pointer (&name), value))
      return fail (reader, error, "an attribute occurs twice");
  }
}

/* A document type declaration; its internal subset, in brackets, is skipped. */
static gboolean
skip_doctype (Reader *reader, GError **error)
{
  while (reader->p < reader->end) {
    char c = *reader->p++;

    if (c == '>')
      return TRUE;
    if (c == '[' && !skip_past (reader, "]", error))
      return FALSE;
    if ((c == '"' || c == '\'') && !skip_past (reader, c == '"' ? "\"" : "'", error))
      return FALSE;
  }
  return fail (reader, error, "the document type declaration has no end");
}

static gboolean
read_tag (Reader *reader, TokenKind *kind, GError **error)
{
  *kind = looking_at (reader, "</") ? TOKEN_END : TOKEN_START;
  reader->p += *kind == TOKEN_END ? 2 : 1;
  g_clear_pointer (&reader->name, g_free);
  g_hash_table_remove_all (reader->attributes);
  reader->name = read_name (reader, error);
  if (!reader->name)
    return FALSE;
  if (*kind == TOKEN_START) {
    if (!read_attributes (reader, error))
      return FALSE;
    reader->self_closed = looking_at (reader, "/>");
    reader->p += reader->self_closed ? 2 : 1;
    return TRUE;
  }
  skip_blanks (reader);
  if (!looking_at (reader, ">"))
    return fail (reader, error, "`>` is missing after `</%s`", reader->name);
  reader->p++;
  return TRUE;
}

static gboolean
next_token (Reader *reader, TokenKind *kind, GError **error)
{
  if (reader->p == reader->end) {
    *kind = TOKEN_EOF;
    return TRUE;
  }
  if (*reader->p != '<') {
    *kind = TOKEN_BLANK;
    for (; reader->p < reader->end && *reader->p != '<'; reader->p++) {
      if (!is_blank (*reader->p))
        *kind = TOKEN_TEXT;
    }
    return TRUE;
  }
  if (looking_at (reader, "<![CDATA[")) {
    *kind = TOKEN_TEXT;
    return skip_past (reader, "]]>", error);
  }
  if (looking_at (reader, "<!--")) {
    *kind = TOKEN_MISC;
    reader->p += 4;
    return skip_past (reader, "-->", error);
  }
  if (looking_at (reader, "<?")) {
    *kind = TOKEN_MISC;
    return skip_past (reader, "?>", error);
  }
  if (looking_at (reader, "<!DOCTYPE")) {
    *kind = TOKEN_DOCTYPE;
    return skip_doctype (reader, error);
  }
  return read_tag (reader, kind, error);
}

/* --- elements --- */

typedef enum {
  IN_DOCUMENT = 1 << 0,
  IN_NODE = 1 << 1,
  IN_INTERFACE = 1 << 2,
  IN_METHOD = 1 << 3,
  IN_SIGNAL = 1 << 4,
  IN_PROPERTY = 1 << 5,
  IN_LEAF = 1 << 6, /* argument or annotation: nothing may be inside */
} Place;

typedef struct {
  const char *name;
  guint allowed;
  Place inside;
  const char *required[4];
} Element;

static const Element elements[] = {
  { "node", IN_DOCUMENT | IN_NODE, IN_NODE, { NULL } },
  { "interface", IN_NODE, IN_INTERFACE, { "name" } },
  { "method", IN_INTERFACE, IN_METHOD, { "name" } },
  { "signal", IN_INTERFACE, IN_SIGNAL, { "name" } },
  { "property", IN_INTERFACE, IN_PROPERTY, { "name", "type", "access" } },
  { "arg", IN_METHOD | IN_SIGNAL, IN_LEAF, { "type" } },
  { "annotation", IN_INTERFACE | IN_METHOD | IN_SIGNAL | IN_PROPERTY, IN_LEAF, { NULL } },
};

typedef struct {
  Reader reader;
  ClientNode *node;
  guint depth; /* of <node> elements */
  GString *in;
  GString *out;
} Parser;

static const Element *
check_element (Parser *parser, Place place, GError **error)
{
  Reader *reader = &parser->reader;
  const char *type = g_hash_table_lookup (reader->attributes, "type");
  const char *access = g_hash_table_lookup (reader->attributes, "access");
  const char *direction = g_hash_table_lookup (reader->attributes, "direction");

  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    const Element *element = &elements[i];

    if (!g_str_equal (reader->name, element->name))
      continue;
    if (!(element->allowed & place)) {
      fail (reader, error, "<%s> is not allowed here", element->name);
      return NULL;
    }
    for (const char *const *name = element->required; *name; name++) {
      if (!g_hash_table_contains (reader->attributes, *name)) {
        fail (reader, error, "<%s> without `%s`", element->name, *name);
        return NULL;
      }
    }
    if (g_strv_contains (element->required, "type") &&
        !(g_variant_is_signature (type) && g_variant_type_string_is_valid (type))) {
      fail (reader, error, "`%s` is not a type", type);
      return NULL;
    }
    if (g_strv_contains (element->required, "access") && !g_str_equal (access, "read") &&
        !g_str_equal (access, "write") && !g_str_equal (access, "readwrite")) {
      fail (reader, error, "`%s` is not a kind of access", access);
      return NULL;
    }
    if (element->inside == IN_LEAF && direction && !g_str_equal (direction, "in") &&
        !g_str_equal (direction, "out")) {
      fail (reader, error, "`%s` is not a direction", direction);
      return NULL;
    }
    return element;
  }
  fail (reader, error, "unknown element <%s>", reader->name);
  return NULL;
}

static void
add_arg (Parser *parser, Place place)
{
  GHashTable *attributes = parser->reader.attributes;
  const char *name = g_hash_table_lookup (attributes, "name");
  const char *direction = g_hash_table_lookup (attributes, "direction");
  gboolean out = place == IN_SIGNAL || g_strcmp0 (direction, "out") == 0;
  GString *list = out ? parser->out : parser->in;

  g_string_append_printf (list, "%s%s:%s", list->len ? "," : "", name ? name : "",
                          (const char *)g_hash_table_lookup (attributes, "type"));
}

static void
add_member (Parser *parser,
            const char *kind,
            const char *name,
            const char *type,
            const char *access)
{
  const GPtrArray *interfaces = parser->node->interfaces;

  g_ptr_array_add (parser->node->members,
                   g_strjoin ("\t", (const char *)interfaces->pdata[interfaces->len - 1], kind,
                              name, parser->in->str, parser->out->str, type ? type : "",
                              access ? access : "", NULL));
}

/* What is inside below a second <node> describes another object. */
static void
enter_element (Parser *parser, const Element *element, Place place)
{
  const char *name = g_hash_table_lookup (parser->reader.attributes, "name");

  if (element->inside == IN_NODE && place == IN_NODE && parser->depth == 1)
    g_ptr_array_add (parser->node->children, g_strdup (name ? name : ""));
  else if (element->inside == IN_INTERFACE && parser->depth == 1)
    g_ptr_array_add (parser->node->interfaces, g_strdup (name));
  else if (place == IN_INTERFACE) {
    g_string_truncate (parser->in, 0);
    g_string_truncate (parser->out, 0);
  } else if (g_str_equal (element->name, "arg")) {
    add_arg (parser, place);
  }
}

static gboolean
read_content (Parser *parser, const Element *parent, GError **error)
{
  Reader *reader = &parser->reader;
  Place place = parent ? parent->inside : IN_DOCUMENT;
  gboolean seen_root = FALSE;

  for (;;) {
    const Element *element;
    TokenKind kind;

    if (!next_token (reader, &kind, error))
      return FALSE;
    if (place == IN_LEAF && kind != TOKEN_END)
      return fail (reader, error, "content inside <%s>", parent->name);
    switch (kind) {
    case TOKEN_BLANK:
    case TOKEN_MISC:
      continue;
    case TOKEN_TEXT:
      return fail (reader, error, "text or CDATA");
    case TOKEN_DOCTYPE:
      if (place != IN_DOCUMENT || seen_root)
        return fail (reader, error, "misplaced document type declaration");
      continue;
    case TOKEN_EOF:
      if (parent)
        return fail (reader, error, "<%s> has no end", parent->name);
      return seen_root || fail (reader, error, "no element");
    case TOKEN_END:
      if (!parent || !g_str_equal (reader->name, parent->name))
        return fail (reader, error, "unexpected </%s>", reader->name);
      return TRUE;
    case TOKEN_START:
      break;
    }

    element = check_element (parser, place, error);
    if (!element)
      return FALSE;
    if (place == IN_DOCUMENT && seen_root)
      return fail (reader, error, "a second root element");
    seen_root = TRUE;
    enter_element (parser, element, place);
    if (!reader->self_closed || place == IN_INTERFACE) {
      g_autofree char *name = g_strdup (g_hash_table_lookup (reader->attributes, "name"));
      g_autofree char *type = g_strdup (g_hash_table_lookup (reader->attributes, "type"));
      g_autofree char *access = g_strdup (g_hash_table_lookup (reader->attributes, "access"));

      parser->depth += element->inside == IN_NODE;
      if (!reader->self_closed && !read_content (parser, element, error))
        return FALSE;
      parser->depth -= element->inside == IN_NODE;
      if (place == IN_INTERFACE && element->inside != IN_LEAF && parser->depth == 1)
        add_member (parser, element->name, name, type, access);
    }
  }
}

ClientNode *
client_node_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (ClientNode) node = g_new0 (ClientNode, 1);
  /* Ends with a NUL, so that looking one character ahead is always allowed. */
  g_autofree char *copy = g_strndup (text, length);
  Parser parser = { .reader = { copy, copy, copy + length, NULL, NULL, FALSE }, .node = node };
  gboolean ok;

  node->interfaces = g_ptr_array_new_with_free_func (g_free);
  node->members = g_ptr_array_new_with_free_func (g_free);
  node->children = g_ptr_array_new_with_free_func (g_free);
  if (!g_utf8_validate (text, (gssize)length, NULL)) {
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_BAD_UTF8, "not UTF-8");
    return NULL;
  }

  parser.reader.attributes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  parser.in = g_string_new (NULL);
  parser.out = g_string_new (NULL);
  ok = read_content (&parser, NULL, error);
  g_string_free (parser.in, TRUE);
  g_string_free (parser.out, TRUE);
  g_hash_table_unref (parser.reader.attributes);
  g_free (parser.reader.name);
  return ok ? g_steal_pointer (&node) : NULL;
}

void
client_node_free (ClientNode *node)
{
  g_clear_pointer (&node->interfaces, g_ptr_array_unref);
  g_clear_pointer (&node->members, g_ptr_array_unref);
  g_clear_pointer (&node->children, g_ptr_array_unref);
  g_free (node);
}
