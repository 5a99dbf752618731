/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim/lifecycle-private.h"

#include <string.h>

/*
 * Which of Xen's domains is the VM's, where xl lets several have one uuid, and
 * which of them the service has made. An admin's xl may work on the same VM at
 * the same time; what it makes is never taken for the service's.
 */

/* xc gives a new domain its uuid at once; name, memory and processors follow. */
gboolean
xm_domain_is_half_built (const XlDomain *domain)
{
  return domain->memory == 0 || domain->vcpus == 0 || g_str_equal (domain->name, "(null)");
}

/* One that runs counts more than one that has ended, and the VM does not change over to another
 * while the one that it has lives. */
static int
rank (const XmVm *vm, const XlDomain *domain)
{
  if (vm->lifecycle->own_domid >= 0 && domain->domid == (guint)vm->lifecycle->own_domid)
    return 3;
  if (domain->state & (XL_DOMAIN_SHUTDOWN | XL_DOMAIN_DYING))
    return 0;
  return vm->domid >= 0 && domain->domid == (guint)vm->domid ? 2 : 1;
}

static void
warn_of_others (XmVm *vm, const XlDomain *counts, guint n, guint newest)
{
  XmLifecycle *lifecycle = vm->lifecycle;
  if (n < 2) {
    lifecycle->warned_of = 0;
  } else if (lifecycle->warned_of != newest) {
    lifecycle->warned_of = newest;
    g_warning ("%s: %u domains have its uuid; domain %u counts, the others are left alone",
               vm->uuid, n, counts->domid);
  }
}

const XlDomain *
xm_lifecycle_domain (XmVm *vm)
{
  g_autoptr (GPtrArray) all = xm_domains_find_uuid (vm->service->domains, vm->uuid);
  const XlDomain *best = NULL;
  guint newest = 0;
  for (guint i = 0; i < all->len; i++) {
    const XlDomain *domain = all->pdata[i];
    newest = MAX (newest, domain->domid);
    if (best == NULL || rank (vm, domain) > rank (vm, best) ||
        (rank (vm, domain) == rank (vm, best) && domain->domid > best->domid))
      best = domain;
  }
  warn_of_others (vm, best, all->len, newest);
  return best;
}

/* xl has made it paused, and under this name; two domains cannot have one name. */
const XlDomain *
xm_lifecycle_built_domain (XmVm *vm)
{
  g_autoptr (GPtrArray) all = xm_domains_find_uuid (vm->service->domains, vm->uuid);
  const char *name = xm_vm_read (vm, "name");
  const XlDomain *newest = NULL;
  for (guint i = 0; i < all->len; i++) {
    const XlDomain *domain = all->pdata[i];
    if (domain->state & XL_DOMAIN_DYING)
      continue;
    if (g_strcmp0 (name, domain->name) == 0)
      return domain;
    if (newest == NULL || domain->domid > newest->domid)
      newest = domain;
  }
  return newest;
}

/*
 * A domain that the service had begun is paused, for nobody else lets it run.
 * When xl found the name taken, the domain of that name is somebody else's.
 */
const XlDomain *
xm_lifecycle_leftover (XmVm *vm, XmLeftoverFlags flags)
{
  g_autoptr (GPtrArray) all = xm_domains_find_uuid (vm->service->domains, vm->uuid);
  int own = vm->lifecycle->own_domid;
  const XlDomain *newest = NULL;
  for (guint i = 0; i < all->len; i++) {
    const XlDomain *domain = all->pdata[i];
    if (own >= 0 ? domain->domid != (guint)own
                 : !(domain->state & XL_DOMAIN_PAUSED) || (domain->state & XL_DOMAIN_DYING))
      continue;
    if (own < 0 && (flags & XM_LEFTOVER_NAME_TAKEN) && !g_str_equal (domain->name, "(null)"))
      continue;
    if (own < 0 && (flags & XM_LEFTOVER_NOT_ALONE) && !xm_domain_is_half_built (domain))
      continue;
    if (newest == NULL || domain->domid > newest->domid)
      newest = domain;
  }
  return newest;
}
