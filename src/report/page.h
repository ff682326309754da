/* The pieces that sections of the page share. Failure is sticky in the buffer, but where texts are
 * compared. */
#ifndef TM_REPORT_PAGE_H
#define TM_REPORT_PAGE_H

#include "report/gather.h"
#include "report/html.h"

void tm_page_number(tm_buf *b, uint64_t n);                   /* a cell; 0 is soft */
void tm_page_cell(tm_buf *b, tm_str text, const char *class); /* class: or NULL */
/* file:line:column; of what is 0 nothing. */
void tm_page_place(tm_buf *b, tm_str source, uint64_t line, uint64_t column);
void tm_page_share(tm_buf *b, uint64_t part, uint64_t whole);        /* "1.4 %", of nothing "0 %" */
tm_str tm_page_then(const tm_gathered *g, tm_str step, uint8_t own); /* a step's verdict */
/* Of a step of the manifest: whether it lets stay what is equal only under its normaliser. */
bool tm_page_flags_spelling(const tm_yaml *step);
/* Two texts side by side with what differs marked, at most `most` bytes each; one of them when the
 * other is not there. */
tm_status tm_page_pair(const tm_gathered *g, tm_str left, tm_str right, uint32_t most, tm_buf *b,
                       tm_err *err);

void tm_page_list(tm_buf *b, const tm_yaml *of);            /* "prompt, response" */
unsigned tm_page_shade(uint64_t part, uint64_t whole);      /* class sN by the share; 0: nothing */
void tm_page_source_name(const tm_yaml *source, tm_buf *b); /* of a row of sources */
/* Cells of a step: verdict, seen, found, their shares in records and in characters. */
void tm_page_mass(const tm_gathered *g, const tm_yaml *step, tm_buf *b);

/* contamination.c: what steps found of references; references.c: of one step, by file and source */
tm_status tm_page_contamination(const tm_gathered *g, tm_buf *b, tm_err *err);
void tm_page_references(const tm_yaml *step, tm_buf *b);
/* duplicates.c: what steps found to repeat something */
tm_status tm_page_duplicates(const tm_gathered *g, tm_buf *b, tm_err *err);
/* sharing.c: of one step, which sources and inputs share duplicates; and the sides of a split */
void tm_page_sources(const tm_yaml *duplicates, tm_buf *b);
void tm_page_sides(const tm_gathered *g, tm_buf *b);
void tm_page_sizes(const tm_gathered *g, tm_buf *b); /* of the sides */

#endif
