#include "base/nearest.h"

#include <limits.h>
#include <string.h>

#define WORD_MAX 32u /* longer words are near to none of ours */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment (Damerau-Levenshtein with each letter moved once). */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned d[WORD_MAX + 1][WORD_MAX + 1];
    for (unsigned i = 0; i <= n; i++)
        d[i][0] = i;
    for (unsigned j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            unsigned best = least(d[i - 1][j] + 1, d[i][j - 1] + 1);
            best = least(best, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, d[i - 2][j - 2] + 1);
            d[i][j] = best;
        }
    }
    return d[n][m];
}

const char *nearest_word(const char *word, const char *const *words)
{
    const char *found = NULL;
    unsigned best = UINT_MAX;
    size_t n = strlen(word);
    if (n > WORD_MAX)
        return NULL;
    for (; *words; words++) {
        size_t m = strlen(*words);
        if (m > WORD_MAX)
            continue;
        unsigned d = distance(word, n, *words, m);
        size_t longer = n > m ? n : m;
        size_t allowed = longer / 3 ? longer / 3 : 1;
        if (d <= allowed && d < longer && d < best) {
            best = d;
            found = *words;
        }
    }
    return found;
}
