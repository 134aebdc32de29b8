// Layer 0: the rotated wires are a product state, and so is what its derivatives need of the bra.
//
// With the wires in two halves a product state is an outer product of two short vectors: one multiplication for each
// amplitude builds it, two contract the bra with all of its factors but one.
#pragma once

#include "lanes.hpp"

namespace sharpbits::SHARPBITS_ISA {

// One wire: cos and sin of half the angle, and the rotated (re, im) of |0> and |1>.
template <class Vec>
struct Factor {
  Vec cosine, sine, zero_re, zero_im, one_re, one_im;
};

inline float cosine(float x) { return __builtin_cosf(x); }
inline float sine(float x) { return __builtin_sinf(x); }
inline double cosine(double x) { return __builtin_cos(x); }
inline double sine(double x) { return __builtin_sin(x); }

// Encode the samples' angles, then rotate by layer 0 (where there is one). Lanes without a sample get angle 0.
template <class T, class Vec>
void prepare_factors(const Circuit<T>& circuit, const Block<T>& block, Factor<Vec>* factors) {
  constexpr int kLanes = sizeof(Vec) / sizeof(T);
  const int n = circuit.wires;
  for (int wire = 0; wire < n; ++wire) {
    Factor<Vec>& f = factors[wire];
    T* cosines = reinterpret_cast<T*>(&f.cosine);
    T* sines = reinterpret_cast<T*>(&f.sine);
    for (int lane = 0; lane < kLanes; ++lane) {
      const T half = lane < block.count ? block.angles[lane * n + wire] / 2 : T(0);
      cosines[lane] = cosine(half);
      sines[lane] = sine(half);
    }
    if (circuit.layers == 0) continue;
    const T* u = circuit.first[wire].matrix;
    f.zero_re = u[0] * f.cosine + u[2] * f.sine;
    f.zero_im = u[1] * f.cosine + u[3] * f.sine;
    f.one_re = u[4] * f.cosine + u[6] * f.sine;
    f.one_im = u[5] * f.cosine + u[7] * f.sine;
  }
}

// The product of `count` factors and of all its beginnings: that of the first i starts at row 2^i.
template <class Vec>
void build_prefixes(const Factor<Vec>* factors, int count, Planes<Vec> heap) {
  heap.re[1] = Vec{} + 1;
  heap.im[1] = Vec{};
  for (int i = 0; i < count; ++i) {
    const Factor<Vec>& f = factors[i];
    const std::int64_t size = std::int64_t{1} << i;
    for (std::int64_t r = 0; r < size; ++r) {
      const Vec re = heap.re[size + r], im = heap.im[size + r];
      heap.re[2 * size + 2 * r] = re * f.zero_re - im * f.zero_im;
      heap.im[2 * size + 2 * r] = re * f.zero_im + im * f.zero_re;
      heap.re[2 * size + 2 * r + 1] = re * f.one_re - im * f.one_im;
      heap.im[2 * size + 2 * r + 1] = re * f.one_im + im * f.one_re;
    }
  }
}

// state[h, l] = high[h] low[l]
template <class T, class Vec>
void outer_product(const Circuit<T>& circuit, Planes<Vec> high, Planes<Vec> low, Planes<Vec> state) {
  const std::int64_t rows = circuit.rows(), columns = circuit.columns();
  for (std::int64_t h = 0; h < rows; ++h) {
    const Vec hr = high.re[h], hi = high.im[h];
    Vec* re = state.re + h * columns;
    Vec* im = state.im + h * columns;
#pragma GCC ivdep
    for (std::int64_t l = 0; l < columns; ++l) {
      re[l] = hr * low.re[l] - hi * low.im[l];
      im[l] = hr * low.im[l] + hi * low.re[l];
    }
  }
}

// over_low[h] = Σ_l bra*[h, l] low[l] and over_high[l] = Σ_h bra*[h, l] high[h]
template <class T, class Vec>
void contract_halves(const Circuit<T>& circuit, Planes<Vec> bra, Planes<Vec> high, Planes<Vec> low,
                     Planes<Vec> over_low, Planes<Vec> over_high) {
  const std::int64_t rows = circuit.rows(), columns = circuit.columns();
  for (std::int64_t l = 0; l < columns; ++l) over_high.re[l] = over_high.im[l] = Vec{};
  for (std::int64_t h = 0; h < rows; ++h) {
    const Vec hr = high.re[h], hi = high.im[h];
    const Vec* re = bra.re + h * columns;
    const Vec* im = bra.im + h * columns;
    Vec sum_re{}, sum_im{};
#pragma GCC ivdep
    for (std::int64_t l = 0; l < columns; ++l) {
      sum_re += re[l] * low.re[l] + im[l] * low.im[l];
      sum_im += re[l] * low.im[l] - im[l] * low.re[l];
      over_high.re[l] += re[l] * hr + im[l] * hi;
      over_high.im[l] += re[l] * hi - im[l] * hr;
    }
    over_low.re[h] = sum_re;
    over_low.im[h] = sum_im;
  }
}

// From a half of the bra, contracted over the other half, write the derivatives by the parameters of the half's wires.
// `rest` is destroyed.
template <class T, class Vec>
void differentiate_factors(const FirstRotation<T>* first, const Factor<Vec>* factors, int count, Planes<Vec> prefixes,
                           Planes<Vec> rest, Vec* by_weight, Vec* by_angle) {
  for (int i = count - 1; i >= 0; --i) {
    const Factor<Vec>& f = factors[i];
    const std::int64_t size = std::int64_t{1} << i;
    Vec e0r{}, e0i{}, e1r{}, e1i{};  // what is left of the bra with wire i in |0>, in |1>
    for (std::int64_t r = 0; r < size; ++r) {
      const Vec pr = prefixes.re[size + r], pi = prefixes.im[size + r];
      const Vec ar = rest.re[2 * r], ai = rest.im[2 * r], br = rest.re[2 * r + 1], bi = rest.im[2 * r + 1];
      e0r += ar * pr - ai * pi;
      e0i += ar * pi + ai * pr;
      e1r += br * pr - bi * pi;
      e1i += br * pi + bi * pr;
      rest.re[r] = ar * f.zero_re - ai * f.zero_im + br * f.one_re - bi * f.one_im;
      rest.im[r] = ar * f.zero_im + ai * f.zero_re + br * f.one_im + bi * f.one_re;
    }
    // 2 Re Σ e_a D_ab (cos, sin)_b
    for (int p = 0; p < 3; ++p) {
      const T* d = first[i].derivative[p];
      const Vec by_cosine = e0r * d[0] - e0i * d[1] + e1r * d[4] - e1i * d[5];
      const Vec by_sine = e0r * d[2] - e0i * d[3] + e1r * d[6] - e1i * d[7];
      by_weight[3 * i + p] = 2 * (by_cosine * f.cosine + by_sine * f.sine);
    }
    const T* u = first[i].matrix;
    const Vec by_cosine = e0r * u[0] - e0i * u[1] + e1r * u[4] - e1i * u[5];
    const Vec by_sine = e0r * u[2] - e0i * u[3] + e1r * u[6] - e1i * u[7];
    by_angle[i] = by_sine * f.cosine - by_cosine * f.sine;
  }
}

}  // namespace sharpbits::SHARPBITS_ISA
