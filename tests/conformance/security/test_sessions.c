/* SPDX-License-Identifier: MIT */
/* docs/reference/security.md, of sessions and tokens: rows 10, 11, 12, 28. */
#include "whole.h"

#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define EVIL "Origin: https://evil.example"

static void test_security__row10_a_login_is_a_new_session(void **state)
{
    char before[4200], old_token[128], line[160];
    browser b;

    browser_open(&b, *state);
    CHECK_INT(post(&b, "/session", "{}"), 200);
    CHECK_INT(get(&b, "/session"), 200);
    CHECK(says(&b, "by the visitor"));
    strcpy(before, b.cookie);
    sign_in(&b, "anna");
    strcpy(old_token, b.token);
    CHECK(strcmp(before, b.cookie) != 0);
    CHECK_INT(get(&b, "/session"), 200);
    CHECK(!says(&b, "by the visitor"));
    sign_in(&b, "bert");
    snprintf(line, sizeof line, "X-CSRF-Token: %s", old_token);
    CHECK_INT(browse(&b, "POST", "/api/notes", "{\"title\":\"x\"}",
                     (const char *const[]){EVIL, line, NULL}),
              403);
    strcpy(b.cookie, before); /* the one that an attacker may have planted */
    CHECK_INT(get(&b, "/me"), 401);
}

static void test_security__row10_logout_ends_it(void **state)
{
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    CHECK_INT(post(&b, "/logout", NULL), 200);
    CHECK(b.set[0] && !b.cookie[0]);
    CHECK_INT(get(&b, "/me"), 401);
}

static void test_security__row10_a_stored_session_is_dead_after_logout(void **state)
{
    char planted[4200], signed_in[4200];
    whole *w = *state;
    browser b;

    w->sessions.kind = SAC_SESSION_STORED;
    whole_serve(w);
    browser_open(&b, w);
    CHECK_INT(post(&b, "/session", "{}"), 200);
    strcpy(planted, b.cookie);
    sign_in(&b, "anna");
    strcpy(signed_in, b.cookie);
    CHECK_INT(get(&b, "/me"), 200);
    CHECK_INT(post(&b, "/logout", NULL), 200);
    strcpy(b.cookie, signed_in);
    CHECK_INT(get(&b, "/me"), 401);
    strcpy(b.cookie, planted);
    CHECK_INT(get(&b, "/me"), 401);
    CHECK_INT(get(&b, "/session"), 200);
    CHECK(!says(&b, "by the visitor"));
}

static void check_password_change(whole *w)
{
    static const char change[] = "{\"password\":\"" PASSWORD "\",\"new_password\":\"another one\"}";
    browser here, there;

    browser_open(&here, w);
    browser_open(&there, w);
    sign_in(&here, "anna");
    sign_in(&there, "anna");
    CHECK_INT(post(&here, "/password", "{\"password\":\"wrong\",\"new_password\":\"another one\"}"),
              401);
    CHECK_INT(get(&there, "/me"), 200);
    CHECK_INT(post(&here, "/password", change) / 100, 2);
    CHECK_INT(get(&here, "/me"), 200);
    CHECK_INT(get(&there, "/me"), 401);
    CHECK_INT(get(&there, "/api/notes"), 401);
    CHECK_INT(post(&there, "/login", "{\"username\":\"anna\",\"password\":\"" PASSWORD "\"}"), 401);
    CHECK_INT(post(&there, "/login", "{\"username\":\"anna\",\"password\":\"another one\"}"), 200);
}

static void test_security__row10_a_new_password_ends_older_sessions(void **state)
{
    check_password_change(*state);
}

static void test_security__row10_a_new_password_ends_encrypted_ones(void **state)
{
    whole *w = *state;

    w->sessions.kind = SAC_SESSION_ENCRYPTED;
    whole_serve(w);
    check_password_change(w);
}

static void test_security__row10_a_new_password_ends_stored_ones(void **state)
{
    whole *w = *state;

    w->sessions.kind = SAC_SESSION_STORED;
    whole_serve(w);
    check_password_change(w);
}

static void keep_token(browser *b, char *line, size_t cap)
{
    const int n = snprintf(line, cap, "Authorization: Bearer ");

    CHECK_INT(post(b, "/tokens", "{\"name\":\"script\"}"), 201);
    CHECK(member(b, "token", line + n, cap - (size_t)n));
}

static void test_security__row10_a_disabled_account_is_out_at_once(void **state)
{
    /* anna:correct horse */
    static const char basic[] = "Authorization: Basic YW5uYTpjb3JyZWN0IGhvcnNl";
    whole *w = *state;
    char token[200];
    browser b, script;

    browser_open(&b, w);
    browser_open(&script, w);
    sign_in(&b, "anna");
    keep_token(&b, token, sizeof token);
    CHECK_INT(browse(&script, "GET", "/me", NULL, (const char *const[]){token, NULL}), 200);
    CHECK_INT(browse(&script, "GET", "/me", NULL, (const char *const[]){basic, NULL}), 200);
    CHECK_INT(sac_account_disable(w->app, sac_str_of("anna"), true, NULL), SAC_OK);
    CHECK_INT(get(&b, "/me"), 401);
    CHECK_INT(get(&b, "/api/notes"), 401);
    CHECK_INT(browse(&script, "GET", "/me", NULL, (const char *const[]){token, NULL}), 401);
    CHECK_INT(browse(&script, "GET", "/me", NULL, (const char *const[]){basic, NULL}), 401);
    CHECK_INT(sac_account_disable(w->app, sac_str_of("anna"), false, NULL), SAC_OK);
    CHECK_INT(get(&b, "/me"), 401); /* that session is over */
    sign_in(&b, "anna");
}

static void test_security__row10_a_new_password_ends_basic(void **state)
{
    /* anna:correct horse */
    static const char basic[] = "Authorization: Basic YW5uYTpjb3JyZWN0IGhvcnNl";
    whole *w = *state;
    browser b;

    browser_open(&b, w);
    CHECK_INT(browse(&b, "GET", "/me", NULL, (const char *const[]){basic, NULL}), 200);
    CHECK_INT(sac_account_set_password(w->app, sac_str_of("anna"), sac_str_of("another one"), NULL),
              SAC_OK);
    CHECK_INT(browse(&b, "GET", "/me", NULL, (const char *const[]){basic, NULL}), 401);
}

static void test_security__row10_a_token_that_was_ended_is_none(void **state)
{
    char token[200], id[40], target[80];
    browser b, script;

    browser_open(&b, *state);
    browser_open(&script, *state);
    sign_in(&b, "anna");
    keep_token(&b, token, sizeof token);
    CHECK(member(&b, "_id", id, sizeof id) || member(&b, "id", id, sizeof id));
    CHECK_INT(get(&b, "/tokens"), 200);
    CHECK(says(&b, "script") && !says(&b, token + strlen("Authorization: Bearer ")));
    snprintf(target, sizeof target, "/tokens/%s", id);
    sign_in(&script, "bert");
    CHECK_INT(browse(&script, "DELETE", target, NULL, NULL), 404);
    browser_open(&script, *state);
    CHECK_INT(browse(&script, "GET", "/me", NULL, (const char *const[]){token, NULL}), 200);
    CHECK_INT(browse(&b, "DELETE", target, NULL, NULL) / 100, 2);
    CHECK_INT(browse(&script, "GET", "/me", NULL, (const char *const[]){token, NULL}), 401);
}

static void test_security__row10_a_token_makes_none_that_may_more(void **state)
{
    char line[200] = "Authorization: Bearer ";
    const char *const lines[] = {line, NULL};
    browser b, script;

    browser_open(&b, *state);
    browser_open(&script, *state);
    sign_in(&b, "anna");
    CHECK_INT(post(&b, "/tokens", "{\"name\":\"reader\",\"scopes\":[\"read\"]}"), 201);
    CHECK(member(&b, "token", line + 22, sizeof line - 22));
    CHECK_INT(browse(&script, "GET", "/api/drawer", NULL, lines), 200);
    CHECK_INT(browse(&script, "POST", "/api/drawer", "{\"_id\":\"a\",\"title\":\"x\"}", lines),
              403);
    CHECK_INT(browse(&script, "PUT", "/api/drawer/a", "{\"title\":\"x\"}", lines), 403);
    CHECK_INT(browse(&script, "POST", "/tokens", "{\"name\":\"all\"}", lines), 403);
    CHECK_INT(
        browse(&script, "POST", "/tokens", "{\"name\":\"all\",\"scopes\":[\"write\"]}", lines),
        403);
    CHECK(!says(&script, "\"token\""));
}

static void test_security__row11_a_changed_cookie_is_none(void **state)
{
    static const sac_session_kind kinds[] = {SAC_SESSION_SIGNED, SAC_SESSION_ENCRYPTED,
                                             SAC_SESSION_STORED};
    whole *first = *state;
    whole others[2];

    for (size_t k = 0; k < 3; k++) {
        whole *w = k ? &others[k - 1] : first;
        char cookie[4200];
        browser b;

        if (k)
            whole_begin(w, first->on);
        w->sessions.kind = kinds[k];
        whole_serve(w);
        browser_open(&b, w);
        sign_in(&b, "anna");
        strcpy(cookie, b.cookie);
        for (size_t i = strlen("session="); i < strlen(cookie); i += 7) {
            strcpy(b.cookie, cookie);
            b.cookie[i] = cookie[i] == 'A' ? 'B' : 'A';
            if (get(&b, "/me") != 401)
                fail_msg("kind %zu, byte %zu: %d", k, i, b.reply.status);
        }
        for (size_t cut = 1; cut < 40; cut += 5) {
            snprintf(b.cookie, strlen(cookie) - cut + 1, "%s", cookie);
            CHECK_INT(get(&b, "/me"), 401);
        }
        strcpy(b.cookie, cookie);
        CHECK_INT(get(&b, "/me"), 200);
        if (k)
            whole_close(w);
    }
}

static void keep_of(browser *b, whole *w, const char *cookie, bool known)
{
    browser_open(b, w);
    strcpy(b->cookie, cookie);
    CHECK_INT(get(b, "/session"), 200);
    CHECK(says(b, "by the visitor") == known);
}

static void test_security__row11_the_newest_key_signs(void **state)
{
    static const char *const old[] = {"the old key of the app", NULL};
    static const char *const both[] = {"the new key of the app", "the old key of the app", NULL};
    static const char *const new[] = {"the new key of the app", NULL};
    static whole rolled, after;
    whole *before = *state;
    browser b;
    char first[4200];

    before->sessions.keys = old;
    whole_serve(before);
    whole_begin(&rolled, before->on);
    rolled.sessions.keys = both;
    whole_serve(&rolled);
    whole_begin(&after, before->on);
    after.sessions.keys = new;
    whole_serve(&after);
    browser_open(&b, before);
    CHECK_INT(post(&b, "/session", "{}"), 200);
    strcpy(first, b.cookie);
    keep_of(&b, &rolled, first, true);
    keep_of(&b, &after, first, false);
    strcpy(b.cookie, first);
    b.whole = &rolled;
    CHECK_INT(post(&b, "/session", "{}"), 200);
    strcpy(first, b.cookie);
    keep_of(&b, &after, first, true);
    keep_of(&b, before, first, false);
    whole_close(&rolled);
    whole_close(&after);
}

static void test_security__row11_a_short_key_is_refused_at_the_start(void **state)
{
    static const char *const bad[] = {"0123456789abcde", NULL};
    static const char *const second[] = {"0123456789abcdef", "tiny", NULL};
    whole *w = *state;
    sac_sessions sessions = SAC_SESSIONS(.keys = bad);
    sac_err err;

    CHECK_INT(sac_app_new(&w->config, &w->app, &err), SAC_OK);
    CHECK_INT(sac_app_sessions(w->app, &sessions, &err), SAC_EINVAL);
    sessions.keys = second;
    CHECK_INT(sac_app_sessions(w->app, &sessions, &err), SAC_EINVAL);
    CHECK(!strstr(err.text, "tiny"));
}

static void test_security__row12_answers_that_met_the_session_say_so(void **state)
{
    static const char *const read[] = {"/session", "/me", "/api/notes", "/tokens"};
    browser b, nobody;

    browser_open(&b, *state);
    browser_open(&nobody, *state);
    CHECK_INT(post(&nobody, "/session", "{}"), 200);
    CHECK(nobody.set[0] && has_field(&nobody, "Vary", "Cookie"));
    CHECK(has_field(&nobody, "Cache-Control", "no-store"));
    sign_in(&b, "anna");
    CHECK(b.set[0] && has_field(&b, "Vary", "Cookie") &&
          has_field(&b, "Cache-Control", "no-store"));
    browser_open(&nobody, *state);
    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        CHECK_INT(get(&b, read[i]), 200);
        if (!has_field(&b, "Vary", "Cookie"))
            fail_msg("%s: no Vary", read[i]);
        (void)get(&nobody, read[i]); /* without one, too */
        if (!has_field(&nobody, "Vary", "Cookie"))
            fail_msg("%s: no Vary for nobody", read[i]);
    }
    CHECK_INT(get(&b, "/greet"), 200);
    CHECK(!b.set[0]);
    CHECK_INT(get(&b, "/app.js"), 200);
    CHECK(!b.set[0] && !has_field(&b, "Vary", "Cookie"));
}

/* A cookie as Flask signs it, of a session that no honest server would write. */
static void forge(const char *key, const char *payload, char *out, size_t cap)
{
    unsigned char derived[20], mac[20], stamp[4];
    const unsigned now = (unsigned)time(NULL);
    char text[3][1200];
    unsigned n = 0;

    for (int i = 0; i < 4; i++)
        stamp[i] = (unsigned char)(now >> (24 - 8 * i));
    HMAC(EVP_sha1(), key, (int)strlen(key), (const unsigned char *)"cookie-session", 14, derived,
         &n);
    EVP_EncodeBlock((unsigned char *)text[0], (const unsigned char *)payload, (int)strlen(payload));
    EVP_EncodeBlock((unsigned char *)text[1], stamp, sizeof stamp);
    for (int i = 0; i < 2; i++)
        text[i][strcspn(text[i], "=")] = '\0';
    n = (unsigned)snprintf(out, cap, "session=%s.%s", text[0], text[1]);
    for (char *p = out + 8; *p; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    HMAC(EVP_sha1(), derived, sizeof derived, (unsigned char *)out + 8, n - 8, mac, NULL);
    EVP_EncodeBlock((unsigned char *)text[2], mac, sizeof mac);
    text[2][strcspn(text[2], "=")] = '\0';
    for (char *p = text[2]; *p; p++)
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    snprintf(out + n, cap - n, ".%s", text[2]);
}

static void test_security__row28_a_session_with_duplicate_keys_is_none(void **state)
{
    static const char *const bad[] = {"{\"kept\":\"one\",\"kept\":\"two\"}",
                                      "{\"a\":{\"kept\":1,\"kept\":2}}", "[\"kept\"]",
                                      "{\"kept\":}", "{\"kept\":\"\xff\"}"};
    whole *w = *state;
    browser b;

    browser_open(&b, w);
    forge(w->sessions.keys[0], "{\"kept\":\"one\"}", b.cookie, sizeof b.cookie);
    CHECK_INT(get(&b, "/session"), 200);
    CHECK_STR(b.reply.body, "{\"kept\":\"one\"}"); /* so it is signed well */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forge(w->sessions.keys[0], bad[i], b.cookie, sizeof b.cookie);
        CHECK_INT(get(&b, "/session"), 200);
        if (!sac_str_is(b.reply.body, "{}"))
            fail_msg("%s: %.*s", bad[i], (int)b.reply.body.n, b.reply.body.p);
    }
}

static const struct CMUnitTest cases[] = {
    CASE(row10_a_login_is_a_new_session),
    CASE(row10_logout_ends_it),
    UNSERVED(row10_a_stored_session_is_dead_after_logout),
    CASE(row10_a_new_password_ends_older_sessions),
    UNSERVED(row10_a_new_password_ends_encrypted_ones),
    UNSERVED(row10_a_new_password_ends_stored_ones),
    CASE(row10_a_disabled_account_is_out_at_once),
    CASE(row10_a_new_password_ends_basic),
    CASE(row10_a_token_that_was_ended_is_none),
    CASE(row10_a_token_makes_none_that_may_more),
    UNSERVED(row11_a_changed_cookie_is_none),
    UNSERVED(row11_the_newest_key_signs),
    UNSERVED(row11_a_short_key_is_refused_at_the_start),
    CASE(row12_answers_that_met_the_session_say_so),
    CASE(row28_a_session_with_duplicate_keys_is_none),
};

int main(void)
{
    return run_on_hosts(cases, sizeof cases / sizeof *cases);
}
