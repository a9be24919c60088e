/* LOC (RFC 1876): version, size, horizontal and vertical precision (mantissa and power of ten, in
 * centimetres), then latitude, longitude (thousandths of a second of arc around 2^31) and altitude
 * (centimetres above -100 km). */
#include "dns/rdata_layout.h"

#define LOC_LEN 16u
#define ANGLE_ZERO 0x80000000u
#define LATITUDE_MAX (90 * 3600000)
#define LONGITUDE_MAX (180 * 3600000)
#define ALTITUDE_ZERO 10000000   /* cm */
#define SIZE_MAX_CM 9000000000ll /* 9e9 is the greatest that mantissa and exponent can say */
/* RFC 1876 3: 1 m, 10 km, 10 m */
#define SIZE_DEFAULT 0x12
#define HORIZONTAL_DEFAULT 0x16
#define VERTICAL_DEFAULT 0x13

static bool is_angle(uint32_t v, uint32_t max)
{
    return v >= ANGLE_ZERO - max && v <= ANGLE_ZERO + max;
}

static bool is_size(uint8_t v)
{
    return v >> 4 <= 9 && (v & 15) <= 9;
}

bool loc_check(const uint8_t *p, size_t len)
{
    if (!len)
        return false;
    if (p[0] != 0)
        return true;
    return len == LOC_LEN && is_size(p[1]) && is_size(p[2]) && is_size(p[3]) &&
           is_angle(get_u32(p + 4), LATITUDE_MAX) && is_angle(get_u32(p + 8), LONGITUDE_MAX);
}

static void angle_to_text(struct text *t, uint32_t v, const char *directions)
{
    char direction = v >= ANGLE_ZERO ? directions[0] : directions[1];
    uint32_t ms = v >= ANGLE_ZERO ? v - ANGLE_ZERO : ANGLE_ZERO - v;
    text_printf(t, "%u %u %u.%03u %c ", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000, direction);
}

static void size_to_text(struct text *t, uint8_t v)
{
    uint64_t cm = v >> 4;
    for (unsigned i = 0; i < (v & 15u); i++)
        cm *= 10;
    if (cm >= 100)
        text_printf(t, " %llum", (unsigned long long)cm / 100);
    else
        text_printf(t, " 0.%02um", (unsigned)cm);
}

bool loc_to_text(struct text *t, const uint8_t *p, size_t len)
{
    if (len != LOC_LEN || p[0] != 0)
        return false;
    /* Nothing times a power of ten has no text of its own. */
    for (int i = 1; i <= 3; i++)
        if (p[i] != 0 && p[i] >> 4 == 0)
            return false;
    angle_to_text(t, get_u32(p + 4), "NS");
    angle_to_text(t, get_u32(p + 8), "EW");
    int64_t cm = (int64_t)get_u32(p + 12) - ALTITUDE_ZERO;
    uint64_t abs = (uint64_t)(cm < 0 ? -cm : cm);
    text_printf(t, "%s%llu.%02um", cm < 0 ? "-" : "", (unsigned long long)abs / 100, (unsigned)(abs % 100));
    for (int i = 1; i <= 3; i++)
        size_to_text(t, p[i]);
    return true;
}

/* "-24.5" with `decimals` 2 is -2450. */
static bool read_fixed(const char *s, size_t len, unsigned decimals, int64_t *out)
{
    size_t i = len && s[0] == '-' ? 1 : 0;
    bool negative = i == 1, point = false;
    size_t digits = 0;
    int64_t v = 0;
    for (; i < len; i++) {
        if (s[i] == '.' && !point && decimals) {
            point = true;
            continue;
        }
        if (s[i] < '0' || s[i] > '9' || (point && !decimals) || v > SIZE_MAX_CM)
            return false;
        v = v * 10 + (s[i] - '0');
        decimals -= point;
        digits++;
    }
    for (; decimals; decimals--)
        v *= 10;
    *out = negative ? -v : v;
    return digits > 0;
}

static bool is_direction(const struct token *k, const char *directions, int *sign)
{
    if (k->len != 1 || k->quoted)
        return false;
    char c = (char)(k->text[0] & ~0x20);
    *sign = c == directions[0] ? 1 : -1;
    return c == directions[0] || c == directions[1];
}

/* Degrees, perhaps minutes and seconds, direction. */
static enum err read_angle(struct writer *w, struct lexer *l, const char *directions, uint32_t max)
{
    static const int64_t limits[3] = {180, 59, 59999}, units[3] = {3600000, 60000, 1};
    int64_t sum = 0;
    int sign = 1;
    struct token k;
    for (int i = 0; i <= 3; i++) {
        if (!lexer_next(l, &k))
            return ERR_FORMAT;
        if (i > 0 && is_direction(&k, directions, &sign)) {
            if (sum > max)
                return ERR_RANGE;
            write_u32(w, (uint32_t)(ANGLE_ZERO + sign * sum));
            return ERR_OK;
        }
        int64_t v;
        if (i == 3 || k.quoted || !read_fixed(k.text, k.len, i == 2 ? 3 : 0, &v))
            return ERR_FORMAT;
        if (v < 0 || v > limits[i])
            return ERR_RANGE;
        sum += v * units[i];
    }
    return ERR_FORMAT;
}

static enum err read_metres(const struct token *k, int64_t *cm)
{
    size_t len = k->len;
    if (len && (k->text[len - 1] | 0x20) == 'm')
        len--;
    return !k->quoted && read_fixed(k->text, len, 2, cm) ? ERR_OK : ERR_FORMAT;
}

/* The leading digit and its power of ten; what is finer is lost, as RFC 1876 has it. */
static enum err read_size(const struct token *k, uint8_t *out)
{
    int64_t cm;
    enum err e = read_metres(k, &cm);
    if (e)
        return e;
    if (cm < 0 || cm > SIZE_MAX_CM)
        return ERR_RANGE;
    uint8_t exponent = 0;
    for (; cm > 9; cm /= 10)
        exponent++;
    *out = (uint8_t)(cm << 4 | exponent);
    return ERR_OK;
}

enum err loc_from_text(struct writer *w, struct lexer *l)
{
    uint8_t head[4] = {0, SIZE_DEFAULT, HORIZONTAL_DEFAULT, VERTICAL_DEFAULT};
    size_t start = w->pos;
    write_octets(w, head, sizeof head);
    enum err e = read_angle(w, l, "NS", LATITUDE_MAX);
    if (!e)
        e = read_angle(w, l, "EW", LONGITUDE_MAX);
    if (e)
        return e;
    struct token k;
    int64_t cm;
    if (!lexer_next(l, &k) || read_metres(&k, &cm) != ERR_OK)
        return ERR_FORMAT;
    if (cm < -ALTITUDE_ZERO || cm > (int64_t)UINT32_MAX - ALTITUDE_ZERO)
        return ERR_RANGE;
    write_u32(w, (uint32_t)(cm + ALTITUDE_ZERO));
    for (int i = 1; i <= 3 && !e && lexer_next(l, &k); i++)
        e = read_size(&k, &head[i]);
    if (!w->bad)
        for (size_t i = 0; i < sizeof head; i++)
            w->data[start + i] = head[i];
    return e;
}
