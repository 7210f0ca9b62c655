/* SPDX-License-Identifier: MIT */
#include "page/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/support.h"

typedef int open_fn(int folder, const char *path);

static char top[] = "/tmp/sacrum-beneath-XXXXXX";
static int folder = -1;

static const char *in_top(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static void write_file(const char *name)
{
    const int fd = open(in_top(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0);
    CHECK_INT(write(fd, name, strlen(name)), strlen(name));
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(top) || mkdir(in_top("public"), 0700) || mkdir(in_top("public/sub"), 0700) ||
        mkfifo(in_top("public/fifo"), 0600) || symlink("../secret", in_top("public/out")) ||
        symlink("/etc/passwd", in_top("public/absolute")) || symlink("..", in_top("public/up")) ||
        symlink("a", in_top("public/inside")) || symlink("loop", in_top("public/loop")))
        return -1;
    write_file("secret");
    write_file("public/a");
    write_file("public/sub/b");
    folder = sac__beneath_open_folder(in_top("public"));
    return folder < 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"public/sub/b", "public/sub",    "public/a",
                                        "public/fifo",  "public/out",    "public/absolute",
                                        "public/up",    "public/inside", "public/loop",
                                        "public",       "secret",        ""};

    (void)state;
    close(folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (remove(in_top(names[i])) != 0)
            return -1;
    return 0;
}

static void check_opens(open_fn *fn, const char *path, const char *want)
{
    char text[64] = "";
    const int fd = fn(folder, path);

    CHECK(fd >= 0);
    CHECK_INT(read(fd, text, sizeof text), strlen(want));
    assert_string_equal(text, want);
    close(fd);
}

static void check_refuses(open_fn *fn, const char *path)
{
    errno = 0;
    CHECK_INT(fn(folder, path), -1);
    CHECK(errno != 0);
}

static void check_both(open_fn *fn)
{
    static const char *const outside[] = {"../secret",
                                          "sub/../../secret",
                                          "/etc/passwd",
                                          "out",
                                          "absolute",
                                          "up/secret",
                                          "sub/../..",
                                          "..",
                                          "",
                                          "none",
                                          "a/",
                                          "a/b",
                                          "none/b",
                                          "loop"};

    check_opens(fn, "a", "public/a");
    check_opens(fn, "sub/b", "public/sub/b");
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        check_refuses(fn, outside[i]);
}

static void test_beneath__never_leaves_the_folder(void **state)
{
    (void)state;
    check_both(sac__beneath_open);
}

static void test_beneath__steps_never_leave_it_either(void **state)
{
    static char deep[2 * 300];

    (void)state;
    check_both(sac__beneath_open_by_steps);
    check_refuses(sac__beneath_open_by_steps, "inside");
    check_refuses(sac__beneath_open_by_steps, "sub//b");
    check_refuses(sac__beneath_open_by_steps, "sub/../a");
    memset(deep, 'x', 299);
    check_refuses(sac__beneath_open_by_steps, deep);
    CHECK_INT(errno, ENAMETOOLONG);
}

static void test_beneath__does_not_wait_for_a_fifo(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const int fd = (i ? sac__beneath_open : sac__beneath_open_by_steps)(folder, "fifo");

        CHECK(fd >= 0);
        close(fd);
    }
}

static void test_beneath__leaks_no_descriptor(void **state)
{
    const int before = dup(0);
    int after;

    (void)state;
    close(before);
    check_both(sac__beneath_open_by_steps);
    after = dup(0);
    close(after);
    CHECK_INT(before, after);
}

static void test_beneath__refuses_a_file_as_folder(void **state)
{
    (void)state;
    CHECK_INT(sac__beneath_open_folder(in_top("secret")), -1);
    CHECK_INT(errno, ENOTDIR);
    CHECK_INT(sac__beneath_open_folder(in_top("none")), -1);
    CHECK_INT(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beneath__never_leaves_the_folder),
        cmocka_unit_test(test_beneath__steps_never_leave_it_either),
        cmocka_unit_test(test_beneath__does_not_wait_for_a_fifo),
        cmocka_unit_test(test_beneath__leaks_no_descriptor),
        cmocka_unit_test(test_beneath__refuses_a_file_as_folder),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
