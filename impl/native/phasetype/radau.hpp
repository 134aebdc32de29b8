// The Radau IIA collocation method: its numbers, and the polynomial through a step's values.
#pragma once

#include <cstdint>

namespace sharpbits::phasetype {

// The numbers come from sharpbits/phasetype/transient/radau.py.
struct RadauTable {
  static constexpr int kPoints = 13;
  const double* points;      // [v]
  const double* matrix;      // A [v, v]
  const double* vectors;     // U [v, v]; A = U T U'
  const double* triangular;  // T [v, v], real Schur form: blocks of one or two
  const double* leading;     // [v + 1]: weights of the values at 0 and at the points in c_v
  double variation;          // max |w| + |w(0)| + total variation of w

  static constexpr std::int64_t kLength = kPoints + 3 * kPoints * kPoints + kPoints + 1 + 1;
  explicit RadauTable(const double* table)
      : points(table), matrix(points + kPoints), vectors(matrix + kPoints * kPoints),
        triangular(vectors + kPoints * kPoints), leading(triangular + kPoints * kPoints),
        variation(leading[kPoints + 1]) {}

  // The Lagrange polynomials of 0 and the points, and their derivatives.
  void lagrange(double x, double* basis, double* derivative) const {
    double node[kPoints + 1];
    node[0] = 0;
    for (int i = 0; i < kPoints; ++i) node[i + 1] = points[i];
    for (int i = 0; i <= kPoints; ++i) {
      basis[i] = 1, derivative[i] = 0;
      for (int j = 0; j <= kPoints; ++j) {
        if (j == i) continue;
        const double factor = 1 / (node[i] - node[j]);
        derivative[i] = (derivative[i] * (x - node[j]) + basis[i]) * factor;
        basis[i] *= (x - node[j]) * factor;
      }
    }
  }
};

}  // namespace sharpbits::phasetype
