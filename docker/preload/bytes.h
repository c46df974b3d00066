/*
 * Bytes that are not UTF-8, on their way through Node, whose strings have no place for them: it would make U+FFFD of each. The first
 * program of the container writes each as a character of its own, U+10FF00 and the byte, and start-service, which is the last one
 * before the application, the byte again. A character that is among those comes as its four bytes, and so is itself again.
 */
#ifndef BYTES_H
#define BYTES_H
#include <stddef.h>

/* What one byte becomes at the most. */
#define MOST_BYTES_OF_ONE 4

/* The length of the character that begins there; 0: it is none, or one of those that stand for a byte. */
static inline size_t character_at(const unsigned char *at)
{
    size_t length = 0;

    if (at[0] < 0x80)
        length = 1;
    else if (at[0] >= 0xC2 && at[0] < 0xE0)
        length = 2;
    else if (at[0] >= 0xE0 && at[0] < 0xF0)
        length = 3;
    else if (at[0] >= 0xF0 && at[0] < 0xF5)
        length = 4;
    for (size_t next = 1; next < length; next++)
        if ((at[next] & 0xC0) != 0x80)
            return 0;
    if (at[0] == 0xE0 && at[1] < 0xA0)
        return 0;
    if (at[0] == 0xED && at[1] >= 0xA0)
        return 0;
    if (at[0] == 0xF0 && at[1] < 0x90)
        return 0;
    if (at[0] == 0xF4 && (at[1] >= 0x90 || (at[1] == 0x8F && at[2] >= 0xBE)))
        return 0;
    return length;
}

/* `to` has room for MOST_BYTES_OF_ONE times as much, and for the end. */
static inline void write_as_text(char *to, const char *text)
{
    const unsigned char *from = (const unsigned char *)text;

    while (*from != 0) {
        size_t length = character_at(from);

        if (length == 0) {
            *to++ = (char)0xF4;
            *to++ = (char)0x8F;
            *to++ = (char)(0xBC | (*from >> 6));
            *to++ = (char)(0x80 | (*from & 0x3F));
            from++;
        }
        for (; length > 0; length--)
            *to++ = (char)*from++;
    }
    *to = 0;
}

/* In its own place: it only becomes shorter. */
static inline void write_as_bytes(char *text)
{
    unsigned char *from = (unsigned char *)text;
    unsigned char *to = from;

    while (*from != 0) {
        if (from[0] == 0xF4 && from[1] == 0x8F && (from[2] & 0xFE) == 0xBE && (from[3] & 0xC0) == 0x80) {
            *to++ = (unsigned char)((from[2] << 6) | (from[3] & 0x3F));
            from += 4;
        } else
            *to++ = *from++;
    }
    *to = 0;
}
#endif
