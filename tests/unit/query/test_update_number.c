/* SPDX-License-Identifier: MIT */
#include "updates.h"

#define LONG(n) "{'$numberLong': '" n "'}"
#define DECIMAL(n) "{'$numberDecimal': '" n "'}"
#define INC(arg, old, want) BECOMES("{'$inc': {'n': " arg "}}", "{'n': " old "}", "{'n': " want "}")
#define MUL(arg, old, want) BECOMES("{'$mul': {'n': " arg "}}", "{'n': " old "}", "{'n': " want "}")

static void test_inc__keeps_or_widens_the_type(void **state)
{
    (void)state;
    INC("2", "1", "3");
    INC("-2", "1", "-1");
    INC("1", "2147483647", LONG("2147483648"));
    INC("-1", "-2147483648", LONG("-2147483649"));
    INC(LONG("1"), "1", LONG("2"));
    INC("1", LONG("1"), LONG("2"));
    INC("1.5", "1", "2.5");
    INC("1", "1.5", "2.5");
    INC("0.5", LONG("2"), "2.5");
    INC("1", DECIMAL("1.5"), DECIMAL("2.5"));
    INC(DECIMAL("0.10"), "1", DECIMAL("1.10"));
    INC(DECIMAL("0.1"), LONG("9223372036854775807"), DECIMAL("9223372036854775807.1"));
    INC("0.0", "1", "1.0");
    KEEPS("{'$inc': {'n': 0}}", "{'n': 1}");
    KEEPS("{'$inc': {'n': 0}}", "{'n': 1.5}");
}

static void test_inc__of_nothing_sets(void **state)
{
    (void)state;
    BECOMES("{'$inc': {'a.b': 5, 'c': 1.5}}", "{}", "{'a': {'b': 5}, 'c': 1.5}");
    BECOMES("{'$inc': {'a': " DECIMAL("1.50") "}}", "{}", "{'a': " DECIMAL("1.50") "}");
    BECOMES("{'$inc': {'a.2': 5}}", "{'a': [0]}", "{'a': [0, null, 5]}");
}

static void test_inc__refuses_what_is_no_number(void **state)
{
    (void)state;
    CONFLICTS("{'$inc': {'n': 1}}", "{'n': 'x'}", "$inc of 'n': the stored value is no number");
    CONFLICTS("{'$inc': {'n': 1}}", "{'n': null}", "no number");
    CONFLICTS("{'$mul': {'n.0': 1}}", "{'n': [true]}", "$mul of 'n.0'");
    CONFLICTS("{'$inc': {'n': 1}}", "{'n': " LONG("9223372036854775807") "}",
              "too large for an int64");
    CONFLICTS("{'$inc': {'n': " LONG("-9223372036854775808") "}}", "{'n': -1}", "too large");
    CONFLICTS("{'$mul': {'n': 2}}", "{'n': " LONG("9223372036854775807") "}", "too large");
    UPDATE_REFUSED("{'$inc': {'n': '1'}}", "$inc of 'n': it needs a number");
    UPDATE_REFUSED("{'$mul': {'n': null}}", "$mul of 'n': it needs a number");
    UPDATE_REFUSED("{'$inc': {'n': {}}}", "it needs a number");
    UPDATE_REFUSED("{'$inc': 1}", "$inc needs a document of paths");
}

static void test_mul__keeps_or_widens_the_type(void **state)
{
    (void)state;
    MUL("3", "2", "6");
    MUL("2", "2147483647", LONG("4294967294"));
    MUL(LONG("2"), "3", LONG("6"));
    MUL("0.5", "3", "1.5");
    MUL("2", DECIMAL("1.25"), DECIMAL("2.50"));
    MUL(DECIMAL("0.1"), "3", DECIMAL("0.3"));
    MUL("0", "3", "0");
    BECOMES("{'$mul': {'a': 5, 'b': 5.5, 'c': " LONG("5") ", 'd': " DECIMAL("5") "}}", "{}",
            "{'a': 0, 'b': 0.0, 'c': " LONG("0") ", 'd': " DECIMAL("0") "}");
    KEEPS("{'$mul': {'n': 1}}", "{'n': 7}");
}

static void test_inc__of_decimals_is_exact_or_rounded_to_even(void **state)
{
    (void)state;
    INC(DECIMAL("1"), DECIMAL("9999999999999999999999999999999999"),
        DECIMAL("1.000000000000000000000000000000000E+34"));
    INC(DECIMAL("1E-40"), DECIMAL("1"), DECIMAL("1.000000000000000000000000000000000"));
    INC(DECIMAL("-1E-40"), DECIMAL("1"), DECIMAL("1.000000000000000000000000000000000"));
    INC(DECIMAL("1E-6000"), DECIMAL("1E+6000"),
        DECIMAL("1.000000000000000000000000000000000E+6000"));
    INC(DECIMAL("0.5"), DECIMAL("1000000000000000000000000000000002"),
        DECIMAL("1000000000000000000000000000000002"));
    INC(DECIMAL("0.5"), DECIMAL("1000000000000000000000000000000003"),
        DECIMAL("1000000000000000000000000000000004"));
    INC(DECIMAL("0.5000001"), DECIMAL("1000000000000000000000000000000002"),
        DECIMAL("1000000000000000000000000000000003"));
    INC(DECIMAL("-1.0"), DECIMAL("1"), DECIMAL("0.0"));
    INC(DECIMAL("-3"), DECIMAL("1"), DECIMAL("-2"));
    INC(DECIMAL("3"), DECIMAL("-1"), DECIMAL("2"));
    INC(DECIMAL("-1"), DECIMAL("-2"), DECIMAL("-3"));
    INC(DECIMAL("0E+3"), DECIMAL("5"), DECIMAL("5"));
    INC(DECIMAL("0.00"), DECIMAL("5"), DECIMAL("5.00"));
    INC(DECIMAL("99"), DECIMAL("1"), DECIMAL("100"));
}

static void test_inc__knows_the_ends_of_decimals(void **state)
{
    (void)state;
    INC(DECIMAL("9.999999999999999999999999999999999E+6144"),
        DECIMAL("9.999999999999999999999999999999999E+6144"), DECIMAL("Infinity"));
    MUL(DECIMAL("1E+6000"), DECIMAL("-1E+6000"), DECIMAL("-Infinity"));
    MUL(DECIMAL("1E-6000"), DECIMAL("1E-6000"), DECIMAL("0E-6176"));
    MUL(DECIMAL("0.5"), DECIMAL("3E-6176"), DECIMAL("2E-6176"));
    MUL(DECIMAL("0.5"), DECIMAL("1E-6176"), DECIMAL("0E-6176"));
    MUL(DECIMAL("1E+6111"), DECIMAL("100"), DECIMAL("1.00E+6113"));
    INC(DECIMAL("Infinity"), DECIMAL("1"), DECIMAL("Infinity"));
    INC(DECIMAL("Infinity"), DECIMAL("-Infinity"), DECIMAL("NaN"));
    INC(DECIMAL("NaN"), "1", DECIMAL("NaN"));
    MUL(DECIMAL("Infinity"), "0", DECIMAL("NaN"));
    MUL(DECIMAL("Infinity"), "-2", DECIMAL("-Infinity"));
    MUL(DECIMAL("-0"), "5", DECIMAL("-0"));
}

static void test_mul__of_decimals_is_rounded(void **state)
{
    (void)state;
    MUL(DECIMAL("3.333333333333333333333333333333333"), DECIMAL("3"),
        DECIMAL("9.999999999999999999999999999999999"));
    MUL(DECIMAL("6.666666666666666666666666666666667"), DECIMAL("3"),
        DECIMAL("20.00000000000000000000000000000000"));
    MUL(DECIMAL("9999999999999999999999999999999999"),
        DECIMAL("9999999999999999999999999999999999"),
        DECIMAL("9.999999999999999999999999999999998E+67"));
    MUL(DECIMAL("1.1"), DECIMAL("1.1"), DECIMAL("1.21"));
}

/* A double counts with 15 digits, as in MongoDB. */
static void test_inc__of_decimals_and_doubles(void **state)
{
    (void)state;
    INC("0.1", DECIMAL("1"), DECIMAL("1.100000000000000"));
    INC(DECIMAL("1"), "0.25", DECIMAL("1.250000000000000"));
    INC("0.0", DECIMAL("1.5"), DECIMAL("1.5"));
    INC("-2.5", DECIMAL("1"), DECIMAL("-1.50000000000000"));
    INC("{'$numberDouble': 'NaN'}", DECIMAL("1"), DECIMAL("NaN"));
    INC("{'$numberDouble': '-Infinity'}", DECIMAL("1"), DECIMAL("-Infinity"));
}

static void test_min__and_max_go_by_the_order_of_values(void **state)
{
    (void)state;
    BECOMES("{'$min': {'a': 1}}", "{'a': 2}", "{'a': 1}");
    BECOMES("{'$max': {'a': 3}}", "{'a': 2}", "{'a': 3}");
    KEEPS("{'$min': {'a': 3}}", "{'a': 2}");
    KEEPS("{'$max': {'a': 1}}", "{'a': 2}");
    KEEPS("{'$min': {'a': 2.0}}", "{'a': 2}");
    KEEPS("{'$max': {'a': 2.0}}", "{'a': 2}");
    BECOMES("{'$min': {'a.b': 3}, '$max': {'c': 'x'}}", "{}", "{'a': {'b': 3}, 'c': 'x'}");
    BECOMES("{'$max': {'a': 'x'}}", "{'a': 5}", "{'a': 'x'}");
    BECOMES("{'$min': {'a': null}}", "{'a': 5}", "{'a': null}");
    KEEPS("{'$min': {'a': 5}}", "{'a': null}");
    BECOMES("{'$max': {'a': {'$date': '2024-01-01T00:00:00Z'}}}", "{'a': {'x': 1}}",
            "{'a': {'$date': '2024-01-01T00:00:00Z'}}");
    BECOMES("{'$min': {'a.1': 0}}", "{'a': [5, 5]}", "{'a': [5, 0]}");
}

static void test_bit__works_on_integers(void **state)
{
    (void)state;
    BECOMES("{'$bit': {'a': {'and': 10}}}", "{'a': 13}", "{'a': 8}");
    BECOMES("{'$bit': {'a': {'or': 5}}}", "{'a': 3}", "{'a': 7}");
    BECOMES("{'$bit': {'a': {'xor': 5}}}", "{'a': 1}", "{'a': 4}");
    BECOMES("{'$bit': {'a': {'or': 4, 'and': 6, 'xor': 1}}}", "{'a': 3}", "{'a': 7}");
    BECOMES("{'$bit': {'a': {'or': " LONG("4294967296") "}}}", "{'a': 1}",
            "{'a': " LONG("4294967297") "}");
    BECOMES("{'$bit': {'a': {'or': 1}}}", "{'a': " LONG("4") "}", "{'a': " LONG("5") "}");
    BECOMES("{'$bit': {'a': {'or': 5}, 'b': {'and': 5}}}", "{}", "{'a': 5, 'b': 0}");
    BECOMES("{'$bit': {'a': {'xor': -1}}}", "{'a': 0}", "{'a': -1}");
    KEEPS("{'$bit': {'a': {'or': 1}}}", "{'a': 3}");
    CONFLICTS("{'$bit': {'a': {'or': 1}}}", "{'a': 1.0}",
              "$bit of 'a': the stored value is no integer");
    CONFLICTS("{'$bit': {'a': {'or': 1}}}", "{'a': null}", "no integer");
    UPDATE_REFUSED("{'$bit': {'a': {}}}", "$bit of 'a'");
    UPDATE_REFUSED("{'$bit': {'a': 1}}", "$bit of 'a'");
    UPDATE_REFUSED("{'$bit': {'a': {'or': 1.0}}}", "$bit of 'a'");
    UPDATE_REFUSED("{'$bit': {'a': {'not': 1}}}", "$bit of 'a'");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inc__keeps_or_widens_the_type),
        cmocka_unit_test(test_inc__of_nothing_sets),
        cmocka_unit_test(test_inc__refuses_what_is_no_number),
        cmocka_unit_test(test_mul__keeps_or_widens_the_type),
        cmocka_unit_test(test_inc__of_decimals_is_exact_or_rounded_to_even),
        cmocka_unit_test(test_inc__knows_the_ends_of_decimals),
        cmocka_unit_test(test_mul__of_decimals_is_rounded),
        cmocka_unit_test(test_inc__of_decimals_and_doubles),
        cmocka_unit_test(test_min__and_max_go_by_the_order_of_values),
        cmocka_unit_test(test_bit__works_on_integers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
