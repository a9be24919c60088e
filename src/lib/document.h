/* A YAML file as a tree: what configuration needs of YAML and no more. Anchors, aliases, tags and a second
 * document are refused by name; so is what is nested or long beyond all use. */
#ifndef HARK_LIB_DOCUMENT_H
#define HARK_LIB_DOCUMENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

/* Both from 1, as editors count. */
struct place {
    size_t line, column;
};

enum node_kind { NODE_VALUE, NODE_LIST, NODE_MAPPING };

struct node {
    enum node_kind kind;
    struct place at;
    const char *text; /* of a value; zero-terminated, with no other zero in it */
    bool plain;       /* a value without quotes */
    struct node *key; /* of a value in a mapping */
    struct node *first, *next;
    size_t count; /* elements, pairs */
};

/** The file's root, in the arena; NULL: nothing is there. On error *at and `says` tell where and why. */
enum err document_read(
    struct node **root, struct arena *a, const char *text, size_t len, struct place *at, struct text *says);

#endif
