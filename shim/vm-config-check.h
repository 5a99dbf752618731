/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Whether xl 4.17 takes a text as the value of one of its keys, so that a bad one is refused with
 * the property's name and not by xl with the key's. xl_parse.c decides; each was tried.
 *
 * Returns: %NULL when it does, else what the text should be.
 */
const char *xm_config_check_bios (const char *text);
const char *xm_config_check_disk_controller (const char *text);
const char *xm_config_check_timer_mode (const char *text);
const char *xm_config_check_viridian (const char *text);
const char *xm_config_check_ioports (const char *text);
const char *xm_config_check_iomem (const char *text);

G_END_DECLS
