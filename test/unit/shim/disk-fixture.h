/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service-fixture.h"

/*
 * A service with a folder for images, which is also the root of its host, and one VM with disks.
 * Whatever should succeed and does not ends the test.
 */
#define UUID       "8a3c1d5e-4f60-4b7a-9c21-0123456789ab"
#define PATH       "/vm/8a3c1d5e_4f60_4b7a_9c21_0123456789ab"
#define DISK       "com.citrix.xenclient.vmdisk"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define MIB        1048576

extern ServiceFixture *disk_fixture;
extern XmService *disk_service;
extern char *disk_base; /* the folder */

void disk_set_up (void);
void disk_tear_down (void);

/** disk_replace: @value: (transfer full): the text of a setting from now on. */
void disk_replace (char **setting, char *value);

/** disk_call: (transfer full): what the method answers. */
GVariant *
disk_call (const char *path, const char *interface, const char *method, GVariant *parameters);

/** disk_run: the same, without the answer. */
void disk_run (const char *path, const char *interface, const char *method, GVariant *parameters);

/** disk_refuse: the call fails with exactly this text. */
void disk_refuse (const char *path,
                  const char *interface,
                  const char *method,
                  GVariant *parameters,
                  const char *text);

/** disk_assert: the value of a disk's property. @expected: as g_variant_print() shows it. */
void disk_assert (const char *path, const char *property, const char *expected);

/** disk_set, disk_set_text: set a disk's property. */
void disk_set (const char *path, const char *property, GVariant *value);
void disk_set_text (const char *path, const char *property, const char *text);

/** disk_add_vm: (transfer none): the VM with UUID. @config: what is in its node `config`. */
XmVm *disk_add_vm (const char *config);

/** disk_file_is_there: whether the folder has @file. */
gboolean disk_file_is_there (const char *file);

/** disk_make_vhd: (transfer full): path of a dynamic VHD made in the folder. */
char *disk_make_vhd (const char *file, const char *size);

/** disk_encrypt: marks the VHD as bound to a key: a batmap header behind its allocation table. */
void disk_encrypt (const char *path);
