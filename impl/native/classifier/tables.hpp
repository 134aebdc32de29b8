// Builds the tables of a circuit from its weights: in double precision, rounded once.
#pragma once

#include <cmath>
#include <complex>
#include <vector>

#include "circuit.hpp"

namespace sharpbits {

template <class T>
class Tables {
 public:
  // weights is [layers, wires, 3].
  Tables(const T* weights, int wires, int layers) : wires_(wires), layers_(layers), weights_(weights) {
    circuit_.wires = wires;
    circuit_.layers = layers;
    circuit_.high_wires = wires / 2;
    circuit_.first_observed = wires > 1 ? 1 : 0;
    circuit_.taint = 0;
    for (std::int64_t i = 0; i < std::int64_t{3} * layers * wires; ++i) circuit_.taint += weights[i] - weights[i];
    build_parities();
    build_first_layer();
    build_rotations();
    build_phases();
  }
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  const Circuit<T>& circuit() const { return circuit_; }

 private:
  using Complex = std::complex<double>;

  double angle(int layer, int wire, int which) const {
    return static_cast<double>(weights_[(static_cast<std::int64_t>(layer) * wires_ + wire) * 3 + which]);
  }

  // Where the ring sends a basis state.
  std::uint32_t after_ring(std::uint32_t index) const {
    if (wires_ == 1) return index;
    for (int control = 0; control < wires_; ++control) {
      const int target = (control + 1) % wires_;
      index ^= (index >> (wires_ - 1 - control) & 1u) << (wires_ - 1 - target);
    }
    return index;
  }

  void build_parities() {
    const std::uint32_t rows = static_cast<std::uint32_t>(circuit_.rows());
    const std::uint32_t columns = static_cast<std::uint32_t>(circuit_.columns());
    const int low_wires = wires_ - circuit_.high_wires;
    for (std::uint32_t h = 0; h < rows; ++h) {
      const int parity = __builtin_parity(h);
      const int top = circuit_.high_wires > 0 ? static_cast<int>(h >> (circuit_.high_wires - 1)) : 0;
      ring_high_.push_back(after_ring(h << low_wires));
      parity_high_.push_back(parity ? T(-1) : T(1));
      observable_high_.push_back((parity ^ (wires_ > 1 ? top : 0)) ? T(-1) : T(1));
    }
    for (std::uint32_t l = 0; l < columns; ++l) {
      ring_low_.push_back(after_ring(l));
      parity_low_.push_back(__builtin_parity(l) ? T(-1) : T(1));
    }
    circuit_.ring_high = ring_high_.data();
    circuit_.ring_low = ring_low_.data();
    circuit_.parity_high = parity_high_.data();
    circuit_.parity_low = parity_low_.data();
    circuit_.observable_high = observable_high_.data();
  }

  void build_first_layer() {
    if (layers_ == 0) return;
    first_.resize(wires_);
    const Complex i_half{0, 0.5};
    for (int wire = 0; wire < wires_; ++wire) {
      const double c = std::cos(angle(0, wire, 1) / 2), s = std::sin(angle(0, wire, 1) / 2);
      const double sum = (angle(0, wire, 2) + angle(0, wire, 0)) / 2, difference = (angle(0, wire, 2) - angle(0, wire, 0)) / 2;
      const Complex plus = std::polar(1.0, sum), minus = std::polar(1.0, difference);
      const Complex u[4] = {std::conj(plus) * c, -std::conj(minus) * s, minus * s, plus * c};
      const Complex by_ry[4] = {-std::conj(plus) * s / 2.0, -std::conj(minus) * c / 2.0, minus * c / 2.0, -plus * s / 2.0};
      for (int entry = 0; entry < 4; ++entry) {
        const Complex derivative[3] = {(entry & 1 ? i_half : -i_half) * u[entry], by_ry[entry],
                                       (entry & 2 ? i_half : -i_half) * u[entry]};
        store(u[entry], first_[wire].matrix + 2 * entry);
        for (int which = 0; which < 3; ++which) store(derivative[which], first_[wire].derivative[which] + 2 * entry);
      }
    }
    circuit_.first = first_.data();
  }

  void build_rotations() {
    slope_.assign(static_cast<std::size_t>(layers_) * wires_, T(0));
    is_cot_.assign(slope_.size(), 0);
    factor_.assign(layers_, 1.0);
    for (int layer = 1; layer < layers_; ++layer) {
      // The last layer's first wire is left out of the sweep where the observable does not see it.
      for (int wire = layer + 1 == layers_ ? circuit_.first_observed : 0; wire < wires_; ++wire) {
        const double c = std::cos(angle(layer, wire, 1) / 2), s = std::sin(angle(layer, wire, 1) / 2);
        const bool cot = std::abs(s) > std::abs(c);
        slope_[layer * wires_ + wire] = static_cast<T>(cot ? c / s : s / c);
        is_cot_[layer * wires_ + wire] = cot;
        factor_[layer] *= cot ? s : c;
      }
    }
    circuit_.slope = slope_.data();
    circuit_.is_cot = is_cot_.data();
  }

  // Π_i exp(-i w_i/2 (-1)^k_i) for every index k.
  std::vector<Complex> diagonal(int layer, int which) const {
    std::vector<Complex> entries(static_cast<std::size_t>(circuit_.size()));
    entries[0] = 1;
    for (int wire = 0; wire < wires_; ++wire) {
      const Complex one = std::polar(1.0, angle(layer, wire, which) / 2), zero = std::conj(one);
      for (std::size_t r = std::size_t{1} << wire; r-- > 0;) {
        entries[2 * r + 1] = entries[r] * one;
        entries[2 * r] = entries[r] * zero;
      }
    }
    return entries;
  }

  void build_phases() {
    if (layers_ < 2) return;
    const std::size_t size = static_cast<std::size_t>(circuit_.size()), columns = static_cast<std::size_t>(circuit_.columns());
    phase_re_.resize(size * layers_);
    phase_im_.resize(size * layers_);
    for (int layer = 1; layer < layers_; ++layer) {
      const std::vector<Complex> after = diagonal(layer, 0);
      // The RZ that ends layer 0 is part of the product state.
      const std::vector<Complex> before = layer > 1 ? diagonal(layer - 1, 2) : std::vector<Complex>(size, 1.0);
      for (std::size_t k = 0; k < size; ++k) {
        const std::uint32_t target = ring_high_[k / columns] ^ ring_low_[k % columns];
        const Complex phase = factor_[layer] * before[k] * after[target];
        phase_re_[layer * size + k] = static_cast<T>(phase.real());
        phase_im_[layer * size + k] = static_cast<T>(phase.imag());
      }
    }
    circuit_.phase_re = phase_re_.data();
    circuit_.phase_im = phase_im_.data();
  }

  static void store(Complex value, T* out) {
    out[0] = static_cast<T>(value.real());
    out[1] = static_cast<T>(value.imag());
  }

  int wires_, layers_;
  const T* weights_;
  Circuit<T> circuit_{};
  std::vector<FirstRotation<T>> first_;
  std::vector<T> slope_, phase_re_, phase_im_, parity_high_, parity_low_, observable_high_;
  std::vector<double> factor_;
  std::vector<std::uint8_t> is_cot_;
  std::vector<std::uint32_t> ring_high_, ring_low_;
};

}  // namespace sharpbits
