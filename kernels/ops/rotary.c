// rotary.c: the angles of rotary position embedding, from arithmetic that is the same on every CPU.
#include <string.h>

#include "mpgemm_decoder.h"

static const double LN2_HIGH = 0x1.62e42fee00000p-1;  // 33 bits, so that n * LN2_HIGH is exact
static const double LN2_LOW = 0x1.a39ef35793c76p-33;

static double nearest(double value) {
  const double shift = 0x1.8p52;
  const double shifted = value + shift;
  return shifted - shift;
}

static double power_of_2(int exponent) {
  const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// ln x for finite x > 0: x = m * 2^e with m about 1, and the series of 2 atanh((m - 1) / (m + 1)).
static double logarithm(double x) {
  int e = 0;
  while (x > 1.5) x *= 0.5, e++;
  while (x < 0.75) x *= 2, e--;
  const double z = (x - 1) / (x + 1);  // |z| <= 0.2
  const double zz = z * z;
  double sum = 0;
  for (int n = 25; n >= 1; n -= 2) sum = sum * zz + 1.0 / n;
  return 2 * z * sum + (e * LN2_HIGH + e * LN2_LOW);
}

// e^x for |x| < 700.
static double exponential(double x) {
  const double n = nearest(x / (LN2_HIGH + LN2_LOW));
  const double r = x - n * LN2_HIGH - n * LN2_LOW;  // |r| <= ln 2 / 2
  double sum = 1;
  for (int i = 16; i >= 1; i--) sum = 1 + r * sum / i;
  return sum * power_of_2((int)n);
}

// Cosine and sine for 0 <= angle < 2^19.
static void circle(double angle, double *cosine, double *sine) {
  // pi / 2 in three parts of 33 bits, as in fdlibm: n below 2^19 times each of the first two is exact.
  const double part1 = 1.57079632673412561417e+00, part2 = 6.07710050630396597660e-11,
               part3 = 2.02226624879595063154e-21;
  const double n = nearest(angle * 0.63661977236758134308);
  const double r = angle - n * part1 - n * part2 - n * part3;  // |r| <= pi / 4
  const double rr = r * r;
  double c = 1, s = 1;
  for (int i = 18; i >= 2; i -= 2) c = 1 - rr * c / (i * (i - 1));
  for (int i = 19; i >= 3; i -= 2) s = 1 - rr * s / (i * (i - 1));
  s *= r;
  switch ((int64_t)n & 3) {
    case 0:
      *cosine = c, *sine = s;
      break;
    case 1:
      *cosine = -s, *sine = c;
      break;
    case 2:
      *cosine = -c, *sine = -s;
      break;
    default:
      *cosine = s, *sine = -c;
  }
}

void mpgemm_rotary_table(size_t half, size_t positions, double theta, const float *factor,
                         float *cosine, float *sine) {
  const double log_theta = logarithm(theta);
  for (size_t i = 0; i < half; i++) {
    const double exact = exponential(-(double)i / (double)half * log_theta);
    const double frequency = factor ? exact / (double)factor[i] : exact;
    for (size_t p = 0; p < positions; p++) {
      double c, s;
      circle((double)p * frequency, &c, &s);
      cosine[p * half + i] = (float)c;
      sine[p * half + i] = (float)s;
    }
  }
}
