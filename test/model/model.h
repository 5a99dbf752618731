/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The model: what a VM is, whoever did something to it, and what the service is
 * to say of that. Written from the documented behaviour, not from the service:
 * it shares no code with it.
 */

typedef enum {
  PHASE_OFF,
  PHASE_RUNNING,
  PHASE_PAUSED,
  PHASE_ENDED, /* the guest is down, and nobody is there who removes the domain */
} Phase;

/** Owner: who removes, or starts again, a domain whose guest is down. */
typedef enum {
  OWNER_NONE,
  OWNER_SERVICE,
  OWNER_MONITOR, /* the process that `xl create` leaves behind */
  OWNER_NOBODY,  /* after `xl create -e` by hand */
} Owner;

typedef enum {
  ACTION_START,
  ACTION_SHUTDOWN,
  ACTION_REBOOT,
  ACTION_PAUSE,
  ACTION_UNPAUSE,
  ACTION_DESTROY,
  ACTION_SUSPEND,
  ACTION_RESUME,
  ACTION_DELETE, /* and a new one in its place */
  ACTION_XL_CREATE,
  ACTION_XL_CREATE_PAUSED,
  ACTION_XL_CREATE_DETACHED,
  ACTION_XL_PAUSE,
  ACTION_XL_UNPAUSE,
  ACTION_XL_DESTROY,
  ACTION_XL_SHUTDOWN,
  ACTION_XL_REBOOT,
  ACTION_XL_RENAME,
  ACTION_XL_SAVE,
  ACTION_XL_RESTORE,
  ACTION_GUEST_POWEROFF,
  ACTION_GUEST_REBOOT,
  ACTION_GUEST_CRASH,
  N_ACTIONS,
} Action;

#define ACTION_IS_SERVICE(action) ((action) <= ACTION_DELETE)

/** Answer: what whoever acts is told. */
typedef enum { ANSWER_OK, ANSWER_ERROR, ANSWER_ANY } Answer;

typedef enum {
  EFFECT_NONE,
  EFFECT_NEW_DOMAIN = 1 << 0, /* with another domid than before */
  EFFECT_PAUSE = 1 << 1,      /* Xen counts it */
  EFFECT_UNPAUSE = 1 << 2,
  EFFECT_SAVED = 1 << 3,      /* there is a saved state for the service */
  EFFECT_XL_SAVED = 1 << 4,   /* there is one of `xl save` by hand */
  EFFECT_RENAMED = 1 << 5,    /* the domain, not the VM */
  EFFECT_CONFIGURED = 1 << 6, /* the service has written an xl.cfg */
  EFFECT_NEW_VM = 1 << 7,
  EFFECT_XL_IMAGE_LOST = 1 << 8, /* a save by hand that fails has overwritten the former state */
} Effect;

/** Need: what must be the case for a row to apply, beside phase and owner. */
typedef enum {
  NEED_NONE,
  NEED_ONE_PAUSE,
  NEED_MORE_PAUSES,
  NEED_IMAGE,    /* saved, and the configuration it had */
  NEED_NO_IMAGE, /* one of the two is missing */
  NEED_XL_IMAGE,
} Need;

/** Row: one transition. */
typedef struct {
  Action action;
  guint phases; /* bits 1 << Phase */
  guint owners; /* bits 1 << Owner */
  Need need;
  int next;  /* Phase, or STAYS */
  int owner; /* Owner, or STAYS */
  Answer answer;
  guint effects;
  const char *told;  /* regular expression: the states told, each followed by a blank */
  const char *ended; /* state told of while it is PHASE_ENDED; NULL: as before */
} Row;

#define STAYS -1

typedef struct {
  Phase phase;
  Owner owner;
  guint pauses;
  int domid; /* -1 for none */
  gboolean configured;
  gboolean has_image, has_xl_image;
  gboolean renamed;
  const char *ended; /* state while PHASE_ENDED */
} ModelVm;

/** model_row: (nullable): the row that applies, NULL when the model says nothing of that. */
const Row *model_row (const ModelVm *vm, Action action);

/** model_apply: takes the VM over @row. The domid is the caller's to find out. */
void model_apply (ModelVm *vm, const Row *row);

/** model_state: what the service shows as the VM's state. */
const char *model_state (const ModelVm *vm);

const char *model_action_name (Action action);

/** model_action_weight: how often it is done, compared with others. */
guint model_action_weight (Action action);

G_END_DECLS
