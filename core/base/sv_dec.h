/**
 * sv_dec.h: exact decimals.
 *
 * A number that is compared with a clinical threshold never passes through
 * binary floating point: 2.3 - 0.3 is 1.9999999999999998 in double and would
 * miss the Phoenix definition of failure (knowledge K1.2, vignette V049).
 * A decimal is m * 10^-scale with at most 18 significant digits, the minimum
 * that FHIR asks implementations to support (R4 datatypes, decimal).
 */
#ifndef SV_DEC_H
#define SV_DEC_H

#include "sv_status.h"
#include "sv_str.h"

struct sv_dec {
	int64_t m;	/* |m| < 10^18 */
	int32_t scale;	/* digits behind the point, 0..18 */
};

#define SV_DEC_TEXT_MAX 40	/* sign, 18 digits, point, zeros, NUL */

/** ${m} * 10^-${scale}: SV_DEC(70, 2) is 0.70. */
#define SV_DEC(m_, scale_) ((struct sv_dec){ (m_), (scale_) })

/**
 * sv_dec_parse(text, ret_dec):
 * Read a JSON number, exponents included, exactly.  BAD if it is not one;
 * LIMIT if it has more than 18 significant digits or lies outside
 * 10^-18 .. 10^18.  ${ret_dec} is untouched unless OK.
 */
struct sv_status sv_dec_parse(struct sv_str text, struct sv_dec *ret_dec)
    SV_CHECK;

/** <0, 0, >0 as ${a} is less than, equal to, or more than ${b}. */
int sv_dec_cmp(struct sv_dec a, struct sv_dec b);

/** a + b, a - b, a * b, exact; LIMIT if the result needs over 18 digits. */
struct sv_status sv_dec_add(struct sv_dec a, struct sv_dec b,
    struct sv_dec *ret_dec) SV_CHECK;
struct sv_status sv_dec_sub(struct sv_dec a, struct sv_dec b,
    struct sv_dec *ret_dec) SV_CHECK;
struct sv_status sv_dec_mul(struct sv_dec a, struct sv_dec b,
    struct sv_dec *ret_dec) SV_CHECK;

/** The nearest double, for logarithms and drawing only. */
double sv_dec_double(struct sv_dec a);

/** ${a} without trailing zeros behind the point, NUL-terminated. */
void sv_dec_text(struct sv_dec a, char text[SV_DEC_TEXT_MAX]);

#endif
