/* Decoded blocks of the sources, with the places of their records, kept from one pass for the next
 * ones: what is held is neither read nor decompressed nor cut again.
 *
 * Held are sources that are compressed, transcoded, cut by their JSON or put together from files,
 * whenever a run reads them twice. Plain lines are only where many passes read them: new memory
 * costs as much as reading once and a half. A source is held whole or not at all, for whoever needs
 * its end has to decode what stands before.
 *
 * The cache lives on what nobody else needs: of --memory what is left beside the least that the
 * plan needs, a long record, and three times what all others hold by now. It gives it back, last
 * source first, as soon as they grow: that is looked at with each block and each heap of facts that
 * a reduction gives (tm_cache_fit). Long records end it. So no plan is refused for it, nothing
 * spills sooner, and nothing but time depends on it.
 *
 * Sources with something odd (damage, a long record) are read again, and tables are in memory
 * anyway. Behind the cut of a head little is read, and nothing held. */
#ifndef TM_FLOW_CACHE_H
#define TM_FLOW_CACHE_H

#include "flow/engine.h"

tm_cache *tm_cache_new(uint32_t sources); /* NULL: memory */
void tm_cache_free(tm_cache *c);

/* What a pass learned that read a source to its end. */
typedef struct tm_source_sum {
    bool known;
    char sha256[65]; /* empty: nobody asked for it */
    uint64_t file_bytes, decoded_bytes;
} tm_source_sum;

/* Of the source at that index, for whoever has the right to read; NULL: it will not be held. */
tm_source_sum *tm_cache_sum(const tm_run *run, uint32_t source);
/* Block `index` of the source, if all of it is held: the block is whoever's until he lets go. */
bool tm_cache_take(tm_run *run, uint32_t source, uint32_t index, tm_block *block);
void tm_cache_let_go(tm_run *run, tm_block *block);
/* Its records are known: a copy is kept if there is room. */
void tm_cache_keep(tm_run *run, const tm_block *block);
/* Gives back what others need by now. */
void tm_cache_fit(tm_run *run);
/* Gives back everything, and keeps nothing any more. */
void tm_cache_end(tm_run *run);

#endif
