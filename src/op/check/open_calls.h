/* Which calls of a conversation wait for a result: by id, or by name and order where there are no
 * ids.
 *
 * A result with an id answers the open call of that id. Where neither has one, as in the chat
 * templates of transformers, it answers the first open call of its name, or, without a name, the
 * first open call; calls that have ids wait for theirs. A new question closes all. Of alternative
 * answers (chosen, rejected) each goes on from where the prompt ended: it may answer the prompt's
 * calls, and use the same ids as the other.
 *
 * Names and ids are compared as the record spells them (name_set.h). Each call is passed a constant
 * number of times for each answer, so the time grows with the record alone. */
#ifndef TM_OP_CHECK_OPEN_CALLS_H
#define TM_OP_CHECK_OPEN_CALLS_H

#include "op/check/name_set.h"

typedef struct tm_call {
    uint32_t at;       /* in the raw record */
    uint32_t shared;   /* of the same id, the last that the prompt made before it; TM_NONE: none */
    uint32_t next;     /* without an id: the next of the same name that has none either */
    uint16_t made;     /* in which answer; 0: the prompt */
    uint16_t answered; /* in which answer, plus one; 0: in none */
    bool has_id;
} tm_call;

typedef struct tm_call_queue { /* of one name, none with an id */
    uint32_t first, head, last;
} tm_call_queue;

typedef struct tm_open_calls { /* zeroed is empty */
    tm_arena *mem;
    tm_call *call;
    tm_call_queue *queue;
    uint32_t count, room, queues, queue_room;
    uint32_t from;     /* those before it belong to earlier questions */
    uint32_t open;     /* not answered, from there on */
    uint32_t head;     /* no open call without an id stands before it */
    uint32_t prompt;   /* `from` where the prompt ended */
    uint16_t answer;   /* in which answer we are */
    tm_name_set ids;   /* number: the last call of that id */
    tm_name_set names; /* number: its queue */
} tm_open_calls;

/* The conversation goes on in this answer. Told of every message, before anything else of it. */
void tm_calls_enter(tm_open_calls *calls, uint16_t answer);

typedef enum tm_call_made { TM_CALL_OPENED, TM_CALL_ID_TWICE, TM_CALL_NO_MEMORY } tm_call_made;
/* A call at raw offset `at`. id.p NULL: it has none; name.p NULL likewise. */
tm_call_made tm_calls_open(tm_open_calls *calls, uint32_t at, tm_str id, tm_str name);
/* A result, likewise; false: no open call is its own. */
bool tm_calls_answer(tm_open_calls *calls, tm_str id, tm_str name);
/* A new question: gives the place of the first call that is still open, or TM_NONE, and closes
 * all. */
uint32_t tm_calls_close(tm_open_calls *calls);

#endif
