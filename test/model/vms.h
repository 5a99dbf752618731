/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host.h"
#include "model.h"

G_BEGIN_DECLS

/*
 * The VMs of the test: what the model thinks of each, and how it is on the host.
 */

typedef struct {
  ModelVm model;
  guint number;
  char *name, *uuid, *path;
  char *image, *xl_image; /* paths of saved states */
  char *config;           /* path of the admin's own xl.cfg */
  GString *told;          /* states told since the last look, each followed by a blank */
} TestVm;

TestVm *test_vm_new (guint number);
void test_vm_free (TestVm *vm);

/** test_vm_hear: notes a state that was told. */
void test_vm_hear (TestVm *vm, const char *state);

/** test_vm_argv: (transfer full) (nullable): the words of the program that does @action, NULL for
 * the service's. */
char **test_vm_argv (const TestVm *vm, Action action);

/** test_vm_act: does it. Returns: whether that was answered with success. */
gboolean test_vm_act (TestVm *vm, Action action, char **error);

/** test_vm_call: begins what the service is asked to do; not for ACTION_DELETE. */
void test_vm_call (TestVm *vm, Action action, HostAnswered answered, gpointer user_data);

/** Shown: what the service is asked about a VM, at each look. */
typedef enum { SHOWN_STATE, SHOWN_DOMID, N_SHOWN } Shown;

/** test_vm_ask: what host_get_many() is to ask about @vm. */
void test_vm_ask (const TestVm *vm, HostGet shown[N_SHOWN]);

/** test_vm_look_at_host: compares the domains of the host with the model.
 * @old_domid: the domid it had before, when it must have a new one; else -1
 * Returns: (nullable) (transfer full): what is different. */
char *test_vm_look_at_host (const TestVm *vm, GPtrArray *domains, int old_domid);

/** test_vm_look: compares what the service says of @vm with the model, and with the domains, which
 * are as the model has them.
 * Returns: (nullable) (transfer full): what is different. */
char *test_vm_look (TestVm *vm, GPtrArray *domains, const HostGet shown[N_SHOWN]);

/** test_vm_look_at_service: compares what the service says with what xl shows.
 * Returns: (nullable) (transfer full): what is different. */
char *test_vm_look_at_service (const TestVm *vm, GPtrArray *domains);

/** test_vm_owned_domid: the domain that the service has noted as its own, -1 for none. */
int test_vm_owned_domid (const TestVm *vm);

/** test_vm_domain: (nullable): its domain in the list. */
const HostDomain *test_vm_domain (const TestVm *vm, GPtrArray *domains);

G_END_DECLS
