/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shim/bus-object.h"

G_BEGIN_DECLS

/*
 * Interface com.citrix.xenclient.xenmgr.testing of object `/`: a queue of texts,
 * in memory, between a test and what it drives. Texts leave in the order in
 * which they came, to callers in the order in which they asked; who has to
 * wait holds up nobody else, and who leaves the bus loses the place, not a text.
 */
typedef struct _XmScriptQueue XmScriptQueue;

/* More is an error that says so. */
#define XM_SCRIPT_QUEUE_MAX         1024
#define XM_SCRIPT_QUEUE_MAX_BYTES   (16 * 1024 * 1024)
#define XM_SCRIPT_QUEUE_MAX_WAITING 256

XmScriptQueue *xm_script_queue_new (void);

/** xm_script_queue_free: whoever waits gets an error. */
void xm_script_queue_free (XmScriptQueue *queue);

/** xm_testing_methods: of the interface; their owner is the XmService. */
extern const XmMethod xm_testing_methods[];

G_END_DECLS
