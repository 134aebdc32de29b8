// Poisson probabilities, to a relative error of a few units in the last place times |k - mean|.
//
// Method: saddle-point form (C. Loader, "Fast and accurate computation of binomial probabilities", 2000), where k log x
// - x - log k! would lose as many digits as its terms have before the point.
#pragma once

#include <cmath>
#include <limits>

namespace sharpbits::phasetype {

// log k! - log(sqrt(2 pi k) (k/e)^k), k >= 1.
inline double stirling_error(double k) {
  if (k < 16) return std::lgamma(k + 1) - (k + 0.5) * std::log(k) + k - 0.91893853320467274178;
  const double square = 1 / (k * k);
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - square / 1188) * square) * square) * square) / k;
}

// k log(k / mean) + mean - k.
inline double deviance(double k, double mean) {
  const double difference = k - mean;
  if (std::fabs(difference) >= 0.1 * (k + mean)) return k * std::log(k / mean) - difference;
  const double ratio = difference / (k + mean), square = ratio * ratio;
  double sum = difference * ratio, term = 2 * k * ratio;
  for (int j = 3;; j += 2) {
    term *= square;
    const double next = sum + term / j;
    if (next == sum) return sum;
    sum = next;
  }
}

inline double log_poisson(double k, double mean) {
  if (mean == 0) return k == 0 ? 0 : -std::numeric_limits<double>::infinity();
  if (k == 0) return -mean;
  return -stirling_error(k) - deviance(k, mean) - 0.5 * std::log(6.28318530717958647693 * k);
}

}  // namespace sharpbits::phasetype
