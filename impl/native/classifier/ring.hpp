// The ring of CNOTs and the diagonals beside it: one pass that permutes and multiplies.
#pragma once

#include "lanes.hpp"

namespace sharpbits::SHARPBITS_ISA {

// Sums of q[h, l] = Im bra* ket over columns and rows, plain and weighted with the other index's parity.
template <class Vec>
struct Margins {
  Vec* row;          // Σ_l q
  Vec* row_parity;   // Σ_l (-1)^|l| q
  Vec* column[2];    // Σ_h q over the rows of even and of odd parity
};

// to[P(k)] = phase[k] from[k]
template <class T, class Vec>
void ring(const Circuit<T>& circuit, int layer, Planes<Vec> from, Planes<Vec> to) {
  const std::int64_t rows = circuit.rows(), columns = circuit.columns();
  for (std::int64_t h = 0; h < rows; ++h) {
    const T* tr = circuit.phase_re + layer * circuit.size() + h * columns;
    const T* ti = circuit.phase_im + layer * circuit.size() + h * columns;
    const Vec* re = from.re + h * columns;
    const Vec* im = from.im + h * columns;
    const std::uint32_t high = circuit.ring_high[h];
    for (std::int64_t l = 0; l < columns; ++l) {
      const std::uint32_t target = high ^ circuit.ring_low[l];
      to.re[target] = tr[l] * re[l] - ti[l] * im[l];
      to.im[target] = tr[l] * im[l] + ti[l] * re[l];
    }
  }
}

// to[k] = phase*[k] from[P(k)]
template <class T, class Vec>
void unring(const Circuit<T>& circuit, int layer, Planes<Vec> from, Planes<Vec> to) {
  const std::int64_t rows = circuit.rows(), columns = circuit.columns();
  for (std::int64_t h = 0; h < rows; ++h) {
    const T* tr = circuit.phase_re + layer * circuit.size() + h * columns;
    const T* ti = circuit.phase_im + layer * circuit.size() + h * columns;
    Vec* re = to.re + h * columns;
    Vec* im = to.im + h * columns;
    const std::uint32_t high = circuit.ring_high[h];
    for (std::int64_t l = 0; l < columns; ++l) {
      const std::uint32_t source = high ^ circuit.ring_low[l];
      const Vec fr = from.re[source], fi = from.im[source];
      re[l] = tr[l] * fr + ti[l] * fi;
      im[l] = tr[l] * fi - ti[l] * fr;
    }
  }
}

template <class T, class Vec>
void sum_margins(const Circuit<T>& circuit, Planes<Vec> bra, Planes<Vec> ket, Margins<Vec> margins) {
  const std::int64_t rows = circuit.rows(), columns = circuit.columns();
  for (std::int64_t l = 0; l < columns; ++l) margins.column[0][l] = margins.column[1][l] = Vec{};
  for (std::int64_t h = 0; h < rows; ++h) {
    Vec* __restrict__ column = margins.column[circuit.parity_high[h] < 0];
    const std::int64_t start = h * columns;
    Vec row{}, row_parity{};
#pragma GCC ivdep
    for (std::int64_t l = 0; l < columns; ++l) {
      const std::int64_t k = start + l;
      const Vec q = bra.re[k] * ket.im[k] - bra.im[k] * ket.re[k];
      row += q;
      row_parity += circuit.parity_low[l] * q;
      column[l] += q;
    }
    margins.row[h] = row;
    margins.row_parity[h] = row_parity;
  }
}

// Σ_r (-1)^|r & mask| (a[r] + factor b[r])
template <class T, class Vec>
Vec signed_sum(const Vec* a, const Vec* b, T factor, std::int64_t size, std::int64_t mask) {
  Vec sum{};
  for (std::int64_t r = 0; r < size; ++r) {
    const Vec v = a[r] + factor * b[r];
    sum = __builtin_parityll(static_cast<unsigned long long>(r & mask)) ? sum - v : sum + v;
  }
  return sum;
}

// Write the derivatives by the RZ angles on both sides of a ring: `before` the ring (null to leave out) and `after`.
//
// ⟨bra|Z_i|ket⟩ weights q with the parity of bit i of the index before, or after the ring: there bit i > 0 is the
// parity of bits 0..i of the index before, and bit 0 that of bits 1..n-1.
template <class T, class Vec>
void differentiate_phases(const Circuit<T>& circuit, Margins<Vec> margins, Vec* before, Vec* after) {
  const int n = circuit.wires, m = circuit.high_wires;
  const std::int64_t rows = circuit.rows(), columns = circuit.columns();
  Vec** column = margins.column;
  for (int wire = 0; wire < n; ++wire) {
    const bool high = wire < m;
    const std::int64_t size = high ? rows : columns;
    const std::int64_t bit = std::int64_t{1} << ((high ? m : n) - 1 - wire);
    const std::int64_t prefix = size - bit;  // this bit and those before it in its half
    const Vec* first = high ? margins.row : column[0];
    const Vec* second = high ? margins.row : column[1];
    if (before) before[3 * wire] = signed_sum<T, Vec>(first, second, high ? T(0) : T(1), size, bit);
    if (n == 1)
      after[0] = signed_sum<T, Vec>(first, second, T(1), size, bit);
    else if (wire == 0)
      after[0] = signed_sum<T, Vec>(margins.row_parity, margins.row_parity, T(0), size, bit - 1);
    else
      after[3 * wire] = signed_sum<T, Vec>(first, second, high ? T(0) : T(-1), size, prefix);
  }
}

}  // namespace sharpbits::SHARPBITS_ISA
