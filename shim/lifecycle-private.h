/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/error.h"
#include "shim/lifecycle.h"
#include "shim/progress.h"
#include "shim/save-image.h"
#include "shim/start.h"
#include "xlwrap/xl-commands.h"

G_BEGIN_DECLS

/** XmLeftoverFlags:
 * @XM_LEFTOVER_NAME_TAKEN: xl found a domain of the VM's name
 * @XM_LEFTOVER_NOT_ALONE: somebody else's xl was building, too: what is whole is theirs */
typedef enum {
  XM_LEFTOVER_NAME_TAKEN = 1 << 0,
  XM_LEFTOVER_NOT_ALONE = 1 << 1,
} XmLeftoverFlags;

/** XmOperation: one operation, from its turn in the queue to its end. */
typedef struct _XmOperation XmOperation;
struct _XmOperation {
  XmVm *vm;
  XmOperationKind kind;
  GTask *task;
  GCancellable *cancellable;
  char *file;                /* of the operations on one */
  XmSaveImage *image;        /* the same */
  XmStart *start;            /* of a start that prepares */
  XmProgress *progress;      /* while xl saves or restores */
  GError *failure;           /* why it fails, while it still cleans up */
  XmLeftoverFlags leftover;  /* what is known of a domain that xl may have left */
  guint domid;               /* of the domain that is saved, or destroyed */
  gboolean escalated;        /* the guest was asked by the second means already */
  gboolean waiting;          /* no command runs; it ends when the domain is gone or time is up */
  gboolean guest_is_down;    /* what it waits for: that somebody removes the domain */
  XmErrorCode timeout_error; /* what it fails with when time is up; 0: a text of its own */
  gboolean has_agent;        /* there is an agent in the guest */
  gboolean has_button;       /* the guest heeds the power button */
  void (*next) (XmOperation *op); /* after waking the guest */
  guint seconds;                  /* for waking it */
  void (*undo) (XmOperation *op); /* when it fails, NULL for nothing */
};

struct _XmLifecycle {
  XmVm *vm;       /* owns this */
  GQueue waiting; /* XmOperation */
  XmOperation *current;
  GQueue aside;      /* XmOperation: starts in whose place a hook runs; the others go on */
  gboolean building; /* xl create runs: whatever domain there is, is being built */
  int own_domid; /* domain that belongs to the service; -1 none, XM_OWN_NEXT the next one seen */
  guint fresh_looks;   /* since it came */
  gboolean fresh;      /* somebody else's domain, which has not run yet */
  guint warned_of;     /* newest of several domains with one uuid, as logged; 0 for none */
  gboolean unfinished; /* that domain was not let run yet */
  gboolean again;      /* if the service ends, its next life starts the VM */
  gboolean outdated;   /* the record could not be written */
  XmSaveImage *saving; /* what the last life of the service was saving to; NULL for nothing */
  gboolean reaping;    /* xl destroy of an ended domain runs */
  gboolean restart;    /* start again once the domain is gone */
  gboolean observed;   /* there was a picture since the VM is known */
  gboolean expecting;  /* the guest was asked to end: running is not news */
  guint expect_timer;
};

#define XM_OWN_NEXT -2

/** The first step of each kind of operation. */
void xm_operation_start (XmOperation *op);
void xm_operation_start_internal (XmOperation *op);
void xm_operation_shutdown (XmOperation *op);
void xm_operation_reboot (XmOperation *op);
void xm_operation_destroy (XmOperation *op);
void xm_operation_pause (XmOperation *op);
void xm_operation_unpause (XmOperation *op);
void xm_operation_sleep (XmOperation *op);
void xm_operation_resume (XmOperation *op);
void xm_operation_hibernate (XmOperation *op);
void xm_operation_switch (XmOperation *op);
void xm_operation_suspend_to_file (XmOperation *op);
void xm_operation_resume_from_file (XmOperation *op);
void xm_operation_recover (XmOperation *op);

/**
 * xm_operation_wake: begins what a guest in S3 could not do: wakes it, waits for that at most
 * @seconds, and goes on with @next, awake or not. Ends the operation when it was overtaken.
 */
void xm_operation_wake (XmOperation *op, guint seconds, void (*next) (XmOperation *op));

/**
 * xm_operation_build: the part that start and resume share: has xl build the domain, takes it on as
 * the service's, lets it run, and ends the operation.
 * @image: (nullable): the saved state to build it from
 */
void xm_operation_build (XmOperation *op, const char *config_path, const char *image);

/**
 * xm_operation_begin_save_progress: tells from now on, until xm_progress_end(), how far the save of
 * @domain by xl is.
 * @domain: (nullable): then, or when @image is no plain file, there is nothing to tell
 */
void xm_operation_begin_save_progress (XmOperation *op,
                                       const XmSaveImage *image,
                                       const XlDomain *domain);

/**
 * xm_operation_recover_save: ends what the last life of the service has left of a suspend_to_file:
 * waits for xl, looks what has become of the domain, brings the files in order and goes on with
 * @next. Without a picture of the domains, later.
 */
void xm_operation_recover_save (XmOperation *op, void (*next) (XmOperation *op));

/** xm_operation_put_off: ends a recovery for want of a picture of the domains; the next one begins
 * it anew. */
void xm_operation_put_off (XmOperation *op);

/** xm_operation_step_aside: the operation goes on without being the current one. */
void xm_operation_step_aside (XmOperation *op);

/** xm_operation_make_way: the same, and the next one begins. */
void xm_operation_make_way (XmOperation *op);

/** xm_operation_end: answers whoever asked and lets the next one run. @error: (transfer full)
 * (nullable). */
void xm_operation_end (XmOperation *op, GError *error);

/**
 * xm_operation_explain:
 * @error: (transfer full): why a step failed
 * @text: (nullable): what the original says instead of xl's own words
 *
 * Returns: (transfer full): what the caller of the operation is told, also when it was overtaken.
 */
GError *xm_operation_explain (XmOperation *op, GError *error, const char *text);

/**
 * xm_operation_has_picture: ends a refresh that the operation asked for. Without a picture the
 * operation fails and is gone.
 */
gboolean xm_operation_has_picture (XmOperation *op, GAsyncResult *result);

/** xm_lifecycle_domain: (nullable): the domain that is the VM's in the present picture. */
const XlDomain *xm_lifecycle_domain (XmVm *vm);

/** xm_lifecycle_is_preserved: whether the service's domain has ended for a reboot, and is to stay
 * as it is. */
gboolean xm_lifecycle_is_preserved (const XmVm *vm, const XlDomain *domain);

/** xm_lifecycle_built_domain: (nullable): the domain that xl has just built for the service. */
const XlDomain *xm_lifecycle_built_domain (XmVm *vm);

/**
 * xm_lifecycle_leftover: (nullable): what an xl that failed, or was killed, left of a domain that
 * it built for the service.
 */
const XlDomain *xm_lifecycle_leftover (XmVm *vm, XmLeftoverFlags flags);

/** xm_domain_is_half_built: xl has not finished it, or was killed. */
gboolean xm_domain_is_half_built (const XlDomain *domain);

/** xm_operation_domain: (nullable): the VM's domain in the present picture. */
const XlDomain *xm_operation_domain (XmOperation *op);

/** xm_lifecycle_own: records in memory and in the run directory which domain is the service's, -1
 * for none, and that nothing is left to do. */
void xm_lifecycle_own (XmVm *vm, int domid);

/** xm_lifecycle_own_none_yet: there is no domain, and the start that is due stays so. */
void xm_lifecycle_own_none_yet (XmVm *vm);

/** xm_lifecycle_record_building: xl begins to build a domain. @again: when the service ends
 * meanwhile, its next life starts the VM */
gboolean xm_lifecycle_record_building (XmVm *vm, gboolean again, GError **error);

/** xm_lifecycle_record_built: it is there, and must be let run. */
gboolean xm_lifecycle_record_built (XmVm *vm, guint domid, GError **error);

/** xm_lifecycle_record_running: it was let run. */
void xm_lifecycle_record_running (XmVm *vm);

/** xm_lifecycle_record_retry: writes what could not be written before. */
void xm_lifecycle_record_retry (XmVm *vm);

/** xm_lifecycle_set_again: whether the next life of the service would start the VM. */
void xm_lifecycle_set_again (XmVm *vm, gboolean again);

/** xm_lifecycle_read_record: what the last life of the service has recorded. */
void xm_lifecycle_read_record (XmLifecycle *lifecycle);

/** xm_lifecycle_start_again_finish: ends a start that no client has asked for. */
void xm_lifecycle_start_again_finish (XmVm *vm, GAsyncResult *result);

/** xm_lifecycle_expect: until the domain is gone, or the time for shutdowns is over, running is not
 * news. */
void xm_lifecycle_expect (XmVm *vm, XmVmState state);

/** xm_lifecycle_expect_for: the same for @seconds; 0: until xm_lifecycle_expect_no_more(). */
void xm_lifecycle_expect_for (XmVm *vm, XmVmState state, guint seconds);
void xm_lifecycle_expect_no_more (XmVm *vm);

G_END_DECLS
