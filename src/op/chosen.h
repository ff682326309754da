/* Which parts of a record a deduplication compares: those that the selectors name, of all messages
 * or of a single one. */
#ifndef TM_OP_CHOSEN_H
#define TM_OP_CHOSEN_H

#include "record/batch.h"

typedef struct tm_choice {
    uint32_t by;  /* selectors */
    int64_t turn; /* 0: all; 1, 2 ...: that one of the messages that have chosen parts; -1 ...: from
                   * behind */
} tm_choice;

typedef struct tm_chosen { /* of one record */
    uint32_t by;
    bool all;
    uint16_t answer, turn; /* else the parts of this message */
} tm_chosen;

/* false: there is no such message. */
bool tm_choose(const tm_choice *choice, const tm_batch *b, uint32_t record, tm_chosen *out);

static inline bool tm_is_chosen(const tm_chosen *c, const tm_part *part)
{
    if (!tm_part_in(part, c->by)) return false;
    return c->all || part->flags & TM_PART_ANY ||
           (part->answer == c->answer && part->turn == c->turn);
}

/* What stands beside the messages and belongs to what is asked: pictures, sounds and tools in
 * fields of the record, where all texts or those of the prompt are chosen. The key behind `at`
 * (TM_NONE: the first) whose value says something; its value is the node behind it. TM_NONE: no
 * more. */
bool tm_stands_beside(tm_str key); /* by its name */
uint32_t tm_chosen_beside(const tm_chosen *c, const tm_batch *b, uint32_t record, uint32_t at);

/* How much the message of a part is trained, where it says so and it is neither 1 nor null: the
 * number as it is written, else empty. *turn: where the search among the record's turns goes on;
 * 0 at first, and parts are asked for in their order. */
tm_str tm_chosen_weight(const tm_batch *b, uint32_t part, uint32_t *turn);

/* What the chosen parts carry beside their texts, in their order: names of called functions,
 * pictures and other blocks as they stand, weights of messages, and what stands beside the
 * messages, hashed; 0: nothing. Records that carry different things are never near duplicates,
 * however alike their texts are. */
uint64_t tm_chosen_carries(const tm_chosen *c, tm_batch *b, uint32_t record);

/* The parameter turn; args.turn is an int64_t. */
#define TM_TURN_PARAM                                                                          \
    {                                                                                          \
        .name = "turn", .type = TM_P_INT, .at = offsetof(args, turn), .fallback = "0",         \
        .min = -60000, .max = 60000,                                                           \
        .help = "compare one message only: 1 for the first that has chosen texts, -1 for the " \
                "last (0: all of them)",                                                       \
    }

#endif
