/* The tool that renews catalogue.bin: `make catalogue MODELS=folder-of-models`.
 *
 * Reads every service model of the folder (botocore form, one JSON file a service; files that begin
 * with '_' are no services), encodes each, packs them with a dictionary of the strings that most of
 * them share, and writes the table in one go. Same models, same bytes: names decide every order.
 */
#include "format.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SERVICES_MAXIMUM = 4096, MODEL_MAXIMUM = 64 << 20 };

struct item {
    char name[128]; /* ARN name */
    size_t place;   /* of its file in the alphabet */
    struct asl_buffer bytes, packed;
};

struct shared_string {
    const char *text;
    uint32_t services;
};

_Noreturn static void quit(const char *what, const char *which, const char *why)
{
    fprintf(stderr, "catalogue: %s %s: %s\n", what, which, why);
    exit(1);
}

static struct asl_buffer read_whole(const char *path)
{
    struct asl_buffer b;
    asl_buffer_init(&b, MODEL_MAXIMUM);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        quit("cannot open", path, strerror(errno));
    char block[65536];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
        asl_buffer_put(&b, block, n);
    if (ferror(f) || b.full)
        quit("cannot read", path, b.full ? "larger than 64 MiB" : strerror(errno));
    fclose(f);
    return b;
}

static void encode_file(const char *path, struct item *item)
{
    struct asl_buffer text = read_whole(path);
    struct value_error wrong;
    asl_value *model = value_parse(asl_buffer_text(&text), 0, 0, &wrong);
    if (model == NULL)
        quit("cannot parse", path, wrong.message);
    char problem[256];
    asl_buffer_init(&item->bytes, MODEL_MAXIMUM);
    asl_buffer_init(&item->packed, MODEL_MAXIMUM);
    if (!catalogue_encode(model, &item->bytes, problem, sizeof problem))
        quit("cannot encode", path, problem);
    struct catalogue_service *s = catalogue_decode(asl_buffer_text(&item->bytes));
    if (s == NULL)
        quit("cannot read back", path, "encode.c and decode.c disagree");
    snprintf(item->name, sizeof item->name, "%s", s->arn_name);
    catalogue_decoded_free(s);
    value_release(model);
    asl_buffer_free(&text);
}

static int by_item(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_file(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_models(const char *folder, char **paths)
{
    DIR *d = opendir(folder);
    if (d == NULL)
        quit("cannot open", folder, strerror(errno));
    size_t count = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        size_t n = strlen(e->d_name);
        if (e->d_name[0] == '_' || n < 6 || strcmp(e->d_name + n - 5, ".json") != 0)
            continue;
        if (count == SERVICES_MAXIMUM)
            quit("too many models in", folder, "4096 are allowed");
        size_t size = strlen(folder) + n + 2;
        paths[count] = asl_allocate(size);
        snprintf(paths[count++], size, "%s/%s", folder, e->d_name);
    }
    closedir(d);
    qsort(paths, count, sizeof *paths, by_file);
    return count;
}

/* Two models may share one serviceId (pinpoint-sms-voice, sms-voice): the one whose file comes
 * first in the alphabet is kept, since only one can be meant by the name. */
static size_t drop_doubles(struct item *items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && strcmp(items[kept - 1].name, items[i].name) == 0) {
            fprintf(stderr, "catalogue: two models are named %s; the first is kept\n",
                    items[i].name);
            continue;
        }
        items[kept++] = items[i];
    }
    return kept;
}

/* ---- the dictionary ---- */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Rarest first: deflate reaches the end of its dictionary most cheaply. */
static int by_worth(const void *a, const void *b)
{
    const struct shared_string *x = a, *y = b;
    size_t left = x->services * strlen(x->text), right = y->services * strlen(y->text);
    return left != right ? (left < right ? -1 : 1) : strcmp(x->text, y->text);
}

static void skip_number(const unsigned char **at)
{
    while (*(*at)++ & 0x80)
        ;
}

static size_t gather_strings(const struct item *items, size_t count, const char ***out)
{
    size_t total = 0, capacity = 1 << 20;
    const char **all = asl_allocate(capacity * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const unsigned char *at = (const unsigned char *)items[i].bytes.data;
        uint32_t strings = 0;
        for (unsigned shift = 0, more = 1; more; shift += 7) {
            strings |= (uint32_t)(*at & 0x7f) << shift;
            more = *at++ & 0x80;
        }
        skip_number(&at);
        for (uint32_t s = 0; s < strings; s++) {
            if (total == capacity)
                all = asl_reallocate(all, (capacity *= 2) * sizeof *all);
            all[total++] = (const char *)at;
            at += strlen((const char *)at) + 1;
        }
    }
    *out = all;
    return total;
}

static void build_dictionary(const struct item *items, size_t count, struct asl_buffer *out)
{
    const char **all;
    size_t total = gather_strings(items, count, &all), kinds = 0;
    qsort(all, total, sizeof *all, by_text);
    struct shared_string *shared = asl_allocate((total + 1) * sizeof *shared);
    for (size_t i = 0; i < total; i++) {
        if (kinds > 0 && strcmp(shared[kinds - 1].text, all[i]) == 0)
            shared[kinds - 1].services++;
        else
            shared[kinds++] = (struct shared_string){all[i], 1};
    }
    qsort(shared, kinds, sizeof *shared, by_worth);
    size_t first = kinds, size = 0;
    while (first > 0 && shared[first - 1].services > 1 &&
           size + strlen(shared[first - 1].text) + 1 <= FORMAT_DICTIONARY_MAXIMUM)
        size += strlen(shared[--first].text) + 1;
    for (; first < kinds; first++)
        asl_buffer_put(out, shared[first].text, strlen(shared[first].text) + 1);
    free(shared);
    free(all);
}

/* ---- packing and writing ---- */
static void pack(struct item *item, const struct asl_buffer *dictionary)
{
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflateSetDictionary(&z, (const Bytef *)dictionary->data, (uInt)dictionary->size) != Z_OK)
        quit("cannot pack", item->name, "zlib refuses");
    size_t bound = deflateBound(&z, item->bytes.size);
    char *room = asl_buffer_room(&item->packed, bound);
    if (room == NULL)
        quit("cannot pack", item->name, "too large");
    z.next_in = (Bytef *)item->bytes.data;
    z.avail_in = (uInt)item->bytes.size;
    z.next_out = (Bytef *)room;
    z.avail_out = (uInt)bound;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        quit("cannot pack", item->name, "zlib refuses");
    item->packed.size += z.total_out;
    deflateEnd(&z);
}

static void put_u32(struct asl_buffer *out, size_t n)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        asl_buffer_putc(out, (char)(n >> shift & 0xff));
}

static void lay_out(const struct item *items, size_t count, const struct asl_buffer *dictionary,
                    struct asl_buffer *out)
{
    asl_buffer_puts(out, FORMAT_MAGIC);
    put_u32(out, count);
    put_u32(out, dictionary->size);
    size_t name = FORMAT_HEAD + count * FORMAT_ENTRY + dictionary->size, offset = name;
    for (size_t i = 0; i < count; i++)
        offset += strlen(items[i].name) + 1;
    for (size_t i = 0; i < count; i++) {
        put_u32(out, name);
        put_u32(out, offset);
        put_u32(out, items[i].packed.size);
        put_u32(out, items[i].bytes.size);
        name += strlen(items[i].name) + 1;
        offset += items[i].packed.size;
    }
    asl_buffer_put_text(out, asl_buffer_text(dictionary));
    for (size_t i = 0; i < count; i++)
        asl_buffer_put(out, items[i].name, strlen(items[i].name) + 1);
    for (size_t i = 0; i < count; i++)
        asl_buffer_put_text(out, asl_buffer_text(&items[i].packed));
}

static void write_file(const char *path, const struct asl_buffer *bytes)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes->data, 1, bytes->size, f) != bytes->size || fclose(f) != 0)
        quit("cannot write", path, strerror(errno));
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: %s FOLDER-OF-MODELS OUTPUT\n", arguments[0]);
        return 2;
    }
    static char *paths[SERVICES_MAXIMUM];
    static struct item items[SERVICES_MAXIMUM];
    size_t services = list_models(arguments[1], paths);
    for (size_t i = 0; i < services; i++) {
        encode_file(paths[i], &items[i]);
        items[i].place = i;
        free(paths[i]);
    }
    qsort(items, services, sizeof *items, by_item);
    services = drop_doubles(items, services);
    struct asl_buffer dictionary, out;
    asl_buffer_init(&dictionary, FORMAT_DICTIONARY_MAXIMUM);
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    build_dictionary(items, services, &dictionary);
    size_t inflated = 0;
    for (size_t i = 0; i < services; i++) {
        pack(&items[i], &dictionary);
        inflated += items[i].bytes.size;
    }
    lay_out(items, services, &dictionary, &out);
    write_file(arguments[2], &out);
    printf("%zu services, %zu bytes (%zu inflated) in %s\n", services, out.size, inflated,
           arguments[2]);
    asl_buffer_free(&dictionary);
    asl_buffer_free(&out);
    return 0;
}
