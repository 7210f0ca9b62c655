/* SPDX-License-Identifier: MIT */
#include "core/arena.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <sacrum/err.h>

#include "support/support.h"

#define BLOCK 4096
#define MIB ((size_t)1 << 20)

typedef struct fixture {
    fault_alloc fault;
    sac__arena_cache *cache;
} fixture;

static int setup(void **state)
{
    static fixture f;

    *state = &f;
    return sac__arena_cache_new(fault_alloc_init(&f.fault, -1), BLOCK, 2, &f.cache);
}

static int teardown(void **state)
{
    fixture *f = *state;

    sac__arena_cache_free(f->cache);
    return f->fault.live != 0;
}

static bool is_aligned(const void *p)
{
    return (uintptr_t)p % alignof(max_align_t) == 0;
}

typedef struct trace {
    char text[8];
    size_t n;
} trace;

typedef struct call {
    trace *trace;
    char name;
    sac__arena *again;
} call;

static void record(void *self)
{
    call *c = self;

    c->trace->text[c->trace->n++] = c->name;
    if (c->again) {
        call *late = sac__arena_get(c->again, sizeof *late);

        *late = (call){c->trace, 'z', NULL};
        CHECK_INT(sac__arena_defer(c->again, record, late), SAC_OK);
    }
}

static void test_arena__gives_aligned_pieces_that_do_not_overlap(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, MIB);
    unsigned char *pieces[200];

    for (int i = 0; i < 200; i++) {
        pieces[i] = sac__arena_get(arena, (size_t)i + 1);
        CHECK(pieces[i] != NULL && is_aligned(pieces[i]));
        memset(pieces[i], i, (size_t)i + 1);
    }
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k <= i; k++)
            CHECK_INT(pieces[i][k], i);
    }
    CHECK_INT(sac__arena_used(arena), 200 * 201 / 2);
    sac__arena_close(arena);
}

static void test_arena__zeroes_reused_memory(void **state)
{
    fixture *f = *state;
    const unsigned char zero[512] = {0};
    sac__arena *arena;

    for (int round = 0; round < 2; round++) {
        arena = sac__arena_open(f->cache, MIB);
        unsigned char *p = sac__arena_get_zero(arena, sizeof zero);
        assert_memory_equal(p, zero, sizeof zero);
        memset(p, 0xff, sizeof zero);
        sac__arena_close(arena);
    }
}

static void test_arena__steady_state_needs_no_malloc(void **state)
{
    fixture *f = *state;
    long calls = 0;

    for (int i = 0; i < 10; i++) {
        sac__arena *arena = sac__arena_open(f->cache, MIB);

        for (int k = 0; k < 8; k++)
            CHECK(sac__arena_get(arena, BLOCK / 5) != NULL); /* two blocks */
        sac__arena_close(arena);
        if (i == 1)
            calls = f->fault.calls;
    }
    CHECK_INT(f->fault.calls, calls);
}

static void test_arena__cache_keeps_no_more_than_told(void **state)
{
    fixture *f = *state;
    sac__arena *arenas[5];

    for (int i = 0; i < 5; i++)
        arenas[i] = sac__arena_open(f->cache, MIB);
    for (int i = 0; i < 5; i++)
        sac__arena_close(arenas[i]);
    CHECK_INT(f->fault.live, 3); /* the cache and two blocks */
}

static void test_arena__large_pieces_go_back_at_once(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, MIB);
    const sac_alloc *alloc = sac__arena_alloc(arena);
    const long live = f->fault.live;
    char *first = sac__arena_get(arena, BLOCK);
    char *middle = sac__arena_get(arena, BLOCK);
    char *last = sac__arena_get(arena, BLOCK);

    CHECK(is_aligned(first) && is_aligned(middle) && is_aligned(last));
    memset(first, 1, BLOCK);
    memset(last, 3, BLOCK);
    CHECK_INT(f->fault.live, live + 3);
    CHECK(alloc->resize(alloc->self, middle, BLOCK, 0) == NULL);
    CHECK_INT(f->fault.live, live + 2);
    CHECK_INT(sac__arena_used(arena), 2 * BLOCK);
    first = sac__arena_resize(arena, first, BLOCK, 5 * BLOCK);
    CHECK(first != NULL && first[BLOCK - 1] == 1);
    CHECK_INT(sac__arena_used(arena), 6 * BLOCK);
    first = sac__arena_resize(arena, first, 5 * BLOCK, 10);
    CHECK(first != NULL && first[9] == 1);
    CHECK_INT(sac__arena_used(arena), BLOCK + 10);
    first = sac__arena_resize(arena, first, 10, 20);
    CHECK(first != NULL && first[9] == 1);
    CHECK(last[0] == 3);
    sac__arena_close(arena);
}

static void test_arena__large_pieces_go_back_in_any_order(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, MIB);
    const long live = f->fault.live;
    void *pieces[4];

    for (int i = 0; i < 4; i++)
        pieces[i] = sac__arena_get(arena, BLOCK);
    for (int i = 2; i >= 0; i -= 2)
        CHECK(sac__arena_resize(arena, pieces[i], BLOCK, 0) == NULL);
    CHECK_INT(f->fault.live, live + 2);
    sac__arena_close(arena);
    CHECK(f->fault.live <= live);
}

static void test_arena__newest_piece_grows_and_shrinks_in_place(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, MIB);
    char *p = sac__arena_get(arena, 10);
    char *q;

    memcpy(p, "123456789", 10);
    CHECK(sac__arena_resize(arena, p, 10, 500) == p);
    CHECK_INT(sac__arena_used(arena), 500);
    CHECK(sac__arena_resize(arena, p, 500, 10) == p);
    CHECK_INT(sac__arena_used(arena), 10);
    q = sac__arena_bytes(arena, 1);
    CHECK(q == p + 10);
    q = sac__arena_resize(arena, p, 10, 20); /* no longer the newest */
    CHECK(q != NULL && q != p);
    assert_string_equal(q, "123456789");
    CHECK(sac__arena_resize(arena, p, 10, 5) == p);
    sac__arena_close(arena);
}

static void test_arena__newest_piece_moves_when_it_becomes_large(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, MIB);
    char *p = sac__arena_get(arena, 1000);
    char *q;

    memset(p, 7, 1000);
    q = sac__arena_resize(arena, p, 1000, BLOCK);
    CHECK(q != NULL && q != p && q[999] == 7);
    memset(q, 8, BLOCK);
    sac__arena_close(arena);
}

static void test_arena__freeing_newest_first_gives_all_back(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, MIB);
    const sac_alloc *alloc = sac__arena_alloc(arena);
    void *a = alloc->resize(alloc->self, NULL, 0, 32);
    void *b = alloc->resize(alloc->self, NULL, 0, 32);

    CHECK(alloc->resize(alloc->self, a, 32, 0) == NULL); /* not the newest: stays */
    CHECK_INT(sac__arena_used(arena), 64);
    CHECK(alloc->resize(alloc->self, b, 32, 0) == NULL);
    CHECK_INT(sac__arena_used(arena), 32);
    CHECK(alloc->resize(alloc->self, NULL, 0, 0) == NULL);
    CHECK(sac__arena_get(arena, 32) == b);
    sac__arena_close(arena);
}

static void test_arena__cap_is_told_from_no_memory(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, 1000);

    CHECK(sac__arena_get(arena, 900) != NULL);
    f->fault.left = 0;
    CHECK(sac__arena_get(arena, 101) == NULL);
    CHECK(sac__arena_capped(arena));
    sac__arena_close(arena);
    arena = sac__arena_open(f->cache, MIB);
    CHECK(sac__arena_get(arena, BLOCK) == NULL);
    CHECK(!sac__arena_capped(arena));
    CHECK_INT(sac__arena_used(arena), 0);
    CHECK(sac__arena_get(arena, SIZE_MAX) == NULL);
    CHECK(sac__arena_resize(arena, sac__arena_get(arena, 8), 8, SIZE_MAX - 8) == NULL);
    f->fault.left = -1;
    sac__arena_close(arena);
}

static void test_arena__cap_holds_for_growth(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, 3 * BLOCK);
    char *large = sac__arena_get(arena, 2 * BLOCK);
    char *small = sac__arena_get(arena, 16);

    CHECK(sac__arena_resize(arena, large, 2 * BLOCK, 3 * BLOCK) == NULL);
    CHECK(sac__arena_capped(arena));
    CHECK(sac__arena_resize(arena, small, 16, BLOCK) == NULL);
    CHECK(sac__arena_resize(arena, small, 16, 64) == small);
    memset(large, 1, 2 * BLOCK);
    sac__arena_close(arena);
}

static void test_arena__cap_holds_for_the_newest_and_for_defers(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, 100);
    trace t = {.n = 0};
    call c = {&t, 'a', NULL};
    char *p = sac__arena_get(arena, 90);

    CHECK(sac__arena_resize(arena, p, 90, 101) == NULL);
    CHECK_INT(sac__arena_used(arena), 90);
    CHECK_INT(sac__arena_defer(arena, record, &c), SAC_ENOMEM);
    CHECK(sac__arena_resize(arena, p, 90, 100) == p);
    sac__arena_close(arena);
    CHECK_INT(t.n, 0);
}

static void test_arena__copies_and_prints(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, 2000);
    sac_str s = sac__arena_dup(arena, sac_str_n("a\0b", 3));

    CHECK(s.n == 3 && memcmp(s.p, "a\0b", 4) == 0);
    s = sac__arena_dup(arena, sac_str_n(NULL, 0));
    CHECK(s.p != NULL && s.n == 0 && s.p[0] == 0);
    CHECK_STR(sac__arena_printf(arena, "%d-%s", 42, "x"), "42-x");
    s = sac__arena_printf(arena, "%0500d", 7);
    CHECK(s.n == 500 && s.p[499] == '7' && s.p[500] == 0);
    CHECK(sac__arena_printf(arena, "%02000d", 7).p == NULL);
    CHECK(sac__arena_dup(arena, sac_str_n(s.p, SIZE_MAX)).p == NULL);
    sac__arena_close(arena);
}

static void test_arena__defers_run_last_in_first_out(void **state)
{
    fixture *f = *state;
    sac__arena *arena = sac__arena_open(f->cache, MIB);
    trace t = {.n = 0};
    call calls[3] = {{&t, 'a', NULL}, {&t, 'b', arena}, {&t, 'c', NULL}};

    for (int i = 0; i < 3; i++)
        CHECK_INT(sac__arena_defer(arena, record, &calls[i]), SAC_OK);
    sac__arena_close(arena);
    CHECK_STR(sac_str_n(t.text, t.n), "cbza");
}

static void test_arena__close_of_none_is_nothing(void **state)
{
    (void)state;
    sac__arena_close(NULL);
    sac__arena_cache_free(NULL);
}

static void test_arena__refuses_tiny_blocks(void **state)
{
    sac__arena_cache *cache = NULL;

    (void)state;
    CHECK_INT(sac__arena_cache_new(NULL, 100, 1, &cache), SAC_EINVAL);
    CHECK(cache == NULL);
}

/* Every call of a little request, with the n-th allocation failing. */
static int use(const sac_alloc *alloc)
{
    sac__arena_cache *cache = NULL;
    sac__arena *arena = NULL;
    int rc = sac__arena_cache_new(alloc, BLOCK, 1, &cache);
    trace t = {.n = 0};
    call c = {&t, 'a', NULL};
    char *p = NULL;

    if (rc != SAC_OK)
        return rc;
    arena = sac__arena_open(cache, MIB);
    if (arena && sac__arena_defer(arena, record, &c) == SAC_OK)
        p = sac__arena_get(arena, 2 * BLOCK);
    if (p)
        p = sac__arena_resize(arena, p, 2 * BLOCK, 4 * BLOCK);
    for (int i = 0; i < 10 && p; i++)
        p = sac__arena_get(arena, 1000);
    if (p)
        p = sac__arena_resize(arena, p, 1000, 2 * BLOCK);
    sac__arena_close(arena);
    CHECK(!arena || t.n == 1);
    sac__arena_cache_free(cache);
    return p ? SAC_OK : SAC_ENOMEM;
}

static void test_arena__survives_oom(void **state)
{
    fault_alloc fault;
    int n = 0;

    (void)state;
    while (use(fault_alloc_init(&fault, n)) != SAC_OK) {
        CHECK_INT(fault.live, 0);
        CHECK(++n < 100);
    }
    CHECK_INT(fault.live, 0);
    CHECK(n > 4);
}

static void *churn(void *self)
{
    sac__arena_cache *cache = self;

    for (int i = 0; i < 2000; i++) {
        sac__arena *arena = sac__arena_open(cache, MIB);

        for (int k = 0; k < i % 12; k++)
            memset(sac__arena_get(arena, 900), k, 900);
        sac__arena_close(arena);
    }
    return NULL;
}

static void test_arena__cache_is_shared_by_threads(void **state)
{
    fixture *f = *state;
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, churn, f->cache), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK(f->fault.live <= 3);
}

enum { SECRET = 0x5e };

/* Over malloc; sees how much of what is given back is secret still. */
static void *watch(void *self, void *p, size_t old, size_t n)
{
    size_t *seen = self;

    for (size_t i = 0; n == 0 && i < old; i++)
        *seen += ((const unsigned char *)p)[i] == SECRET;
    if (n > 0)
        return realloc(p, n);
    free(p);
    return NULL;
}

static size_t secrets_left(bool wiped)
{
    size_t seen = 0;
    const sac_alloc alloc = SAC_ALLOC(.resize = watch, .self = &seen);
    sac__arena_cache *cache = NULL;
    sac__arena *arena;

    CHECK_INT(sac__arena_cache_new(&alloc, BLOCK, 2, &cache), SAC_OK);
    arena = sac__arena_open(cache, MIB);
    CHECK(arena != NULL);
    memset(sac__arena_get(arena, 500), SECRET, 500);
    memset(sac__arena_get(arena, 3 * BLOCK), SECRET, 3 * BLOCK);
    for (int i = 0; i < 10; i++)
        memset(sac__arena_get(arena, 900), SECRET, 900);
    if (wiped)
        sac__arena_wipe(arena);
    sac__arena_close(arena);
    sac__arena_cache_free(cache);
    return seen;
}

static void test_arena__wipes_what_was_secret(void **state)
{
    (void)state;
    CHECK(secrets_left(false) >= 500 + 3 * BLOCK);
    CHECK(secrets_left(true) < 100);
}

#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CACHE(test_arena__gives_aligned_pieces_that_do_not_overlap),
        WITH_CACHE(test_arena__zeroes_reused_memory),
        WITH_CACHE(test_arena__steady_state_needs_no_malloc),
        WITH_CACHE(test_arena__cache_keeps_no_more_than_told),
        WITH_CACHE(test_arena__large_pieces_go_back_at_once),
        WITH_CACHE(test_arena__large_pieces_go_back_in_any_order),
        WITH_CACHE(test_arena__newest_piece_grows_and_shrinks_in_place),
        WITH_CACHE(test_arena__newest_piece_moves_when_it_becomes_large),
        WITH_CACHE(test_arena__freeing_newest_first_gives_all_back),
        WITH_CACHE(test_arena__cap_is_told_from_no_memory),
        WITH_CACHE(test_arena__cap_holds_for_growth),
        WITH_CACHE(test_arena__cap_holds_for_the_newest_and_for_defers),
        WITH_CACHE(test_arena__copies_and_prints),
        WITH_CACHE(test_arena__defers_run_last_in_first_out),
        WITH_CACHE(test_arena__cache_is_shared_by_threads),
        cmocka_unit_test(test_arena__close_of_none_is_nothing),
        cmocka_unit_test(test_arena__refuses_tiny_blocks),
        cmocka_unit_test(test_arena__survives_oom),
        cmocka_unit_test(test_arena__wipes_what_was_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
